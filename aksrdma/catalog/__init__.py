"""The facts: releases, VM sizes, profiles, networks, presets and topologies as frozen rows with their sources.

Names are listed without reading a file; each row is read when it is asked for, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.catalog._changes import field_change, field_changes
    from aksrdma.catalog._defaults import capabilities, capability, defaults
    from aksrdma.catalog._kubelet import kubelet
    from aksrdma.catalog._networks import networks
    from aksrdma.catalog._plain import source, sources_of, to_data, unsure_of
    from aksrdma.catalog._presets import preset, preset_names, presets
    from aksrdma.catalog._profiles import profile, profiles
    from aksrdma.catalog._releases import images, newest, next_release, previous, release, release_name, releases
    from aksrdma.catalog._rules import add_rule, rule, rules, rules_of, themes
    from aksrdma.catalog._topologies import topologies, topology
    from aksrdma.catalog._vm_sizes import not_infiniband, undocumented, vm_size, vm_sizes
    from aksrdma.catalog.load import use
    from aksrdma.catalog.rows import (
        Capability,
        Defaults,
        FieldChange,
        Image,
        Kubelet,
        NetworkRange,
        NotInfiniband,
        Preset,
        Profile,
        Release,
        Rule,
        Topology,
        VmSize,
    )

__all__ = [
    "Capability",
    "Defaults",
    "FieldChange",
    "Image",
    "Kubelet",
    "NetworkRange",
    "NotInfiniband",
    "Preset",
    "Profile",
    "Release",
    "Rule",
    "Topology",
    "VmSize",
    "add_rule",
    "capabilities",
    "capability",
    "defaults",
    "field_change",
    "field_changes",
    "images",
    "kubelet",
    "networks",
    "newest",
    "next_release",
    "not_infiniband",
    "preset",
    "preset_names",
    "presets",
    "previous",
    "profile",
    "profiles",
    "release",
    "release_name",
    "releases",
    "rule",
    "rules",
    "rules_of",
    "source",
    "sources_of",
    "themes",
    "to_data",
    "topologies",
    "topology",
    "undocumented",
    "unsure_of",
    "use",
    "vm_size",
    "vm_sizes",
]

__getattr__ = attach(
    __name__,
    {
        "_changes": ("field_change", "field_changes"),
        "_defaults": ("capabilities", "capability", "defaults"),
        "_kubelet": ("kubelet",),
        "_networks": ("networks",),
        "_plain": ("source", "sources_of", "to_data", "unsure_of"),
        "_presets": ("preset", "preset_names", "presets"),
        "_profiles": ("profile", "profiles"),
        "_releases": ("images", "newest", "next_release", "previous", "release", "release_name", "releases"),
        "_rules": ("add_rule", "rule", "rules", "rules_of", "themes"),
        "_topologies": ("topologies", "topology"),
        "_vm_sizes": ("not_infiniband", "undocumented", "vm_size", "vm_sizes"),
        "load": ("use",),
        "rows": (
            "Capability",
            "Defaults",
            "FieldChange",
            "Image",
            "Kubelet",
            "NetworkRange",
            "NotInfiniband",
            "Preset",
            "Profile",
            "Release",
            "Rule",
            "Topology",
            "VmSize",
        ),
    },
)
