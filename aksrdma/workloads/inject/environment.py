"""Variables of the workload that keep a library off RDMA: which they are, and those that can be taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.relation.environment import variables
from aksrdma.checks.relation.pods import where_they_stand
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.values import items, step
from aksrdma.workloads.inject.edits import CONFLICT, REMOVED, Edit
from aksrdma.workloads.inject.intent import Injection

_NOT_OURS: Final = "change it there, as --fix-env leaves commands and ConfigMaps alone"


_MAPPING: Final = ("environment",)
"""Key of the mapping in which a kind has variables by name."""


class Judged(NamedTuple):
    """What the variables of one object do to RDMA."""

    conflicts: tuple[Problem, ...]
    hints: tuple[tuple[FieldPath, str], ...]
    """What is no conflict: a choice, or what is kept on purpose; with the place."""


def judged(objects: Sequence[Mapping[str, Any]], injections: Sequence[Injection]) -> list[Judged]:
    """Return what the variables of objects do to RDMA, each judged beside all others.

    Args:
        objects: the workloads with RDMA, and whatever else goes to the cluster, such as ConfigMaps.
        injections: say on which nodes each runs, and whether variables are kept.
    """
    documents = [Document.from_data(data) for data in objects]
    number = {id(document): index for index, document in enumerate(documents)}
    found: list[list[Problem]] = [[] for _ in objects]
    for size in dict.fromkeys(one.vm_size.name for one in injections):
        manifests = ManifestSet(documents, release=catalog.newest(), vm_sizes=(size,))
        for problem in where_they_stand(variables(manifests), manifests):
            index = number[id(problem.document)]
            if injections[index].vm_size.name == size:
                found[index].append(problem)
    return [_judged(problems, injection) for problems, injection in zip(found, injections, strict=True)]


def _judged(problems: Iterable[Problem], injection: Injection) -> Judged:
    conflicts, hints = list[Problem](), list[tuple[FieldPath, str]]()
    for one in problems:
        if (one.severity or catalog.rule(one.rule).severity) == "info":
            hints.append((one.path, one.message))
        elif injection.keep_env and not (injection.fix_env and is_literal(one.path)):
            hints.append((one.path, f"{one.message}; it stays, as --keep-env asks"))
        else:
            way = "take it out with --fix-env" if is_literal(one.path) else _NOT_OURS
            fix = f"{way}, or keep it with --keep-env"
            conflicts.append(Problem(CONFLICT, one.path, one.message, fix))
    return Judged(tuple(conflicts), tuple(hints))


def is_literal(path: FieldPath) -> bool:
    """Whether a value stands among the variables of a container, as a list or as a mapping, so that it can be taken out."""
    return (path[-3:-2] in (("env",), ("envs",)) and path[-1] == "value") or path[-2:-1] == _MAPPING


def without(data: Any, values: Iterable[FieldPath]) -> list[Edit]:
    """Return the edits that take variables out, in the order in which they can be made.

    Args:
        data: the object.
        values: where the values stand; another item of the same name and list goes, too, as it would count then.
    """
    gone: dict[FieldPath, set[Any]] = {}
    for path in values:
        if path[-2:-1] == _MAPPING:
            gone.setdefault(path[:-1], set()).add(path[-1])
            continue
        lists, name = path[:-2], step(data, (*path[:-2], path[-2], "name"))
        same = {
            at[-1] for at, item in items(step(data, lists), ()) if item.get("name") == name and "valueFrom" not in item
        }
        gone.setdefault(lists, set()).update(same)
    edits: list[Edit] = []
    for owner, steps in gone.items():
        if len(steps) == len(step(data, owner)):
            edits.append(Edit(owner, REMOVED))
        else:
            edits += [Edit((*owner, last), REMOVED) for last in sorted(steps, reverse=True)]
    return edits


def restored(path: FieldPath, edits: Iterable[Edit]) -> FieldPath:
    """Return the path that a part had before items of lists were taken out of the object.

    Args:
        path: where it stands now.
        edits: what was taken out, by the paths that were right before.
    """
    gone: dict[FieldPath, list[int]] = {}
    for edit in edits:
        if isinstance(last := edit.path[-1], int):
            gone.setdefault(edit.path[:-1], []).append(last)
    for owner, indexes in gone.items():
        depth = len(owner)
        if path[:depth] == owner and len(path) > depth and isinstance(index := path[depth], int):
            for before in sorted(indexes):
                index += before <= index
            path = (*owner, index, *path[depth + 1 :])
    return path
