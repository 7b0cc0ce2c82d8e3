"""The service meshes that change the network of pods: by which labels and annotations, and how pods stay out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from aksrdma.kube.values import mapping

ANY: Final = "*"
"""Any value but an empty one."""
Where = Literal["labels", "annotations"]


@dataclass(frozen=True, slots=True)
class Mesh:
    """A way in which a mesh takes pods in."""

    name: str
    namespace: tuple[Where, str, tuple[str, ...]]
    """What a namespace has whose pods it takes in: the key and its values."""
    pod: tuple[Where, str, tuple[str, ...]]
    """What a pod has that it takes in by itself."""
    out: tuple[Where, str, str]
    """What keeps a pod out."""
    source: str
    joining: tuple[str, ...] = ()
    """Values of what keeps a pod out with which it stays in, where any other keeps it out, too."""
    shut: tuple[Where, str, tuple[str, ...]] | None = None
    """What of a namespace keeps all its pods out of this way in, unless it has one of the values."""
    past: tuple[tuple[str, ...], ...] = ()
    """Annotations by which connections pass the proxy by, what comes in and what goes out: one of each."""

    def takes(self, namespace: Mapping[str, Any], pod: Mapping[str, Any]) -> str | None:
        """Return what makes the mesh take a pod in, or None.

        Args:
            namespace: Metadata of its namespace; empty where that is not known.
            pod: Its own metadata.
        """
        if self._stays_out(pod) or self._is_shut(namespace):
            return None
        for owner, (part, name, values) in ((pod, self.pod), (namespace, self.namespace)):
            given = mapping(owner.get(part)).get(name)
            if isinstance(given, str) and given and (given in values or ANY in values):
                return f"{part.removesuffix('s')} {name}: {given}"
        return None

    def _stays_out(self, pod: Mapping[str, Any]) -> bool:
        where, key, value = self.out
        # Istio reads its old annotation where the label is not there.
        said = (mapping(pod.get(part)) for part in (where, "annotations"))
        given = next((one[key] for one in said if key in one), None)
        annotations = mapping(pod.get("annotations"))
        if self.past and all(any(one in annotations for one in way) for way in self.past):
            return True
        return given == value or bool(self.joining and given and given not in self.joining)

    def _is_shut(self, namespace: Mapping[str, Any]) -> bool:
        if self.shut is None:
            return False
        part, name, values = self.shut
        found = mapping(namespace.get(part))
        return name in found and found[name] not in values


_TRAFFIC: Final = "traffic.sidecar.istio.io/"
_PAST_ISTIO: Final = (
    (f"{_TRAFFIC}includeInboundPorts", f"{_TRAFFIC}excludeInboundPorts"),
    (
        *(f"{_TRAFFIC}includeOutboundIPRanges", f"{_TRAFFIC}excludeOutboundIPRanges"),
        *(f"{_TRAFFIC}includeOutboundPorts", f"{_TRAFFIC}excludeOutboundPorts"),
    ),
)
_PAST_LINKERD: Final = (("config.linkerd.io/skip-inbound-ports",), ("config.linkerd.io/skip-outbound-ports",))
_ISTIO_SOURCE: Final = "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/"


def _istio(
    namespace: tuple[Where, str, tuple[str, ...]],
    pod: tuple[Where, str, tuple[str, ...]],
    unless: tuple[str, ...],
) -> Mesh:
    return Mesh(
        "Istio",
        namespace,
        pod,
        ("labels", "sidecar.istio.io/inject", "false"),
        _ISTIO_SOURCE,
        joining=("on", "true", "y", "yes"),
        shut=("labels", "istio-injection", unless),
        past=_PAST_ISTIO,
    )


MESHES: Final = (
    _istio(("labels", "istio-injection", ("enabled",)), ("labels", "sidecar.istio.io/inject", ("true",)), ("enabled",)),
    # So AKS's own add-on selects the revision: https://learn.microsoft.com/azure/aks/istio-deploy-addon
    _istio(("labels", "istio.io/rev", (ANY,)), ("labels", "istio.io/rev", (ANY,)), ()),
    Mesh(
        "Istio",
        ("labels", "istio.io/dataplane-mode", ("ambient",)),
        ("labels", "istio.io/dataplane-mode", ("ambient",)),
        ("labels", "istio.io/dataplane-mode", "none"),
        "https://istio.io/latest/docs/ambient/usage/add-workloads/",
    ),
    Mesh(
        "Linkerd",
        ("annotations", "linkerd.io/inject", ("enabled", "ingress")),
        ("annotations", "linkerd.io/inject", ("enabled", "ingress")),
        ("annotations", "linkerd.io/inject", "disabled"),
        "https://linkerd.io/2/features/proxy-injection/",
        past=_PAST_LINKERD,
    ),
)
