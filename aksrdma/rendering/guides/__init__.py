"""Texts of the guides that lie in a tree: Markdown with fields, `@{name}`, cut into sections by `<!-- name -->` lines.

A guide takes the sections that concern its cluster. A line that holds an empty field alone is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

Step = tuple[str, Mapping[str, str]]
"""A section's name and its fields."""
_FOLDER: Final = Path(__file__).parent
_SECTION: Final = re.compile(r"^<!-- ([a-z-]+) -->\n", re.MULTILINE)
_FIELD: Final = re.compile(r"@\{([a-z_]+)\}")
_HEADING: Final = re.compile(r"^## ", re.MULTILINE)


def guide(name: str, steps: Iterable[Step], *, numbered_until: str) -> str:
    """Return a guide of these steps, in their order; headings are numbered up to the step with that name."""
    sections, text, number = _sections(name), "", 0
    for step, fields in steps:
        filled = _filled(sections[step], {"until_prints": _until_prints(), **fields})
        counting = number >= 0 and step != numbered_until
        if counting and _HEADING.search(filled):
            number += 1
            filled = _HEADING.sub(f"## {number}. ", filled, count=1)
        number = number if counting else -1
        text += filled
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def _filled(section: str, fields: Mapping[str, str]) -> str:
    lines = []
    for line in section.splitlines():
        names = _FIELD.findall(line)
        if names and line.strip() == f"@{{{names[0]}}}" and not fields[names[0]]:
            continue
        lines.append(_FIELD.sub(lambda match: fields[match[1]], line))
    return "\n".join(lines) + "\n\n"


@cache
def _sections(name: str) -> Mapping[str, str]:
    _, *found = _SECTION.split((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    return dict(zip(found[::2], found[1::2], strict=True))


@cache
def _until_prints() -> str:
    return (_FOLDER / "until_prints.sh").read_text(encoding="utf-8").rstrip("\n")
