"""The kinds that have a model: the only list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.errors import ModelError
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.models.meta import K8sObject

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "apps/v1": ("DaemonSet",),
    "k8s.cni.cncf.io/v1": ("NetworkAttachmentDefinition",),
    "kustomize.config.k8s.io/v1alpha1": ("Component",),
    "kustomize.config.k8s.io/v1beta1": ("Kustomization",),
    "mellanox.com/v1alpha1": (
        "HostDeviceNetwork",
        "IPoIBNetwork",
        "MacvlanNetwork",
        "NicClusterPolicy",
        "NicNodePolicy",
    ),
    "nfd.k8s-sigs.io/v1alpha1": ("NodeFeatureRule",),
    "nv-ipam.nvidia.com/v1alpha1": ("CIDRPool", "IPPool"),
    "v1": ("Namespace", "Pod"),
}

KINDS: Final = tuple((api_version, kind) for api_version, kinds in _KINDS.items() for kind in kinds)
"""apiVersion and kind of every model; each model is named as its kind."""


def model_of(api_version: str, kind: str) -> type[K8sObject]:
    """Return the model of a kind.

    Raises:
        ModelError: There is no such kind, or not in that apiVersion.
    """
    from aksrdma import models  # which loads the one file that has the kind

    if (api_version, kind) not in KINDS:
        versions = [version for version, known in KINDS if known == kind]
        if versions:
            raise ModelError([f"apiVersion: {kind} has {versions[0]!r} and not {api_version!r}"])
        raise ModelError([f"kind: no model of {kind!r}{hint(kind, [known for _, known in KINDS])}"])
    found: type[K8sObject] = getattr(models, kind)
    return found


def parse(data: Any) -> K8sObject:
    """Read an object of any known kind from JSON data, with the names of the wire.

    Raises:
        ModelError: The data is no object, its kind has no model, or it does not fit the model.
    """
    if not isinstance(data, Mapping):
        raise ModelError([f"an object is expected, not {type(data).__name__}"])
    missing = [f"{name}: is required" for name in ("apiVersion", "kind") if not isinstance(data.get(name), str)]
    if missing:
        raise ModelError(missing)
    return model_of(data["apiVersion"], data["kind"]).from_wire(data)
