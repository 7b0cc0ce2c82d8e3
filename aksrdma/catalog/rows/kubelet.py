"""The row of `catalog/kubelet.yaml`: what kubelet leaves of a node to pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Allocatable:
    """CPU and memory of a node, as somebody printed them."""

    vm_size: str
    cpu: str
    """A Kubernetes quantity."""
    memory: str
    """A Kubernetes quantity."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kubelet:
    """What a node has for pods where nothing else is told."""

    name: str
    max_pods: int
    """Pods of a node."""
    allocatable: tuple[Allocatable, ...] = field(metadata={"row": Allocatable})
    """Nodes that were seen; of other VM sizes it is not known what kubelet keeps for itself."""
    unsure: Mapping[str, str]
    """Field to why the fact is not certain."""
    sources: Mapping[str, tuple[str, ...]]
    """Field to keys of `catalog.source`."""
    checked: str
