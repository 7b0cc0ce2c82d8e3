"""The objects that are judged: one change to one field, for every field of every kind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from aksrdma.schemas import Kind, kinds, load

from .mutations import mutations
from .samples import Place, Sampler

Item = TypeVar("Item")


@dataclass(frozen=True)
class Case:
    """One object with what was changed in it."""

    kind: Kind
    path: tuple[str | int, ...]
    change: str
    data: dict[str, Any]


def cases(folder: str, limit: int | None) -> list[Case]:
    """Return the objects of a folder of schemas, the same in every run.

    Args:
        folder: a release, `kubernetes-v1.34` or `workloads`.
        limit: how many objects at most, spread over all fields and changes; None for all.
    """
    places = [(kind, place) for kind in kinds(folder) for place in _places(folder, kind)]
    chosen = _some(places, limit, lambda pair: f"{pair[0]} {pair[1].path}")
    found = [case for kind, place in chosen for case in _of_place(kind, place)]
    return _some(found, limit, lambda case: f"{case.kind} {case.path} {case.change}")


def _places(folder: str, kind: Kind) -> Iterator[Place]:
    return Sampler(load(folder, kind.group, kind.kind, kind.version)).places()


def _of_place(kind: Kind, place: Place) -> Iterator[Case]:
    for change, data in mutations(place):
        yield Case(kind, place.path, change, data)


def _some(found: list[Item], limit: int | None, name: Callable[[Item], str]) -> list[Item]:
    """Return at most `limit` of the items, in their order, chosen by their names alone."""
    if limit is None or len(found) <= limit:
        return found
    ranks = {index: hashlib.sha256(name(item).encode()).digest() for index, item in enumerate(found)}
    return [found[index] for index in sorted(sorted(ranks, key=ranks.__getitem__)[:limit])]
