"""Networks that pods ask for, against those of the set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.views import NetworkReference, networks_annotation
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import DEFAULT_NAMESPACE, Facts, facts_of
from aksrdma.checks.relation.facts_views import SecondaryNetwork
from aksrdma.checks.relation.pods_kinds import CLUSTER_RUNTIME
from aksrdma.checks.relation.pods_resources import resources_of
from aksrdma.checks.relation.pods_view import PodView, pods_of
from aksrdma.findings import Problem, Severity
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

OTHER_NETWORKS: Final = frozenset(
    {"OVSNetwork", "SriovIBNetwork", "SriovNetwork", "SpiderMultusConfig", "MultiNicNetwork"}
)
"""Kinds of other operators that make NetworkAttachmentDefinitions."""


@rule(
    "network-annotation-unknown-network",
    "network-annotation-wrong-namespace",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    },
)
def references(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks that pods ask for and that are not there, or not where Multus looks for them."""
    facts = facts_of(manifests)
    if not facts.all_networks or manifests.unknown_kinds & OTHER_NETWORKS:
        return
    for pod in pods_of(manifests):
        for reference in _references(pod):
            yield from _judge(pod, reference, facts)


def _references(pod: PodView) -> tuple[NetworkReference, ...]:
    # The annotation of a TrainJob's pods stands on its runtime, which is judged itself.
    return networks_annotation(pod.template) if pod.trainer is None else ()


def _judge(pod: PodView, reference: NetworkReference, facts: Facts) -> Iterator[Problem]:
    named = facts.networks_by_name.get(reference.name, [])
    if not named:
        yield _unknown(pod, reference, facts)
    elif pod.document.kind == CLUSTER_RUNTIME and not reference.namespace:
        return
    else:
        namespace = reference.namespace or pod.document.namespace or DEFAULT_NAMESPACE
        if namespace not in {network.namespace for network in named}:
            yield _elsewhere(pod, reference, namespace, named[0])


def _unknown(pod: PodView, reference: NetworkReference, facts: Facts) -> Problem:
    message = f"no network of the set is named {reference.name!r}, so the pod stays in ContainerCreating"
    near = nearest(reference.name, facts.networks_by_name)
    fix = f"write {near[0]}, or add the network" if near else None
    return Problem("network-annotation-unknown-network", _place(reference, "name"), message, fix, document=pod.document)


def _elsewhere(pod: PodView, reference: NetworkReference, namespace: str, network: SecondaryNetwork) -> Problem:
    where = f"{network.document.kind} {reference.name} is in namespace {network.namespace}"
    fix = f"write {network.namespace}/{reference.name}, or move the network to {namespace}"
    if reference.namespace:
        message = f"{where} and not in {namespace}, so the pod stays in ContainerCreating"
        place = _place(reference, "namespace")
        return Problem("network-annotation-unknown-network", place, message, fix, document=pod.document)
    if pod.document.namespace:
        message = f"{where}, and Multus looks for a bare name in that of the pod, {namespace}"
        severity: Severity | None = None
    else:
        message = f"{where}, and the pod names no namespace: it works only where it is applied to {network.namespace}"
        severity = "warning"
    return Problem(
        "network-annotation-wrong-namespace",
        _place(reference, "name"),
        message,
        fix,
        severity=severity,
        document=pod.document,
    )


def _place(reference: NetworkReference, key: str) -> tuple[str | int | None, ...]:
    return reference.element.at(key) if reference.element is not None else reference.path


@rule(
    "ipoib-pod-without-rdma-resource",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    },
)
def ipoib_without_rdma(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods on an IPoIB network that may lock memory for RDMA and take no RDMA device."""
    facts, resources = facts_of(manifests), resources_of(manifests)
    for pod in pods_of(manifests) if facts.all_networks else ():
        if pod.is_launcher or resources.names_in(pod) or not _on_ipoib(pod, facts):
            continue
        for container in pod.containers:
            path = None if container.privileged or container.claims else container.adds("IPC_LOCK")
            if path is not None:
                message = "the pod gets an IP address on InfiniBand, and IPC_LOCK without a device for RDMA"
                yield Problem("ipoib-pod-without-rdma-resource", path, message, document=pod.document)


def _on_ipoib(pod: PodView, facts: Facts) -> bool:
    if pod.spec.get("hostNetwork") is True:
        return False
    networks = (facts.network_of(pod.document, reference) for reference in _references(pod))
    return any(network is not None and network.document.kind == "IPoIBNetwork" for network in networks)
