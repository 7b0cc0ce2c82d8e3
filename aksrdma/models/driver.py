"""`spec.ofedDriver` of NicClusterPolicy and NicNodePolicy: the DOCA-OFED driver and how it is upgraded."""

from aksrdma.models.base import Model
from aksrdma.models.components import ConfigMapName, ImageSpec
from aksrdma.models.env import EnvVar
from aksrdma.models.types import Bool, Int, ListOf, NonNegativeInt


class DriverProbe(Model):
    """`startupProbe`, `livenessProbe` and `readinessProbe` of the driver's container."""

    initial_delay_seconds: Int
    """Seconds from the container's start to the first probe."""
    period_seconds: Int
    """Seconds between probes."""
    failure_threshold: Int | None = None
    """Failures in a row that count; not set, the operator chooses (startup 60, from v26.4.1 on 120; others 1)."""
    timeout_seconds: Int | None = None
    """Seconds after which a probe counts as failed; not set, the operator takes 10."""


class DrainSpec(Model):
    """`upgradePolicy.drain`: how a node is emptied before its driver is replaced; without it nothing is drained."""

    delete_empty_dir: Bool | None = None
    """Whether to go on where pods would lose emptyDir volumes; false unless set."""
    enable: Bool | None = None
    """Whether to drain; true unless set."""
    force: Bool | None = None
    """Whether to remove pods that no controller would start again; false unless set."""
    timeout_seconds: NonNegativeInt | None = None
    """Seconds until draining is given up, 0 means never; 300 unless set."""
    pod_selector: str | None = None
    """Label selector of the pods to remove; not set means all."""


class WaitForCompletion(Model):
    """`upgradePolicy.waitForCompletion`: the pods that may finish before a node is upgraded."""

    pod_selector: str | None = None
    """Label selector of the pods to wait for."""
    timeout_seconds: NonNegativeInt | None = None
    """Seconds to wait, 0 means without end; 0 unless set."""


class UpgradePolicy(Model):
    """`ofedDriver.upgradePolicy`: how nodes get a new driver version."""

    auto_upgrade: Bool | None = None
    """Whether the operator upgrades nodes; false unless set, and then everything else here is ignored."""
    drain: DrainSpec | None = None
    """How nodes are emptied; without it they are not."""
    max_parallel_upgrades: NonNegativeInt | None = None
    """Nodes upgraded at the same time, 0 means all; 1 unless set."""
    safe_load: Bool | None = None
    """Whether to cordon and drain before the driver loads; false unless set, and needs `autoUpgrade`."""
    wait_for_completion: WaitForCompletion | None = None
    """Pods that may finish first."""


class OfedDriver(ImageSpec):
    """`spec.ofedDriver`: the DOCA-OFED driver in a container, in place of the driver that comes with the OS."""

    env: ListOf[EnvVar] | None = None
    """Environment of the driver's container, such as OFED_BLACKLIST_MODULES_FILE."""
    force_precompiled: Bool | None = None
    """True refuses to compile on the node: without an image for the exact kernel the driver is in state error.
    False unless set."""
    upgrade_policy: UpgradePolicy | None = None
    """How nodes get a new version; not set, pods are replaced by hand."""
    startup_probe: DriverProbe | None = None
    """When the driver counts as loaded."""
    liveness_probe: DriverProbe | None = None
    """When the container is started anew."""
    readiness_probe: DriverProbe | None = None
    """When the node's driver counts as ready."""
    termination_grace_period_seconds: NonNegativeInt | None = None
    """Seconds to unload; 300 unless set."""
    cert_config: ConfigMapName | None = None
    """ConfigMap with TLS certificates for package repositories; Ubuntu, RHEL, RHCOS and SLES only."""
    repo_config: ConfigMapName | None = None
    """ConfigMap with package repositories; Ubuntu, RHEL, RHCOS and SLES only."""
