"""What a check reports: one place where a rule is broken, and the field path that names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

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
