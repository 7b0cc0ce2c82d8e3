"""The row types of the catalog: frozen, one family a module, each loaded only when it is used.

A row is read once and shared, so rows are compared by identity. Null means not known. A fact that its sources leave
open is named in the row's `unsure`, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.catalog.rows.capabilities import Capability
    from aksrdma.catalog.rows.changes import FieldChange
    from aksrdma.catalog.rows.defaults import Defaults
    from aksrdma.catalog.rows.kubelet import Allocatable, Kubelet
    from aksrdma.catalog.rows.networks import NetworkRange
    from aksrdma.catalog.rows.not_infiniband import NotInfiniband
    from aksrdma.catalog.rows.presets import Alternative, Preset, Variable
    from aksrdma.catalog.rows.profiles import Profile, ProfileResource
    from aksrdma.catalog.rows.releases import (
        Changes,
        Chart,
        Image,
        KubernetesRange,
        NodeFeatureDiscovery,
        OtherPatch,
        Release,
    )
    from aksrdma.catalog.rows.rules import Rule
    from aksrdma.catalog.rows.topologies import GpuNicPair, Topology
    from aksrdma.catalog.rows.vm_sizes import Floors, Gpu, Infiniband, MultiNodeFloor, VmSize

__all__ = [
    "Allocatable",
    "Alternative",
    "Capability",
    "Changes",
    "Chart",
    "Defaults",
    "FieldChange",
    "Floors",
    "Gpu",
    "GpuNicPair",
    "Image",
    "Infiniband",
    "Kubelet",
    "KubernetesRange",
    "MultiNodeFloor",
    "NetworkRange",
    "NodeFeatureDiscovery",
    "NotInfiniband",
    "OtherPatch",
    "Preset",
    "Profile",
    "ProfileResource",
    "Release",
    "Rule",
    "Topology",
    "Variable",
    "VmSize",
]

__getattr__ = attach(
    __name__,
    {
        "capabilities": ("Capability",),
        "changes": ("FieldChange",),
        "defaults": ("Defaults",),
        "kubelet": ("Allocatable", "Kubelet"),
        "networks": ("NetworkRange",),
        "not_infiniband": ("NotInfiniband",),
        "presets": ("Alternative", "Preset", "Variable"),
        "profiles": ("Profile", "ProfileResource"),
        "releases": (
            "Changes",
            "Chart",
            "Image",
            "KubernetesRange",
            "NodeFeatureDiscovery",
            "OtherPatch",
            "Release",
        ),
        "rules": ("Rule",),
        "topologies": ("GpuNicPair", "Topology"),
        "vm_sizes": ("Floors", "Gpu", "Infiniband", "MultiNodeFloor", "VmSize"),
    },
)
