"""What a check reports: one place where a rule is broken, and the field path that names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from aksrdma.documents import Document

Severity: TypeAlias = Literal["error", "warning", "info"]
Layer: TypeAlias = Literal["yaml", "schema", "admission", "component", "relation", "practice"]

FieldPath: TypeAlias = "tuple[str | int | None, ...]"
"""Steps into a document: a key, a list index, or None to step into the JSON of a string."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*\Z")


def format_path(path: FieldPath) -> str:
    """Write a path as Kubernetes does, with a colon where it steps into the JSON of a string.

    >>> format_path(("spec", "config", None, "configList", 0, "rdmaHcaMax"))
    'spec.config:configList[0].rdmaHcaMax'
    >>> format_path(("spec", "limits", "rdma/ib"))
    'spec.limits[rdma/ib]'
    """
    text = ""
    for step in path:
        if step is None:
            text += ":"
        elif isinstance(step, int) or not _PLAIN_KEY.match(step):
            text += f"[{step}]"
        else:
            text += step if not text or text.endswith(":") else f".{step}"
    return text


class Position(NamedTuple):
    """A place in a file; both numbers are 0 where there is no text."""

    line: int
    """1-based."""
    column: int
    """1-based, in characters."""


class Problem(NamedTuple):
    """Something wrong at one place, as the judge that found it says it.

    The runner makes a finding of it: it adds the place in the file, and severity and fix of the rule's row.
    """

    rule: str
    """Kebab-case id of the rule that is broken."""
    path: FieldPath
    message: str
    """What is wrong, with the value; the path is not repeated in it."""
    fix: str | None = None
    """Instead of the rule's own fix, where the judge knows better (the nearest name, say)."""
    meant: str | None = None
    """The one name or value that would have been right, where the judge can tell."""
    belongs: FieldPath | None = None
    """Where a field that stands in the wrong place belongs, where the judge can tell."""
    severity: Severity | None = None
    """Instead of the rule's own severity, where the rule's row says that it depends."""
    document: Document | None = None
    """Where it is; None for the document that is being judged."""
    at: Position | None = None
    """Where in the file, for what has no field path: broken YAML, broken JSON in a string."""

    def __str__(self) -> str:
        """The problem in one line, without what the rule's row says."""
        place = f"{format_path(self.path)}: " if self.path else ""
        return f"{place}{self.message}{f'; {self.fix}' if self.fix else ''}"

    @property
    def subject(self) -> Document:
        """The document that it is in, once the runner has said so."""
        assert self.document is not None, "a problem is bound to its document before anyone asks"
        return self.document


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where a rule is broken."""

    rule: str
    """Kebab-case id of the rule; `aksrdma explain ID` says why."""
    severity: Severity
    layer: Layer
    """Who would refuse it: see `Layer`."""
    message: str
    """What is wrong, with the value."""
    fix: str
    """What to do, in one sentence."""
    file: str
    line: int
    """1-based; 0 where there is no text (an object built in Python)."""
    column: int
    document: int
    """1-based position of the document in its file."""
    object: str
    """`Kind/namespace/name`, without the parts that are not there."""
    path: str
    """Field path; a colon steps into the JSON of a string."""
