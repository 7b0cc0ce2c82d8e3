"""What RDMA needs in a pod template: the container that works, its resources and variables, the network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aksrdma.kube.labels import GPUS, NETWORKS
from aksrdma.kube.quantities import quantity
from aksrdma.workloads.inject.edits import Cursor, Report
from aksrdma.workloads.inject.intent import SHARED, Injection
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


_DEFAULT: Final = "kubectl.kubernetes.io/default-container"


def main_container(template: Cursor, by_controller: str | None, wanted: str | None) -> Cursor | None:
    """Return the container that works: the named one, the one with GPUs, the controller's, the marked, the first.

    Args:
        template: the pod template.
        by_controller: name that the kind's controller expects.
        wanted: name that the user gives; a template without it is chosen in by the rules.

    Raises:
        MalformedError: the containers are no list of mappings.
    """
    containers = template.mapping("spec").items("containers") if template.at("spec") is not None else []
    annotations = template.at("metadata", "annotations")
    marked = annotations.get(_DEFAULT) if isinstance(annotations, dict) else None
    with_gpus = [container for container in containers if asks_for_gpus(container.data)]
    return (
        _named(containers, wanted)
        or next(iter(with_gpus), None)
        or _named(containers, by_controller)
        or _named(containers, marked)
        or next(iter(containers), None)
    )


def asks_for_gpus(container: Mapping[str, Any]) -> bool:
    """Whether a container asks for GPUs of either vendor."""
    resources = Cursor(dict(container))
    return any(
        name in amounts
        for kind in ("limits", "requests")
        if isinstance(amounts := resources.at("resources", kind), dict)
        for name in GPUS
    )


def container_names(template: Mapping[str, Any]) -> list[str]:
    """Return the names of a template's containers, init containers left out."""
    containers = Cursor(dict(template)).at("spec", "containers")
    found = (
        [one.get("name") for one in containers or () if isinstance(one, dict)] if isinstance(containers, list) else []
    )
    return [name for name in found if isinstance(name, str)]


def _named(containers: Sequence[Cursor], name: str | None) -> Cursor | None:
    return next((one for one in containers if name is not None and one.data.get("name") == name), None)


_KINDS: Final = ("requests", "limits")
_OTHER_RDMA: Final = frozenset({"nvidia.com/mlnxnics", "nvidia.com/hostdev"})
"""Names without `rdma` in them under which other recipes hand out NICs (NVIDIA cluster-readiness-engine and docs)."""


def add_resources(resources: Cursor, injection: Injection, report: Report) -> None:
    """Add the RDMA resource and the GPUs to `resources` of a container, or to what a TrainJob has in their place.

    Raises:
        MalformedError: requests or limits are no mappings.
    """
    if injection.resource:
        _other_rdma(resources, injection, report)
        _add(resources, injection.resource, injection.count, report)
        _too_many_nics(resources, injection, report)
    _gpus(resources, injection, report)


def _gpus(resources: Cursor, injection: Injection, report: Report) -> None:
    gpu = injection.vm_size.gpu
    for kind in _KINDS:
        for name in GPUS:
            count = resources.at(kind, name)
            if count is not None and (gpu is None or gpu.resource != name):
                has = f"{gpu.resource}" if gpu else "no GPUs"
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


def _too_many_nics(resources: Cursor, injection: Injection, report: Report) -> None:
    name, most = str(injection.resource), injection.vm_size.infiniband.nic_count
    asked = _number(resources.at("limits", name))
    if injection.profile not in SHARED and asked is not None and asked > most:
        report.conflict(
            (*resources.path, "limits", name),
            f"asks for {name}: {asked}, and {injection.vm_size.name} has {most} InfiniBand NICs",
            f"ask for at most {most}, or take the line out",
        )


def _other_rdma(resources: Cursor, injection: Injection, report: Report) -> None:
    for kind in _KINDS:
        amounts = resources.at(kind)
        for name, value in amounts.items() if isinstance(amounts, dict) else ():
            if name != injection.resource and _is_rdma(name):
                report.conflict(
                    (*resources.path, kind, name),
                    f"asks for {name}: {value}, and with profile {injection.profile} the resource is {injection.resource}",
                    "take the line out, or choose the profile (and in the cluster file the resource name) that serves it",
                )


def _is_rdma(name: str) -> bool:
    return name in _OTHER_RDMA or "rdma" in name.partition("/")[0].split(".") or "rdma" in name.partition("/")[2]


def _number(value: Any) -> int | None:
    amount = quantity(value) if value is not None else None
    return amount.int64 if amount else None


def add_environment(owner: Cursor, injection: Injection, report: Report) -> None:
    """Add the presets' variables to `env` of a container, or of a TrainJob's trainer; what is set there stays.

    Raises:
        MalformedError: `env` is no list of mappings.
    """
    given = {item.data.get("name"): item for item in owner.items("env")}
    for name, value in injection.environment.items():
        if name not in given:
            owner.append("env", {"name": name, "value": value})
            continue
        item = given[name]
        if "valueFrom" not in item.data and item.data.get("value") != value:
            _differs(item, name, value, injection, report)
    if injection.environment and owner.data.get("envFrom"):
        report.note("variables of the preset go before those of the same name that envFrom brings")


def _differs(item: Cursor, name: str, value: str, injection: Injection, report: Report) -> None:
    theirs = item.data.get("value", "")
    if injection.keep_env:
        report.note(f"{name} stays {theirs!r}; the preset for {injection.vm_size.name} has {value!r}")
        return
    report.conflict(
        (*item.path, "value"),
        f"{name} is {theirs!r}, and the preset for {injection.vm_size.name} has {value!r}",
        "take the variable out, keep yours with --keep-env, or leave the presets out with --preset none",
    )


_DEFAULT_NAMESPACE: Final = "default"


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
    _host_network(template, report)
    given = template.at("metadata", "annotations", NETWORKS)
    if given in (None, ""):
        _set(template, _reference(injection.network, namespace))
    elif isinstance(given, str) and given.lstrip().startswith("["):
        _join_json(template, given, namespace, injection.network, report)
    elif isinstance(given, str) and not _mentions(given, namespace, injection.network):
        _set(template, f"{given},{_reference(injection.network, namespace)}")


def _set(template: Cursor, value: str) -> None:
    template.mapping("metadata", "annotations").data[NETWORKS] = value


def _reference(network: tuple[str, str], namespace: str) -> str:
    """Return the bare name where the pod is in the network's namespace, which is where Multus looks a bare name up."""
    return network[1] if (namespace or _DEFAULT_NAMESPACE) == network[0] else f"{network[0]}/{network[1]}"


def _mentions(given: str, namespace: str, network: tuple[str, str]) -> bool:
    asked = {item.strip().partition("@")[0] for item in given.split(",")}
    return bool(asked & {_reference(network, namespace), f"{network[0]}/{network[1]}"})


def _join_json(template: Cursor, given: str, namespace: str, network: tuple[str, str], report: Report) -> None:
    try:
        asked: Any = json.loads(given)
    except ValueError as error:
        path = (*template.path, "metadata", "annotations", NETWORKS)
        report.conflict(path, f"is no JSON: {error}", "mend it, or write the names with commas between them")
        return
    home = namespace or _DEFAULT_NAMESPACE
    if any(isinstance(one, dict) and (one.get("namespace") or home, one.get("name")) == network for one in asked):
        return
    entry = {"name": network[1]} | ({"namespace": network[0]} if home != network[0] else {})
    _set(template, json.dumps([*asked, entry]))


def _host_network(template: Cursor, report: Report) -> None:
    if template.at("spec", "hostNetwork") is True:
        report.conflict(
            (*template.path, "spec", "hostNetwork"),
            "is true, and a pod in the node's network gets no interface on the IPoIB network",
            "take it out, or choose a profile without IPoIB",
        )
