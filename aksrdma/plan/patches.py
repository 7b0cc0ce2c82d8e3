"""The user's own changes to rendered objects, merged as kustomize merges a patch into a custom resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aksrdma.cluster import Patch, Target
from aksrdma.findings import FieldPath, Problem
from aksrdma.plan.decisions import UNSERVABLE
from aksrdma.plan.planned import Planned


def merged(data: Any, change: Any) -> Any:
    """Return data with a change laid over it (RFC 7396): mappings key by key, null takes a key away, all else replaces."""
    if not isinstance(change, Mapping):
        return change
    whole = dict(data) if isinstance(data, Mapping) else {}
    for key, value in change.items():
        if value is None:
            whole.pop(key, None)
        else:
            whole[key] = merged(whole.get(key), value)
    return whole


def overlaid(planned: Planned, change: Mapping[str, Any]) -> Planned:
    """Return what is planned with a change laid over it; the reasons of what the change touches go."""
    if not change:
        return planned
    data = merged(planned.data, change)
    kept = {path: reason for path, reason in planned.reasons.items() if _at(planned.data, path) == _at(data, path)}
    return Planned(data if isinstance(planned.content, Mapping) else type(planned.content).from_wire(data), kept)


def patched(planned: Planned, patches: Sequence[Patch]) -> Planned:
    """Return an object with those of the patches that are for it.

    Raises:
        ModelError: a patch with a field that the object does not have.
    """
    for one in patches_of(planned, patches):
        planned = overlaid(planned, one.patch)
    return planned


def patches_of(planned: Planned, patches: Sequence[Patch]) -> list[Patch]:
    """Return those of the patches that are for an object."""
    return [one for one in patches if _hits(one.target, planned.data)]


def malformed(patches: Sequence[Patch]) -> Iterator[Problem]:
    """Yield what is wrong with patches themselves: one for no object, one that makes another object of its target."""
    for number, one in enumerate(patches):
        if not one.target.kind and not one.target.name:
            fix = "add kind, or kind and name"
            yield Problem(UNSERVABLE, ("patches", number, "target"), "names no object", fix)
        metadata = one.patch.get("metadata")
        named = metadata if isinstance(metadata, Mapping) else {}
        changed = [(key,) for key in ("apiVersion", "kind") if key in one.patch]
        for field in [*changed, *(("metadata", key) for key in ("name", "namespace") if key in named)]:
            message = "a patch changes what an object holds, not which object it is"
            fix = "take it out; target says which objects"
            yield Problem(UNSERVABLE, ("patches", number, "patch", *field), message, fix)


def unmatched(patches: Sequence[Patch], planned: Iterable[Planned]) -> Iterator[Problem]:
    """Yield the patches that are for nothing that is rendered."""
    objects = [one.data for one in planned]
    named = sorted({f"{data['kind']} {data['metadata']['name']}" for data in objects})
    for number, one in enumerate(patches):
        path = ("patches", number)
        if not any(_hits(one.target, data) for data in objects):
            wanted = " ".join(filter(None, (one.target.kind, one.target.name)))
            listed = f"rendered are {', '.join(named)}"
            yield Problem(UNSERVABLE, (*path, "target"), f"no rendered object is {wanted}", listed)


def _hits(target: Target, data: Mapping[str, Any]) -> bool:
    return target.kind in (None, data["kind"]) and target.name in (None, data["metadata"]["name"])


def _at(data: Any, path: FieldPath) -> Any:
    for step in path:
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, Sequence) and not isinstance(data, str) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data
