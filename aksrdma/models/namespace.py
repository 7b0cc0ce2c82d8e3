"""Namespace."""

from typing import Any, Literal

from aksrdma.models.base import Model
from aksrdma.models.meta import K8sObject
from aksrdma.models.types import ListOf


class NamespaceSpec(Model):
    """`spec` of Namespace."""

    finalizers: ListOf[str] | None = None
    """Who must agree before it is gone; filled by the API server."""


class Namespace(K8sObject):
    """A namespace; its label pod-security.kubernetes.io/enforce says which pods may run. Cluster-scoped."""

    api_version: Literal["v1"] = "v1"
    """Group and version."""
    kind: Literal["Namespace"] = "Namespace"
    """The kind."""
    spec: NamespaceSpec | None = None
    """Finalizers."""
    status: dict[str, Any] | None = None
    """What the API server reports, as it is."""
