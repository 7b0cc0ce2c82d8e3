"""`metadata` of every kind: names, labels, annotations, owners, finalizers.

Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.kinds import Kind
from aksrdma.checks.apiserver.managed_fields import check_managed_fields
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, items, mapping, sequence, text

RULE: Final = "invalid-metadata"
ANNOTATIONS_MAX: Final = 256 * 1024
"""Bytes that the keys and values of all annotations of one object may take."""
_STANDARD_FINALIZERS: Final = frozenset({"foregroundDeletion", "kubernetes", "orphan"})
_METADATA: Final[FieldPath] = ("metadata",)


def check_metadata(report: Report, data: dict[str, Any], kind: Kind) -> None:
    """Judge `metadata` of an object that is to be created."""
    metadata = data.get("metadata")
    if metadata is None:
        report.add(RULE, (), "metadata.name is required", "set metadata.name")
    if not isinstance(metadata, dict):
        return
    check_name(report, metadata, kind.name)
    if kind.namespaced and (namespace := text(metadata.get("namespace"))) and (reason := names.dns_label(namespace)):
        report.add(RULE, ("metadata", "namespace"), f"namespace {namespace!r} {reason}")
    check_labels(report, _METADATA, metadata)
    check_annotations(report, _METADATA, metadata)
    if "generation" in metadata and kind.keeps_generation:
        report.not_negative(RULE, _METADATA, metadata, "generation")
    if "ownerReferences" in metadata:
        _check_owners(report, metadata["ownerReferences"])
    if "finalizers" in metadata:
        _check_own_finalizers(report, metadata["finalizers"], kind)
    if "managedFields" in metadata:
        check_managed_fields(report, RULE, metadata["managedFields"], data.get("apiVersion"))


def check_name(report: Report, metadata: dict[str, Any], rule: names.NameRule) -> None:
    """Judge name and generateName, and the name that the server would make of the latter."""
    name, base = metadata.get("name"), text(metadata.get("generateName"))
    if base:
        _check_base(report, base, rule, generates=absent(name))
    if isinstance(name, str) and name:
        if reason := rule(name):
            report.add(RULE, ("metadata", "name"), f"name {name!r} {reason}")
    elif absent(name) and not base:
        report.add(RULE, ("metadata", "name"), "name or generateName is required", "set metadata.name")


def _check_base(report: Report, base: str, rule: names.NameRule, *, generates: bool) -> None:
    reason = rule(names.mask_trailing_dash(base)) or (rule(names.generated(base)) if generates else None)
    if reason:
        report.add(RULE, ("metadata", "generateName"), f"generateName {base!r} {reason}")


def check_labels(report: Report, path: FieldPath, metadata: dict[str, Any], field: str = "labels") -> None:
    """Judge a mapping of labels, which is `field` of the mapping at `path`."""
    for key, value in mapping(metadata.get(field)).items():
        if reason := names.qualified_name(key):
            report.add(RULE, (*path, field, key), f"label key {key!r} {reason}")
        if isinstance(value, str) and (reason := names.label_value(value)):
            report.add(RULE, (*path, field, key), f"label value {value!r} {reason}")


def check_annotations(report: Report, path: FieldPath, metadata: dict[str, Any]) -> None:
    """Judge the keys of `annotations` of the mapping at `path`, and their size."""
    annotations = mapping(metadata.get("annotations"))
    if not annotations:
        return
    size = 0
    for key, value in annotations.items():
        if reason := names.annotation_key(key):
            report.add(RULE, (*path, "annotations", key), f"annotation key {key!r} {reason}")
        size += len(key) + len(value) if isinstance(value, str) else 0
    if size * 4 > ANNOTATIONS_MAX:
        _check_size(report, (*path, "annotations"), annotations)


def _check_size(report: Report, path: FieldPath, annotations: dict[str, Any]) -> None:
    size = sum(
        len(key.encode(errors="replace")) + len(text(value).encode(errors="replace"))
        for key, value in annotations.items()
    )
    if size > ANNOTATIONS_MAX:
        report.add(
            RULE, path, f"annotations take {size} bytes, more than {ANNOTATIONS_MAX}", "move data to a ConfigMap"
        )


def _check_owners(report: Report, owners: Any) -> None:
    controllers = 0
    for index, (path, owner) in enumerate(items(owners, ("metadata", "ownerReferences"))):
        if owner in owners[:index]:  # the server drops repeated ones
            continue
        report.required(RULE, path, owner, "apiVersion", "kind", "name", "uid")
        if text(owner.get("apiVersion")).count("/") > 1 or text(owner.get("apiVersion")).endswith("/"):
            report.add(RULE, (*path, "apiVersion"), f"apiVersion {owner['apiVersion']!r} has no version")
        if (owner.get("apiVersion"), owner.get("kind")) == ("v1", "Event"):
            report.add(RULE, path, "an Event cannot be an owner")
        controllers += owner.get("controller") is True
        if controllers > 1 and owner.get("controller") is True:
            report.add(RULE, (*path, "controller"), "only one owner may be the controller")


def _check_own_finalizers(report: Report, finalizers: Any, kind: Kind) -> None:
    path: FieldPath = ("metadata", "finalizers")
    check_finalizers(report, path, finalizers, builtin=kind.builtin)
    if isinstance(finalizers, list) and "orphan" in finalizers and "foregroundDeletion" in finalizers:
        report.add(RULE, path, "orphan and foregroundDeletion exclude each other")


def check_finalizers(report: Report, path: FieldPath, finalizers: Any, *, builtin: bool) -> None:
    """Judge the names in a list of finalizers; those of Kubernetes' own kinds are standard ones or have a domain."""
    for index, finalizer in enumerate(sequence(finalizers)):
        finalizer = "" if finalizer is None else finalizer
        if not isinstance(finalizer, str):
            continue
        if reason := names.qualified_name(finalizer):
            report.add(RULE, (*path, index), f"finalizer {finalizer!r} {reason}")
        elif builtin and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            report.add(RULE, (*path, index), f"finalizer {finalizer!r} is neither a standard one nor has it a domain")
