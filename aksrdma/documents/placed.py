"""What becomes of a text that another program puts into its YAML or JSON as it is, as templates of operators do."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from aksrdma.documents.scalars import resolve

READ_AS: Final = "is read as"
"""How the problem begins of a text that becomes another value, and breaks nothing."""
LONE_APOSTROPHE: Final = "has an apostrophe, which ends the YAML string around it"
"""The problem of a text between apostrophes."""
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./@-]*(?::[A-Za-z0-9_./@-]+)*\Z")
_APOSTROPHES: Final = re.compile("'+")
_CLOSING: Final = re.compile(r'["\\\x00-\x1f]')


@lru_cache(maxsize=1024)
def plain_problem(value: str) -> str | None:
    """Say what a text is that stands without quotes behind `key: `; None where it is read as itself.

    >>> [plain_problem(text) for text in ("a:1", "1.10", "a: b", "a #b", "on")]
    [None, 'is read as 1.1', 'is no YAML', "is read as 'a'", 'is read as true']
    """
    if _SAFE.match(value):
        read_as = resolve(value)
        return None if isinstance(read_as, str) else f"{READ_AS} {str(read_as).lower()}"
    from aksrdma.documents import read  # nearly every text is one that needs no parser

    found = read(f"x: {value}\nz: 1\n".encode(errors="replace"), "")
    data = found.documents[0].data if found.documents and not found.problems else None
    if not isinstance(data, dict) or data.keys() != {"x", "z"}:
        return "is no YAML"
    return None if data["x"] == value.strip() else f"{READ_AS} {data['x']!r}"


def quoted_problem(value: str) -> str | None:
    """Say what is wrong with a text that stands between apostrophes in YAML, where only doubled ones are safe."""
    odd = any(len(run) % 2 for run in _APOSTROPHES.findall(value)) if "'" in value else False
    return LONE_APOSTROPHE if odd else None


def json_problem(value: str) -> str | None:
    """Say what is wrong with a text that stands between the quotes of a JSON string, itself between apostrophes."""
    found = _CLOSING.search(value)
    if found is None:
        return quoted_problem(value)
    return f"has {found[0]!r}, which ends or breaks the JSON string around it"
