"""What was left in a value that is not its own: a placeholder that nobody filled in, a comment that YAML does not know.

Where somebody refuses the value for it, his finding is told so; elsewhere there is one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import JUDGED

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_LONGEST: Final = 200
"""Characters of a value that is looked at: longer ones are texts."""
_SIGNS: Final = ("<", "REPLACE", "CHANGEME", "CHANGE_ME", "YOUR", "your-", "xxx", " //")
"""What a document with a leftover has in its text, to be looked for before anything else; the rarest signs alone, for each
costs as much as a small check of the whole document."""
_PLACEHOLDER: Final = re.compile(
    r"<[A-Za-z][\w ./|:-]*>"
    r"|__[A-Z][A-Z0-9_]*__"
    r"|\A[xX]{3,}(?:[./:-][xX]{3,})*(?:\Z|[./:])"
    r"|\A(?:TODO|FIXME)\b"
    r"|(?i:(?<![a-z0-9])(?:(?:replace|change)[-_]?me(?![a-z0-9])|your[-_](?=[a-z])|replace[-_](?:with|this)[-_]))"
)
_MARKUP: Final = re.compile(r"<<|</|/>|\(\?|[\"'`{}()\[\];=,$]")
"""Signs of markup, a script, a regexp or JSON, where such words are their own."""
_SLASHES: Final = re.compile(r"//[ \t]|(?P<value>\S.*?)[ \t]+//(?=[ \tA-Za-z])")
_WORDS: Final = re.compile(r"(?P<value>[+-]?\d[\w.+-]*|true|false|[A-Z][A-Za-z]+)[ \t]+[(A-Za-z]")
_FREE: Final = frozenset(
    {
        *("annotations", "args", "command", "data", "binaryData", "description", "labelsTemplate", "message"),
        *("managedFields", "script", "status", "stringData", "varsTemplate"),
    }
)
"""Fields whose text is a program's or a reader's own."""
_VALUE: Final = re.compile(r"(?!<(?:empty|nil|none|null|unknown|unset)>)(?:<[^<>]*>|[A-Za-z0-9_-]+)\Z")
"""What of a variable's value is looked at: a program may read any other."""
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
"""A name in capitals, which sed is to replace where a number or a truth value must stand: NUM_NODES."""
_TO_BE_FILLED: Final = re.compile(r"[A-Z]{2,}(?: [A-Z]{2,})+\Z|\{[A-Za-z_]+\}(?=[-./:]|\Z)|[^{]*[^{$]\{[A-Za-z_]+\}")
"""Words in capitals, FILLED BY THE OPERATOR, and {name} of Python: of a value that is refused anyway."""
_REFUSED_FOR: Final = (
    "image-reference-invalid",
    "invalid-",
    "value-not-allowed",
    "validation-rule-broken",
    "wrong-type",
)
"""How the rules begin by which a value is refused for what it is."""
_NO_WORD: Final = ("must be a boolean", "must be a number", "must be an integer")
"""How the messages begin of fields that take no word."""


@rule("placeholder-left", "slash-comment", kinds=JUDGED)
def leftovers(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find placeholders and comments in values that nobody refuses."""
    if not document.mentions_any(_SIGNS):
        return
    for path, value in _values(document.data, ()):
        if (slashed := slash_comment(value)) is not None:
            message = f"'//' begins no comment in YAML, so the comment is part of the value {value!r}"
            yield Problem("slash-comment", path, message, _with_hash(slashed))
        elif has_placeholder(value) and (path[-1] != "value" or _VALUE.match(value)):
            message = f"{value!r} is a placeholder that nobody filled in"
            yield Problem("placeholder-left", path, message)


def told(problem: Problem) -> Problem:
    """Return a problem, told as that of what was left in the value where it is refused for it."""
    if not problem.rule.startswith(_REFUSED_FOR) or not problem.path:
        return problem
    value = problem.subject.value(problem.path)
    if not isinstance(value, str) or len(value) > _LONGEST or "\n" in value:
        return problem
    if (slashed := slash_comment(value)) is not None:
        message = f"'//' begins no comment in YAML, so the comment is part of the value {value!r}"
        return problem._replace(message=message, fix=_with_hash(slashed))
    unset = problem.rule == "wrong-type" and problem.message.startswith(_NO_WORD) and _VARIABLE.match(value)
    if unset or _TO_BE_FILLED.match(value) or has_placeholder(value):
        message = f"{value!r} is a placeholder that nobody filled in"
        return problem._replace(message=message, fix="write the value that is meant")
    if (words := _WORDS.match(value)) is not None:
        fix = f"write {words['value']}, and # before the rest if that is a comment"
        return problem._replace(fix=fix)
    return problem


def has_placeholder(value: str) -> bool:
    """Say whether a value of one word holds what stands for another: <name>, __NAME__, YOUR_NAME, REPLACE_ME, xxx."""
    if len(value) > _LONGEST or _PLACEHOLDER.search(value) is None or _MARKUP.search(value):
        return False
    return " " not in re.sub(r"<[^<>]*>", "", value).strip()


def slash_comment(value: str) -> str | None:
    """Return what stands before a comment that begins with //, empty for nothing; None where there is no such comment."""
    found = _SLASHES.match(value) if "//" in value and len(value) <= _LONGEST and "\n" not in value else None
    return None if found is None else found["value"] or ""


def _with_hash(value: str) -> str:
    return f"write {value}, and # before the comment" if value else "write the value, and # before the comment"


def _values(data: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """Yield the strings of one line in fields that are no free text."""
    stack: list[tuple[FieldPath, Any]] = [(path, data)]
    while stack:
        where, value = stack.pop()
        if isinstance(value, dict):
            stack += [((*where, key), part) for key, part in value.items() if key not in _FREE and key != "image"]
        elif isinstance(value, list):
            stack += [((*where, index), part) for index, part in enumerate(value)]
        elif isinstance(value, str) and len(value) > 2 and "\n" not in value:
            yield where, value
