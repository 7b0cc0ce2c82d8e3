"""Volumes of pods: those that a node of AKS can mount."""

from collections.abc import Mapping
from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.env import FieldSelector, ResourceFieldSelector
from aksrdma.models.meta import LabelSelector, LocalObjectReference, ObjectMeta
from aksrdma.models.types import Bool, CoreQuantity, Int, ListOf


class KeyToPath(Model):
    """One entry of `items`: a key and the file that it becomes."""

    key: str
    """The key."""
    path: str
    """Relative path of the file."""
    mode: Int | None = None
    """File mode, as a decimal number in JSON; the volume's default unless set."""


class EmptyDirVolumeSource(Model):
    """`emptyDir`: a folder that lives as long as the pod."""

    medium: str | None = None
    """Memory for a tmpfs, as /dev/shm needs; the node's disk unless set."""
    size_limit: CoreQuantity | None = None
    """Greatest size; with Memory it counts against the containers' memory limits."""


class HostPathVolumeSource(Model):
    """`hostPath`: a path of the node."""

    path: str
    """The path."""
    type: (
        Literal["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"]
        | None
    ) = None
    """What must be there, or is made; unchecked unless set."""


class ConfigMapVolumeSource(Model):
    """`configMap`: the keys of a ConfigMap as files."""

    name: str | None = None
    """Name of the ConfigMap."""
    items: ListOf[KeyToPath] | None = None
    """The keys; all unless set."""
    default_mode: Int | None = None
    """File mode, as a decimal number in JSON; 420 (0644) unless set."""
    optional: Bool | None = None
    """True starts the pod without it."""


class SecretVolumeSource(Model):
    """`secret`: the keys of a Secret as files."""

    secret_name: str | None = None
    """Name of the Secret."""
    items: ListOf[KeyToPath] | None = None
    """The keys; all unless set."""
    default_mode: Int | None = None
    """File mode, as a decimal number in JSON; 420 (0644) unless set."""
    optional: Bool | None = None
    """True starts the pod without it."""


class PersistentVolumeClaimVolumeSource(Model):
    """`persistentVolumeClaim`: a claim of the namespace."""

    claim_name: str
    """Name of the claim."""
    read_only: Bool | None = None
    """True forbids writing; false unless set."""


class DownwardAPIVolumeFile(Model):
    """One entry of `downwardAPI.items`."""

    path: str
    """Relative path of the file."""
    field_ref: FieldSelector | None = None
    """Field of the pod that it holds."""
    resource_field_ref: ResourceFieldSelector | None = None
    """Request or limit of a container that it holds."""
    mode: Int | None = None
    """File mode, as a decimal number in JSON; the volume's default unless set."""


class DownwardAPIVolumeSource(Model):
    """`downwardAPI`: fields of the pod as files."""

    items: ListOf[DownwardAPIVolumeFile] | None = None
    """The files."""
    default_mode: Int | None = None
    """File mode, as a decimal number in JSON; 420 (0644) unless set."""


class ObjectProjection(Model):
    """`configMap` and `secret` of a projected volume."""

    name: str | None = None
    """Name of the ConfigMap or Secret."""
    items: ListOf[KeyToPath] | None = None
    """The keys; all unless set."""
    optional: Bool | None = None
    """True starts the pod without it."""


class DownwardAPIProjection(Model):
    """`downwardAPI` of a projected volume."""

    items: ListOf[DownwardAPIVolumeFile] | None = None
    """The files."""


class ServiceAccountTokenProjection(Model):
    """`serviceAccountToken` of a projected volume."""

    path: str
    """Relative path of the file."""
    audience: str | None = None
    """Who the token is for; the API server unless set."""
    expiration_seconds: Int | None = None
    """Seconds that it is valid, at least 600; 3600 unless set."""


class ClusterTrustBundleProjection(Model):
    """`clusterTrustBundle` of a projected volume."""

    path: str
    """Relative path of the file."""
    name: str | None = None
    """Name of one bundle."""
    signer_name: str | None = None
    """Signer whose bundles are taken, in place of `name`."""
    label_selector: LabelSelector | None = None
    """Which of the signer's bundles."""
    optional: Bool | None = None
    """True starts the pod without it."""


class PodCertificateProjection(Model):
    """`podCertificate` of a projected volume."""

    signer_name: str
    """Signer to ask."""
    key_type: str
    """Kind of key to make, such as ED25519."""
    max_expiration_seconds: Int | None = None
    """Greatest number of seconds that the certificate is valid; 86400 unless set."""
    credential_bundle_path: str | None = None
    """Relative path of the file with key and chain."""
    key_path: str | None = None
    """Relative path of the file with the key."""
    certificate_chain_path: str | None = None
    """Relative path of the file with the chain."""


class VolumeProjection(Model):
    """One entry of `projected.sources`: exactly one source."""

    config_map: ObjectProjection | None = None
    """Keys of a ConfigMap."""
    secret: ObjectProjection | None = None
    """Keys of a Secret."""
    downward_api: DownwardAPIProjection | None = None
    """Fields of the pod."""
    service_account_token: ServiceAccountTokenProjection | None = None
    """A token of the pod's service account."""
    cluster_trust_bundle: ClusterTrustBundleProjection | None = None
    """Trust anchors."""
    pod_certificate: PodCertificateProjection | None = None
    """A certificate for the pod."""


class ProjectedVolumeSource(Model):
    """`projected`: several sources in one folder."""

    sources: ListOf[VolumeProjection] | None = None
    """The sources."""
    default_mode: Int | None = None
    """File mode, as a decimal number in JSON; 420 (0644) unless set."""


class CSIVolumeSource(Model):
    """`csi`: a volume that a CSI driver makes for the pod."""

    driver: str
    """Name of the driver."""
    fs_type: str | None = None
    """File system."""
    read_only: Bool | None = None
    """True forbids writing; false unless set."""
    volume_attributes: Mapping[str, str] | None = None
    """The driver's own settings."""
    node_publish_secret_ref: LocalObjectReference | None = None
    """Secret for the driver."""


class NFSVolumeSource(Model):
    """`nfs`: a share of an NFS server."""

    server: str
    """Host of the server."""
    path: str
    """Path that it exports."""
    read_only: Bool | None = None
    """True forbids writing; false unless set."""


class AzureDiskVolumeSource(Model):
    """`azureDisk`: a disk by its URI. Served by the disk CSI driver; prefer a claim."""

    disk_name: str
    """Name of the disk."""
    disk_uri: str
    """URI of the disk."""
    kind: Literal["Dedicated", "Managed", "Shared"] | None = None
    """Managed for a managed disk; Shared unless set."""
    caching_mode: Literal["None", "ReadOnly", "ReadWrite"] | None = None
    """Cache of the node; ReadWrite unless set."""
    fs_type: str | None = None
    """File system; ext4 unless set."""
    read_only: Bool | None = None
    """True forbids writing; false unless set."""


class AzureFileVolumeSource(Model):
    """`azureFile`: a share of a storage account. Served by the file CSI driver; prefer a claim."""

    secret_name: str
    """Secret with the account's name and key."""
    share_name: str
    """Name of the share."""
    read_only: Bool | None = None
    """True forbids writing; false unless set."""


class ImageVolumeSource(Model):
    """`image`: the files of an OCI image or artifact, read-only."""

    reference: str | None = None
    """Image reference."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """Always for the tag latest or none, else IfNotPresent, unless set."""


class TypedLocalObjectReference(Model):
    """`dataSource` of a claim: what the volume is filled from."""

    api_group: str | None = None
    """API group; the core group unless set."""
    kind: str
    """Kind of the object."""
    name: str
    """Name of the object."""


class TypedObjectReference(TypedLocalObjectReference):
    """`dataSourceRef` of a claim: what the volume is filled from, maybe from another namespace."""

    namespace: str | None = None
    """Namespace of the object; the claim's unless set."""


class VolumeResourceRequirements(Model):
    """`resources` of a claim."""

    requests: Mapping[str, CoreQuantity] | None = None
    """Least amount: storage."""
    limits: Mapping[str, CoreQuantity] | None = None
    """Greatest amount."""


class PersistentVolumeClaimSpec(Model):
    """`spec` of a claim."""

    access_modes: ListOf[Literal["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]] | None = None
    """How many nodes, or pods, may mount it, and how."""
    resources: VolumeResourceRequirements | None = None
    """Size."""
    storage_class_name: str | None = None
    """Storage class; the cluster's default unless set."""
    volume_mode: Literal["Block", "Filesystem"] | None = None
    """Filesystem unless set."""
    volume_name: str | None = None
    """Name of a PersistentVolume to bind."""
    selector: LabelSelector | None = None
    """PersistentVolumes to choose from."""
    data_source: TypedLocalObjectReference | None = None
    """Snapshot or claim to copy."""
    data_source_ref: TypedObjectReference | None = None
    """Any object to fill the volume from."""
    volume_attributes_class_name: str | None = None
    """Class of attributes that may change later."""


class PersistentVolumeClaimTemplate(Model):
    """The claim that an `ephemeral` volume makes."""

    metadata: ObjectMeta | None = None
    """Labels and annotations of the claim."""
    spec: PersistentVolumeClaimSpec
    """The claim."""


class EphemeralVolumeSource(Model):
    """`ephemeral`: a claim made for the pod, and gone with it."""

    volume_claim_template: PersistentVolumeClaimTemplate | None = None
    """The claim."""


class Volume(Model):
    """One entry of `volumes` of a pod: a name and exactly one source."""

    name: str
    """Name, a DNS label, unique in the pod."""
    empty_dir: EmptyDirVolumeSource | None = None
    """Folder of the pod's own, or memory."""
    host_path: HostPathVolumeSource | None = None
    """Path of the node."""
    config_map: ConfigMapVolumeSource | None = None
    """ConfigMap as files."""
    secret: SecretVolumeSource | None = None
    """Secret as files."""
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    """Claim of the namespace."""
    ephemeral: EphemeralVolumeSource | None = None
    """Claim of the pod's own."""
    projected: ProjectedVolumeSource | None = None
    """Several sources in one folder."""
    downward_api: DownwardAPIVolumeSource | None = None
    """Fields of the pod as files."""
    csi: CSIVolumeSource | None = None
    """Volume of a CSI driver."""
    nfs: NFSVolumeSource | None = None
    """Share of an NFS server."""
    azure_disk: AzureDiskVolumeSource | None = None
    """Azure disk by its URI."""
    azure_file: AzureFileVolumeSource | None = None
    """Azure Files share."""
    image: ImageVolumeSource | None = None
    """Files of an image."""
