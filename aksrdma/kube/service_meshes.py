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

    def takes(self, namespace: Mapping[str, Any], pod: Mapping[str, Any]) -> str | None:
        """Return what makes the mesh take a pod in, or None.

        Args:
            namespace: Metadata of its namespace; empty where that is not known.
            pod: Its own metadata.
        """
        where, key, value = self.out
        # Istio reads its old annotation where the label is not there.
        if any(mapping(pod.get(part)).get(key) == value for part in (where, "annotations")):
            return None
        for owner, (part, name, values) in ((pod, self.pod), (namespace, self.namespace)):
            given = mapping(owner.get(part)).get(name)
            if isinstance(given, str) and given and (given in values or ANY in values):
                return f"{part.removesuffix('s')} {name}: {given}"
        return None


_ISTIO: Final = ("labels", "sidecar.istio.io/inject", "false")
_BY_LABEL: Final = ("labels", "sidecar.istio.io/inject", ("true",))
_ISTIO_SOURCE: Final = "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/"
MESHES: Final = (
    Mesh("Istio", ("labels", "istio-injection", ("enabled",)), _BY_LABEL, _ISTIO, _ISTIO_SOURCE),
    # So AKS's own add-on selects the revision: https://learn.microsoft.com/azure/aks/istio-deploy-addon
    Mesh("Istio", ("labels", "istio.io/rev", (ANY,)), ("labels", "istio.io/rev", (ANY,)), _ISTIO, _ISTIO_SOURCE),
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
    ),
)
