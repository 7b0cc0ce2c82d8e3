"""The typed views of what components read, for checks that relate documents: one import for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.checks.plugins.addresses import Address, Network, parse_address, parse_cidr
    from aksrdma.checks.plugins.annotations import ANNOTATION, NetworkReference, networks_annotation
    from aksrdma.checks.plugins.configs import (
        Resource,
        Selector,
        SharedResource,
        SriovResource,
        shared_resources,
        sriov_resources,
    )
    from aksrdma.checks.plugins.features import FeatureRule, feature_rules, node_feature_labels
    from aksrdma.checks.plugins.ipam import Ipam, ipam_of, ipams_of
    from aksrdma.checks.plugins.kinds import NETWORK_KINDS, POOL_KINDS
    from aksrdma.checks.plugins.pools import Pool, pool_of
    from aksrdma.checks.plugins.ranges import AddressRange
    from aksrdma.checks.plugins.templates import TEMPLATES, PodTemplate, pod_templates

__all__ = [
    "ANNOTATION",
    "NETWORK_KINDS",
    "POOL_KINDS",
    "TEMPLATES",
    "Address",
    "AddressRange",
    "FeatureRule",
    "Ipam",
    "Network",
    "NetworkReference",
    "PodTemplate",
    "Pool",
    "Resource",
    "Selector",
    "SharedResource",
    "SriovResource",
    "feature_rules",
    "ipam_of",
    "ipams_of",
    "networks_annotation",
    "node_feature_labels",
    "parse_address",
    "parse_cidr",
    "pod_templates",
    "pool_of",
    "shared_resources",
    "sriov_resources",
]

__getattr__ = attach(
    __name__,
    {
        "addresses": (
            "Address",
            "Network",
            "parse_address",
            "parse_cidr",
        ),
        "annotations": (
            "ANNOTATION",
            "NetworkReference",
            "networks_annotation",
        ),
        "configs": (
            "Resource",
            "Selector",
            "SharedResource",
            "SriovResource",
            "shared_resources",
            "sriov_resources",
        ),
        "features": (
            "FeatureRule",
            "feature_rules",
            "node_feature_labels",
        ),
        "ipam": (
            "Ipam",
            "ipam_of",
            "ipams_of",
        ),
        "kinds": (
            "NETWORK_KINDS",
            "POOL_KINDS",
        ),
        "pools": (
            "Pool",
            "pool_of",
        ),
        "ranges": ("AddressRange",),
        "templates": (
            "TEMPLATES",
            "PodTemplate",
            "pod_templates",
        ),
    },
    package="aksrdma.checks.plugins",
)
