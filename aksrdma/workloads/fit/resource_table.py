"""The table of resource names and counts by VM size, for the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from aksrdma import catalog
from aksrdma.cluster import Rdma

_HEAD = ("VM size", "GPUs", "InfiniBand NICs", "a pod with the whole node, SR-IOV", "shared")


def resource_table() -> str:
    """Return the Markdown table of what a pod that takes a whole node asks for, by VM size; with a final newline.

    VM sizes with equal devices share a row; sizes that no device plugin can serve are left out.
    """
    lines = [_row(_HEAD), _row(["---"] * len(_HEAD)), *(_row(cells) for cells in _rows())]
    return "".join(f"{line}\n" for line in lines)


def _rows() -> Iterator[list[str]]:
    shared = f"rdma/shared_ib: 1 (of {Rdma().shared_slots})"
    for (parent, gpu, nics), names in _alike().items():
        gpus = f"{gpu.rpartition(': ')[2]} (`{gpu.partition(':')[0]}`)" if gpu else "none"
        beside = f"{gpu}, " if gpu else ""
        more = f" and {len(names) - 1} with fewer cores" if len(names) > 1 else ""
        yield [
            f"`{parent}`{more}",
            gpus,
            str(nics),
            f"`{beside}rdma/ib: {nics}`",
            f"`{beside}{shared.partition(' (')[0]}`",
        ]


def _alike() -> dict[tuple[str, str, int], list[str]]:
    """Return names of VM sizes by parent size, GPUs and NICs."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for name in catalog.vm_sizes():
        size = catalog.vm_size(name)
        if not size.usable:
            continue
        gpu = f"{size.gpu.resource}: {size.gpu.count}" if size.gpu else ""
        found.setdefault((size.constrained_from or size.name, gpu, size.infiniband.nic_count), []).append(name)
    return found


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
