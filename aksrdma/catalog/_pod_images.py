"""Images of the pods that aksrdma writes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PodImage:
    """An image of a pod, or of what an operator makes pods from."""

    name: str
    reference: str
    """With its tag."""
    what: str
    source: str


@load.cached
def pod_images() -> Mapping[str, PodImage]:
    """Return the images by name."""
    return MappingProxyType({row.name: row for row in load.rows(PodImage, "pod_images.yaml")})
