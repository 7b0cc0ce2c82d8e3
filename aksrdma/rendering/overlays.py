"""The overlays of a release for no cluster in particular: every profile side by side, as upstream's `configs/`."""

from __future__ import annotations

from aksrdma.cluster import Cluster
from aksrdma.plan import PROFILES, make_plan
from aksrdma.rendering.tree import Tree, tree_of


def overlay_tree(release: str) -> Tree:
    """Return the tree of a release with all profiles in it.

    Raises:
        UnknownNameError: a release that the catalog does not have.
    """
    files: dict[str, str] = {}
    for profile in reversed(PROFILES):
        tree = tree_of(make_plan(Cluster(release=release, profile=profile)))
        files |= {path: text for path, text in tree.items() if path != "INSTALL.md"}
    return Tree(dict(sorted(files.items())))
