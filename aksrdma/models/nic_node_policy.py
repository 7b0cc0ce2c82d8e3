"""NicNodePolicy: driver and device plugins for some of the nodes."""

from collections.abc import Mapping
from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.components import RdmaSharedDevicePlugin, SriovDevicePlugin
from aksrdma.models.driver import OfedDriver
from aksrdma.models.meta import K8sObject
from aksrdma.models.policy_status import PolicyStatus
from aksrdma.models.scheduling import Toleration
from aksrdma.models.types import ListOf


class NicNodePolicySpec(Model):
    """`spec` of NicNodePolicy; what it sets, no NicClusterPolicy may set too."""

    node_selector: Mapping[str, str] | None = None
    """Labels of the nodes; empty means all, and no node may belong to two policies."""
    tolerations: ListOf[Toleration] | None = None
    """Taints that the DaemonSets tolerate, besides nvidia.com/gpu."""
    ofed_driver: OfedDriver | None = None
    """The DOCA-OFED driver in a container."""
    rdma_shared_device_plugin: RdmaSharedDevicePlugin | None = None
    """Device plugin whose devices many pods share."""
    sriov_device_plugin: SriovDevicePlugin | None = None
    """Device plugin that gives every pod devices of its own."""
    labels: Mapping[str, str] | None = None
    """Labels put on the objects that the operator makes."""
    annotations: Mapping[str, str] | None = None
    """Annotations put on the objects that the operator makes."""


class NicNodePolicy(K8sObject):
    """A policy for some nodes; its name has at most 30 characters. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["NicNodePolicy"] = "NicNodePolicy"
    """The kind."""
    spec: NicNodePolicySpec | None = None
    """The nodes, and what they get."""
    status: PolicyStatus | None = None
    """What the operator reports."""
