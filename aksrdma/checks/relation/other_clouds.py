"""Manifests that were written for another cloud: what they ask for that no AKS node has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma import catalog
from aksrdma.catalog import OtherCloud
from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.environment import said, settings
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.labels import GPUS, INSTANCE_TYPE
from aksrdma.kube.scheduling import PREFERRED, REQUIRED
from aksrdma.kube.values import items, mapping, sequence, step, text, texts

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_RULE: Final = "other-cloud-leftover"
_AZURE: Final = ".azure.com/"
"""In the labels that only nodes of Azure have."""
_NEEDS_LABEL: Final = ("Exists", "Gt", "In", "Lt")
"""What affinity asks of a label that a node without it does not meet."""
_LISTED: Final = 2
"""Values of a label that a message names."""
_OF_NODES: Final = ("label", "instance type")


class _Mark(NamedTuple):
    """A mark of another cloud in a pod."""

    row: OtherCloud
    word: str
    path: FieldPath
    binding: bool = True
    """Whether the pod cannot do without it."""


@rule(_RULE, kinds=WORKLOADS)
def leftovers(manifests: ManifestSet) -> Iterator[Problem]:
    """Find what only another cloud has in pods that go to AKS, or that ask for GPUs or RDMA."""
    resources = manifests.derived(Resources)
    pods = pods_of(manifests)
    on_aks = (
        manifests.cluster is not None
        or bool(manifests.vm_sizes or resources.exposed)
        or any(_AZURE in key for pod in pods for key in pod.placement.keys)
    )
    for pod in pods:
        if not (on_aks or resources.names_in(pod) or _asks_for_devices(pod)):
            continue
        found: dict[OtherCloud, list[_Mark]] = {}
        for mark in (*_of_nodes(pod), *_of_pod(pod), *_of_containers(pod)):
            found.setdefault(mark.row, []).append(mark)
        for row, marks in found.items():
            yield _problem(row, marks, pod, manifests)


def _asks_for_devices(pod: PodView) -> bool:
    return any(
        one.claims or any(name in GPUS or catalog.other_cloud("resource", name) for name in one.amounts)
        for one in pod.containers
    )


def _of_nodes(pod: PodView) -> Iterator[_Mark]:
    """Yield marks in what the pod wants of its node; a term of affinity binds where no other one can be met."""
    for key, value in mapping(pod.spec.get("nodeSelector")).items():
        row = _of_requirement(key, "In", [text(value)])
        if row is not None:
            yield _Mark(row, _said(key, [text(value)]), pod.at("nodeSelector", key))
    base = ("affinity", "nodeAffinity")
    marked: list[list[_Mark]] = []
    for at, term in items(
        step(pod.spec, (*base, REQUIRED, "nodeSelectorTerms")), (*base, REQUIRED, "nodeSelectorTerms")
    ):
        marked.append(list(_of_term(pod, at, term, binding=True)))
    binding = all(marked)
    yield from (mark._replace(binding=binding) for marks in marked for mark in marks)
    for at, one in items(step(pod.spec, (*base, PREFERRED)), (*base, PREFERRED)):
        yield from _of_term(pod, (*at, "preference"), mapping(one.get("preference")), binding=False)


def _of_term(pod: PodView, at: FieldPath, term: dict[str, object], *, binding: bool) -> Iterator[_Mark]:
    for path, one in items(term.get("matchExpressions"), (*at, "matchExpressions")):
        key, values = text(one.get("key")), texts(one.get("values"))
        row = _of_requirement(key, text(one.get("operator")), values)
        if row is not None:
            yield _Mark(row, _said(key, values), (*pod.path, *path), binding)


def _of_requirement(key: str, operator: str, values: list[str]) -> OtherCloud | None:
    """Return the mark of what is asked of a label, of which no AKS node has what is asked."""
    if key in INSTANCE_TYPE:
        rows = [catalog.other_cloud("instance type", value) for value in values] if operator == "In" else []
        return rows[0] if rows and None not in rows else None
    return catalog.other_cloud("label", key) if operator in _NEEDS_LABEL else None


def _said(key: str, values: list[str]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return f"{key}: {', '.join(values[:_LISTED])}{more}" if values else key


def _of_pod(pod: PodView) -> Iterator[_Mark]:
    """Yield marks among the annotations and volumes of a pod."""
    for key in pod.template.annotations:
        if row := catalog.other_cloud("annotation", key):
            yield _Mark(row, f"the annotation {key}", (*pod.template.path, "metadata", "annotations", key))
    for at, volume in items(pod.spec.get("volumes"), ("volumes",)):
        folder = text(step(volume, ("hostPath", "path"))).rstrip("/")
        if row := catalog.other_cloud("host path", folder):
            yield _Mark(row, f"the node's {folder}", (*pod.path, *at, "hostPath", "path"))


def _of_containers(pod: PodView) -> Iterator[_Mark]:
    """Yield marks among the resources, the variables and the commands of a pod's containers."""
    for container in pod.containers:
        for name, amount in container.amounts.items():
            if row := catalog.other_cloud("resource", name):
                yield _Mark(row, name, amount.path)
        names = said(container.data)
        named = any(name in names for name in _variables())
        for one in settings(container.data, container.path, lambda _: None) if named else ():
            word = f"{one.name}={one.value}"
            if one.value is not None and (row := catalog.other_cloud("variable", word)):
                yield _Mark(row, word, one.path)
        for key in ("command", "args"):
            for index, word in enumerate(sequence(container.data.get(key))):
                if row := catalog.other_cloud("command", text(word)):
                    yield _Mark(row, row.mark, (*container.path, key, index))


@cache
def _variables() -> tuple[str, ...]:
    """Return how the names of variables begin that have a mark: without one, no script need be read."""
    return tuple(
        row.mark.partition("=")[0].partition("*")[0] for row in catalog.other_clouds() if row.place == "variable"
    )


def _problem(row: OtherCloud, marks: list[_Mark], pod: PodView, manifests: ManifestSet) -> Problem:
    """Tell of all marks of a pod that say the same, at the first."""
    first = next((one for one in marks if one.binding), marks[0])
    more = len({one.word for one in marks}) - 1
    others = f" (and {more} more of the kind)" if more else ""
    # A DaemonSet makes no pod for a node that it does not want, so that none is Pending.
    binds = row.breaks and first.binding and not (pod.document.kind == "DaemonSet" and row.place in _OF_NODES)
    does = row.does if binds or not row.breaks else row.does.partition(", so ")[0]
    what = f"the script {first.word}" if row.place == "command" else first.word
    message = f"{what}{others} is of {row.cloud} and {does}"
    severity: Severity = "warning" if binds else "info"
    return Problem(_RULE, first.path, message, _fix(row, manifests), severity=severity, document=pod.document)


def _fix(row: OtherCloud, manifests: ManifestSet) -> str:
    """Return what to write for AKS: what the set or the options say themselves goes before what the row has."""
    if row.place == "resource":
        served = manifests.derived(Resources).wanted()
        return f"ask for {served[0] if served else row.instead} instead, which the device plugin of the cluster offers"
    if row.place == "instance type":
        size = next(iter(manifests.vm_sizes), row.instead)
        return (
            f"write {INSTANCE_TYPE[0]}: {size} instead" if size else "write the VM size of your AKS node pool instead"
        )
    return f"write {row.instead} instead" if row.instead else "take it out"
