"""The kinds that this layer judges, by what they carry."""

from __future__ import annotations

from typing import Final

from aksrdma.checks.plugins.templates import TEMPLATES

POLICY_KINDS: Final = frozenset({"NicClusterPolicy", "NicNodePolicy"})
"""Kinds that carry device plugin configurations."""
OPERATOR_NETWORKS: Final = frozenset({"HostDeviceNetwork", "IPoIBNetwork", "MacvlanNetwork"})
"""The operator's networks, of each of which it makes a NetworkAttachmentDefinition."""
NETWORK_KINDS: Final = OPERATOR_NETWORKS | {"NetworkAttachmentDefinition"}
POOL_KINDS: Final = frozenset({"CIDRPool", "IPPool"})
"""Pools of nv-ipam; other projects have kinds of these names, too."""
RULE_KINDS: Final = frozenset({"NodeFeatureRule"})
POD_KINDS: Final = frozenset(TEMPLATES)
"""Pods, and the workloads that make them."""
