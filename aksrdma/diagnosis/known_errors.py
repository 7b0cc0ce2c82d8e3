"""Finds errors in a log by the rows of `known_errors.yaml`, each with what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

from aksrdma.diagnosis.evidence import Failure
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
def known_errors() -> tuple[KnownError, ...]:
    """Return the rows, in the order in which they are tried."""
    import yaml  # only here, so that what does not read logs starts without it

    rows: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text())
    known = {field.name for field in fields(KnownError)}
    for row in rows:
        if row.keys() - known:
            raise ValueError(f"known_errors.yaml: {row.get('id')}: unknown keys {sorted(row.keys() - known)}")
    defaults: dict[str, Any] = {"message": None, "stops_setup": False}
    return tuple(KnownError(**defaults | row | {"pattern": re.compile(row["pattern"])}) for row in rows)


def markers() -> tuple[str, ...]:
    """Return the texts of which a line with an error holds one."""
    return tuple(row.marker for row in known_errors())


def failure(line: Line) -> Failure | None:
    """Return the error that a message shows: that of the first row that fits."""
    for row in known_errors():
        if row.marker in line.text and (match := row.pattern.search(line.text)):
            if row.advice is None:
                return None
            text = row.message.format(**match.groupdict()) if row.message else match[0]
            return Failure(line, " ".join(text.split())[:_LONGEST].rstrip(" .:,"), row.advice, row.stops_setup)
    return None
