"""The checks of policies, images, networks, addresses and node labels, with the rules and kinds of each."""

from __future__ import annotations

from typing import Final

from aksrdma.checks.component.kinds import NETWORK_KINDS, POLICY_KINDS, POOL_KINDS, RULE_KINDS
from aksrdma.checks.relation.lazy import Row, register

_CLUSTER_POLICY: Final = frozenset({"NicClusterPolicy"})
_NODE_POLICY: Final = frozenset({"NicNodePolicy"})
_RANGES: Final = NETWORK_KINDS | POOL_KINDS

CHECKS: Final[tuple[Row, ...]] = (
    ("policies_objects", "cluster_policies", _CLUSTER_POLICY, ("nicclusterpolicy-name", "nicclusterpolicy-second")),
    ("policies_of_nodes", "sections_in_both", _NODE_POLICY, ("nic-policy-section-in-both",)),
    ("policies_of_nodes", "node_policy_names", _NODE_POLICY, ("nicnodepolicy-name-length",)),
    ("policies_of_nodes", "node_selectors", _NODE_POLICY, ("nicnodepolicy-selectors-overlap",)),
    (
        "policies_webhook",
        "unrefused",
        POLICY_KINDS,
        (
            "admission-controller-off",
            "container-resources-invalid",
            "doca-telemetry-config-empty",
            "ib-kubernetes-guid-range",
            "ofed-version-form",
            "safeload-without-autoupgrade",
        ),
    ),
    (
        "policies_webhook",
        "refused_later",
        POLICY_KINDS,
        ("resource-prefix-refused-by-webhook", "sriov-selector-refused-by-webhook"),
    ),
    (
        "policies_nodes",
        "components_on_nodes",
        POLICY_KINDS,
        ("doca-telemetry-on-arm64", "link-types-without-ofed-driver", "ofed-driver-on-gb-nodes"),
    ),
    ("policies_resources", "pools", POLICY_KINDS, ("rdma-and-sriov-same-resource-name", "rdma-pools-overlap")),
    ("policies_resources", "host_devices", frozenset({"HostDeviceNetwork"}), ("hostdevice-resource-prefix",)),
    (
        "images",
        "images",
        POLICY_KINDS,
        ("component-version-not-of-release", "image-repository-malformed", "image-repository-or-version-missing"),
    ),
    ("images_names", "names", POLICY_KINDS, ("component-image-unknown",)),
    ("policies_scheduling", "scheduling", POLICY_KINDS, ("policy-scheduling-invalid",)),
    ("features_affinity", "node_affinity", _CLUSTER_POLICY, ("node-affinity-label-never-set",)),
    (
        "features_nic_label",
        "nic_label",
        RULE_KINDS,
        ("nfr-chart-rule-still-on", "nfr-device-list-misses-vm-size", "nfr-label-not-the-one-selected"),
    ),
    (
        "networks_ipam",
        "whereabouts",
        NETWORK_KINDS,
        ("whereabouts-removed-from-operator", "whereabouts-without-ipam-plugin"),
    ),
    ("networks_ipam", "one_address", NETWORK_KINDS, ("host-local-on-many-nodes", "static-ipam-with-replicas")),
    (
        "networks_pools",
        "nv_ipam",
        _RANGES,
        ("nvipam-not-deployed", "nvipam-pool-missing", "nvipam-pool-namespace"),
    ),
    (
        "networks_components",
        "components",
        frozenset({"IPoIBNetwork"}),
        ("ipoib-network-without-cni-components",),
    ),
    ("networks_components", "namespaces", NETWORK_KINDS, ("network-namespace-absent-in-set",)),
    (
        "addresses_ranges",
        "ranges",
        _RANGES,
        (
            "ipoib-networks-overlap",
            "ipoib-range-in-azure-rdma-network",
            "ipoib-range-overlaps-cluster",
            "ipoib-range-reserved-by-aks",
        ),
    ),
    (
        "addresses_capacity",
        "capacity",
        _RANGES,
        ("ipam-capacity-too-small", "ippool-block-too-small-for-pods", "ippool-too-few-blocks"),
    ),
)

register(CHECKS)
