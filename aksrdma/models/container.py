"""Containers of pods, and the resources that they ask for."""

from collections.abc import Mapping
from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.env import EnvFromSource, EnvVar
from aksrdma.models.probes import Lifecycle, Probe
from aksrdma.models.security import SecurityContext
from aksrdma.models.types import Bool, CoreQuantity, Int, ListOf


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
    claims: ListOf[ResourceClaim] | None = None
    """Claims of the pod that the container uses."""


class ContainerPort(Model):
    """One entry of `ports`."""

    name: str | None = None
    """Name, unique in the pod."""
    container_port: Int
    """Port number, 1 to 65535."""
    host_port: Int | None = None
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
    read_only: Bool | None = None
    """True forbids writing; false unless set."""
    recursive_read_only: str | None = None
    """Whether mounts below are read-only too: Disabled, IfPossible or Enabled."""
    sub_path: str | None = None
    """Path inside the volume; its root unless set."""
    sub_path_expr: str | None = None
    """As `subPath`, with $(NAME) from the environment."""
    mount_propagation: Literal["Bidirectional", "HostToContainer", "None"] | None = None
    """Whether later mounts pass between node and container; None unless set."""


class VolumeDevice(Model):
    """One entry of `volumeDevices`."""

    name: str
    """Name of a persistentVolumeClaim volume of mode Block."""
    device_path: str
    """Path in the container."""


class ContainerResizePolicy(Model):
    """One entry of `resizePolicy`."""

    resource_name: str
    """cpu or memory."""
    restart_policy: str
    """NotRequired or RestartContainer, when the resource changes."""


class ContainerRestartRuleOnExitCodes(Model):
    """`exitCodes` of a restart rule."""

    operator: str
    """In or NotIn."""
    values: ListOf[Int] | None = None
    """Exit codes."""


class ContainerRestartRule(Model):
    """One entry of `restartPolicyRules`."""

    action: str
    """Restart."""
    exit_codes: ContainerRestartRuleOnExitCodes | None = None
    """The exit codes for which it holds."""


class Container(Model):
    """One entry of `containers` or `initContainers` of a pod."""

    name: str
    """Name, a DNS label, unique in the pod."""
    image: str | None = None
    """Image reference."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """Always for the tag latest or none, else IfNotPresent, unless set."""
    command: ListOf[str] | None = None
    """Replaces the image's entry point."""
    args: ListOf[str] | None = None
    """Replaces the image's arguments."""
    working_dir: str | None = None
    """Working directory; the image's unless set."""
    env: ListOf[EnvVar] | None = None
    """Environment variables."""
    env_from: ListOf[EnvFromSource] | None = None
    """ConfigMaps and Secrets whose keys become environment variables."""
    ports: ListOf[ContainerPort] | None = None
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
    volume_mounts: ListOf[VolumeMount] | None = None
    """Volumes, as files."""
    resize_policy: ListOf[ContainerResizePolicy] | None = None
    """What happens when its resources change in place."""
    volume_devices: ListOf[VolumeDevice] | None = None
    """Volumes, as block devices."""
    lifecycle: Lifecycle | None = None
    """What is done at its start and end."""
    restart_policy: str | None = None
    """Always in an init container makes it a sidecar; the pod's unless set."""
    restart_policy_rules: ListOf[ContainerRestartRule] | None = None
    """Restart by exit code."""
    stdin: Bool | None = None
    """True keeps standard input open; false unless set."""
    stdin_once: Bool | None = None
    """True closes it after the first client; false unless set."""
    tty: Bool | None = None
    """True gives it a terminal; false unless set."""
    termination_message_path: str | None = None
    """File with the last words; /dev/termination-log unless set."""
    termination_message_policy: Literal["FallbackToLogsOnError", "File"] | None = None
    """Whether the log's end may take its place; File unless set."""
