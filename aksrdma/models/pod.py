"""Pods, and the templates that controllers make pods from."""

from collections.abc import Mapping
from typing import Any, Literal

from aksrdma.models.base import Model
from aksrdma.models.container import Container, ResourceRequirements
from aksrdma.models.meta import K8sObject, LocalObjectReference, ObjectMeta
from aksrdma.models.scheduling import Affinity, Toleration, TopologySpreadConstraint
from aksrdma.models.security import PodSecurityContext
from aksrdma.models.types import Bool, CoreQuantity, Int, ListOf
from aksrdma.models.volumes import Volume


class PodDNSConfigOption(Model):
    """One entry of `dnsConfig.options`."""

    name: str | None = None
    """Resolver option."""
    value: str | None = None
    """Its value."""


class PodDNSConfig(Model):
    """`dnsConfig`: added to what `dnsPolicy` yields."""

    nameservers: ListOf[str] | None = None
    """Addresses of name servers."""
    searches: ListOf[str] | None = None
    """Search domains."""
    options: ListOf[PodDNSConfigOption] | None = None
    """Resolver options."""


class HostAlias(Model):
    """One entry of `hostAliases`: a line of /etc/hosts."""

    ip: str
    """Address."""
    hostnames: ListOf[str] | None = None
    """Names of it."""


class PodOS(Model):
    """`os`: the operating system that the pod needs."""

    name: str
    """linux or windows."""


class PodReadinessGate(Model):
    """One entry of `readinessGates`."""

    condition_type: str
    """Condition that must be true before the pod is ready."""


class PodSchedulingGate(Model):
    """One entry of `schedulingGates`."""

    name: str
    """Gate that must be removed before the pod is scheduled."""


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

    host_network: Bool | None = None
    """True takes the node's network, so that the pod gets no second network; false unless set."""
    host_ipc: Bool | None = None
    """True takes the node's IPC namespace; false unless set."""
    host_pid: Bool | None = None
    """True sees the node's processes; false unless set."""
    host_users: Bool | None = None
    """False gives the pod a user namespace of its own; true unless set."""
    share_process_namespace: Bool | None = None
    """True lets containers see each other's processes; false unless set."""
    node_name: str | None = None
    """Node, past the scheduler."""
    restart_policy: Literal["Always", "Never", "OnFailure"] | None = None
    """Always unless set; jobs take Never or OnFailure."""
    node_selector: Mapping[str, str] | None = None
    """Labels that the node must have."""
    tolerations: ListOf[Toleration] | None = None
    """Taints that the pod tolerates."""
    affinity: Affinity | None = None
    """Nodes, and nearness to other pods."""
    topology_spread_constraints: ListOf[TopologySpreadConstraint] | None = None
    """How evenly pods spread."""
    priority_class_name: str | None = None
    """Priority class, such as system-node-critical."""
    priority: Int | None = None
    """Number of the priority class; filled by the API server."""
    preemption_policy: Literal["Never", "PreemptLowerPriority"] | None = None
    """Whether it may push out others; PreemptLowerPriority unless set."""
    scheduler_name: str | None = None
    """Scheduler; default-scheduler unless set."""
    scheduling_gates: ListOf[PodSchedulingGate] | None = None
    """What must happen before it is scheduled."""
    runtime_class_name: str | None = None
    """RuntimeClass, such as nvidia."""
    service_account_name: str | None = None
    """Service account; default unless set."""
    service_account: str | None = None
    """Old name of `serviceAccountName`."""
    automount_service_account_token: Bool | None = None
    """False mounts no token; true unless set."""
    image_pull_secrets: ListOf[LocalObjectReference] | None = None
    """Secrets of the namespace that can pull the images."""
    termination_grace_period_seconds: Int | None = None
    """Seconds to end; 30 unless set."""
    active_deadline_seconds: Int | None = None
    """Seconds that it may run."""
    security_context: PodSecurityContext | None = None
    """Rights of all containers."""
    init_containers: ListOf[Container] | None = None
    """Containers that run before the others, one by one."""
    containers: ListOf[Container]
    """The containers; at least one."""
    volumes: ListOf[Volume] | None = None
    """Volumes that containers mount."""
    resources: ResourceRequirements | None = None
    """Requests and limits of the whole pod; no extended resources."""
    resource_claims: ListOf[PodResourceClaim] | None = None
    """Devices by dynamic resource allocation."""
    overhead: Mapping[str, CoreQuantity] | None = None
    """What the RuntimeClass takes; filled by the API server."""
    readiness_gates: ListOf[PodReadinessGate] | None = None
    """Conditions that must be true before it is ready."""
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] | None = None
    """Where names are resolved; ClusterFirst unless set."""
    dns_config: PodDNSConfig | None = None
    """Name servers and search domains."""
    host_aliases: ListOf[HostAlias] | None = None
    """Lines for /etc/hosts."""
    hostname: str | None = None
    """Host name; the pod's name unless set."""
    hostname_override: str | None = None
    """Host name as the pod itself sees it."""
    subdomain: str | None = None
    """Name of a headless Service, for a DNS name of its own."""
    set_hostname_as_fqdn: Bool | None = None
    """True makes the host name the full one; false unless set."""
    enable_service_links: Bool | None = None
    """False gives no environment variables about Services; true unless set."""
    os: PodOS | None = None
    """Operating system."""


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
    status: dict[str, Any] | None = None
    """What the kubelet reports, as it is."""
