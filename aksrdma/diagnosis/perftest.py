"""Reads perftest (ib_write_bw and its kin) and ibv_rc_pingpong."""

from __future__ import annotations

import re
from typing import Final

from aksrdma.diagnosis.evidence import Evidence, Measured, note
from aksrdma.diagnosis.lines import Line

MARKERS: Final = (
    "BW Test",
    "Latency Test",
    "Device    ",
    "Link type",
    "#bytes",
    "GPU buffer",
    "CUDA Ctx",
    "initializing CUDA",
    "ROCm Device",
    "ib_",
    "ibv_",
    " address:",
    "GID: ",
    " Mbit/sec",
    " usec/iter",
    "   .",
)

_TITLE = re.compile(
    r"\b(?:RDMA_Write|RDMA_Read|Send|Write|Read|Atomic\w{0,20}|RDMA_Atomic) .{0,40}?\b(?:BW|Latency) .{0,20}?Test"
)
_DEVICE = re.compile(r"\bDevice\s+: (?P<name>[\w.-]+)")
_LINK = re.compile(r"\bLink type\s+: (?P<link>IB|Ethernet)\b")
_GPU: Final = ("GPU buffer", "initializing CUDA", "creating CUDA Ctx", "Using ROCm Device")
_COMMAND = re.compile(
    r"\b(?:ib_(?:write|read|send|atomic)_(?:bw|lat)|ibv_[a-z]+_pingpong)\b"
    r"(?:.*?(?: -d ?| --ib-dev[= ]|' for )(?P<name>[\w.-]+))?"
)
_HEAD = re.compile(r"#bytes\s+#iterations\s+(?P<columns>.*)")
_ROW = re.compile(
    r"(?:^|[\s:>])(?P<size>\d{1,18})\s{2,}\d+\s{2,}(?P<values>\d[\d.]{0,24}(?:\s{1,40}\d[\d.]{0,24}){0,16})\s*$"
)
_ADDRESS = re.compile(r"\b(?P<end>local|remote) address:\s+LID (?P<key>0x[0-9a-f]+|0+)\b")
_GID = re.compile(r"\bGID:? (?P<key>[0-9a-f:.]*[1-9a-f][0-9a-f:.]*)")
"""One that is not all zeros: perftest prints it below the address, pingpong behind it."""
_OWN_HOST = re.compile(r"\s(?:localhost|127(?:\.\d+){3}|::1)(?=\s|$)")
_RESULT = re.compile(r"\bin [\d.]+ seconds = (?P<value>\d{1,12}(?:\.\d{1,6})?) (?P<unit>Mbit/sec|usec/iter)")

_GBIT_PER: Final = {"Gb": 1.0, "MB": 8 * 2**20 / 1e9, "GB": 8.0}
"""Of the units in a column's head; perftest's MB is a binary one."""
_PLAUSIBLE: Final = 0.1
"""How far bandwidth and message rate of a row may differ; beyond, the unit in the head is wrong."""


class Perftest:
    """Reader of one log; server and client may share it, so a section is whatever was printed last."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._device: str | None = None
        self._asked: str | None = None
        """Device that the command names."""
        self._columns: str | None = None
        self._local: set[str] = set()
        """Addresses of this end: LIDs, and GIDs where there is no LID (RoCE)."""
        self._end = "local"
        """Whose address was printed last."""
        self._by_gid = False
        """Whether that end has no LID, so that its GID tells it from others."""
        self._exchanged = False
        """The ends know each other, so what takes seconds is traffic."""

    def read(self, line: Line) -> None:
        """Enter what perftest says in a message."""
        if line.source.host is None:  # else it is a line of NCCL or UCX
            self._header(line)
            self._result(line)

    def _header(self, line: Line) -> None:
        evidence, text = self._evidence, line.text
        if "Test" in text and _TITLE.search(text):
            self._device = self._columns = None
            self._local.clear()
        elif "Dual-port" in text and (device := _DEVICE.search(text)):
            self._device = device["name"]
            note(evidence.devices, device["name"], line)
        elif "Link type" in text and (link := _LINK.search(text)):
            note(evidence.perftest_links, "IB" if link["link"] == "IB" else "RoCE", line)
        elif any(sign in text for sign in _GPU):
            evidence.perftest_gpu = True
        elif ("ib_" in text or "pingpong" in text) and (command := _COMMAND.search(text)):
            self._asked, self._device, self._columns = command["name"], None, None
            if _OWN_HOST.search(text, command.end()):
                evidence.localhost = evidence.localhost or line
            if "pingpong" not in command[0]:
                return  # it may have been refused; if not, the title follows, which pingpong does not have
            self._exchanged = True
            self._local.clear()
        else:
            return
        evidence.perftest = evidence.perftest or line

    def _address(self, line: Line) -> None:
        evidence = self._evidence
        if address := _ADDRESS.search(line.text):
            has_lid = int(address["key"], 16) != 0
            self._end, self._by_gid = address["end"], not has_lid
            if self._end == "remote":
                self._exchanged = True
                note(evidence.addressed, "IB" if has_lid else "RoCE", line)
        found = _GID.search(line.text) if self._by_gid else address
        if found and self._end == "local":
            self._local.add(found["key"])
        elif found and self._local == {found["key"]} and evidence.loopback is None:
            evidence.loopback, evidence.loopback_by = line, "GID" if self._by_gid else "LID"

    def _result(self, line: Line) -> None:
        text = line.text
        if "address:" in text or "GID:" in text:
            self._address(line)
        if "#bytes" in text and (head := _HEAD.search(text)):
            self._columns = head["columns"]
        elif self._columns and (row := _ROW.search(text)):
            values = [float(value) for value in row["values"].split() if value.count(".") < 2]
            unit = re.search(r"BW average\[(..)/s", self._columns)
            if any(values) and (unit is None or len(values) > 1):
                size = int(row["size"])
                bandwidth = _gbit_per_s(size, values[1], values[2:], unit[1]) if unit else None
                self._evidence.measure(self._device or self._asked, Measured(line, size, bandwidth))
        elif self._exchanged and " seconds = " in text and (result := _RESULT.search(text)):
            bandwidth = float(result["value"]) / 1000 if result["unit"] == "Mbit/sec" else None
            self._evidence.measure(self._device or self._asked, Measured(line, 0, bandwidth))


def _gbit_per_s(size: int, value: float, rates: list[float], unit: str) -> float:
    """Return the bandwidth; the message rate says it where the head has the wrong unit (`-D` with `--report_gbits`)."""
    by_head = value * _GBIT_PER.get(unit, 1.0)
    by_rate = rates[0] * size * 8 / 1000 if rates else 0.0
    return by_rate if by_rate > 1 and abs(by_rate - by_head) > _PLAUSIBLE * by_rate else by_head
