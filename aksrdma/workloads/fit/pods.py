"""What one pod asks of its node, and what it wants of the pods around it, as the scheduler counts it.

Source: k8s.io/component-helpers/resource/helpers.go@v0.34.2 (PodRequests), the defaults of pkg/apis/core/v1, and the
filters InterPodAffinity and PodTopologySpread of pkg/scheduler/framework/plugins@v1.34.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aksrdma.findings import FieldPath, format_path
from aksrdma.kube.labels import AGENT_POOL, HOSTNAME
from aksrdma.kube.scheduling import REQUIRED, Placement, Requirement
from aksrdma.kube.values import integer, items, mapping, sequence, text
from aksrdma.workloads.fit.amounts import CPU, HUGE_PAGES, MEMORY, Amounts, read_amount

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


@dataclass(frozen=True, slots=True)
class Selector:
    """Pods of some namespaces, by their labels."""

    requirements: tuple[Requirement, ...] | None
    """All of them; None selects nothing."""
    namespaces: frozenset[str] | None
    """None is every namespace."""

    def selects(self, labels: Mapping[str, str], namespace: str) -> bool:
        """Say whether a pod is among them."""
        if self.requirements is None or (self.namespaces is not None and namespace not in self.namespaces):
            return False
        return all(one.met_by(labels.get(one.key)) for one in self.requirements)

    @property
    def handle(self) -> tuple[str, str] | None:
        """A label that every selected pod has; None where no single one is sure."""
        for one in self.requirements or ():
            if one.operator == "In" and len(one.values) == 1:
                return one.key, one.values[0]
        return None


@dataclass(frozen=True, slots=True)
class Spread:
    """A hard topology spread constraint over nodes."""

    max_skew: int
    min_nodes: int
    """Nodes below which the emptiest one counts as empty."""
    every_label: bool
    """Whether nodes count that the pod's own affinity rules out."""
    only_tolerated: bool
    """Whether nodes with taints that it does not tolerate are left out."""


@dataclass(frozen=True, slots=True)
class Neighbors:
    """What one pod template wants of pods around its own."""

    apart: tuple[Selector, ...] = ()
    """Pods that may not be on the same node."""
    spread: Spread | None = None
    one_pool: bool = False
    """Whether its pods keep each other in one node pool."""
    unjudged: tuple[str, ...] = ()
    """What else it wants, which is not judged here."""


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
    host_ports: frozenset[str] = frozenset()
    """Ports of the node that one of them takes: `host_ports`."""


def pod_requests(document: Document, path: FieldPath, spec: Mapping[str, Any], mistakes: Mistakes) -> dict[str, int]:
    """Return what a node must have free for a pod, apart from the place for the pod itself.

    Args:
        document: Where the pod spec stands, for mistakes.
        path: Path of the pod spec in it.
        spec: The pod spec.
        mistakes: Takes quantities that are none.
    """
    total: dict[str, int] = {}
    for where, container in items(spec.get("containers"), (*path, "containers")):
        _add(total, resource_requests(document, (*where, "resources"), container.get("resources"), mistakes))
    # An init container runs beside the sidecars before it; the pod needs room for its most demanding moment.
    sidecars: dict[str, int] = {}
    most: dict[str, int] = {}
    for where, container in items(spec.get("initContainers"), (*path, "initContainers")):
        own = resource_requests(document, (*where, "resources"), container.get("resources"), mistakes)
        running = dict(own)
        _add(running, sidecars)
        if container.get("restartPolicy") == "Always":
            _add(total, own)
            sidecars = running
        most |= {name: max(most.get(name, 0), amount) for name, amount in running.items()}
    total |= {name: max(total.get(name, 0), amount) for name, amount in most.items()}

    pod_level = mapping(spec.get("resources"))
    limits = _amounts(document, (*path, "resources", "limits"), pod_level.get("limits"), mistakes)
    requests = _amounts(document, (*path, "resources", "requests"), pod_level.get("requests"), mistakes)
    # Of a pod as a whole only these exist; its requests replace the sum, its limits only where no container asks.
    for name in {**limits, **requests}:
        if name in (CPU, MEMORY) or name.startswith(HUGE_PAGES):
            total[name] = requests[name] if name in requests else total.get(name) or limits[name]
    _add(total, _amounts(document, (*path, "overhead"), spec.get("overhead"), mistakes))
    return {name: amount for name, amount in total.items() if amount > 0}


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


def host_ports(spec: Mapping[str, Any]) -> frozenset[str]:
    """Return the ports of its node that a pod takes, of which each node has one: `hostPort 8080`, `hostPort 53/UDP`.

    Source: GetHostPorts of pkg/scheduler/util, and SetDefaults_Pod of pkg/apis/core/v1, by which every port of a pod on
    the network of its node is one of the node.
    """
    found: set[str] = set()
    containers = [one for _, one in items(spec.get("containers"), ())]
    sidecars = [one for _, one in items(spec.get("initContainers"), ()) if one.get("restartPolicy") == "Always"]
    for container in (*containers, *sidecars):
        for _, port in items(container.get("ports"), ()):
            number = integer(port.get("hostPort"))
            if not number and spec.get("hostNetwork") is True:
                number = integer(port.get("containerPort"))
            if number:
                protocol, address = text(port.get("protocol")), text(port.get("hostIP"))
                name = f"hostPort {number}" + ("" if protocol in ("", "TCP") else f"/{protocol}")
                found.add(name if address in ("", "0.0.0.0", "::") else f"{name} of {address}")
    return frozenset(found)


def neighbors_of(spec: Mapping[str, Any], labels: Mapping[str, str], namespace: str) -> Neighbors:
    """Return what a pod spec wants of other pods.

    Args:
        spec: The pod spec.
        labels: Labels of its pods.
        namespace: Namespace of its pods.
    """
    affinity = mapping(spec.get("affinity"))
    together = list(_affinity_terms(affinity.get("podAffinity"), labels, namespace))
    apart = list(_affinity_terms(affinity.get("podAntiAffinity"), labels, namespace))
    spreads = list(_hard_spreads(spec, labels, namespace))
    one_pool = any(key in AGENT_POOL and selector.selects(labels, namespace) for key, selector in together)
    unjudged = [f"podAffinity on {key}" for key, _ in together if key not in AGENT_POOL or not one_pool]
    unjudged += [f"podAntiAffinity on {key}" for key, _ in apart if key != HOSTNAME]
    unjudged += [f"topologySpreadConstraints on {key}" for key, _ in spreads if key != HOSTNAME]
    return Neighbors(
        tuple(selector for key, selector in apart if key == HOSTNAME),
        min((spread for key, spread in spreads if key == HOSTNAME), key=lambda one: one.max_skew, default=None),
        one_pool,
        tuple(dict.fromkeys(unjudged)),
    )


def _affinity_terms(affinity: Any, labels: Mapping[str, str], namespace: str) -> Iterator[tuple[str, Selector]]:
    """Yield topology key and selected pods of each required term of podAffinity or podAntiAffinity."""
    for _, term in items(mapping(affinity).get(REQUIRED), ()):
        requirements = _label_selector(term.get("labelSelector"))
        if requirements is not None:
            requirements += _same_labels(term.get("matchLabelKeys"), labels, "In")
            requirements += _same_labels(term.get("mismatchLabelKeys"), labels, "NotIn")
        named = frozenset(text(name) for name in sequence(term.get("namespaces"))) or frozenset({namespace})
        # What labels a namespace has is not known here, so a selector of namespaces takes all of them.
        every = isinstance(term.get("namespaceSelector"), dict)
        yield text(term.get("topologyKey")), Selector(requirements, None if every else named)


def _hard_spreads(spec: Mapping[str, Any], labels: Mapping[str, str], namespace: str) -> Iterator[tuple[str, Spread]]:
    """Yield topology key and constraint of those that count the pods themselves; others keep no pod away."""
    for _, one in items(spec.get("topologySpreadConstraints"), ()):
        if text(one.get("whenUnsatisfiable")) not in ("", "DoNotSchedule"):
            continue
        requirements = _label_selector(one.get("labelSelector"))
        if requirements is not None:
            requirements += _same_labels(one.get("matchLabelKeys"), labels, "In")
        if Selector(requirements, None).selects(labels, namespace):
            yield (
                text(one.get("topologyKey")),
                Spread(
                    max_skew=max(1, integer(one.get("maxSkew")) or 1),
                    min_nodes=integer(one.get("minDomains")) or 1,
                    every_label=one.get("nodeAffinityPolicy") == "Ignore",
                    only_tolerated=one.get("nodeTaintsPolicy") == "Honor",
                ),
            )


def _label_selector(data: Any) -> tuple[Requirement, ...] | None:
    if not isinstance(data, dict):
        return None
    equal = [Requirement(key, "In", (str(value),)) for key, value in mapping(data.get("matchLabels")).items()]
    named = [
        Requirement(text(one.get("key")), text(one.get("operator")), tuple(map(str, sequence(one.get("values")))))
        for _, one in items(data.get("matchExpressions"), ())
    ]
    return (*equal, *named)


def _same_labels(keys: Any, labels: Mapping[str, str], operator: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(key, operator, (labels[key],)) for key in sequence(keys) if key in labels)
