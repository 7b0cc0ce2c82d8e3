"""Reads what UCX prints: endpoints (UCX_LOG_LEVEL=info), protocol tables, failed queue pairs, and ucx_info's list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aksrdma.diagnosis.evidence import Evidence, Failure, note
from aksrdma.diagnosis.fabrics import Fabric, of_ucx
from aksrdma.diagnosis.lines import Line, Source

MARKERS: Final = ("cfg#", "ep_cfg[", "wqe[", "UCX  ERROR", "UCX  WARN", "mlx5", "mlx4", "| ", "Transport: ")

_CONFIG = re.compile(r"(?:(?P<scope>inter-node|intra-node|self) )?(?:ep_cfg\[\d+\]|cfg#\d+)")
_LANE = re.compile(
    r"\b((?:rc|dc|ud|gga)(?:_(?:mlx5|verbs|x|v))?|tcp|self|sysv|posix|cma|knem|xpmem|mm|srd|ugni\w*"
    r"|(?:cuda|rocm|ze)_\w+|gdr_copy)/([A-Za-z][\w.-]*(?::\d+)?)"
)
_POSTED = re.compile(r"\b(?P<kind>RC|DC|DCI|UD|RD)\w* QP 0x[0-9a-f]+ wqe\[(?P<index>\d{1,9})\]: \w+")
_NAMED = re.compile(r"\b(?P<device>(?:mlx\d|bnxt_re|irdma|ionic|hns|rxe|qedr)\w*):\d+/(?P<link>IB|RoCE)\b")
_FAILED_DEVICE = re.compile(r"UCX  ERROR (?:.{0,120}? on )?(?P<device>mlx\d\w*)[,:]")
_LISTED = re.compile(r"^\s*#\s+Transport: (?P<name>\w{1,40})\s*$")
_MOST_LISTED: Final = 64
_NOTHING_LISTED: Final = (
    "UCX can use no InfiniBand here: is rdma/ib in the pod's limits, is IPC_LOCK added, and is UCX built with verbs"
    " (libuct_ib.so beside libuct.so)?"
)
_MOST_OPEN: Final = 4096
"""Processes whose tables are gathered at once."""


_DECISIVE: Final = (Fabric.VERBS, Fabric.OTHER, Fabric.SOCKETS, Fabric.UNKNOWN, Fabric.MEMORY)
"""What an endpoint with several kinds of lanes is named after: that which carries most of its data."""


@dataclass(slots=True)
class _Endpoint:
    """The lanes of an endpoint, some of which are still to come."""

    line: Line
    """The first line that shows a lane."""
    scope: str | None
    """`inter-node`, `intra-node`, `self`, or None where this version of UCX does not say."""
    lanes: dict[tuple[str, str], None]
    """Transport and device of each, in order."""


class Ucx:
    """Reader of one log; it gathers the rows of each process's protocol table until the next one begins."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._open: dict[Source, _Endpoint] = {}
        self._listed: dict[str, Line] = {}
        """Transports that ucx_info lists, with the line of each."""

    def read(self, line: Line) -> None:
        """Enter what UCX says in a message."""
        if line.source.device is not None:  # NCCL's own line
            return
        text = line.text
        if "Transport: " in text and (listed := _LISTED.match(text)) and len(self._listed) < _MOST_LISTED:
            self._listed.setdefault(listed["name"], line)
        config = _CONFIG.search(text) if "cfg" in text else None
        if config:
            self._end(line.source)
            if len(self._open) >= _MOST_OPEN:
                self.finish()
            self._open[line.source] = _Endpoint(line, config["scope"], {})
        if "/" in text and (endpoint := self._open.get(line.source)) and (lanes := _LANE.findall(text)):
            if not endpoint.lanes:
                endpoint.line = line
            endpoint.lanes.update(dict.fromkeys(lanes))
        if config and "|" not in text:  # a line with all lanes, and not the head of a table
            self._end(line.source)
        self._failed(line)

    def finish(self) -> None:
        """Enter what the tables say that were still open at the end of the log."""
        for source in list(self._open):
            self._end(source)

    def end(self) -> None:
        """Enter what the end of the log leaves open, and what ucx_info did not list."""
        self.finish()
        if self._listed and not any(of_ucx(name) is Fabric.VERBS for name in self._listed):
            message = f"ucx_info lists no RDMA transport, but {', '.join(self._listed)}"
            self._evidence.fail(Failure(next(iter(self._listed.values())), message, _NOTHING_LISTED, family="ucx"))

    def _end(self, source: Source) -> None:
        endpoint = self._open.pop(source, None)
        if endpoint is None or not endpoint.lanes:
            return
        evidence, line = self._evidence, endpoint.line
        fabrics = {of_ucx(transport) for transport, _ in endpoint.lanes}
        for transport, device in endpoint.lanes:
            if of_ucx(transport) is Fabric.VERBS:
                note(evidence.devices, device.partition(":")[0], line)
        # A lane of shared memory shows that both processes are on one host.
        if endpoint.scope in {"intra-node", "self"} or (Fabric.MEMORY in fabrics and endpoint.scope is None):
            return
        fabric = next(kind for kind in _DECISIVE if kind in fabrics)
        note(evidence.lanes, fabric, line)
        for transport, device in endpoint.lanes:
            if of_ucx(transport) is fabric:
                note(evidence.rank(line).lanes, f"{transport}/{device}", line)

    def _failed(self, line: Line) -> None:
        evidence, text = self._evidence, line.text
        if "wqe[" in text and (posted := _POSTED.search(text)):
            evidence.rank(line)
            # RC and DC complete requests in order, each when the peer has answered: those before the failed one arrived.
            # UD waits for no answer. The first request proves nothing, nor does the key of a remote read or write.
            if int(posted["index"]) > 0 and posted["kind"] != "UD":
                evidence.answered = evidence.answered or line
        if ("/IB" in text or "/RoCE" in text) and (named := _NAMED.search(text)):
            note(evidence.devices, named["device"], line)
            note(evidence.links, "IB" if named["link"] == "IB" else "RoCE", line)
        elif "UCX  ERROR" in text and (device := _FAILED_DEVICE.search(text)):
            note(evidence.devices, device["device"], line)
