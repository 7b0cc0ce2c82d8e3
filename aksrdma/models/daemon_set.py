"""DaemonSet: one pod on every node."""

from typing import Literal

from aksrdma.models.affinity import LabelSelector
from aksrdma.models.base import Model
from aksrdma.models.meta import K8sObject
from aksrdma.models.pod import PodTemplateSpec
from aksrdma.models.shape import IntOrString, Untyped


class RollingUpdateDaemonSet(Model):
    """`updateStrategy.rollingUpdate`."""

    max_unavailable: IntOrString | None = None
    """Nodes without a ready pod at the same time, or a share such as 10%; 1 unless set."""
    max_surge: IntOrString | None = None
    """Nodes with an old and a new pod at the same time, or a share; 0 unless set."""


class DaemonSetUpdateStrategy(Model):
    """`updateStrategy`: how pods get a changed template."""

    type: Literal["OnDelete", "RollingUpdate"] | None = None
    """RollingUpdate unless set."""
    rolling_update: RollingUpdateDaemonSet | None = None
    """How many at a time."""


class DaemonSetSpec(Model):
    """`spec` of DaemonSet."""

    selector: LabelSelector
    """Its pods; must match the labels of `template`."""
    update_strategy: DaemonSetUpdateStrategy | None = None
    """How pods get a changed template."""
    template: PodTemplateSpec
    """Its pods."""
    min_ready_seconds: int | None = None
    """Seconds that a pod must be ready to count; 0 unless set."""
    revision_history_limit: int | None = None
    """Old revisions kept; 10 unless set."""


class DaemonSet(K8sObject):
    """One pod on every node that fits (apps/v1, Kubernetes v1.34). Namespaced."""

    api_version: Literal["apps/v1"] = "apps/v1"
    """Group and version."""
    kind: Literal["DaemonSet"] = "DaemonSet"
    """The kind."""
    spec: DaemonSetSpec
    """Pods, and how they are updated."""
    status: Untyped = None
