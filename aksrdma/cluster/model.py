"""The intent: what a user writes in the cluster file, as frozen records.

Every default is upstream's (Azure/aks-rdma-infiniband `configs/`), unless its docstring says another source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

from aksrdma import catalog
from aksrdma.cluster.binding import (
    CHART_VERSION,
    DNS_LABEL,
    INTERFACE,
    KUBERNETES,
    LABEL_KEY,
    LABEL_VALUE,
    POOL_NAME,
    REGISTRY,
    RESOURCE_NAME,
    SUBDOMAIN,
    TAINT,
    Between,
    Problems,
    address,
    check,
    network,
)
from aksrdma.errors import ClusterError

if TYPE_CHECKING:
    from aksrdma.catalog import ProfileResource

Profile: TypeAlias = Literal["base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib"]
OsSku: TypeAlias = Literal["Ubuntu", "Ubuntu2204", "Ubuntu2404", "AzureLinux"]
NodeFeatureRuleSource: TypeAlias = Literal["infiniband-class", "device-list", "chart"]
GpuDriver: TypeAlias = Literal["gpu-operator", "aks", "aks-managed", "none"]
NicDriver: TypeAlias = Literal["doca", "inbox", "node-image"]


class _Checked:
    """Checks the fields of a record that is built in Python; files are checked while they are read.

    What all records have in common is written here: dataclasses compiles each function anew for each class, and a start
    pays for it.
    """

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(value for value in vars(self).values() if not isinstance(value, Mapping)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __post_init__(self) -> None:
        problems: Problems = []
        check(self, problems)
        if problems:
            name = type(self).__name__
            raise ClusterError([f"{name}: {problem}" for problem in problems])


_Part = TypeVar("_Part")


@cache
def _usual(part: type[_Part]) -> _Part:
    """Return the record with all defaults: one for all clusters, because it is frozen and its check takes time."""
    return part()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NodePool(_Checked):
    """An AKS agent pool: one VM scale set, hence one InfiniBand fabric."""

    name: Annotated[str, POOL_NAME]
    """Agent pool name; the node label `kubernetes.azure.com/agentpool` carries it."""
    vm_size: str
    """Azure VM size, such as `Standard_ND96isr_H100_v5`; any case, `aksrdma catalog vm-sizes` lists them."""
    count: Annotated[int, Between(0)] | None = None
    """Nodes of the pool; sizes of address ranges are judged by it. A scale set with InfiniBand holds 100 (300 by
    support request; Microsoft, `setup-infiniband`)."""
    taints: Sequence[Annotated[str, TAINT]] = ()
    """Taints of the nodes, `KEY=VALUE:EFFECT`; tolerations for the operator's daemons and NFD are made from them."""
    os_sku: OsSku = "Ubuntu"
    """AKS `--os-sku`. `Ubuntu` is 22.04 before Kubernetes 1.35, 24.04 up to 1.37, 26.04 from 1.38 on."""
    profile: Profile | None = None
    """How pods of this pool get RDMA; left out: as the cluster's."""
    gpu_driver: GpuDriver | None = None
    """Who installs the GPU driver of this pool; left out: as the cluster's."""
    nic_driver: NicDriver | None = None
    """Which driver the NICs of this pool have; left out: as the cluster's."""


def _shared() -> ProfileResource:
    resource = catalog.profile("rdma-shared-device-plugin").resource
    assert resource is not None, "the profile is there to offer a resource"
    return resource


def _shared_slots() -> int:
    slots = _shared().per_node
    assert slots is not None, "slots are a number of their own, not that of the NICs"
    return slots


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rdma(_Checked):
    """The extended resource that pods ask for."""

    resource_prefix: Annotated[str, SUBDOMAIN] = field(default_factory=lambda: _shared().prefix)
    """Part before the slash."""
    resource_name: Annotated[str, RESOURCE_NAME] | None = None
    """Part after the slash; `ib` for sriov-device-plugin, `shared_ib` for rdma-shared-device-plugin and ipoib."""
    shared_slots: Annotated[int, Between(1, 1000)] = field(default_factory=_shared_slots)
    """Pods of one node that may hold the shared resource at a time (`rdmaHcaMax`; upstream `rdma.yaml`)."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Drain(_Checked):
    """How a node is emptied before its driver is replaced."""

    enable: bool = True
    """Drain at all; without it running pods lose their RDMA devices in mid-flight."""
    force: bool = True
    """Also evict pods that no controller owns. With false such a pod fails the drain, which leaves its node cordoned in
    `upgrade-failed`; pods of Jobs are evicted all the same, so it keeps no job alive: `waitForCompletion` does."""
    delete_empty_dir: bool = True
    """Also evict pods with emptyDir volumes, whose data is lost. With false such a pod (any with a memory volume at
    /dev/shm) fails the drain."""
    pod_selector: str | None = None
    """Only pods with these labels are drained; all where it is left out."""
    timeout_seconds: Annotated[int, Between(0)] = 300
    """Seconds before the drain is given up; 0 waits for ever."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WaitForCompletion(_Checked):
    """Pods that may end before their node is drained; it is cordoned while it waits."""

    pod_selector: str
    """Labels of the pods, as `kubectl -l` takes them; `batch.kubernetes.io/job-name` is on every pod of a Job."""
    timeout_seconds: Annotated[int, Between(0)] = 0
    """Seconds after which the node is drained all the same; 0 waits for ever."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class UpgradePolicy(_Checked):
    """How a new driver version reaches nodes that run an older one."""

    auto_upgrade: bool = True
    """Roll by itself; with false, new drivers wait until their pods are deleted by hand."""
    max_parallel_upgrades: Annotated[int, Between(0)] = 1
    """Nodes upgraded at a time; 0 is no limit."""
    safe_load: bool = False
    """Cordon a node until its driver is loaded after a reboot; needs `autoUpgrade`."""
    wait_for_completion: WaitForCompletion | None = None
    """Let these pods end before a node is drained; left out: nobody is waited for."""
    drain: Drain = field(default_factory=lambda: _usual(Drain))
    """How nodes are emptied."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OfedDriver(_Checked):
    """The DOCA-OFED driver container."""

    enabled: bool | None = None
    """false is `nicDriver: inbox`, for pools whose node image brings no driver; left out: as `nicDriver` says."""
    force_precompiled: bool = False
    """Refuse to compile on the node. NVIDIA compiles drivers for single Azure kernels, hardly that of an AKS node, so false."""
    upgrade_policy: UpgradePolicy = field(default_factory=lambda: _usual(UpgradePolicy))
    """How new versions are rolled out."""
    repo_config: Annotated[str, SUBDOMAIN] | None = None
    """ConfigMap in the operator's namespace with files of `/etc/apt/sources.list.d`, for nodes that compile the driver and
    cannot reach Ubuntu's archive."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GpuOperator(_Checked):
    """The operator of the GPUs' vendor: NVIDIA's GPU Operator, or AMD GPU Operator."""

    version: Annotated[str, CHART_VERSION] | None = None
    """Version of its chart; left out: the one that goes with the Network Operator release (`catalog/gpu_operators.yaml`)."""
    service_monitor: bool = False
    """Let Prometheus Operator, whose CRDs must be there, collect what NVIDIA's DCGM exporter measures."""
    helm_values: Mapping[str, Any] = field(default_factory=dict)
    """Values of the chart, merged over those that are rendered: mappings key by key, lists as a whole; null takes one away."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Target(_Checked):
    """Which of the rendered objects a patch is for; what is left out is any."""

    kind: str | None = None
    """`NicClusterPolicy`, say."""
    name: str | None = None
    """The whole name."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Patch(_Checked):
    """A change to rendered objects, which every render makes again."""

    target: Target
    """The objects; at least one must be rendered."""
    patch: Mapping[str, Any]
    """What to merge into each, as a kustomize patch: mappings key by key, lists as a whole; null takes a field away."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Ipoib(_Checked):
    """The IP over InfiniBand network of the `ipoib` profile."""

    name: Annotated[str, DNS_LABEL] = "aks-infiniband"
    """Name of the IPoIBNetwork, which pods put into `k8s.v1.cni.cncf.io/networks`; no dots, Multus refuses them."""
    namespace: Annotated[str, DNS_LABEL] = "default"
    """Namespace of the pods that use it."""
    master: Annotated[str, INTERFACE] | None = None
    """IPoIB interface of the node or its altname; left out: that of the pools' VM size, where it is known."""
    ipam: Literal["whereabouts", "nv-ipam"] | None = None
    """Who hands out addresses; left out: whereabouts up to v25.7.0, nv-ipam from v25.10.0, which has no whereabouts."""
    range: Annotated[str, network] = "192.168.0.0/16"
    """Addresses of the network, for all pods of all nodes."""
    gateway: Annotated[str, address] | None = None
    """Left out: the first address of the range, as upstream has it."""
    per_node_block_size: Annotated[int, Between(1)] | None = None
    """nv-ipam: addresses reserved for each node; left out: one for each shared slot and one for the gateway."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClusterNetwork(_Checked):
    """Address ranges of the AKS cluster, which the IPoIB range must not overlap."""

    pod_cidr: Annotated[str, network] = "10.244.0.0/16"
    """AKS default for Azure CNI Overlay."""
    service_cidr: Annotated[str, network] = "10.0.0.0/16"
    """AKS default."""
    vnet_cidrs: Sequence[Annotated[str, network]] = ("10.224.0.0/12",)
    """Default: the VNet that AKS makes."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Toleration(_Checked):
    """A toleration to add to those made from the pools' taints."""

    key: Annotated[str, LABEL_KEY] | None = None
    """Left out: every key, with operator Exists."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Exists` takes any value."""
    value: Annotated[str, LABEL_VALUE] | None = None
    """Wanted value, with operator Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Left out: every effect."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Cluster(_Checked):
    """A cluster with InfiniBand: what to render for.

    Raises:
        ClusterError: a field that cannot be right.
    """

    name: Annotated[str, SUBDOMAIN] = "aks-rdma"
    """Name of the AKS cluster (`metadata.name` of the file)."""
    release: str = field(default_factory=lambda: catalog.defaults().release)
    """Network Operator release; `aksrdma catalog releases` lists them. The default is that of the AKS guide."""
    kubernetes_version: Annotated[str, KUBERNETES] | None = None
    """Version of the AKS cluster, such as "1.36", by which `validate` judges the kinds of Kubernetes; left out: any."""
    profile: Profile = "sriov-device-plugin"
    """How pods get RDMA; `aksrdma catalog profiles` compares them."""
    operator_namespace: Annotated[str, DNS_LABEL] = "network-operator"
    """Namespace of the operator and everything that it deploys."""
    node_pools: Sequence[NodePool] = ()
    """Node pools; those of sizes without InfiniBand may be named too, and are left out of all that is about it."""
    rdma: Rdma = field(default_factory=lambda: _usual(Rdma))
    """The extended resource."""
    ofed_driver: OfedDriver = field(default_factory=lambda: _usual(OfedDriver))
    """The driver container."""
    nic_driver: NicDriver | None = None
    """Which driver the NICs have: the DOCA driver container, the kernel's own, or that of the node image; left out: that of
    the node image where it brings one (GB200, GB300), else `doca`."""
    telemetry: bool | None = None
    """Deploy the DOCA telemetry service; left out: yes, unless a pool is arm64, where its image crashes."""
    gpu_driver: GpuDriver | None = None
    """Who installs the GPU driver: the operator of the GPUs' vendor (`gpu-operator`), AKS (`aks`), AKS with device plugin
    and exporter (`aks-managed`), or somebody else (`none`); left out: AKS where the node image brings it (GB200, GB300),
    else the operator."""
    gpu_operator: GpuOperator = field(default_factory=lambda: _usual(GpuOperator))
    """The operator of the GPUs' vendor."""
    helm_values: Mapping[str, Any] = field(default_factory=dict)
    """Values of Network Operator's chart, merged over those that are rendered: mappings key by key, lists as a whole; null
    takes one away."""
    patches: Sequence[Patch] = ()
    """Changes to the rendered objects, in this order."""
    node_feature_rule: NodeFeatureRuleSource = "infiniband-class"
    """What finds nodes with InfiniBand: vendor 15b3 and PCI class 0207; upstream's device list; or the chart's rule."""
    tolerations: Sequence[Toleration] = ()
    """Further tolerations of the operator's daemons."""
    ipoib: Ipoib = field(default_factory=lambda: _usual(Ipoib))
    """The IPoIB network; only the `ipoib` profile reads it."""
    network: ClusterNetwork = field(default_factory=lambda: _usual(ClusterNetwork))
    """Address ranges of the AKS cluster."""
    registry: Annotated[str, REGISTRY] | None = None
    """Registry from which every image and chart is taken, such as `contoso.azurecr.io/nvidia`; it keeps each below the whole
    name that it has elsewhere (`aksrdma images` prints the commands). Left out: each is taken from its publisher."""
    image_pull_secrets: Sequence[Annotated[str, SUBDOMAIN]] = ()
    """Secrets with which images are pulled; they have to be in each namespace with pods of ours."""

    @property
    def profiles(self) -> frozenset[str]:
        """The profiles of its pools, or its own where it has none."""
        return frozenset(pool.profile or self.profile for pool in self.node_pools) or frozenset({self.profile})

    @property
    def gpu_drivers(self) -> frozenset[str]:
        """Who installs the GPU drivers, as far as the file says it; an operator where it does not."""
        asked = self.gpu_driver or "gpu-operator"
        return frozenset(pool.gpu_driver or asked for pool in self.node_pools) or frozenset({asked})

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Cluster:
        """Read the mapping of a cluster file.

        Raises:
            ClusterError: with a line for each mistake.
        """
        from aksrdma.cluster.read import from_data

        return from_data(data)
