"""A planned workload as text: one YAML stream, or a folder for kustomize."""

from __future__ import annotations

from collections.abc import Iterator

from aksrdma.plan import Planned
from aksrdma.rendering.tree import MARK, Tree
from aksrdma.workloads.jobs.planning import WorkloadPlan


def workload_stream(plan: WorkloadPlan) -> str:
    """Return the objects as one YAML stream, in the order in which to apply them."""
    documents = [planned.text for planned in plan.objects]
    return f"# {_header(plan)}\n" + "---\n".join(documents)


def workload_tree(plan: WorkloadPlan) -> Tree:
    """Return the files of a folder that `kubectl apply -k` takes."""
    header = _header(plan)
    files = dict(_files(plan))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(files),
    }
    named = {"kustomization.yaml": Planned(kustomization)} | files
    return Tree({path: f"# {header}\n{one.text}" for path, one in named.items()}, plan.notes)


def _files(plan: WorkloadPlan) -> Iterator[tuple[str, Planned]]:
    for planned in plan.objects:
        kind = str(planned.data["kind"]).lower()
        part = str(planned.data["metadata"]["name"]).removeprefix(plan.kind)
        yield f"{kind}{part}.yaml", planned


def _header(plan: WorkloadPlan) -> str:
    where = f"node pool {plan.target.pool.name}, " if plan.target.named else ""
    what = f"{where}{plan.target.size.name}, {plan.target.profile}"
    return f"{MARK}: workload {plan.kind} on {plan.nodes} nodes, {what}. The next render overwrites edits."
