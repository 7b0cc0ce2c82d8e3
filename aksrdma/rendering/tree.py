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
FOLDERS: Final = (
    "namespace",
    "node-feature-rule",
    "nicclusterpolicy",
    "nicnodepolicy",
    "infiniband-modules",
    "values",
    "nvidia-peermem-reloader",
    "nvidia-device-plugin",
    "amd-driver-installer",
    "amd-device-config",
    "examples",
)
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
    from aksrdma.rendering.uninstall import uninstall_text

    header = _header(plan)
    guides = {"INSTALL.md": install_text(plan), "UNINSTALL.md": uninstall_text(plan)}
    files: dict[str, str] = {path: f"<!-- {header} -->\n{text}" for path, text in guides.items()}
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
        files |= {path: text for path, text in tree.items() if not path.endswith(".md")}
    return Tree(dict(sorted(files.items())))


def stream(plan: Plan) -> str:
    """Return the objects as one YAML stream, in the order in which to apply them."""
    return f"# {_header(plan)}\n" + "---\n".join(planned.text for planned in plan.objects)


def _header(plan: Plan) -> str:
    edits = "The next render overwrites edits; helmValues and patches of the cluster file stay."
    return f"{MARK} for Network Operator {plan.decisions.release.name}. {edits}"


def _files(plan: Plan) -> Iterator[tuple[str, Planned]]:
    if plan.needs_network_operator:
        yield "values/network-operator/values.yaml", plan.network_operator_values
    if plan.gpu_operator_values:
        yield "values/gpu-operator/values.yaml", plan.gpu_operator_values
    pods = {"ipoib-namespace.yaml": plan.ipoib_namespace} if plan.ipoib_namespace else {}
    if plan.needs_network_operator:
        yield from _folder("namespace", {"namespace.yaml": plan.namespace} | pods)
    if plan.node_feature_rule and plan.serves:
        yield from _folder("node-feature-rule", {"network-operator-nfd.yaml": plan.node_feature_rule})
    if plan.policy:
        for layer in plan.decisions.layers:
            yield from _layer(plan, layer)
    if plan.node_policies:
        named = {f"{one.data['metadata']['name']}.yaml": one for one in plan.node_policies}
        yield from _folder("nicnodepolicy", named)
    if plan.module_loader:
        yield from _folder("infiniband-modules", {"ds.yaml": plan.module_loader})
    if plan.peermem_reloader:
        yield from _folder("nvidia-peermem-reloader", {"ds.yaml": plan.peermem_reloader})
    if plan.nvidia_device_plugin:
        yield from _folder("nvidia-device-plugin", {"ds.yaml": plan.nvidia_device_plugin})
    if plan.amd:
        yield "values/amd-gpu-operator/values.yaml", plan.amd.values
        driver = {"configmap.yaml": plan.amd.driver_script, "daemonset.yaml": plan.amd.driver}
        yield from _folder("amd-driver-installer", driver)
        yield from _folder("amd-device-config", {"deviceconfig.yaml": plan.amd.device_config})
    for profile in plan.examples:
        yield f"examples/{profile}.yaml", plan.example_pod(profile)


def _layer(plan: Plan, layer: str) -> Iterator[tuple[str, Planned]]:
    layers = plan.decisions.layers
    policy, own = plan.policy_layer(layer), _own_patches(plan) if layer == layers[-1] else {}
    if layer == layers[0]:
        yield from _folder(f"nicclusterpolicy/{layer}", {"nic.yaml": policy}, patches=own)
        return
    networks = {"ip-pool.yaml": plan.ip_pool, "ipoib-network.yaml": plan.ipoib_network} if layer == "ipoib" else {}
    files = {name: planned for name, planned in networks.items() if planned}
    below = f"../{layers[layers.index(layer) - 1]}"
    yield from _folder(f"nicclusterpolicy/{layer}", files, below=below, patches={_PATCHES[layer]: policy} | own)


def _own_patches(plan: Plan) -> dict[str, Planned]:
    """Return the user's patches of the NicClusterPolicy, which lie over its layers; what is one file has them in it."""
    if not plan.decisions.cluster.patches or plan.policy is None:
        return {}
    from aksrdma.plan.patches import patches_of

    found = patches_of(plan.policy, plan.decisions.cluster.patches)
    named = {key: plan.policy.data[key] for key in ("apiVersion", "kind")}
    name = {"name": plan.policy.data["metadata"]["name"]}
    return {
        f"patch-{number}.yaml": Planned(
            {**named, "metadata": None, **one.patch} | {"metadata": {**one.patch.get("metadata", {}), **name}}
        )
        for number, one in enumerate(found, start=1)
    }


def _folder(
    folder: str, files: Mapping[str, Planned], *, below: str | None = None, patches: Mapping[str, Planned] | None = None
) -> Iterator[tuple[str, Planned]]:
    """Yield a folder's files with the kustomization that joins them."""
    patches = patches or {}
    yield f"{folder}/kustomization.yaml", _kustomization((*([below] if below else []), *files), tuple(patches))
    for name, planned in {**files, **patches}.items():
        yield f"{folder}/{name}", planned


@lru_cache(64)
def _kustomization(resources: tuple[str, ...], patches: tuple[str, ...]) -> Planned:
    from aksrdma import models  # a stream has none

    paths = [models.Patch(path=path) for path in patches]
    return Planned(models.Kustomization(resources=resources, patches=paths or None))
