"""What every object carries: apiVersion, kind and metadata; and how labels are selected."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from aksrdma.models.base import Model
from aksrdma.models.types import Bool, Int, ListOf, Time


class OwnerReference(Model):
    """One entry of `metadata.ownerReferences`: the object that this one goes away with."""

    api_version: str
    """Group and version of the owner."""
    kind: str
    """Kind of the owner."""
    name: str
    """Name of the owner, in the same namespace or cluster-wide."""
    uid: str
    """UID of the owner, so that a namesake is not taken for it."""
    controller: Bool | None = None
    """True for the one owner that manages this object."""
    block_owner_deletion: Bool | None = None
    """True keeps the owner, in foreground deletion, until this object is gone."""


class ManagedFieldsEntry(Model):
    """One entry of `metadata.managedFields`: who last set which fields. Written by the API server."""

    manager: str | None = None
    """Name of the client or controller."""
    operation: str | None = None
    """Apply or Update."""
    api_version: str | None = None
    """The version in which the fields were set."""
    time: Time | None = None
    """When the set of fields last changed, RFC 3339."""
    fields_type: str | None = None
    """Format of `fieldsV1`; always FieldsV1."""
    fields_v1: Mapping[str, Any] | None = None
    """The set of fields, as a tree of keys."""
    subresource: str | None = None
    """The subresource that was written, such as status."""


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
    finalizers: ListOf[str] | None = None
    """Names of who must agree before the object is gone."""
    owner_references: ListOf[OwnerReference] | None = None
    """The objects that this one goes away with."""
    creation_timestamp: Time | None = None
    """When it was made, RFC 3339. Written by the API server."""
    deletion_timestamp: Time | None = None
    """When it will go, RFC 3339. Written by the API server."""
    deletion_grace_period_seconds: Int | None = None
    """Seconds that it may take to end. Written by the API server."""
    generation: Int | None = None
    """Number of the wanted state, one more at each change. Written by the API server."""
    resource_version: str | None = None
    """Opaque version of the object, for optimistic locking. Written by the API server."""
    self_link: str | None = None
    """No longer filled by the API server."""
    uid: str | None = None
    """Identity over time and space. Written by the API server."""
    managed_fields: ListOf[ManagedFieldsEntry] | None = None
    """Who set which field. Written by the API server."""


class K8sObject(Model):
    """Any object: apiVersion, kind and metadata. `models.parse` finds its class."""

    api_version: str
    """Group and version of the kind."""
    kind: str
    """The kind."""
    metadata: ObjectMeta
    """Name, namespace, labels and the like."""

    def for_release(self, release: str) -> Self:
        """Return this object if a Network Operator release knows it as it is.

        Raises:
            ModelError: It has a field, value or kind that the release lacks, or lacks what the release requires.
            UnknownNameError: There is no such release.
        """
        from aksrdma.models.releases import check_release

        check_release(self, release)
        return self


class LabelSelectorRequirement(Model):
    """One entry of a label selector's `matchExpressions`."""

    key: str
    """Label key."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label's value relates to `values`."""
    values: ListOf[str] | None = None
    """Values; none for Exists and DoesNotExist."""


class LabelSelector(Model):
    """Selects objects by labels; all requirements must hold, and an empty selector selects everything."""

    match_labels: Mapping[str, str] | None = None
    """Labels that the object must have with these values."""
    match_expressions: ListOf[LabelSelectorRequirement] | None = None
    """Requirements beyond equality."""


class LocalObjectReference(Model):
    """The name of an object in the same namespace."""

    name: str | None = None
    """Name of the object."""
