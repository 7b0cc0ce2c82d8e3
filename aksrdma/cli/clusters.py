"""How arguments make a cluster: flags over environment over the file over defaults."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.cluster.read import document_of, from_document, located, only_document
from aksrdma.errors import ClusterError, PlanError, UsageError
from aksrdma.plan import Plan, make_plan

if TYPE_CHECKING:
    from aksrdma.documents import Document


def plan_of(file: str | None, release: str | None, profile: str | None, vm_sizes: Sequence[str]) -> Plan:
    """Plan for the cluster that the arguments name: flags over environment over the file over defaults.

    Raises:
        AksrdmaError: a file or a value that cannot be right; with the line, where it stands in a file.
    """
    if file is not None and vm_sizes:
        raise UsageError(f"--vm-size describes a cluster without a file; {file} names the VM sizes in spec.nodePools")
    document = _document(file) if file is not None else None
    cluster = from_document(document) if document else Cluster(node_pools=pools_of(vm_sizes))
    try:
        return make_plan(_given(cluster, release, profile))
    except PlanError as error:
        if document is None:
            raise
        raise ClusterError(located(document, error.problems, ("spec",))) from error


def _given(cluster: Cluster, release: str | None, profile: str | None) -> Cluster:
    fields: dict[str, Any] = {"release": release and catalog.release_name(release), "profile": profile}
    return dataclasses.replace(cluster, **{name: value for name, value in fields.items() if value})


def _document(file: str) -> Document:
    return only_document(sys.stdin.buffer.read(), "<stdin>") if file == "-" else document_of(Path(file))


def pools_of(vm_sizes: Sequence[str]) -> list[NodePool]:
    """Return a node pool for each VM size, under a name that says nothing: the user has named none."""
    return [NodePool(name=f"rdma{number}", vm_size=size) for number, size in enumerate(vm_sizes, start=1)]
