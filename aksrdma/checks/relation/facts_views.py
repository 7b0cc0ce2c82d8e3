"""The objects of a set as relations see them: each with the document that it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from aksrdma.checks.plugins.views import (
    Ipam,
    NetworkReference,
    PodTemplate,
    Pool,
    Resource,
)

if TYPE_CHECKING:
    from aksrdma.documents import Document

Plugin = Literal["rdmaSharedDevicePlugin", "sriovDevicePlugin"]


class Policy(NamedTuple):
    """A NicClusterPolicy or NicNodePolicy."""

    document: Document
    spec: Mapping[str, Any]

    def section(self, *keys: str) -> Mapping[str, Any] | None:
        """Return a mapping below `spec`, or None where the policy has none there."""
        value: Any = self.spec
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else None


class Exposed(NamedTuple):
    """An extended resource that a device plugin of the set offers."""

    document: Document
    """The policy whose config names it."""
    plugin: Plugin
    """The section of the policy: who serves the resource."""
    resource: Resource
    """A SharedResource or a SriovResource."""

    @property
    def full_name(self) -> str:
        """What a container asks for: `prefix/name`."""
        return self.resource.full_name


class SecondaryNetwork(NamedTuple):
    """A network that pods may ask for."""

    document: Document
    name: str
    namespace: str
    """Where its NetworkAttachmentDefinition is, `default` where nothing is said."""
    ipams: tuple[Ipam, ...]
    """How its pods get addresses; empty where they get none, or the config cannot be read."""

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name, as Multus looks it up."""
        return self.namespace, self.name


class SetPool(NamedTuple):
    """A pool of nv-ipam."""

    document: Document
    kind: str
    name: str
    namespace: str
    """Empty where none is given."""
    pool: Pool | None
    """Its numbers; None where they cannot be read."""


class Attachment(NamedTuple):
    """A pod template that asks for a network of the set."""

    document: Document
    template: PodTemplate
    reference: NetworkReference
    network: SecondaryNetwork
    pods: int | None
    """How many pods of the template run at once; None where that cannot be told."""
