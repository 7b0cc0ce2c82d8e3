"""Judges an object by one release: its fields, what it requires, and its allowed values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from aksrdma import catalog
from aksrdma.errors import ModelError
from aksrdma.findings import FieldPath, format_path
from aksrdma.models.schema_walk import Schema, child, resolved, schemas_by_release

if TYPE_CHECKING:
    from aksrdma.models.meta import K8sObject


@dataclass(frozen=True, slots=True)
class _Misfit:
    """One way in which an object does not fit a release."""

    what: Literal["kind", "field", "missing", "value"]
    path: FieldPath = ()
    detail: str = ""


def check_release(obj: K8sObject, release: str) -> None:
    """Refuse an object that a Network Operator release does not know as it is.

    Kinds that no release brings along, such as Pod, fit every release.

    Args:
        obj: The object.
        release: A release of the catalog, such as v25.1.0.

    Raises:
        ModelError: The release lacks the kind, a field or a value, or requires a field that is not set; each problem
            names the release that added or removed it.
        UnknownNameError: The catalog has no such release.
    """
    if release not in catalog.releases():
        catalog.release(release)
    known = schemas_by_release(obj.api_version, obj.kind)
    if not any(known.values()):
        return
    data = obj.wire()
    misfits = {name: list(_misfits(schema, data)) for name, schema in known.items()}
    if misfits[release]:
        raise ModelError([_line(obj.kind, misfit, release, misfits) for misfit in misfits[release]])


def _misfits(schema: Schema | None, data: dict[str, Any]) -> Iterator[_Misfit]:
    if schema is None:
        yield _Misfit("kind")
    else:
        yield from _walk(schema, resolved(schema, schema), data, ())


def _walk(root: Schema, schema: Schema, data: Any, path: FieldPath) -> Iterator[_Misfit]:
    if isinstance(data, dict):
        for name in schema.get("required", ()):
            if name not in data:
                yield _Misfit("missing", (*path, name))
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in steps:
        below = child(root, schema, step)
        if below is None:
            yield _Misfit("field", (*path, step))
        else:
            yield from _walk(root, below, value, (*path, step))
    if "enum" in schema and data not in schema["enum"]:
        yield _Misfit("value", path, f"{data!r}")


def _line(kind: str, misfit: _Misfit, release: str, misfits: dict[str, list[_Misfit]]) -> str:
    change = _change(misfit, release, misfits)
    where = format_path(misfit.path)
    if misfit.what == "kind":
        return f"{release} has no {kind}{change}"
    if misfit.what == "field":
        return f"{where}: {release} has no such field{change}"
    if misfit.what == "missing":
        return f"{where}: {release} requires it{change.replace('added in', 'optional from')}"
    return f"{where}: {release} does not allow {misfit.detail}{change}"


def _change(misfit: _Misfit, release: str, misfits: dict[str, list[_Misfit]]) -> str:
    """Say which release added what is missing, or removed it."""
    names = list(misfits)
    fits = [not any(_covers(other, misfit) for other in misfits[name]) for name in names]
    here = names.index(release)
    if any(fits[:here]):
        last = max(index for index in range(here) if fits[index])
        return f"; removed in {names[last + 1]}"
    later = [name for name, fit in zip(names[here:], fits[here:], strict=True) if fit]
    return f"; added in {later[0]}" if later else ""


def _covers(other: _Misfit, misfit: _Misfit) -> bool:
    """Tell whether `other` keeps what `misfit` is about out of its release too."""
    above = misfit.path[: len(other.path)] == other.path
    return other == misfit or (above and other.what in ("kind", "field"))
