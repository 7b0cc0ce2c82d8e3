"""Random changes of rich objects, the same for the same seed."""

from __future__ import annotations

import collections
import copy
import random
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from .words import AMOUNT_FIELDS, AMOUNT_PARENTS, AMOUNTS, FREE_KEYS, KEYS, METADATA, NUMBERS, OTHERS, WORDS

Steps: TypeAlias = "tuple[Any, ...]"
Fields: TypeAlias = "dict[Steps, list[tuple[Any, Any]]]"
"""For each role of a mapping the fields that it has anywhere."""


def changed_objects(bases: list[dict[str, Any]], count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `count` objects, each a base that was changed in one to three places, with what was done to it."""
    chance = random.Random(seed)
    fields = _vocabulary(bases)
    yield from (("as it is", data) for data in bases[:count])
    for _ in range(count - len(bases)):
        data = copy.deepcopy(chance.choice(bases))
        changes = [_change(data, chance, fields) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
        yield "; ".join(changes), data


def _walk(data: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    yield path, data
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(data, dict):
        children = data.items()
    elif isinstance(data, list):
        children = enumerate(data)
    for key, value in children:
        yield from _walk(value, (*path, key))


def _role(path: Steps) -> Steps:
    """Return the last two names of a path: what its value is for."""
    return tuple(key for key in path if isinstance(key, str))[-2:]


def _vocabulary(objects: list[dict[str, Any]]) -> Fields:
    found: Fields = collections.defaultdict(list)
    for data in objects:
        for path, value in _walk(data):
            if isinstance(value, dict):
                found[_role(path)].extend(value.items())
    return found


def _change(data: dict[str, Any], chance: random.Random, fields: Fields) -> str:
    """Change one place of an object and say how."""
    if chance.random() < 0.1:
        return _change_metadata(data, chance)
    places = [(path, value) for path, value in _walk(data) if path and path[0] not in ("apiVersion", "kind")]
    if not places:
        return "nothing left"
    path, value = chance.choice(places)
    holder: Any = data
    for key in path[:-1]:
        holder = holder[key]
    if isinstance(value, dict) and chance.random() < 0.6:
        return _change_mapping(value, path, chance, fields)
    if isinstance(value, list) and chance.random() < 0.5:
        return _change_list(value, path, chance)
    if chance.random() < 0.12:
        del holder[path[-1]]
        return f"remove {path}"
    holder[path[-1]] = new = _other(value, path, chance)
    return f"set {path} {new!r:.60}"


def _change_metadata(data: dict[str, Any], chance: random.Random) -> str:
    field, value = chance.choice(METADATA)
    if not isinstance(data.get("metadata"), dict):
        data["metadata"] = {}
    data["metadata"][field] = copy.deepcopy(value)
    return f"metadata {field} {value!r:.60}"


def _change_mapping(value: dict[str, Any], path: Steps, chance: random.Random, fields: Fields) -> str:
    how, known = chance.random(), fields.get(_role(path))
    if path[-1] in FREE_KEYS and how < 0.6:
        key = chance.choice(KEYS)
        value[key] = chance.choice(AMOUNTS if path[-1] in AMOUNT_PARENTS else WORDS)
        return f"key {path} {key}"
    if known and how < 0.6:
        key, new = chance.choice(known)
        value[key] = copy.deepcopy(new)
        return f"add {path} {key}"
    if value and how < 0.75:
        key = chance.choice(list(value))
        value[str(key).swapcase() if how < 0.68 else str(key).capitalize()] = value.pop(key)
        return f"case {path} {key}"
    if how < 0.9:
        value[chance.choice(("unknownField", "x-a", "", "é"))] = chance.choice((None, 1, "a", {}, []))
        return f"unknown {path}"
    value.clear()
    return f"empty {path}"


def _change_list(value: list[Any], path: Steps, chance: random.Random) -> str:
    how = chance.random()
    if value and how < 0.4:
        value.append(copy.deepcopy(chance.choice(value)))
        return f"repeat {path}"
    if how < 0.5:
        value.extend(copy.deepcopy(value) * 30)
        return f"many {path}"
    if how < 0.75:
        value.append(copy.deepcopy(chance.choice(OTHERS)))
        return f"append {path} {value[-1]!r}"
    value.clear()
    return f"empty {path}"


def _other(value: Any, path: Steps, chance: random.Random) -> Any:
    if chance.random() < 0.25:
        return copy.deepcopy(chance.choice(OTHERS))
    if (len(path) > 1 and path[-2] in AMOUNT_PARENTS) or path[-1] in AMOUNT_FIELDS:
        return chance.choice(AMOUNTS)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice(NUMBERS)
    if isinstance(value, str):
        return value.swapcase() if chance.random() < 0.1 else chance.choice(WORDS)
    return copy.deepcopy(chance.choice(OTHERS))
