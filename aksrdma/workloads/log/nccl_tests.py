"""Reads the tables of nccl-tests and rccl-tests, also where other ranks' lines tear a row apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aksrdma.workloads.log.facts import Fact, Placed, Row, TableStarted
from aksrdma.workloads.log.lines import Line, Source

MARKERS: Final = (" Pid ", "(GB/s)", "Avg bus", "   .", *(f"  {kind} " for kind in ("float", "half", "int", "double")))
"""`   .` is a column of decimal numbers once the digits are out of it."""

_TYPE = r"(?:u?int\d+|float\d*|half|double|bfloat16|f(?:p|loat)?8\w*|char)"
_HEAD = re.compile(rf"(?:^|\s)(?P<size>\d{{1,18}})\s+\d+\s+{_TYPE}\s")
_NUMBERS = r"(?:^|\s)[\d.]+\s+(?P<algbw>\d{1,12}\.\d{1,6})\s+(?P<busbw>\d{1,12}\.\d{1,6})(?=\s)"
"""Something must follow, if only the space before a line that tore the row: a number at the end may be cut short."""
_TIMES = re.compile(_NUMBERS)
_TORN_TIMES = re.compile(_NUMBERS + r"(?:\s+(?:\d[\d.e+-]*|N/A))*\s*$")
_REDOP = re.compile(rf"{_TYPE}\s+(?!none)[a-z]+\b")
_RANK = re.compile(
    r"Rank\s+(?P<rank>\d{1,9})\s+(?:Group\s+\d+\s+)?Pid\s+(?P<pid>\d{1,10})"
    r" on\s+(?P<host>\S+) device\s+(?P<device>\d{1,6})"
)
_FUNCTION = re.compile(r"\w+\(\), [\w./]+:\d+,")
"""What a patched build puts before each print."""
_ALL_REDUCE: Final = 1.005
"""Bus factors of n ranks: 2(n-1)/n of all-reduce is more from three ranks on; reduce's 1 and (n-1)/n are not."""


class NcclTests:
    """Reader of one log; it remembers a row that was torn until its numbers come."""

    def __init__(self) -> None:
        self._torn: tuple[int, bool] | None = None

    def facts(self, line: Line) -> Iterator[Fact]:
        """Yield what nccl-tests says in a message."""
        if " Pid " in line.text and (rank := _RANK.search(line.text)):
            source = Source(rank["host"], int(rank["pid"]), int(rank["device"]))
            yield Placed(line._replace(source=source), int(rank["rank"]))
        elif "(GB/s)" in line.text:
            self._torn = None
            yield TableStarted(line)
        elif line.source.host is None:
            yield from self._row(line, _FUNCTION.sub(" ", line.text) if "()," in line.text else line.text)

    def _row(self, line: Line, text: str) -> Iterator[Fact]:
        if head := _HEAD.search(text):
            self._torn = int(head["size"]), _REDOP.search(text) is not None
        if self._torn is None:
            return
        times = _TIMES.search(text, head.end()) if head else _TORN_TIMES.search(text)
        if times:
            size, reduces = self._torn
            self._torn = None
            algbw, busbw = float(times["algbw"]), float(times["busbw"])
            yield Row(line, size, algbw, busbw, reduces and busbw > _ALL_REDUCE * algbw)
