"""A cluster file in a set: judged as `aksrdma render` would, and asked what it knows of its set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma.errors import AksrdmaError, PlanError, UnknownNameError
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.cluster.binding import Problems
    from aksrdma.documents import Document


def read_cluster(document: Document) -> tuple[Cluster | None, list[Problem]]:
    """Return the cluster of a cluster file, or None, and what is wrong with it."""
    # With these come the records and the planner, which sets without a cluster file do without.
    from aksrdma.cluster.read import bind_cluster
    from aksrdma.plan import make_plan
    from aksrdma.plan.decisions import UNSERVABLE

    wrong: Problems = []
    cluster = bind_cluster(document.data, wrong)
    if cluster is not None:
        try:
            plan = make_plan(cluster)
            wrong += [problem._replace(path=("spec", *problem.path)) for problem in plan.warnings]
            if "ipoib" in plan.decisions.profiles:
                from aksrdma.checks.relation.addresses import of_cluster_file  # other profiles have no range

                wrong += of_cluster_file(cluster)
        except PlanError as error:
            wrong += [problem._replace(path=("spec", *problem.path)) for problem in error.problems]
        except UnknownNameError as error:
            wrong.append(Problem(UNSERVABLE, ("spec", "release"), error.message, error.fix))
    return cluster, [problem._replace(document=document) for problem in wrong]


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
    """Return the nodes of all pools with InfiniBand; None where a pool does not say."""
    from aksrdma import catalog

    counts = [pool.count for pool in cluster.node_pools if not catalog.for_general_use(pool.vm_size)]
    return sum(filter(None, counts)) if counts and None not in counts else None
