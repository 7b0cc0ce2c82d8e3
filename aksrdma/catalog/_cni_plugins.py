"""CNI plugins: which there are, what each reads, and on what interfaces it can stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CniPlugin:
    """A plugin that a NetworkAttachmentDefinition may name as its type."""

    name: str
    fields: Mapping[str, Literal["bool", "int", "string"]] | None = None
    """What it reads beside the keys of every CNI config, with the Go type of each; null: it is not judged."""
    modes: tuple[str, ...] = ()
    """The values of `mode` that it knows; the first is what it takes without one."""
    one_of: tuple[str, ...] = ()
    """Fields of which it needs one where Multus hands it no device."""
    takes_device: bool = False
    """Whether it works on a device that Multus hands it, of those that the pod asks for by the network's resource."""
    ethernet_alone: bool = False
    """Whether the kernel refuses it on an interface that is not Ethernet."""
    own_mac: bool = False
    """Whether the pod's interface has a MAC address of its own, which the network outside has to accept."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str


@load.cached
def cni_plugins() -> Mapping[str, CniPlugin]:
    """Return the CNI plugins that are known, by name."""
    return {row.name: row for row in load.rows(CniPlugin, "cni_plugins.yaml")}
