"""Pods of our own: an example a profile, which fails where no InfiniBand device is open to it, and the peermem loader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aksrdma import catalog, models
from aksrdma.cluster import Toleration
from aksrdma.findings import FieldPath
from aksrdma.kube.labels import ACCELERATOR, AGENT_POOL, GPUS, NETWORKS, NIC_LABEL
from aksrdma.plan.decisions import Decisions, PoolDecisions
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.policy import tolerations

GPU_NAMESPACE: Final = "gpu-resources"
"""Namespace of the DaemonSets for GPUs whose driver AKS installs; upstream's (configs/nvidia-peermem-reloader)."""
_PORTS: Final = "ibv_devinfo | tee /dev/stderr | grep -q 'state:.*PORT_ACTIVE'"
_COMMAND: Final = f"set -e; {_PORTS}; ulimit -l; sleep infinity"
_IPOIB_COMMAND: Final = f"set -e; ip addr show net1; {_PORTS}; sleep infinity"
_GUIDE: Final = "Azure/aks-rdma-infiniband website/docs/configurations/01-network-operator.md"
_CONTAINER: Final[FieldPath] = ("spec", "containers", 0)
_LOCKS: Final = Reason("Without IPC_LOCK the container may lock 64 KiB and ibv_reg_mr fails.", _GUIDE)


def example_pod(decisions: Decisions, profile: str) -> Planned:
    """Return the example pod of a profile; it takes what the first node pool with it has to give."""
    pool = decisions.first_pool(profile)
    name, size = decisions.resource_name(profile), pool.size if pool else None
    if name is None:
        why = Reason(
            "With the driver alone, /dev/infiniband is open to privileged containers only: for tests, not for "
            "production.",
            _GUIDE,
        )
        pod = _pod(decisions, pool, models.ObjectMeta(name="rdma-driver-only"), _COMMAND, {})
        return Planned(pod, {(*_CONTAINER, "securityContext"): why})
    if profile == "ipoib":
        asked = decisions.cluster.ipoib
        metadata = models.ObjectMeta(
            name="rdma-ipoib",
            namespace=asked.namespace if asked.namespace != "default" else None,
            annotations={NETWORKS: asked.name},
        )
        net1 = Reason(
            "Adds the interface net1. A bare name is looked up in the pod's own namespace.",
            "k8snetworkplumbingwg/multus-cni pkg/k8sclient/k8sclient.go",
        )
        reasons = _reasons("IPoIB alone gives an IP interface; the RDMA device comes from this.")
        return Planned(
            _pod(decisions, pool, metadata, _IPOIB_COMMAND, {name: 1}), {**reasons, ("metadata", "annotations"): net1}
        )
    gpu = size.gpu if size and pool and _has_gpus(pool) else None
    if profile == "sriov-device-plugin":
        nics = size.infiniband.nic_count if size else 1
        gpus: dict[str, int] = {gpu.resource: gpu.count} if gpu else {}
        words = f"All {nics} InfiniBand NICs" if nics > 1 else "One InfiniBand NIC"
        of_size = f" of {size.name}" if size else "; up to the number of the VM size"
        pod = _pod(decisions, pool, models.ObjectMeta(name="rdma-sriov"), _COMMAND, {name: nics, **gpus})
        return Planned(pod, _reasons(f"{words}{of_size}. One unit is one NIC."))
    gpus = {gpu.resource: 1} if gpu else {}
    pod = _pod(decisions, pool, models.ObjectMeta(name="rdma-shared"), _COMMAND, {name: 1, **gpus})
    return Planned(pod, _reasons("1 opens every InfiniBand NIC of the node; more would only use up slots."))


def _has_gpus(pool: PoolDecisions) -> bool:
    """Whether somebody that is known here advertises the GPUs of a pool; a pod that asks for others stays Pending."""
    return pool.drivers is not None and pool.drivers.device_plugin is not None


def _reasons(resources: str) -> dict[FieldPath, Reason]:
    return {(*_CONTAINER, "securityContext"): _LOCKS, (*_CONTAINER, "resources"): Reason(resources, _GUIDE)}


def _pod(
    decisions: Decisions,
    pool: PoolDecisions | None,
    metadata: models.ObjectMeta,
    command: str,
    resources: Mapping[str, float | int | str],
) -> models.Pod:
    """Return a pod of one container; without an extended resource it is privileged, and with GPUs it has /dev/shm."""
    gpus = not resources.keys().isdisjoint(GPUS)
    locked = models.SecurityContext(capabilities=models.Capabilities(add=["IPC_LOCK"]))
    container = models.Container(
        name="ibtools",
        image=catalog.pod_images()["ibtools"].reference,
        command=["/bin/bash", "-c", command],
        security_context=locked if resources else models.SecurityContext(privileged=True),
        resources=models.ResourceRequirements(requests=resources, limits=resources) if resources else None,
        volume_mounts=[models.VolumeMount(name="shm", mount_path="/dev/shm")] if gpus else None,
    )
    memory = models.EmptyDirVolumeSource(medium="Memory")
    spec = models.PodSpec(
        restart_policy="Never",
        node_selector={AGENT_POOL[0]: pool.name} if pool else {NIC_LABEL: "true"},
        tolerations=tolerations(decisions.tolerations_of([pool.pool])) if pool and pool.pool.taints else None,
        containers=[container],
        volumes=[models.Volume(name="shm", empty_dir=memory)] if gpus else None,
    )
    return models.Pod(metadata=metadata, spec=spec)


def module_loader(decisions: Decisions, pools: tuple[PoolDecisions, ...]) -> Planned:
    """Return the DaemonSet that loads what the inbox driver of pools leaves out and their device plugins ask for."""
    tolerated = decisions.tolerations_of([one.pool for one in pools])
    return _module_loader(decisions.cluster.operator_namespace, tolerated, tuple(one.name for one in pools))


@lru_cache(512)
def _module_loader(namespace: str, tolerated: tuple[Toleration, ...], pools: tuple[str, ...]) -> Planned:
    name, host = "infiniband-modules", "/host"
    load = "set -e; for module in ib_umad rdma_ucm; do chroot /host modprobe $module; done; touch /tmp/loaded; sleep infinity"
    container = models.Container(
        name=name,
        image=catalog.pod_images()["ubuntu"].reference,
        command=["/bin/bash", "-c", load],
        readiness_probe=models.Probe(exec=models.ExecAction(command=["test", "-e", "/tmp/loaded"]), period_seconds=5),
        security_context=models.SecurityContext(privileged=True),
        volume_mounts=[models.VolumeMount(name="host", mount_path=host)],
    )
    pod = models.PodSpec(
        tolerations=tolerations(tolerated) or None,
        affinity=_on_pools(AGENT_POOL[0], pools),
        priority_class_name="system-node-critical",
        containers=[container],
        volumes=[models.Volume(name="host", host_path=models.HostPathVolumeSource(path="/", type="Directory"))],
    )
    why = Reason(
        "The inbox driver loads neither ib_umad nor rdma_ucm by itself, and a device plugin leaves out NICs without them.",
        "NVIDIA/aicr recipes/components/network-operator/manifests/ib-node-config-aks.yaml; "
        "Mellanox/k8s-rdma-shared-dev-plugin pkg/resources/rdma_device_spec.go",
    )
    return Planned(_daemon_set(name, namespace, pod), {("spec",): why})


def _daemon_set(name: str, namespace: str, pod: models.PodSpec) -> models.DaemonSet:
    labels = {"name": name}
    return models.DaemonSet(
        metadata=models.ObjectMeta(name=name, namespace=namespace),
        spec=models.DaemonSetSpec(
            selector=models.LabelSelector(match_labels=labels),
            update_strategy=models.DaemonSetUpdateStrategy(type="RollingUpdate"),
            template=models.PodTemplateSpec(metadata=models.ObjectMeta(labels=labels), spec=pod),
        ),
    )


def _on_pools(key: str, values: tuple[str, ...]) -> models.Affinity:
    """Return the requirement that a node has one of some values of a label."""
    wanted = models.NodeSelectorRequirement(key=key, operator="In", values=values)
    nodes = models.NodeSelector(node_selector_terms=[models.NodeSelectorTerm(match_expressions=[wanted])])
    return models.Affinity(node_affinity=models.NodeAffinity(required_during_scheduling_ignored_during_execution=nodes))


def peermem_reloader(decisions: Decisions, pools: tuple[PoolDecisions, ...]) -> Planned:
    """Return the DaemonSet that loads nvidia-peermem again on pools where AKS, and not GPU Operator, installs its driver.

    Args:
        decisions: those of the cluster.
        pools: the pools that it is for; empty for a cluster without pools, which stands for any.
    """
    tolerated = decisions.tolerations_of([one.pool for one in pools])
    return _peermem_reloader(tolerated, _but_some(decisions, pools))


def _but_some(decisions: Decisions, pools: tuple[PoolDecisions, ...]) -> tuple[str, ...]:
    """Return the names of the pools where other pools have NVIDIA GPUs, too; empty where a DaemonSet is for all of these."""
    with_gpus = [one.name for one in decisions.per_pool if one.gpu_vendor == "nvidia"]
    names = tuple(one.name for one in pools)
    return names if len(names) < len(with_gpus) else ()


def _on_gpus(pools: tuple[str, ...]) -> models.Affinity:
    """Return the requirement that a node has NVIDIA GPUs: that it is of the pools, or of any, by the label that AKS gives."""
    return _on_pools(AGENT_POOL[0], pools) if pools else _on_pools(ACCELERATOR, ("nvidia",))


def nvidia_device_plugin(decisions: Decisions, pools: tuple[PoolDecisions, ...]) -> Planned:
    """Return the DaemonSet that advertises the GPUs of pools where AKS installs the driver and nothing else."""
    tolerated = decisions.tolerations_of([one.pool for one in pools])
    return _nvidia_device_plugin(decisions.release.name, tolerated, _but_some(decisions, pools))


@lru_cache(512)
def _nvidia_device_plugin(release: str, tolerated: tuple[Toleration, ...], pools: tuple[str, ...]) -> Planned:
    operator, name = catalog.gpu_operators()["nvidia"], "nvidia-device-plugin"
    images = catalog.operator_chart(operator.chart).references(operator.version_for(release))
    folder = "/var/lib/kubelet/device-plugins"
    container = models.Container(
        name=name,
        image=images["devicePlugin"],
        env=[models.EnvVar(name="FAIL_ON_INIT_ERROR", value="false")],
        security_context=models.SecurityContext(
            allow_privilege_escalation=False, capabilities=models.Capabilities(drop=["ALL"])
        ),
        volume_mounts=[models.VolumeMount(name="device-plugins", mount_path=folder)],
    )
    gpus = models.Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
    pod = models.PodSpec(
        tolerations=[gpus, *tolerations(tolerated)],
        affinity=_on_gpus(pools),
        priority_class_name="system-node-critical",
        containers=[container],
        volumes=[
            models.Volume(name="device-plugins", host_path=models.HostPathVolumeSource(path=folder, type="Directory"))
        ],
    )
    why = Reason(
        "AKS installs the driver and no device plugin; without one no node advertises nvidia.com/gpu.",
        "NVIDIA/k8s-device-plugin deployments/static/nvidia-device-plugin.yml",
    )
    return Planned(_daemon_set(name, GPU_NAMESPACE, pod), {("spec",): why})


@lru_cache(512)
def _peermem_reloader(tolerated: tuple[Toleration, ...], pools: tuple[str, ...]) -> Planned:
    name, load = "nvidia-peermem-reloader", "modprobe nvidia-peermem"
    probe = models.ExecAction(command=["/bin/bash", "-c", load])
    container = models.Container(
        name=f"{name}-ctr",
        image=catalog.pod_images()["ubuntu"].reference,
        command=["/bin/bash", "-xc", f'apt update && apt install -y kmod && {load} && echo "sleeping" && sleep inf'],
        startup_probe=models.Probe(
            exec=probe,
            initial_delay_seconds=10,
            failure_threshold=120,
            success_threshold=1,
            period_seconds=10,
            timeout_seconds=10,
        ),
        liveness_probe=models.Probe(
            exec=probe,
            initial_delay_seconds=30,
            failure_threshold=1,
            success_threshold=1,
            period_seconds=30,
            timeout_seconds=10,
        ),
        security_context=models.SecurityContext(privileged=True),
        volume_mounts=[models.VolumeMount(name="lib-modules", mount_path="/lib/modules", read_only=True)],
    )
    upstreams = models.Toleration(key="sku", operator="Equal", value="gpu", effect="NoSchedule")
    modules = models.HostPathVolumeSource(path="/lib/modules", type="Directory")
    pod = models.PodSpec(
        tolerations=tolerations(tolerated) or [upstreams],
        affinity=_on_gpus(pools),
        priority_class_name="system-node-critical",
        containers=[container],
        volumes=[models.Volume(name="lib-modules", host_path=modules)],
    )
    why = Reason(
        "The DOCA driver replaces ib_core while it loads; nvidia-peermem must be loaded again for GPUDirect RDMA.",
        "Azure/aks-rdma-infiniband configs/nvidia-peermem-reloader/ds.yaml",
    )
    return Planned(_daemon_set(name, GPU_NAMESPACE, pod), {("spec",): why})
