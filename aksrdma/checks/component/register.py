"""The checks of this layer, with the rules and kinds of each; a module is imported when its check is first called."""

from __future__ import annotations

from typing import Final

from aksrdma.checks.base import document_check, lazy
from aksrdma.checks.component.kinds import NETWORK_KINDS, POD_KINDS, POLICY_KINDS, POOL_KINDS, RULE_KINDS

_PLUGIN_RULES = (
    "device-plugin-config-not-json",
    "device-plugin-config-unknown-key",
    "device-plugin-list-empty",
    "rdma-resource-name-illegal",
    "rdma-selector-ether-on-infiniband",
    "rdma-selector-hex-form",
    "rdma-selector-no-link-type",
)
_MASTER_RULES = ("ipoib-master-missing", "ipoib-master-not-ib-like")

CHECKS: Final[tuple[tuple[str, str, frozenset[str], tuple[str, ...]], ...]] = (
    (
        "plugin_config",
        "plugin_config_text",
        POLICY_KINDS,
        ("device-plugin-config-apostrophe", "device-plugin-config-missing"),
    ),
    (
        "shared_plugin",
        "shared_plugin_config",
        POLICY_KINDS,
        (
            *_PLUGIN_RULES,
            "rdma-shared-devices-deprecated",
            "rdma-shared-hcamax-negative",
            "rdma-shared-hcamax-zero",
            "rdma-shared-name-characters",
            "rdma-shared-name-duplicate",
            "rdma-shared-selectors-and-devices",
        ),
    ),
    (
        "sriov_plugin",
        "sriov_plugin_config",
        POLICY_KINDS,
        (
            *_PLUGIN_RULES,
            "sriov-aux-types",
            "sriov-isrdma-missing",
            "sriov-isrdma-with-vdpa",
            "sriov-name-duplicate",
            "sriov-name-portable",
            "sriov-prefix-default",
            "sriov-range-malformed",
            "sriov-selectors-missing",
        ),
    ),
    (
        "ipam_checks",
        "ipam_text",
        frozenset({"HostDeviceNetwork", "IPoIBNetwork"}),
        ("ipam-apostrophe", "ipam-blank-inside-string"),
    ),
    (
        "ipam_checks",
        "ipam_config",
        NETWORK_KINDS,
        (
            "host-local-range-invalid",
            "ipam-dhcp-unsupported",
            "ipam-gateway-not-an-ip",
            "ipam-gateway-outside-range",
            "ipam-no-address-left",
            "ipam-not-json",
            "ipam-prefix-too-small",
            "ipam-type-missing",
            "ipam-type-unknown",
            "ipam-unknown-key",
            "ipam-value-type",
            "nvipam-cni-keys-invalid",
            "static-address-invalid",
            "whereabouts-bounds-ignored",
            "whereabouts-datastore-key",
            "whereabouts-deprecated",
            "whereabouts-exclude-invalid",
            "whereabouts-exclude-redundant",
            "whereabouts-gateway-allocatable",
            "whereabouts-kubeconfig-missing",
            "whereabouts-log-level-unknown",
            "whereabouts-node-slice-invalid",
            "whereabouts-node-slice-unsupported",
            "whereabouts-range-invalid",
        ),
    ),
    ("networks", "network_name", NETWORK_KINDS, ("network-name-not-referencable",)),
    ("networks", "ipoib_network", frozenset({"IPoIBNetwork"}), (*_MASTER_RULES, "network-namespace-missing")),
    (
        "networks",
        "attachment_config",
        frozenset({"NetworkAttachmentDefinition"}),
        ("cni-config-not-json", *_MASTER_RULES),
    ),
    ("networks", "multus_config", frozenset({"NicClusterPolicy"}), ("cni-config-not-json",)),
    ("networks", "repeated_keys", NETWORK_KINDS | POLICY_KINDS, ("embedded-json-duplicate-key",)),
    (
        "pool_checks",
        "pool",
        POOL_KINDS,
        (
            "ipam-gateway-not-an-ip",
            "ipam-gateway-outside-range",
            "ippool-block-size-one-old",
            "ippool-field-invalid",
            "nvipam-field-not-in-release",
        ),
    ),
    (
        "annotation_checks",
        "network_annotations",
        POD_KINDS,
        (
            "network-annotation-interface-name",
            "network-annotation-key-unknown",
            "network-annotation-on-workload-metadata",
            "network-annotation-syntax",
            "network-annotation-unknown-json-key",
            "network-annotation-with-host-network",
        ),
    ),
    (
        "feature_matchers",
        "feature_matchers",
        RULE_KINDS,
        (
            "nfr-feature-name",
            "nfr-hex-form",
            "nfr-numeric-op-on-hex",
            "nfr-operator-not-in-release",
            "nfr-operator-values",
            "nfr-regexp-unanchored",
            "nfr-rule-matches-every-node",
        ),
    ),
    (
        "feature_nics",
        "feature_nics",
        RULE_KINDS,
        ("nfr-device-without-vendor", "nfr-nic-label-on-other-vendor", "nfr-vendor-without-infiniband"),
    ),
    ("feature_nics", "feature_conflicts", RULE_KINDS, ("nfr-label-conflict",)),
    ("feature_outputs", "feature_outputs", RULE_KINDS, ("nfr-label-namespace-denied", "nfr-taints-disabled")),
    ("pod_security", "pod_security_labels", frozenset({"Namespace"}), ("psa-label-invalid",)),
)
"""Module, function, kinds, rules."""


for _module, _function, _kinds, _rules in CHECKS:
    document_check(*_rules, kinds=_kinds)(lazy(__package__, _module, _function))
