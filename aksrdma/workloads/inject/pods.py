"""RDMA for one pod template: the container that works, and the pod around it."""

from __future__ import annotations

from aksrdma.workloads.inject.choice import asks_for_gpus, main_container
from aksrdma.workloads.inject.cursor import Cursor
from aksrdma.workloads.inject.environment import add_environment
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.memory import add_ipc_lock, add_shared_memory, add_topology, note_user
from aksrdma.workloads.inject.network import add_network
from aksrdma.workloads.inject.nodes import keep_to_one_fabric, select_nodes
from aksrdma.workloads.inject.report import Report
from aksrdma.workloads.inject.resources import add_resources


def add_to_template(
    template: Cursor,
    injection: Injection,
    report: Report,
    *,
    namespace: str,
    by_controller: str | None = None,
    fabric: str | None = None,
) -> None:
    """Add what RDMA needs to a pod template.

    Args:
        template: the template, with `metadata` and `spec`.
        injection: what to add.
        report: takes what contradicts it.
        namespace: namespace of the workload; empty where it names none.
        by_controller: name that the kind's controller gives to the container that matters.
        fabric: names the pods that are to be in one node pool; None: the pod is alone.

    Raises:
        MalformedError: a value of a type that Kubernetes does not take there.
    """
    container = main_container(template, by_controller, injection.container)
    if container is None:
        report.conflict((*template.path, "spec", "containers"), "has no container", "add the container that works")
        return
    if injection.resource is None and container.at("securityContext", "privileged") is not True:
        _refuse_unprivileged(container, report)
        return
    pod = template.mapping("spec")
    _several_with_gpus(template, container, injection, report)
    _no_host_ipc(pod, report)
    add_ipc_lock(container, report)
    note_user(pod, container, report)
    with container.filling("resources") as resources:
        add_resources(resources, injection, report)
    add_environment(container, injection, report)
    add_shared_memory(pod, container, container.at("resources", "limits"), report)
    add_topology(pod, container, injection, report)
    add_network(template, namespace, injection, report)
    select_nodes(pod, injection, report)
    if fabric and injection.pool is None:
        keep_to_one_fabric(template, fabric)


def _several_with_gpus(template: Cursor, chosen: Cursor, injection: Injection, report: Report) -> None:
    containers = template.mapping("spec").items("containers")
    names = [str(one.data.get("name")) for one in containers if asks_for_gpus(one.data)]
    if injection.container is None and len(names) > 1:
        report.note(
            f"{', '.join(names)} ask for GPUs; {chosen.data.get('name')} gets RDMA, --container chooses another"
        )


def _no_host_ipc(pod: Cursor, report: Report) -> None:
    if pod.at("hostIPC") is True:
        report.conflict(
            (*pod.path, "hostIPC"),
            "is true, so /dev/shm is the node's own, where a memory-backed volume is to be",
            "take it out: a pod's containers share their memory without it",
        )


def _refuse_unprivileged(container: Cursor, report: Report) -> None:
    report.conflict(
        (*container.path, "securityContext", "privileged"),
        "is not true, and with profile base /dev/infiniband is open to privileged containers only",
        "choose a profile with a device plugin; or set privileged: true yourself, which gives the container the whole node",
    )
