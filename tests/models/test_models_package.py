"""What holds for all models: documented, empty by default, and loaded late."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from aksrdma import models
from aksrdma.models import KINDS, Model, model_of
from aksrdma.models.docs import field_docs

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
    assert model.__doc__
    assert [name for name in model.model_fields if not field_docs(model).get(name)] == []


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


def test_importing_the_package_alone_loads_no_pydantic() -> None:
    code = "import sys, aksrdma.models; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="NicClusterPolicie"):
        models.NicClusterPolicie  # noqa: B018
