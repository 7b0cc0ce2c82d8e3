"""Where other judges are known to differ from `aksrdma validate`, each with its reason.

A real kube-apiserver of 1.34 is the measure (see tools/apiserver_judge): where kubectl-validate differs from it,
kubectl-validate is wrong, and `--apiserver-judge` confirms that of each object. What the server itself says for a
reason that no manifest holds is declared as well.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import yaml

from aksrdma.paths import PACKAGE
from aksrdma.schemas.store import BUILTIN

from .judges import Verdict

BY_VALUE: Final = "metadata by value: names, labels, owners and finalizers are judged beyond the schema"
TYPED: Final = (
    "decoded into Go and held to ranges by hand-written code: kubectl-validate knows neither integers, IntOrString and"
    " times as the API server reads them, nor what the OpenAPI document does not tell"
)
HAND_WRITTEN: Final = (
    "judged by hand-written code: the API server holds no kind of its own to lists, words and needs of OpenAPI"
)
EMPTIED: Final = "status is emptied before the API server judges the object"
AS_YAML: Final = (
    "kubectl-validate reads YAML, where 1.0 and 1e18 are integers; the API server is sent JSON, where they are floats"
)
SCALE: Final = "the number of replicas of a kind that can be scaled, which kubectl-validate does not judge"
LISTED: Final = "a list where the schema wants a formatted string: a gap of the API server's type check"
OLD_CEL: Final = (
    "a rule that the CEL of kubectl-validate's libraries (1.30) cannot compile; 1.34 can, and takes the object"
)

_DECODED: Final = frozenset({"invalid-value", "wrong-type"})
_NOT_HELD: Final = re.compile(
    r"Duplicate value|Unsupported value|Required value|must be of type (object|string: \"array\")"
)
_NULL: Final = 'must be of type string: "null"'
"""A null in a list is Go's zero value, which the documents of 1.37 no longer say."""
_UNCHECKED: Final = "some validation rules were not checked"

CLUSTER: Final = (
    (re.compile(r"no PriorityClass with name"), "whether a priority class is there"),
    (re.compile(r"RuntimeClass|without corresponding RuntimeClass"), "whether a runtime class is there, and its overhead"),
    (re.compile(r"not configured for dual-stack"), "whether the cluster has two families of addresses"),
    (re.compile(r"unknown time zone"), "whether the API server knows a time zone"),
    (re.compile(r"is not in the valid range|failed to allocate"), "which addresses the cluster gives to Services"),
    (re.compile(r"^Service.*: spec\.healthCheckNodePort: Invalid value: -?\d+: must be between"),
     "the port that a dry run draws for health checks, next to a node port"),
    (re.compile(r"no matches for kind"), "which other kinds the cluster serves"),
)  # fmt: skip
"""What the server refuses for a reason of its cluster's."""
PATCH: Final = "a patch for kustomize by its looks: what it leaves out is not judged"


def declared(folder: str, judge: Verdict, engine: Verdict, data: dict[str, Any]) -> str | None:
    """Return why kubectl-validate differs from the engine, or None where they ought to agree."""
    if engine.accepts:
        return _too_strict(folder, judge)
    # What `make/kubernetes.yaml` holds, a word of a list or a field that must be there, is refused by hand-written code, too.
    rules = {rule for rule, message in engine.causes if not (rule in _HELD and _held(message))}
    if folder.startswith(BUILTIN):
        return TYPED if rules <= _DECODED else None
    if rules <= {"wrong-type", "validation-rule-broken", "invalid-value"} and _has_whole_float(data):
        return AS_YAML
    return SCALE if rules == {"invalid-value"} else None


_HELD: Final = frozenset({"missing-field", "null-list-item", "value-not-allowed"})


@cache
def _held_words() -> tuple[str, ...]:
    rows = yaml.safe_load((PACKAGE / "schemas" / "make" / "kubernetes.yaml").read_text(encoding="utf-8"))["held"]
    words = (", ".join(f'"{word}"' for word in row["enum"]) for row in rows if "enum" in row)
    needed = {part for row in rows if row.get("required") for field in row["fields"] for part in field.split(".")}
    # A part of a type that needs a field is itself needed, where it is by default an empty one.
    names = (f"{part[:1].lower()}{part[1:]}" for part in sorted(needed))
    # A null is a field left out, and a null in a list an item that lacks them all.
    return (
        *words,
        "a list item must not be null",
        *(f"{name} is {word}" for name in names for word in ("required", "null,")),
    )


def _held(message: str) -> bool:
    return any(words in message for words in _held_words())


def _too_strict(folder: str, judge: Verdict) -> str | None:
    """Return why kubectl-validate refuses what the engine takes."""
    if any("rule compile error" in message for _, message in judge.causes):
        return OLD_CEL
    causes = [(field, message) for field, message in judge.causes if _UNCHECKED not in message]
    if folder.startswith(BUILTIN):  # what is in a RawExtension is no field
        causes = [(field, message) for field, message in causes if ".opaque.parameters." not in field] or [("", _NULL)]
    if not causes or any("unknown field" in message for _, message in causes):
        return None
    if all(field.startswith("metadata") and "Duplicate" not in message for field, message in causes):
        return BY_VALUE
    if all(field.startswith("status") or (field == "<nil>" and '"status.' in message) for field, message in causes):
        return EMPTIED
    if folder.startswith(BUILTIN):
        return HAND_WRITTEN if all(_NOT_HELD.search(message) or _NULL in message for _, message in causes) else None
    return LISTED if all('must be of type date-time: "array"' in message for _, message in causes) else None


def _has_whole_float(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_whole_float, parts))


LEFT: Final = (
    "storage that AKS does not have, Windows, what a status holds, and how the parts of a claim of devices go together, "
    "are left to the API server"
)
_LEFT: Final = re.compile(
    r"volumes\[\d+\]\.(awsElasticBlockStore|cephfs|cinder|fc|flexVolume|flocker|gitRepo|glusterfs|iscsi|persistentDisk"
    r"|photonPersistentDisk|portworxVolume|quobyte|rbd|scaleIO|storageos|vsphereVolume)[.:]|windows pod|windowsOptions|hostProcess"
    r"|\.resource\.k8s\.io \""
)


OTHER_VERSION: Final = (
    "a feature that is on in this version and off in 1.34, or the other way round: off, its fields are dropped"
)
_OFF: Final = re.compile(
    r"resourceClaims|\.claims|spec\.resources[.:[]|resizePolicy|procMount|supplementalGroupsPolicy"
    r"|volumeAttributesClassName|the (limit|request)s? of \w+ (is|are) above the pod's|sleep|searches"
)
_ON: Final = re.compile(
    r"clusterTrustBundle|podCertificate|restartPolicy|hostnameOverride|fileKeyRef|\.image\b|volume type|conflicting"
    r"|volumes\[\d+\]\.name|sleep|searches|devices\.|maxUnavailable"
)


def of_another_version(ours: Verdict, server: Verdict, data: Any) -> str | None:
    """Return why the server of a version other than 1.34, by which the checks were written, differs; else None."""
    if ours.accepts:
        return OTHER_VERSION if _ON.search(server.text) else None
    # 1.32 does not look into the template of a StatefulSet: it refuses its pods.
    of_pods = "StatefulSet" in str(data)
    return OTHER_VERSION if of_pods or all(map(_OFF.search, ours.text.split("; "))) else None


def of_the_cluster(change: str, message: str) -> str | None:
    """Return why the server refuses what no manifest tells, or None where the refusal is of the manifest.

    Args:
        change: how the object was made, with the path of the field.
        message: what the server says.
    """
    if _LEFT.search(message) or "'status'" in change:
        return LEFT
    return next((reason for pattern, reason in CLUSTER if pattern.search(message)), None)
