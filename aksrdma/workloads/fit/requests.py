"""What a pod asks for, as the scheduler counts it.

Source: k8s.io/component-helpers/resource/helpers.go@v0.34.2 (PodRequests), and the defaults of pkg/apis/core/v1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aksrdma.findings import FieldPath, format_path
from aksrdma.kube.values import items, mapping
from aksrdma.workloads.fit.amounts import CPU, HUGE_PAGES, MEMORY, Amounts, read_amount

if TYPE_CHECKING:
    from aksrdma.documents import Document


class Mistakes:
    """Values that cannot be right, a line each: where, what, and how to fix it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, document: Document, path: FieldPath, message: str) -> None:
        """Note a mistake at a field of a document."""
        position = document.position(path)
        where = f"{document.file}:{position.line}:{position.column}" if position.line else document.file or "<object>"
        self.lines.append(f"{where}: {document.label} {format_path(path)}: {message}")


def pod_requests(document: Document, path: FieldPath, spec: Mapping[str, Any], mistakes: Mistakes) -> dict[str, int]:
    """Return what a node must have free for a pod, apart from the place for the pod itself.

    Args:
        document: Where the pod spec stands, for mistakes.
        path: Path of the pod spec in it.
        spec: The pod spec.
        mistakes: Takes quantities that are none.
    """
    reader = _Reader(document, mistakes)
    total: dict[str, int] = {}
    for where, container in items(spec.get("containers"), (*path, "containers")):
        _add(total, reader.requests((*where, "resources"), container.get("resources")))
    _include_init(total, list(_init(reader, path, spec)))
    _include_pod_level(total, reader.pod_level((*path, "resources"), spec.get("resources")))
    _add(total, reader.amounts((*path, "overhead"), spec.get("overhead")))
    return {name: amount for name, amount in total.items() if amount > 0}


def container_requests(
    document: Document, path: FieldPath, container: Mapping[str, Any], mistakes: Mistakes
) -> dict[str, int]:
    """Return what one container asks for; a limit without a request is one."""
    return _Reader(document, mistakes).requests((*path, "resources"), container.get("resources"))


class _Reader:
    def __init__(self, document: Document, mistakes: Mistakes) -> None:
        self.document, self.mistakes = document, mistakes

    def requests(self, path: FieldPath, resources: Any) -> dict[str, int]:
        fields = mapping(resources)
        limits = self.amounts((*path, "limits"), fields.get("limits"))
        return limits | self.amounts((*path, "requests"), fields.get("requests"))

    def pod_level(self, path: FieldPath, resources: Any) -> tuple[dict[str, int], dict[str, int]]:
        fields = mapping(resources)
        limits = self.amounts((*path, "limits"), fields.get("limits"))
        return limits, self.amounts((*path, "requests"), fields.get("requests"))

    def amounts(self, path: FieldPath, values: Any) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, value in mapping(values).items():
            amount = read_amount(name, value)
            if amount is None:
                text = f"{value!r} is no quantity; write a number with or without a unit, such as 500m, 8 or 64Gi"
                self.mistakes.add(self.document, (*path, name), text)
            elif amount < 0:
                self.mistakes.add(self.document, (*path, name), f"{value!r} is below 0; write 0 or more")
            else:
                found[name] = amount
        return found


def _init(reader: _Reader, path: FieldPath, spec: Mapping[str, Any]) -> Iterator[tuple[bool, dict[str, int]]]:
    """Yield, for each init container, whether it is a sidecar, and what it asks for."""
    for where, container in items(spec.get("initContainers"), (*path, "initContainers")):
        yield (
            container.get("restartPolicy") == "Always",
            reader.requests((*where, "resources"), container.get("resources")),
        )


def _include_init(total: dict[str, int], init: list[tuple[bool, dict[str, int]]]) -> None:
    """Raise a pod's sum to its most demanding start: an init container runs beside the sidecars before it."""
    sidecars: dict[str, int] = {}
    most: dict[str, int] = {}
    for sidecar, amounts in init:
        running = dict(amounts)
        _add(running, sidecars)
        if sidecar:
            _add(total, amounts)
            sidecars = running
        _raise(most, running)
    _raise(total, most)


def _include_pod_level(total: dict[str, int], levels: tuple[dict[str, int], dict[str, int]]) -> None:
    limits, requests = levels
    for name in {*limits, *requests}:
        if name not in (CPU, MEMORY) and not name.startswith(HUGE_PAGES):
            continue
        if name in requests:
            total[name] = requests[name]
        elif not total.get(name):
            total[name] = limits[name]


def _add(total: dict[str, int], amounts: Amounts) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, 0) + amount


def _raise(total: dict[str, int], amounts: Amounts) -> None:
    for name, amount in amounts.items():
        total[name] = max(total.get(name, 0), amount)
