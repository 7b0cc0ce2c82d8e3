"""What holds for all models: documented, empty by default, and loaded late."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, field_validator

from aksrdma import models
from aksrdma.errors import ModelError
from aksrdma.models import KINDS, Model, model_of
from aksrdma.models.describe import UNTYPED_DOC, field_docs
from aksrdma.models.shape import Untyped

FIXED = ("api_version", "kind", "type", "metadata")
"""Fields that may have a default: what the kind or type fixes, and the metadata of a kustomization."""


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(models.__path__, "aksrdma.models."):
        if not found.ispkg:
            yield found.name


def classes(module: str) -> list[type[BaseModel]]:
    found = vars(importlib.import_module(module)).values()
    return [item for item in found if isinstance(item, type) and issubclass(item, Model) and item.__module__ == module]


ALL = [item for module in modules() for item in classes(module)]


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_every_field_has_a_docstring(model: type[BaseModel]) -> None:
    typed = [name for name, field in model.model_fields.items() if field.annotation is not Untyped]

    assert model.__doc__
    assert [name for name in typed if field_docs(model)[name] == UNTYPED_DOC] == []


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_what_is_not_set_is_none(model: type[BaseModel]) -> None:
    defaults = {name: field.default for name, field in model.model_fields.items() if not field.is_required()}
    assert {name: value for name, value in defaults.items() if value is not None and name not in FIXED} == {}


def test_docstrings_reach_the_json_schema() -> None:
    schema = models.OfedDriver.model_json_schema()

    assert schema["properties"]["forcePrecompiled"]["description"].startswith("True refuses to compile")


def test_the_package_offers_every_public_model() -> None:
    public = {model.__name__ for model in ALL if not model.__name__.startswith("_")}

    assert public - set(dir(models)) == set()
    assert [name for name in dir(models) if not hasattr(models, name)] == []


@pytest.mark.parametrize(("api_version", "kind"), KINDS)
def test_a_model_fixes_its_kind(api_version: str, kind: str) -> None:
    fields = model_of(api_version, kind).model_fields

    assert (fields["api_version"].default, fields["kind"].default) == (api_version, kind)


def loaded_by(code: str) -> set[str]:
    """The modules that are there after code ran in a new process."""
    code = f"import sys; {code}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("code", ["import aksrdma", "import aksrdma.models", "from aksrdma.models import json_text"])
def test_importing_packages_and_writing_json_loads_no_pydantic(code: str) -> None:
    assert {"aksrdma", "pydantic"} & loaded_by(code) == {"aksrdma"}


def test_a_kind_loads_its_own_family() -> None:
    families = {f"aksrdma.models.{name}" for name in ("pod", "nic_policy", "networks", "nv_ipam", "node_feature_rule")}

    assert families & loaded_by("from aksrdma.models import NodeFeatureRule") == {"aksrdma.models.node_feature_rule"}


def test_building_an_object_looks_for_no_plugins_of_pydantic() -> None:
    code = "from aksrdma import models; models.Namespace(metadata=models.ObjectMeta(name='n')).wire()"

    assert "pydantic.plugin._loader" not in loaded_by(code)


def test_a_model_can_be_a_field_of_a_users_own_model() -> None:
    class Fleet(BaseModel):
        policy: models.NicClusterPolicy
        pods: list[models.Pod] = []

    fleet = Fleet.model_validate({"policy": {"metadata": {"name": "p"}, "spec": {"ofedDriver": {"image": "i"}}}})

    assert fleet.policy.spec == models.NicClusterPolicySpec(ofed_driver=models.OfedDriver(image="i"))
    assert "NicClusterPolicySpec" in Fleet.model_json_schema()["$defs"]


class Signature(BaseModel):
    key: str


def test_a_model_can_be_extended() -> None:
    class Labelled(models.ImageSpec):
        signatures: list[Signature] = Field(default_factory=list)
        retries: int | None = 3
        digest: str | None = None
        built: date | None = None
        layers: Annotated[int, Field(gt=0)] | None = None

    assert Labelled(image="a", digest="b", built=date(2026, 1, 2)).wire() == {
        "image": "a",
        "signatures": [],
        "retries": 3,
        "digest": "b",
        "built": "2026-01-02",
    }
    assert Labelled(image="a", retries=None, signatures=[{"key": "k"}]).wire() == {
        "image": "a",
        "signatures": [{"key": "k"}],
    }
    with pytest.raises(ModelError, match="layers: 0: input should be greater than 0"):
        Labelled(image="a", layers=0)


def test_a_validator_of_a_subclass_is_refused_because_it_would_not_run() -> None:
    class Checked(models.ImageSpec):
        @field_validator("image")
        @classmethod
        def no_latest(cls, value: str) -> str:
            return value

    with pytest.raises(TypeError, match="Checked: the models of aksrdma run no validators"):
        Checked(image="a")


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="NicClusterPolicie"):
        models.NicClusterPolicie  # noqa: B018
