"""What RDMA needs in a pod template: the container that works, its resources and variables, the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aksrdma.kube.labels import GPUS, NETWORKS
from aksrdma.kube.quantities import quantity
from aksrdma.kube.resources import is_rdma
from aksrdma.kube.values import items, mapping
from aksrdma.workloads.inject.edits import Cursor, Report
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.memory import add_ipc_lock, add_shared_memory, add_topology, note_user
from aksrdma.workloads.inject.nodes import keep_to_one_fabric, select_nodes


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
    container = main_container(template, by_controller, injection.container, report)
    if container is None:
        report.conflict((*template.path, "spec", "containers"), "has no container", "add the container that works")
        return
    if injection.resource is None and container.at("securityContext", "privileged") is not True:
        report.conflict(
            (*container.path, "securityContext", "privileged"),
            "is not true, and with profile base /dev/infiniband is open to privileged containers only",
            "choose a profile with a device plugin; or set privileged: true yourself, which gives the container the whole "
            "node",
        )
        return
    pod = template.mapping("spec")
    if pod.at("hostIPC") is True:
        report.conflict(
            (*pod.path, "hostIPC"),
            "is true, so /dev/shm is the node's own, where a memory-backed volume is to be",
            "take it out: a pod's containers share their memory without it",
        )
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


_DEFAULT: Final = "kubectl.kubernetes.io/default-container"


def main_container(template: Cursor, by_controller: str | None, wanted: str | None, report: Report) -> Cursor | None:
    """Return the container that works: the named one, the one with GPUs, the controller's, the marked, the first.

    Args:
        template: the pod template.
        by_controller: name that the kind's controller expects.
        wanted: name that the user gives; a template without it is chosen in by the rules.
        report: takes a note where several containers ask for GPUs and the user names none.

    Raises:
        MalformedError: the containers are no list of mappings.
    """
    containers = template.mapping("spec").items("containers") if template.at("spec") is not None else []
    by_name = {one.data.get("name"): one for one in reversed(containers) if isinstance(one.data.get("name"), str)}
    with_gpus = [one for one in containers if _asks_for_gpus(one.data)]
    if wanted in by_name:
        return by_name[wanted]
    marked = template.at("metadata", "annotations", _DEFAULT)
    named = [by_name[name] for name in (by_controller, marked) if isinstance(name, str) and name in by_name]
    found = next(iter([*with_gpus, *named, *containers]), None)
    if wanted is None and len(with_gpus) > 1:
        names = ", ".join(str(one.data.get("name")) for one in with_gpus)
        report.note(f"{names} ask for GPUs; {with_gpus[0].data.get('name')} gets RDMA, --container chooses another")
    return found


def _asks_for_gpus(container: Mapping[str, Any]) -> bool:
    resources = mapping(container.get("resources"))
    return any(name in mapping(resources.get(kind)) for kind in _KINDS for name in GPUS)


def container_names(template: Mapping[str, Any]) -> list[str]:
    """Return the names of a template's containers, init containers left out."""
    containers = items(mapping(template.get("spec")).get("containers"), ())
    return [name for _, one in containers if isinstance(name := one.get("name"), str)]


_KINDS: Final = ("requests", "limits")


def add_resources(resources: Cursor, injection: Injection, report: Report) -> None:
    """Add the RDMA resource and the GPUs to `resources` of a container, or to what a TrainJob has in their place.

    Raises:
        MalformedError: requests or limits are no mappings.
    """
    if name := injection.resource:
        for kind in _KINDS:
            for other, value in mapping(resources.at(kind)).items():
                if other != name and (is_rdma(other) or "rdma" in other):  # a name of one's own may say it too
                    report.conflict(
                        (*resources.path, kind, other),
                        f"asks for {other}: {value}, and with profile {injection.profile} the resource is {name}",
                        "take the line out, or choose the profile (and in the cluster file the resource name) that serves it",
                    )
        _add(resources, name, injection.count, report)
        asked, most = _number(resources.at("limits", name)), injection.vm_size.infiniband.nic_count
        if injection.unit_is_nic and asked is not None and asked > most:
            report.conflict(
                (*resources.path, "limits", name),
                f"asks for {name}: {asked}, and {injection.vm_size.name} has {most} InfiniBand NICs",
                f"ask for at most {most}, or take the line out",
            )
    _add_gpus(resources, injection, report)


def _add_gpus(resources: Cursor, injection: Injection, report: Report) -> None:
    gpu = injection.vm_size.gpu
    for kind in _KINDS:
        for name in GPUS:
            count = resources.at(kind, name)
            if count is not None and (gpu is None or gpu.resource != name):
                has = gpu.resource if gpu else "no GPUs"
                report.conflict(
                    (*resources.path, kind, name),
                    f"asks for {name}: {count}, and {injection.vm_size.name} has {has}",
                    "choose a VM size with these GPUs, or take the line out",
                )
    if gpu is None:
        return
    if injection.gpus is not None:
        _add(resources, gpu.resource, injection.gpus, report, exact="--gpus")
    if (asked := _number(resources.at("limits", gpu.resource))) is not None and asked > gpu.count:
        report.conflict(
            (*resources.path, "limits", gpu.resource),
            f"asks for {asked} GPUs, and {injection.vm_size.name} has {gpu.count}",
            f"ask for at most {gpu.count}, and for more pods",
        )


def _add(resources: Cursor, name: str, count: int, report: Report, exact: str = "") -> None:
    """Put a resource into requests and limits; a count that is there stands in both."""
    given = {kind: resources.at(kind, name) for kind in _KINDS if resources.at(kind, name) is not None}
    if len({_number(value) for value in given.values()}) > 1:
        report.conflict(
            (*resources.path, "requests", name),
            f"requests {given['requests']} and limits {given['limits']} of {name} differ, which the API server refuses",
            "make both the same, or take both out",
        )
        return
    for kind, value in given.items():
        if exact and _number(value) != count:
            report.conflict(
                (*resources.path, kind, name),
                f"has {name}: {value}, and {exact} asks for {count}",
                f"change one of the two, or leave {exact} out",
            )
            return
    wanted = next(iter(given.values()), count)
    for kind in _KINDS:
        resources.mapping(kind).data.setdefault(name, wanted)


def _number(value: Any) -> int | None:
    amount = quantity(value) if value is not None else None
    return amount.int64 if amount else None


def add_environment(owner: Cursor, injection: Injection, report: Report) -> None:
    """Add the presets' variables to `env` of a container, or of a TrainJob's trainer; what is set there stays.

    Raises:
        MalformedError: `env` is no list of mappings.
    """
    given = {name: item for item in owner.items("env") if isinstance(name := item.data.get("name"), str)}
    for name, value in injection.environment.items():
        item = given.get(name)
        if item is None:
            owner.append("env", {"name": name, "value": value})
        elif "valueFrom" not in item.data and item.data.get("value") != value:
            theirs = item.data.get("value", "")
            if injection.keep_env:
                report.note(f"{name} stays {theirs!r}; the preset for {injection.vm_size.name} has {value!r}")
                continue
            report.conflict(
                (*item.path, "value"),
                f"{name} is {theirs!r}, and the preset for {injection.vm_size.name} has {value!r}",
                "take the variable out, keep yours with --keep-env, or leave the presets out with --preset none",
            )
    if injection.environment and owner.data.get("envFrom"):
        report.note("variables of the preset go before those of the same name that envFrom brings")


def add_network(template: Cursor, namespace: str, injection: Injection, report: Report) -> None:
    """Add the IPoIB network to those that a pod asks for.

    Args:
        template: the pod template.
        namespace: namespace of the workload; empty where it names none.
        injection: names the network; nothing is done where it names none.
        report: takes what contradicts it.

    Raises:
        MalformedError: metadata or annotations are no mappings.
    """
    if injection.network is None:
        return
    if template.at("spec", "hostNetwork") is True:
        report.conflict(
            (*template.path, "spec", "hostNetwork"),
            "is true, and a pod in the node's network gets no interface on the IPoIB network",
            "take it out, or choose a profile without IPoIB",
        )
    given, home = template.at("metadata", "annotations", NETWORKS), namespace or "default"
    if given is not None and not isinstance(given, str):
        return  # the API server refuses it
    try:
        wanted = _networks(given or "", injection.network, home)
    except (ValueError, RecursionError) as error:
        path = (*template.path, "metadata", "annotations", NETWORKS)
        report.conflict(path, f"is no JSON: {error}", "mend it, or write the names with commas between them")
        return
    if wanted != given:
        template.mapping("metadata", "annotations").data[NETWORKS] = wanted


def _networks(given: str, network: tuple[str, str], home: str) -> str:
    """Return the annotation with a network in it, in whichever of its two forms it has.

    Args:
        given: names with commas between them, or a JSON list.
        network: namespace and name of the network.
        home: namespace of the pod, in which Multus looks up a name without one.

    Raises:
        ValueError: it begins like JSON and is none.
    """
    namespace, name = network
    if given.lstrip().startswith("["):
        asked: list[Any] = json.loads(given)
        if any(isinstance(one, dict) and (one.get("namespace") or home, one.get("name")) == network for one in asked):
            return given
        entry = {"name": name} if home == namespace else {"name": name, "namespace": namespace}
        return json.dumps([*asked, entry])
    full = f"{namespace}/{name}"
    short = name if home == namespace else full
    asked_names = {item.strip().partition("@")[0] for item in given.split(",")}  # `name@interface`
    if not asked_names.isdisjoint({short, full}):
        return given
    return f"{given},{short}" if given else short
