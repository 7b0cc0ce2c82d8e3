"""Who owns which driver on a node, what each combination needs and forbids, and the operators of the GPU vendors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriverCombination:
    """A GPU driver beside a NIC driver on nodes of one vendor's GPUs."""

    gpu_vendor: Literal["nvidia", "amd", "none"]
    gpu_driver: Literal["gpu-operator", "aks", "aks-managed", "none"]
    """Who installs the GPU driver: the vendor's operator, AKS, AKS as a managed profile, or nobody known here."""
    nic_driver: Literal["doca", "inbox", "node-image"]
    """The driver container, the kernel's own driver, or one that the node image brings."""
    verdict: Literal["works", "unproven", "refused"]
    why: str
    instead: str = ""
    """What to write instead; only where `refused`."""
    az: tuple[str, ...] = ()
    """Options that `az aks nodepool add` needs."""
    gpudirect: Literal["gpu-operator", "reloader", "node-image", "dma-buf", "amdgpu"] | None = None
    """What lets a NIC reach the memory of a GPU; null: nothing that is known here."""
    device_plugin: Literal["operator", "rendered", "aks"] | None = None
    """Who advertises the GPUs; null: nobody that is known here, or there are none."""
    gpu_operator: Mapping[str, Any] = field(default_factory=dict)
    """Values that the vendor's operator needs; where `gpu_driver` is aks, if somebody installs it beside."""
    forbidden: Mapping[str, Any] = field(default_factory=dict)
    """Dotted path of a value of the operator to what it must not be."""
    open_kernel_modules: bool = False
    """Whether the GPU driver must have open kernel modules, as DMA-BUF asks."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str

    @property
    def name(self) -> str:
        """Vendor, GPU driver and NIC driver."""
        return f"{self.gpu_vendor} {self.gpu_driver} {self.nic_driver}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChartRepository:
    """A Helm repository and the name that commands give it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeededChart:
    """A chart that another one cannot do without."""

    chart: str
    repository: ChartRepository = field(metadata={"row": ChartRepository})
    helm_release: str
    namespace: str
    version: str
    values: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostDriver:
    """A GPU driver that a DaemonSet installs on the node, because the operator does not."""

    version: str
    repository: str
    """Where the packages come from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GpuOperator:
    """The operator of a GPU vendor."""

    vendor: Literal["nvidia", "amd"]
    name: str
    chart: str
    repository: ChartRepository = field(metadata={"row": ChartRepository})
    helm_release: str
    namespace: str
    versions: Mapping[str, str]
    """Network Operator release to the version of the chart that goes with it."""
    gpudirect_doubts: Mapping[str, str] = field(default_factory=dict)
    """Network Operator release to why GPUDirect RDMA is not certain with its version."""
    first: tuple[NeededChart, ...] = field(metadata={"row": NeededChart})
    """Charts to install before."""
    driver: HostDriver | None = field(default=None, metadata={"row": HostDriver})
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str

    def goes_with(self, release: str) -> str:
        """Return the release whose version is taken: itself, or the newest one before it for a release of one's own."""
        from aksrdma.catalog._releases import releases

        names = releases()
        before = [name for name in names[: names.index(release) + 1] if name in self.versions]
        return before[-1] if before else next(iter(self.versions))

    def version_for(self, release: str) -> str:
        """Return the version of the chart that goes with a Network Operator release."""
        return self.versions[self.goes_with(release)]


@load.cached
def driver_combinations() -> tuple[DriverCombination, ...]:
    """Return the matrix of drivers, by vendor of the GPUs."""
    return load.rows(DriverCombination, "drivers.yaml")


def driver_combination(gpu_vendor: str, gpu_driver: str, nic_driver: str) -> DriverCombination | None:
    """Return what is known of a combination; None for one that cannot be, such as a node image with no such driver."""
    return _combinations().get((gpu_vendor, gpu_driver, nic_driver))


@load.cached
def _combinations() -> dict[tuple[str, str, str], DriverCombination]:
    return {(row.gpu_vendor, row.gpu_driver, row.nic_driver): row for row in driver_combinations()}


@load.cached
def gpu_operators() -> Mapping[str, GpuOperator]:
    """Return the operators of the GPU vendors, by vendor."""
    return {row.vendor: row for row in load.rows(GpuOperator, "gpu_operators.yaml")}
