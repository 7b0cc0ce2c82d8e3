"""The CNI config inside a NetworkAttachmentDefinition."""

from typing import Any

from pydantic import ConfigDict

from aksrdma.models.base import Model
from aksrdma.models.configs.ipam import Ipam
from aksrdma.models.types import ListOf


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
    plugins: ListOf[dict[str, Any]] | None = None
    """A chain of plugins, each with its config."""
