"""What aksrdma renders, and what upstream publishes, has no finding of these rules but the ones that are true."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from aksrdma import documents
from aksrdma.checks import register
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import load
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.plan import make_plan

ROOT = Path(__file__).parents[3]
CHECKS = [
    one
    for one in register.every_check()
    if one.of_set and not one.of_webhook and not one.kinds & (WORKLOADS | {"ClusterQueue", "Namespace"})
]
RELEASES = sorted(folder.name for folder in (ROOT / "overlays").iterdir())


def found(manifests: ManifestSet) -> list[str]:
    wanted = [check for check in CHECKS if check.kinds & manifests.by_kind.keys()]
    return [problem.rule for check in wanted for problem in check.load()(manifests)]


def built(kustomize: str, folder: Path) -> list[documents.Document]:
    done = subprocess.run([kustomize, "build", folder], capture_output=True, check=True)
    return list(documents.read(done.stdout, folder.name).documents)


def kustomizations(folder: Path) -> list[Path]:
    return sorted(file.parent for file in folder.rglob("kustomization.yaml"))


@pytest.mark.parametrize("admission", [False, True], ids=["admission-off", "admission-on"])
@pytest.mark.parametrize("release", RELEASES)
def test_every_overlay_is_clean(release: str, admission: bool, kustomize: str) -> None:
    for folder in kustomizations(ROOT / "overlays" / release):
        manifests = ManifestSet(built(kustomize, folder), release=release, admission_controller=admission)

        assert found(manifests) == [], folder


@pytest.mark.parametrize("example", sorted((ROOT / "examples" / "clusters").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_tree_of_an_example_is_clean_with_what_its_cluster_file_says(example: Path, kustomize: str) -> None:
    cluster = load(example)
    decisions = make_plan(cluster).decisions
    tree = ROOT / "examples" / "rendered" / example.stem
    folders = [folder for folder in kustomizations(tree) if folder.parent.name != "nicclusterpolicy"]
    whole = [document for folder in folders for document in built(kustomize, folder)]
    whole += built(kustomize, tree / "nicclusterpolicy" / decisions.layers[-1])
    for file in sorted((tree / "examples").glob("*.yaml")):
        whole += documents.read(file.read_bytes(), file.name).documents
    manifests = ManifestSet(
        whole,
        release=cluster.release,
        vm_sizes=tuple(dict.fromkeys(size.name for size in decisions.sizes.values())),
        nodes=decisions.nodes,
        cluster=cluster,
    )

    assert found(manifests) == []


TRUE = {("v25.10.0", "ipoib"): ["whereabouts-removed-from-operator"]}


@pytest.mark.parametrize("release", ["v25.1.0", "v25.4.0", "v25.10.0"])
def test_upstream_has_only_what_is_true_of_it(release: str, kustomize: str, shared: Path) -> None:
    for folder in kustomizations(shared / "upstream" / release / "configs" / "nicclusterpolicy"):
        manifests = ManifestSet(built(kustomize, folder), release=release)

        assert found(manifests) == TRUE.get((release, folder.name), []), folder
