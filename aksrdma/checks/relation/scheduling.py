"""Where RDMA pods go: all of a job into one pool, which InfiniBand does not leave, and only where the plugins run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.relation.policies import placement_of_policy, reached
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS, WORKLOADS
from aksrdma.kube.labels import AGENT_POOL, NVIDIA_GPU
from aksrdma.kube.scheduling import EVICTING, Taint, Toleration, toleration_of
from aksrdma.kube.train_jobs import RUNTIMES
from aksrdma.kube.values import items, mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster, NodePool
    from aksrdma.documents import Document

_TOPOLOGIES: Final = (
    "kueue.x-k8s.io/podset-required-topology",
    "leaderworkerset.sigs.k8s.io/exclusive-topology",
)
"""Annotations that name the label whose one value all pods of a group must share."""
_NOT_ONE_JOB: Final = RUNTIMES | {"DaemonSet", "Pod"}
"""Kinds whose pods do not work on one thing together."""
_ON_NODES: Final = ("ofedDriver", "rdmaSharedDevicePlugin", "sriovDevicePlugin")
"""Sections of a policy without whose pods a node has no RDMA."""
_NOT_OF_POOLS: Final = ("CriticalAddonsOnly", "node-role.kubernetes.io/", "node.kubernetes.io/")
"""Taints that Kubernetes sets by itself, or that are on nodes without RDMA."""


@rule("rdma-job-not-pinned-to-one-pool", kinds=WORKLOADS)
def not_pinned(manifests: ManifestSet) -> Iterator[Problem]:
    """Find workloads with several RDMA pods that may end up in several pools."""
    resources = manifests.derived(Resources)
    jobs: dict[int, list[PodView]] = defaultdict(list)
    for pod in pods_of(manifests):
        if pod.complete and pod.document.kind not in _NOT_ONE_JOB and resources.names_in(pod):
            jobs[id(pod.document)].append(pod)
    for pods in jobs.values():
        replicas = sum(pod.replicas for pod in pods)
        if replicas < 2:
            continue
        loose = next((pod for pod in pods if not _is_pinned(pod, manifests)), None)
        if loose is not None:
            message = f"{replicas} RDMA pods may land in several node pools, between which there is no InfiniBand"
            yield Problem("rdma-job-not-pinned-to-one-pool", loose.path, message, document=loose.document)
            continue
        chosen = {name for pod in pods for name in pod.placement.accepted(AGENT_POOL) or ()}
        if len(chosen) > 1:
            message = (
                f"the RDMA pods are in the pools {', '.join(sorted(chosen))}, between which there is no InfiniBand"
            )
            yield Problem("rdma-job-not-pinned-to-one-pool", pods[0].path, message, document=pods[0].document)


def _is_pinned(pod: PodView, manifests: ManifestSet) -> bool:
    names = pod.placement.accepted(AGENT_POOL)
    if names is not None and len(names) == 1:
        return True
    cluster = manifests.cluster
    if cluster is not None and cluster.node_pools:
        pools = [pool for pool in pod.pools(cluster) if not catalog.for_general_use(pool.vm_size)]
        if len(pools) <= 1:
            return True
    own = mapping(pod.document.value(("metadata", "annotations")))
    return pod.is_beside_others(AGENT_POOL) or _names_pool(own) or _names_pool(pod.template.annotations)


def _names_pool(annotations: Mapping[str, object]) -> bool:
    return any(annotations.get(key) in AGENT_POOL for key in _TOPOLOGIES)


@rule("tolerations-miss-gpu-taint", kinds=WORKLOADS | POLICY_KINDS)
def missed_taints(manifests: ManifestSet) -> Iterator[Problem]:
    """Find taints of RDMA nodes on which the driver and the device plugin that serves them cannot run."""
    seen: set[tuple[int, str, str]] = set()
    for policy, taint, pools in _untolerated(manifests):
        seen.add((id(policy), taint.key, taint.value))
        places = f"the pool {pools[0]} has" if len(pools) == 1 else f"the pools {', '.join(pools)} have"
        message = f"{places} the taint {taint}, which the policy does not tolerate: neither driver nor device plugin run there"
        fix = f"add {taint.toleration} to spec.tolerations"
        path = ("spec", "tolerations")
        yield Problem("tolerations-miss-gpu-taint", path, message, fix, severity="error", document=policy)
    resources = manifests.derived(Resources)
    chosen = {
        id(one.document): placement_of_policy(one).accepted(AGENT_POOL) for one in manifests.derived(Installed).policies
    }
    for pod in pods_of(manifests) if resources.exposed else ():
        serving = [one.document for name in sorted(pod.resources) for one in resources.exposed.get(name, ())]
        names = pod.placement.accepted(AGENT_POOL)
        for policy in {id(document): document for document in serving if document.kind in POLICY_KINDS}.values():
            served = chosen.get(id(policy))
            if served is not None and names is not None and served.isdisjoint(names):
                continue  # a policy for the nodes of another pool
            own = [toleration_of(one) for _, one in items(policy.value(("spec", "tolerations")), ())]
            for wanted in _taints(pod, manifests.cluster):
                key = (id(policy), wanted.key, wanted.value)
                if key not in seen and not any(one.covers(wanted) for one in own):
                    seen.add(key)
                    taint_text = f"{wanted.key}={wanted.value}" if wanted.value else wanted.key
                    effect = f":{wanted.effect}" if wanted.effect else ""
                    message = (
                        f"{pod.document.label} tolerates the taint {taint_text}{effect} and this policy "
                        "does not, so neither driver nor device plugin reach such a node"
                    )
                    yield Problem("tolerations-miss-gpu-taint", ("spec", "tolerations"), message, document=policy)


def _untolerated(manifests: ManifestSet) -> Iterator[tuple[Document, Taint, list[str]]]:
    """Yield the taints of the cluster file's pools that a policy for their nodes does not tolerate, with the pools.

    Policies of one name are layers that are applied one over the other: what one of them tolerates, all do.
    """
    pools = manifests.cluster.node_pools if manifests.cluster is not None else ()
    tainted: dict[Taint, list[NodePool]] = defaultdict(list)
    for pool in pools:
        for text in pool.taints:
            pair, _, effect = text.rpartition(":")
            key, _, value = pair.partition("=")
            if effect in EVICTING and key != NVIDIA_GPU and not key.startswith(_NOT_OF_POOLS):
                tainted[Taint(key, value, effect)].append(pool)
    layers: dict[tuple[str, str], list[Policy]] = defaultdict(list)
    for policy in manifests.derived(Installed).policies if tainted else ():
        layers[policy.document.kind, policy.document.name].append(policy)
    for policies in layers.values():
        first = next((policy for policy in policies if any(policy.section(one) is not None for one in _ON_NODES)), None)
        if first is None:
            continue
        own = [toleration_of(one) for policy in policies for _, one in items(policy.spec.get("tolerations"), ())]
        sizes = {size.name.lower() for size in reached(first, manifests)}
        chosen = placement_of_policy(first).accepted(AGENT_POOL)
        for taint, its_pools in tainted.items():
            missed = [
                pool.name
                for pool in its_pools
                if pool.vm_size.lower() in sizes and (chosen is None or pool.name in chosen)
            ]
            if missed and not any(one.tolerates(taint) for one in own):
                yield first.document, taint, missed


def _taints(pod: PodView, cluster: Cluster | None) -> Iterator[Toleration]:
    """Yield the tolerations of a pod that stand for a taint of its nodes."""
    keys: set[str] | None = None
    if cluster is not None and cluster.node_pools:
        taints = [taint for pool in pod.pools(cluster) for taint in pool.taints]
        keys = {taint.partition(":")[0].partition("=")[0] for taint in taints}
    for toleration in pod.placement.tolerations:
        # The operator's own DaemonSets tolerate the GPU taint whatever the policy says.
        if not toleration.key or toleration.key == NVIDIA_GPU or toleration.key.startswith(_NOT_OF_POOLS):
            continue
        if toleration.effect in ("", *EVICTING) and (keys is None or toleration.key in keys):
            yield toleration
