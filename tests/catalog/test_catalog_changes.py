import itertools
import os
from pathlib import Path

import pytest
import yaml

from aksrdma import catalog
from aksrdma.catalog.rows.releases import Changes
from aksrdma.errors import UnknownNameError

COMPARED = (
    "type",
    "enum",
    "default",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "nullable",
    "anyOf",
    "allOf",
    "oneOf",
    "x-kubernetes-validations",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
)


@pytest.mark.parametrize(
    ("path", "release", "said"),
    [
        pytest.param(
            "NicClusterPolicy.spec.secondaryNetwork.ipamPlugin", "v26.4.1", "removed in v25.10.0", id="removed-long-ago"
        ),
        pytest.param(
            "nicclusterpolicy.spec.secondaryNetwork.ipamPlugin.image",
            "25.10.0",
            "removed in v25.10.0",
            id="gone-with-its-parent",
        ),
        pytest.param("nicclusterpolicy.spec.secondaryNetwork.ipamPlugin", "v25.7.0", None, id="still-there"),
        pytest.param("nicclusterpolicy.spec.global.repository", "v26.1.2", "added in v26.4.1", id="not-there-yet"),
        pytest.param("nicclusterpolicy.spec.global", "v26.4.1", None, id="there-since-this-release"),
        pytest.param("NicNodePolicy.spec.ofedDriver", "v25.1.0", "added in v26.4.1", id="a-kind-of-its-own"),
        pytest.param(
            "nicclusterpolicy.spec.spectrumXOperator.sriovObjNamespace",
            "v25.1.0",
            "added in v25.4.0",
            id="came-later-and-left",
        ),
        pytest.param(
            "nicclusterpolicy.spec.spectrumXOperator.sriovObjNamespace",
            "v25.4.0",
            None,
            id="the-one-release-that-has-it",
        ),
        pytest.param(
            "nicclusterpolicy.spec.spectrumXOperator.sriovObjNamespace",
            "v25.7.0",
            "removed in v25.7.0",
            id="the-release-that-removed-it",
        ),
        pytest.param(
            "nicclusterpolicy.spec.ofedDriver.env[3].valueFrom.fileKeyRef.key",
            "v25.4.0",
            "added in v26.1.2",
            id="an-index-does-not-matter",
        ),
        pytest.param(
            "nodefeaturerule.spec.rules[0].matchFeatures[1].matchExpressions.vendor.type",
            "v25.4.0",
            "added in v25.7.0",
            id="any-key-of-a-map",
        ),
        pytest.param("ippool.spec.perNodeExclusions[0].startIndex", "v25.10.0", "added in v26.1.2", id="nv-ipam-too"),
        pytest.param("nicclusterpolicy.spec.nvIpam.image", "v25.1.0", None, id="always-there"),
        pytest.param("nicclusterpolicy.spec.noSuchField", "v25.1.0", None, id="never-there"),
    ],
)
def test_why_a_release_lacks_a_field(path, release, said):
    change = catalog.field_change(path, release)

    assert (change and str(change).partition(" was ")[2]) == said


def test_a_change_carries_its_advice():
    change = catalog.field_change("nicclusterpolicy.spec.secondaryNetwork.ipamPlugin", "v25.10.0")

    assert str(change) == "nicclusterpolicy.spec.secondaryNetwork.ipamPlugin was removed in v25.10.0"
    assert "use nvIpam" in change.note


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        pytest.param("nicclusterpolicy.spec.nvIpam.version", ["made optional in v26.4.1"], id="requiredness"),
        pytest.param("ippool.spec.routes", ["added in v25.4.0"], id="one-addition"),
        pytest.param(
            "nicclusterpolicy.spec.spectrumXOperator.spectrumXConfig.name",
            ["added in v25.4.0", "removed in v25.7.0"],
            id="came-and-left-with-parents",
        ),
        pytest.param(
            "nodefeaturerule.spec.rules[].matchFeatures[].matchName.op", ["altered in v25.7.0"], id="an-enum-that-grew"
        ),
        pytest.param("nicclusterpolicy.spec.nvIpam", [], id="a-parent-of-what-changed-did-not-change"),
    ],
)
def test_all_that_happened_to_a_field(path, changes):
    assert [str(change).partition(" was ")[2] for change in catalog.field_changes(path)] == changes


def test_an_altered_field_says_in_what():
    (change,) = catalog.field_changes("nodefeaturerule.spec.rules[0].matchFeatures[0].matchName.op")

    assert change.note == "operators Ge, Le and GeLe are allowed too"


def test_a_wrong_release_is_refused():
    with pytest.raises(UnknownNameError):
        catalog.field_change("nicclusterpolicy.spec.global", "v1.0.0")


def test_the_oldest_release_has_nothing_to_be_compared_with():
    changes = catalog.release(catalog.releases()[0]).changes

    assert not any((changes.added, changes.removed, changes.made_optional, changes.made_required, changes.altered))


@pytest.mark.parametrize("name", catalog.releases())
def test_notes_are_on_changes_that_are_listed(name):
    changes = catalog.release(name).changes

    assert set(changes.notes) <= {*changes.added, *changes.removed, *changes.altered}


def fields(folder: Path) -> dict[tuple[str, ...], tuple[bool, dict]]:
    """Every field path of every CRD of a folder, with its requiredness and what bounds its values."""
    found: dict[tuple[str, ...], tuple[bool, dict]] = {}

    def walk(schema, path, required):
        found[path] = (required, {key: schema[key] for key in COMPARED if key in schema})
        for key, below in schema.get("properties", {}).items():
            walk(below, (*path, key), key in schema.get("required", ()))
        if "items" in schema:
            walk(schema["items"], (*path[:-1], path[-1] + "[]"), False)
        if isinstance(schema.get("additionalProperties"), dict):
            walk(schema["additionalProperties"], (*path, "*"), False)

    for file in folder.glob("*.yaml"):
        for crd in yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader):
            if crd:
                for version in crd["spec"]["versions"]:
                    walk(version["schema"]["openAPIV3Schema"], (crd["spec"]["names"]["kind"].lower(),), False)
    return found


def parent(path):
    return (*path[:-1], path[-1].removesuffix("[]")) if path[-1].endswith("[]") else path[:-1]


def roots(these, those):
    return {".".join(path) for path in these if path not in those and (len(path) == 1 or parent(path) in those)}


def difference(before, after) -> dict[str, set[str]]:
    both = [path for path in after if path in before]
    return {
        "added": roots(after, before),
        "removed": roots(before, after),
        "made_optional": {".".join(path) for path in both if before[path][0] and not after[path][0]},
        "made_required": {".".join(path) for path in both if after[path][0] and not before[path][0]},
        "altered": {".".join(path) for path in both if before[path][1] != after[path][1]},
    }


def listed(changes: Changes) -> dict[str, set[str]]:
    return {
        key: set(getattr(changes, key)) for key in ("added", "removed", "made_optional", "made_required", "altered")
    }


SHARED = os.environ.get("AKSRDMA_SHARED")


@pytest.mark.skipif(not SHARED, reason="AKSRDMA_SHARED does not name a folder with the CRDs of the releases")
@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(catalog.releases())))
def test_the_changes_are_those_between_the_real_crds(before, after):
    crds = Path(SHARED or "", "crds")

    assert listed(catalog.release(after).changes) == difference(fields(crds / before), fields(crds / after))
