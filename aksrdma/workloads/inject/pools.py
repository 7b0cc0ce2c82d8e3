"""Which node pool of a cluster a workload is for, where the user names none: by what it selects, and by what a node has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma.errors import UsageError
from aksrdma.kube.kinds import WORKLOADS, kind_of
from aksrdma.kube.labels import GPUS
from aksrdma.kube.scheduling import Placement, placement_of
from aksrdma.kube.templates import PodTemplate, pod_count, pod_templates
from aksrdma.kube.train_jobs import RUNTIMES, RuntimeName, runtime_name, trained, wanted_runtime
from aksrdma.kube.values import items, step
from aksrdma.workloads.fit.amounts import Amounts, show_amount
from aksrdma.workloads.fit.nodes import Site, judge_labels
from aksrdma.workloads.fit.pods import Mistakes, pod_requests
from aksrdma.workloads.fit.read_nodes import node_capacity, pool_labels, rdma_units
from aksrdma.workloads.inject.intent import pool_named

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.plan.decisions import Decisions

_TOLD: Final = 3
"""Pools of which a message says why they are out."""


class Chosen(NamedTuple):
    """The node pools of some objects."""

    pools: tuple[str, ...]
    """Of each object; that of the others for one that makes no pods."""
    notes: tuple[str, ...]
    """Which pool was taken, and why it is not another one."""


def pools_for(
    decisions: Decisions, documents: Sequence[Document], *, gpus: int | None = None, nics: int | None = None
) -> Chosen:
    """Return the node pool of each object, of those of the cluster the only one that can be meant.

    Args:
        decisions: those of a plan.
        documents: what goes to the cluster.
        gpus: GPUs that the user wants for each container that works; None: as it has them.
        nics: NICs for each; None: by the GPUs.

    Raises:
        UsageError: an object that several pools could run, or none.
    """
    if len(decisions.pools) < 2:
        return Chosen((pool_named(decisions, None),) * len(documents), ())
    nodes = {pool.name: _node(decisions, pool.name) for pool in decisions.pools}
    runtimes = {runtime_name(one.data): one for one in documents if one.kind in RUNTIMES}
    found: list[tuple[Document, _Fit]] = []
    for one in documents:
        pods = list(_pods(one, runtimes))
        if pods:
            found.append((one, _fitting(pods, nodes, decisions, gpus, nics)))
    sure = {fit.sure for _, fit in found if fit.sure}
    chosen: dict[int, str] = {}
    notes: dict[str, None] = {}
    for one, fit in found:
        where = f"{one.file}:{one.position(()).line}: {one.label}"
        # What needs no device may stand beside what shows the pool, as a web server does beside those that compute.
        pool = fit.sure or (next(iter(sure)) if len(sure) == 1 and not fit.devices and sure <= set(fit.able) else None)
        if pool is None:
            raise UsageError(_undecided(where, fit, decisions))
        chosen[id(one)] = pool
        if fit.selected:
            notes[f"{where} is for pool {pool}, which it selects"] = None
        elif fit.sure:
            out = [f"{name}: {why}" for name, why in fit.out.items()][:_TOLD]
            notes[f"{where} is for pool {pool}, the only one that can run it ({'; '.join(out)})"] = None
    other = next(iter(chosen.values()), decisions.pools[0].name)
    return Chosen(tuple(chosen.get(id(one), other) for one in documents), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of a pool as far as the cluster file tells of it."""

    site: Site
    has: Amounts
    count: int | None
    vm_size: str


@dataclass(frozen=True, slots=True)
class _Pods:
    """Pods of one template."""

    placement: Placement
    asks: Amounts
    working: int
    """How many of its containers have GPUs, at least one."""
    count: int
    vm_size: str
    """That its kind makes its nodes of; empty where it makes none."""


class _Fit(NamedTuple):
    """Which pools can run an object."""

    able: tuple[str, ...]
    out: Mapping[str, str]
    """Why the others cannot."""
    devices: bool
    """Whether it asks for any."""
    selected: bool
    """Whether what it selects of nodes leaves one pool."""

    @property
    def sure(self) -> str | None:
        return self.able[0] if len(self.able) == 1 else None


def _node(decisions: Decisions, name: str) -> _Node:
    pool, size = next(one for one in decisions.pools if one.name == name), decisions.sizes[name]
    has = {**node_capacity(size), **rdma_units(decisions.alone(name), size)}
    return _Node(Site(pool_labels(name, size.name, size), complete=False), has, pool.count, size.name)


def _pods(document: Document, runtimes: Mapping[RuntimeName, Document]) -> Iterator[_Pods]:
    """Yield the pods of an object that are to have RDMA: those with devices where any has, else all that work."""
    row = kind_of(document.api_version, document.kind)
    if row is None or row.kind not in WORKLOADS:
        return
    data, source = document.data, document
    if row.kind == "TrainJob":
        source = runtimes.get(wanted_runtime(data), document)
        data = trained(data, source.data if source is not document else None).runtime
    size = step(document.data, row.vm_size) if row.vm_size else None
    found: list[tuple[PodTemplate, _Pods]] = []
    for one in pod_templates(data):
        asks, _ = pod_requests(source, one.spec_path, one.spec, Mistakes())
        working = sum(
            any(step(box, ("resources", part, name)) for part in _PARTS for name in GPUS)
            for _, box in items(one.spec.get("containers"), ())
        )
        pods = _Pods(
            placement_of(one.spec),
            asks,
            max(1, working),
            pod_count(data, one, None) or 0,
            size if isinstance(size, str) else "",
        )
        if one.works and not (one.place is not None and one.place.asks is False and not _devices(asks)):
            found.append((one, pods))
    with_devices = [pods for _, pods in found if _devices(pods.asks)]
    yield from with_devices or (pods for _, pods in found)


_PARTS: Final = ("limits", "requests")


def _devices(asks: Amounts) -> bool:
    return any("/" in name for name in asks)


def _fitting(
    pods: Sequence[_Pods], nodes: Mapping[str, _Node], decisions: Decisions, gpus: int | None, nics: int | None
) -> _Fit:
    """Return which pools can run pods; where their nodes could, those that have nodes enough by the cluster file."""
    out: dict[str, str] = {}
    few: dict[str, str] = {}
    for name, node in nodes.items():
        size = decisions.sizes[name]
        if gpus is not None and (size.gpu is None or size.gpu.count < gpus):
            out[name] = f"a node has {size.gpu.count if size.gpu else 'no'} GPUs, and --gpus asks for {gpus}"
        elif nics is not None and nics > size.infiniband.nic_count:
            out[name] = f"a node has {size.infiniband.nic_count} NICs, and --nics asks for {nics}"
        elif why := next(filter(None, (_refused(one, node) for one in pods)), ""):
            out[name] = why
        elif node.count is not None and (wanted := sum(_nodes_of(one, node, gpus) for one in pods)) > node.count:
            few[name] = f"it has {node.count} node{'s' * (node.count != 1)}, and its pods need {wanted}"
    able = tuple(name for name in nodes if name not in out)
    selected = [name for name, node in nodes.items() if all(judge_labels(one.placement, node.site).ok for one in pods)]
    if 0 < len(few) < len(able):
        able, out = tuple(name for name in able if name not in few), out | few
    return _Fit(
        able,
        out,
        gpus is not None or any(_devices(one.asks) for one in pods),
        list(able) == selected and len(able) == 1,
    )


def _refused(pods: _Pods, node: _Node) -> str:
    """Return why no node of a pool takes a pod of a template; empty where one does."""
    if pods.vm_size and pods.vm_size.casefold() != node.vm_size.casefold():
        return f"its nodes are to be {pods.vm_size}"
    verdict = judge_labels(pods.placement, node.site)
    if not verdict.ok:
        return verdict.message
    for name, need in pods.asks.items():
        # Under which other names devices are handed out is a conflict of its own, or of no matter.
        has = node.has.get(name, 0 if name in GPUS else need)
        if need > has:
            return f"a pod asks for {show_amount(name, need)} {name}, a node has {show_amount(name, has) if has else 'none'}"
    return ""


def _nodes_of(pods: _Pods, node: _Node, gpus: int | None) -> int:
    """Return how many nodes pods of a template need by their devices."""
    per_node = [node.has[name] // need for name, need in pods.asks.items() if "/" in name and need and name in node.has]
    if gpus:
        most = next((node.has[name] for name in GPUS if name in node.has), 0)
        per_node.append(most // (gpus * pods.working))
    return -(-pods.count // max(1, min(per_node))) if per_node else 0


def _undecided(where: str, fit: _Fit, decisions: Decisions) -> str:
    """Return what is to be said of an object for which no pool is the only one."""
    cluster = decisions.cluster.name
    if fit.able:
        pools = ", ".join(f"{name} ({decisions.sizes[name].name})" for name in fit.able)
        return (
            f"{where} may run in {len(fit.able)} node pools of cluster {cluster}, and each is a fabric of its own; choose one "
            f"with --pool: {pools}"
        )
    out = "; ".join(f"{name} ({decisions.sizes[name].name}): {why}" for name, why in fit.out.items())
    return f"{where} can run in no node pool of cluster {cluster} ({out}); change what it asks for, or choose one with --pool"
