"""Objects -> tree -> disk: text of every file, and the only code that writes."""

from __future__ import annotations

from aksrdma.cluster import Cluster
from aksrdma.plan import make_plan
from aksrdma.rendering.tree import Tree, stream, tree_of

__all__ = ["Tree", "render", "stream", "tree_of"]


def render(cluster: Cluster) -> Tree:
    """Return every file that a cluster needs, as relative path to text.

    Raises:
        UnknownNameError: a release or VM size that the catalog does not have.
        PlanError: what no release, profile or VM size can serve; each mistake is one line.
    """
    return tree_of(make_plan(cluster))
