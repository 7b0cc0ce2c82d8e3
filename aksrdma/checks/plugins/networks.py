"""Secondary networks: the fields that the operator pastes into a NetworkAttachmentDefinition, and its CNI config."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.ipam import cni_plugins
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import NETWORK_KINDS, POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath

_NOT_INFINIBAND = re.compile(r"(?:eth|en)[A-Za-z0-9]|.*[*?\[\]]")
_CONFIGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("HostDeviceNetwork", ("spec", "ipam")),
    ("IPoIBNetwork", ("spec", "ipam")),
    ("MacvlanNetwork", ("spec", "ipam")),
    ("NetworkAttachmentDefinition", ("spec", "config")),
    ("NicClusterPolicy", ("spec", "rdmaSharedDevicePlugin", "config")),
    ("NicClusterPolicy", ("spec", "secondaryNetwork", "multus", "config")),
    ("NicClusterPolicy", ("spec", "sriovDevicePlugin", "config")),
    ("NicNodePolicy", ("spec", "rdmaSharedDevicePlugin", "config")),
    ("NicNodePolicy", ("spec", "sriovDevicePlugin", "config")),
)


@rule("network-name-not-referencable", kinds=NETWORK_KINDS)
def network_name(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks that the short form of the pod annotation cannot name."""
    if "." in document.name:
        message = f"the comma form of k8s.v1.cni.cncf.io/networks cannot name {document.name!r}: Multus allows no dot"
        yield Problem("network-name-not-referencable", ("metadata", "name"), message, document=document)


@rule("ipoib-master-missing", "ipoib-master-not-ib-like", "network-namespace-missing", kinds={"IPoIBNetwork"})
def ipoib_network(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find IPoIBNetworks whose NetworkAttachmentDefinition cannot work."""
    spec = document.data.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    yield from _master(document, spec.get("master"), ("spec", "master"))
    if spec.get("networkNamespace") in (None, ""):
        message = "without networkNamespace the network is made in default, looked up nowhere, and never gets ready"
        yield Problem("network-namespace-missing", ("spec", "networkNamespace"), message, document=document)


@rule("cni-config-not-json", "ipoib-master-missing", "ipoib-master-not-ib-like", kinds={"NetworkAttachmentDefinition"})
def attachment_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find NetworkAttachmentDefinitions whose CNI config Multus or ipoib-cni refuses."""
    spec = document.data.get("spec")
    if isinstance(spec, dict):
        yield from _json_object(document, spec.get("config"), ("spec", "config"))
    for path, plugin in cni_plugins(document):
        if plugin.get("type") == "ipoib":
            yield from _master(document, plugin.get("master"), (*path, "master"))


@rule("cni-config-not-json", kinds={"NicClusterPolicy"})
def multus_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find a policy whose own Multus config is no JSON object."""
    path = ("spec", "secondaryNetwork", "multus", "config")
    data: Any = document.data
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    yield from _json_object(document, data, path)


@rule("embedded-json-duplicate-key", kinds=NETWORK_KINDS | POLICY_KINDS)
def repeated_keys(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find keys that the JSON of a string has twice."""
    for kind, path in _CONFIGS:
        if kind == document.kind and isinstance(document.value(path), str):
            for repeat in document.embedded(path).duplicates:
                message = f"{repeat.path[-1]!r} stands twice in one object; Go programs take the last one"
                yield Problem("embedded-json-duplicate-key", (*path, None, *repeat.path), message, document=document)


def _json_object(document: Document, text: Any, path: FieldPath) -> Iterator[Problem]:
    if not isinstance(text, str) or not text.strip():
        return
    embedded = document.embedded(path)
    if embedded.error is not None or not isinstance(embedded.data, dict):
        reason = embedded.error or "it is no object"
        message = f"Multus refuses the CNI config, which is not a JSON object: {reason}"
        yield Problem("cni-config-not-json", path, message, document=document)


def _master(document: Document, master: Any, path: FieldPath) -> Iterator[Problem]:
    if master in (None, ""):
        message = "ipoib-cni refuses the network: host master interface is missing"
        yield Problem("ipoib-master-missing", path, message, document=document)
    elif isinstance(master, str) and _NOT_INFINIBAND.match(master):
        message = f"master {master!r} looks like no IPoIB interface: ipoib-cni takes the very name, of type ipoib"
        yield Problem("ipoib-master-not-ib-like", path, message, document=document)
