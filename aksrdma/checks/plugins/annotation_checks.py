"""The Multus annotation of pods and pod templates, judged as Multus judges it when the pod starts."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.addresses import parse_address, parse_cidr
from aksrdma.checks.plugins.annotations import (
    ANNOTATION,
    NetworkReference,
    NetworksAnnotation,
    is_annotated,
    read_annotation,
)
from aksrdma.checks.plugins.decode import Object
from aksrdma.checks.plugins.kubernetes import is_dns_label, is_dns_subdomain
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.templates import PodTemplate, pod_templates

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_KNOWN_KEYS: Final = frozenset({ANNOTATION, "k8s.v1.cni.cncf.io/network-status", "k8s.v1.cni.cncf.io/networks-status"})
_ALIKE: Final = 0.92
_REFUSES: Final = "Multus refuses the annotation and the pod never starts"
_LONGEST_INTERFACE: Final = 15
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_MAC_LENGTHS: Final = (6, 8, 20)
_MAC_FORMS: Final = ((":", 2), ("-", 2), (".", 4))


@rule(
    "network-annotation-interface-name",
    "network-annotation-key-unknown",
    "network-annotation-on-workload-metadata",
    "network-annotation-syntax",
    "network-annotation-unknown-json-key",
    "network-annotation-with-host-network",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainingRuntime",
    },
)
def network_annotations(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that do not get the secondary networks which their annotation asks for."""
    templates = list(pod_templates(document.data))
    for template in templates:
        annotation = read_annotation(template)
        if annotation is not None:
            yield from _annotation(document, annotation)
            yield from _host_network(document, template, annotation)
        yield from _keys(document, template)
    on_pods = any(ANNOTATION in template.annotations for template in templates)
    if document.kind != "Pod" and not on_pods and is_annotated(document.data.get("metadata")):
        message = f"{ANNOTATION} on the {document.kind} itself reaches no pod: Multus reads the pod's own annotations"
        yield Problem(
            "network-annotation-on-workload-metadata",
            ("metadata", "annotations", ANNOTATION),
            message,
            document=document,
        )


def _keys(document: Document, template: PodTemplate) -> Iterator[Problem]:
    for key in template.annotations:
        if "cni" in key and key not in _KNOWN_KEYS and SequenceMatcher(None, key, ANNOTATION).ratio() >= _ALIKE:
            path = (*template.path, "metadata", "annotations", key)
            yield Problem("network-annotation-key-unknown", path, f"Multus does not read {key}", document=document)


def _annotation(document: Document, annotation: NetworksAnnotation) -> Iterator[Problem]:
    for path, reason in annotation.errors:
        yield Problem("network-annotation-syntax", path, f"{_REFUSES}: {reason}", document=document)
    for flaw in annotation.flaws:
        if flaw.kind == "type":
            message = f"{_REFUSES}: {flaw.path[-1]} {flaw.text}"
            yield Problem("network-annotation-syntax", flaw.path, message, document=document)
        else:
            fix = f"write {flaw.near!r}" if flaw.near else None
            message = f"Multus ignores {flaw.path[-1]!r}, which it does not know"
            yield Problem("network-annotation-unknown-json-key", flaw.path, message, fix=fix, document=document)
    for reference in annotation.references if not annotation.errors else ():
        yield from _names(document, reference)
        yield from _interface(document, reference)
        if reference.element is not None:
            yield from _addresses(document, reference.element)


def _names(document: Document, reference: NetworkReference) -> Iterator[Problem]:
    element = reference.element
    # Multus itself checks the names of the comma form alone; a network of another name cannot exist at all.
    fits = is_dns_label if element is None else is_dns_subdomain
    if not fits(reference.name):
        path = reference.path if element is None else element.at("name")
        message = f"{_REFUSES}: {reference.name!r} is no name of a network" if reference.name else _nameless()
        yield Problem("network-annotation-syntax", path, message, document=document)
    if reference.namespace and not is_dns_label(reference.namespace):
        path = reference.path if element is None else element.at("namespace")
        message = f"{_REFUSES}: {reference.namespace!r} is no name of a namespace"
        yield Problem("network-annotation-syntax", path, message, document=document)


def _nameless() -> str:
    return f"{_REFUSES}: an element has no name"


def _interface(document: Document, reference: NetworkReference) -> Iterator[Problem]:
    name, rule = reference.interface, "network-annotation-interface-name"
    key = "interface" if reference.element and reference.element.text("interface") else "interfaceRequest"
    path = reference.path if reference.element is None else reference.element.at(key)
    if len(name.encode()) > _LONGEST_INTERFACE:
        message = f"the interface name {name!r} is longer than {_LONGEST_INTERFACE} bytes, so the pod never starts"
        yield Problem(rule, path, message, document=document)
    elif any(sign.isspace() or sign == "/" for sign in name):
        message = f"the interface name {name!r} holds white space or /, so the pod never starts"
        yield Problem(rule, path, message, document=document)
    elif name and not is_dns_label(name):
        message = f"Multus takes the interface name {name!r}, but stricter readers of the annotation do not"
        yield Problem(rule, path, message, severity="warning", document=document)


def _addresses(document: Document, element: Object) -> Iterator[Problem]:
    rule = "network-annotation-syntax"
    for key in ("mac", "infiniband-guid"):
        if element.text(key) and not _is_mac(element.text(key)):
            message = f"{_REFUSES}: {key} {element.text(key)!r} is no hardware address"
            yield Problem(rule, element.at(key), message, document=document)
    for index, text in enumerate(element.list("ips")):
        if (parse_cidr(text) if "/" in text else parse_address(text)) is None:
            message = f"{_REFUSES}: ips holds {text!r}, which is neither an IP address nor a CIDR"
            yield Problem(rule, (*element.at("ips"), index), message, document=document)


def _is_mac(text: str) -> bool:
    for separator, digits in _MAC_FORMS:
        parts = text.split(separator)
        if len(parts) * digits // 2 in _MAC_LENGTHS:
            return all(len(part) == digits and set(part) <= _HEX_DIGITS for part in parts)
    return False


def _host_network(document: Document, template: PodTemplate, annotation: NetworksAnnotation) -> Iterator[Problem]:
    if template.spec.get("hostNetwork") is True:
        message = "a pod with hostNetwork: true passes through no CNI plugin and gets none of the networks it asks for"
        yield Problem("network-annotation-with-host-network", annotation.path, message, document=document)
