"""What the operator works from: its namespace, the rule that labels nodes, and the NicClusterPolicy.

The policy comes in the layers of upstream's folders: base, and a patch for each profile. Functions take no more of a
cluster than they depend on and remember what they made, because clusters of a fleet have most of it in common.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypedDict

from aksrdma import catalog, models
from aksrdma.cluster import OfedDriver, Rdma, Toleration, UpgradePolicy
from aksrdma.findings import FieldPath
from aksrdma.kube.labels import AGENT_POOL, NIC_LABEL
from aksrdma.plan.decisions import Decisions, PoolDecisions, short_name
from aksrdma.plan.planned import Planned, Reason

POLICY_NAME: Final = "nic-cluster-policy"
"""The only name that the operator reconciles (Mellanox/network-operator `pkg/consts`, all releases)."""
ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_UPSTREAM: Final = "Azure/aks-rdma-infiniband configs/nicclusterpolicy"
_KEPT: Final = 512
"""Results that each function keeps; a fleet has fewer releases, drivers and resources than that."""


@lru_cache(_KEPT)
def namespace(name: str) -> Planned:
    """Return the operator's namespace, at the pod security level that its privileged pods need."""
    metadata = models.ObjectMeta(name=name, labels={ENFORCE: "privileged"})
    why = Reason(
        "Driver, Multus and device plugin pods are privileged or use hostPath.",
        "Azure/aks-rdma-infiniband tests/setup-infra/deploy-aks.sh",
    )
    return Planned(models.Namespace(metadata=metadata), {("metadata", "labels"): why})


@lru_cache(_KEPT)
def ipoib_namespace(name: str) -> Planned:
    """Return the namespace of the pods that use the IPoIB network."""
    reasons: dict[FieldPath, Reason] = {
        ("metadata", "name"): Reason(
            "Of the pods on the IPoIB network: the operator makes the NetworkAttachmentDefinition here.",
            "Mellanox/network-operator manifests/state-ipoib-network/0010-ipoib-net-cr.yaml",
        ),
        ("metadata", "labels"): Reason(
            "Pods with RDMA add IPC_LOCK, which the levels baseline and restricted forbid.",
            "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
        ),
    }
    return Planned(models.Namespace(metadata=models.ObjectMeta(name=name, labels={ENFORCE: "privileged"})), reasons)


@lru_cache(_KEPT)
def node_feature_rule(by_class: bool) -> Planned:
    """Return the NodeFeatureRule that labels nodes with InfiniBand, by PCI class or by upstream's device list."""
    known = catalog.defaults()
    terms = {"vendor": models.MatchExpression(op="In", value=[known.vendor_id])}
    if by_class:
        terms["class"] = models.MatchExpression(op="In", value=[known.infiniband_class])
        why = Reason(
            f"A NIC of NVIDIA ({known.vendor_id}) that is an InfiniBand controller (PCI class {known.infiniband_class}). "
            "The NIC of accelerated networking is of the same vendor, but class 0200; a device list would miss the "
            "ConnectX-5 sizes.",
            "microsoft/lisa lisa/tools/lspci.py; Azure/azhpc-images topology/",
        )
    else:
        terms["device"] = models.MatchExpression(op="In", value=known.device_list)
        why = Reason(
            "Upstream's device list: ConnectX-6 VF and mlx5Gen VF (ConnectX-7 and later). Device ids are unique only "
            f"within a vendor, hence {known.vendor_id}.",
            "Azure/aks-rdma-infiniband tests/setup-infra/network-operator-nfd.yaml",
        )
    rule = models.Rule(
        name="nfd-network-rule",
        labels={NIC_LABEL: "true"},
        match_features=[models.FeatureMatcherTerm(feature="pci.device", match_expressions=terms)],
    )
    found = models.NodeFeatureRule(
        metadata=models.ObjectMeta(name="nfd-network-rule"),
        spec=models.NodeFeatureRuleSpec(rules=[rule]),
    )
    return Planned(found, {("spec", "rules", 0, "matchFeatures", 0, "matchExpressions"): why})


def layer(decisions: Decisions, profile: str) -> Planned:
    """Return the NicClusterPolicy of `base`, or the patch that a profile lays over what it builds on."""
    asked, release = decisions.cluster, decisions.release.name
    match profile:
        case "base":
            driver = asked.ofed_driver if decisions.driver and not decisions.apart else None
            tolerated = decisions.tolerations, decisions.tolerations_from
            return _base(release, tolerated, driver, decisions.telemetry, decisions.left_alone)
        case "sriov-device-plugin":
            return _sriov(release, asked.rdma, decisions.device_ids)
        case "rdma-shared-device-plugin":
            return _shared(release, asked.rdma, decisions.device_ids)
    return _ipoib(release, decisions.whereabouts, decisions.tolerations)


def joined(decisions: Decisions) -> Planned | None:
    """Return the NicClusterPolicy with all its layers, whose sections do not collide, as kustomize applies them.

    None where it would deploy nothing.
    """
    layers = [layer(decisions, profile) for profile in decisions.layers]
    sections = {name: value for one in layers for name, value in _spec(one) if value is not None}
    if not sections.keys() - {"node_affinity", "tolerations"}:
        return None
    reasons = {path: reason for one in layers for path, reason in one.reasons.items()}
    return Planned(_policy(_spec(layers[0]).model_copy(update=sections)), reasons)


def node_policy(decisions: Decisions, pool: PoolDecisions) -> Planned:
    """Return the NicNodePolicy of one of the pools that want different things: its driver and its device plugin."""
    alone = decisions.alone(pool.name)
    layers = [layer(alone, profile) for profile in alone.layers if profile != "ipoib"]
    sections = {
        name: value for one in layers for name, value in _spec(one) if value is not None and name in _OF_NODE_POLICY
    }
    reasons = {path: reason for one in layers for path, reason in one.reasons.items() if path[1] in _OWN_FIELDS}
    reasons["spec", "nodeSelector"] = Reason(
        "The nodes of this pool alone: no node may have two NicNodePolicies.",
        "Mellanox/network-operator pkg/policyoverlap",
    )
    spec = models.NicNodePolicySpec(node_selector={AGENT_POOL[0]: pool.name}, **sections)
    return Planned(models.NicNodePolicy(metadata=models.ObjectMeta(name=pool.name), spec=spec), reasons)


_OF_NODE_POLICY: Final = frozenset({"ofed_driver", "rdma_shared_device_plugin", "sriov_device_plugin", "tolerations"})
"""What a NicNodePolicy can have; the NicClusterPolicy beside it may have none of it but the tolerations."""
_OWN_FIELDS: Final = frozenset({"ofedDriver", "rdmaSharedDevicePlugin", "sriovDevicePlugin", "tolerations"})


def _spec(planned: Planned) -> models.NicClusterPolicySpec:
    assert isinstance(planned.content, models.NicClusterPolicy), "every layer is a policy"
    assert planned.content.spec is not None, "every layer has sections"
    return planned.content.spec


def _policy(spec: models.NicClusterPolicySpec) -> models.NicClusterPolicy:
    return models.NicClusterPolicy(metadata=models.ObjectMeta(name=POLICY_NAME), spec=spec)


def node_selector(but: tuple[str, ...] = (), *, of: tuple[str, ...] = ()) -> models.NodeSelector:
    """Return the requirement that a node has an InfiniBand NIC, and is of one of some pools, or of none of some others."""
    wanted = [models.NodeSelectorRequirement(key=NIC_LABEL, operator="In", values=["true"])]
    if of:
        wanted.append(models.NodeSelectorRequirement(key=AGENT_POOL[0], operator="In", values=of))
    if but:
        wanted.append(models.NodeSelectorRequirement(key=AGENT_POOL[0], operator="NotIn", values=but))
    return models.NodeSelector(node_selector_terms=[models.NodeSelectorTerm(match_expressions=wanted)])


def tolerations(asked: tuple[Toleration, ...]) -> list[models.Toleration]:
    """Return the tolerations of a cluster as pods have them."""
    return [models.Toleration(key=one.key, operator=one.operator, value=one.value, effect=one.effect) for one in asked]


class _ImageFields(TypedDict):
    repository: str
    image: str
    version: str


def _image(release: str, component: str) -> _ImageFields:
    image = catalog.release(release).components[component]
    return {"repository": image.repository, "image": image.image, "version": image.version}


def _version_reason(release: str) -> Reason:
    return Reason(f"Of Network Operator {release}.", f"aksrdma/catalog/releases/{release}.yaml")


@lru_cache(_KEPT)
def _base(
    release: str,
    tolerations_from: tuple[tuple[Toleration, ...], str],
    driver: OfedDriver | None,
    telemetry: bool,
    idle: tuple[str, ...],
) -> Planned:
    tolerated, whence = tolerations_from
    source = f"{_UPSTREAM}/base/nic.yaml"
    nothing = f" Nothing in here is for the nodes of {' and '.join(idle)}." if idle else ""
    reasons: dict[FieldPath, Reason] = {
        ("spec", "nodeAffinity"): Reason(
            f"Only nodes with an InfiniBand NIC. The label comes from the NodeFeatureRule.{nothing}", source
        )
    }
    if tolerated:
        reasons["spec", "tolerations"] = Reason(
            f"From {whence}: the operator's own DaemonSets tolerate nvidia.com/gpu alone.",
            "Mellanox/network-operator manifests/state-*/",
        )
    if driver:
        own = catalog.capability("driver-blacklist-default").boundary
        reasons |= {
            ("spec", "ofedDriver", "version"): Reason(
                f"The driver of Network Operator {release}; the operator adds operating system and architecture of the "
                "node to the tag.",
                f"aksrdma/catalog/releases/{release}.yaml",
            ),
            ("spec", "ofedDriver", "env"): Reason(
                f"Keeps the inbox modules from loading first. From {own} on it is the driver's own default.", source
            ),
            ("spec", "ofedDriver", "forcePrecompiled"): Reason(
                "Nothing is compiled on the node: the operator takes the image that is compiled for its kernel, and the "
                "driver stays in state error where there is none."
                if driver.force_precompiled
                else "Hardly any AKS kernel has a precompiled driver image, so the driver is compiled on the node.",
                source,
            ),
        }
        reasons |= _upgrade_reasons(driver.upgrade_policy)
    service = models.DocaTelemetryService(**_image(release, "docaTelemetryService")) if telemetry else None
    if telemetry:
        reasons["spec", "docaTelemetryService", "version"] = _version_reason(release)
    spec = models.NicClusterPolicySpec(
        node_affinity=models.NodeAffinity(required_during_scheduling_ignored_during_execution=node_selector(idle)),
        tolerations=tolerations(tolerated) or None,
        ofed_driver=_driver(release, driver) if driver else None,
        doca_telemetry_service=service,
    )
    return Planned(_policy(spec), reasons)


def _upgrade_reasons(asked: UpgradePolicy) -> dict[FieldPath, Reason]:
    """Return what the values of an upgrade policy do to nodes and pods, each for the value that it has."""
    library = "NVIDIA/k8s-operator-libs pkg/upgrade/{}.go 9dc24ccc10ee"
    path: FieldPath = ("spec", "ofedDriver", "upgradePolicy")
    drain, awaited = asked.drain, asked.wait_for_completion
    reasons: dict[FieldPath, Reason] = {}
    if not asked.auto_upgrade:
        reasons[*path, "autoUpgrade"] = Reason(
            "A new driver waits until its pods are deleted by hand, node by node; the operator reads nothing else here.",
            "Mellanox/network-operator controllers/upgrade_controller.go",
        )
        return reasons
    if asked.max_parallel_upgrades == 0:
        reasons[*path, "maxParallelUpgrades"] = Reason(
            "0 is no limit: all nodes are cordoned and drained at the same time.", library.format("common_manager")
        )
    if awaited:
        end = f"after {awaited.timeout_seconds} s it is drained all the same" if awaited.timeout_seconds else "for ever"
        reasons[*path, "waitForCompletion"] = Reason(
            f"A node is cordoned and waits for these pods to end, {end}.", library.format("pod_manager")
        )
    if not drain.enable:
        reasons[*path, "drain", "enable"] = Reason(
            "Pods stay on the node while its driver is replaced, and lose their RDMA devices.",
            library.format("common_manager"),
        )
        return reasons
    reasons[*path, "drain", "force"] = Reason(
        "Also evicts pods that no controller brings back."
        if drain.force
        else "A pod without a controller fails the drain, and its node stays cordoned in upgrade-failed. Pods of Jobs are "
        "evicted all the same.",
        library.format("drain_manager"),
    )
    if not drain.delete_empty_dir:
        reasons[*path, "drain", "deleteEmptyDir"] = Reason(
            "A pod with an emptyDir, such as /dev/shm in memory, fails the drain, and its node stays cordoned in "
            "upgrade-failed.",
            library.format("drain_manager"),
        )
    return reasons


def _driver(release: str, asked: OfedDriver) -> models.OfedDriver:
    policy, drain, awaited = asked.upgrade_policy, asked.upgrade_policy.drain, asked.upgrade_policy.wait_for_completion
    return models.OfedDriver(
        **_image(release, "ofedDriver"),
        env=[
            models.EnvVar(
                name="OFED_BLACKLIST_MODULES_FILE",
                value="/host/etc/modprobe.d/blacklist-ofed-modules.conf",
            )
        ],
        force_precompiled=asked.force_precompiled,
        repo_config=models.ConfigMapName(name=asked.repo_config) if asked.repo_config else None,
        upgrade_policy=models.UpgradePolicy(
            auto_upgrade=policy.auto_upgrade,
            drain=models.DrainSpec(
                delete_empty_dir=drain.delete_empty_dir,
                enable=drain.enable,
                force=drain.force,
                timeout_seconds=drain.timeout_seconds,
                pod_selector=drain.pod_selector,
            ),
            max_parallel_upgrades=policy.max_parallel_upgrades,
            safe_load=policy.safe_load or None,
            wait_for_completion=models.WaitForCompletion(
                pod_selector=awaited.pod_selector, timeout_seconds=awaited.timeout_seconds
            )
            if awaited
            else None,
        ),
        startup_probe=models.DriverProbe(initial_delay_seconds=10, period_seconds=20),
        liveness_probe=models.DriverProbe(initial_delay_seconds=30, period_seconds=30),
        readiness_probe=models.DriverProbe(initial_delay_seconds=10, period_seconds=30),
    )


# Without the driver container there is no netdev to read the link type from, so devices are selected by their ids.
def _selected_by(device_ids: tuple[str, ...] | None) -> str:
    if device_ids is not None:
        return " By device id, because without the driver container there is no netdev that tells the link type."
    return (
        " linkTypes keeps out the Ethernet function of accelerated networking, which has vendor "
        f"{catalog.defaults().vendor_id} too."
    )


@lru_cache(_KEPT)
def _sriov(release: str, rdma: Rdma, device_ids: tuple[str, ...] | None) -> Planned:
    name = short_name(rdma, "sriov-device-plugin")
    assert name is not None, "the profile offers a resource"
    selectors = models.NetDeviceSelectors(
        vendors=[catalog.defaults().vendor_id],
        devices=device_ids,
        link_types=["infiniband"] if device_ids is None else None,
        is_rdma=True,
    )
    pool = models.NetDeviceResource(resource_prefix=rdma.resource_prefix, resource_name=name, selectors=selectors)
    plugin = models.SriovDevicePlugin(
        **_image(release, "sriovDevicePlugin"),
        config=models.SriovDevicePluginConfig(resource_list=[pool]),
    )
    reasons: dict[FieldPath, Reason] = {
        ("spec", "sriovDevicePlugin", "version"): _version_reason(release),
        ("spec", "sriovDevicePlugin", "config"): Reason(
            f"Pods ask for {rdma.resource_prefix}/{name}, one InfiniBand NIC a unit. isRdma mounts "
            f"/dev/infiniband.{_selected_by(device_ids)}",
            f"{_UPSTREAM}/sriov-device-plugin/sriov.yaml",
        ),
    }
    return Planned(_policy(models.NicClusterPolicySpec(sriov_device_plugin=plugin)), reasons)


@lru_cache(_KEPT)
def _shared(release: str, rdma: Rdma, device_ids: tuple[str, ...] | None) -> Planned:
    name, row = short_name(rdma, "rdma-shared-device-plugin"), catalog.profile("rdma-shared-device-plugin").resource
    assert name is not None, "the profile offers a resource"
    assert row is not None, "the profile offers a resource"
    slots, prefix = rdma.shared_slots, rdma.resource_prefix
    pool = models.SharedDevicePool(
        resource_name=name,
        # The operator's webhook refuses the plugin's own default spelt out.
        resource_prefix=prefix if prefix != row.prefix else None,
        rdma_hca_max=slots,
        selectors=models.SharedDeviceSelectors(
            vendors=[catalog.defaults().vendor_id],
            device_ids=device_ids,
            link_types=["infiniband"] if device_ids is None else None,
        ),
    )
    plugin = models.RdmaSharedDevicePlugin(
        **_image(release, "rdmaSharedDevicePlugin"),
        config=models.SharedDevicePluginConfig(config_list=[pool]),
    )
    whose = f" ({slots} is upstream's figure, not a limit of the NIC)" if slots == row.per_node else ""
    reasons: dict[FieldPath, Reason] = {
        ("spec", "rdmaSharedDevicePlugin", "version"): _version_reason(release),
        ("spec", "rdmaSharedDevicePlugin", "config"): Reason(
            f"Pods ask for {prefix}/{name}: 1, which opens every InfiniBand NIC of the node. rdmaHcaMax: at most {slots} "
            f"pods a node hold it at a time{whose}.{_selected_by(device_ids)}",
            f"{_UPSTREAM}/rdma-shared-device-plugin/rdma.yaml",
        ),
    }
    return Planned(_policy(models.NicClusterPolicySpec(rdma_shared_device_plugin=plugin)), reasons)


@lru_cache(_KEPT)
def _ipoib(release: str, whereabouts: bool, tolerated: tuple[Toleration, ...]) -> Planned:
    reasons: dict[FieldPath, Reason] = {("spec", "secondaryNetwork"): _version_reason(release)}
    if not whereabouts:
        gone = catalog.capability("whereabouts").boundary
        reasons["spec", "nvIpam"] = Reason(
            f"Hands out the addresses of the IPPool. The operator deploys no whereabouts from {gone} on.",
            f"aksrdma/catalog/releases/{release}.yaml",
        )
    # nv-ipam's controller is the only Deployment that a profile brings.
    placed = not whereabouts and catalog.capability("deployment-scheduling").holds_in(release)
    deployments = tolerations(tolerated) if placed else []
    if deployments:
        reasons["spec", "deploymentTolerations"] = Reason(
            "nv-ipam's controller may run on the tainted pools too. It is a Deployment, which spec.tolerations does not "
            "reach; where every pool is tainted it stays Pending without this, and pods get no address.",
            "Mellanox/network-operator api/v1alpha1/nicclusterpolicy_types.go",
        )
    spec = models.NicClusterPolicySpec(
        deployment_tolerations=deployments or None,
        secondary_network=models.SecondaryNetwork(
            cni_plugins=models.ImageSpec(**_image(release, "cniPlugins")),
            multus=models.Multus(**_image(release, "multus")),
            ipoib=models.ImageSpec(**_image(release, "ipoib")),
            ipam_plugin=models.ImageSpec(**_image(release, "ipamPlugin")) if whereabouts else None,
        ),
        nv_ipam=None if whereabouts else models.NvIpam(**_image(release, "nvIpam")),
    )
    return Planned(_policy(spec), reasons)
