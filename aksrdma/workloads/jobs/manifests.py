"""The manifests of a job: pods with every InfiniBand NIC of their node, the Job or MPIJob over them, Service, ConfigMaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import FieldPath
from aksrdma.kube import labels
from aksrdma.kube.scheduling import REQUIRED
from aksrdma.plan import Planned, Reason
from aksrdma.workloads.jobs.target import Target, Workload

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

LABEL: Final = "aksrdma.dev/workload"
"""Label of every pod of a workload; its value is the workload's name."""
ROLE: Final = "aksrdma.dev/role"
SCRIPTS: Final = Path(__file__).parent / "scripts"
"""What runs in the pods, as files of this package."""
_SCRIPTS_MOUNT: Final = "/opt/aksrdma"
_TOPOLOGY_MOUNT: Final = "/opt/nvidia-topology"
"""Where upstream mounts the topology file (Azure/aks-rdma-infiniband tests/scenarios)."""
_CATALOG: Final = "catalog workloads/jobs.yaml"
_GUIDE: Final = "Azure/aks-rdma-infiniband website/docs/configurations/01-network-operator.md"
_ONCE: Final = "A failure stays a failure: no second try hides it."
_CONTAINER: Final[FieldPath] = ("spec", "containers", 0)


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable and why it is what it is; the reason may be empty where the name says it."""

    name: str
    value: str
    why: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodParts:
    """What the pods of one workload have and those of another have not."""

    container: str
    script: str
    variables: Sequence[Variable]
    gpus: bool = False
    """Whether it takes the GPUs of its node."""
    topology: bool = False
    """Whether the topology file is mounted."""
    has_service: bool = False
    """Whether a headless Service gives each pod a name."""
    annotations: Mapping[str, str] | None = None
    ready_port: int | None = None
    """Port that has to answer before the pod counts as ready."""


def size_variables(size: VmSize) -> list[Variable]:
    """Return what a node has to have, as check-node.sh reads it."""
    nics = str(size.infiniband.nic_count)
    why = "Fewer InfiniBand devices on a node fail the job."
    return [Variable("VM_SIZE", size.name), Variable("NIC_COUNT", nics, why, "catalog vm-sizes")]


def service_variables(work: Workload) -> list[Variable]:
    """Return the names by which the pods of a Job find each other: pod `N` is `JOB_NAME-N.SERVICE`."""
    return [Variable("JOB_NAME", work.name), Variable("SERVICE", work.name)]


def worker(work: Workload, parts: PodParts) -> Planned:
    """Return the pod template of a pod that uses InfiniBand, one a node of the pool."""
    target = work.target
    container = _container(work, parts)
    if parts.ready_port:
        container["readinessProbe"] = {"tcpSocket": {"port": parts.ready_port}, "periodSeconds": 5}
    devices = target.rdma | (target.gpus if parts.gpus else {})
    container["resources"] = {"requests": {"cpu": "2", "memory": "4Gi"} | devices}
    if devices:
        container["resources"]["limits"] = dict(devices)
    container["securityContext"] = {"capabilities": {"add": ["IPC_LOCK"]}} if target.rdma else {"privileged": True}
    container["volumeMounts"].append({"name": "shm", "mountPath": "/dev/shm"})
    if parts.topology:
        container["volumeMounts"].append({"name": "topology", "mountPath": _TOPOLOGY_MOUNT, "readOnly": True})
    affinity = _size_affinity(target) | {"podAntiAffinity": _beside_workers(work, labels.HOSTNAME)}
    if not target.named:
        # The pool is not known, so all go where the first one went; kube-scheduler lets the first match itself.
        affinity["podAffinity"] = _beside_workers(work, labels.AGENT_POOL[0])
    return Planned(_template(work, parts, "worker", container, affinity), _worker_reasons(target, parts))


def launcher(work: Workload, parts: PodParts) -> Planned:
    """Return the pod template of a pod that only starts the others; it runs in their pool, so one image serves both."""
    container = _container(work, parts) | {"resources": {"requests": {"cpu": "50m", "memory": "128Mi"}}}
    template = _template(work, parts, "launcher", container, _size_affinity(work.target))
    return Planned(template, _variable_reasons(parts))


def job(work: Workload, template: Planned) -> Planned:
    """Return an Indexed Job with a pod a node."""
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "completions": work.nodes,
        "parallelism": work.nodes,
        "backoffLimit": 0,
        "activeDeadlineSeconds": work.facts.deadline_seconds,
        "template": template.data,
    }
    ends = "Also ends a job whose pods find no node with the devices."
    reasons: dict[FieldPath, Reason] = {
        ("spec", "backoffLimit"): Reason(_ONCE, _CATALOG),
        ("spec", "activeDeadlineSeconds"): Reason(ends, _CATALOG),
    }
    data = {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(work, work.name), "spec": spec}
    return Planned(data, reasons | _below(template, ("spec", "template")))


def mpi_job(work: Workload, launcher: Planned, worker: Planned) -> Planned:
    """Return an MPIJob whose workers are one a node; the launcher's exit code is that of the job."""
    deadline = work.facts.deadline_seconds
    spec: dict[str, Any] = {
        "slotsPerWorker": work.size.gpu.count if work.size.gpu else 1,
        "mpiImplementation": "OpenMPI",
        "sshAuthMountPath": "/root/.ssh",
        "launcherCreationPolicy": "WaitForWorkersReady",
        "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": 0, "activeDeadlineSeconds": deadline},
        "mpiReplicaSpecs": {
            "Launcher": {"replicas": 1, "restartPolicy": "Never", "template": launcher.data},
            "Worker": {"replicas": work.nodes, "restartPolicy": "Never", "template": worker.data},
        },
    }
    reasons: dict[FieldPath, Reason] = {
        ("spec", "slotsPerWorker"): Reason(f"One rank a GPU of {work.size.name}.", "catalog vm-sizes"),
        ("spec", "runPolicy", "backoffLimit"): Reason(_ONCE, _CATALOG),
    }
    reasons |= _below(launcher, ("spec", "mpiReplicaSpecs", "Launcher", "template"))
    reasons |= _below(worker, ("spec", "mpiReplicaSpecs", "Worker", "template"))
    data = {"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "metadata": _metadata(work, work.name)}
    return Planned(data | {"spec": spec}, reasons)


def service(work: Workload) -> Planned:
    """Return the headless Service that gives each pod of a Job a name."""
    spec = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {LABEL: work.name}}
    data = {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(work, work.name), "spec": spec}
    why = Reason("Pods are looked up while they start.", _CATALOG)
    return Planned(data, {("spec", "publishNotReadyAddresses"): why})


def config_map(work: Workload, part: str, texts: Mapping[str, str]) -> Planned:
    """Return the ConfigMap `NAME-PART` with texts by file name."""
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(work, f"{work.name}-{part}")}
    return Planned(data | {"data": dict(texts)})


def scripts(work: Workload, *names: str) -> Planned:
    """Return the ConfigMap with the scripts that the pods run."""
    return config_map(work, "scripts", {name: (SCRIPTS / name).read_text(encoding="utf-8") for name in names})


def _metadata(work: Workload, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}
    namespace = work.target.decisions.cluster.ipoib.namespace
    # Pods on IPoIB have to be where their network is.
    if work.target.profile == "ipoib" and namespace != "default":
        found["namespace"] = namespace
    return found | {"labels": {LABEL: work.name}}


def _below(planned: Planned, path: FieldPath) -> dict[FieldPath, Reason]:
    return {(*path, *inner): reason for inner, reason in planned.reasons.items()}


def _container(work: Workload, parts: PodParts) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": parts.container,
        "image": work.options.image or work.facts.image,
        "command": ["/bin/bash", f"{_SCRIPTS_MOUNT}/{parts.script}"],
    }
    if parts.variables:
        container["env"] = [{"name": one.name, "value": one.value} for one in parts.variables]
    container["volumeMounts"] = [{"name": "scripts", "mountPath": _SCRIPTS_MOUNT, "readOnly": True}]
    return container


def _template(
    work: Workload, parts: PodParts, role: str, container: dict[str, Any], affinity: dict[str, Any]
) -> dict[str, Any]:
    target = work.target
    metadata: dict[str, Any] = {"labels": {LABEL: work.name, ROLE: role}}
    if parts.annotations:
        metadata["annotations"] = dict(parts.annotations)
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    if parts.has_service:
        spec["subdomain"] = work.name
    if target.named:
        spec["nodeSelector"] = {labels.AGENT_POOL[0]: target.pool.name}
    if target.tolerations:
        spec["tolerations"] = target.tolerations
    spec["containers"] = [container]
    # One volume for each mount: a launcher, say, has no shared memory.
    volumes: dict[str, dict[str, Any]] = {
        "scripts": {"configMap": {"name": f"{work.name}-scripts"}},
        "shm": {"emptyDir": {"medium": "Memory"}},
        "topology": {"configMap": {"name": f"{work.name}-topology"}},
    }
    spec["volumes"] = [{"name": mount["name"]} | volumes[mount["name"]] for mount in container["volumeMounts"]]
    if affinity:
        spec["affinity"] = affinity
    return {"metadata": metadata, "spec": spec}


def _size_affinity(target: Target) -> dict[str, Any]:
    """Return the affinity to nodes of the VM size; a pool that has a name is selected by that."""
    if target.named:
        return {}
    names = list(dict.fromkeys([target.size.name, target.size.name.lower()]))
    size = {"key": labels.INSTANCE_TYPE[0], "operator": "In", "values": names}
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [size]}]}}}


def _beside_workers(work: Workload, topology_key: str) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": {LABEL: work.name, ROLE: "worker"}}, "topologyKey": topology_key}
    return {REQUIRED: [term]}


def _variable_reasons(parts: PodParts) -> dict[FieldPath, Reason]:
    explained = ((at, one) for at, one in enumerate(parts.variables) if one.why)
    return {(*_CONTAINER, "env", at): Reason(one.why, one.source) for at, one in explained}


def _worker_reasons(target: Target, parts: PodParts) -> dict[FieldPath, Reason]:
    reasons = _variable_reasons(parts)
    nics = target.size.infiniband.nic_count
    security, resources = (*_CONTAINER, "securityContext"), (*_CONTAINER, "resources")
    if target.rdma:
        reasons[security] = Reason("Without IPC_LOCK the container may lock 64 KiB and ibv_reg_mr fails.", _GUIDE)
        reasons[resources] = Reason("1 opens every InfiniBand NIC of the node.", _GUIDE)
    else:
        privileged = "Without a device plugin, /dev/infiniband is open to privileged containers only."
        reasons[security] = Reason(privileged, _GUIDE)
    if target.profile == "sriov-device-plugin":
        words = f"All {nics} InfiniBand NICs" if nics > 1 else "The one InfiniBand NIC"
        reasons[resources] = Reason(f"{words} of {target.size.name}.", "catalog vm-sizes")
    affinity: FieldPath = ("spec", "affinity")
    reasons[*affinity, "podAntiAffinity"] = Reason("One pod a node.", "Azure/aks-rdma-infiniband tests/scenarios")
    pool = "One pool is one scale set, hence one InfiniBand fabric; nodes of two pools cannot reach each other."
    where = ("spec", "nodeSelector") if target.named else (*affinity, "podAffinity")
    reasons[where] = Reason(pool, "MicrosoftDocs/azure-compute-docs setup-infiniband.md")
    if not target.named:
        both = "The label is spelt as the size was typed when the pool was made."
        reasons[*affinity, "nodeAffinity"] = Reason(both, "converged-computing/performance-study nodes-128.json")
    return reasons
