"""The Multus annotation of a pod, read as Multus reads it: a comma list, or a JSON list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aksrdma.checks.plugins.decode import Flaw, ListOf, MapOf, Object, Struct, decode
from aksrdma.findings import FieldPath
from aksrdma.kube.go_json import JsonError, Reader
from aksrdma.kube.templates import PodTemplate

ANNOTATION: Final = "k8s.v1.cni.cncf.io/networks"

_STRINGS = ListOf("string")
_ELEMENT = Struct(
    {
        "name": "string",
        "namespace": "string",
        "ips": _STRINGS,
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
    errors: tuple[tuple[FieldPath, str], ...] = ()
    """What Multus refuses while it splits the value: where, and why."""
    flaws: Sequence[Flaw] = ()


def networks_annotation(template: PodTemplate) -> tuple[NetworkReference, ...]:
    """Return the networks that a pod template asks for; none where Multus cannot read the annotation."""
    annotation = read_annotation(template)
    return annotation.references if annotation is not None and not annotation.errors else ()


def read_annotation(template: PodTemplate) -> NetworksAnnotation | None:
    """Return the annotation of a pod template with what is wrong with it, or None where there is none."""
    value = template.annotations.get(ANNOTATION)
    if not isinstance(value, str) or not value:
        return None
    path = (*template.path, "metadata", "annotations", ANNOTATION)
    if any(sign in value for sign in '[{"'):
        return _json_form(value, path)
    return _comma_form(value, path)


def is_annotated(metadata: Any) -> bool:
    """Say whether metadata carries the annotation with a value."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and bool(annotations.get(ANNOTATION))


def _comma_form(value: str, path: FieldPath) -> NetworksAnnotation:
    references: list[NetworkReference] = []
    errors: list[tuple[FieldPath, str]] = []
    for item in value.split(","):
        namespace, _, rest = item.strip().rpartition("/")
        name, _, interface = rest.partition("@")
        if "/" in namespace:
            errors.append((path, f"{item.strip()!r} has more than one /"))
        elif "@" in interface:
            errors.append((path, f"{item.strip()!r} has more than one @"))
        elif not name.strip():
            errors.append((path, f"{item.strip()!r} names no network" if item.strip() else "an item of it is empty"))
        else:
            references.append(NetworkReference(path, name.strip(), namespace.strip(), interface.strip()))
    return NetworksAnnotation(path, tuple(references), tuple(errors))


def _json_form(value: str, path: FieldPath) -> NetworksAnnotation:
    inside = (*path, None)
    try:
        data = Reader(value).only_value()
    except JsonError as error:
        return NetworksAnnotation(path, errors=((path, f"it is not JSON: {error.message}"),))
    if not isinstance(data, list):
        reason = "it is a single object, not a list of objects" if isinstance(data, dict) else "it is no list"
        return NetworksAnnotation(path, errors=((path, reason),))
    elements, flaws = decode(data, ListOf(_ELEMENT), inside)
    errors = [((*inside, index), "an element is null") for index, item in enumerate(data) if item is None]
    return NetworksAnnotation(path, tuple(map(_reference, elements)), tuple(errors), flaws)


def _reference(element: Object) -> NetworkReference:
    interface = element.text("interface") or element.text("interfaceRequest")
    return NetworkReference(element.path, element.text("name"), element.text("namespace"), interface, element)
