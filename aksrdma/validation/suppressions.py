"""Comments that suppress findings: `# aksrdma: ignore RULE[, RULE] -- reason`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.findings import Finding

if TYPE_CHECKING:
    from aksrdma.documents import Document

MARK: Final = "aksrdma:"
_COMMENT: Final = re.compile(
    r"#\s*aksrdma:\s*ignore\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(?P<reason>.*))?\Z"
)
_UNUSED: Final = "unused-suppression"


@dataclass(slots=True)
class Suppression:
    """One rule of one comment."""

    file: str
    line: int
    rule: str
    document: Document
    covers: frozenset[int]
    """Lines whose findings it suppresses: its own, and where it stands above an object, that of the object."""
    whole_object: bool
    used: bool = field(default=False)

    def applies(self, finding: Finding) -> bool:
        """Whether it suppresses a finding."""
        if self.file != finding.file or self.rule != finding.rule:
            return False
        return finding.line in self.covers or (self.whole_object and finding.document == self.document.index)


def suppressions_of(document: Document) -> Iterator[Suppression]:
    """Yield the suppressions that stand in the text of a document."""
    if not document.mentions(MARK):
        return
    for line, comment in document.comments().items():
        if found := _COMMENT.match(comment.strip()):
            above = line < document.first_line
            for rule in re.split(r"\s*,\s*", found["rules"]):
                yield Suppression(document.file, line, rule, document, frozenset({line}), above)


def apply(findings: Sequence[Finding], suppressions: Sequence[Suppression]) -> tuple[list[Finding], int]:
    """Return the findings that are left, with one for each unused suppression, and how many were suppressed."""
    left = [finding for finding in findings if not _suppressed(finding, suppressions)]
    unused = [_unused(one) for one in suppressions if not one.used]
    return left + unused, len(findings) - len(left)


def _suppressed(finding: Finding, suppressions: Sequence[Suppression]) -> bool:
    found = False
    for one in suppressions:
        if one.applies(finding):
            one.used = found = True
    return found


def _unused(one: Suppression) -> Finding:
    row = catalog.rule(_UNUSED)
    message = f"nothing here breaks {one.rule}, which this comment suppresses"
    try:
        catalog.rule(one.rule)
    except UnknownNameError as error:
        message = str(error)
    return Finding(
        rule=_UNUSED,
        severity=row.severity,
        layer=row.layer,
        message=message,
        fix=row.fix,
        file=one.file,
        line=one.line,
        column=1,
        document=one.document.index,
        object=one.document.label,
        path="",
    )
