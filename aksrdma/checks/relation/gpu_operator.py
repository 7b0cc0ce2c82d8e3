"""What the GPU Operator is told, by values of its chart, a ClusterPolicy or an NVIDIADriver, against the rest of the set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.helm_values import GPU_OPERATOR, ChartValues, Told, told_gpu_operator
from aksrdma.checks.relation.installed import Installed
from aksrdma.checks.relation.pods import pods_of
from aksrdma.errors import PlanError, UnknownNameError
from aksrdma.findings import Problem
from aksrdma.kube.kinds import CHART_VALUES, GPU_KINDS, HELM_KINDS
from aksrdma.kube.labels import NVIDIA_GPU
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.catalog import HelmChart
    from aksrdma.checks.sets import ManifestSet

_GROUP: Final = "nvidia.com/"
_ENABLED: Final = ("driver", "enabled")
_RDMA: Final = ("driver", "rdma", "enabled")
_HOST_DRIVER: Final = ("driver", "rdma", "useHostMofed")
_BY_CRD: Final = ("driver", "nvidiaDriverCRD", "enabled")
_KINDS: Final = frozenset({CHART_VALUES, *GPU_KINDS, *HELM_KINDS})


def _chart() -> HelmChart:
    return next(one for one in catalog.helm_charts() if one.name == GPU_OPERATOR)


def policies(manifests: ManifestSet) -> tuple[Told, ...]:
    """Return each thing that tells the GPU Operator all of what to install, in the words of its chart's values."""
    chart = _chart()
    found = [values] if (values := manifests.derived(told_gpu_operator)) is not None else []
    for document in manifests.by_kind.get("ClusterPolicy", ()):
        if document.api_version.startswith(_GROUP):
            spec, is_part = mapping(document.data.get("spec")), document in manifests.partial
            found.append(Told([ChartValues(chart, document, ("spec",), spec, is_part=is_part)]))
    return tuple(found)


def settings(manifests: ManifestSet) -> tuple[Told, ...]:
    """Return the same, and each NVIDIADriver, which has no word on anything but the driver."""
    found = list(manifests.derived(policies))
    for document in manifests.by_kind.get("NVIDIADriver", ()):
        driver, is_part = {"driver": mapping(document.data.get("spec"))}, document in manifests.partial
        values = ChartValues(_chart(), document, ("spec",), driver, is_part=is_part, without=1)
        found.append(Told([values]))
    return tuple(found)


@rule(
    "gpu-direct-without-peermem",
    "gpu-operator-waits-for-container-driver",
    "gpu-operator-waits-for-host-driver",
    kinds=_KINDS,
)
def nic_driver(manifests: ManifestSet) -> Iterator[Problem]:
    """Find settings by which nvidia-peermem waits for, or is built against, another NIC driver than the set brings."""
    in_container, who = manifests.derived(_nic_driver)
    for told in manifests.derived(settings):
        if told.value(*_ENABLED) is False:
            continue
        rdma, host = told.value(*_RDMA), told.value(*_HOST_DRIVER)
        if host is True and rdma is not False and in_container:
            message = "useHostMofed takes the NIC driver and its headers from the host, and ofedDriver brings it in a container"
            yield told.problem("gpu-operator-waits-for-host-driver", _HOST_DRIVER, message, "set useHostMofed: false")
        elif rdma is True and host is False and in_container is False:
            message = f"nvidia-peermem waits for the driver container of ofedDriver, which {who}"
            fix = "deploy ofedDriver, or set useHostMofed: true where the node image has the driver"
            yield told.problem("gpu-operator-waits-for-container-driver", _RDMA, message, fix)
        elif rdma is False and in_container:
            yield from _without_peermem(told)


def _nic_driver(manifests: ManifestSet) -> tuple[bool | None, str]:
    """Return whether the NIC driver comes in a container, None where nothing tells, and who says that it does not."""
    installed, cluster = manifests.derived(Installed), manifests.cluster
    if installed.policies:
        return installed.deploys("ofedDriver"), "no policy of the set deploys"
    if cluster is not None and cluster.node_pools:
        from aksrdma.plan.decisions import decide  # most sets have a policy

        try:
            return decide(cluster).driver, "the cluster file does not deploy"
        except (PlanError, UnknownNameError):
            pass
    return None, ""


def _without_peermem(told: Told) -> Iterator[Problem]:
    """Report a GPU driver without nvidia-peermem beside a NIC driver: only open kernel modules can do without."""
    proprietary = told.value("driver", "kernelModuleType") == "proprietary"
    if proprietary or told.value("driver", "useOpenKernelModules") is False:
        message = (
            "nvidia-peermem is not loaded, and proprietary kernel modules have no DMA-BUF: no GPUDirect RDMA at all"
        )
        yield told.problem("gpu-direct-without-peermem", _RDMA, message, "set driver.rdma.enabled: true", "warning")
    elif told.said(*_RDMA) is not None:
        message = "nvidia-peermem is not loaded: GPUDirect RDMA is left to programs that use DMA-BUF"
        yield told.problem("gpu-direct-without-peermem", _RDMA, message, "set driver.rdma.enabled: true")


@rule("gpu-driver-not-by-operator", kinds=_KINDS)
def gpu_driver(manifests: ManifestSet) -> Iterator[Problem]:
    """Find settings that do not fit who installs the GPU driver by the cluster file."""
    cluster = manifests.cluster
    for told in manifests.derived(settings) if cluster is not None and cluster.node_pools else ():
        assert cluster is not None
        driver, owners = told.value(*_ENABLED), cluster.gpu_drivers
        if "gpu-operator" not in owners and "aks" in owners and driver is True:
            message = "AKS installs the NVIDIA driver of these pools (gpuDriver: aks), and this installs a second one"
            fix = (
                "set driver.enabled: false, toolkit.enabled: false and operator.runtimeClass: nvidia-container-runtime, or make the "
                "pools with --gpu-driver none"
            )
            yield told.problem("gpu-driver-not-by-operator", _ENABLED, message, fix)
        elif "gpu-operator" in owners:
            for part, what in (("driver", "the NVIDIA driver"), ("toolkit", "the NVIDIA container toolkit")):
                if told.value(part, "enabled") is False:
                    message = f"nobody installs {what}: the pools are made without (gpuDriver: gpu-operator)"
                    fix = f"set {part}.enabled: true, or gpuDriver: aks in the cluster file"
                    yield told.problem("gpu-driver-not-by-operator", (part, "enabled"), message, fix)


@rule("gpus-not-advertised", kinds=_KINDS)
def device_plugin(manifests: ManifestSet) -> Iterator[Problem]:
    """Find a device plugin for GPUs that is switched off where pods ask for GPUs and nothing else offers them."""
    off = [told for told in manifests.derived(settings) if told.value("devicePlugin", "enabled") is False]
    if not off or manifests.derived(Installed).runs("nvidia-device-plugin", "k8s-device-plugin"):
        return
    if asking := next((pod for pod in pods_of(manifests) if pod.total(NVIDIA_GPU).units), None):
        for told in off:
            message = f"{asking.document.label} asks for {NVIDIA_GPU}, which no node has without the device plugin"
            yield told.problem(
                "gpus-not-advertised", ("devicePlugin", "enabled"), message, "set devicePlugin.enabled: true"
            )


@rule("nvidia-driver-ignored", kinds={"NVIDIADriver"})
def driver_objects(manifests: ManifestSet) -> Iterator[Problem]:
    """Find NVIDIADriver objects that the operator leaves alone, since its policy installs the driver itself."""
    switches: list[Any] = [
        one.value(("spec", "driver", "useNvidiaDriverCRD")) is True
        for one in manifests.by_kind.get("ClusterPolicy", ())
        if one.api_version.startswith(_GROUP)
    ]
    told = manifests.derived(told_gpu_operator)
    name = "driver.useNvidiaDriverCRD of the ClusterPolicy"
    if not switches and told is not None:
        name = "driver.nvidiaDriverCRD.enabled of the chart's values"
        switches = [told.value(*_BY_CRD)]
    if switches and not any(one is not False for one in switches):
        for document in manifests.by_kind["NVIDIADriver"]:
            message = f"the operator does not look at it: {name} is not true"
            yield Problem("nvidia-driver-ignored", (), message, f"set {name} to true", document=document)
