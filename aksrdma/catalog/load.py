"""Reads the catalog's YAML into rows: strict, so that a slip in the data cannot pass as an unknown fact."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from aksrdma.errors import UsageError
from aksrdma.paths import CATALOG

_Row = TypeVar("_Row")
_DEPTH: Final = 16
"""Levels of maps and lists in a row; none has half of it."""

_folders: list[Path] = [CATALOG]
"""Where rows are looked up: first in a folder of the user's, then in the catalog that ships."""
_caches: list[Any] = []


class CatalogDataError(RuntimeError):
    """The catalog's own data is broken: a fault of this installation, not of its user."""


_Cached = TypeVar("_Cached", bound=Callable[..., Any])


def cached(function: _Cached) -> _Cached:
    """Remember what a function returned, until `use` brings other rows."""
    remembering = cache(function)
    _caches.append(remembering)
    return cast("_Cached", remembering)


def use(folder: Path) -> None:
    """Take rows of a folder laid out as the catalog, too: a VM size or release in it is known, or stands for ours.

    Raises:
        UsageError: there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"the catalog {folder} is no folder; name one with vm_sizes/ or releases/ in it")
    if _folders[0] != folder:
        _folders[:] = [folder, CATALOG]
        for remembering in _caches:
            remembering.cache_clear()


def read(name: str) -> Any:
    """Return the YAML of a file of the catalog; `name` is relative to its folder.

    Raises:
        UsageError: a file of the user's that is no YAML.
    """
    return parsed(text(name), name)


def parsed(source: bytes, name: str) -> Any:
    """Return the YAML of the bytes of a file of the catalog.

    Raises:
        UsageError: a file of the user's that is no YAML.
    """
    from aksrdma.documents import fast

    data = fast.parse(source.decode(errors="replace"), _DEPTH)
    if data is not fast.UNUSUAL:
        return data
    import yaml  # a sixth of a cold render; the rows that it needs are of the plain subset, so that it does without

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is missing where libyaml is
    try:
        return yaml.load(source, Loader=loader)
    except yaml.YAMLError as error:
        raise _broken(name, " ".join(str(error).split())) from error


def row(cls: type[_Row], name: str) -> _Row:
    """Return the row that a file of the catalog is."""
    return build(cls, read(name), name)


def rows(cls: type[_Row], name: str) -> tuple[_Row, ...]:
    """Return the rows of a file of the catalog that is a list of them."""
    return tuple(build(cls, data, f"{name}[{index}]") for index, data in enumerate(read(name)))


def text(name: str) -> bytes:
    """Return the bytes of a file of the catalog; `name` is relative to its folder."""
    return _path(name).read_bytes()


def texts(name: str) -> Iterator[bytes]:
    """Yield the bytes of a file that adds to the others of its name: of the catalog's first, then of the user's."""
    for folder in reversed(_folders):
        if (folder / name).is_file():
            yield (folder / name).read_bytes()


def names(folder: str) -> tuple[str, ...]:
    """Return the names of the rows of a folder, from its listing alone, unsorted."""
    return tuple({file.stem: None for root in _folders for file in (root / folder).glob("*.yaml")})


def _path(name: str) -> Path:
    return next((folder / name for folder in _folders if (folder / name).is_file()), CATALOG / name)


def _broken(where: str, what: str) -> Exception:
    """Return the error of a broken row: the user's mistake in a file of the user's, ours in one of ours."""
    file = _path(where.partition(".yaml")[0] + ".yaml")
    if CATALOG in file.parents:
        return CatalogDataError(f"{where}: {what}")
    return UsageError(f"{file}: {what}; `aksrdma catalog` shows rows as they have to be")


def build(cls: type[_Row], data: Any, where: str) -> _Row:
    """Make a row of `data`.

    Raises:
        CatalogDataError: A key that the row type does not know, or a missing one.
        UsageError: the same in a file of the user's.
    """
    row_type: Any = cls  # a type variable is no Hashable to mypy
    known, required, parts = _shape(row_type)
    if not isinstance(data, dict):
        raise _broken(where, f"{cls.__name__} expects a mapping, not {data!r}")
    if wrong := (data.keys() - known) | (required - data.keys()):
        raise _broken(where, f"{cls.__name__} does not fit: unknown or missing {', '.join(sorted(map(str, wrong)))}")
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
