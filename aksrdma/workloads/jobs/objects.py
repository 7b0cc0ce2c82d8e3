"""The objects around the pods: Job, MPIJob, Service, ConfigMaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aksrdma.findings import FieldPath
from aksrdma.plan import Planned, Reason
from aksrdma.workloads.jobs.facts import JobFacts
from aksrdma.workloads.jobs.pods import LABEL
from aksrdma.workloads.jobs.target import Target

_CATALOG: Final = "catalog workloads/jobs.yaml"
_ONCE: Final = "A failure stays a failure: no second try hides it."


def job(target: Target, facts: JobFacts, nodes: int, template: Planned) -> Planned:
    """Return an Indexed Job with a pod a node."""
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "completions": nodes,
        "parallelism": nodes,
        "backoffLimit": 0,
        "activeDeadlineSeconds": facts.deadline_seconds,
        "template": template.data,
    }
    found: dict[FieldPath, Reason] = {
        ("spec", "backoffLimit"): Reason(_ONCE, _CATALOG),
        ("spec", "activeDeadlineSeconds"): Reason(
            "Also ends a job whose pods find no node with the devices.", _CATALOG
        ),
    }
    data = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(target, facts, facts.name), "spec": spec}
    return Planned(data, found | _below(template, ("spec", "template")))


def mpi_job(target: Target, facts: JobFacts, nodes: int, launcher: Planned, worker: Planned) -> Planned:
    """Return an MPIJob whose workers are one a node; the launcher's exit code is that of the job."""
    gpus = target.size.gpu.count if target.size.gpu else 1
    spec: dict[str, Any] = {
        "slotsPerWorker": gpus,
        "mpiImplementation": "OpenMPI",
        "sshAuthMountPath": "/root/.ssh",
        "launcherCreationPolicy": "WaitForWorkersReady",
        "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": 0, "activeDeadlineSeconds": facts.deadline_seconds},
        "mpiReplicaSpecs": {
            "Launcher": {"replicas": 1, "restartPolicy": "Never", "template": launcher.data},
            "Worker": {"replicas": nodes, "restartPolicy": "Never", "template": worker.data},
        },
    }
    found: dict[FieldPath, Reason] = {
        ("spec", "slotsPerWorker"): Reason(f"One rank a GPU of {target.size.name}.", "catalog vm-sizes"),
        ("spec", "runPolicy", "backoffLimit"): Reason(_ONCE, _CATALOG),
    }
    found |= _below(launcher, ("spec", "mpiReplicaSpecs", "Launcher", "template"))
    found |= _below(worker, ("spec", "mpiReplicaSpecs", "Worker", "template"))
    data = {"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "metadata": metadata(target, facts, facts.name)}
    return Planned(data | {"spec": spec}, found)


def service(target: Target, facts: JobFacts) -> Planned:
    """Return the headless Service that gives each pod of a Job a name."""
    spec = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {LABEL: facts.name}}
    data = {"apiVersion": "v1", "kind": "Service", "metadata": metadata(target, facts, facts.name), "spec": spec}
    why = Reason("Pods are looked up while they start.", _CATALOG)
    return Planned(data, {("spec", "publishNotReadyAddresses"): why})


def config_map(target: Target, facts: JobFacts, part: str, texts: Mapping[str, str]) -> Planned:
    """Return the ConfigMap `NAME-PART` with texts by file name."""
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(target, facts, f"{facts.name}-{part}")}
    return Planned(data | {"data": dict(texts)})


def metadata(target: Target, facts: JobFacts, name: str) -> dict[str, Any]:
    """Return name, namespace and label of an object; pods on IPoIB have to be where their network is."""
    found: dict[str, Any] = {"name": name}
    namespace = target.decisions.cluster.ipoib.namespace
    if target.profile == "ipoib" and namespace != "default":
        found["namespace"] = namespace
    return found | {"labels": {LABEL: facts.name}}


def _below(planned: Planned, path: FieldPath) -> dict[FieldPath, Reason]:
    return {(*path, *inner): reason for inner, reason in planned.reasons.items()}
