"""Files that a volume makes from ConfigMaps, Secrets, the pod itself and service account tokens.

Source: validateProjectionSources in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.environment import FILE_FIELDS, check_field, check_resource_field
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.paths import check_file
from aksrdma.findings import FieldPath
from aksrdma.kube.values import integer, items, mapping, text

RULE: Final = "invalid-volumes"
_MODE_MAX: Final = 0o777
_TOKEN_SECONDS: Final = (600, 2**32)
_SOURCES: Final = ("configMap", "downwardAPI", "secret", "serviceAccountToken")


def check_mode(report: Report, path: FieldPath, source: dict[str, Any], field: str) -> None:
    """Judge file mode bits."""
    if (mode := integer(source.get(field))) is not None and not 0 <= mode <= _MODE_MAX:
        report.add(RULE, (*path, field), f"{field} {mode} is not between 0 and 511 (octal 0777)")


def check_items(report: Report, path: FieldPath, keys: Any) -> None:
    """Judge the `items` of a ConfigMap or Secret, which map keys to paths."""
    for where, item in items(keys, (*path, "items")):
        report.required(RULE, where, item, "key", "path")
        check_file(report, RULE, (*where, "path"), text(item.get("path")))
        check_mode(report, where, item, "mode")


def check_downward_api(report: Report, path: FieldPath, files: Any) -> None:
    """Judge the `items` of a downward API volume."""
    for where, item in items(files, (*path, "items")):
        report.required(RULE, where, item, "path")
        check_file(report, RULE, (*where, "path"), text(item.get("path")))
        check_mode(report, where, item, "mode")
        field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
        if (field is None) == (resource is None):
            report.add(RULE, where, "exactly one of fieldRef and resourceFieldRef is required")
        if isinstance(field, dict):
            check_field(report, (*where, "fieldRef"), field, FILE_FIELDS)
        elif isinstance(resource, dict):
            check_resource_field(report, (*where, "resourceFieldRef"), resource, in_volume=True)


def check_projected(report: Report, path: FieldPath, sources: Any, *, without_account: bool) -> None:
    """Judge the `sources` of a projected volume; `without_account`: the pod names no service account."""
    seen: set[str] = set()
    for where, source in items(sources, (*path, "sources")):
        # clusterTrustBundle and podCertificate are not counted: a server without these features drops them.
        given = [name for name in _SOURCES if source.get(name) is not None]
        if len(given) > 1:
            report.add(RULE, where, f"{' and '.join(given)} exclude each other", "write one source an item")
        for name in ("configMap", "secret"):
            if isinstance(one := source.get(name), dict):
                report.required(RULE, (*where, name), one, "name")
                check_items(report, (*where, name), one.get("items"))
        if isinstance(one := source.get("downwardAPI"), dict):
            check_downward_api(report, (*where, "downwardAPI"), one.get("items"))
        _check_repeated(report, where, source, seen)
        if isinstance(token := source.get("serviceAccountToken"), dict):
            _check_token(report, (*where, "serviceAccountToken"), token, without_account=without_account)


def _check_repeated(report: Report, path: FieldPath, source: dict[str, Any], seen: set[str]) -> None:
    for name in ("secret", "configMap", "downwardAPI"):
        for where, item in items(mapping(source.get(name)).get("items"), (*path, name, "items")):
            file = text(item.get("path"))
            if file and file in seen:
                report.add(RULE, (*where, "path"), f"path {file!r} is made twice", "give each file its own path")
            seen.add(file)


def _check_token(report: Report, path: FieldPath, token: dict[str, Any], *, without_account: bool) -> None:
    report.required(RULE, path, token, "path")
    check_file(report, RULE, (*path, "path"), text(token.get("path")))
    seconds = integer(token.get("expirationSeconds"))
    if seconds is not None and not _TOKEN_SECONDS[0] <= seconds <= _TOKEN_SECONDS[1]:
        report.add(RULE, (*path, "expirationSeconds"), f"{seconds} is not between 600 and 2^32 seconds")
    if without_account:
        report.add(RULE, path, "serviceAccountToken needs spec.serviceAccountName", "set serviceAccountName")
