"""ConfigMaps and Secrets.

Source: ValidateConfigMap and ValidateSecret in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.judging import Report, beyond_schema
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, mapping, text

RULE: Final = "invalid-config"
_ACCOUNT: Final = "kubernetes.io/service-account.name"
_KEYS_OF_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
SIZE_MAX: Final = 1024 * 1024
"""Bytes that the values of one ConfigMap or Secret may take."""


@rule(RULE, kinds={"ConfigMap"})
@beyond_schema
def check_config_map(report: Report, data: dict[str, Any]) -> None:
    """Judge a ConfigMap but for its metadata."""
    plain, binary = mapping(data.get("data")), mapping(data.get("binaryData"))
    _check_keys(report, "data", plain)
    _check_keys(report, "binaryData", binary)
    for key in plain.keys() & binary.keys():
        report.add(RULE, ("data", key), f"key {key!r} is in binaryData too", "keep one of them")
    _check_size(report, plain, _decoded_sizes(binary))


@rule(RULE, kinds={"Secret"})
@beyond_schema
def check_secret(report: Report, data: dict[str, Any]) -> None:
    """Judge a Secret but for its metadata and what its type asks for."""
    plain, binary, kind = mapping(data.get("stringData")), mapping(data.get("data")), text(data.get("type"))
    _check_keys(report, "stringData", plain)
    _check_keys(report, "data", binary)
    values = {**binary, **plain}
    for key in _KEYS_OF_TYPE.get(kind, ()):
        if key not in values or (key == "ssh-privatekey" and not values[key]):
            report.add(RULE, ("data", key), f"a Secret of type {kind} needs the key {key!r}", f"add {key}")
        elif key.startswith(".docker") and not _is_json_object(plain.get(key), binary.get(key)):
            report.add(
                RULE,
                ("data", key),
                f"the value of {key!r} is no JSON object",
                "write one JSON object, as docker config.json has it",
            )
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & values.keys():
        report.add(RULE, ("data", "username"), f"a Secret of type {kind} needs username or password", "add one of them")
    account = mapping(mapping(data.get("metadata")).get("annotations")).get(_ACCOUNT)
    if kind == "kubernetes.io/service-account-token" and absent(account):
        path: FieldPath = ("metadata", "annotations", _ACCOUNT)
        report.add(RULE, path, f"a Secret of type {kind} needs the annotation {_ACCOUNT}", "add the annotation")
    sizes = _decoded_sizes(binary)
    _check_size(report, plain, {key: size for key, size in sizes.items() if key not in plain})


def _is_json_object(plain: Any, coded: Any) -> bool:
    """Say whether a text is a JSON object or null; what is no text, or no base64, is told elsewhere and passes."""
    import base64  # few Secrets pay for it
    import json

    try:
        if not isinstance(plain, str):
            if not isinstance(coded, str):
                return True
            plain = base64.b64decode(coded).decode(errors="replace")
    except ValueError:
        return True
    try:
        return isinstance(json.loads(plain), (dict, type(None)))
    except (ValueError, RecursionError):
        return False


def _check_keys(report: Report, field: str, values: dict[str, Any]) -> None:
    for key in values:
        if reason := names.config_key(key):
            report.add(RULE, (field, key), f"key {key!r} {reason}", names.fix(key, names.config_key))


def _decoded_sizes(values: dict[str, Any]) -> dict[str, int]:
    """Return how many bytes each value of base64 holds; what is none, the schema tells."""
    letters = {key: text(value).replace("\n", "").replace("\r", "") for key, value in values.items()}
    return {key: len(one) // 4 * 3 - one.count("=") for key, one in letters.items()}


def _check_size(report: Report, plain: dict[str, Any], decoded: dict[str, int]) -> None:
    size = sum(len(text(value).encode(errors="replace")) for value in plain.values()) + sum(decoded.values())
    if size > SIZE_MAX:
        report.add(RULE, (), f"the values take {size} bytes, more than {SIZE_MAX}", "split it")
