"""Reads a log once, from its first byte to its last, and reports what it proves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from aksrdma.workloads.log import nccl, nccl_tests, perftest, problems, ucx
from aksrdma.workloads.log.evidence import Evidence, Failure, RankEvidence
from aksrdma.workloads.log.floors import check_floors
from aksrdma.workloads.log.intake import add
from aksrdma.workloads.log.lines import read
from aksrdma.workloads.log.nccl_tests import NcclTests
from aksrdma.workloads.log.networks import Fabric, is_omni_path
from aksrdma.workloads.log.perftest import Perftest
from aksrdma.workloads.log.report import LogError, LogReport, RankReport
from aksrdma.workloads.log.summary import bus_bandwidth, gpudirect, link, topology_file
from aksrdma.workloads.log.ucx import Ucx
from aksrdma.workloads.log.verdict import Reason, judge

if TYPE_CHECKING:
    from aksrdma.catalog.rows.vm_sizes import VmSize


def check_log(stream: BinaryIO, name: str, vm_size: VmSize | None = None) -> LogReport:
    """Say what a log of NCCL, RCCL, nccl-tests, perftest or UCX proves.

    The log is read once and in bounded memory, so it may be a pipe and of any length; gzip and UTF-16 are understood.

    Args:
        stream: The log's bytes.
        name: What the report calls it.
        vm_size: The VM size whose bandwidth floors the log should reach.

    Raises:
        ReadError: The stream cannot be read, or is broken gzip.
    """
    return _report(gather(stream), name, vm_size)


def gather(stream: BinaryIO) -> Evidence:
    """Return all that a log says about its network.

    Raises:
        ReadError: The stream cannot be read, or is broken gzip.
    """
    evidence, tables, perf, endpoints = Evidence(), NcclTests(), Perftest(), Ucx()
    readers = (nccl.facts, tables.facts, perf.facts, endpoints.facts, problems.facts)
    markers = (*nccl.MARKERS, *nccl_tests.MARKERS, *perftest.MARKERS, *ucx.MARKERS, *problems.markers())
    for line in read(stream, markers):
        for facts in readers:
            for fact in facts(line):
                add(evidence, fact)
    for fact in endpoints.finish():
        add(evidence, fact)
    return evidence


def _report(evidence: Evidence, name: str, vm_size: VmSize | None) -> LogReport:
    judgment = judge(evidence)
    return LogReport(
        file=name,
        verdict=judgment.verdict,
        reasons=(*judgment.reasons, *_notes(evidence)),
        link=link(evidence) if judgment.verdict != "not-used" else None,
        gpudirect=gpudirect(evidence),
        devices=tuple(evidence.devices),
        topology_file=topology_file(evidence),
        bus_bandwidth_gbps=bus_bandwidth(evidence),
        errors=tuple(_error(failure) for failure in evidence.failures.values()),
        ranks=_ranks(evidence),
        floors=check_floors(evidence, vm_size) if vm_size else (),
    )


def _error(failure: Failure) -> LogError:
    first = failure.first
    return LogError(first.message, first.advice, first.line.number, failure.count)


def _ranks(evidence: Evidence) -> tuple[RankReport, ...]:
    told = (rank for rank in evidence.ranks.values() if rank.source.host or rank.networks or rank.lanes)
    reports = [_rank(rank) for rank in told]
    last = len(reports)
    return tuple(sorted(reports, key=lambda rank: (last if rank.rank is None else rank.rank, rank.host or "")))


def _rank(rank: RankEvidence) -> RankReport:
    used = [device.name for index, device in rank.devices.items() if index in rank.nics]
    state = rank.topology
    return RankReport(
        rank=rank.task if rank.rank is None else rank.rank,
        host=rank.source.host,
        pid=rank.source.pid,
        gpu=rank.source.device,
        transports=(*(f"NET/{name}" for name in rank.networks), *rank.local, *rank.lanes),
        network=next(iter(rank.selected), next(iter(rank.networks), None)),
        devices=tuple(used or (device.name for device in rank.devices.values())),
        gpudirect=True if rank.with_gpudirect else False if rank.without_gpudirect else None,
        topology_file=None if state == "broken" else state,
    )


def _notes(evidence: Evidence) -> Iterator[Reason]:
    for name in evidence.devices:
        if is_omni_path(name):
            text = f"{name} is Omni-Path, which has verbs too and which NCCL prints as IB; it is not InfiniBand"
            yield Reason(text, evidence.devices[name])
            break
    yield from _gpudirect_notes(evidence)


def _gpudirect_notes(evidence: Evidence) -> Iterator[Reason]:
    ranks = evidence.ranks.values()
    without = [rank for rank in ranks if rank.without_gpudirect and _over_verbs(evidence, rank)]
    if not without:
        return
    line = next(iter(without[0].networks.values()))
    if any(rank.with_gpudirect for rank in ranks):
        text = "some channels reach GPU memory directly and some do not"
    elif any(rank.gpudirect_announced for rank in ranks):
        text = "GPUDirect RDMA was announced, but no channel uses it"
    else:
        text = "GPUDirect RDMA is off, so data takes a detour over host memory"
    yield Reason(text, line, _GPUDIRECT_FIX)


def _over_verbs(evidence: Evidence, rank: RankEvidence) -> bool:
    return any(evidence.fabric(network) is Fabric.VERBS for network in rank.networks)


_GPUDIRECT_FIX = (
    "for GPUDirect RDMA load nvidia-peermem or use DMA-BUF (open GPU driver, NCCL 2.13 or newer), and set"
    " NCCL_NET_GDR_LEVEL=SYS if the topology file does not pair GPUs with NICs"
)
