"""On which nodes a pod runs: selection, tolerations, and one fabric for all pods of a workload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.scheduling import REQUIRED, Taint, toleration_of
from aksrdma.workloads.inject.edits import Cursor, Report
from aksrdma.workloads.inject.intent import Injection

FABRIC_LABEL: Final = "aksrdma.dev/fabric"
"""Label of the pods that are to be in one node pool; its value names their workload."""
_POOL, _OLD_POOL = AGENT_POOL
_LABEL_LENGTH: Final = 63


def select_nodes(pod: Cursor, injection: Injection, report: Report) -> None:
    """Add the node selector and the tolerations to a pod's spec.

    Raises:
        MalformedError: `nodeSelector` is no mapping, or `tolerations` no list of mappings.
    """
    _other_nodes(pod, injection, report)
    selector = pod.mapping("nodeSelector")
    for label, value in injection.node_selector.items():
        if selector.data.setdefault(label, value) != value:
            report.conflict(
                (*selector.path, label),
                f"selects {label}: {selector.data[label]}, where {value!r} is to be",
                "take the line out, or choose another pool",
            )
    given = [toleration_of(one.data) for one in pod.items("tolerations") if one.data.get("tolerationSeconds") is None]
    for wanted in injection.tolerations:
        taint = Taint(*(str(wanted.get(key) or "") for key in ("key", "value", "effect")))
        if not any(one.tolerates(taint) for one in given):
            pod.append("tolerations", dict(wanted))


def keep_to_one_fabric(template: Cursor, fabric: str, path: tuple[str, ...] = ("spec",)) -> None:
    """Require that a pod is in the node pool of the other pods of its workload, unless that is so already.

    Args:
        template: the pod template; its pods get a label by which they find each other.
        fabric: value of the label.
        path: where the template has the pod's spec.

    Raises:
        MalformedError: labels or affinity are no mappings, or the terms no list.
    """
    pod = template.mapping(*path)
    terms = pod.at("affinity", "podAffinity", REQUIRED)
    keys = [term.get("topologyKey") for term in terms if isinstance(term, dict)] if isinstance(terms, list) else []
    if _pinned(pod) or not set(AGENT_POOL).isdisjoint(keys):
        return
    template.mapping("metadata", "labels").data[FABRIC_LABEL] = fabric
    term = {"labelSelector": {"matchLabels": {FABRIC_LABEL: fabric}}, "topologyKey": _POOL}
    pod.mapping("affinity", "podAffinity").append(REQUIRED, term)


def fabric_of(data: Mapping[str, Any]) -> str:
    """Return the label value for the pods of an object: its kind and name, cut to what a label takes."""
    metadata = Cursor(dict(data))
    name = metadata.at("metadata", "name") or metadata.at("metadata", "generateName") or ""
    return f"{str(data.get('kind')).lower()}-{name}"[:_LABEL_LENGTH].rstrip("-._")


def _other_nodes(pod: Cursor, injection: Injection, report: Report) -> None:
    selected = pod.at("nodeSelector", _OLD_POOL)
    if injection.pool and selected not in (None, injection.pool):
        _refuse(report, (*pod.path, "nodeSelector", _OLD_POOL), f"pool {selected}", f"pool {injection.pool}")
    for label in INSTANCE_TYPE:
        size = pod.at("nodeSelector", label)
        if isinstance(size, str) and size.casefold() != injection.vm_size.name.casefold():
            _refuse(report, (*pod.path, "nodeSelector", label), f"VM size {size}", injection.vm_size.name)
    terms = list(_required_terms(pod))
    if injection.pool and terms and not any(_admits(term, injection.pool) for term in terms):
        path = (*pod.path, "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
        _refuse(report, path, f"pools other than {injection.pool}", f"pool {injection.pool}")


def _refuse(report: Report, path: tuple[Any, ...], theirs: str, ours: str) -> None:
    report.conflict(path, f"selects {theirs}, and {ours} is to be", "take it out, or choose what it selects")


def _required_terms(pod: Cursor) -> Iterator[Mapping[str, Any]]:
    terms = pod.at("affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
    yield from (term for term in terms if isinstance(term, dict)) if isinstance(terms, list) else ()


def _pool_expressions(term: Mapping[str, Any]) -> Iterator[tuple[Any, list[Any]]]:
    expressions = term.get("matchExpressions")
    for one in expressions if isinstance(expressions, list) else ():
        if isinstance(one, dict) and one.get("key") in AGENT_POOL:
            values = one.get("values")
            yield one.get("operator"), values if isinstance(values, list) else []


def _admits(term: Mapping[str, Any], pool: str) -> bool:
    operators = {"In": True, "NotIn": False}
    return all((pool in values) == operators.get(op, pool in values) for op, values in _pool_expressions(term))


def _pinned(pod: Cursor) -> bool:
    """Whether every node that the pod can run on is in one pool."""
    if any(pod.at("nodeSelector", label) for label in AGENT_POOL):
        return True
    pools = [
        {value for op, values in _pool_expressions(term) if op == "In" and len(values) == 1 for value in values}
        for term in _required_terms(pod)
    ]
    return bool(pools) and all(pools) and len(set().union(*pools)) == 1
