"""What RDMA needs in a pod template: the container that works, its resources and variables, the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aksrdma.kube.labels import GPUS, NETWORKS
from aksrdma.kube.quantities import quantity
from aksrdma.kube.resources import is_rdma
from aksrdma.kube.values import items, mapping
from aksrdma.workloads.inject.edits import Cursor, Report
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.memory import add_ipc_lock, add_shared_memory, add_topology, note_user
from aksrdma.workloads.inject.nodes import keep_to_one_fabric, select_nodes
from aksrdma.workloads.inject.proportion import Share, is_part, shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a pod template is in its workload."""

    name: str
    """`worker`, `head`, ...; `pod` where all are alike."""
    by_controller: str | None = None
    """Name that the kind's controller gives to the container that matters."""
    asks: bool | None = None
    """Whether its pods do RDMA without GPUs, too, on a VM size with GPUs."""
    takes_options: bool = True
    """Whether numbers of GPUs and NICs that the user names are for its pods: not for those that have no GPUs beside
    others of their workload that have."""
    namespace: str = ""
    """Namespace of the workload; empty where it names none."""
    fabric: str | None = None
    """Names the pods that are to be in one node pool; None: the pod is alone."""


def add_to_template(template: Cursor, injection: Injection, report: Report, role: Role) -> None:
    """Add what RDMA needs to a pod template, or say why it gets nothing.

    Args:
        template: the template, with `metadata` and `spec`.
        injection: what to add.
        report: takes the plan, and what contradicts it.
        role: what its pods are.

    Raises:
        MalformedError: a value of a type that Kubernetes does not take there.
    """
    containers = working_containers(template, role.by_controller, injection.container)
    if not containers:
        report.conflict((*template.path, "spec", "containers"), "has no container", "add the container that works")
        return
    if not role.takes_options and injection.container not in [one.data.get("name") for one in containers]:
        injection = replace(injection, gpus=None, nics=None)
    gpus = [injection.gpus or gpus_of(one.at("resources")) for one in containers]
    given = shares(gpus, injection, asks=role.asks)
    working = [
        (one, share) for one, share in zip(containers, given, strict=False) if share.units or _has(one, injection)
    ]
    if not working:
        report.begin(template.path, role.name, left=given[0].why, lacks=any(gpus))
        return
    plan = report.begin(template.path, role.name)
    plan.containers = tuple(str(name) for one, _ in working if (name := one.data.get("name")))
    plan.part = is_part(sum(gpus), injection)
    pod = template.mapping("spec")
    if pod.at("hostIPC") is True:
        report.conflict(
            (*pod.path, "hostIPC"),
            "is true, so /dev/shm is the node's own, where a memory-backed volume is to be",
            "take it out: a pod's containers share their memory without it",
        )
    for container, share in working:
        if injection.resource is None and container.at("securityContext", "privileged") is not True:
            report.conflict(
                (*container.path, "securityContext", "privileged"),
                "is not true, and with profile base /dev/infiniband is open to privileged containers only",
                "choose a profile with a device plugin; or set privileged: true yourself, which gives the container the "
                "whole node",
            )
            return
        add_ipc_lock(container, report)
        note_user(pod, container, report)
        with container.filling("resources") as resources:
            add_resources(resources, share, injection, report, container.data.get("name"))
        add_environment(container, injection, report)
        add_shared_memory(pod, container, container.at("resources", "limits"), report)
        add_topology(pod, container, injection, report)
    _check_total(pod, injection, report)
    add_network(template, role.namespace, injection, report)
    select_nodes(pod, injection, report)
    if role.fabric and injection.pool is None:
        keep_to_one_fabric(template, role.fabric, report)


_DEFAULT: Final = "kubectl.kubernetes.io/default-container"


def working_containers(template: Cursor, by_controller: str | None, wanted: str | None) -> list[Cursor]:
    """Return the containers that work: the named one, all with GPUs, the controller's, the marked one, or the first.

    Args:
        template: the pod template.
        by_controller: name that the kind's controller expects.
        wanted: name that the user gives; a template without it is chosen in by the rules.

    Raises:
        MalformedError: the containers are no list of mappings.
    """
    containers = template.mapping("spec").items("containers") if template.at("spec") is not None else []
    by_name = {one.data.get("name"): one for one in reversed(containers) if isinstance(one.data.get("name"), str)}
    if wanted in by_name:
        return [by_name[wanted]]
    with_gpus = [one for one in containers if gpus_of(one.at("resources"))]
    marked = template.at("metadata", "annotations", _DEFAULT)
    named = [by_name[name] for name in (by_controller, marked) if isinstance(name, str) and name in by_name]
    return with_gpus or [*named, *containers][:1]


def gpus_of(resources: Any) -> int:
    """Return how many GPUs `resources` of a container ask for, of whichever vendor."""
    numbers = (_number(mapping(mapping(resources).get(kind)).get(name)) for kind in _KINDS for name in GPUS)
    return max(0, *(number or 0 for number in numbers))


def _has(container: Cursor, injection: Injection) -> bool:
    """Whether a container has RDMA already, as far as it is the workload's to ask for it."""
    if injection.resource is None:
        return container.at("securityContext", "privileged") is True
    return has_rdma(container.at("resources"))


def has_rdma(resources: Any) -> bool:
    """Return whether `resources` of a container ask for NICs, under whichever name."""
    return any(_hands_out_nics(name) for kind in _KINDS for name in mapping(mapping(resources).get(kind)))


def _hands_out_nics(resource: Any) -> bool:
    return isinstance(resource, str) and (is_rdma(resource) or "rdma" in resource)  # a name of one's own may say it too


def _check_total(pod: Cursor, injection: Injection, report: Report) -> None:
    """Find containers that ask for more NICs together than the VM size has, where each alone does not."""
    name, most = injection.resource, injection.vm_size.infiniband.nic_count
    if name is None or not injection.unit_is_nic:
        return
    asked = [_number(one.at("resources", "limits", name)) or 0 for one in pod.items("containers")]
    if sum(asked) > most >= max(asked, default=0):
        report.conflict(
            (*pod.path, "containers"),
            f"ask for {name}: {' + '.join(str(one) for one in asked if one)}, and {injection.vm_size.name} has {most} "
            "InfiniBand NICs",
            f"let them ask for {most} together",
        )


def container_names(template: Mapping[str, Any]) -> list[str]:
    """Return the names of a template's containers, init containers left out."""
    containers = items(mapping(template.get("spec")).get("containers"), ())
    return [name for _, one in containers if isinstance(name := one.get("name"), str)]


_KINDS: Final = ("requests", "limits")


def add_resources(resources: Cursor, share: Share, injection: Injection, report: Report, container: Any = None) -> None:
    """Add the RDMA resource and the GPUs to `resources` of a container, or to what a TrainJob has in their place.

    Args:
        resources: the mapping with requests and limits.
        share: how much of the RDMA resource is right.
        injection: what to add.
        report: takes what was added, and what contradicts it.
        container: its name.

    Raises:
        MalformedError: requests or limits are no mappings.
    """
    if name := injection.resource:
        for kind in _KINDS:
            for other, value in mapping(resources.at(kind)).items():
                if other != name and _hands_out_nics(other):
                    report.conflict(
                        (*resources.path, kind, other),
                        f"asks for {other}: {value}, and with profile {injection.profile} the resource is {name}",
                        "take the line out, or choose the profile (and in the cluster file the resource name) that serves it",
                    )
        before = _number(next((there for kind in _KINDS if (there := resources.at(kind, name)) is not None), None))
        if _add(resources, name, share.units, report, exact="--nics" if injection.nics else ""):
            report.added(f"{name}: {share.units}", share.why, container)
        elif before is not None and injection.unit_is_nic and before != share.units:
            report.note(
                (*resources.path, "limits", name),
                f"{container or 'it'} keeps {name}: {before}; {share.units or 'none'} would be in proportion: {share.why}",
            )
        asked, most = _number(resources.at("limits", name)), injection.vm_size.infiniband.nic_count
        if injection.unit_is_nic and asked is not None and asked > most:
            report.conflict(
                (*resources.path, "limits", name),
                f"asks for {name}: {asked}, and {injection.vm_size.name} has {most} InfiniBand NICs",
                f"ask for at most {most}, or take the line out",
            )
    _add_gpus(resources, injection, report, container)


def _add_gpus(resources: Cursor, injection: Injection, report: Report, container: Any) -> None:
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
    if injection.gpus is not None and _add(resources, gpu.resource, injection.gpus, report, exact="--gpus"):
        report.added(f"{gpu.resource}: {injection.gpus}", "as --gpus asks", container)
    if (asked := _number(resources.at("limits", gpu.resource))) is not None and asked > gpu.count:
        report.conflict(
            (*resources.path, "limits", gpu.resource),
            f"asks for {asked} GPUs, and {injection.vm_size.name} has {gpu.count}",
            f"ask for at most {gpu.count}, and for more pods",
        )


def _add(resources: Cursor, name: str, count: int, report: Report, exact: str = "") -> bool:
    """Put a resource into requests and limits, and return whether it is new; a count that is there stands in both."""
    given = {kind: resources.at(kind, name) for kind in _KINDS if resources.at(kind, name) is not None}
    if len({_number(value) for value in given.values()}) > 1:
        report.conflict(
            (*resources.path, "requests", name),
            f"requests {given['requests']} and limits {given['limits']} of {name} differ, which the API server refuses",
            "make both the same, or take both out",
        )
        return False
    for kind, value in given.items():
        if exact and _number(value) != count:
            report.conflict(
                (*resources.path, kind, name),
                f"has {name}: {value}, and {exact} asks for {count}",
                f"change one of the two, or leave {exact} out",
            )
            return False
    wanted = next(iter(given.values()), count)
    for kind in _KINDS:
        resources.mapping(kind).data.setdefault(name, wanted)
    return not given


def _number(value: Any) -> int | None:
    amount = quantity(value) if value is not None else None
    return amount.int64 if amount else None


def add_environment(owner: Cursor, injection: Injection, report: Report) -> None:
    """Add the presets' variables to `env` of a container, or of a TrainJob's trainer; what is set there stays.

    Raises:
        MalformedError: `env` is no list of mappings.
    """
    given = {name: item for item in owner.items("env") if isinstance(name := item.data.get("name"), str)}
    new = list[str]()
    for name, value in injection.environment.items():
        item = given.get(name)
        if item is None:
            owner.append("env", {"name": name, "value": value})
            new.append(name)
        elif "valueFrom" not in item.data and item.data.get("value") != value:
            theirs = item.data.get("value", "")
            if injection.keep_env:
                report.note(
                    (*item.path, "value"),
                    f"{name} stays {theirs!r}; the preset for {injection.vm_size.name} has {value!r}",
                )
                continue
            report.conflict(
                (*item.path, "value"),
                f"{name} is {theirs!r}, and the preset for {injection.vm_size.name} has {value!r}",
                "take the variable out, keep yours with --keep-env, or leave the presets out with --preset none",
            )
    if new:
        count = f"{len(new)} variable{'s' * (len(new) != 1)}"
        report.added(count, f"preset {', '.join(injection.presets)}: {', '.join(new)}", owner.data.get("name"))
    if injection.environment and owner.data.get("envFrom"):
        report.note(
            (*owner.path, "envFrom"), "variables of the preset go before those of the same name that envFrom brings"
        )


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
        report.added("annotation", f"{NETWORKS}: {wanted}")
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
