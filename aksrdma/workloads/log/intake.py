"""Takes facts into the evidence, each where it belongs; what a log repeats is kept once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from aksrdma.workloads.log import facts
from aksrdma.workloads.log.evidence import Evidence, Failure, Table
from aksrdma.workloads.log.lines import Line
from aksrdma.workloads.log.networks import Fabric, of_ucx

_MOST_FAILURES: Final = 50
"""Different errors that are kept."""
_MOST_TABLES: Final = 1000
_MOST_NAMES: Final = 4096
"""Names of one kind that are kept; a real log has a few dozen."""
_Key = TypeVar("_Key")


def add(evidence: Evidence, fact: facts.Fact) -> None:
    """Take in what a line says."""
    _ADD[type(fact)](evidence, fact)


def _note(notes: dict[_Key, Line], key: _Key, line: Line) -> None:
    """Keep the first line that says something."""
    if key not in notes and len(notes) < _MOST_NAMES:
        notes[key] = line


def _add_started(evidence: Evidence, fact: facts.Started) -> None:
    evidence.started = evidence.started or fact.line


def _add_listed(evidence: Evidence, fact: facts.Listed) -> None:
    rank = evidence.rank(fact.line)
    for device in fact.devices:
        rank.devices[device.index] = device
        _note(evidence.devices, device.name, fact.line)


def _add_selected(evidence: Evidence, fact: facts.Selected) -> None:
    _note(evidence.rank(fact.line).selected, fact.network, fact.line)


def _add_provider(evidence: Evidence, fact: facts.Provider) -> None:
    _note(evidence.providers, fact.name, fact.line)


def _add_channel(evidence: Evidence, fact: facts.Channel) -> None:
    rank = evidence.rank(fact.line)
    if fact.transport != "NET":
        _note(rank.local, f"{fact.transport}/{fact.name}", fact.line)
        return
    _note(rank.networks, fact.name, fact.line)
    if fact.nic is not None:
        rank.nics.add(fact.nic)
    if fact.gpudirect:
        rank.with_gpudirect += 1
    else:
        rank.without_gpudirect += 1


def _add_joined(evidence: Evidence, fact: facts.Joined) -> None:
    rank = evidence.rank(fact.line)
    rank.rank = fact.rank if rank.rank is None else rank.rank
    if fact.nodes is not None:
        evidence.nodes = max(evidence.nodes or 0, fact.nodes)


def _add_placed(evidence: Evidence, fact: facts.Placed) -> None:
    evidence.placed = True
    evidence.rank(fact.line).rank = fact.rank


def _add_gpudirect(evidence: Evidence, fact: facts.GpuDirect) -> None:
    rank = evidence.rank(fact.line)
    rank.gpudirect_announced = fact.enabled and rank.gpudirect_announced is not False


def _add_topology(evidence: Evidence, fact: facts.Topology) -> None:
    _note(evidence.topology, fact.state, fact.line)
    evidence.rank(fact.line).topology = fact.state


def _add_connected(evidence: Evidence, fact: facts.Connected) -> None:
    evidence.connected = evidence.connected or fact.line


def _add_completed(evidence: Evidence, fact: facts.Completed) -> None:
    _note(evidence.completions, fact.status, fact.line)


def _add_addressed(evidence: Evidence, fact: facts.Addressed) -> None:
    _note(evidence.addressed, fact.link, fact.line)


def _add_table(evidence: Evidence, fact: facts.TableStarted) -> None:
    if len(evidence.tables) < _MOST_TABLES:
        evidence.tables.append(Table())


def _add_row(evidence: Evidence, fact: facts.Row) -> None:
    if not evidence.tables:
        evidence.tables.append(Table())
    table = evidence.tables[-1]
    if table.row is None or fact.size >= table.row.size:
        table.row = fact


def _add_header(evidence: Evidence, fact: facts.Header) -> None:
    evidence.perftest = evidence.perftest or fact.line
    evidence.perftest_gpu = evidence.perftest_gpu or fact.gpu
    if fact.device:
        _note(evidence.devices, fact.device, fact.line)
    if fact.link:
        _note(evidence.perftest_links, fact.link, fact.line)


def _add_loopback(evidence: Evidence, fact: facts.Loopback) -> None:
    evidence.loopback = evidence.loopback or fact.line


def _add_measured(evidence: Evidence, fact: facts.Measured) -> None:
    if fact.device:
        _note(evidence.devices, fact.device, fact.line)
    before = evidence.measured.get(fact.device)
    if _weight(fact) >= _weight(before) and len(evidence.measured) < _MOST_NAMES:
        evidence.measured[fact.device] = fact


def _weight(fact: facts.Measured | None) -> tuple[bool, int]:
    return (fact.gbit_per_s is not None, fact.size) if fact else (False, -1)


def _add_lanes(evidence: Evidence, fact: facts.Lanes) -> None:
    fabrics = {of_ucx(lane.partition("/")[0]) for lane in fact.lanes}
    _name_lanes(evidence, fact)
    if (Fabric.MEMORY in fabrics and fact.scope != "inter-node") or fact.scope in {"intra-node", "self"}:
        return
    fabric = next(
        kind for kind in (Fabric.VERBS, Fabric.OTHER, Fabric.SOCKETS, Fabric.UNKNOWN, Fabric.MEMORY) if kind in fabrics
    )
    _note(evidence.lanes, fabric, fact.line)
    for lane in fact.lanes:
        if of_ucx(lane.partition("/")[0]) is fabric:
            _note(evidence.rank(fact.line).lanes, lane, fact.line)


def _name_lanes(evidence: Evidence, fact: facts.Lanes) -> None:
    for lane in fact.lanes:
        transport, _, device = lane.partition("/")
        if of_ucx(transport) is Fabric.VERBS:
            _note(evidence.devices, device.partition(":")[0], fact.line)


def _add_posted(evidence: Evidence, fact: facts.Posted) -> None:
    evidence.rank(fact.line)
    if fact.earlier:
        evidence.posted = evidence.posted or fact.line


def _add_named(evidence: Evidence, fact: facts.Named) -> None:
    _note(evidence.devices, fact.device, fact.line)
    if fact.link:
        _note(evidence.links, fact.link, fact.line)


def _add_failed(evidence: Evidence, fact: facts.Failed) -> None:
    if fact.message in evidence.failures:
        evidence.failures[fact.message].count += 1
    elif len(evidence.failures) < _MOST_FAILURES:
        evidence.failures[fact.message] = Failure(fact)


_ADD: Final[dict[type[facts.Fact], Callable[[Evidence, Any], None]]] = {
    facts.Started: _add_started,
    facts.Listed: _add_listed,
    facts.Selected: _add_selected,
    facts.Provider: _add_provider,
    facts.Channel: _add_channel,
    facts.Joined: _add_joined,
    facts.Placed: _add_placed,
    facts.GpuDirect: _add_gpudirect,
    facts.Topology: _add_topology,
    facts.Connected: _add_connected,
    facts.Completed: _add_completed,
    facts.Addressed: _add_addressed,
    facts.TableStarted: _add_table,
    facts.Row: _add_row,
    facts.Header: _add_header,
    facts.Loopback: _add_loopback,
    facts.Measured: _add_measured,
    facts.Lanes: _add_lanes,
    facts.Posted: _add_posted,
    facts.Named: _add_named,
    facts.Failed: _add_failed,
}
