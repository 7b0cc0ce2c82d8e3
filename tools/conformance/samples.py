"""Small valid objects that hold one field each, made from the schemas themselves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aksrdma.schemas.store import as_list, definition

Schema: TypeAlias = dict[str, Any]
Step: TypeAlias = "str | int"

_BY_PATTERN: Final = {
    r"^(\d+)(Ei|Pi|Ti|Gi|Mi|Ki)$": "2Gi",
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$": "100m",
}
_BY_FORMAT: Final = {"date-time": "2026-04-01T12:00:00Z", "byte": "YWtzcmRtYQ==", "quantity": "100m"}
_MANAGED: Final = frozenset({"managedFields", "ownerReferences", "deletionTimestamp", "deletionGracePeriodSeconds"})
_SEEDS: Final[dict[str, Schema]] = {
    "Container": {"name": "sample", "image": "sample"},
    "EphemeralContainer": {"name": "other", "image": "sample"},
    "EnvVar": {"name": "SAMPLE"},
    "Volume": {"name": "sample"},
    "VolumeMount": {"name": "sample", "mountPath": "/sample"},
    "ContainerPort": {"containerPort": 80},
    "ServicePort": {"port": 80},
    "ServiceSpec": {"ports": [{"port": 80}]},
    "DeploymentSpec": {"selector": {"matchLabels": {"app": "sample"}}},
    "DaemonSetSpec": {"selector": {"matchLabels": {"app": "sample"}}},
    "ReplicaSetSpec": {"selector": {"matchLabels": {"app": "sample"}}},
    "StatefulSetSpec": {"selector": {"matchLabels": {"app": "sample"}}},
    "PodTemplateSpec": {"metadata": {"labels": {"app": "sample"}}},
    "CronJobSpec": {"schedule": "0 0 * * *"},
    "LabelSelectorRequirement": {"key": "sample"},
    "NodeSelectorRequirement": {"key": "sample"},
    "Toleration": {"operator": "Exists"},
    "HTTPHeader": {"name": "Sample"},
    "TopologySpreadConstraint": {"maxSkew": 1, "topologyKey": "sample", "whenUnsatisfiable": "DoNotSchedule"},
    "PodAffinityTerm": {"topologyKey": "sample"},
}
"""What the API server wants in an object of Kubernetes' own kinds beyond its schema, so that one change is one mistake."""
_METADATA: Final = {"name": "sample", "generateName": "sample-", "namespace": "default"}


@dataclass(frozen=True)
class Place:
    """One field of a kind: the object that holds it, where it is, and its schema."""

    base: dict[str, Any]
    path: tuple[Step, ...]
    schema: Schema


class Sampler:
    """Makes objects of one kind."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._definitions: dict[str, Schema] = root.get("$defs", {})

    def places(self) -> Iterator[Place]:
        """Yield every field of the kind, and every item of a list, in an object with little else."""
        yield from self._walk(self._root, (), lambda value: value)

    def least(self) -> Any:
        """Return the smallest valid object of the kind."""
        return _finished(self._least(self._root))

    def _walk(self, holder: Schema, path: tuple[Step, ...], wrap: Callable[[Any], Any]) -> Iterator[Place]:
        schema = definition(holder, self._definitions)
        for name, child in schema.get("properties", {}).items():
            if not (path[-1:] == ("metadata",) and name in _MANAGED):
                yield from self._field(holder, child, path, name, wrap)
        if isinstance(schema.get("additionalProperties"), dict):
            yield from self._field(holder, schema["additionalProperties"], path, "some-key", wrap)
        if "array" in as_list(schema.get("type")):
            yield from self._item(schema, path, wrap)

    def _field(
        self, holder: Schema, child: Schema, path: tuple[Step, ...], name: str, wrap: Callable[[Any], Any]
    ) -> Iterator[Place]:
        def within(value: Any) -> Any:
            return wrap({**self._least(holder), name: value})

        yield self._place(child, (*path, name), within)
        yield from self._walk(child, (*path, name), within)

    def _item(self, schema: Schema, path: tuple[Step, ...], wrap: Callable[[Any], Any]) -> Iterator[Place]:
        def within(value: Any) -> Any:
            return wrap([value])

        yield self._place(schema["items"], (*path, 0), within)
        yield from self._walk(schema["items"], (*path, 0), within)

    def _place(self, schema: Schema, path: tuple[Step, ...], wrap: Callable[[Any], Any]) -> Place:
        base = wrap(self._least(schema, path[-1]))
        return Place(_finished(base), path, definition(schema, self._definitions))

    def _least(self, schema: Schema, name: Step = "") -> Any:
        seed = _SEEDS.get(schema.get("$ref", "").rpartition("/")[2], {})
        schema = definition(schema, self._definitions)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        match as_list(schema.get("type", "object" if _holds_fields(schema) else "string")):
            case ["object", *_]:
                fields = schema.get("properties", {})
                needed = {field: self._least(fields[field], field) for field in schema.get("required", ())}
                return needed | copy.deepcopy(seed)
            case ["array", *_]:
                return [self._least(schema["items"])] * schema.get("minItems", 1)
            case ["boolean", *_]:
                return True
            case ["integer" | "number", *rest] if "string" not in rest:
                return max(1, schema.get("minimum", 1))
        return self._string(schema, name)

    def _string(self, schema: Schema, name: Step) -> str:
        text = _METADATA.get(str(name)) or _BY_FORMAT.get(schema.get("format", ""))
        text = text or _BY_PATTERN.get(schema.get("pattern", ""), "sample")
        return text.ljust(schema.get("minLength", 0), "a")[: schema.get("maxLength")]


def _finished(data: dict[str, Any]) -> dict[str, Any]:
    """Name the object, and let the pods of jobs end, which the API server wants."""
    data["metadata"] = {"name": "sample", **(data.get("metadata") or {})}
    template = data.get("spec") or {}
    for name in {"Job": ("template", "spec"), "CronJob": ("jobTemplate", "spec", "template", "spec")}.get(
        data["kind"], ()
    ):
        template = template.setdefault(name, {}) or {}
    if data["kind"] in ("Job", "CronJob"):
        template.setdefault("restartPolicy", "Never")
    return data


def _holds_fields(schema: Schema) -> bool:
    """Tell whether a schema that says no type, as one of `status` does, is one of an object."""
    return "properties" in schema or isinstance(schema.get("additionalProperties"), dict)
