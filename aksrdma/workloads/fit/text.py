"""The report as tables: what fits where, what is left, and why pods stay Pending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aksrdma.workloads.fit.amounts import PODS, Amounts, ordered, show_amount
from aksrdma.workloads.fit.report import FitReport, PodsFit, WorkloadFit

_HEAD = (
    "WORKLOAD",
    "PODS",
    "PLACED",
    "A POD ASKS",
    "POOL",
    "A NODE",
    "FITS",
    "TAKEN",
    "RUNS OUT FIRST",
    "STRANDED A NODE",
)
_LEFT_HEAD = ("POOL", "NODES", "RESOURCE", "TOTAL", "LEFT", "STRANDED")
_NONE = "-"


def render_table(report: FitReport) -> str:
    """Return a report as text with a final newline: workloads by pool, what is left by pool, and what stays Pending."""
    workloads = _table(_HEAD, [row for one in report.workloads for row in _rows(one)])
    left = _table(_LEFT_HEAD, list(_left_rows(report)))
    pending = [line for one in report.workloads for line in _pending(one)]
    return "\n".join([workloads, left, *("".join(pending),) * bool(pending)])


def _rows(workload: WorkloadFit) -> Iterator[tuple[str, ...]]:
    for pods in workload.pods:
        name = workload.label if pods.role == "pod" else f"{workload.label} {pods.role}"
        head = (name, str(pods.wanted), str(pods.placed), _asks(pods.asks))
        for number, cells in enumerate(_pool_rows(pods)):
            yield (*head, *cells) if number == 0 else ("", "", "", "", *cells)


def _pool_rows(pods: PodsFit) -> Iterator[tuple[str, ...]]:
    for one in pods.pools:
        stranded = ", ".join(_amounts(one.stranded))
        yield (
            one.pool,
            str(one.per_node),
            str(one.fits),
            str(one.placed),
            ", ".join(one.runs_out) or _NONE,
            stranded or _NONE,
        )
    if pods.elsewhere:
        yield "(other pools)", _NONE, _NONE, str(pods.elsewhere), _NONE, _NONE
    if not pods.pools and not pods.elsewhere:
        yield (_NONE, "0", "0", "0", _NONE, _NONE)


def _asks(amounts: Amounts) -> str:
    return ", ".join(_amounts(amounts)) or "nothing"


def _amounts(amounts: Amounts) -> Iterator[str]:
    for name in ordered({*amounts}):
        yield f"{show_amount(name, amounts[name])} {name}"


def _left_rows(report: FitReport) -> Iterator[tuple[str, ...]]:
    for pool in report.pools:
        head = (pool.pool, str(pool.nodes))
        for number, one in enumerate(one for one in pool.resources if one.resource != PODS):
            amounts = (show_amount(one.resource, amount) for amount in (one.total, one.left, one.stranded))
            yield (*(head if number == 0 else ("", "")), one.resource, *amounts)


def _pending(workload: WorkloadFit) -> Iterator[str]:
    for pods in workload.pods:
        if not pods.pending:
            continue
        name = workload.label if pods.role == "pod" else f"{workload.label} {pods.role}"
        yield f"Pending: {name}: {pods.pending} of {pods.wanted}\n"
        yield from (f"  {reason}\n" for reason in pods.reasons)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "".join(f"{line}\n" for line in lines)
