"""What other programs of the cluster do to RDMA workloads: Kueue, which admits them, and service meshes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import DEFAULT_NAMESPACE, on_host_network
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.findings import Problem
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.service_meshes import MESHES
from aksrdma.kube.templates import pod_templates
from aksrdma.kube.values import items, mapping, text, texts

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_KUEUE: Final = "kueue.x-k8s.io/"
_QUEUE: Final = "kueue.x-k8s.io/queue-name"
"""Label with the name of the LocalQueue: pkg/controller/constants/constants.go of kubernetes-sigs/kueue v0.19.2."""
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
        name = local.get((pod.document.namespace or DEFAULT_NAMESPACE, text(labels.get(_QUEUE))))
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


def _of_kueue(manifests: ManifestSet, kind: str) -> list[Document]:
    return [one for one in manifests.unknown_by_kind.get(kind, ()) if one.api_version.startswith(_KUEUE)]


def _wrapped(manifests: ManifestSet) -> Iterator[PodView]:
    """Yield the pods of what others wrap, which are queued by the labels of the wrapper."""
    for document in manifests.unknown:
        for template in pod_templates(document.data) if document not in manifests.templates else ():
            yield PodView(document, template)


@rule("mesh-proxy-on-rdma-pod", kinds=WORKLOADS)
def in_a_mesh(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods of MPI, and such as ask for RDMA, that a service mesh takes in."""
    resources, rule_id = manifests.derived(Resources), "mesh-proxy-on-rdma-pod"
    namespaces = {one.name: mapping(one.data.get("metadata")) for one in manifests.by_kind.get("Namespace", ())}
    for pod in pods_of(manifests):
        if on_host_network(pod.template) or not (_is_of_mpi(pod) or resources.names_in(pod)):
            continue  # of a pod in the network of its node neither mesh changes anything
        name = pod.document.namespace or DEFAULT_NAMESPACE
        own: Any = mapping(pod.template.data.get("metadata"))
        for mesh in MESHES:
            sign = mesh.takes(namespaces.get(name, {}), own)
            if sign is None:
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
            break


def _is_of_mpi(pod: PodView) -> bool:
    return pod.document.kind == "MPIJob"
