"""How many NICs a container gets: by the ratio of its VM size, so that no GPU is left on a node without the NIC it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aksrdma import catalog
from aksrdma.catalog import VmSize
from aksrdma.workloads.inject.intent import Injection


@dataclass(frozen=True, slots=True)
class Share:
    """What one container gets of the RDMA resource, and why."""

    units: int
    """NICs, or slots of a profile that shares them; 0: none."""
    why: str


def shares(gpus: Sequence[int], injection: Injection, *, asks: bool | None) -> list[Share]:
    """Return what the containers of one pod get that work.

    Args:
        gpus: how many GPUs each asks for.
        injection: says of what there is to give.
        asks: whether pods of this kind do RDMA without GPUs, too, where the VM size has GPUs (`Place.asks`).
    """
    size, most = injection.vm_size, injection.vm_size.infiniband.nic_count
    of_all = f"{most} of {_count(most, 'NIC')}" if injection.unit_is_nic else _SLOT
    if injection.nics is not None:
        return [Share(injection.nics, _SLOT if not injection.unit_is_nic else "as --nics asks")] * len(gpus)
    if size.gpu is None:
        return [Share(injection.count, f"{of_all}, as {size.name} has no GPUs")] * len(gpus)
    if not any(gpus):
        if asks:
            return [Share(injection.count, f"{of_all}: its pods talk over the network, whatever GPUs they have")] * len(
                gpus
            )
        return [Share(0, f"asks for no GPU of {size.name}, and so for none of its NICs; {_more(injection, asks)}")]
    if not injection.unit_is_nic:
        return [Share(injection.count, _SLOT) for _ in gpus]
    # Of the whole pod, rounded down: a NIC that is taken with a part of its GPUs is missing beside the others of the
    # node. What rounding would take from each container goes to the first ones.
    left = [min(most, sum(gpus[first:]) * most // size.gpu.count) for first in range(len(gpus) + 1)]
    return [_share(own, left[index] - left[index + 1], size) for index, own in enumerate(gpus)]


_SLOT = "a slot opens every NIC of the node"


def _share(gpus: int, nics: int, size: VmSize) -> Share:
    all_gpus, all_nics = (size.gpu.count if size.gpu else 0), size.infiniband.nic_count
    if nics:
        rounded = "" if nics * all_gpus == gpus * all_nics else ", rounded so that none is missing beside another GPU"
        return Share(nics, f"{nics} of {_count(all_nics, 'NIC')} for {gpus} of {_count(all_gpus, 'GPU')}{rounded}")
    return Share(
        0,
        f"{size.name} has {_count(all_nics, 'NIC')} for {_count(all_gpus, 'GPU')}, and whoever takes a NIC with {gpus} "
        "leaves other GPUs of the node without; let pods share the NICs (--profile rdma-shared-device-plugin), "
        f"ask for {all_gpus} GPUs, or take it nevertheless (--nics 1)",
    )


def _more(injection: Injection, asks: bool | None) -> str:
    if asks is False:
        return "ask for GPUs in its resources if it is to do the work, too"
    return "--gpus N asks for both" if injection.resource is None else "--gpus N asks for both, --nics N for NICs alone"


def is_part(gpus: int, injection: Injection) -> bool:
    """Whether a pod with so many GPUs has a part of its node, and NICs of its own: then it counts which they are."""
    gpu = injection.vm_size.gpu
    return injection.unit_is_nic and gpu is not None and 0 < gpus < gpu.count


def near(size: VmSize) -> str | None:
    """Return what a pod with a part of a node should know of which NIC is near which GPU; None where it is all one.

    Source: the topology of the size; device plugins hand out devices by number, each without asking the other.
    """
    if size.gpu is None or size.topology is None or size.infiniband.nic_count < 2:
        return None
    row = catalog.topology(size.topology)
    if row.pairs:
        fact = "each GPU has a NIC beside it"
    elif row.numa_nodes:
        fact = f"GPUs and NICs are on {row.numa_nodes} NUMA nodes"
    else:
        fact = "which GPU is near which NIC is not published"
    return (
        f"with a part of a node a GPU may get a NIC that is far from it: on {size.name} {fact}, but the scheduler only "
        "counts both, and the device plugins do not align them; only a pod with the whole node, or DRA with one claim for "
        "GPU and NIC, is sure to have them together"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
