"""Comments that accept a finding: `# aksrdma: ignore RULE[, RULE] -- reason`; which are used, and which say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.findings import Position, Problem
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.findings import Finding

_VALID: Final = re.compile(r"#\s*aksrdma:\s*ignore\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--.*)?\Z")
_MENTION: Final = re.compile(r"#[ \t]*aksrdma\b")
_MEANT: Final = re.compile(r"#\s*aksrdma(?P<colon>\s*:)?[\s-]*(?P<verb>[A-Za-z]*)(?P<rest>.*)", re.DOTALL)
_VERB: Final = "ignore"
_VERBS: Final = (_VERB, "disable", "suppress", "skip", "allow", "accept", "exclude", "off", "noqa", "nolint")
"""What the comments of linters begin with."""


class Suppression(NamedTuple):
    """One rule of a comment."""

    document: Document
    line: int
    rule: str


class Suppressions:
    """The comments of a set that suppress findings, to be asked by place."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._at: dict[tuple[str, int, str], Suppression] = {}
        """By file, line and rule."""
        self._above: dict[tuple[str, int, str], list[Suppression]] = {}
        """Those above all of a document, by its file, number and rule."""
        self._used: set[Suppression] = set()
        self._malformed: list[Problem] = []
        seen: set[tuple[str, int]] = set()
        for document in documents:
            # The items of a List have one text, and each of its documents is looked into once.
            if (place := (document.file, document.index)) in seen:
                continue
            seen.add(place)
            if document.mentions("aksrdma") and _MENTION.search(document.text):
                self._read(document)

    def _read(self, document: Document) -> None:
        first_line = document.first_line
        for line, comment in document.comments().items():
            text = comment.strip()
            if not _MENTION.match(text):
                continue
            found = _VALID.match(text)
            if found is None:
                if _is_meant(text):
                    message = f"{text[:60]!r} suppresses nothing: a suppression names its rules behind {_VERB!r}"
                    at = Position(line, 1)
                    self._malformed.append(Problem("malformed-suppression", (), message, document=document, at=at))
                continue
            for rule in re.split(r"\s*,\s*", found["rules"]):
                one = Suppression(document, line, rule)
                self._at[document.file, line, rule] = one
                if line < first_line:
                    self._above.setdefault((document.file, document.index, rule), []).append(one)

    def suppress(self, finding: Finding, document: Document) -> bool:
        """Return whether a comment suppresses a finding of a document: one on its line, or above its object."""
        if not self._at:
            return False
        found = list(self._above.get((finding.file, finding.document, finding.rule), ()))
        # An item of a List has no document of its own above which a comment could stand.
        lines = (finding.line, document.first_line - 1) if document.inside else (finding.line,)
        found += filter(None, (self._at.get((finding.file, line, finding.rule)) for line in lines))
        self._used.update(found)
        return bool(found)

    def problems(self, told: Iterable[str], shared: frozenset[str]) -> Iterator[Problem]:
        """Yield what is wrong with the comments themselves, each with its place.

        Args:
            told: what the run knows beyond the manifests, of what rules need: a rule that is silent without it is no
                reason to call its suppression unused.
            shared: files that other sets have, too, so that a comment may be used there.
        """
        yield from self._malformed
        known = frozenset(told)
        for one in self._at.values():
            if one in self._used:
                continue
            message: str | None = f"nothing here breaks {one.rule}, which this comment suppresses"
            try:
                if (
                    one.document.file in shared
                    or not _SILENT_WITHOUT.intersection(catalog.rule(one.rule).needs) <= known
                ):
                    message = None
            except UnknownNameError as error:
                message = str(error)
            if message is not None:
                yield Problem("unused-suppression", (), message, document=one.document, at=Position(one.line, 1))


_SILENT_WITHOUT: Final = frozenset({"cluster", "nodes", "vm_size", "webhook"})


def _is_meant(comment: str) -> bool:
    """Whether a comment that mentions aksrdma is meant to suppress something: no other text is a mistake."""
    found = _MEANT.match(comment)
    if found is None:
        return False
    verb, rest = found["verb"].casefold(), found["rest"]
    if verb in _VERBS or nearest(verb, _VERBS[:3]):
        return True
    if not found["colon"]:
        return False
    return not (verb or rest.strip()) or any(
        word in catalog.rules() for word in re.findall(r"[a-z]+(?:-[a-z]+)+", comment)
    )
