"""How arguments make a cluster: flags over environment over the file over defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.cluster.read import document_of, from_document, placed
from aksrdma.errors import UsageError
from aksrdma.plan import Plan, make_plan


def plan_of(file: str | None, release: str | None, profile: str | None, vm_sizes: Sequence[str]) -> Plan:
    """Plan for the cluster that the arguments name: flags over environment over the file over defaults.

    Raises:
        AksrdmaError: a file or a value that cannot be right; with the line, where it stands in a file.
    """
    if file is not None and vm_sizes:
        raise UsageError(f"--vm-size describes a cluster without a file; {file} names the VM sizes in spec.nodePools")
    # A pool of --vm-size gets a name that says nothing: the user has named none.
    pools = [NodePool(name=f"rdma{number}", vm_size=size) for number, size in enumerate(vm_sizes, start=1)]
    document = document_of(Path(file)) if file is not None else None
    cluster = from_document(document) if document else Cluster(node_pools=pools)
    asked: dict[str, Any] = {"release": release and catalog.release_name(release), "profile": profile}
    with placed(document):
        return make_plan(dataclasses.replace(cluster, **{name: value for name, value in asked.items() if value}))
