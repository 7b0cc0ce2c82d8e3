"""Pod security labels of a namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

LEVELS: Final = ("baseline", "privileged", "restricted")
PREFIX: Final = "pod-security.kubernetes.io/"
_MODES: Final = ("audit", "enforce", "warn")
# ParseVersion of k8s.io/pod-security-admission, api/helpers.go.
_VERSION = re.compile(r"v1\.(?:0|[1-9][0-9]*)\Z", re.ASCII)


@rule("psa-label-invalid", kinds={"Namespace"})
def pod_security_labels(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find pod security labels with a level or version that does not exist."""
    metadata = document.data.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    for key, value in labels.items() if isinstance(labels, dict) else ():
        if isinstance(value, str) and key.startswith(PREFIX) and (reason := _reason(key[len(PREFIX) :], value)):
            message = f"the API server refuses a new namespace with {key}: {value!r} {reason}"
            yield Problem("psa-label-invalid", ("metadata", "labels", key), message)


def _reason(name: Any, value: str) -> str | None:
    if name in _MODES and value not in LEVELS:
        return f"is none of {', '.join(LEVELS)}{hint(value, LEVELS)}"
    if name.removesuffix("-version") in _MODES and name not in _MODES:
        return None if value == "latest" or _VERSION.match(value) else "is neither latest nor v1.N"
    return None
