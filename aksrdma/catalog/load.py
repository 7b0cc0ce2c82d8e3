"""Reads the catalog's YAML into rows: strict, so that a slip in the data cannot pass as an unknown fact."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from aksrdma.paths import CATALOG

_Row = TypeVar("_Row")
_DEPTH: Final = 16
"""Levels of maps and lists in a row; none has half of it."""


class CatalogDataError(RuntimeError):
    """The catalog's own data is broken: a fault of this installation, not of its user."""


def read(name: str) -> Any:
    """Return the YAML of a file of the catalog; `name` is relative to its folder."""
    from aksrdma.documents import fast

    source = text(name)
    data = fast.parse(source.decode(), _DEPTH)
    if data is not fast.UNUSUAL:
        return data
    import yaml  # a sixth of a cold render; the rows that it needs are of the plain subset, so that it does without

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is missing where libyaml is
    return yaml.load(source, Loader=loader)


def text(name: str) -> bytes:
    """Return the bytes of a file of the catalog; `name` is relative to its folder."""
    return (CATALOG / name).read_bytes()


def names(folder: str) -> tuple[str, ...]:
    """Return the names of the rows of a folder, from its listing alone, unsorted."""
    return tuple(file.stem for file in Path(CATALOG, folder).glob("*.yaml"))


def build(cls: type[_Row], data: Any, where: str) -> _Row:
    """Make a row of `data`.

    Raises:
        CatalogDataError: A key that the row type does not know, or a missing one.
    """
    row_type: Any = cls  # a type variable is no Hashable to mypy
    known, required, parts = _shape(row_type)
    if not isinstance(data, dict):
        raise CatalogDataError(f"{where}: {cls.__name__} expects a mapping, not {data!r}")
    if wrong := (data.keys() - known) | (required - data.keys()):
        raise CatalogDataError(f"{where}: {cls.__name__} does not fit: unknown or missing {', '.join(sorted(wrong))}")
    return cls(
        **{
            key: _part(*parts[key], value, f"{where}.{key}") if key in parts else _frozen(value)
            for key, value in data.items()
        }
    )


@cache
def _shape(cls: Any) -> tuple[frozenset[str], frozenset[str], dict[str, tuple[type[Any], bool]]]:
    own = fields(cls)
    required = frozenset(f.name for f in own if f.default is MISSING and f.default_factory is MISSING)
    parts = {f.name: (f.metadata["row"], f.metadata.get("keyed", False)) for f in own if "row" in f.metadata}
    return frozenset(f.name for f in own), required, parts


def _part(cls: type[Any], keyed: bool, value: Any, where: str) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(build(cls, item, f"{where}[{index}]") for index, item in enumerate(value))
    if keyed:
        return MappingProxyType(
            {key: build(cls, {"name": key, **item}, f"{where}.{key}") for key, item in value.items()}
        )
    return build(cls, value, where)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, Mapping):
        return MappingProxyType({key: _frozen(item) for key, item in value.items()})
    return str(value) if isinstance(value, datetime.date) else value
