"""Reads perftest (ib_write_bw and its kin) and ibv_rc_pingpong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aksrdma.diagnosis.line_facts import Addressed, Fact, Header, Loopback, Measured
from aksrdma.diagnosis.lines import Line

MARKERS: Final = (
    "BW Test",
    "Latency Test",
    "Device    ",
    "Link type",
    "#bytes",
    "GPU buffer",
    "CUDA Ctx",
    "ROCm Device",
    "ib_",
    "ibv_",
    " address:",
    " Mbit/sec",
    " usec/iter",
    "   .",
)

_TITLE = re.compile(r"\b(?:RDMA_Write|RDMA_Read|Send|Write|Read|Atomic\w*|RDMA_Atomic) .*\b(?:BW|Latency) .*Test")
_DEVICE = re.compile(r"\bDevice\s+: (?P<name>[\w.-]+)")
_LINK = re.compile(r"\bLink type\s+: (?P<link>IB|Ethernet)\b")
_GPU: Final = ("GPU buffer", "creating CUDA Ctx", "Using ROCm Device")
_COMMAND = re.compile(
    r"\b(?:ib_(?:write|read|send|atomic)_(?:bw|lat)|ibv_[a-z]+_pingpong)\b"
    r"(?:.*?(?: -d ?| --ib-dev[= ]|' for )(?P<name>[\w.-]+))?"
)
_HEAD = re.compile(r"#bytes\s+#iterations\s+(?P<columns>.*)")
_ROW = re.compile(r"(?:^|[\s:>])(?P<size>\d{1,18})\s{2,}\d+\s{2,}(?P<values>\d[\d.]{0,24}(?:\s+\d[\d.]{0,24})*)\s*$")
_ADDRESS = re.compile(r"\b(?P<end>local|remote) address:\s+LID (?P<lid>0x[0-9a-f]+|0+)\b")
_RESULT = re.compile(r"\bin [\d.]+ seconds = (?P<value>\d{1,12}(?:\.\d{1,6})?) (?P<unit>Mbit/sec|usec/iter)")

_GBIT_PER: Final = {"Gb": 1.0, "MB": 8 * 2**20 / 1e9, "GB": 8.0}
"""Of the units in a column's head; perftest's MB is a binary one."""
_PLAUSIBLE: Final = 0.1
"""How far bandwidth and message rate of a row may differ; beyond, the unit in the head is wrong."""


class Perftest:
    """Reader of one log; server and client may share it, so a section is whatever was printed last."""

    def __init__(self) -> None:
        self._device: str | None = None
        self._asked: str | None = None
        self._columns: str | None = None
        self._local: set[str] = set()
        self._exchanged = False
        """The ends know each other, so what takes seconds is traffic."""

    def facts(self, line: Line) -> Iterator[Fact]:
        """Yield what perftest says in a message."""
        if line.source.host is None:
            yield from self._header(line)
            yield from self._result(line)

    def _header(self, line: Line) -> Iterator[Fact]:
        text = line.text
        if "Test" in text and _TITLE.search(text):
            self._device = self._columns = None
            self._local.clear()
            yield Header(line)
        elif "Dual-port" in text and (device := _DEVICE.search(text)):
            self._device = device["name"]
            yield Header(line, device=device["name"])
        elif "Link type" in text and (link := _LINK.search(text)):
            yield Header(line, link="IB" if link["link"] == "IB" else "RoCE")
        elif any(sign in text for sign in _GPU):
            yield Header(line, gpu=True)
        elif ("ib_" in text or "pingpong" in text) and (command := _COMMAND.search(text)):
            self._asked, self._device, self._columns = command["name"], None, None
            if "pingpong" in command[0]:  # knows host memory alone
                self._exchanged = True
                yield Header(line)

    def _result(self, line: Line) -> Iterator[Fact]:
        text = line.text
        if "address:" in text and (address := _ADDRESS.search(text)):
            yield from self._address(line, address["end"], address["lid"])
        if "#bytes" in text and (head := _HEAD.search(text)):
            self._columns = head["columns"]
        elif self._columns and (row := _ROW.search(text)):
            values = [float(value) for value in row["values"].split() if value.count(".") < 2]
            yield from self._row(line, int(row["size"]), values, self._columns)
        elif self._exchanged and " seconds = " in text and (result := _RESULT.search(text)):
            bandwidth = float(result["value"]) / 1000 if result["unit"] == "Mbit/sec" else None
            yield Measured(line, self._device or self._asked, 0, bandwidth)

    def _address(self, line: Line, end: str, lid: str) -> Iterator[Fact]:
        if end == "local":
            self._local.add(lid)
        else:
            self._exchanged = True
            yield Addressed(line, "IB" if int(lid, 16) else "RoCE")
            if int(lid, 16) and self._local == {lid}:
                yield Loopback(line)

    def _row(self, line: Line, size: int, values: list[float], columns: str) -> Iterator[Fact]:
        unit = re.search(r"BW average\[(..)/s", columns)
        if not any(values) or (unit and len(values) < 2):
            return
        bandwidth = _gbit_per_s(size, values[1], values[2:], unit[1]) if unit else None
        yield Measured(line, self._device or self._asked, size, bandwidth)


def _gbit_per_s(size: int, value: float, rates: list[float], unit: str) -> float:
    """Return the bandwidth; the message rate says it where the head has the wrong unit (`-D` with `--report_gbits`)."""
    by_head = value * _GBIT_PER.get(unit, 1.0)
    by_rate = rates[0] * size * 8 / 1000 if rates else 0.0
    return by_rate if by_rate > 1 and abs(by_rate - by_head) > _PLAUSIBLE * by_rate else by_head
