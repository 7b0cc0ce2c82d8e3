"""What one pod asks of its node, as the scheduler counts it.

Source: k8s.io/component-helpers/resource/helpers.go@v0.34.2 (PodRequests) and the defaults of pkg/apis/core/v1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.findings import FieldPath, format_path
from aksrdma.kube.scheduling import Placement
from aksrdma.kube.values import integer, items, mapping, text
from aksrdma.workloads.fit.amounts import CPU, HUGE_PAGES, MEMORY, Amounts, read_amount
from aksrdma.workloads.fit.neighbors import Neighbors

if TYPE_CHECKING:
    from aksrdma.documents import Document


class Mistakes:
    """Values that cannot be right, a line each: where, what, and how to fix it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, document: Document, path: FieldPath, message: str) -> None:
        """Note a mistake at a field of a document."""
        position = document.position(path)
        where = f"{document.file}:{position.line}:{position.column}" if position.line else document.file or "<object>"
        self.lines.append(f"{where}: {document.label} {format_path(path)}: {message}")


class Weighed(NamedTuple):
    """CPU and memory by which the scheduler compares nodes: a container that asks for none counts a little.

    Source: calculatePodResourceRequest of noderesources/resource_allocation.go, which LeastAllocated calls without what is
    asked for the whole pod, and CalculateResource of pkg/scheduler/framework/types.go.
    """

    cpu: int
    """Of the pod that is to be placed."""
    memory: int
    placed_cpu: int
    """Of the same pod, once it is on a node."""
    placed_memory: int


@dataclass(frozen=True, slots=True)
class PodGroup:
    """Pods of one template."""

    role: str
    """What they are in their workload: `worker`, `launcher`, `head`, ...; `pod` where all are alike."""
    count: int
    """How many of them; of a LeaderWorkerSet in one group, and 0 for a DaemonSet, which has one a node."""
    requests: Amounts
    """What a node must have free for one of them."""
    placement: Placement
    labels: Mapping[str, str]
    """Of the template, and those that the controller adds."""
    namespace: str
    neighbors: Neighbors = field(default_factory=Neighbors)
    host_ports: frozenset[HostPort] = frozenset()
    """Ports of the node that one of them takes."""
    weighed: Weighed = field(default_factory=lambda: Weighed(0, 0, 0, 0))
    name: str = ""
    """`namespace/name` of a pod that runs."""
    unjudged: tuple[str, ...] = ()
    """What it asks for that is not counted, a sentence each."""
    ending: bool = False
    """Whether it is being deleted: it holds what it has, but is no neighbor to spread from."""


def pod_requests(
    document: Document, path: FieldPath, spec: Mapping[str, Any], mistakes: Mistakes
) -> tuple[dict[str, int], Weighed]:
    """Return what a node must have free for a pod, apart from the place for the pod itself, and its `weighed`.

    Args:
        document: Where the pod spec stands, for mistakes.
        path: Path of the pod spec in it.
        spec: The pod spec.
        mistakes: Takes quantities that are none.
    """
    main = [
        resource_requests(document, (*where, "resources"), one.get("resources"), mistakes)
        for where, one in items(spec.get("containers"), (*path, "containers"))
    ]
    first = [
        (
            resource_requests(document, (*where, "resources"), one.get("resources"), mistakes),
            one.get("restartPolicy") == "Always",
        )
        for where, one in items(spec.get("initContainers"), (*path, "initContainers"))
    ]
    total, compared = _sum(main, first, {}), _sum(main, first, _WEIGHED)

    pod_level = mapping(spec.get("resources"))
    limits = _amounts(document, (*path, "resources", "limits"), pod_level.get("limits"), mistakes)
    whole = _amounts(document, (*path, "resources", "requests"), pod_level.get("requests"), mistakes)
    if limits:  # then the API server completes the requests: by those of the containers, else by the limits
        whole = limits | {name: total[name] for name in (CPU, MEMORY) if name in total} | whole
    # Of a pod as a whole only these exist; its requests replace the sum.
    whole = {name: amount for name, amount in whole.items() if name in (CPU, MEMORY) or name.startswith(HUGE_PAGES)}
    total |= whole
    # With requests of the whole pod, a container that says nothing counts only where nobody else does either.
    load = (
        _sum(main, first, {name: least for name, least in _WEIGHED.items() if not whole or name not in total}) | whole
    )
    overhead = _amounts(document, (*path, "overhead"), spec.get("overhead"), mistakes)
    for one in (total, load, compared):
        _add(one, overhead)
    requests = {name: amount for name, amount in total.items() if amount > 0}
    weighed = Weighed(*(one.get(name, 0) for one in (compared, load) for name in (CPU, MEMORY)))
    return requests, weighed


_WEIGHED: Final = {CPU: 100, MEMORY: 200 << 20}
"""What a container without a request counts for (pkg/scheduler/util/pod_resources.go)."""


def _sum(main: Sequence[Amounts], first: Sequence[tuple[Amounts, bool]], least: Amounts) -> dict[str, int]:
    """Return what containers ask for together.

    Args:
        main: What each of the containers asks for.
        first: What each init container asks for, and whether it is a sidecar.
        least: What one counts for that does not say.
    """
    total: dict[str, int] = {}
    for own in main:
        _add(total, {**least, **own})
    # An init container runs beside the sidecars before it; the pod needs room for its most demanding moment.
    sidecars: dict[str, int] = {}
    most: dict[str, int] = {}
    for own, stays in first:
        running = {**least, **own}
        if stays:
            _add(total, running)
        _add(running, sidecars)
        if stays:
            sidecars = running
        most |= {name: max(most.get(name, 0), amount) for name, amount in running.items()}
    return total | {name: max(total.get(name, 0), amount) for name, amount in most.items()}


def resource_requests(document: Document, path: FieldPath, resources: Any, mistakes: Mistakes) -> dict[str, int]:
    """Return what the `resources` of one container ask for; a limit without a request is one."""
    fields = mapping(resources)
    limits = _amounts(document, (*path, "limits"), fields.get("limits"), mistakes)
    return limits | _amounts(document, (*path, "requests"), fields.get("requests"), mistakes)


def _amounts(document: Document, path: FieldPath, values: Any, mistakes: Mistakes) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in mapping(values).items():
        amount = read_amount(name, value)
        if amount is None:
            wrong = f"{value!r} is no quantity; write a number with or without a unit, such as 500m, 8 or 64Gi"
            mistakes.add(document, (*path, name), wrong)
        elif amount < 0:
            mistakes.add(document, (*path, name), f"{value!r} is below 0; write 0 or more")
        else:
            found[name] = amount
    return found


def _add(total: dict[str, int], amounts: Amounts) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, 0) + amount


def not_judged(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a pod spec asks for that decides where its pods run and that is not counted here, a sentence each."""

    def names(field_name: str) -> str:
        return ", ".join(text(one.get("name")) for _, one in items(spec.get(field_name), ()))

    found: list[str] = []
    if claims := names("resourceClaims"):
        found.append(f"its resource claims ({claims}) are not counted, so it may find no node all the same")
    if gates := names("schedulingGates"):
        found.append(
            f"no scheduler looks at it before its scheduling gates ({gates}) are taken off; placed as if they were"
        )
    if (scheduler := text(spec.get("schedulerName"))) not in ("", "default-scheduler"):
        found.append(f"{scheduler} schedules it, which may choose otherwise; placed as kube-scheduler would")
    return tuple(found)


class HostPort(NamedTuple):
    """A port of the node."""

    number: int
    protocol: str
    address: str
    """Empty for every address of the node."""

    def __str__(self) -> str:
        name = f"hostPort {self.number}" + ("" if self.protocol == "TCP" else f"/{self.protocol}")
        return f"{name} of {self.address}" if self.address else name


def host_ports(spec: Mapping[str, Any]) -> frozenset[HostPort]:
    """Return the ports of its node that a pod takes.

    Source: GetHostPorts of pkg/scheduler/util, and SetDefaults_Pod of pkg/apis/core/v1, by which every port of a pod on
    the network of its node is one of the node.
    """
    found: set[HostPort] = set()
    containers = [one for _, one in items(spec.get("containers"), ())]
    sidecars = [one for _, one in items(spec.get("initContainers"), ()) if one.get("restartPolicy") == "Always"]
    for container in (*containers, *sidecars):
        for _, port in items(container.get("ports"), ()):
            number = integer(port.get("hostPort"))
            if not number and spec.get("hostNetwork") is True:
                number = integer(port.get("containerPort"))
            if number:
                address = text(port.get("hostIP"))
                found.add(
                    HostPort(number, text(port.get("protocol")) or "TCP", "" if address == "0.0.0.0" else address)
                )
    return frozenset(found)
