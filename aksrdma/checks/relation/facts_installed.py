"""Components that the set itself installs, beside what the operator deploys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.component.views import pod_templates

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_KINDS: Final = ("DaemonSet", "Deployment")


def installs(manifests: ManifestSet, *words: str) -> bool:
    """Say whether a DaemonSet or Deployment of the set is named like a component, or runs an image of its name."""
    names = (name for document in manifests.of(*_KINDS) for name in _names(document))
    return any(word in name for name in names for word in words)


def _names(document: Document) -> Iterator[str]:
    yield document.name
    for template in pod_templates(document):
        containers: Any = template.spec.get("containers")
        for container in containers if isinstance(containers, list) else ():
            image = container.get("image") if isinstance(container, dict) else None
            yield image if isinstance(image, str) else ""
