"""Patches for kustomize that a user names on their own: they say what changes, and leave out what their base has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aksrdma.kube.kinds import POD_KINDS
from aksrdma.kube.templates import pod_templates
from aksrdma.validation.image_versions import components

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aksrdma.documents import Document
    from aksrdma.findings import Problem

_DIRECTIVES: Final = ("$patch", "$setElementOrder", "$retainKeys", "$deleteFromPrimitiveList")
_WITH_SELECTOR: Final = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_POLICIES: Final = frozenset({"NicClusterPolicy", "NicNodePolicy"})
_IMAGE: Final = ("image", "repository", "version")


def is_fragment(document: Document) -> bool:
    """Return whether an object is no whole one: a strategic merge patch, or a workload or policy without any image."""
    if any(document.mentions(mark) for mark in _DIRECTIVES) and _has_directive(document.data):
        return True
    spec = document.data.get("spec")
    if not isinstance(spec, dict) or not document.name:
        return False
    if document.kind in _POLICIES:
        return _is_bare_policy(document.data)
    return document.kind in _WITH_SELECTOR and "selector" not in spec and _is_without_images(document)


def asks_for_more(problem: Problem) -> bool:
    """Return whether a problem is that a field is missing."""
    *above, last = problem.path or (None,)
    holder = problem.subject.value(tuple(above))
    return bool(problem.path) and (holder is None or (isinstance(holder, dict) and last not in holder))


def _has_directive(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_directive(item) for item in value)
    if not isinstance(value, dict):
        return False
    return any(key.startswith(_DIRECTIVES) or _has_directive(part) for key, part in value.items())


def _is_bare_policy(policy: Any) -> bool:
    sections = list(_sections(policy))
    return bool(sections) and not any(key in section for section in sections for key in _IMAGE)


def _sections(policy: Any) -> Iterator[dict[str, Any]]:
    for path in components():
        holder = policy
        for step in path.split("."):
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            yield holder


def _is_without_images(document: Document) -> bool:
    if document.kind not in POD_KINDS:
        return False
    specs = [template.spec for template in pod_templates(document.data)]
    containers = [one for spec in specs for one in (spec.get("containers") or ())]
    return not any(isinstance(one, dict) and one.get("image") for one in containers)
