"""On which nodes a pod runs: selection, tolerations, and one fabric for all pods of a workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aksrdma.findings import FieldPath
from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.scheduling import REQUIRED, Taint, placement_of, toleration_of
from aksrdma.kube.values import items, mapping
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
    _refuse_other_nodes(pod, injection, report)
    selector = pod.mapping("nodeSelector")
    for label, value in injection.node_selector.items():
        if label not in selector.data:
            report.added("nodeSelector", f"{label}: {value}")
        if selector.data.setdefault(label, value) != value:
            report.conflict(
                (*selector.path, label),
                f"selects {label}: {selector.data[label]}, where {value!r} is to be",
                "take the line out, or choose another pool",
            )
    # One with tolerationSeconds ends, and a job may run longer.
    given = [toleration_of(one.data) for one in pod.items("tolerations") if one.data.get("tolerationSeconds") is None]
    for wanted in injection.tolerations:
        taint = Taint(*(str(wanted.get(key) or "") for key in ("key", "value", "effect")))
        if not any(one.tolerates(taint) for one in given):
            pod.append("tolerations", dict(wanted))
            report.added("toleration", f"of {taint}, which the nodes of the pool have")


def keep_to_one_fabric(template: Cursor, fabric: str, report: Report) -> None:
    """Require that a pod is in the node pool of the other pods of its workload, unless that is so already.

    Args:
        template: the pod template; its pods get a label by which they find each other.
        fabric: value of the label.
        report: takes what was added.

    Raises:
        MalformedError: labels or affinity are no mappings, or the terms no list.
    """
    pod = template.mapping("spec")
    pools = placement_of(pod.data).accepted(AGENT_POOL)
    terms = [term for _, term in items(pod.at("affinity", "podAffinity", REQUIRED), ())]
    if (pools and len(pools) == 1) or any(term.get("topologyKey") in AGENT_POOL for term in terms):
        return
    template.mapping("metadata", "labels").data[FABRIC_LABEL] = fabric
    term = {"labelSelector": {"matchLabels": {FABRIC_LABEL: fabric}}, "topologyKey": _POOL}
    pod.mapping("affinity", "podAffinity").append(REQUIRED, term)
    report.added("podAffinity", f"all its pods in one node pool, where InfiniBand ends, by the label {FABRIC_LABEL}")


def fabric_of(data: Mapping[str, Any]) -> str:
    """Return the label value for the pods of an object: its kind and name, cut to what a label takes."""
    metadata = mapping(data.get("metadata"))
    name = metadata.get("name") or metadata.get("generateName") or ""
    return f"{str(data.get('kind')).lower()}-{name}"[:_LABEL_LENGTH].rstrip("-._")


def _refuse_other_nodes(pod: Cursor, injection: Injection, report: Report) -> None:
    def refuse(path: FieldPath, theirs: str, ours: str) -> None:
        report.conflict(
            (*pod.path, *path), f"selects {theirs}, and {ours} is to be", "take it out, or choose what it selects"
        )

    selected = pod.at("nodeSelector", _OLD_POOL)
    if injection.pool and selected not in (None, injection.pool):
        refuse(("nodeSelector", _OLD_POOL), f"pool {selected}", f"pool {injection.pool}")
    for label in INSTANCE_TYPE:
        size = pod.at("nodeSelector", label)
        if isinstance(size, str) and size.casefold() != injection.vm_size.name.casefold():
            refuse(("nodeSelector", label), f"VM size {size}", injection.vm_size.name)
    terms = placement_of(pod.data).terms
    if injection.pool and terms:
        of_pools = [[one for one in term if one.key in AGENT_POOL] for term in terms]
        if not any(all(one.met_by(injection.pool) for one in term) for term in of_pools):
            path = ("affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
            refuse(path, f"pools other than {injection.pool}", f"pool {injection.pool}")
