"""A cluster file in a set: judged as `aksrdma render` would, and asked what it knows of its set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aksrdma.cluster import KIND
from aksrdma.errors import AksrdmaError, PlanError, UnknownNameError
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.cluster.binding import Problems
    from aksrdma.documents import Document


def is_cluster_file(document: Document) -> bool:
    """Whether a document is a cluster file, be it a right one or not."""
    return document.kind == KIND


def read_cluster(document: Document) -> tuple[Cluster | None, list[Problem]]:
    """Return the cluster of a cluster file, or None, and what is wrong with it."""
    from aksrdma.cluster.read import bind_cluster  # with it come the records, which other sets do without

    wrong: Problems = []
    cluster = bind_cluster(document.data, wrong)
    if cluster is None:
        return None, [problem._replace(document=document) for problem in wrong]
    return cluster, list(_unservable(document, cluster))


def _unservable(document: Document, cluster: Cluster) -> Iterator[Problem]:
    from aksrdma.plan import make_plan
    from aksrdma.plan.decisions import UNSERVABLE

    try:
        make_plan(cluster)
    except PlanError as error:
        for problem in error.problems:
            yield problem._replace(path=("spec", *problem.path), document=document)
    except UnknownNameError as error:
        yield Problem(UNSERVABLE, ("spec", "release"), error.message, error.fix, document=document)


def vm_sizes_of(cluster: Cluster) -> tuple[str, ...]:
    """Return the canonical VM sizes of a cluster's pools, those that the catalog knows, each once."""
    from aksrdma import catalog

    found: dict[str, None] = {}
    for pool in cluster.node_pools:
        try:
            found[catalog.vm_size(pool.vm_size).name] = None
        except AksrdmaError:
            continue
    return tuple(found)


def nodes_of(cluster: Cluster) -> int | None:
    """Return the nodes of all pools; None where a pool does not say."""
    counts = [pool.count for pool in cluster.node_pools]
    return sum(filter(None, counts)) if counts and None not in counts else None
