"""`metadata.managedFields`: judged only where the API server can read every entry; otherwise it drops them all.

Source: ValidateManagedFields in k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube.values import items, mapping, sequence, text

_MANAGER_MAX: Final = 128
_SUBRESOURCE_MAX: Final = 256
_KEYS: Final = ("f:", "k:", "v:", "i:", ".")


def check_managed_fields(report: Report, rule: str, entries: Any, version: Any) -> None:
    """Judge who manages which field of an object of apiVersion `version`, as another server said it."""
    if not all(_is_readable(mapping(entry)) for entry in sequence(entries)):
        return
    for where, entry in items(entries, ("metadata", "managedFields")):
        if not entry.get("fieldsV1") or entry.get("apiVersion") != version:  # such entries are dropped one by one
            continue
        manager, subresource = text(entry.get("manager")), text(entry.get("subresource"))
        if len(manager.encode(errors="replace")) > _MANAGER_MAX or not manager.isprintable():
            message = f"manager {manager!r} is longer than {_MANAGER_MAX} bytes or not printable"
            report.add(rule, (*where, "manager"), message, "remove managedFields")
        if len(subresource.encode(errors="replace")) > _SUBRESOURCE_MAX:
            path: FieldPath = (*where, "subresource")
            report.add(rule, path, f"subresource is longer than {_SUBRESOURCE_MAX} bytes", "remove managedFields")


def _is_readable(entry: dict[str, Any]) -> bool:
    version, fields = text(entry.get("apiVersion")), entry.get("fieldsV1")
    known = entry.get("operation") in ("Apply", "Update") and entry.get("fieldsType") == "FieldsV1"
    return known and bool(version) and (fields is None or (_is_set(fields) and not (fields and version.count("/") > 1)))


def _is_set(fields: Any) -> bool:
    return isinstance(fields, dict) and all(key.startswith(_KEYS) for key in fields)
