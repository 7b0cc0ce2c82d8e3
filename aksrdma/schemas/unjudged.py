"""What an OpenAPI document of Kubernetes says of its own kinds, and the API server does not hold them to on create.

Kubernetes' own kinds are decoded into Go structs and judged by hand-written code, not by their OpenAPI schema: an empty
word is one that is not set, status is emptied before it is judged, and fields of features that are off are dropped.
Each row was measured on a kube-apiserver of 1.34 (see tools/apiserver_judge).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aksrdma.schemas.absence import Schema

EMPTY_IS_UNSET: Final = frozenset(
    {
        ("Container", "imagePullPolicy"),
        ("Container", "terminationMessagePolicy"),
        ("ContainerPort", "protocol"),
        ("CronJobSpec", "concurrencyPolicy"),
        ("DaemonSetUpdateStrategy", "type"),
        ("DeploymentStrategy", "type"),
        ("EphemeralContainer", "imagePullPolicy"),
        ("EphemeralContainer", "terminationMessagePolicy"),
        ("HTTPGetAction", "scheme"),
        ("PodSpec", "dnsPolicy"),
        ("PodSpec", "restartPolicy"),
        ("ServicePort", "protocol"),
        ("ServiceSpec", "externalTrafficPolicy"),
        ("ServiceSpec", "sessionAffinity"),
        ("ServiceSpec", "type"),
        ("StatefulSetSpec", "podManagementPolicy"),
        ("StatefulSetUpdateStrategy", "type"),
        ("Toleration", "effect"),
        ("Toleration", "operator"),
    }
)
"""Fields with an `enum` for which empty text is the same as no field; elsewhere it is one more wrong word."""

ANY_WORD: Final = frozenset(
    {("HostPathVolumeSource", "type"), ("ImageVolumeSource", "pullPolicy"), ("Lifecycle", "stopSignal")}
)
"""Fields whose `enum` is not judged: the type of a host path that has no path, and fields of features that are off."""

NOT_REQUIRED: Final = frozenset(
    {
        ("ContainerRestartRule", "action"),
        ("ContainerRestartRuleOnExitCodes", "operator"),
        ("PodCertificateProjection", "keyType"),
        ("PodCertificateProjection", "signerName"),
        ("PodFailurePolicy", "rules"),
        ("ScaleIOVolumeSource", "secretRef"),
    }
)
"""Required fields that may be left out."""

_EMPTIED: Final = ("Condition", "Status")
"""Ends of the names of structs that are emptied before they are judged."""


def as_judged(components: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas of an OpenAPI document without what the API server does not hold an object to."""
    return {name: _judged(name.rpartition(".")[2], schema) for name, schema in components.items()}


def _judged(name: str, schema: Schema) -> Schema:
    if "properties" not in schema:
        return schema
    emptied = name.endswith(_EMPTIED)
    out = dict(schema)
    out["properties"] = {
        field: _field((name, field), child, emptied=emptied) for field, child in schema["properties"].items()
    }
    if "required" in schema:
        out["required"] = [field for field in schema["required"] if not emptied and (name, field) not in NOT_REQUIRED]
    return out


def _field(place: tuple[str, str], schema: Schema, *, emptied: bool) -> Schema:
    if emptied or place in ANY_WORD:
        return _without_enum(schema)
    if place in EMPTY_IS_UNSET and "enum" in schema:
        return {**schema, "enum": ["", *schema["enum"]]}
    return schema


def _without_enum(schema: Schema) -> Schema:
    inner: dict[str, Any] = {
        key: _without_enum(schema[key])
        for key in ("items", "additionalProperties")
        if isinstance(schema.get(key), dict)
    }
    return {key: value for key, value in schema.items() if key != "enum"} | inner
