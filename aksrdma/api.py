"""The parts of the Python API that join packages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aksrdma.plan import make_plan

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.delivery import ClusterImages
    from aksrdma.models import K8sObject

__all__ = ["images", "objects"]


def images(cluster: Cluster) -> ClusterImages:
    """Return every image and chart of a cluster, as their publishers name them and as the cluster's registry does.

    Raises:
        UnknownNameError: a release that the catalog does not have, or a version of an operator whose images it has not.
        PlanError: what no release, profile or VM size can serve; each mistake is one line.
        ModelError: what the API server of the release would refuse.
    """
    from aksrdma.delivery import cluster_images  # who wants objects needs none

    return cluster_images(make_plan(replace(cluster, registry=None)), cluster.registry)


def objects(cluster: Cluster) -> list[K8sObject]:
    """Return the typed objects of a cluster, in the order in which to apply them: those that `render` writes.

    Raises:
        UnknownNameError: a release that the catalog does not have.
        PlanError: what no release, profile or VM size can serve; each mistake is one line.
        ModelError: what the API server of the release would refuse.
    """
    # Copies, because a user may change them, and plans share what clusters have in common.
    return [planned.object.model_copy(deep=True) for planned in make_plan(cluster).objects]
