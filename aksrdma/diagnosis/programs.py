"""Who wrote a file, by the rows of `programs.yaml`: which job it is, or that it is no job's log at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from aksrdma.diagnosis.evidence import Evidence
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.rows import rows

_EARLY: Final = 50
"""Lines at the start of a file, of which one is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A row of `programs.yaml`."""

    id: str
    name: str
    """As a message calls it: `an OSU benchmark`, `the log of the RDMA shared device plugin`."""
    job: bool
    """Whether it is a job's log; any other file proves no traffic."""
    texts: tuple[str, ...]
    """A line with one of them is of that program."""
    next: str | None = None
    """What to do so that the log shows the network; None: `aksrdma doctor` reads such a file."""
    source: str


@cache
def programs() -> tuple[Program, ...]:
    """Return the rows, in their order."""
    return tuple(Program(**row | {"texts": tuple(row["texts"])}) for row in rows("programs.yaml", Program))


def markers() -> tuple[str, ...]:
    """Return the texts of which a line that names its program holds one."""
    return tuple(dict.fromkeys(text for row in programs() for text in row.texts))


@lru_cache(1 << 12)
def _candidates(marks: frozenset[str] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = ((row.id, tuple(text for text in row.texts if marks is None or text in marks)) for row in programs())
    return tuple((name, texts) for name, texts in found if texts)


def read(evidence: Evidence, line: Line) -> None:
    """Count a line for the programs that it may be of."""
    for name, texts in _candidates(line.marks):
        if any(text in line.text for text in texts):
            evidence.programs[name] += 1
            evidence.named.setdefault(name, line)


def program(evidence: Evidence) -> Program | None:
    """Return the program with the most lines, the first row among equals; None where no line names one.

    One line far down in a long file says nothing: a job may print any word.
    """
    most = max(evidence.programs.values(), default=0)
    found = next((row for row in programs() if most and evidence.programs[row.id] == most), None)
    return found if found and (most > 1 or evidence.named[found.id].number <= _EARLY) else None
