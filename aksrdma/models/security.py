"""Security contexts of pods and containers."""

from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.types import Bool, Int, ListOf


class Capabilities(Model):
    """`capabilities`: Linux capabilities beyond or below those of the runtime. RDMA needs IPC_LOCK."""

    add: ListOf[str] | None = None
    """Capabilities to give, without CAP_: IPC_LOCK lets a process pin memory beyond 64 KiB."""
    drop: ListOf[str] | None = None
    """Capabilities to take away; ALL takes every one."""


class SELinuxOptions(Model):
    """`seLinuxOptions`: an SELinux context."""

    user: str | None = None
    """SELinux user."""
    role: str | None = None
    """SELinux role."""
    type: str | None = None
    """SELinux type."""
    level: str | None = None
    """SELinux level."""


class SecurityProfile(Model):
    """`seccompProfile` and `appArmorProfile`."""

    type: Literal["Localhost", "RuntimeDefault", "Unconfined"]
    """Where the profile comes from: a file on the node, the runtime, or none."""
    localhost_profile: str | None = None
    """Its name on the node, for Localhost."""


class SecurityContext(Model):
    """`securityContext` of a container; wins over the pod's."""

    privileged: Bool | None = None
    """True is root on the node; false unless set."""
    capabilities: Capabilities | None = None
    """Linux capabilities."""
    allow_privilege_escalation: Bool | None = None
    """False stops setuid programs; always true for a privileged container."""
    read_only_root_filesystem: Bool | None = None
    """True makes the image's files read-only; false unless set."""
    run_as_user: Int | None = None
    """UID of the process; the image's unless set."""
    run_as_group: Int | None = None
    """GID of the process; the runtime's unless set."""
    run_as_non_root: Bool | None = None
    """True refuses to start as UID 0."""
    proc_mount: Literal["Default", "Unmasked"] | None = None
    """How /proc looks; Default unless set."""
    se_linux_options: SELinuxOptions | None = None
    """SELinux context."""
    seccomp_profile: SecurityProfile | None = None
    """System calls that are allowed."""
    app_armor_profile: SecurityProfile | None = None
    """AppArmor profile."""


class Sysctl(Model):
    """One entry of `sysctls`."""

    name: str
    """Name of the kernel parameter."""
    value: str
    """Its value."""


class PodSecurityContext(Model):
    """`securityContext` of a pod: for all its containers."""

    run_as_user: Int | None = None
    """UID of the processes; the images' unless set."""
    run_as_group: Int | None = None
    """GID of the processes; the runtime's unless set."""
    run_as_non_root: Bool | None = None
    """True refuses to start as UID 0."""
    fs_group: Int | None = None
    """GID that owns the pod's volumes."""
    fs_group_change_policy: Literal["Always", "OnRootMismatch"] | None = None
    """When volumes are given that owner; Always unless set."""
    supplemental_groups: ListOf[Int] | None = None
    """More GIDs of the processes."""
    supplemental_groups_policy: Literal["Merge", "Strict"] | None = None
    """Whether groups of the image's /etc/group count too; Merge unless set."""
    sysctls: ListOf[Sysctl] | None = None
    """Kernel parameters of the pod's namespaces."""
    se_linux_options: SELinuxOptions | None = None
    """SELinux context."""
    se_linux_change_policy: str | None = None
    """How volumes get the SELinux label: MountOption or Recursive."""
    seccomp_profile: SecurityProfile | None = None
    """System calls that are allowed."""
    app_armor_profile: SecurityProfile | None = None
    """AppArmor profile."""
