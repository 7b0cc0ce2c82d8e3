"""Where a field belongs that the schema does not have at its place: said instead of "remove it"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma import catalog
from aksrdma.findings import FieldPath, Problem, format_path
from aksrdma.schemas.store import Definitions, Schema, as_list, definition, find, read

_FAR: Final = 4
"""Steps from where a field stands to where it may belong; what is farther away is another thing of the same name."""
_DEEP: Final = 8
"""Steps from the root down to a container of a CronJob."""
_ALIKE: Final = 0.9
"""How much two names have in common that differ by a slip of the hand."""
_FEW: Final = 3
"""Places that a message names; of more than these none is the one that was meant."""
_ITEM: Final = None
"""A step into a list, or into a map whose keys are the user's."""
_JSON: Final = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}

_Steps: TypeAlias = "tuple[str | None, ...]"


class _Home(NamedTuple):
    """A place where the schema has a field of a name."""

    holder: _Steps
    schema: Schema


class Places:
    """The fields of one kind by name, to be asked where one of them belongs."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._definitions: Definitions = root.get("$defs", {})
        self._homes: dict[str, list[_Home]] = {}
        self._near: dict[tuple[_Steps, str], list[tuple[int, _Home]]] = {}
        for holder, name, schema in _fields(root, self._definitions):
            self._homes.setdefault(name, []).append(_Home(holder, schema))

    def told(self, problem: Problem, kind: str, value_at: Callable[[FieldPath], Any]) -> Problem:
        """Return the problem of an unknown field with the place where it belongs, or as it was where there is none.

        Args:
            problem: what the schema says of the field; one that is spelt nearly right stays as it is.
            kind: of the object.
            value_at: returns what the object has at a path, or None.
        """
        above, name = problem.path[:-1], problem.path[-1]
        if not isinstance(name, str):
            return problem
        if problem.meant and SequenceMatcher(None, name, problem.meant).ratio() >= _ALIKE:
            return problem
        section = next((step for step in reversed(above) if isinstance(step, str)), "")
        if row := catalog.written_otherwise(name, section, kind):
            return problem._replace(fix=row.write, meant=None, belongs=(*above, row.becomes) if row.becomes else None)
        found: dict[tuple[int, bool], list[FieldPath]] = {}
        for distance, home in self._near_homes(above, name):
            place = _place(home.holder, above, value_at)
            if place is None or not _fits(value_at(problem.path), home.schema, self._definitions):
                continue
            holder = value_at(place)
            if not (isinstance(holder, dict) and name in holder):
                found.setdefault((distance, holder is None), []).append(place)
        nearest = found[min(found)] if found else []
        if not 0 < len(nearest) <= _FEW:
            return problem
        if isinstance(value_at(nearest[0]), list) or len(nearest) > 1:
            holders = [
                f"an item of {format_path(place)}" if isinstance(value_at(place), list) else format_path(place)
                for place in nearest
            ]
            return problem._replace(fix=f"move it into {' or '.join(holders)}", meant=None)
        belongs = (*nearest[0], name)
        return problem._replace(fix=f"move it to {format_path(belongs)}", meant=None, belongs=belongs)

    def _near_homes(self, above: FieldPath, name: str) -> list[tuple[int, _Home]]:
        """Return where a field of this name may belong that stands below `above`, each with how far that is."""
        if name not in self._homes:
            return []
        stands = self._steps(above)
        if (key := (stands, name)) not in self._near:
            near = []
            for home in self._homes[name]:
                shared = 0
                while shared < min(len(stands), len(home.holder)) and stands[shared] == home.holder[shared]:
                    shared += 1
                apart = [step for step in (*stands[shared:], *home.holder[shared:]) if step is not _ITEM]
                if len(apart) <= _FAR:
                    near.append((len(apart), home))
            self._near[key] = near
        return self._near[key]

    def _steps(self, path: FieldPath) -> _Steps:
        """Return a path as the schema has it: without the numbers of items and the keys of maps."""
        steps: list[str | None] = []
        schema: Any = self._root
        for step in path:
            schema = definition(schema, self._definitions) if isinstance(schema, dict) else {}
            fields = schema.get("properties", {})
            steps.append(step if isinstance(step, str) and step in fields else _ITEM)
            schema = fields[step] if step in fields else schema.get("items", schema.get("additionalProperties"))
        return tuple(steps)


@cache
def places_of(release: str, api_version: str, kind: str, kubernetes: str | None = None) -> Places:
    """Return the fields of a kind that has a schema."""
    path = find(release, api_version, kind, kubernetes)
    return Places(read(path) if path else {})


def _fields(root: Schema, definitions: Definitions) -> Iterator[tuple[_Steps, str, Schema]]:
    """Yield holder, name and schema of every field that a user writes, down to the containers of a CronJob.

    A definition that holds itself, such as that of a schema in a CRD, is entered once on each way.
    """
    open_places: list[tuple[_Steps, Schema, frozenset[str]]] = [((), root, frozenset())]
    for holder, found, entered in open_places:
        schema, reference = definition(found, definitions), found.get("$ref")
        if reference in entered:
            continue
        inside = entered | {reference} if reference else entered
        for name, child in schema.get("properties", {}).items():
            yield holder, name, child
            if len(holder) < _DEEP and (holder, name) != ((), "status"):
                open_places.append(((*holder, name), child, inside))
        for keyword in ("items", "additionalProperties"):
            if isinstance(inner := schema.get(keyword), dict):
                open_places.append(((*holder, _ITEM), inner, inside))


def _place(holder: _Steps, above: FieldPath, value_at: Callable[[FieldPath], Any]) -> FieldPath | None:
    """Return where a holder is in an object, or None where too little of the way is there to believe it.

    It shares what it can with `above`, takes the only item of each list after that, and ends at a list of several.
    """
    place: FieldPath = ()
    for depth, step in enumerate(holder):
        value = value_at(place)
        shares = place == above[:depth] and depth < len(above)
        if step is not _ITEM:
            if value is None:
                return None
            place = (*place, step)
        elif shares:
            place = (*place, above[depth])
        else:
            keys: list[Any] = list(range(len(value)) if isinstance(value, list) else value or ())
            if len(keys) != 1:
                return place if isinstance(value, list) and keys and depth == len(holder) - 1 else None
            place = (*place, keys[0])
    return place


def _fits(value: Any, schema: Schema, definitions: Definitions) -> bool:
    """Whether a value looks like one of a field: it has its type, and one of its fields where it has fields."""
    schema = definition(schema, definitions)
    types = as_list(schema.get("type"))
    name = _JSON.get(type(value))
    if value is None or not types:
        return True
    if name not in types and not (name == "integer" and "number" in types):
        return False
    if isinstance(value, list):
        return not value or _fits(value[0], schema.get("items", {}), definitions)
    known = schema.get("properties")
    return not (isinstance(value, dict) and value and known) or not known.keys().isdisjoint(value)
