"""Upstream's objects and CRDs, where AKSRDMA_SHARED names a folder that has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aksrdma import catalog
from aksrdma.models import KINDS, model_of, parse
from tests.models.flat_schemas import flat

UPSTREAM = ("v25.1.0", "v25.4.0", "v25.10.0")


def objects(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("*.yaml")):
        for data in yaml.safe_load_all(file.read_text()):
            if isinstance(data, dict) and (data.get("apiVersion"), data.get("kind")) in KINDS:
                yield data


def as_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_data(item) for item in value]
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


@pytest.mark.parametrize("release", UPSTREAM)
def test_upstream_objects_survive_reading_and_writing_and_fit_their_release(shared: Path, release: str) -> None:
    found = list(objects(shared / "upstream" / release))
    assert {data["kind"] for data in found} >= {"DaemonSet", "IPoIBNetwork", "Kustomization", "NicClusterPolicy"}

    for data in found:
        obj = parse(data).for_release(release)
        assert as_data(obj.wire()) == as_data(data)


def crds(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file in sorted(folder.glob("*.yaml")):
        for crd in yaml.safe_load_all(file.read_text()):
            if crd and crd["kind"] == "CustomResourceDefinition":
                for version in crd["spec"]["versions"]:
                    api_version = f"{crd['spec']['group']}/{version['name']}"
                    yield api_version, crd["spec"]["names"]["kind"], version["schema"]["openAPIV3Schema"]


@pytest.mark.parametrize("release", catalog.releases())
def test_every_field_of_the_crds_has_a_model_field_apart_from_what_is_reported(shared: Path, release: str) -> None:
    for api_version, kind, schema in crds(shared / "crds" / release):
        if (api_version, kind) in KINDS:
            known = flat(model_of(api_version, kind).model_json_schema())
            fields = {path for path in flat(schema) if not path.startswith("status.")}
            assert sorted(fields - known.keys()) == [], (release, kind)
