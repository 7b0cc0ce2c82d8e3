"""Every message of the plugins' checks, word for word: `said/THEME.yaml` tells what is said of one object after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aksrdma.checks import register
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.findings import Problem, format_path

CHECKS = [check for check in register.every_check() if check.module.startswith("aksrdma.checks.plugins")]
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['about']}")
    for file in sorted(Path(__file__).with_name("said").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]


def as_manifest(data: dict[str, Any]) -> dict[str, Any]:
    """Return an object with what stands at `config` and `ipam` below its spec as the JSON of a string."""
    spec = data.get("spec")
    if not isinstance(spec, dict):
        return data

    def texts(part: dict[str, Any], depth: int) -> dict[str, Any]:
        return {
            key: json.dumps(item)
            if key in ("config", "ipam") and isinstance(item, dict | list)
            else texts(item, depth - 1)
            if isinstance(item, dict) and depth
            else item
            for key, item in part.items()
        }

    return {**data, "spec": texts(spec, 2)}


def worded(problem: Problem) -> str:
    fix = f" -> {problem.fix}" if problem.fix else ""
    severity = f" ({problem.severity})" if problem.severity else ""
    return f"{problem.rule} at {format_path(problem.path)}: {problem.message}{fix}{severity}"


@pytest.mark.parametrize("case", CASES)
def test_each_object_is_told_what_is_wrong_with_it_and_no_more(case: dict[str, Any]) -> None:
    document = Document.from_data(as_manifest(case["object"]))
    manifests = ManifestSet(
        (document,),
        release=case.get("release", "v26.4.1"),
        admission_controller=case.get("admission_controller", False),
    )
    checks = [check.load() for check in CHECKS if document.kind in check.kinds]

    assert sorted(worded(one) for check in checks for one in check(document, manifests)) == case.get("says", [])


def test_a_count_of_thousands_of_digits_is_no_number_and_no_crash() -> None:
    digits = "9" * 5000
    rule = {"feature": "cpu.model", "matchExpressions": {"x": {"op": "Gt", "value": [digits]}}}
    ipam = {"type": "whereabouts", "range": "10.0.0.0/24", "node_slice_size": digits}
    selectors = {"isRdma": True, "pfNames": [f"ib0#{digits}"]}
    resource = {"resourceName": "ib", "resourcePrefix": "rdma", "selectors": selectors}
    objects = [
        {"kind": "NodeFeatureRule", "spec": {"rules": [{"name": "r", "matchFeatures": [rule]}]}},
        {"kind": "IPoIBNetwork", "metadata": {"name": "net"}, "spec": {"ipam": ipam}},
        {"kind": "NicClusterPolicy", "spec": {"sriovDevicePlugin": {"config": {"resourceList": [resource]}}}},
    ]
    documents = [Document.from_data(as_manifest(data)) for data in objects]
    manifests = ManifestSet(documents, release="v26.4.1")

    found = {
        problem.rule
        for document in documents
        for check in CHECKS
        if document.kind in check.kinds
        for problem in check.load()(document, manifests)
    }

    assert {"nfr-operator-values", "sriov-range-malformed"} <= found
