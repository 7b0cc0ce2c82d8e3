"""What every object carries: apiVersion, kind and metadata; and Namespace, which has nothing else."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from aksrdma.models.base import Model
from aksrdma.models.shape import Untyped


class ObjectMeta(Model):
    """`metadata` of any object (Kubernetes v1.34)."""

    name: str | None = None
    """Name, unique among objects of the kind in its scope."""
    generate_name: str | None = None
    """Prefix to which the API server adds a random end where `name` is not set."""
    namespace: str | None = None
    """Namespace; not set for cluster-scoped kinds such as NicClusterPolicy and IPoIBNetwork."""
    labels: Mapping[str, str] | None = None
    """Keys and values to select the object by."""
    annotations: Mapping[str, str] | None = None
    """Keys and values for tools, such as `k8s.v1.cni.cncf.io/networks` on a pod."""
    finalizers: Sequence[str] | None = None
    """Names of who must agree before the object is gone."""
    owner_references: Untyped = None
    creation_timestamp: Untyped = None
    deletion_timestamp: Untyped = None
    deletion_grace_period_seconds: Untyped = None
    generation: Untyped = None
    resource_version: Untyped = None
    self_link: Untyped = None
    uid: Untyped = None
    managed_fields: Untyped = None


class K8sObject(Model):
    """Any object: apiVersion, kind and metadata. `models.parse` finds its class."""

    api_version: str
    """Group and version of the kind."""
    kind: str
    """The kind."""
    metadata: ObjectMeta
    """Name, namespace, labels and the like."""

    def for_release(self, release: str) -> Self:
        """Return this object if the API server of a Network Operator release takes it, as far as schemas tell.

        Kinds without a schema, such as Kustomization, fit every release.

        Args:
            release: A release of the catalog, such as v25.1.0.

        Raises:
            ModelError: A line for each mistake, with the release that would take it where there is one.
            UnknownNameError: The catalog has no such release.
        """
        # Who only builds and writes loads no schemas.
        from aksrdma import catalog
        from aksrdma.errors import ModelError
        from aksrdma.schemas.judge import releases_with, schemas_of, with_history

        if release not in catalog.releases():
            catalog.release(release)  # says which are near
        schemas = schemas_of(release)
        if not schemas.knows(self.api_version, self.kind) and (having := releases_with(self.api_version, self.kind)):
            have = "has" if len(having) == 1 else "have"
            raise ModelError([f"kind: {release} has no {self.kind}; {', '.join(having)} {have}"])
        data = self.wire()
        if problems := with_history(schemas.judge(data), data, release):
            raise ModelError([str(one) for one in problems])
        return self


class NamespaceSpec(Model):
    """`spec` of Namespace."""

    finalizers: Sequence[str] | None = None
    """Who must agree before it is gone; filled by the API server."""


class Namespace(K8sObject):
    """A namespace; its label pod-security.kubernetes.io/enforce says which pods may run. Cluster-scoped."""

    api_version: Literal["v1"] = "v1"
    """Group and version."""
    kind: Literal["Namespace"] = "Namespace"
    """The kind."""
    spec: NamespaceSpec | None = None
    """Finalizers."""
    status: Untyped = None
