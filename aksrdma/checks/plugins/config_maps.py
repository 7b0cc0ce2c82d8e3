"""ConfigMaps that are the configuration of a device plugin: known by a word, before anything else is loaded.

Many sets have ConfigMaps, and hardly any of these is one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

LIST_KEYS: Final = ("configList", "resourceList")
"""The lists of resources of the RDMA shared device plugin and of the SR-IOV device plugin."""
_OF_BOTH: Final = (
    "device-plugin-config-not-json",
    "device-plugin-config-unknown-key",
    "device-plugin-list-empty",
    "rdma-resource-name-illegal",
    "rdma-selector-driver",
    "rdma-selector-ether-on-infiniband",
    "rdma-selector-hex-form",
    "rdma-selector-no-link-type",
)
SHARED_RULES: Final = (
    *_OF_BOTH,
    "rdma-shared-devices-deprecated",
    "rdma-shared-hcamax-negative",
    "rdma-shared-hcamax-zero",
    "rdma-shared-name-characters",
    "rdma-shared-name-duplicate",
    "rdma-shared-selectors-and-devices",
)
"""What may be wrong with the configuration of the RDMA shared device plugin."""
SRIOV_RULES: Final = (
    *_OF_BOTH,
    "sriov-aux-types",
    "sriov-isrdma-missing",
    "sriov-isrdma-with-vdpa",
    "sriov-name-duplicate",
    "sriov-name-portable",
    "sriov-prefix-default",
    "sriov-range-malformed",
    "sriov-selectors-missing",
)
"""What may be wrong with the configuration of the SR-IOV device plugin."""


@rule(*dict.fromkeys((*SHARED_RULES, *SRIOV_RULES)), kinds={"ConfigMap"})
def device_plugin_config_maps(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what is wrong with the configuration of a device plugin that is deployed without the operator."""
    written = [text for text in mapping(document.value(("data",))).values() if isinstance(text, str)]
    if any(key in text for text in written for key in LIST_KEYS):
        from aksrdma.checks.plugins.device_plugins import shared_plugin_config, sriov_plugin_config

        yield from shared_plugin_config(document, manifests)
        yield from sriov_plugin_config(document, manifests)
