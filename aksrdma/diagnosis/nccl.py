"""Reads what NCCL and RCCL print with NCCL_DEBUG=INFO or WARN, from version 2.2 on, and the tables of nccl-tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from aksrdma.diagnosis.line_facts import (
    Addressed,
    Channel,
    Completed,
    Connected,
    Device,
    Fact,
    GpuDirect,
    Joined,
    Listed,
    Named,
    Placed,
    Provider,
    Row,
    Selected,
    TableStarted,
    Topology,
)
from aksrdma.diagnosis.lines import Line, Source

MARKERS: Final = (
    "NET/",
    "Using network",
    "Using internal ",
    "Using interface",
    "Assigned NET plugin",
    " via ",
    "Bootstrap",
    "CCL version",
    "CCL INFO comm",
    "Init START",
    "Init COMPLETE",
    "nNodes",
    "Connected all",
    "Destroy COMPLETE",
    "GPU Direct RDMA",
    "topology file",
    "XML Parse",
    # The tables of nccl-tests; `   .` is a column of decimal numbers once the digits are out of it.
    " Pid ",
    "(GB/s)",
    "Avg bus",
    "   .",
    "  float ",
    "  half ",
    "  int ",
    "  double ",
)

_Match: TypeAlias = "re.Match[str]"
_READERS: list[tuple[str, re.Pattern[str], Callable[[Line, _Match], Fact | None]]] = []


def facts(line: Line) -> Iterator[Fact]:
    """Yield what NCCL says in a message."""
    for marker, pattern, read in _READERS:
        if marker in line.text and (match := pattern.search(line.text)) and (fact := read(line, match)):
            yield fact


def _reader(
    marker: str, pattern: str
) -> Callable[[Callable[[Line, _Match], Fact | None]], Callable[[Line, _Match], Fact | None]]:
    def register(read: Callable[[Line, _Match], Fact | None]) -> Callable[[Line, _Match], Fact | None]:
        _READERS.append((marker, re.compile(pattern), read))
        return read

    return register


# `Channel 00/0 : 7[3] -> 0[0] [receive] via NET/IB/2(0)/GDRDMA`; before 2.5 `Ring 00 : 7 -> 0 [receive] via NET/IB/2`.
_ARROW = r"(?:->|-&gt;) ?\d+(?:\[\w+\])?.*? via "
_COLLNET = r"CollNet \d+/\d+ : \d+ \[\w+\] via "


@_reader(
    " via ",
    rf"(?:{_ARROW}NET|{_COLLNET}COLLNET)"
    + r"/(?P<name>[^/]{1,40})/(?P<nic>\d{1,6})(?:\(\d+\))?(?P<gpudirect>/GDRDMA)?",
)
def _network_channel(line: Line, match: _Match) -> Fact | None:
    return Channel(line, "NET", match["name"], int(match["nic"]), match["gpudirect"] is not None)


@_reader(" via ", _ARROW + r"(?P<transport>P2P|SHM)/(?P<name>[\w ]+?)(?:/|\[| comm|$)")
def _local_channel(line: Line, match: _Match) -> Fact | None:
    return Channel(line, "P2P" if match["transport"] == "P2P" else "SHM", match["name"])


@_reader(" via direct", _ARROW + r"direct shared memory")
def _old_shared_memory(line: Line, match: _Match) -> Fact | None:
    return Channel(line, "SHM", "direct")


@_reader("etwork", r"(?:\bINFO |^\s*)Using (?:internal )?[Nn]etwork (?P<name>\w[\w .-]{0,39}?)\s*$")
@_reader("NET plugin", r"\bINFO Assigned NET plugin (?P<name>\w[\w .-]*?) to comm")
def _selected(line: Line, match: _Match) -> Fact | None:
    return Selected(line, match["name"])


@_reader("HCA ", r"NET/IB ?: .*\bHCA \d+ '(?P<name>[\w.-]{1,64})'")
@_reader("virtual device", r"Made virtual device \[\d+\] name=(?P<name>[\w.-]{1,64}) ")
def _named(line: Line, match: _Match) -> Fact | None:
    return Named(line, match["name"])


_DEVICE = re.compile(r"\[(\d{1,6})\] ?([\w.+-]{1,64})(?::uverbs\d+)?:\d+/(IB|RoCE|UNSPECIFIED)")


@_reader("NET/", r"NET/(?!Socket)[\w ]*: (?:Using\b(?! interface)|\[\d+\])")
def _listed(line: Line, match: _Match) -> Fact | None:
    found = _DEVICE.finditer(line.text)
    return Listed(line, tuple(Device(int(index), name, link) for index, name, link in (m.groups() for m in found)))


@_reader("rovider is ", r"[Ss]elected [Pp]rovider is (?P<name>[\w;+-]+)")
def _provider(line: Line, match: _Match) -> Fact | None:
    return Provider(line, match["name"])


@_reader(
    "rank", r"\bcomm 0x[0-9a-f]+ rank (?P<rank>\d{1,9}) n[rR]anks (?P<ranks>\d{1,9})(?: nNodes (?P<nodes>\d{1,9}))?"
)
def _joined(line: Line, match: _Match) -> Fact | None:
    nodes = match["nodes"]
    return Joined(line, int(match["rank"]), int(match["ranks"]), int(nodes) if nodes else None)


@_reader("GPU Direct RDMA", r"GPU Direct RDMA (?:\([\w -]+\) )?(?P<state>[Ee]nabled|[Dd]isabled)")
def _gpudirect(line: Line, match: _Match) -> Fact | None:
    return GpuDirect(line, match["state"].lower() == "enabled")


@_reader("Loading topology file", r"INFO Loading topology file \S")
def _topology_loaded(line: Line, match: _Match) -> Fact | None:
    return Topology(line, "loaded")


@_reader("XML topology file", r"Could not open XML topology file")
def _topology_missing(line: Line, match: _Match) -> Fact | None:
    return Topology(line, "missing")


@_reader("XML Parse", r"XML Parse\b")
def _topology_broken(line: Line, match: _Match) -> Fact | None:
    return Topology(line, "broken")


@_reader("Connected all", r"Connected all (?:rings|trees)")
@_reader("Destroy COMPLETE", r"Destroy COMPLETE")
def _connected(line: Line, match: _Match) -> Fact | None:
    return Connected(line)


@_reader("Got completion", r"NET/IB ?: Got completion .*?with (?:error |status=)(?:\w+\()?(?P<status>\d{1,6})")
def _completed(line: Line, match: _Match) -> Fact | None:
    return Completed(line, int(match["status"]))


# NCCL prints the LID where the link layer is InfiniBand and the GID where it is Ethernet.
@_reader("qpn", r"NET/IB ?: .*\bqpn \d+ mtu \d+ .*?\b(?P<kind>LID|GID) \d+")
@_reader("ocalGid", r"localGid (?P<kind>::ffff:)\d+\.")
def _addressed(line: Line, match: _Match) -> Fact | None:
    return Addressed(line, "IB" if match["kind"] == "LID" else "RoCE")


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
