"""Reads what UCX prints: endpoints (UCX_LOG_LEVEL=info), protocol tables (UCX_PROTO_INFO=y) and failed queue pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from aksrdma.diagnosis.line_facts import Fact, Lanes, Named, Posted
from aksrdma.diagnosis.lines import Line, Source

MARKERS: Final = ("cfg#", "ep_cfg[", "wqe[", "UCX  ERROR", "UCX  WARN", "mlx5", "mlx4", "| ")

_CONFIG = re.compile(r"(?:(?P<scope>inter-node|intra-node|self) )?(?:ep_cfg\[\d+\]|cfg#\d+)")
_LANE = re.compile(
    r"\b((?:rc|dc|ud|gga)(?:_(?:mlx5|verbs|x|v))?|tcp|self|sysv|posix|cma|knem|xpmem|mm|srd|ugni\w*"
    r"|(?:cuda|rocm|ze)_\w+|gdr_copy)/([A-Za-z][\w.-]*(?::\d+)?)"
)
_POSTED = re.compile(r"\b(?:RC|DC|DCI|UD|RD)\w* QP 0x[0-9a-f]+ wqe\[(?P<index>\d{1,9})\]: (?P<operation>\w+)")
_NAMED = re.compile(r"\b(?P<device>(?:mlx\d|bnxt_re|irdma|ionic|hns|rxe|qedr)\w*):\d+/(?P<link>IB|RoCE)\b")
_FAILED_DEVICE = re.compile(r"UCX  ERROR (?:.*? on )?(?P<device>mlx\d\w*)[,:]")
_Scope: TypeAlias = Literal["inter-node", "intra-node", "self"]
_SCOPES: Final[dict[str, _Scope]] = {"inter-node": "inter-node", "intra-node": "intra-node", "self": "self"}
_MOST_OPEN: Final = 4096
"""Processes whose tables are gathered at once."""


class Ucx:
    """Reader of one log; it gathers the rows of each process's protocol table until the next one begins."""

    def __init__(self) -> None:
        self._open: dict[Source, Lanes] = {}

    def facts(self, line: Line) -> Iterator[Fact]:
        """Yield what UCX says in a message."""
        if line.source.device is not None:  # NCCL's own line
            return
        text = line.text
        config = _CONFIG.search(text) if "cfg" in text else None
        if config:
            yield from self._begin(line, config["scope"])
        if line.source in self._open and "/" in text and (lanes := _lanes(text)):
            self._extend(line, lanes)
        if config and "|" not in text:
            yield from self._end(line.source)
        yield from _failed(line)

    def finish(self) -> Iterator[Fact]:
        """Yield what the tables say that were still open at the end of the log."""
        for source in list(self._open):
            yield from self._end(source)

    def _begin(self, line: Line, scope: str | None) -> Iterator[Fact]:
        yield from self._end(line.source)
        if len(self._open) >= _MOST_OPEN:
            yield from self.finish()
        self._open[line.source] = Lanes(line, (), _SCOPES.get(scope or ""))

    def _extend(self, line: Line, lanes: tuple[str, ...]) -> None:
        before = self._open[line.source]
        first = before.line if before.lanes else line
        self._open[line.source] = Lanes(first, tuple(dict.fromkeys((*before.lanes, *lanes))), before.scope)

    def _end(self, source: Source) -> Iterator[Fact]:
        lanes = self._open.pop(source, None)
        if lanes and lanes.lanes:
            yield lanes


def _lanes(text: str) -> tuple[str, ...]:
    return tuple("/".join(lane) for lane in _LANE.findall(text))


def _failed(line: Line) -> Iterator[Fact]:
    text = line.text
    if "wqe[" in text and (posted := _POSTED.search(text)):
        # A read or write follows a message of the peer; a send alone may be the first, and may have reached nobody.
        yield Posted(line, int(posted["index"]) > 0 or "SEND" not in posted["operation"])
    if ("/IB" in text or "/RoCE" in text) and (named := _NAMED.search(text)):
        yield Named(line, named["device"], "IB" if named["link"] == "IB" else "RoCE")
    elif "UCX  ERROR" in text and (device := _FAILED_DEVICE.search(text)):
        yield Named(line, device["device"])
