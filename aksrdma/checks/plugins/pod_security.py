"""Pod security labels of a namespace: which levels it enforces, warns of and audits, and at which versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

LEVELS: Final = ("baseline", "privileged", "restricted")
OPEN: Final = "privileged"
"""The level that lets every pod pass, the only one with IPC_LOCK."""
PREFIX: Final = "pod-security.kubernetes.io/"
ENFORCE: Final = f"{PREFIX}enforce"
LATEST: Final = "latest"
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
        return None if value == LATEST or _VERSION.match(value) else "is neither latest nor v1.N"
    return None


class Policy(NamedTuple):
    """A pod security level at a version, as a namespace has it for one mode."""

    level: str
    """One of `LEVELS`; an unknown one enforced counts as restricted."""
    version: str
    """`latest`, or the minor version as `v1.N`."""
    known: bool
    """Whether the level is one of `LEVELS` as it is written."""

    def minor(self, server: int) -> int:
        """Return the minor version that a server of a minor version takes: no newer one than its own."""
        # A version of more digits than any has is above every server's.
        return server if self.version == LATEST else min(server, int(self.version[3:9]))


def policy_of(document: Document, mode: str = "enforce") -> Policy | None:
    """Return what a Namespace says of one mode: `enforce`, `warn` or `audit`; None where it says nothing of it."""
    metadata = document.data.get("metadata") if isinstance(document.data, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    level = labels.get(PREFIX + mode) if isinstance(labels, dict) else None
    if not isinstance(level, str) or not isinstance(labels, dict):
        return None
    version = labels.get(f"{PREFIX}{mode}-version")
    if not isinstance(version, str) or not _VERSION.match(version):
        version = LATEST
    return Policy(level if level in LEVELS else LEVELS[-1], version, level in LEVELS)
