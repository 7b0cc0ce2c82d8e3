"""NetworkAttachmentDefinition of Multus, and the CNI config inside it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict

from aksrdma.models.base import Model
from aksrdma.models.configs.ipam import Ipam
from aksrdma.models.configs.text import EmbeddedJson
from aksrdma.models.meta import K8sObject


class CniConfig(Model):
    """`spec.config` of NetworkAttachmentDefinition; keys of the plugin's own are kept as they are."""

    model_config = ConfigDict(extra="allow")

    cni_version: str | None = None
    """Version of the CNI specification, such as 0.3.1."""
    name: str | None = None
    """Name of the network; Multus takes the object's unless set."""
    type: str | None = None
    """The CNI plugin, such as ipoib; not set where `plugins` is."""
    master: str | None = None
    """Interface of the node, for plugins that make a child of it."""
    ipam: Ipam | None = None
    """How pods get addresses."""
    plugins: Sequence[dict[str, Any]] | None = None
    """A chain of plugins, each with its config."""


class NetworkAttachmentDefinitionSpec(Model):
    """`spec` of NetworkAttachmentDefinition."""

    config: Annotated[CniConfig, EmbeddedJson(empty_is_unset=True)] | None = None
    """CNI config, on the wire JSON text; not set, Multus takes the file on the node that has the object's name."""


class NetworkAttachmentDefinition(K8sObject):
    """A network that pods ask for in the annotation `k8s.v1.cni.cncf.io/networks`. Namespaced."""

    api_version: Literal["k8s.cni.cncf.io/v1"] = "k8s.cni.cncf.io/v1"
    """Group and version."""
    kind: Literal["NetworkAttachmentDefinition"] = "NetworkAttachmentDefinition"
    """The kind."""
    spec: NetworkAttachmentDefinitionSpec | None = None
    """The CNI config."""
