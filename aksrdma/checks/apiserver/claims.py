"""PersistentVolumeClaim specs: of the kind itself, of StatefulSets and of ephemeral volumes.

Source: ValidatePersistentVolumeClaimSpec in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.metadata import check_annotations, check_labels
from aksrdma.checks.apiserver.resources import check_quantity
from aksrdma.checks.apiserver.selectors import check_selector
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import quantity
from aksrdma.kube.values import mapping, sequence, text

_SOURCES: Final = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def check_claim_template(report: Report, rule: str, path: FieldPath, template: dict[str, Any]) -> None:
    """Judge the claim of an ephemeral volume."""
    metadata = mapping(template.get("metadata"))
    check_labels(report, (*path, "metadata"), metadata)
    check_annotations(report, (*path, "metadata"), metadata)
    for field, value in metadata.items():
        if field not in ("labels", "annotations", "creationTimestamp") and value:
            report.add(rule, (*path, "metadata", field), f"{field} cannot be set here", f"remove {field}")
    check_claim(report, rule, (*path, "spec"), mapping(template.get("spec")))


def check_claim(report: Report, rule: str, path: FieldPath, spec: dict[str, Any]) -> None:
    """Judge the spec of a claim."""
    _check_modes(report, rule, (*path, "accessModes"), spec.get("accessModes"))
    check_selector(report, rule, (*path, "selector"), spec.get("selector"))
    resources = mapping(spec.get("resources"))
    requests = mapping(resources.get("requests"))
    for side in ("limits", "requests"):
        for name, value in mapping(resources.get(side)).items():
            check_quantity(report, rule, (*path, "resources", side, name), value)
    where = (*path, "resources", "requests", "storage")
    if "storage" not in requests:
        report.add(rule, path, "resources.requests.storage is required", "set resources.requests.storage")
    else:
        amount = quantity(requests["storage"])
        if amount is not None and amount.nano <= 0:
            report.add(rule, where, f"storage {requests['storage']} is not above 0")
    for name in ("storageClassName", "volumeAttributesClassName"):
        if (value := text(spec.get(name))) and (reason := names.dns_subdomain(value)):
            report.add(rule, (*path, name), f"{name} {value!r} {reason}")
    report.one_of(rule, (*path, "volumeMode"), spec.get("volumeMode"), ("Block", "Filesystem"))
    if "dataSource" in spec or "dataSourceRef" in spec:
        _check_sources(report, rule, path, _kept_sources(spec) if path == ("spec",) else spec)


def _kept_sources(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the sources of a claim of its own that the server does not drop before it judges them."""
    source, reference = mapping(spec.get("dataSource")), spec.get("dataSourceRef")
    if text(mapping(reference).get("namespace")):
        reference = None
    known = (text(source.get("apiGroup")), text(source.get("kind"))) in _SOURCES
    return {"dataSource": spec.get("dataSource") if known or reference else None, "dataSourceRef": reference}


def _check_sources(report: Report, rule: str, path: FieldPath, spec: dict[str, Any]) -> None:
    for field in ("dataSource", "dataSourceRef"):
        if isinstance(source := spec.get(field), dict):
            _check_source(report, rule, (*path, field), source)
    one, other = spec.get("dataSource"), spec.get("dataSourceRef")
    if isinstance(one, dict) and isinstance(other, dict) and _identity(one) != _identity(other):
        report.add(
            rule, (*path, "dataSource"), "dataSource and dataSourceRef name different things", "remove one of them"
        )


def _check_source(report: Report, rule: str, path: FieldPath, source: dict[str, Any]) -> None:
    report.required(rule, path, source, "name", "kind")
    group, kind = source.get("apiGroup"), source.get("kind")
    if group in (None, "") and isinstance(kind, str) and kind != "PersistentVolumeClaim":
        report.add(rule, path, f"{kind!r} is not in the core API group, only PersistentVolumeClaim is", "set apiGroup")
    elif isinstance(group, str) and group and (reason := names.dns_subdomain(group)):
        report.add(rule, (*path, "apiGroup"), f"apiGroup {group!r} {reason}")


def _identity(source: dict[str, Any]) -> tuple[Any, ...]:
    return source.get("apiGroup"), text(source.get("kind")), text(source.get("name"))


def _check_modes(report: Report, rule: str, path: FieldPath, modes: Any) -> None:
    if modes is None or modes == []:
        report.add(rule, path, "at least one access mode is required", "set accessModes, for example [ReadWriteMany]")
    for index, mode in enumerate(sequence(modes)):
        report.one_of(rule, (*path, index), "" if mode is None else mode, _MODES)
    known = {mode for mode in sequence(modes) if mode in _MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        report.add(rule, path, "ReadWriteOncePod cannot go with other access modes", "keep one of them")
