"""What the API server refuses beyond the schema: metadata of every kind, pods, workloads, Services, ConfigMaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from aksrdma.checks.register import document_checks
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.documents import Document

__all__ = ["problems"]


def problems(document: Document) -> list[Problem]:
    """Return what the API server would refuse in a document beyond its schema, whatever the schema says of it."""
    found: list[Problem] = []
    for check in document_checks(document.kind, webhook=False):
        if check.__module__.startswith(f"{__name__}."):
            found += cast("Callable[[Document, None], Iterator[Problem]]", check)(document, None)
    return found
