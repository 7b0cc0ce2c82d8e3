"""What AKS itself brings and offers: Kubernetes versions, OS SKUs, GPU drivers, managed parts, and flags of `az`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aksrdma.catalog import load

_MINOR: Final = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AksKubernetes:
    """A minor version of Kubernetes on AKS."""

    minor: str
    """`1.35`."""
    ga: str
    """Month of general availability on AKS, `2026-03`."""
    end_of_life: str
    """Last day of community support."""
    end_of_lts: str
    """Last day of long-term support, which has to be asked for."""
    support: Literal["community", "lts", "preview", "ended"]
    """State on the day in `Aks.checked`: `lts` is for clusters with long-term support alone."""
    unsure: str | None = None
    """Why the row is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LongTermSupport:
    """What a cluster of a version past its community support needs."""

    flags: tuple[str, ...]
    """Of `az aks create` and `az aks update`."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OsImage:
    """The operating system that an OS SKU is, for a range of Kubernetes versions."""

    os: str
    """ID and VERSION_ID of the node's os-release, without a blank: `ubuntu24.04`."""
    since: str
    """First minor version of Kubernetes."""
    until: str | None
    """Last one; null: no end is known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OsSku:
    """A value of `--os-sku`."""

    name: str
    images: tuple[OsImage, ...] = field(metadata={"row": OsImage})
    note: str | None
    without_gpus_of: tuple[str, ...] = ()
    """Vendors whose GPUs AKS does not take with it."""

    def os(self, kubernetes: str) -> str | None:
        """Return the operating system on nodes of a Kubernetes version, `ubuntu24.04`; None: AKS has no such image."""
        minor = _minor(kubernetes)
        for image in self.images:
            if _minor(image.since) <= minor and (image.until is None or minor <= _minor(image.until)):
                return image.os
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AksGpuDriver:
    """The GPU driver that a node gets where `--gpu-driver none` is not given."""

    series: tuple[str, ...]
    """As in `VmSize.series`; those without InfiniBand by their names in Azure's documentation."""
    installed_by: Literal["aks", "node image", "nobody"]
    image: str | None
    """Container image that AKS installs it from."""
    version: str | None
    fabric_manager: bool
    """Whether the fabric manager, which NVSwitch needs, comes with it."""
    note: str | None
    unsure: str | None = None
    """Why the row is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManagedGpu:
    """AKS's managed GPU pools: driver, device plugin and exporter by AKS."""

    state: Literal["preview", "available"]
    flags: tuple[str, ...]
    """Of `az aks nodepool add`."""
    feature: str
    """Feature flag that the subscription needs."""
    azure_cli: str
    """Least version of az."""
    aks_preview: str
    """Least version of az's extension aks-preview."""
    api: str
    installs: tuple[str, ...]
    limits: tuple[str, ...]
    unsure: str | None = None
    """Why the row is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManagedDranet:
    """AKS's managed DRANET: NICs as devices of Dynamic Resource Allocation, without Network Operator."""

    state: Literal["preview", "available"]
    flags: tuple[str, ...]
    """Of `az aks nodepool add` and `az aks nodepool update`."""
    azure_cli: str
    """Least version of az."""
    api: str
    label: str
    """Label of the pool's nodes."""
    what: str
    better_when: str
    """In general."""
    better_for: Mapping[str, str]
    """Series (`VmSize.series`) on which it is the better way, and why."""
    instead_of: tuple[str, ...]
    """What the pool must not have beside it."""
    unsure: str | None = None
    """Why the row is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureFlag:
    """A feature of Microsoft.ContainerService that `az feature register` turns on."""

    name: str
    scope: Literal["subscription"]
    what: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AzFlag:
    """A flag of `az` that not every version of it has."""

    command: str
    flag: str
    values: tuple[str, ...]
    """What it takes; empty: no value, or any."""
    azure_cli: str | None
    """Least version of az; null: any that is in support."""
    aks_preview: str | None
    """Least version of the extension aks-preview; null: none is needed."""
    note: str | None
    unsure: str | None = None
    """Why the row is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aks:
    """What AKS offers on the day in `checked`."""

    name: str
    kubernetes: tuple[AksKubernetes, ...] = field(metadata={"row": AksKubernetes})
    """By minor version, oldest first."""
    default_kubernetes: str
    """What a new cluster gets whose version is not named."""
    long_term_support: LongTermSupport = field(metadata={"row": LongTermSupport})
    os_skus: tuple[OsSku, ...] = field(metadata={"row": OsSku})
    gpu_drivers: tuple[AksGpuDriver, ...] = field(metadata={"row": AksGpuDriver})
    managed_gpu: ManagedGpu = field(metadata={"row": ManagedGpu})
    managed_dranet: ManagedDranet = field(metadata={"row": ManagedDranet})
    feature_flags: tuple[FeatureFlag, ...] = field(metadata={"row": FeatureFlag})
    az_flags: tuple[AzFlag, ...] = field(metadata={"row": AzFlag})
    sources: Mapping[str, tuple[str, ...]]
    """Field to keys of `catalog.source`."""
    checked: str

    def version(self, kubernetes: str) -> AksKubernetes | None:
        """Return the row of a version, `1.35` or `v1.35.6`; None: older or newer than the rows."""
        return next((row for row in self.kubernetes if _minor(row.minor) == _minor(kubernetes)), None)

    def offered(self, oldest: str, newest: str) -> tuple[AksKubernetes, ...]:
        """Return the versions from `oldest` to `newest` that a cluster can be made with, those with LTS alone included."""
        first, last = _minor(oldest), _minor(newest)
        return tuple(
            row for row in self.kubernetes if row.support in ("community", "lts") and first <= _minor(row.minor) <= last
        )

    def os_sku(self, name: str) -> OsSku | None:
        """Return the row of a value of `--os-sku`, or None."""
        return next((row for row in self.os_skus if row.name.casefold() == name.casefold()), None)

    def systems(self, os_sku: str) -> tuple[str, ...]:
        """Return what nodes of an OS SKU may run, over the versions that a cluster can be made with; empty: no such SKU."""
        sku = self.os_sku(os_sku)
        offered = [row.minor for row in self.kubernetes if row.support in ("community", "lts")]
        return tuple(dict.fromkeys(os for minor in offered if sku and (os := sku.os(minor))))

    def gpu_driver(self, series: str) -> AksGpuDriver | None:
        """Return which GPU driver nodes of a series get (`VmSize.series`), or None where that is not known."""
        return next((row for row in self.gpu_drivers if series in row.series), None)

    def az_flag(self, flag: str) -> AzFlag | None:
        """Return the row of a flag of `az`, `--gpu-driver`, or None."""
        return next((row for row in self.az_flags if row.flag == flag), None)


@load.cached
def aks() -> Aks:
    """Return what AKS offers."""
    return load.row(Aks, "aks.yaml")


def _minor(version: str) -> tuple[int, int]:
    """Return `(1, 35)` for `1.35` and `v1.35.6`; what is no version is older than all."""
    match = _MINOR.match(version)
    return (int(match[1]), int(match[2])) if match else (0, 0)
