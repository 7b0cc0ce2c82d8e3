"""What fits where, and what stays Pending: as records, as JSON values and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.workloads.fit.amounts import PODS, Amounts, ordered, show_amount, write_amount
from aksrdma.workloads.fit.nodes import Origin


@dataclass(frozen=True, slots=True)
class Reason:
    """Why pods stay Pending."""

    pool: str | None
    """Node pool, or None where it holds for the whole cluster."""
    message: str
    fix: str

    def __str__(self) -> str:
        where = f"pool {self.pool}: " if self.pool else ""
        return f"{where}{self.message}; {self.fix}"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is better changed though the scheduler does not mind."""

    pool: str | None
    """The node pool to choose, if one is."""
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}"


@dataclass(frozen=True, slots=True)
class PoolFit:
    """Pods of one template in one node pool, on what the workloads before left there."""

    pool: str
    fits: int
    """Pods that the pool could take, were there that many."""
    placed: int
    """Pods that it takes."""
    per_node: int
    """Pods that its emptiest node takes."""
    runs_out: tuple[str, ...]
    """What keeps that node from one more pod: resources, or `podAntiAffinity` or `topologySpread`."""
    stranded: Amounts
    """GPUs and RDMA units that are left on that node, with none of what ran out beside them."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "pool": self.pool,
            "fits": self.fits,
            "placed": self.placed,
            "per_node": self.per_node,
            "runs_out_first": list(self.runs_out),
            "stranded_per_node": _written(self.stranded),
        }


@dataclass(frozen=True, slots=True)
class PodsFit:
    """Pods of one template."""

    role: str
    wanted: int
    asks: Amounts
    """What one of them asks for."""
    one_pool: bool
    """Whether they belong in one node pool, because they talk to each other over InfiniBand."""
    pools: tuple[PoolFit, ...]
    """Pools that could take one or more, in the cluster's order."""
    elsewhere: int
    """Pods that go to pools of which the input says nothing."""
    reasons: tuple[Reason, ...]
    """Why some stay Pending; empty where none does."""

    @property
    def placed(self) -> int:
        """Pods that find a node."""
        return sum(one.placed for one in self.pools) + self.elsewhere

    @property
    def pending(self) -> int:
        """Pods that find none, or none on the fabric of the others."""
        return self.wanted - self.placed

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "role": self.role,
            "wanted": self.wanted,
            "placed": self.placed,
            "pending": self.pending,
            "elsewhere": self.elsewhere,
            "asks": _written(self.asks),
            "one_pool": self.one_pool,
            "pools": [one.to_dict() for one in self.pools],
            "reasons": [{"pool": one.pool, "message": one.message, "fix": one.fix} for one in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class WorkloadFit:
    """One workload."""

    label: str
    """`Kind/namespace/name`."""
    file: str
    line: int
    pods: tuple[PodsFit, ...]
    advice: tuple[Advice, ...] = ()
    """What keeps pods that find a node from talking over InfiniBand."""

    @property
    def ok(self) -> bool:
        """Whether all of its pods find a node."""
        return all(not one.pending for one in self.pods)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "object": self.label,
            "file": self.file,
            "line": self.line,
            "ok": self.ok,
            "pods": [one.to_dict() for one in self.pods],
            "advice": [{"pool": one.pool, "message": one.message, "fix": one.fix} for one in self.advice],
        }


@dataclass(frozen=True, slots=True)
class Left:
    """A resource of a node pool after all workloads."""

    resource: str
    total: int
    left: int
    stranded: int
    """Of what is left: on nodes where none of these workloads' pods that ask for it fits any more, or for which such a pod
    finds too few of another device there."""
    closed: int = 0
    """Not counted as left: free on nodes that take no new pod, as they are cordoned or not ready."""


@dataclass(frozen=True, slots=True)
class PoolLeft:
    """A node pool after all workloads."""

    pool: str
    vm_size: str | None
    nodes: int
    resources: tuple[Left, ...]
    said: tuple[str, ...] = ()
    """What the numbers alone do not tell, a sentence each."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "pool": self.pool,
            "vm_size": self.vm_size,
            "nodes": self.nodes,
            "resources": {
                one.resource: {
                    "total": write_amount(one.resource, one.total),
                    "left": write_amount(one.resource, one.left),
                    "stranded": write_amount(one.resource, one.stranded),
                    "closed": write_amount(one.resource, one.closed),
                }
                for one in self.resources
            },
            "said": list(self.said),
        }


@dataclass(frozen=True, slots=True)
class FitReport:
    """What of some workloads a cluster can take."""

    origin: Origin
    """What the nodes were read from."""
    workloads: tuple[WorkloadFit, ...]
    """In their order, which is that in which they were given a place."""
    pools: tuple[PoolLeft, ...]
    notes: tuple[str, ...]
    """What was assumed, and what is not judged."""

    @property
    def ok(self) -> bool:
        """Whether every pod finds a node."""
        return all(one.ok for one in self.workloads)

    def to_dict(self) -> dict[str, Any]:
        """Return the object of `aksrdma fit -o json` as JSON values; amounts are Kubernetes quantities."""
        return {
            "ok": self.ok,
            "nodes_from": self.origin,
            "workloads": [one.to_dict() for one in self.workloads],
            "pools": [one.to_dict() for one in self.pools],
            "notes": list(self.notes),
        }


def _written(amounts: Amounts) -> dict[str, str]:
    return {name: write_amount(name, amounts[name]) for name in ordered(amounts)}


_HEAD: Final = (
    "WORKLOAD",
    "PODS",
    "PLACED",
    "A POD ASKS",
    "POOL",
    "A NODE",
    "FITS",
    "TAKEN",
    "LIMITED BY",
    "STRANDED A NODE",
)
_LEFT_HEAD: Final = ("POOL", "NODES", "RESOURCE", "TOTAL", "LEFT", "STRANDED")
_NONE: Final = "-"


def render_table(report: FitReport) -> str:
    """Return a report as text with a final newline: workloads by pool, what is left by pool, and what stays Pending."""
    workloads = _table(_HEAD, [row for one in report.workloads for row in _rows(one)])
    rows: list[tuple[str, ...]] = []
    for pool in report.pools:
        head = (pool.pool, str(pool.nodes))
        for number, one in enumerate(one for one in pool.resources if one.resource != PODS):
            amounts = (show_amount(one.resource, amount) for amount in (one.total, one.left, one.stranded))
            rows.append((*(head if number == 0 else ("", "")), one.resource, *amounts))
    said = "".join(f"  pool {pool.pool}: {one}\n" for pool in report.pools for one in pool.said)
    parts = [workloads, _table(_LEFT_HEAD, rows) + said]
    pending: list[str] = []
    for workload in report.workloads:
        for pods in workload.pods:
            if pods.pending:
                pending.append(f"Pending: {_name(workload, pods)}: {pods.pending} of {pods.wanted}\n")
                pending += (f"  {reason}\n" for reason in pods.reasons)
    if pending:
        parts.append("".join(pending))
    if advice := [f"Advice: {one.label}: {tip}\n" for one in report.workloads for tip in one.advice]:
        parts.append("".join(advice))
    return "\n".join(parts)


def _rows(workload: WorkloadFit) -> Iterator[tuple[str, ...]]:
    for pods in workload.pods:
        head = (_name(workload, pods), str(pods.wanted), str(pods.placed), _shown(pods.asks) or "nothing")
        rows = [
            (
                one.pool,
                str(one.per_node),
                str(one.fits),
                str(one.placed),
                ", ".join(one.runs_out) or _NONE,
                _shown(one.stranded) or _NONE,
            )
            for one in pods.pools
        ]
        if pods.elsewhere:
            rows.append(("(other pools)", _NONE, _NONE, str(pods.elsewhere), _NONE, _NONE))
        for number, cells in enumerate(rows or [(_NONE, "0", "0", "0", _NONE, _NONE)]):
            yield (*(head if number == 0 else ("",) * len(head)), *cells)


def _name(workload: WorkloadFit, pods: PodsFit) -> str:
    return workload.label if pods.role == "pod" else f"{workload.label} {pods.role}"


def _shown(amounts: Amounts) -> str:
    return ", ".join(f"{show_amount(name, amounts[name])} {name}" for name in ordered(amounts))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "".join(f"{line}\n" for line in lines)
