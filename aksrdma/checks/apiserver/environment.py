"""Environment variables of a container, and the references that the downward API takes.

Source: ValidateEnv and ValidateEnvFrom in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.resources import check_quantity
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import canonical
from aksrdma.kube.values import absent, items, text

RULE: Final = "invalid-container"
_SOURCES: Final = ("configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef")
_ENV_FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.host",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
FILE_FIELDS: Final = frozenset(
    {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"}
)
"""Fields of a pod that a downward API volume can hold."""
_RESOURCES: Final = frozenset(
    f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
_HUGE_PAGES: Final = ("limits.hugepages-", "requests.hugepages-")
_CPU_DIVISORS: Final = frozenset({"1", "1m"})
_DIVISORS: Final = frozenset({"1", *(f"1{power}{binary}" for power in "MGTPE" for binary in ("", "i")), "1k", "1Ki"})


def check_env(report: Report, path: FieldPath, variables: Any) -> None:
    """Judge `env` of a container."""
    for where, variable in items(variables, path):
        name = variable.get("name")
        if absent(name):
            report.add(RULE, (*where, "name"), "name of the variable is required", "set name")
        elif isinstance(name, str) and (reason := names.env_name(name)):
            report.add(RULE, (*where, "name"), f"variable name {name!r} {reason}")
        if isinstance(source := variable.get("valueFrom"), dict):
            _check_source(report, (*where, "valueFrom"), source, variable)


def _check_source(report: Report, path: FieldPath, source: dict[str, Any], variable: dict[str, Any]) -> None:
    given = [name for name in _SOURCES if source.get(name) is not None]
    if not given:  # fileKeyRef is not counted: a server without its feature drops it
        report.add(RULE, path, f"valueFrom needs one of {', '.join(_SOURCES)}")
    elif text(variable.get("value")):
        report.add(RULE, path, "value and valueFrom exclude each other", "remove one of them")
    elif len(given) > 1:
        report.add(RULE, path, f"{' and '.join(given)} exclude each other", "keep one of them")
    if isinstance(reference := source.get("fieldRef"), dict):
        check_field(report, (*path, "fieldRef"), reference, _ENV_FIELDS)
    if isinstance(reference := source.get("resourceFieldRef"), dict):
        check_resource_field(report, (*path, "resourceFieldRef"), reference, in_volume=False)
    for name in ("configMapKeyRef", "secretKeyRef"):
        if isinstance(reference := source.get(name), dict):
            _check_key(report, (*path, name), reference)


def _check_key(report: Report, path: FieldPath, reference: dict[str, Any]) -> None:
    report.required(RULE, path, reference, "name", "key")
    if (name := text(reference.get("name"))) and (reason := names.dns_subdomain(name)):
        report.add(RULE, (*path, "name"), f"name {name!r} {reason}")
    if (key := text(reference.get("key"))) and (reason := names.config_key(key)):
        report.add(RULE, (*path, "key"), f"key {key!r} {reason}")


def check_field(report: Report, path: FieldPath, reference: dict[str, Any], known: frozenset[str]) -> None:
    """Judge a `fieldRef`, which may name one of `known` or a single label or annotation."""
    field = reference.get("fieldPath")
    if text(reference.get("apiVersion")) not in ("", "v1"):
        report.add(
            RULE, (*path, "apiVersion"), f"apiVersion {reference['apiVersion']!r} is not v1", "remove apiVersion"
        )
    elif absent(field):
        report.add(RULE, (*path, "fieldPath"), "fieldPath is required", "set fieldPath")
    elif isinstance(field, str) and (reason := _field_problem(field, known)):
        report.add(RULE, (*path, "fieldPath"), f"fieldPath {field!r} {reason}")


def _field_problem(field: str, known: frozenset[str]) -> str | None:
    head, bracket, rest = field.partition("['")
    if not (head and bracket and rest.endswith("']")):
        return None if field in known else "names no field that can be read here"
    if head == "metadata.annotations":
        return names.annotation_key(rest[:-2])
    if head == "metadata.labels":
        return names.qualified_name(rest[:-2])
    return "takes no ['key']"


def check_resource_field(report: Report, path: FieldPath, reference: dict[str, Any], *, in_volume: bool) -> None:
    """Judge a `resourceFieldRef`; in a volume it must name its container."""
    if in_volume:
        report.required(RULE, path, reference, "containerName")
    resource = text(reference.get("resource"))
    nameless = in_volume and absent(reference.get("containerName"))
    if resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES) and not nameless:
        report.add(RULE, (*path, "resource"), f"resource {resource!r} cannot be read", "name limits.cpu or the like")
    divisor = reference.get("divisor")
    if divisor is not None:
        _check_divisor(report, (*path, "divisor"), resource, divisor)


def _check_divisor(report: Report, path: FieldPath, resource: str, divisor: Any) -> None:
    amount = check_quantity(report, RULE, path, divisor)
    if amount is None or amount.nano == 0:
        return
    known = _CPU_DIVISORS if resource.endswith(".cpu") else _DIVISORS
    if (resource in _RESOURCES or resource.startswith(_HUGE_PAGES)) and canonical(divisor) not in known:
        report.add(
            RULE, path, f"divisor {divisor} is not supported for {resource}", f"use one of {', '.join(sorted(known))}"
        )


def check_env_from(report: Report, path: FieldPath, sources: Any) -> None:
    """Judge `envFrom` of a container."""
    for where, source in items(sources, path):
        if (prefix := text(source.get("prefix"))) and (reason := names.env_name(prefix)):
            report.add(RULE, (*where, "prefix"), f"prefix {prefix!r} {reason}")
        given = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
        if len(given) != 1:
            report.add(RULE, where, "envFrom needs exactly one of configMapRef and secretRef")
        for name in given:
            if isinstance(reference := source[name], dict):
                _check_name(report, (*where, name), reference)


def _check_name(report: Report, path: FieldPath, reference: dict[str, Any]) -> None:
    report.required(RULE, path, reference, "name")
    if (name := text(reference.get("name"))) and (reason := names.dns_subdomain(names.mask_trailing_dash(name))):
        report.add(RULE, (*path, "name"), f"name {name!r} {reason}")
