"""The rendered files as `{relative path: text}`: pure; `disk` compares and writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from aksrdma.cluster import PROFILES, Cluster
from aksrdma.plan import Plan, Planned, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from aksrdma.rendering.disk import Difference, Written

MARK: Final = "Rendered by aksrdma"
"""Stands in the first line of each rendered file; a file without it is not ours to change."""
FOLDERS: Final = ("namespace", "node-feature-rule", "nicclusterpolicy", "values", "nvidia-peermem-reloader", "examples")
"""Folders of a tree; nothing outside them is looked at when left-over files are searched."""
_PATCHES: Final = {"sriov-device-plugin": "sriov.yaml", "rdma-shared-device-plugin": "rdma.yaml", "ipoib": "ipoib.yaml"}


class Tree(Mapping[str, str]):
    """Relative path (with `/`) to text, of every file that a cluster needs."""

    def __init__(self, files: Mapping[str, str], notes: tuple[str, ...] = ()) -> None:
        self._files = dict(files)
        self.notes: Final = notes
        """What is unsure or unusual about the cluster, a sentence each."""

    def __getitem__(self, path: str) -> str:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def write(self, folder: str | Path, *, prune: bool = False) -> Written:
        """Write what differs, each file atomically; with `prune`, remove what an earlier render left.

        Raises:
            OutputError: a file that cannot be written, or one that aksrdma did not write in its place.
        """
        from aksrdma.rendering.disk import write

        return write(self, folder, prune=prune)

    def stale(self, folder: str | Path) -> list[Difference]:
        """Return where a folder is not what `write` would make it; empty where it is.

        Raises:
            OutputError: a folder or file that cannot be read.
        """
        from aksrdma.rendering.disk import stale

        return stale(self, folder)


def tree_of(plan: Plan) -> Tree:
    """Return every file of a plan, in the order in which the interface page lists them."""
    from aksrdma.rendering.install import install_text

    header = _header(plan)
    files: dict[str, str] = {"INSTALL.md": f"<!-- {header} -->\n{install_text(plan)}"}
    for path, planned in _files(plan):
        files[path] = f"# {header}\n{planned.text}"
    return Tree(files, plan.notes)


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


def stream(plan: Plan) -> str:
    """Return the objects as one YAML stream, in the order in which to apply them."""
    return f"# {_header(plan)}\n" + "---\n".join(planned.text for planned in plan.objects)


def _header(plan: Plan) -> str:
    cluster = plan.decisions.cluster
    what = f"cluster {cluster.name}, " if cluster.node_pools else ""
    return f"{MARK}: {what}Network Operator {plan.decisions.release.name}. The next render overwrites edits."


def _files(plan: Plan) -> Iterator[tuple[str, Planned]]:
    yield "values/network-operator/values.yaml", plan.network_operator_values
    if plan.gpu_operator_values:
        yield "values/gpu-operator/values.yaml", plan.gpu_operator_values
    pods = {"ipoib-namespace.yaml": plan.ipoib_namespace} if plan.ipoib_namespace else {}
    yield from _folder("namespace", {"namespace.yaml": plan.namespace} | pods)
    if plan.node_feature_rule:
        yield from _folder("node-feature-rule", {"network-operator-nfd.yaml": plan.node_feature_rule})
    for layer in plan.decisions.layers:
        yield from _layer(plan, layer)
    if plan.peermem_reloader:
        yield from _folder("nvidia-peermem-reloader", {"ds.yaml": plan.peermem_reloader})
    for layer in plan.decisions.layers:
        yield f"examples/{layer}.yaml", plan.example_pod(layer)


def _layer(plan: Plan, layer: str) -> Iterator[tuple[str, Planned]]:
    folder = f"nicclusterpolicy/{layer}"
    policy = plan.policy_layer(layer)
    if layer == "base":
        yield from _folder(folder, {"nic.yaml": policy})
        return
    below = plan.decisions.layers[plan.decisions.layers.index(layer) - 1]
    networks = {"ip-pool.yaml": plan.ip_pool, "ipoib-network.yaml": plan.ipoib_network} if layer == "ipoib" else {}
    files = {name: planned for name, planned in networks.items() if planned}
    yield from _folder(folder, files, below=f"../{below}", patch=(_PATCHES[layer], policy))


def _folder(
    folder: str, files: Mapping[str, Planned], below: str | None = None, patch: tuple[str, Planned] | None = None
) -> Iterator[tuple[str, Planned]]:
    """Yield a folder's files with the kustomization that joins them."""
    resources = (*([below] if below else []), *files)
    yield f"{folder}/kustomization.yaml", _kustomization(resources, patch[0] if patch else None)
    for name, planned in files.items():
        yield f"{folder}/{name}", planned
    if patch:
        yield f"{folder}/{patch[0]}", patch[1]


@lru_cache(64)
def _kustomization(resources: tuple[str, ...], patch: str | None) -> Planned:
    from aksrdma import models  # a stream has none

    return Planned(models.Kustomization(resources=resources, patches=[models.Patch(path=patch)] if patch else None))
