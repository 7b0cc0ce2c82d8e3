"""The committed overlays: current, buildable, valid for their release, and equal to the stream."""

import json
import subprocess

import pytest
import yaml

from aksrdma import Cluster, catalog
from aksrdma.plan import PROFILES, make_plan
from aksrdma.rendering import stream
from aksrdma.rendering.tree import overlay_tree
from aksrdma.schemas import schema_folder

RELEASES = catalog.releases()
EACH = pytest.mark.parametrize(
    ("release", "profile"), [(release, profile) for release in RELEASES for profile in PROFILES]
)


def build(kustomize, *folders):
    objects = []
    for folder in folders:
        done = subprocess.run([kustomize, "build", folder], capture_output=True, check=True, encoding="utf-8")
        objects += [one for one in yaml.safe_load_all(done.stdout) if one]
    return sorted(objects, key=lambda one: (one["kind"], one["metadata"]["name"]))


def folders(overlay, profile):
    return [overlay / "namespace", overlay / "node-feature-rule", overlay / "nicclusterpolicy" / profile]


@pytest.mark.parametrize("release", RELEASES)
def test_the_overlays_are_current(release, root):
    stale = overlay_tree(release).stale(root / "overlays" / release)

    assert [(one.path, one.kind) for one in stale] == [], "if meant: `make overlays`, then read git diff"


def test_there_is_a_folder_for_each_release_and_no_other(root):
    assert {folder.name for folder in (root / "overlays").iterdir()} == set(RELEASES)


@EACH
def test_an_overlay_builds_to_the_objects_of_the_stream(release, profile, kustomize, root):
    plan = make_plan(Cluster(release=release, profile=profile))
    streamed = [one for one in yaml.safe_load_all(stream(plan)) if one]

    assert build(kustomize, *folders(root / "overlays" / release, profile)) == sorted(
        streamed, key=lambda one: (one["kind"], one["metadata"]["name"])
    )


@EACH
def test_kubeconform_accepts_an_overlay_with_the_schemas_of_its_release(
    release, profile, kustomize, kubeconform, root, tmp_path
):
    overlay = root / "overlays" / release
    objects = build(kustomize, *folders(overlay, profile), overlay / "nvidia-peermem-reloader")
    objects += [yaml.safe_load(file.read_text()) for file in sorted((overlay / "examples").glob("*.yaml"))]
    (tmp_path / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    template = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
    locations = [f"{schema_folder(name)}/{template}" for name in (release, "kubernetes-v1.34")]
    options = [word for location in locations for word in ("-schema-location", location)]
    done = subprocess.run(
        [kubeconform, "-strict", "-summary", "-output", "json", *options, tmp_path / "all.json"],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    summary = json.loads(done.stdout)

    assert summary.get("resources") in (None, []), summary
    assert summary["summary"] == {"valid": len(objects), "invalid": 0, "errors": 0, "skipped": 0}
