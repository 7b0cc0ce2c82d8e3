"""Texts of the guides that lie in a tree: Markdown with fields, `@{name}`, cut into sections by `<!-- name -->` lines.

A guide takes the sections that concern its cluster. A line that holds an empty field alone is left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aksrdma.cluster import NodePool

Step = tuple[str, Mapping[str, str]]
"""A section's name and its fields."""
_FOLDER: Final = Path(__file__).parent
_SECTION: Final = re.compile(r"^<!-- ([a-z-]+) -->\n", re.MULTILINE)
_FIELD: Final = re.compile(r"@\{([a-z_]+)\}")
_FENCED: Final = re.compile(r"^(```[a-z]*\n.*?^```$)", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"`[^`]+`")
_WORDS: Final = re.compile("\0")
_WIDTH: Final = 120
_KEPT: Final = 1024
"""Sections and paragraphs that are remembered: clusters of a fleet have most of them in common."""
_HEADING: Final = re.compile(r"^## ", re.MULTILINE)


def guide(name: str, steps: Iterable[Step], *, numbered_until: str = "") -> str:
    """Return a guide of these steps, in their order; headings are numbered up to the step with that name."""
    sections, parts, number = _sections(name), [], 0
    for step, fields in steps:
        filled = _filled(sections[step], {"until_prints": _until_prints(), **fields})
        counting = number >= 0 and step != numbered_until
        if counting and _HEADING.search(filled):
            number += 1
            filled = _HEADING.sub(f"## {number}. ", filled, count=1)
        number = number if counting else -1
        parts.append(_laid_out(filled))
    return "\n\n".join(filter(None, parts)) + "\n"


@lru_cache(_KEPT)
def _laid_out(text: str) -> str:
    return "\n\n".join(map(_wrapped, _blocks(text)))


def _blocks(text: str) -> Iterator[str]:
    """Yield what blank lines part; a fenced block is one, with the blank lines in it."""
    for number, part in enumerate(_FENCED.split(text)):
        yield from [part.rstrip("\n")] if number % 2 else filter(None, re.split(r"\n{2,}", part.strip("\n")))


@lru_cache(_KEPT)
def _wrapped(block: str) -> str:
    """Return a paragraph or a list with lines that fit a page; code between backticks stays in one line."""
    if block.startswith(("```", "#", "|", "<!--")):
        return block
    items = re.split(r"\n(?=- )", block) if block.startswith("- ") else [block]
    indent = "  " if block.startswith("- ") else "> " if block.startswith("> ") else ""
    return "\n".join(_WORDS.sub(" ", _filled_lines(item, indent)) for item in items)


def _filled_lines(text: str, indent: str) -> str:
    kept = _CODE.sub(lambda code: " ".join(code[0].split()).replace(" ", "\0"), text)
    words = " ".join(kept.split())
    return textwrap.fill(words, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _filled(section: str, fields: Mapping[str, str]) -> str:
    lines = []
    for line in section.splitlines():
        names = _FIELD.findall(line)
        if names and line.strip() == f"@{{{names[0]}}}" and not fields[names[0]]:
            continue
        lines.append(_FIELD.sub(lambda match: fields[match[1]], line).rstrip() if names else line)
    return "\n".join(lines) + "\n\n"


@cache
def _sections(name: str) -> Mapping[str, str]:
    _, *found = _SECTION.split((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    return dict(zip(found[::2], found[1::2], strict=True))


@cache
def _until_prints() -> str:
    return (_FOLDER / "until_prints.sh").read_text(encoding="utf-8").rstrip("\n")


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def peopled(pools: Iterable[NodePool]) -> list[NodePool]:
    """Return the pools that have nodes, or may have; on the others nothing is waited for."""
    return [pool for pool in pools if pool.count != 0]


def selector(pools: Iterable[NodePool]) -> str:
    """Return the label selector of the pools' nodes."""
    return f"kubernetes.azure.com/agentpool in ({','.join(pool.name for pool in pools)})"
