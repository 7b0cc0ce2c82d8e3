"""Values of the wrong type anywhere in a set: the schema reports them, and relations pass over them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aksrdma import catalog
from aksrdma.checks import register
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.kube.kinds import JUDGED, WORKLOADS

CASES = Path(__file__).parents[2] / "cases" / "rules"
RULES = sorted(rule.id for theme in ("cluster_services", "hardware", "pod") for rule in catalog.rules_of(theme))
ODD: tuple[Any, ...] = (None, True, -1, 2**70, 0.5, "", "\x00[{", [], [None], [[]], {}, {"": None}, {"name": []})


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    data = copy.deepcopy(data)
    target = data
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return data


def checks() -> list[register.SetCheck]:
    return [
        one.load()
        for one in register.every_check()
        if one.of_set and one.kinds & (WORKLOADS | {"ClusterQueue", "Namespace"})
    ]


@pytest.mark.parametrize("rule", RULES)
def test_no_odd_value_is_too_much(rule: str) -> None:
    judges = checks()
    file = CASES / rule / "bad.yaml"
    objects = [data for data in yaml.safe_load_all(file.read_text(encoding="utf-8")) if data["kind"] != "RdmaCluster"]
    found = 0
    for path in places(objects):
        for value in ODD:
            changed = replaced(objects, path, value)
            documents = [Document.from_data(data) for data in changed if isinstance(data, dict)]
            unknown = [one for one in documents if one.kind not in JUDGED]
            known = [one for one in documents if one not in unknown]
            sizes = ("Standard_HB176rs_v4",)
            manifests = ManifestSet(known, release="v26.4.1", vm_sizes=sizes, unknown=unknown)
            found += sum(1 for judge in judges for _ in judge(manifests))

    assert found
