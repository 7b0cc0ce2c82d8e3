"""What a node of a VM size has: devices from the catalog, the rest as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.workloads.fit.amounts import CPU, MEMORY, PODS, read_amount

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

_FILE: Final = Path(__file__).with_name("kubelet.yaml")
_NIC_LABEL: Final = "feature.node.kubernetes.io/pci-15b3.present"
_ARCHITECTURES: Final = {"x86_64": "amd64", "arm64": "arm64"}


def capacity_of(size: VmSize) -> dict[str, int]:
    """Return what a node of a VM size has for pods, apart from RDMA; observed figures where somebody printed them."""
    observed = _observed().get(size.name)
    found = observed or {CPU: size.vcpus * 1000, MEMORY: size.memory_gib << 30}
    gpus: dict[str, int] = {size.gpu.resource: size.gpu.count} if size.gpu else {}
    return {**found, **gpus, PODS: max_pods()}


def reserve_note(sizes: Mapping[str, VmSize]) -> str | None:
    """Return the note that cpu and memory are the size's own, by pool; None where all were observed."""
    whole = [pool for pool, size in sizes.items() if size.name not in _observed()]
    if not whole:
        return None
    return (
        f"cpu and memory of {', '.join(whole)}: capacity of the size, kubelet's reservation not subtracted; "
        "`kubectl get nodes -o json` says what is left"
    )


def max_pods() -> int:
    """Return the pods of a node that AKS allows unless told."""
    return int(_data()["max_pods"])


def labels_of(pool: str, vm_size: str, size: VmSize | None) -> dict[str, str | None]:
    """Return the labels that a node of a pool has for sure; None is one that it does not have."""
    labels: dict[str, str | None] = {"kubernetes.io/os": "linux"}
    labels |= dict.fromkeys(AGENT_POOL, pool) | dict.fromkeys(INSTANCE_TYPE, vm_size)
    if size is not None:
        labels["kubernetes.io/arch"] = _ARCHITECTURES[size.arch]
        labels["kubernetes.azure.com/accelerator"] = size.gpu.vendor if size.gpu else None
        labels[_NIC_LABEL] = "true"
    return labels


NO_INFINIBAND: Final[Mapping[str, str | None]] = {_NIC_LABEL: None}
"""Labels of a node without InfiniBand."""


@cache
def _data() -> dict[str, Any]:
    import yaml

    data: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return data


@cache
def _observed() -> dict[str, dict[str, int]]:
    return {row["vm_size"]: {name: _amount(name, row[name]) for name in (CPU, MEMORY)} for row in _data()["observed"]}


def _amount(name: str, value: str) -> int:
    amount = read_amount(name, value)
    if amount is None:
        raise ValueError(f"{_FILE.name}: {name} is {value!r}, which is no quantity")
    return amount
