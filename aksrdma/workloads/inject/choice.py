"""Which container of a pod does the work; init containers and sidecars are left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aksrdma.workloads.inject.cursor import Cursor

_DEFAULT: Final = "kubectl.kubernetes.io/default-container"
GPU_RESOURCES: Final = ("nvidia.com/gpu", "amd.com/gpu")


def main_container(template: Cursor, by_controller: str | None, wanted: str | None) -> Cursor | None:
    """Return the container that works: the named one, the one with GPUs, the controller's, the marked, the first.

    Args:
        template: the pod template.
        by_controller: name that the kind's controller expects.
        wanted: name that the user gives; a template without it is chosen in by the rules.

    Raises:
        MalformedError: the containers are no list of mappings.
    """
    containers = template.mapping("spec").items("containers") if template.at("spec") is not None else []
    annotations = template.at("metadata", "annotations")
    marked = annotations.get(_DEFAULT) if isinstance(annotations, dict) else None
    with_gpus = [container for container in containers if asks_for_gpus(container.data)]
    return (
        _named(containers, wanted)
        or next(iter(with_gpus), None)
        or _named(containers, by_controller)
        or _named(containers, marked)
        or next(iter(containers), None)
    )


def asks_for_gpus(container: Mapping[str, Any]) -> bool:
    """Whether a container asks for GPUs of either vendor."""
    resources = Cursor(dict(container))
    return any(
        name in amounts
        for kind in ("limits", "requests")
        if isinstance(amounts := resources.at("resources", kind), dict)
        for name in GPU_RESOURCES
    )


def container_names(template: Mapping[str, Any]) -> list[str]:
    """Return the names of a template's containers, init containers left out."""
    containers = Cursor(dict(template)).at("spec", "containers")
    found = (
        [one.get("name") for one in containers or () if isinstance(one, dict)] if isinstance(containers, list) else []
    )
    return [name for name in found if isinstance(name, str)]


def _named(containers: Sequence[Cursor], name: str | None) -> Cursor | None:
    return next((one for one in containers if name is not None and one.data.get("name") == name), None)
