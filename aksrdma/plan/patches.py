"""The user's own changes to rendered objects, merged as kustomize merges a patch into a custom resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from aksrdma.cluster import Patch, Target
from aksrdma.cluster.binding import shown
from aksrdma.errors import ModelError, PlanError
from aksrdma.findings import FieldPath, Problem
from aksrdma.plan.decisions import UNSERVABLE
from aksrdma.plan.planned import Planned, Reason

_PLACE: Final = re.compile(r"\w+(?=[.]|\Z)")
"""A step of the field path with which a model's error begins; what stands in a list is not told apart."""


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
    """Return values with a change laid over them; the reasons of what the change touches go."""
    if not change:
        return planned
    data = merged(planned.data, change)
    return Planned(data, _kept(planned, data))


def _kept(planned: Planned, data: Mapping[str, Any]) -> dict[FieldPath, Reason]:
    return {path: reason for path, reason in planned.reasons.items() if _at(planned.data, path) == _at(data, path)}


def patched(planned: Planned, patches: Sequence[Patch], release: str) -> Planned:
    """Return an object with those of the patches that are for it.

    Args:
        planned: the object.
        patches: all of the cluster.
        release: by whose schemas the object is judged.

    Raises:
        PlanError: a patch that makes of the object what its API server refuses.
    """
    data = planned.data
    for one in (found := patches_of(planned, patches)):
        data = merged(data, one.patch)
    if not found:
        return planned
    from aksrdma.schemas.judge import schemas_of  # few clusters have patches

    problems = schemas_of(release).judge(data)
    try:
        whole = data if isinstance(planned.content, Mapping) or problems else type(planned.content).from_wire(data)
    except ModelError as error:  # what no schema says, such as what has to be JSON
        problems = [Problem(UNSERVABLE, tuple(_PLACE.findall(line.partition(":")[0])), line) for line in error.problems]
    if problems:
        raise PlanError([_of_patch(one, planned, patches) for one in problems])
    return Planned(whole, _kept(planned, data), {release})


def _of_patch(problem: Problem, planned: Planned, patches: Sequence[Patch]) -> Problem:
    """Return what is wrong with a patched object at the patch from which it has it: the last that says most of its path."""
    numbers = [number for number, one in enumerate(patches) if _hits(one.target, planned.data)]
    number = max(reversed(numbers), key=lambda number: _depth(patches[number].patch, problem.path))
    name = f"{planned.data['kind']} {planned.data['metadata']['name']}"
    path = ("patches", number, "patch", *problem.path)
    return Problem(UNSERVABLE, path, f"{problem.message}, in {name}", problem.fix)


def _depth(data: Any, path: FieldPath) -> int:
    """Return how many steps of a path data has."""
    for number, step in enumerate(path):
        if not isinstance(data, Mapping) or step not in data:
            return number
        data = data[step]
    return len(path)


def patches_of(planned: Planned, patches: Sequence[Patch]) -> list[Patch]:
    """Return those of the patches that are for an object."""
    return [one for one in patches if _hits(one.target, planned.data)]


def malformed(patches: Sequence[Patch]) -> Iterator[Problem]:
    """Yield what is wrong with patches themselves: one for no object, one that makes another object, or none, of its target."""
    for number, one in enumerate(patches):
        if not one.target.kind and not one.target.name:
            fix = "add kind, or kind and name"
            yield Problem(UNSERVABLE, ("patches", number, "target"), "names no object", fix)
        named = one.patch.get("metadata", {})
        if not isinstance(named, Mapping):
            message = f"must be a mapping, not {shown(named)}"
            yield Problem(
                UNSERVABLE, ("patches", number, "patch", "metadata"), message, "write labels or annotations in it"
            )
            continue
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
            wanted = " ".join(shown(part).strip("'") for part in (one.target.kind, one.target.name) if part)
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
