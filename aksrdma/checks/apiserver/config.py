"""ConfigMaps and Secrets.

Source: ValidateConfigMap and ValidateSecret in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, mapping, text

RULE: Final = "invalid-config"
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_ACCOUNT: Final = "kubernetes.io/service-account.name"
_KEYS_OF_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
SIZE_MAX: Final = 1024 * 1024
"""Bytes that the values of one ConfigMap or Secret may take."""


def check_config_map(report: Report, data: dict[str, Any]) -> None:
    """Judge a ConfigMap but for its metadata."""
    plain, binary = mapping(data.get("data")), mapping(data.get("binaryData"))
    for field, values in (("data", plain), ("binaryData", binary)):
        _check_keys(report, (field,), values)
    for key in plain.keys() & binary.keys():
        report.add(RULE, ("data", key), f"key {key!r} is in binaryData too", "keep one of them")
    size = sum(_bytes(value) for value in plain.values())
    _check_size(report, size + sum(length for _, length in _decoded(report, "binaryData", binary)))


def check_secret(report: Report, data: dict[str, Any]) -> None:
    """Judge a Secret but for its metadata and what its type asks for."""
    plain, binary = mapping(data.get("stringData")), mapping(data.get("data"))
    for field, values in (("stringData", plain), ("data", binary)):
        _check_keys(report, (field,), values)
    _check_type(report, data, {**binary, **plain})
    kept = [length for key, length in _decoded(report, "data", binary) if key not in plain]
    _check_size(report, sum(kept) + sum(_bytes(value) for value in plain.values()))


def _check_type(report: Report, data: dict[str, Any], values: dict[str, Any]) -> None:
    kind = text(data.get("type"))
    for key in _KEYS_OF_TYPE.get(kind, ()):
        if key not in values or (key == "ssh-privatekey" and not values[key]):
            report.add(RULE, ("data", key), f"a Secret of type {kind} needs the key {key!r}", f"add {key}")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & values.keys():
        report.add(RULE, ("data", "username"), f"a Secret of type {kind} needs username or password", "add one of them")
    account = mapping(mapping(data.get("metadata")).get("annotations")).get(_ACCOUNT)
    if kind == "kubernetes.io/service-account-token" and absent(account):
        path: FieldPath = ("metadata", "annotations", _ACCOUNT)
        report.add(RULE, path, f"a Secret of type {kind} needs the annotation {_ACCOUNT}", "add the annotation")
    if kind.startswith("kubernetes.io/dockerc"):
        _check_json(report, data, _KEYS_OF_TYPE.get(kind, ()))


def _check_json(report: Report, data: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        plain, coded = mapping(data.get("stringData")).get(key), mapping(data.get("data")).get(key)
        content = plain if isinstance(plain, str) else _plain(coded)
        if content is not None and not _is_object(content):
            report.add(RULE, ("data", key), f"the value of {key!r} is no JSON object")


def _plain(coded: Any) -> str | None:
    import base64  # few Secrets pay for it
    import binascii

    try:
        return base64.b64decode(coded).decode(errors="replace") if isinstance(coded, str) else None
    except binascii.Error:
        return None


def _is_object(content: str) -> bool:
    import json

    try:
        return isinstance(json.loads(content), (dict, type(None)))
    except ValueError:
        return False


def _check_keys(report: Report, path: FieldPath, values: dict[str, Any]) -> None:
    for key in values:
        if reason := names.config_key(key):
            report.add(RULE, (*path, key), f"key {key!r} {reason}")


def _bytes(value: Any) -> int:
    return len(value.encode(errors="replace")) if isinstance(value, str) else 0


def _decoded(report: Report, field: str, values: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for key, value in values.items():
        if not isinstance(value, str):
            continue
        letters = value.replace("\n", "").replace("\r", "")
        if _BASE64.match(letters):
            yield key, len(letters) // 4 * 3 - letters.count("=")
        else:
            report.add(RULE, (field, key), f"the value of {key!r} is not base64", "encode it, or give it as plain text")


def _check_size(report: Report, size: int) -> None:
    if size > SIZE_MAX:
        report.add(RULE, (), f"the values take {size} bytes, more than {SIZE_MAX}", "split it")
