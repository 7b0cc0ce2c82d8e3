"""The nodes of a cluster, read from a cluster file, `kubectl get nodes -o json` or `az aks nodepool list -o json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from aksrdma.errors import ReadError
from aksrdma.workloads.fit.amounts import Amounts
from aksrdma.workloads.fit.placement import Site

Origin: TypeAlias = Literal["cluster file", "kubectl", "az"]
WANTED: Final = (
    "give a cluster file (kind: RdmaCluster), or the output of `kubectl get nodes -o json` or of "
    "`az aks nodepool list -o json`"
)


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes that are alike."""

    pool: str
    """Agent pool; one pool is one InfiniBand fabric."""
    count: int
    allocatable: Amounts
    """What each has for pods. A resource that every node has and that is not named here is not counted."""
    site: Site
    used: Amounts = field(default_factory=dict)
    """What running pods hold of it, on each."""
    vm_size: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterNodes:
    """All nodes that pods may go to."""

    origin: Origin
    nodes: tuple[Nodes, ...]
    rdma: tuple[str, ...]
    """Resources under which RDMA is handed out: `rdma/ib`."""
    other_pools: bool = False
    """Whether the cluster has pools that are not named, and that pods without devices may go to."""
    notes: tuple[str, ...] = ()
    """What was assumed, a sentence each."""

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of the pools, in their order."""
        return tuple(dict.fromkeys(one.pool for one in self.nodes))


def read_nodes(source: bytes, file: str, profile: str | None = None) -> ClusterNodes:
    """Return the nodes that a text describes; which of the three it is shows in its content.

    Args:
        source: The text.
        file: Its name, for messages.
        profile: How pods get RDMA; over that of a cluster file. `kubectl get nodes` says it by itself.

    Raises:
        ReadError: it is none of the three, or no YAML.
        ClusterError: a cluster file that cannot be right.
        UsageError: a value that cannot be right.
    """
    data = _json(source)
    if isinstance(data, list) or (isinstance(data, dict) and _is_pool(data)):
        from aksrdma.workloads.fit.from_az import nodes_of_pools

        return nodes_of_pools(data if isinstance(data, list) else [data], file, profile)
    if isinstance(data, dict) and _is_kubernetes(data):
        from aksrdma.workloads.fit.from_kubectl import nodes_of_objects

        listed = data.get("items")
        return nodes_of_objects(listed if isinstance(listed, list) else [data], file)
    return _of_documents(source, file, profile)


def _of_documents(source: bytes, file: str, profile: str | None) -> ClusterNodes:
    from aksrdma import documents
    from aksrdma.cluster import KIND

    stream = documents.read(source, file)
    if stream.problems:
        raise ReadError("\n".join(stream.mistakes()))
    kinds = {document.kind for document in stream.documents}
    if "Node" in kinds:
        from aksrdma.workloads.fit.from_kubectl import nodes_of_objects

        return nodes_of_objects([document.data for document in stream.documents], file)
    if len(stream.documents) == 1 and KIND in kinds:
        from aksrdma.workloads.fit.from_cluster import nodes_of_document

        return nodes_of_document(stream.documents[0], profile)
    found = f"it has {', '.join(sorted(kind or 'no kind' for kind in kinds))}" if kinds else "it is empty"
    raise ReadError(f"{file}: describes no nodes ({found}); {WANTED}")


def _json(source: bytes) -> Any:
    """Return the JSON of a text, or None; kubectl's output is large, and this is the fast way to read it."""
    if source[:64].lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(source)
    except (ValueError, RecursionError):
        return None  # read as YAML, which says where it is broken


def _is_pool(data: Mapping[str, Any]) -> bool:
    return "vmSize" in data and "kind" not in data


def _is_kubernetes(data: Mapping[str, Any]) -> bool:
    return data.get("kind") in ("Node", "NodeList", "List")
