"""`metadata` of every kind: names, labels, annotations, owners, finalizers.

Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.judging import Report, beyond_schema
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.kinds import JUDGED, Kind, kind_of
from aksrdma.kube.values import absent, integer, items, mapping, sequence, text

RULE: Final = "invalid-metadata"
ANNOTATIONS_MAX: Final = 256 * 1024
"""Bytes that the keys and values of all annotations of one object may take."""
_STANDARD_FINALIZERS: Final = frozenset({"foregroundDeletion", "kubernetes", "orphan"})
_METADATA: Final[FieldPath] = ("metadata",)


@rule("invalid-metadata", kinds=JUDGED)
@beyond_schema
def check_metadata(report: Report, data: dict[str, Any]) -> None:
    """Judge `metadata` of an object that is to be created."""
    metadata, kind = data.get("metadata"), kind_of(data["apiVersion"], data["kind"])
    if metadata is None:
        report.add(RULE, (), "metadata.name is required", "set metadata.name")
    if not isinstance(metadata, dict) or kind is None:
        return
    _check_name(report, metadata, kind)
    if kind.namespaced and (namespace := text(metadata.get("namespace"))) and (reason := names.dns_label(namespace)):
        report.add(
            RULE, ("metadata", "namespace"), f"namespace {namespace!r} {reason}", names.fix(namespace, names.dns_label)
        )
    check_labels(report, RULE, ("metadata", "labels"), metadata.get("labels"))
    check_annotations(report, _METADATA, metadata)
    generation = integer(metadata.get("generation")) if kind.keeps_generation else None
    if generation is not None and generation < 0:
        report.add(RULE, ("metadata", "generation"), f"generation {generation} is below 0", "use 0 or more")
    if "ownerReferences" in metadata:
        _check_owners(report, metadata["ownerReferences"])
    if isinstance(finalizers := metadata.get("finalizers"), list):
        where: FieldPath = ("metadata", "finalizers")
        _check_finalizers(report, where, finalizers, builtin=kind.builtin)
        # One deletes what an object owns with it, the other leaves it.
        if "orphan" in finalizers and "foregroundDeletion" in finalizers:
            report.add(RULE, where, "orphan and foregroundDeletion exclude each other", "keep one of them")


@rule("invalid-metadata", kinds={"Namespace"})
@beyond_schema
def check_namespace(report: Report, data: dict[str, Any]) -> None:
    """Judge the finalizers in the spec of a Namespace."""
    _check_finalizers(report, ("spec", "finalizers"), mapping(data.get("spec")).get("finalizers"), builtin=True)


def _check_name(report: Report, metadata: dict[str, Any], kind: Kind) -> None:
    """Judge name and generateName, and the name that the server would make of the latter."""
    name, base, grammar = metadata.get("name"), text(metadata.get("generateName")), kind.name
    if kind.later_name and any(grammar(one) for one in (text(name), names.mask_trailing_dash(base)) if one):
        since, later = kind.later_name
        grammar = later if report.taken_since(since, ("metadata", "name")) else grammar
    if base:
        reason = grammar(names.mask_trailing_dash(base)) or (grammar(names.generated(base)) if absent(name) else None)
        if reason:
            report.add(RULE, ("metadata", "generateName"), f"generateName {base!r} {reason}", names.fix(base, grammar))
    if isinstance(name, str) and name:
        if reason := grammar(name):
            report.add(RULE, ("metadata", "name"), f"name {name!r} {reason}", names.fix(name, grammar))
    elif absent(name) and not base:
        report.add(RULE, ("metadata", "name"), "name or generateName is required", "set metadata.name")


def check_labels(report: Report, rule: str, path: FieldPath, labels: Any) -> None:
    """Judge a mapping of labels, or of what labels have to be."""
    for key, value in mapping(labels).items():
        if reason := names.qualified_name(key):
            report.add(rule, (*path, key), f"label key {key!r} {reason}", names.fix(key, names.qualified_name))
        if isinstance(value, str) and (reason := names.label_value(value)):
            report.add(rule, (*path, key), f"label value {value!r} {reason}", names.fix(value, names.label_value))


def check_annotations(report: Report, path: FieldPath, metadata: dict[str, Any]) -> None:
    """Judge the keys of `annotations` of the mapping at `path`, and their size."""
    annotations, where = mapping(metadata.get("annotations")), (*path, "annotations")
    letters = 0
    for key, value in annotations.items():
        if reason := names.annotation_key(key):
            report.add(RULE, (*where, key), f"annotation key {key!r} {reason}", names.fix(key, names.annotation_key))
        letters += len(key) + len(text(value))
    if letters * 4 <= ANNOTATIONS_MAX:  # no letter takes more than four bytes
        return
    size = sum(len(part.encode(errors="replace")) for key, value in annotations.items() for part in (key, text(value)))
    if size > ANNOTATIONS_MAX:
        message = f"annotations take {size} bytes, more than {ANNOTATIONS_MAX}"
        report.add(RULE, where, message, "move data to a ConfigMap")


def check_template_metadata(report: Report, path: FieldPath, metadata: dict[str, Any]) -> None:
    """Judge the metadata at `path` of what is made from a template: its labels and annotations."""
    check_labels(report, RULE, (*path, "labels"), metadata.get("labels"))
    check_annotations(report, path, metadata)


def _check_owners(report: Report, owners: Any) -> None:
    controllers = 0
    for index, (path, owner) in enumerate(items(owners, ("metadata", "ownerReferences"))):
        if owner in owners[:index]:  # the server drops repeated ones
            continue
        # No data of the schema: metadata of a pod template has the same type, and its owners are not looked at.
        for field in ("apiVersion", "kind", "name", "uid"):
            if absent(owner.get(field)):
                report.add(RULE, (*path, field), f"{field} is required", f"set {field}")
        version = text(owner.get("apiVersion"))
        if version.count("/") > 1 or version.endswith("/"):
            report.add(
                RULE,
                (*path, "apiVersion"),
                f"apiVersion {version!r} has no version",
                "write group/version of the owner, such as apps/v1",
            )
        if (version, owner.get("kind")) == ("v1", "Event"):
            report.add(RULE, path, "an Event cannot be an owner", "remove the owner reference")
        controllers += owner.get("controller") is True
        if controllers > 1 and owner.get("controller") is True:
            report.add(
                RULE,
                (*path, "controller"),
                "only one owner may be the controller",
                "set controller: true on one of them",
            )


def _check_finalizers(report: Report, path: FieldPath, finalizers: Any, *, builtin: bool) -> None:
    """Judge the names in a list of finalizers; those of Kubernetes' own kinds are standard ones or have a domain."""
    for index, finalizer in enumerate(sequence(finalizers)):
        finalizer = "" if finalizer is None else finalizer
        if not isinstance(finalizer, str):
            continue
        if reason := names.qualified_name(finalizer):
            report.add(
                RULE, (*path, index), f"finalizer {finalizer!r} {reason}", names.fix(finalizer, names.qualified_name)
            )
        elif builtin and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            report.add(
                RULE,
                (*path, index),
                f"finalizer {finalizer!r} is neither a standard one nor has it a domain",
                "write it with the domain of its controller, such as example.com/cleanup",
            )
