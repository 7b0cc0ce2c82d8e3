"""Kinds that nobody serves, since they are another kind with a slip of the pen in its name or group."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Final

from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.schemas.store import Kind

_ALIKE: Final = 0.9
_RULE: Final = "unknown-api-version"
_OURS_ALONE: Final = frozenset({"NicClusterPolicy", "NicNodePolicy", "IPoIBNetwork"})
"""Kinds that no other project has."""


def misspelt(document: Document) -> Iterator[Problem]:
    """Yield why the API server has no kind of this name in this group, where the one that is meant is plain."""
    group, kind = document.api_version.rpartition("/")[0], document.kind
    for known in _kinds():
        if group == known.group and kind != known.kind and _alike(kind, known.kind):
            message = f"no kind {kind} in {document.api_version}; did you mean {known.kind}?"
            yield Problem(_RULE, ("kind",), message, f"write {known.kind}", document=document)
            return
        if kind == known.kind and group != known.group and (kind in _OURS_ALONE or _alike(group, known.group)):
            message = f"no kind {kind} in {document.api_version}; did you mean {known.api_version}?"
            yield Problem(_RULE, ("apiVersion",), message, f"write {known.api_version}", document=document)
            return


def _alike(written: str, known: str) -> bool:
    if written.casefold() == known.casefold():
        return True
    # Between short names one letter may make another kind of the same group.
    return abs(len(written) - len(known)) < 3 and SequenceMatcher(None, written, known).ratio() >= _ALIKE


@cache
def _kinds() -> tuple[Kind, ...]:
    from aksrdma.schemas.store import folders, kinds

    return tuple({known: None for name in folders() for known in kinds(name)})
