"""The table of resource names and counts by VM size, for the documentation."""

from __future__ import annotations

from collections import defaultdict

from aksrdma import catalog

_HEAD = ("VM size", "GPUs", "InfiniBand NICs", "a pod with the whole node, SR-IOV", "shared")


def resource_table() -> str:
    """Return the Markdown table of what a pod that takes a whole node asks for, by VM size; with a final newline.

    VM sizes with equal devices share a row; sizes that no device plugin can serve are left out.
    """
    alike: dict[tuple[str, str, int], int] = defaultdict(int)
    for name in catalog.vm_sizes():
        size = catalog.vm_size(name)
        if size.usable:
            gpu = f"{size.gpu.resource}: {size.gpu.count}" if size.gpu else ""
            # Azure's sizes with fewer cores keep all devices of the one that they are cut from.
            alike[size.constrained_from or size.name, gpu, size.infiniband.nic_count] += 1
    rows: list[tuple[str, ...]] = [_HEAD, ("---",) * len(_HEAD)]
    for (parent, gpu, nics), count in alike.items():
        resource, _, gpus = gpu.partition(": ")
        beside = f"{gpu}, " if gpu else ""
        more = f" and {count - 1} with fewer cores" if count > 1 else ""
        rows.append(
            (
                f"`{parent}`{more}",
                f"{gpus} (`{resource}`)" if gpu else "none",
                str(nics),
                f"`{beside}rdma/ib: {nics}`",
                f"`{beside}rdma/shared_ib: 1`",
            )
        )
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
