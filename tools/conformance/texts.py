"""Random changes of the YAML text of objects, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

import yaml

from .words import SCALARS

_KEPT: Final = ("apiVersion:", "kind:")


def changed_texts(bases: list[dict[str, Any]], count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield `count` texts, each that of a base in which one or two lines were changed, with what was done to it."""
    chance = random.Random(seed)
    texts = [yaml.safe_dump(data, sort_keys=False) for data in bases if len(str(data)) < 20_000]
    for _ in range(count):
        lines = chance.choice(texts).splitlines()
        changes = [_change(lines, chance) for _ in range(chance.choice((1, 1, 2)))]
        yield "; ".join(changes), "\n".join(lines) + "\n"


def _change(lines: list[str], chance: random.Random) -> str:
    at = chance.choice([index for index, line in enumerate(lines) if not line.startswith(_KEPT)])
    line, how = lines[at], chance.random()
    key, colon, value = line.partition(": ")
    if colon and how < 0.6:
        lines[at] = f"{key}: {chance.choice(SCALARS)}"
    elif how < 0.75:
        lines.insert(at + 1, line if chance.random() < 0.5 or not colon else f"{key}: other")
    elif how < 0.8:
        lines[at] = " " * chance.choice((0, 1, 2, 4, 30)) + line.strip()
    elif how < 0.85:
        lines[at] = line.replace(" ", "\t", 1)
    elif how < 0.9 and colon:
        lines[at] = f"{key}:{value}"
    elif how < 0.95:
        lines[at] = f"{line} # a comment"
    else:
        lines.insert(at, chance.choice(("# a", "<<: {a: b}", "? a", "%YAML 1.1", "- a", "a: b", "\x07")))
    return f"line {at + 1}: {line.strip()!r:.40} -> {lines[at].strip()!r:.40}"
