"""Reads what ibv_devinfo, ibv_devices, ibstat, ibstatus and `rdma link` list: no device, or ports that are not Active."""

from __future__ import annotations

import re
from typing import Final

from aksrdma.diagnosis.evidence import Evidence, Failure
from aksrdma.diagnosis.lines import Line

MARKERS: Final = (
    "hca_id:",
    "CA '",
    "Infiniband device '",
    "\tstate:",
    "PORT_",
    "State: ",
    "link_layer:",
    "Link layer:",
    "Port :",
    "port:",
    " physical_state ",
)

_DEVICE = re.compile(
    r"\bhca_id:\s+(?P<verbs>[\w.-]{1,64})|\bCA '(?P<stat>[\w.-]{1,64})'"
    r"|\bInfiniband device '(?P<status>[\w.-]{1,64})' port (?P<port>\d{1,3}) status:"
)
_PORT = re.compile(r"^\s*(?:port:|Port)\s+(?P<port>\d{1,3}):?\s*$")
_STATE = re.compile(r"^\s*(?:state:\s+(?:PORT_|\d: )(?P<verbs>[A-Z_]{2,20})|State:\s+(?P<stat>[A-Z][A-Za-z]{2,20}))")
_LAYER = re.compile(r"\b(?:link_layer|Link layer):\s+(?P<layer>\w{2,20})")
_HEAD = "node GUID"
_LISTED = re.compile(r"\s(?P<device>[\w.-]{1,64})\s+[0-9a-f]{16}\s*$")
_LINK = re.compile(r"\blink (?P<device>[\w.-]{1,64})/(?P<port>\d{1,3}) .{0,200}\bstate (?P<state>[A-Z_]{2,20})\b")
_INFINIBAND: Final = ("InfiniBand", "IB")
"""The second is what ibstatus says where it cannot read the link layer."""
_SHORT: Final = {"Initializing": "INIT"}
"""What ibstat calls otherwise than ibv_devinfo."""
_WAITS: Final = (
    "no subnet manager has brought the port to ACTIVE, so it is not yet in the fabric: wait a minute, else cordon and"
    " drain the node and have it repaired"
)
_NONE: Final = (
    "no InfiniBand device is visible in the container; put rdma/ib (or rdma/shared_ib) into requests and limits of the"
    " pod, and see that the image has ibverbs-providers"
)
_DOWN: Final = "the link is down: cordon and drain the node, and have it repaired"


class Ports:
    """Reader of one file; a port's link layer stands below its state, so a port is told when the next one begins."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._device: str | None = None
        self._port = "1"
        self._open: tuple[Line, str] | None = None
        """The line of a port that is not Active, and its state."""
        self._empty: Line | None = None
        """The head of a list of ibv_devices under which no InfiniBand device stands yet."""

    def read(self, line: Line) -> None:
        """Enter what a line says of a port."""
        text = line.text
        if _HEAD in text:
            self._empty = line
        elif self._empty and _LISTED.search(text):
            self._empty = None
        if device := _DEVICE.search(text):
            self.finish()
            self._device = device["verbs"] or device["stat"] or device["status"]
            self._port = device["port"] or self._port
        elif link := _LINK.search(text):
            self.finish()
            self._device, self._port = link["device"], link["port"]
            ethernet = " netdev e" in text  # InfiniBand's netdev, where there is one, is ib0 or ibP257p0s0
            self._open = (line, link["state"]) if link["state"] != "ACTIVE" and not ethernet else None
            self.finish()
        elif self._device is None:
            return
        elif port := _PORT.match(text):
            self.finish()
            self._port = port["port"]
        elif state := _STATE.match(text):
            name = state["verbs"] or _SHORT.get(state["stat"], state["stat"].upper())
            self._open = (line, name) if name != "ACTIVE" else None
        elif (layer := _LAYER.search(text)) and layer["layer"] not in _INFINIBAND:
            self._open = None

    def end(self) -> None:
        """Tell what the file leaves open."""
        self.finish()
        if self._empty:
            self._evidence.fail(Failure(self._empty, "ibv_devices lists no InfiniBand device", _NONE, True, "ports"))

    def finish(self) -> None:
        """Tell the port whose lines have ended."""
        if self._open and self._device:
            line, state = self._open
            advice = _WAITS if state in {"INIT", "ARMED"} else _DOWN
            message = f"{self._device}: port {self._port} is in state {state}"
            self._evidence.fail(Failure(line, message, advice, stops_setup=True, family="ports"))
        self._open = None
