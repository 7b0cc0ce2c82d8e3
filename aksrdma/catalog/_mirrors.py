"""What a cluster without Internet needs to know: where a registry can fill itself from, and what nodes fetch besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MirrorUpstream:
    """A registry from which artifact cache of Azure Container Registry can fill itself."""

    host: str
    credentials: Literal["needed", "taken", "refused"]
    """Whether a cache rule has to have a credential set, may have one, or must not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Egress:
    """Something that nodes fetch from the Internet beside images."""

    part: str
    """Which part of the cluster does: `doca-driver`, say."""
    what: str
    hosts: tuple[str, ...]
    instead: str
    """How to do without."""
    source: str


@load.cached
def mirror_upstreams() -> Mapping[str, MirrorUpstream]:
    """Return the registries that Azure Container Registry can cache, by host."""
    return MappingProxyType({row.host: row for row in load.rows(MirrorUpstream, "mirror_upstreams.yaml")})


@load.cached
def egress() -> Mapping[str, Egress]:
    """Return what nodes fetch beside images, by the part that does."""
    return MappingProxyType({row.part: row for row in load.rows(Egress, "egress.yaml")})
