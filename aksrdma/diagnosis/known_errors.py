"""Finds errors in a log by the rows of `known_errors.yaml`, each with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from aksrdma.diagnosis.line_facts import Failed
from aksrdma.diagnosis.lines import Line

_FILE: Final = Path(__file__).with_name("known_errors.yaml")
_LONGEST: Final = 200
"""Characters of a message that are kept."""


@dataclass(frozen=True, slots=True)
class KnownError:
    """A row of `known_errors.yaml`."""

    id: str
    marker: str
    """Text that a line must hold; found faster than the pattern."""
    pattern: re.Pattern[str]
    message: str | None
    """Format of the message with the pattern's groups; None: what the pattern matched."""
    advice: str | None
    """What to do; None: it looks like an error and is none."""
    stops_setup: bool


@cache
def problems() -> tuple[KnownError, ...]:
    """Return the rows, in the order in which they are tried."""
    import yaml

    rows: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text())
    return tuple(_problem(row) for row in rows)


def markers() -> tuple[str, ...]:
    """Return the texts of which a line with an error holds one."""
    return tuple(problem.marker for problem in problems())


def facts(line: Line) -> Iterator[Failed]:
    """Yield the error that a message shows: that of the first row that fits."""
    for problem in problems():
        if problem.marker in line.text and (match := problem.pattern.search(line.text)):
            if problem.advice:
                yield Failed(line, _message(problem, match), problem.advice, problem.stops_setup)
            return


def _problem(row: dict[str, Any]) -> KnownError:
    known = {"id", "marker", "pattern", "message", "advice", "stops_setup"}
    if row.keys() - known:
        raise ValueError(f"known_errors.yaml: {row.get('id')}: unknown keys {sorted(row.keys() - known)}")
    pattern = re.compile(row["pattern"])
    return KnownError(
        row["id"], row["marker"], pattern, row.get("message"), row["advice"], row.get("stops_setup", False)
    )


def _message(problem: KnownError, match: re.Match[str]) -> str:
    text = problem.message.format(**match.groupdict()) if problem.message else match[0]
    return " ".join(text.split())[:_LONGEST].rstrip(" .:,")
