"""Components that the set itself installs, beside what the operator deploys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.views import pod_templates

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_KINDS: Final = ("DaemonSet", "Deployment")
_OF_OPENSHIFT: Final = frozenset({"cni-plugins", "multus", "whereabouts"})
"""Components that are part of OpenShift."""


def installs(manifests: ManifestSet, *words: str) -> bool:
    """Say whether a set has a component: OpenShift does, a DaemonSet or Deployment is named so or runs such an image."""
    names = (name for document in manifests.of(*_KINDS) for name in _names(document))
    of_openshift = not _OF_OPENSHIFT.isdisjoint(words) and _is_openshift(manifests)
    return of_openshift or any(word in name for name in names for word in words)


def _is_openshift(manifests: ManifestSet) -> bool:
    documents = (*manifests.documents, *manifests.unknown)
    return any(_is_of_openshift(document) for document in documents)


def _is_of_openshift(document: Document) -> bool:
    names = (document.namespace, document.name if document.kind == "Namespace" else "")
    group = document.api_version.partition("/")[0]
    # The SR-IOV operator keeps its group on any other Kubernetes, too.
    of_group = group.endswith(".openshift.io") and not group.startswith("sriovnetwork.")
    return of_group or any(name.startswith("openshift-") for name in names) or document.mentions(".openshift.io/scc")


def _names(document: Document) -> Iterator[str]:
    yield document.name
    for template in pod_templates(document):
        containers: Any = template.spec.get("containers")
        for container in containers if isinstance(containers, list) else ():
            image = container.get("image") if isinstance(container, dict) else None
            yield image if isinstance(image, str) else ""
