"""Reads what NCCL and RCCL print with NCCL_DEBUG=INFO or WARN, from version 2.2 on, and the tables of nccl-tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from aksrdma.diagnosis.evidence import Device, Evidence, Row, TopologyState, note
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
    "GPU Direct RDMA",
    "topology file",
    "set by environment",
    "NCCL_IB_HCA set to",
    "NCCL_SOCKET_IFNAME set to",
    "localGid",
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

_MOST_SETTINGS: Final = 256

_Reader: TypeAlias = Callable[[Evidence, Line, re.Match[str]], None]
_READERS: Final[list[tuple[str, re.Pattern[str], _Reader]]] = []


def read(evidence: Evidence, line: Line) -> None:
    """Enter what NCCL says in a message."""
    for marker, pattern, reader in _READERS:
        if marker in line.text and (match := pattern.search(line.text)):
            reader(evidence, line, match)


def _reader(marker: str, pattern: str) -> Callable[[_Reader], _Reader]:
    """Make a function the reader of messages that fit `pattern`; `marker` is a part of them that is found faster."""

    def register(reader: _Reader) -> _Reader:
        _READERS.append((marker, re.compile(pattern), reader))
        return reader

    return register


# `Channel 00/0 : 7[3] -> 0[0] [receive] via NET/IB/2(0)/GDRDMA`; before 2.5 `Ring 00 : 7 -> 0 [receive] via NET/IB/2`.
_ARROW = r"(?:->|-&gt;) ?\d{1,9}(?:\[\w{1,20}\])?.{0,80}? via "
_TORN = re.compile(r"/(?!Shared)|[A-Za-z(]")
"""What follows the number of the NIC where the end of the line is another process's."""
_ENDS = re.compile(
    r"(?P<sender>\d{1,9})(?:\[\w{1,20}\])? ?(?:->|-&gt;) ?(?P<receiver>\d{1,9})(?:\[\w{1,20}\])? \[(?P<way>send|receive)\] via "
)
_MOST_ENDS: Final = 1 << 16
_COLLNET = r"CollNet \d+/\d+ : \d+ \[\w+\] via "


@_reader(
    " via ",
    rf"(?:{_ARROW}NET|{_COLLNET}COLLNET)"
    + r"/(?P<name>[^/]{1,40})/(?P<nic>\d{1,6})(?:\(\d+\))?(?P<gpudirect>/GDRDMA)?",
)
def _network_channel(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    rank = evidence.rank(line)
    note(rank.networks, match["name"], line)
    rank.nics.add(int(match["nic"]))
    alone = evidence.nodes is None and len(evidence.hosts) == 1 and len(evidence.peers) < _MOST_ENDS
    if alone and (ends := _ENDS.search(line.text)):  # else it is known that there are several nodes
        both = int(ends["sender"]), int(ends["receiver"])
        own, peer = both if ends["way"] == "send" else both[::-1]
        evidence.own.add(own)
        evidence.peers.add(peer)
    if match["gpudirect"]:
        rank.with_gpudirect += 1
    elif not _TORN.match(line.text, match.end()):
        rank.without_gpudirect += 1


@_reader(" via ", _ARROW + r"(?P<transport>P2P|SHM)/(?P<name>[\w ]+?)(?:/|\[| comm|$)")
def _local_channel(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.rank(line).local, f"{match['transport']}/{match['name']}", line)


@_reader(" via direct", _ARROW + r"direct shared memory")
def _old_shared_memory(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.rank(line).local, "SHM/direct", line)


@_reader("etwork", r"(?:\bINFO |^\s*)Using (?:internal )?[Nn]etwork (?P<name>\w[\w .-]{0,39}?)\.?[\"']?\s*$")
@_reader("NET plugin", r"\bINFO Assigned NET plugin (?P<name>\w[\w .-]{0,39}?) to comm")
def _selected(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.rank(line).selected, match["name"], line)


@_reader("HCA ", r"NET/IB ?: .{0,80}?\bHCA \d{1,6} '(?P<name>[\w.-]{1,64})'")
@_reader("virtual device", r"Made virtual device \[\d+\] name=(?P<name>[\w.-]{1,64}) ")
def _named(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.devices, match["name"], line)


_DEVICE = re.compile(r"\[(\d{1,6})\] ?([\w.+-]{1,64})(?::uverbs\d+)?:\d+/(IB|RoCE|UNSPECIFIED)")


# The lookaheads leave out interfaces for TCP. A list without devices counts too: its process is one of the job.
@_reader("NET/", r"NET/(?!Socket)[\w ]*: (?:Using\b(?! interface)|\[\d+\])")
def _listed(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    rank = evidence.rank(line)
    for index, name, link in _DEVICE.findall(line.text):
        if "OOB" in line.text:  # it ends the list, so none is cut off
            rank.listed = rank.listed or line
        rank.devices[int(index)] = Device(int(index), name, link)
        note(evidence.devices, name, line)


@_reader("set to", r"\b(?P<name>NCCL_[A-Z_]{2,40}) set to (?P<value>\S{1,100})")
@_reader("set by environment", r"\b(?P<name>NCCL_[A-Z_]{2,40}) set by environment to (?P<value>\S{1,100})")
def _set(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    if len(evidence.settings) < _MOST_SETTINGS:
        evidence.settings.setdefault(match["name"], match["value"].rstrip("."))


@_reader("NCCL version", r"\bNCCL version (\d{1,3})\.(\d{1,3})\.(\d{1,3})\b(?!\+hip)")
def _version(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    version = int(match[1]), int(match[2]), int(match[3])
    if evidence.version is None or version < evidence.version:
        evidence.version, evidence.versioned = version, line


@_reader("rovider is ", r"[Ss]elected [Pp]rovider is (?P<name>[\w;+-]+)")
def _provider(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.providers, match["name"], line)


@_reader(
    "rank", r"\bcomm 0x[0-9a-f]+ rank (?P<rank>\d{1,9}) n[rR]anks (?P<ranks>\d{1,9})(?: nNodes (?P<nodes>\d{1,9}))?"
)
def _joined(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    rank = evidence.rank(line)
    if rank.rank is None:  # the first communicator is the whole job; those that follow may be parts of it
        rank.rank = int(match["rank"])
    evidence.largest = max(evidence.largest or 0, int(match["ranks"]))
    if match["nodes"]:
        nodes = int(match["nodes"])
        evidence.nodes = max(evidence.nodes or 0, nodes)
        evidence.inside_node = evidence.inside_node or nodes == 1


@_reader("GPU Direct RDMA", r"GPU Direct RDMA (?:\([\w -]+\) )?(?P<state>[Ee]nabled|[Dd]isabled)")
def _gpudirect(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    rank = evidence.rank(line)
    rank.gpudirect_announced = match["state"].lower() == "enabled" and rank.gpudirect_announced is not False


def _topology(state: TopologyState) -> _Reader:
    def enter(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
        note(evidence.topology, state, line)
        evidence.rank(line).topology = state

    return enter


_reader("Loading topology file", r"INFO Loading topology file \S")(_topology("loaded"))
_reader("XML topology file", r"Could not open XML topology file")(_topology("missing"))
_reader("XML Parse", r"XML Parse\b(?! : Ignoring extra)")(_topology("broken"))


# `Destroy COMPLETE` proves nothing: since 2.22 NCCL connects when data is first sent, which may be never.
@_reader("Connected all", r"Connected all (?:rings|trees)")
def _connected(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    evidence.connected = evidence.connected or line


@_reader(
    "Got completion", r"NET/IB ?: ?Got completion .{0,200}?with (?:error |status=)(?:\w{1,40}\()?(?P<status>\d{1,6})"
)
def _completed(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.completions, int(match["status"]), line)


# NCCL prints the LID where the link layer is InfiniBand and the GID where it is Ethernet.
@_reader("qpn", r"NET/IB ?: .{0,80}?\bqpn \d{1,9} mtu \d{1,9} .{0,200}?\b(?P<kind>LID|GID) \d")
@_reader("ocalGid", r"localGid (?P<kind>::ffff:)\d+\.")
def _addressed(evidence: Evidence, line: Line, match: re.Match[str]) -> None:
    note(evidence.addressed, "IB" if match["kind"] == "LID" else "RoCE", line)


_TYPE = r"(?:u?int\d+|float\d*|half|double|bfloat16|f(?:p|loat)?8\w*|char)"
_HEAD = re.compile(rf"(?:^|\s)(?P<size>\d{{1,18}})\s+\d+\s+{_TYPE}\s")
_NUMBERS = r"(?:^|\s)[\d.]+\s+(?P<algbw>\d{1,12}\.\d{1,6})\s+(?P<busbw>\d{1,12}\.\d{1,6})(?=\s)"
"""Something must follow, if only the space before a line that tore the row: a number at the end may be cut short."""
_TIMES = re.compile(_NUMBERS)
_TORN_TIMES = re.compile(_NUMBERS + r"(?:\s{1,40}(?:\d[\d.e+-]{0,30}|N/A)){0,12}\s*$")
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
    """Reader of one log of nccl-tests; it remembers a row that was torn until its numbers come."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._torn: tuple[int, bool] | None = None
        """Message size of the row, and whether it reduces."""

    def read(self, line: Line) -> None:
        """Enter what nccl-tests says in a message."""
        evidence, text = self._evidence, line.text
        if " Pid " in text and (rank := _RANK.search(text)):
            source = Source(rank["host"], int(rank["pid"]), int(rank["device"]))
            process = evidence.rank(line._replace(source=source))
            process.rank = int(rank["rank"])
            evidence.placed.setdefault(len(evidence.tables), set()).add(process.source.host or "")
        elif "(GB/s)" in text:
            self._torn = None
            evidence.start_table()
        elif line.source.host is None:
            self._row(line, _FUNCTION.sub(" ", text) if "()," in text else text)

    def _row(self, line: Line, text: str) -> None:
        if head := _HEAD.search(text):
            self._torn = int(head["size"]), _REDOP.search(text) is not None
        if self._torn is None:
            return
        times = _TIMES.search(text, head.end()) if head else _TORN_TIMES.search(text)
        if times is None:
            return
        size, reduces = self._torn
        self._torn = None
        algbw, busbw = float(times["algbw"]), float(times["busbw"])
        tables = self._evidence.tables
        table = tables[-1] if tables else self._evidence.start_table()
        if table.row is None or size >= table.row.size:
            table.row = Row(line, size, busbw, reduces and busbw > _ALL_REDUCE * algbw)
