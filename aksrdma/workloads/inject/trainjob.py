"""RDMA for a TrainJob, which has no pod template: its runtime has, and the TrainJob patches and replaces parts of it.

`spec.trainer.resourcesPerNode` takes the place of the runtime's resources, `spec.trainer.env` is added to its variables,
and the rest goes through `spec.runtimePatches` (trainer.kubeflow.org/v1alpha1, Kubeflow Trainer v2.3.0).
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.workloads.inject.cursor import Cursor
from aksrdma.workloads.inject.environment import add_environment
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.memory import add_ipc_lock, add_shared_memory, add_topology
from aksrdma.workloads.inject.network import add_network
from aksrdma.workloads.inject.nodes import keep_to_one_fabric, select_nodes
from aksrdma.workloads.inject.report import Report
from aksrdma.workloads.inject.resources import add_resources
from aksrdma.workloads.kinds import TRAINER_NODE

MANAGER: Final = "aksrdma.dev/inject"
"""Who owns the patch of the runtime."""


def add_to_train_job(
    job: Cursor, injection: Injection, report: Report, *, namespace: str, fabric: str, runtime_injected: bool
) -> None:
    """Add what RDMA needs to a TrainJob.

    Args:
        job: the TrainJob.
        injection: what to add.
        report: takes what contradicts it.
        namespace: its namespace; empty where it names none.
        fabric: names the pods that are to be in one node pool.
        runtime_injected: whether its runtime gets the same injection, so that only what is the job's own is left.

    Raises:
        MalformedError: a value of a type that the API server does not take there.
    """
    if injection.resource is None:
        _refuse_base(job, report)
        return
    with job.mapping("spec").filling("trainer") as trainer:
        _resources(trainer, injection, report, runtime_injected)
        add_environment(trainer, injection, report)
    limits = trainer.at("resourcesPerNode", "limits")
    patch = _Patch(job)
    if not runtime_injected:
        _patch_pod(patch, limits, injection, report, namespace)
    if injection.pool is None:
        keep_to_one_fabric(patch.template(), fabric)


def _resources(trainer: Cursor, injection: Injection, report: Report, runtime_injected: bool) -> None:
    if trainer.data.get("resourcesPerNode") is None:
        if runtime_injected:
            return  # the runtime's own resources apply, and they have the RDMA resource now
        report.note(
            "resourcesPerNode replaces the resources of the runtime; put its cpu, memory and GPUs beside the RDMA resource"
        )
    add_resources(trainer.mapping("resourcesPerNode"), injection, report)


def _patch_pod(patch: _Patch, limits: Any, injection: Injection, report: Report, namespace: str) -> None:
    template = patch.template()
    pod = template.mapping("spec")
    container = patch.container()
    add_ipc_lock(container, report)
    add_shared_memory(pod, container, limits, report)
    add_topology(pod, container, injection, report)
    add_network(template, namespace, injection, report)
    select_nodes(pod, injection, report)


class _Patch:
    """The entry of `runtimePatches` for the pods that train; made when it is first asked for."""

    def __init__(self, job: Cursor) -> None:
        self._spec = job.mapping("spec")

    def template(self) -> Cursor:
        """Return the pod template of the patch."""
        found = next((one for one in self._spec.items("runtimePatches") if one.data.get("manager") == MANAGER), None)
        entry = found or _appended(self._spec, "runtimePatches", {"manager": MANAGER})
        jobs = entry.mapping("trainingRuntimeSpec", "template", "spec")
        return _by_name(jobs, "replicatedJobs", TRAINER_NODE).mapping("template", "spec", "template")

    def container(self) -> Cursor:
        """Return the container that trains."""
        return _by_name(self.template().mapping("spec"), "containers", TRAINER_NODE)


def _by_name(owner: Cursor, key: str, name: str) -> Cursor:
    found = next((one for one in owner.items(key) if one.data.get("name") == name), None)
    return found or _appended(owner, key, {"name": name})


def _appended(owner: Cursor, key: str, item: dict[str, Any]) -> Cursor:
    owner.append(key, item)
    return owner.items(key)[-1]


def _refuse_base(job: Cursor, report: Report) -> None:
    report.conflict(
        (*job.path, "spec", "trainer"),
        "cannot be made privileged from here, and with profile base /dev/infiniband is open to privileged containers only",
        "choose a profile with a device plugin, or leave the TrainJob out and change its runtime",
    )
