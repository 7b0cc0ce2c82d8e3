"""What other programs of the cluster do to RDMA workloads: Kueue, which admits them, and service meshes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import DEFAULT_NAMESPACE, on_host_network
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.checks.relation.variables import carries
from aksrdma.findings import Problem
from aksrdma.kube.kinds import WORKLOADS, kind_of
from aksrdma.kube.labels import GPUS
from aksrdma.kube.service_meshes import MESHES
from aksrdma.kube.templates import pod_templates
from aksrdma.kube.train_jobs import RUNTIMES
from aksrdma.kube.values import items, mapping, text, texts

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_KUEUE: Final = "kueue.x-k8s.io/"
_QUEUE: Final = "kueue.x-k8s.io/queue-name"
"""Label with the name of the LocalQueue: pkg/controller/constants/constants.go of kubernetes-sigs/kueue v0.19.2."""
_DEFAULT: Final = "default"
"""The LocalQueue of jobs that name none, where their namespace has one of this name."""
_GET_DEFAULT: Final = frozenset(
    {"batch", "jobset.x-k8s.io", "kubeflow.org", "ray.io", "trainer.kubeflow.org", "workload.codeflare.dev"}
)
"""Groups whose jobs get that one: pkg/controller/jobframework/defaults.go of kubernetes-sigs/kueue v0.19.2, from v0.12 on."""
_IGNORING: Final = ("excludeResourcePrefixes", "IgnoreUndeclared")
"""Words of a configuration of Kueue by which it may not count what a queue does not cover."""


@rule("kueue-queue-without-rdma", kinds={"ClusterQueue"})
def uncovered(manifests: ManifestSet) -> Iterator[Problem]:
    """Find RDMA resources that workloads of a queue ask for and that the ClusterQueue does not cover."""
    queues = {one.name: one for one in _of_kueue(manifests, "ClusterQueue")}
    local = {
        (one.namespace or DEFAULT_NAMESPACE, one.name): text(one.value(("spec", "clusterQueue")))
        for one in _of_kueue(manifests, "LocalQueue")
    }
    configs = (*manifests.by_kind.get("ConfigMap", ()), *manifests.unknown_by_kind.get("Configuration", ()))
    if any(document.mentions(word) for document in configs for word in _IGNORING):
        return
    resources = manifests.derived(Resources)
    asked: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for pod in (*pods_of(manifests), *_wrapped(manifests)):
        labels = {**pod.template.labels, **mapping(pod.document.value(("metadata", "labels")))}
        queue = text(labels.get(_QUEUE)) or _default_queue(pod.document)
        name = local.get((pod.document.namespace or DEFAULT_NAMESPACE, queue))
        for resource in resources.names_in(pod) if name in queues else ():
            asked[str(name), resource].append(pod.document)
    for (name, resource), workloads in asked.items():
        groups = list(items(queues[name].value(("spec", "resourceGroups")), ("spec", "resourceGroups")))
        if any(resource in texts(group.get("coveredResources")) for _, group in groups):
            continue
        path = (*groups[0][0], "coveredResources") if groups else ("spec",)
        others = len({id(one) for one in workloads}) - 1
        more = f" and {others} more" if others else ""
        message = (
            f"{workloads[0].label}{more} asks for {resource}, which no resource group covers: Kueue never admits it"
        )
        prefix = f"{resource.partition('/')[0]}/"
        fix = f"add {resource} to coveredResources with a quota in each flavor, or {prefix} to excludeResourcePrefixes of Kueue"
        yield Problem("kueue-queue-without-rdma", path, message, fix, document=queues[name])


def _default_queue(document: Document) -> str:
    row = kind_of(document.api_version, document.kind)
    return _DEFAULT if row is not None and row.group in _GET_DEFAULT and row.kind not in RUNTIMES else ""


def _of_kueue(manifests: ManifestSet, kind: str) -> list[Document]:
    return [one for one in manifests.unknown_by_kind.get(kind, ()) if one.api_version.startswith(_KUEUE)]


def _wrapped(manifests: ManifestSet) -> Iterator[PodView]:
    """Yield the pods of what others wrap, which are queued by the labels of the wrapper."""
    for document in manifests.unknown:
        for template in pod_templates(document.data) if document not in manifests.templates else ():
            yield PodView(document, template)


@rule("mesh-proxy-on-rdma-pod", kinds=WORKLOADS)
def in_a_mesh(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods of MPI, of NCCL on several nodes, and such as ask for RDMA, that a service mesh takes in."""
    resources, rule_id = manifests.derived(Resources), "mesh-proxy-on-rdma-pod"
    namespaces = {one.name: mapping(one.data.get("metadata")) for one in manifests.by_kind.get("Namespace", ())}
    for pod in pods_of(manifests):
        name = pod.document.namespace or DEFAULT_NAMESPACE
        own: Any = mapping(pod.template.data.get("metadata"))
        found = ((mesh, mesh.takes(namespaces.get(name, {}), own)) for mesh in MESHES)
        mesh, sign = next(((one, sign) for one, sign in found if sign), (None, None))
        # Of a pod in the network of its node no mesh changes anything.
        if mesh is None or on_host_network(pod.template):
            continue
        if pod.document.kind != "MPIJob" and not resources.names_in(pod) and not _meets_by_nccl(pod):
            continue
        where, key, value = mesh.out
        by = "the pod's" if mesh.takes({}, own) else f"namespace {name}'s"
        message = (
            f"{mesh.name} takes the pods in by {by} {sign}, and its proxy stands before the TCP connections by which "
            "MPI and NCCL meet"
        )
        fix = f'add the {where.removesuffix("s")} {key}: "{value}" to the pod template'
        path = (*pod.template.path, "metadata", where, key)
        yield Problem(rule_id, path, message, fix, document=pod.document)


def _meets_by_nccl(pod: PodView) -> bool:
    """Say whether several pods of one job have GPUs and show that NCCL joins them; replicas of a server are no job."""
    row = kind_of(pod.document.api_version, pod.document.kind)
    is_job = row is not None and (not row.builtin or row.group == "batch")
    if not is_job or not pod.template.works or pod.replicas < 2 or pod.resources.isdisjoint(GPUS):
        return False
    named = [text(one.get("name")) for box in pod.containers for _, one in items(box.data.get("env"), ())]
    return carries("NCCL", (box.data for box in pod.containers), named)
