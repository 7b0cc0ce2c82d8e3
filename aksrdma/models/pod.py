"""Pods as RDMA workloads write them: containers, what they ask for, probes, rights and volumes (Kubernetes v1.34).

What such pods have no use for is `Untyped`.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from aksrdma.models.affinity import Affinity, TopologySpreadConstraint
from aksrdma.models.base import Model
from aksrdma.models.env import EnvVar
from aksrdma.models.meta import K8sObject, ObjectMeta
from aksrdma.models.scheduling import Toleration
from aksrdma.models.shape import CoreQuantity, IntOrString, Untyped


class ResourceClaim(Model):
    """One entry of `resources.claims`."""

    name: str
    """Name of an entry of the pod's `resourceClaims`."""
    request: str | None = None
    """One request of the claim; all unless set."""


class ResourceRequirements(Model):
    """`resources` of a container. An extended resource such as rdma/ib is a whole number, with limit = request."""

    requests: Mapping[str, CoreQuantity] | None = None
    """What is reserved; the limits unless set."""
    limits: Mapping[str, CoreQuantity] | None = None
    """What is not exceeded; a limit of an extended resource is its request as well."""
    claims: Sequence[ResourceClaim] | None = None
    """Claims of the pod that the container uses."""


class ContainerPort(Model):
    """One entry of `ports`."""

    name: str | None = None
    """Name, unique in the pod."""
    container_port: int
    """Port number, 1 to 65535."""
    host_port: int | None = None
    """Port of the node that leads here; with hostNetwork the same number."""
    host_ip: str | None = None
    """Address of the node to bind."""
    protocol: Literal["SCTP", "TCP", "UDP"] | None = None
    """TCP unless set."""


class VolumeMount(Model):
    """One entry of `volumeMounts`."""

    name: str
    """Name of a volume of the pod."""
    mount_path: str
    """Path in the container, such as /dev/shm."""
    read_only: bool | None = None
    """True forbids writing; false unless set."""
    recursive_read_only: Literal["Disabled", "Enabled", "IfPossible"] | None = None
    """Whether mounts below are read-only too; Disabled unless set."""
    sub_path: str | None = None
    """Path inside the volume; its root unless set."""
    sub_path_expr: str | None = None
    """As `subPath`, with $(NAME) from the environment."""
    mount_propagation: Literal["Bidirectional", "HostToContainer", "None"] | None = None
    """Whether later mounts pass between node and container; None unless set."""


class EnvSource(Model):
    """`configMapRef` and `secretRef` of `envFrom`: all keys of a ConfigMap or Secret."""

    name: str | None = None
    """Name of the ConfigMap or Secret."""
    optional: bool | None = None
    """True lets the container start without it."""


class EnvFromSource(Model):
    """One entry of a container's `envFrom`."""

    prefix: str | None = None
    """Text put in front of every name."""
    config_map_ref: EnvSource | None = None
    """The ConfigMap whose keys become variables."""
    secret_ref: EnvSource | None = None
    """The Secret whose keys become variables."""


class ExecAction(Model):
    """`exec`: a command inside the container; exit code 0 is success."""

    command: Sequence[str] | None = None
    """Command and arguments; no shell unless you name one."""


class HTTPGetAction(Model):
    """`httpGet`: a request; status 200 to 399 is success."""

    path: str | None = None
    """Path of the request."""
    port: IntOrString
    """Number, or name of a container port."""
    host: str | None = None
    """Host; the pod's IP unless set."""
    scheme: Literal["HTTP", "HTTPS"] | None = None
    """HTTP unless set."""
    http_headers: Untyped = None


class TCPSocketAction(Model):
    """`tcpSocket`: a connection; that it opens is success."""

    port: IntOrString
    """Number, or name of a container port."""
    host: str | None = None
    """Host; the pod's IP unless set."""


class GRPCAction(Model):
    """`grpc`: a gRPC health check."""

    port: int
    """Port number."""
    service: str | None = None
    """Service asked about; an empty string unless set."""


class Probe(Model):
    """`startupProbe`, `livenessProbe` or `readinessProbe` of a container: exactly one way to ask, and when."""

    exec: ExecAction | None = None
    """Asks by a command."""
    http_get: HTTPGetAction | None = None
    """Asks by a request."""
    tcp_socket: TCPSocketAction | None = None
    """Asks by a connection."""
    grpc: GRPCAction | None = None
    """Asks by a gRPC health check."""
    initial_delay_seconds: int | None = None
    """Seconds from the container's start to the first probe; 0 unless set."""
    failure_threshold: int | None = None
    """Failures in a row that count; 3 unless set."""
    success_threshold: int | None = None
    """Successes in a row after a failure; 1 unless set, and 1 for startup and liveness."""
    period_seconds: int | None = None
    """Seconds between probes; 10 unless set."""
    timeout_seconds: int | None = None
    """Seconds after which a probe counts as failed; 1 unless set."""
    termination_grace_period_seconds: int | None = None
    """Seconds to end after the probe failed; the pod's unless set."""


class Capabilities(Model):
    """`capabilities`: Linux capabilities beyond or below those of the runtime. RDMA needs IPC_LOCK."""

    add: Sequence[str] | None = None
    """Capabilities to give, without CAP_: IPC_LOCK lets a process pin memory beyond 64 KiB."""
    drop: Sequence[str] | None = None
    """Capabilities to take away; ALL takes every one."""


class SecurityContext(Model):
    """`securityContext` of a container; wins over the pod's."""

    privileged: bool | None = None
    """True is root on the node; false unless set."""
    capabilities: Capabilities | None = None
    """Linux capabilities."""
    allow_privilege_escalation: bool | None = None
    """False stops setuid programs; always true for a privileged container."""
    read_only_root_filesystem: bool | None = None
    """True makes the image's files read-only; false unless set."""
    run_as_user: int | None = None
    """UID of the process; the image's unless set."""
    run_as_group: int | None = None
    """GID of the process; the runtime's unless set."""
    run_as_non_root: bool | None = None
    """True refuses to start as UID 0."""
    proc_mount: Untyped = None
    se_linux_options: Untyped = None
    seccomp_profile: Untyped = None
    app_armor_profile: Untyped = None
    windows_options: Untyped = None


class PodSecurityContext(Model):
    """`securityContext` of a pod: for all its containers."""

    run_as_user: int | None = None
    """UID of the processes; the images' unless set."""
    run_as_group: int | None = None
    """GID of the processes; the runtime's unless set."""
    run_as_non_root: bool | None = None
    """True refuses to start as UID 0."""
    fs_group: int | None = None
    """GID that owns the pod's volumes."""
    supplemental_groups: Sequence[int] | None = None
    """More GIDs of the processes."""
    fs_group_change_policy: Untyped = None
    supplemental_groups_policy: Untyped = None
    sysctls: Untyped = None
    se_linux_options: Untyped = None
    se_linux_change_policy: Untyped = None
    seccomp_profile: Untyped = None
    app_armor_profile: Untyped = None
    windows_options: Untyped = None


class Container(Model):
    """One entry of `containers` or `initContainers` of a pod."""

    name: str
    """Name, a DNS label, unique in the pod."""
    image: str | None = None
    """Image reference."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """Always for the tag latest or none, else IfNotPresent, unless set."""
    command: Sequence[str] | None = None
    """Replaces the image's entry point."""
    args: Sequence[str] | None = None
    """Replaces the image's arguments."""
    working_dir: str | None = None
    """Working directory; the image's unless set."""
    env: Sequence[EnvVar] | None = None
    """Environment variables."""
    env_from: Sequence[EnvFromSource] | None = None
    """ConfigMaps and Secrets whose keys become environment variables."""
    ports: Sequence[ContainerPort] | None = None
    """Ports that it listens on."""
    startup_probe: Probe | None = None
    """When it counts as started."""
    liveness_probe: Probe | None = None
    """When it is started anew."""
    readiness_probe: Probe | None = None
    """When it takes requests."""
    security_context: SecurityContext | None = None
    """Rights; RDMA needs the capability IPC_LOCK."""
    resources: ResourceRequirements | None = None
    """What it asks for, RDMA devices among them."""
    volume_mounts: Sequence[VolumeMount] | None = None
    """Volumes, as files."""
    restart_policy: str | None = None
    """Always in an init container makes it a sidecar; the pod's unless set."""
    stdin: bool | None = None
    """True keeps standard input open; false unless set."""
    stdin_once: bool | None = None
    """True closes it after the first client; false unless set."""
    tty: bool | None = None
    """True gives it a terminal; false unless set."""
    termination_message_path: str | None = None
    """File with the last words; /dev/termination-log unless set."""
    termination_message_policy: Literal["FallbackToLogsOnError", "File"] | None = None
    """Whether the log's end may take its place; File unless set."""
    resize_policy: Untyped = None
    volume_devices: Untyped = None
    lifecycle: Untyped = None
    restart_policy_rules: Untyped = None


class KeyToPath(Model):
    """One entry of `items`: a key and the file that it becomes."""

    key: str
    """The key."""
    path: str
    """Relative path of the file."""
    mode: int | None = None
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
    items: Sequence[KeyToPath] | None = None
    """The keys; all unless set."""
    default_mode: int | None = None
    """File mode, as a decimal number in JSON; 420 (0644) unless set."""
    optional: bool | None = None
    """True starts the pod without it."""


class SecretVolumeSource(Model):
    """`secret`: the keys of a Secret as files."""

    secret_name: str | None = None
    """Name of the Secret."""
    items: Sequence[KeyToPath] | None = None
    """The keys; all unless set."""
    default_mode: int | None = None
    """File mode, as a decimal number in JSON; 420 (0644) unless set."""
    optional: bool | None = None
    """True starts the pod without it."""


class PersistentVolumeClaimVolumeSource(Model):
    """`persistentVolumeClaim`: a claim of the namespace."""

    claim_name: str
    """Name of the claim."""
    read_only: bool | None = None
    """True forbids writing; false unless set."""


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
    ephemeral: Untyped = None
    projected: Untyped = None
    downward_api: Untyped = None
    csi: Untyped = None
    nfs: Untyped = None
    azure_disk: Untyped = None
    azure_file: Untyped = None
    image: Untyped = None
    aws_elastic_block_store: Untyped = None
    cephfs: Untyped = None
    cinder: Untyped = None
    fc: Untyped = None
    flex_volume: Untyped = None
    flocker: Untyped = None
    gce_persistent_disk: Untyped = None
    git_repo: Untyped = None
    glusterfs: Untyped = None
    iscsi: Untyped = None
    photon_persistent_disk: Untyped = None
    portworx_volume: Untyped = None
    quobyte: Untyped = None
    rbd: Untyped = None
    scale_io: Untyped = None
    storageos: Untyped = None
    vsphere_volume: Untyped = None


class LocalObjectReference(Model):
    """The name of an object in the same namespace."""

    name: str | None = None
    """Name of the object."""


class PodResourceClaim(Model):
    """One entry of `resourceClaims`: devices by dynamic resource allocation."""

    name: str
    """Name that containers use in `resources.claims`."""
    resource_claim_name: str | None = None
    """A ResourceClaim of the namespace."""
    resource_claim_template_name: str | None = None
    """A ResourceClaimTemplate, from which the pod gets a claim of its own."""


class PodSpec(Model):
    """`spec` of a pod, or of a pod template (Kubernetes v1.34)."""

    host_network: bool | None = None
    """True takes the node's network, so that the pod gets no second network; false unless set."""
    host_ipc: bool | None = None
    """True takes the node's IPC namespace; false unless set."""
    host_pid: bool | None = None
    """True sees the node's processes; false unless set."""
    share_process_namespace: bool | None = None
    """True lets containers see each other's processes; false unless set."""
    node_name: str | None = None
    """Node, past the scheduler."""
    restart_policy: Literal["Always", "Never", "OnFailure"] | None = None
    """Always unless set; jobs take Never or OnFailure."""
    node_selector: Mapping[str, str] | None = None
    """Labels that the node must have."""
    tolerations: Sequence[Toleration] | None = None
    """Taints that the pod tolerates."""
    affinity: Affinity | None = None
    """Nodes, and nearness to other pods."""
    topology_spread_constraints: Sequence[TopologySpreadConstraint] | None = None
    """How evenly pods spread."""
    priority_class_name: str | None = None
    """Priority class, such as system-node-critical."""
    priority: int | None = None
    """Number of the priority class; filled by the API server."""
    scheduler_name: str | None = None
    """Scheduler; default-scheduler unless set."""
    runtime_class_name: str | None = None
    """RuntimeClass, such as nvidia."""
    service_account_name: str | None = None
    """Service account; default unless set."""
    automount_service_account_token: bool | None = None
    """False mounts no token; true unless set."""
    image_pull_secrets: Sequence[LocalObjectReference] | None = None
    """Secrets of the namespace that can pull the images."""
    termination_grace_period_seconds: int | None = None
    """Seconds to end; 30 unless set."""
    active_deadline_seconds: int | None = None
    """Seconds that it may run."""
    security_context: PodSecurityContext | None = None
    """Rights of all containers."""
    init_containers: Sequence[Container] | None = None
    """Containers that run before the others, one by one."""
    containers: Sequence[Container]
    """The containers; at least one."""
    volumes: Sequence[Volume] | None = None
    """Volumes that containers mount."""
    resources: ResourceRequirements | None = None
    """Requests and limits of the whole pod; no extended resources."""
    resource_claims: Sequence[PodResourceClaim] | None = None
    """Devices by dynamic resource allocation."""
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] | None = None
    """Where names are resolved; ClusterFirst unless set."""
    hostname: str | None = None
    """Host name; the pod's name unless set."""
    subdomain: str | None = None
    """Name of a headless Service, for a DNS name of its own."""
    host_users: Untyped = None
    preemption_policy: Untyped = None
    scheduling_gates: Untyped = None
    service_account: Untyped = None
    overhead: Untyped = None
    readiness_gates: Untyped = None
    dns_config: Untyped = None
    host_aliases: Untyped = None
    hostname_override: Untyped = None
    set_hostname_as_fqdn: Untyped = None
    enable_service_links: Untyped = None
    os: Untyped = None
    ephemeral_containers: Untyped = None


class PodTemplateSpec(Model):
    """`template` of a controller: metadata and spec of its pods."""

    metadata: ObjectMeta | None = None
    """Labels and annotations of the pods; the annotation that asks for second networks belongs here."""
    spec: PodSpec
    """The pods."""


class Pod(K8sObject):
    """A pod (Kubernetes v1.34). Namespaced."""

    api_version: Literal["v1"] = "v1"
    """Group and version."""
    kind: Literal["Pod"] = "Pod"
    """The kind."""
    spec: PodSpec
    """What runs, and where."""
    status: Untyped = None
