"""Secondary networks, and the Multus annotation by which a pod asks for them, as the operator, Multus and CNI read both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.plugins.ipam import cni_plugins
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import names
from aksrdma.kube.addresses import parse_address, parse_cidr
from aksrdma.kube.go_json import JsonError, Reader, go_get
from aksrdma.kube.go_struct import WRONG_TYPE, ListOf, MapOf, Object, Struct, decode
from aksrdma.kube.kinds import NETWORK_KINDS, POD_KINDS, POLICY_KINDS, kind_of
from aksrdma.kube.labels import NETWORKS
from aksrdma.kube.templates import PodTemplate, pod_templates
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_NOT_INFINIBAND: Final = re.compile(r"(?:eth|en)[A-Za-z0-9]|.*[*?\[\]]")
_MULTUS_CONFIG: Final = ("spec", "secondaryNetwork", "multus", "config")
_CONFIGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("HostDeviceNetwork", ("spec", "ipam")),
    ("IPoIBNetwork", ("spec", "ipam")),
    ("MacvlanNetwork", ("spec", "ipam")),
    ("NetworkAttachmentDefinition", ("spec", "config")),
    ("NicClusterPolicy", ("spec", "rdmaSharedDevicePlugin", "config")),
    ("NicClusterPolicy", _MULTUS_CONFIG),
    ("NicClusterPolicy", ("spec", "sriovDevicePlugin", "config")),
    ("NicNodePolicy", ("spec", "rdmaSharedDevicePlugin", "config")),
    ("NicNodePolicy", ("spec", "sriovDevicePlugin", "config")),
)
"""By kind, the strings that hold JSON."""


@rule("network-name-not-referencable", kinds=NETWORK_KINDS)
def network_name(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks that the short form of the pod annotation cannot name."""
    if "." in document.name:
        message = f"the comma form of {NETWORKS} cannot name {document.name!r}: Multus allows no dot"
        yield Problem("network-name-not-referencable", ("metadata", "name"), message)


@rule("ipoib-master-missing", "ipoib-master-not-ib-like", "network-namespace-missing", kinds={"IPoIBNetwork"})
def ipoib_network(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find IPoIBNetworks whose NetworkAttachmentDefinition cannot work."""
    yield from _master(document.value(("spec", "master")), ("spec", "master"))
    if document.value(("spec", "networkNamespace")) in (None, ""):
        message = "without networkNamespace the network is made in default, looked up nowhere, and never gets ready"
        yield Problem("network-namespace-missing", ("spec", "networkNamespace"), message)


@rule("cni-config-not-json", "ipoib-master-missing", "ipoib-master-not-ib-like", kinds={"NetworkAttachmentDefinition"})
def attachment_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find NetworkAttachmentDefinitions whose CNI config Multus or ipoib-cni refuses."""
    yield from _json_object(document, ("spec", "config"))
    for path, plugin in cni_plugins(document):
        if go_get(plugin, "type") == "ipoib":
            yield from _master(go_get(plugin, "master"), (*path, "master"))


@rule("cni-config-not-json", kinds={"NicClusterPolicy"})
def multus_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find a policy whose own Multus config is no JSON object."""
    yield from _json_object(document, _MULTUS_CONFIG)


@rule("embedded-json-duplicate-key", kinds=NETWORK_KINDS | POLICY_KINDS)
def repeated_keys(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find keys that the JSON of a string has twice."""
    for kind, path in _CONFIGS:
        if kind == document.kind and isinstance(document.value(path), str):
            for repeat in document.embedded(path).duplicates:
                message = f"{repeat.path[-1]!r} stands twice in one object; Go programs take the last one"
                yield Problem("embedded-json-duplicate-key", (*path, None, *repeat.path), message)


def _json_object(document: Document, path: FieldPath) -> Iterator[Problem]:
    text = document.value(path)
    if not isinstance(text, str) or not text.strip():
        return
    embedded = document.embedded(path)
    if embedded.error is not None or not isinstance(embedded.data, dict):
        reason = embedded.error or "it is no object"
        message = f"Multus refuses the CNI config, which is not a JSON object: {reason}"
        at = embedded.error_position if embedded.error is not None else None
        yield Problem("cni-config-not-json", path, message, at=at)


def _master(master: Any, path: FieldPath) -> Iterator[Problem]:
    if master in (None, ""):
        yield Problem("ipoib-master-missing", path, "ipoib-cni refuses the network: host master interface is missing")
    elif isinstance(master, str) and _NOT_INFINIBAND.match(master):
        message = f"master {master!r} looks like no IPoIB interface: ipoib-cni takes the very name, of type ipoib"
        yield Problem("ipoib-master-not-ib-like", path, message)


_REFUSES: Final = "Multus refuses the annotation and the pod never starts"
_KNOWN_KEYS: Final = frozenset({NETWORKS, "k8s.v1.cni.cncf.io/network-status", "k8s.v1.cni.cncf.io/networks-status"})
_ALIKE: Final = 0.92
"""How much an annotation's key has to resemble Multus' own to count as a slip of the pen."""
_LONGER: Final = 5
"""Letters by which one of another length cannot resemble it so much any more."""
_LONGEST_INTERFACE: Final = 15
"""Bytes of an interface's name: IFNAMSIZ of Linux is 16, with the zero at its end."""
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
# What Go's net.ParseMAC takes: EUI-48, EUI-64, and the 20 bytes of an IP-over-InfiniBand address.
_MAC_LENGTHS: Final = (6, 8, 20)
_MAC_FORMS: Final = ((":", 2), ("-", 2), (".", 4))
_ELEMENT: Final = Struct(
    {
        "name": "string",
        "namespace": "string",
        "ips": ListOf("string"),
        "mac": "string",
        "infiniband-guid": "string",
        "interface": "string",
        "interfaceRequest": "string",
        "portMappings": ListOf(
            Struct({"hostPort": "int", "containerPort": "int", "protocol": "string", "hostIP": "string"})
        ),
        "bandwidth": Struct(dict.fromkeys(("ingressRate", "ingressBurst", "egressRate", "egressBurst"), "int")),
        "deviceID": "string",
        "cni-args": MapOf("any"),
        "default-route": ListOf("ip"),
    }
)
"""An element of the JSON form of the annotation."""


class NetworkReference(NamedTuple):
    """One network that a pod asks for."""

    path: FieldPath
    name: str
    namespace: str
    """Empty where none is given: the pod's own is meant."""
    interface: str
    """Empty where none is given: net1, net2, ..."""
    element: Object | None = None
    """The element of the JSON form."""


class NetworksAnnotation(NamedTuple):
    """The annotation of one pod template."""

    path: FieldPath
    references: tuple[NetworkReference, ...] = ()
    refusals: tuple[tuple[FieldPath, str], ...] = ()
    """What Multus refuses while it splits the value: where, and why."""
    problems: Sequence[Problem] = ()
    """Wrong types and unknown keys; see `go_struct.decode`."""


def networks_annotation(template: PodTemplate) -> tuple[NetworkReference, ...]:
    """Return the networks that a pod template asks for; none where Multus cannot read the annotation."""
    annotation = read_annotation(template)
    return annotation.references if annotation is not None and not annotation.refusals else ()


def read_annotation(template: PodTemplate) -> NetworksAnnotation | None:
    """Return the annotation of a pod template with what is wrong with it, or None where there is none."""
    value = template.annotations.get(NETWORKS)
    if not isinstance(value, str) or not value:
        return None
    path = (*template.path, "metadata", "annotations", NETWORKS)
    # By these signs anywhere in the value: parsePodNetworkAnnotation of Multus, pkg/k8sclient/k8sclient.go.
    return (_json_form if any(sign in value for sign in '[{"') else _comma_form)(value, path)


def _comma_form(value: str, path: FieldPath) -> NetworksAnnotation:
    references: list[NetworkReference] = []
    refusals: list[tuple[FieldPath, str]] = []
    for item in value.split(","):
        namespace, _, rest = item.strip().rpartition("/")
        name, _, interface = rest.partition("@")
        if "/" in namespace:
            refusals.append((path, f"{item.strip()!r} has more than one /"))
        elif "@" in interface:
            refusals.append((path, f"{item.strip()!r} has more than one @"))
        elif not name.strip():
            refusals.append((path, f"{item.strip()!r} names no network" if item.strip() else "an item of it is empty"))
        else:
            references.append(NetworkReference(path, name.strip(), namespace.strip(), interface.strip()))
    return NetworksAnnotation(path, tuple(references), tuple(refusals))


def _json_form(value: str, path: FieldPath) -> NetworksAnnotation:
    inside = (*path, None)
    try:
        data = Reader(value).only_value()
    except JsonError as error:
        return NetworksAnnotation(path, refusals=((path, f"it is not JSON: {error.message}"),))
    if not isinstance(data, list):
        reason = "it is a single object, not a list of objects" if isinstance(data, dict) else "it is no list"
        return NetworksAnnotation(path, refusals=((path, reason),))
    elements, problems = decode(data, ListOf(_ELEMENT), inside)
    references = tuple(
        NetworkReference(
            element.path,
            element.text("name"),
            element.text("namespace"),
            element.text("interface") or element.text("interfaceRequest"),
            element,
        )
        for element in elements
    )
    nulls = tuple(((*inside, index), "an element is null") for index, item in enumerate(data) if item is None)
    return NetworksAnnotation(path, references, nulls, problems)


@rule(
    "network-annotation-interface-name",
    "network-annotation-key-unknown",
    "network-annotation-on-workload-metadata",
    "network-annotation-syntax",
    "network-annotation-unknown-json-key",
    "network-annotation-with-host-network",
    kinds=POD_KINDS,
)
def network_annotations(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that do not get the secondary networks which their annotation asks for."""
    templates = list(pod_templates(document.data))
    for template in templates:
        annotation = read_annotation(template)
        if annotation is not None:
            yield from _annotation(annotation)
            if template.spec.get("hostNetwork") is True:
                message = "a pod with hostNetwork: true passes through no CNI plugin and gets none of the networks it asks for"
                yield Problem("network-annotation-with-host-network", annotation.path, message)
        for key in template.annotations:
            near = abs(len(key) - len(NETWORKS)) < _LONGER and "cni" in key and key not in _KNOWN_KEYS
            if near and SequenceMatcher(None, key, NETWORKS).ratio() >= _ALIKE:
                path = (*template.path, "metadata", "annotations", key)
                yield Problem("network-annotation-key-unknown", path, f"Multus does not read {key}", meant=NETWORKS)
    on_pods = any(NETWORKS in template.annotations for template in templates)
    path = ("metadata", "annotations", NETWORKS)
    # Controllers whose kind has no schema here may well copy it to their pods.
    row = kind_of(document.api_version, document.kind)
    copied = document.kind == "Pod" or row is None or not row.has_schema
    if not copied and not on_pods and mapping(document.value(path[:-1])).get(NETWORKS):
        message = f"{NETWORKS} on the {document.kind} itself reaches no pod: Multus reads the pod's own annotations"
        yield Problem("network-annotation-on-workload-metadata", path, message)


def _annotation(annotation: NetworksAnnotation) -> Iterator[Problem]:
    for path, reason in annotation.refusals:
        yield Problem("network-annotation-syntax", path, f"{_REFUSES}: {reason}")
    for problem in annotation.problems:
        if problem.rule == WRONG_TYPE:
            message = f"{_REFUSES}: {problem.path[-1]} {problem.message}"
            yield Problem("network-annotation-syntax", problem.path, message)
        else:
            fix = f"write {problem.meant!r}" if problem.meant else None
            message = f"Multus ignores {problem.path[-1]!r}, which it does not know"
            yield Problem("network-annotation-unknown-json-key", problem.path, message, fix, problem.meant)
    for reference in annotation.references if not annotation.refusals else ():
        yield from _names(reference)
        yield from _interface(reference)
        if reference.element is not None:
            yield from _addresses(reference.element)


def _names(reference: NetworkReference) -> Iterator[Problem]:
    element = reference.element
    # Multus itself checks the names of the comma form alone; a network of another name cannot exist at all.
    fits = not names.dns_subdomain(reference.name) and (element is not None or "." not in reference.name)
    if not fits:
        path = reference.path if element is None else element.at("name")
        reason = f"{reference.name!r} is no name of a network" if reference.name else "an element has no name"
        yield Problem("network-annotation-syntax", path, f"{_REFUSES}: {reason}")
    if reference.namespace and names.dns_label(reference.namespace):
        path = reference.path if element is None else element.at("namespace")
        message = f"{_REFUSES}: {reference.namespace!r} is no name of a namespace"
        yield Problem("network-annotation-syntax", path, message)


def _interface(reference: NetworkReference) -> Iterator[Problem]:
    name, rule = reference.interface, "network-annotation-interface-name"
    key = "interface" if reference.element and reference.element.text("interface") else "interfaceRequest"
    path = reference.path if reference.element is None else reference.element.at(key)
    if len(name.encode()) > _LONGEST_INTERFACE:
        message = f"the interface name {name!r} is longer than {_LONGEST_INTERFACE} bytes, so the pod never starts"
        yield Problem(rule, path, message)
    elif any(sign.isspace() or sign == "/" for sign in name):
        yield Problem(rule, path, f"the interface name {name!r} holds white space or /, so the pod never starts")
    elif name and names.dns_label(name):
        message = f"Multus takes the interface name {name!r}, but stricter readers of the annotation do not"
        yield Problem(rule, path, message, severity="warning")


def _addresses(element: Object) -> Iterator[Problem]:
    for key in ("mac", "infiniband-guid"):
        if element.text(key) and not _is_mac(element.text(key)):
            message = f"{_REFUSES}: {key} {element.text(key)!r} is no hardware address"
            yield Problem("network-annotation-syntax", element.at(key), message)
    for index, text in enumerate(element.list("ips")):
        if (parse_cidr(text) if "/" in text else parse_address(text)) is None:
            message = f"{_REFUSES}: ips holds {text!r}, which is neither an IP address nor a CIDR"
            yield Problem("network-annotation-syntax", (*element.at("ips"), index), message)


def _is_mac(text: str) -> bool:
    for separator, digits in _MAC_FORMS:
        parts = text.split(separator)
        if len(parts) * digits // 2 in _MAC_LENGTHS:
            return all(len(part) == digits and set(part) <= _HEX_DIGITS for part in parts)
    return False
