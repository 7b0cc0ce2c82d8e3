"""The overlays against upstream's configs (Azure/aks-rdma-infiniband), where AKSRDMA_SHARED names a folder with them."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from aksrdma.findings import format_path

RELEASES = ["v25.1.0", "v25.4.0", "v25.10.0"]
OVERLAYS = ["base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib"]
HERE = Path(__file__).parent
DECLARED = yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8"))
EMBEDDED = {"config", "ipam"}


def build(kustomize, folder):
    done = subprocess.run([kustomize, "build", folder], capture_output=True, check=True, encoding="utf-8")
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in objects}


def differences(ours, theirs, path=()):
    """Yield the paths at which two objects differ; JSON inside strings is compared as data."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if key in ours and key in theirs:
                yield from differences(ours[key], theirs[key], (*path, key))
            else:
                yield (*path, key)
    elif path and path[-1] in EMBEDDED and isinstance(ours, str) and isinstance(theirs, str):
        ours, theirs = json.loads(ours), json.loads(theirs)
        whole = ours.get("type") != theirs.get("type")
        yield from [path] if whole else differences(ours, theirs, (*path, None))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, (*path, index))
    elif ours != theirs:
        yield path


def found(ours, theirs):
    for name in sorted({*ours, *theirs}):
        if name in ours and name in theirs:
            yield from ((name, format_path(path)) for path in differences(ours[name], theirs[name]))
        else:
            yield name, ""


def declared(release, overlay, kinds):
    return {
        (row["object"], row["path"])
        for row in DECLARED
        if release in row["releases"]
        and row["object"].split("/")[0] in kinds
        and row.get("overlay", overlay) == overlay
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("release", RELEASES)
def test_an_overlay_builds_to_upstreams_objects_but_for_the_declared_differences(
    release, overlay, kustomize, root, shared
):
    ours = build(kustomize, root / "overlays" / release / "nicclusterpolicy" / overlay)
    theirs = build(kustomize, shared / "upstream" / release / "configs" / "nicclusterpolicy" / overlay)
    kinds = {"NicClusterPolicy"} | ({"IPoIBNetwork", "IPPool"} if overlay == "ipoib" else set())

    assert set(found(ours, theirs)) == declared(release, overlay, kinds)


@pytest.mark.parametrize("release", RELEASES)
def test_the_peermem_reloader_is_upstreams(release, kustomize, root, shared):
    ours = build(kustomize, root / "overlays" / release / "nvidia-peermem-reloader")

    assert ours == build(kustomize, shared / "upstream" / release / "configs" / "nvidia-peermem-reloader")


@pytest.mark.parametrize("release", RELEASES)
def test_the_node_feature_rule_differs_as_declared(release, root, shared):
    ours = yaml.safe_load((root / f"overlays/{release}/node-feature-rule/network-operator-nfd.yaml").read_text())
    theirs = yaml.safe_load((shared / f"upstream/{release}/tests/setup-infra/network-operator-nfd.yaml").read_text())
    paths = {("NodeFeatureRule/nfd-network-rule", format_path(path[:6])) for path in differences(ours, theirs)}

    assert paths == declared(release, "", {"NodeFeatureRule"})


@pytest.mark.parametrize("chart", ["network-operator", "gpu-operator"])
@pytest.mark.parametrize("release", RELEASES)
def test_the_helm_values_differ_as_declared(release, chart, root, shared):
    ours = yaml.safe_load((root / f"overlays/{release}/values/{chart}/values.yaml").read_text())
    theirs = yaml.safe_load((shared / f"upstream/{release}/configs/values/{chart}/values.yaml").read_text())
    paths = {(f"values/{chart}", format_path(path)) for path in differences(ours, theirs)}

    assert paths == declared(release, chart, {"values"})


@pytest.mark.parametrize("release", RELEASES)
def test_upstreams_file_names_are_kept(release, root, shared):
    folders = ("nicclusterpolicy", "nvidia-peermem-reloader", "values/network-operator", "values/gpu-operator")
    upstream = shared / "upstream" / release / "configs"
    theirs = {
        file.relative_to(upstream).as_posix() for folder in folders for file in (upstream / folder).rglob("*.yaml")
    }

    assert theirs <= {
        file.relative_to(root / "overlays" / release).as_posix()
        for file in (root / "overlays" / release).rglob("*.yaml")
    }


def test_every_declared_difference_has_a_reason():
    assert all(row["reason"] and row["releases"] for row in DECLARED)
