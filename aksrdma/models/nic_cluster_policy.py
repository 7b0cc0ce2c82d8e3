"""NicClusterPolicy: what the Network Operator deploys on the whole cluster."""

from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.components import (
    DocaTelemetryService,
    GlobalConfig,
    IBKubernetes,
    ImageSpec,
    NicConfigurationOperator,
    NvIpam,
    RdmaSharedDevicePlugin,
    SecondaryNetwork,
    SpectrumXOperator,
    SriovDevicePlugin,
)
from aksrdma.models.driver import OfedDriver
from aksrdma.models.meta import K8sObject
from aksrdma.models.policy_status import PolicyStatus
from aksrdma.models.scheduling import NodeAffinity, Toleration
from aksrdma.models.types import ListOf


class NicClusterPolicySpec(Model):
    """`spec` of NicClusterPolicy; a component that is not set is not deployed."""

    global_: GlobalConfig | None = None
    """Registry, tag and pull secrets for components that do not say their own."""
    node_affinity: NodeAffinity | None = None
    """Nodes for the DaemonSets of all components."""
    tolerations: ListOf[Toleration] | None = None
    """Taints that the DaemonSets tolerate, besides nvidia.com/gpu."""
    deployment_node_affinity: NodeAffinity | None = None
    """Nodes for the Deployments."""
    deployment_tolerations: ListOf[Toleration] | None = None
    """Taints that the Deployments tolerate."""
    ofed_driver: OfedDriver | None = None
    """The DOCA-OFED driver in a container; not set, nodes keep their own driver."""
    doca_telemetry_service: DocaTelemetryService | None = None
    """NIC counters for Prometheus."""
    rdma_shared_device_plugin: RdmaSharedDevicePlugin | None = None
    """Device plugin whose devices many pods share."""
    sriov_device_plugin: SriovDevicePlugin | None = None
    """Device plugin that gives every pod devices of its own."""
    secondary_network: SecondaryNetwork | None = None
    """What second networks of pods need, such as IPoIB."""
    nv_ipam: NvIpam | None = None
    """IPAM with pools."""
    ib_kubernetes: IBKubernetes | None = None
    """InfiniBand partition keys by UFM."""
    nic_feature_discovery: ImageSpec | None = None
    """Node labels about the NICs."""
    nic_configuration_operator: NicConfigurationOperator | None = None
    """NIC firmware parameters."""
    spectrum_x_operator: SpectrumXOperator | None = None
    """Spectrum-X Ethernet."""


class NicClusterPolicy(K8sObject):
    """The operator's one policy for the cluster; it acts on the name nic-cluster-policy only. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["NicClusterPolicy"] = "NicClusterPolicy"
    """The kind."""
    spec: NicClusterPolicySpec | None = None
    """The components to deploy."""
    status: PolicyStatus | None = None
    """What the operator reports."""
