"""A cluster file in a set: judged as `aksrdma render` would, and asked what it knows of its set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.cluster import KIND
from aksrdma.errors import AksrdmaError, PlanError
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.cluster.binding import Problems
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath

INVALID: Final = "cluster-file-invalid"
UNSERVABLE: Final = "cluster-not-servable"


def is_cluster_file(document: Document) -> bool:
    """Whether a document is a cluster file, be it a right one or not."""
    return document.kind == KIND


def read_cluster(document: Document) -> tuple[Cluster | None, list[Problem]]:
    """Return the cluster of a cluster file, or None, and what is wrong with it."""
    from aksrdma.cluster.read import bind_cluster  # with it come the records, which other sets do without

    wrong: Problems = []
    cluster = bind_cluster(document.data, wrong)
    if cluster is None:
        return None, [_problem(INVALID, document, path, message) for path, message in wrong]
    return cluster, list(_unservable(document, cluster))


def _unservable(document: Document, cluster: Cluster) -> Iterator[Problem]:
    from aksrdma.plan import make_plan

    try:
        make_plan(cluster)
    except PlanError as error:
        for path, message in error.problems:
            yield _problem(UNSERVABLE, document, ("spec", *path), message)
    except AksrdmaError as error:
        yield _problem(UNSERVABLE, document, ("spec", "release"), str(error))


def _problem(rule: str, document: Document, path: FieldPath, message: str) -> Problem:
    """Make a problem of a message of `aksrdma render`, which ends with what to do, after a semicolon."""
    wrong, _, fix = message.rpartition("; ")
    return Problem(rule, path, wrong or message, fix if wrong else None, document=document)


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
