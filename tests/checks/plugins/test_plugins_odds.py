"""What depends on the options, and documents whose shape is wrong: no check may stumble over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksrdma.checks import register
from aksrdma.checks.plugins.device_plugin_configs import shared_resources, sriov_resources
from aksrdma.checks.plugins.features import feature_rules
from aksrdma.checks.plugins.ipam import ipams_of
from aksrdma.checks.plugins.pool_blocks import pool_of
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document, read
from aksrdma.kube.labels import NETWORKS
from aksrdma.kube.resources import extended_problem

CHECKS = [check for check in register.every_check() if check.module.startswith("aksrdma.checks.plugins")]
KINDS = sorted(frozenset().union(*(check.kinds for check in CHECKS)))


def rules(data: dict[str, Any], release: str = "v26.4.1", *, admission_controller: bool = False) -> list[str]:
    document = Document.from_data(data)
    manifests = ManifestSet((document,), release=release, admission_controller=admission_controller)
    problems = [
        problem for check in CHECKS if document.kind in check.kinds for problem in check.load()(document, manifests)
    ]
    return sorted(problem.rule for problem in problems)


def sriov(name: str) -> dict[str, Any]:
    selectors = {"linkTypes": ["infiniband"], "isRdma": True}
    entry = {"resourcePrefix": "rdma", "resourceName": name, "selectors": selectors}
    config = json.dumps({"resourceList": [entry]})
    return {"kind": "NicClusterPolicy", "spec": {"sriovDevicePlugin": {"config": config}}}


def test_hyphen_in_a_sriov_name_matters_with_the_admission_controller_alone() -> None:
    assert rules(sriov("ib-0")) == []
    assert rules(sriov("ib-0"), admission_controller=True) == ["sriov-name-portable"]


def test_doubled_apostrophe_is_an_escape_and_breaks_nothing() -> None:
    spec = {"networkNamespace": "default", "master": "ib0", "ipam": '{"type": "nv-ipam", "logFile": "a\'\'b"}'}

    assert rules({"kind": "IPoIBNetwork", "metadata": {"name": "a"}, "spec": spec}) == []


def test_wrong_type_of_a_name_is_reported_once() -> None:
    entry = {"resourceName": 5, "rdmaHcaMax": 1, "selectors": {"ifNames": ["ib0"]}}
    config = json.dumps({"configList": [entry, "x"]})
    spec = {"rdmaSharedDevicePlugin": {"config": config}}

    assert rules({"kind": "NicClusterPolicy", "spec": spec}) == ["device-plugin-config-not-json"] * 2


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        pytest.param("rdma/ib", True, id="plain"),
        pytest.param("nvidia.com/mlnx_nics", True, id="domain"),
        pytest.param("ib", False, id="no prefix"),
        pytest.param("my_prefix/ib", False, id="underscore in the prefix"),
        pytest.param("RDMA/ib", False, id="upper case in the prefix"),
        pytest.param("kubernetes.io/ib", False, id="kubernetes"),
        pytest.param("example.kubernetes.io/ib", False, id="below kubernetes"),
        pytest.param("requests.example.com/ib", False, id="quota"),
        pytest.param("rdma/_ib", False, id="underscore first"),
        pytest.param("rdma/" + "a" * 64, False, id="long name"),
        pytest.param("a/b/c", False, id="two slashes"),
        pytest.param(".".join(["a" * 61] * 4) + "/ib", False, id="prefix too long for its quota"),
    ],
)
def test_extended_resource_names(name: str, legal: bool) -> None:
    assert (extended_problem(name) is None) == legal


CASES = Path(__file__).parents[2] / "cases" / "rules"
ALL_CASES = sorted(
    file for rule in {rule for check in CHECKS for rule in check.rules} for file in CASES.glob(f"{rule}/*")
)
STRANGE: list[Any] = [None, 1, "", [], {}, [None], {"a": None}]
EMBEDDED = ("config", "ipam", NETWORKS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each part of a value."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """Return a value with another part at a path."""
    if not path:
        return part
    changed = copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], part)
    return changed


def variants(data: Any) -> Iterator[Any]:
    """Yield a document with each part of it, and of the JSON in its strings, replaced by a strange one."""
    for path in places(data):
        if path and path[0] not in ("kind", "apiVersion"):
            yield from (replaced(data, path, part) for part in STRANGE)
            value = reduce(lambda part, key: part[key], path, data)
            if path[-1] in EMBEDDED and isinstance(value, str) and value.strip()[:1] in ("[", "{"):
                with suppress(ValueError):
                    yield from (
                        replaced(data, path, json.dumps(inner)) for inner in embedded_variants(json.loads(value))
                    )


def embedded_variants(data: Any) -> Iterator[Any]:
    """Yield JSON data with each part of it replaced by a strange one."""
    return (replaced(data, path, part) for path in places(data) for part in STRANGE)


@pytest.mark.parametrize("file", [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in ALL_CASES])
def test_no_part_of_another_type_makes_a_check_raise(file: Path) -> None:
    for document in read(file.read_bytes(), file.name).documents:
        for data in variants(document.data):
            rules(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted(
    {"spec", "metadata", "config", "ipam", "rules", "labels", "annotations", "name", "template", "taints", "exclusions"}
    | {
        "rdmaSharedDevicePlugin",
        "sriovDevicePlugin",
        "configList",
        "resourceList",
        "selectors",
        "matchFeatures",
        "type",
    }
    | {
        "matchAny",
        "matchExpressions",
        "feature",
        "op",
        "value",
        "subnet",
        "cidr",
        "perNodeBlockSize",
        "staticAllocations",
    }
    | {"nodeSelector", "nodeSelectorTerms", "perNodeExclusions", "routes", "gateway", "range", "ranges", "plugins"}
    | {"perNodeNetworkPrefix", "gatewayIndex", "extendedResources", "exclude", "ipRanges", "addresses", "master"}
    | {NETWORKS, "secondaryNetwork", "multus", "networkNamespace", "hostNetwork"}
)
SHAPES = st.recursive(
    JSON | JSON.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5).map(json.dumps)
    ),
    max_leaves=25,
)


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), SHAPES, max_size=5), st.booleans())
def test_no_document_makes_a_check_raise(kind: str, data: dict[str, Any], old: bool) -> None:
    data = {"apiVersion": "nv-ipam.nvidia.com/v1alpha1", **data, "kind": kind}

    rules(data, "v25.1.0" if old else "v26.4.1")

    document = Document.from_data(data)
    shared_resources(document)
    sriov_resources(document)
    ipams_of(document)
    pool_of(document)
    for found in feature_rules(document):
        assert isinstance(found.labels, dict)
