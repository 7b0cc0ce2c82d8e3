import pytest

from aksrdma import Cluster, Drain, Ipoib, NodePool, OfedDriver, Toleration, UpgradePolicy, WaitForCompletion, catalog
from aksrdma.cluster import GpuOperator
from aksrdma.errors import ClusterError, PlanError, UnknownNameError
from aksrdma.findings import format_path
from aksrdma.plan import make_plan

H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=16)
GB300 = NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=4)
HBV3 = NodePool(name="hbv3", vm_size="Standard_HB120rs_v3", count=300)
NDV2 = NodePool(name="ndv2", vm_size="Standard_ND40rs_v2")


def awaiting(selector, **fields):
    return UpgradePolicy(wait_for_completion=WaitForCompletion(pod_selector=selector), **fields)


def pool(size, **fields):
    return NodePool(name="pool", vm_size=size, **fields)


@pytest.mark.parametrize(
    ("cluster", "path", "wrong"),
    [
        pytest.param(
            Cluster(node_pools=[pool("Standard_ND96is_H100_v5")]),
            ("nodePools", 0, "vmSize"),
            "VM size Standard_ND96is_H100_v5 has no InfiniBand: the same GPUs, but no `r` in the name; its health check expects no InfiniBand device; the nearest size with InfiniBand is Standard_ND96isr_H100_v5",
            id="a-size-without-infiniband",
        ),
        pytest.param(
            Cluster(node_pools=[pool("Standard_HB121rs_v3")]), ("nodePools", 0, "vmSize"), "no VM size with InfiniBand is named 'Standard_HB121rs_v3'; did you mean Standard_HB120rs_v3 or Standard_HB120-16rs_v3? (`aksrdma catalog vm-sizes` lists all)", id="a-misspelt-size"
        ),
        pytest.param(
            Cluster(node_pools=[pool("Standard_HB60rs")]), ("nodePools", 0, "vmSize"), "Standard_HB60rs was retired on 2024-08-31; take Standard_HB120rs_v3 or Standard_HB120-64rs_v3 instead", id="a-retired-size"
        ),
        pytest.param(Cluster(node_pools=[H100, H100]), ("nodePools", 1, "name"), "ndh100 is named twice; an agent pool name is unique in its cluster", id="two-pools-of-one-name"),
        pytest.param(
            Cluster(node_pools=[GB300], ofed_driver=OfedDriver(enabled=True)),
            ("ofedDriver", "enabled"),
            "the node image of gb300 (Standard_ND128isr_GB300_v6) brings DOCA-OFED, which the driver container would replace; leave it out, or write nicDriver: node-image",
            id="a-driver-on-gb300",
        ),
        pytest.param(
            Cluster(node_pools=[NodePool(name="mi", vm_size="Standard_ND96isr_MI300X_v5"), GB300], gpu_driver="aks", release="v26.4.1"),
            ("gpuDriver",),
            "mi (Standard_ND96isr_MI300X_v5): AKS installs no driver for AMD GPUs, and its pools must be made with --gpu-driver none; write gpuDriver: gpu-operator (AMD GPU Operator) at mi in nodePools",
            id="a-driver-for-all-that-one-cannot-have",
        ),
        pytest.param(
            Cluster(node_pools=[GB300, H100], nic_driver="doca", release="v26.4.1"),
            ("nicDriver",),
            "the node image of gb300 (Standard_ND128isr_GB300_v6) brings DOCA-OFED, which the driver container would replace; leave it out, or write nicDriver: node-image at gb300 in nodePools",
            id="a-nic-driver-for-all-that-one-cannot-have",
        ),
        pytest.param(Cluster(node_pools=[GB300, H100]), ("nodePools",), "the pools want different things of one NicClusterPolicy: gb300 (sriov-device-plugin, node-image), ndh100 (sriov-device-plugin, doca); use release v26.4.1 or later, which has a NicNodePolicy for each pool, or a cluster for each", id="gb300-beside-h100"),
        pytest.param(
            Cluster(node_pools=[NDV2], node_feature_rule="device-list"),
            ("nodeFeatureRule",),
            "upstream's device list (101c and 101e) misses Standard_ND40rs_v2 of pool ndv2 (device 1018); use infiniband-class",
            id="upstreams-device-list-on-connectx-5",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(enabled=False)), ("ofedDriver", "enabled"), "without the driver container InfiniBand functions have no netdev, so device plugins must select by PCI device id, which comes from the VM size; name nodePools or --vm-size", id="no-driver-and-no-size"
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(auto_upgrade=False, safe_load=True))),
            ("ofedDriver", "upgradePolicy", "safeLoad"),
            "needs autoUpgrade: true",
            id="safe-load-without-auto-upgrade",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(drain=Drain(pod_selector="a b")))),
            ("ofedDriver", "upgradePolicy", "drain", "podSelector"),
            "'a b' has 'b' where an operator is expected (=, ==, !=, in, notin, > or <); write it as kubectl -l takes it",
            id="a-drain-of-no-selector",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=awaiting("a b"))),
            ("ofedDriver", "upgradePolicy", "waitForCompletion", "podSelector"),
            "'a b' has 'b' where an operator is expected (=, ==, !=, in, notin, > or <); write it as kubectl -l takes it",
            id="to-wait-for-no-selector",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=awaiting(""))),
            ("ofedDriver", "upgradePolicy", "waitForCompletion", "podSelector"),
            "the operator waits for no pod where it is empty; name the pods' labels",
            id="to-wait-for-nobody",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=awaiting("app=nccl", auto_upgrade=False))),
            ("ofedDriver", "upgradePolicy", "waitForCompletion"),
            "needs autoUpgrade: true",
            id="to-wait-without-auto-upgrade",
        ),
        pytest.param(
            Cluster(release="v26.4.1", ofed_driver=OfedDriver(force_precompiled=True)),
            ("ofedDriver", "forcePrecompiled"),
            "no image of doca3.4.1-26.04-1.1.0.0-1, the driver of v26.4.1, is listed that is compiled for an azure kernel; leave it out",
            id="a-driver-that-nobody-compiled",
        ),
        pytest.param(
            Cluster(release="v26.7.0", ofed_driver=OfedDriver(force_precompiled=True)),
            ("ofedDriver", "forcePrecompiled"),
            "no image of doca3.5.0-26.07-0.7.7.0-1, the driver of v26.7.0, is listed that is compiled for an azure kernel; leave it out",
            id="a-driver-of-which-another-version-was-compiled",
        ),
        pytest.param(
            Cluster(release="v26.7.0", kubernetes_version="1.31.9"),
            ("kubernetesVersion",),
            "helm refuses the chart of Network Operator v26.7.0 on Kubernetes 1.31.9: it wants >= 1.32.0-0; upgrade the cluster first, to one of 1.32, 1.33, 1.34, 1.35, 1.36; v26.4.2 is documented for 1.31.9",
            id="a-version-that-the-chart-refuses",
        ),
        pytest.param(Cluster(operator_namespace="123"), ("operatorNamespace",), "'123' is read as 123 where the operator writes it without quotes; use a name that YAML reads as text", id="a-namespace-that-is-a-number"),
        *[
            pytest.param(Cluster(profile="ipoib", ipoib=Ipoib(**{field: "on"})), ("ipoib", field), "'on' is read as true where the operator writes it without quotes; use a name that YAML reads as text", id=f"a-{field}-that-is-a-switch")
            for field in ("name", "namespace")
        ],
        pytest.param(Cluster(node_pools=[GB300], telemetry=True, profile="base"), ("telemetry",), "the image of docaTelemetryService crashes on arm64 nodes; leave it out", id="telemetry-on-arm64-alone"),
        pytest.param(Cluster(node_pools=[H100], image_pull_secrets=["acr"], gpu_operator=GpuOperator(version="v1.2.3")), ("gpuOperator", "version"), "which images gpu-operator v1.2.3 has is not known, so they cannot be given imagePullSecrets; choose one of v24.9.0, v24.9.1, v24.9.2, v25.3.0, v25.3.1, v25.3.2, v25.3.3, v25.3.4, v25.10.0, v25.10.1, v26.3.0, v26.3.1, v26.3.2, v26.3.3, v26.7.0, or leave it out", id="secrets-for-unknown-images"),
        pytest.param(Cluster(node_pools=[GB300], telemetry=True), ("telemetry",), "the image of docaTelemetryService crashes on arm64 nodes; leave it out", id="telemetry-on-arm64"),
        pytest.param(Cluster(tolerations=[Toleration()]), ("tolerations", 0, "key"), "is required, unless the operator is Exists", id="equal-without-a-key"),
        pytest.param(
            Cluster(tolerations=[Toleration(key="a", operator="Exists", value="b")]),
            ("tolerations", 0, "value"),
            "operator Exists takes no value; leave it out",
            id="exists-with-a-value",
        ),
        pytest.param(
            Cluster(release="v25.10.0", profile="ipoib", ipoib=Ipoib(ipam="whereabouts")),
            ("ipoib", "ipam"),
            "the operator no longer deploys whereabouts in v25.10.0; use nv-ipam",
            id="whereabouts-from-v25.10.0-on",
        ),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(range="172.16.4.0/22")),
            ("ipoib", "range"),
            "172.16.4.0/22 overlaps 172.16.0.0/16, the RDMA network of Azure, from which each VM has an IPoIB address on every InfiniBand NIC: the host already routes it to its own InfiniBand devices; choose another range",
            id="a-range-in-azures-rdma-network",
        ),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(range="192.168.0.0/31")), ("ipoib", "range"), "192.168.0.0/31 is too small: take a prefix of /30 or shorter", id="no-range-at-all"
        ),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(gateway="10.1.0.1")),
            ("ipoib", "gateway"),
            "10.1.0.1 is not in the range 192.168.0.0/16; take an address of the range",
            id="a-gateway-elsewhere",
        ),
        pytest.param(
            Cluster(profile="ipoib", node_pools=[HBV3], ipoib=Ipoib(range="192.168.0.0/24")),
            ("ipoib", "range"),
            "192.168.0.0/24 is too small: 254 usable addresses less 1 for the gateway serve 253 pods, the pools have 300 nodes; take a shorter prefix",
            id="too-few-addresses-for-whereabouts",
        ),
        pytest.param(
            Cluster(release="v26.4.1", profile="ipoib", node_pools=[HBV3], ipoib=Ipoib(range="192.168.0.0/20")),
            ("ipoib", "range"),
            "192.168.0.0/20 is too small: 4094 usable addresses / 64 a node = 63 nodes, the pools have 300; take a shorter prefix or a smaller perNodeBlockSize",
            id="too-few-blocks-for-nv-ipam",
        ),
        pytest.param(
            Cluster(release="v26.4.1", profile="ipoib", node_pools=[GB300]), ("profile",), "ipoib needs ib_ipoib on the nodes, which the driver container loads; choose another profile", id="ipoib-on-gb300"
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_the_field_and_a_remedy(cluster, path, wrong):
    with pytest.raises(PlanError) as caught:
        make_plan(cluster)

    assert [one for one in caught.value.problems if str(one) == f"{format_path(path)}: {wrong}"], caught.value


@pytest.mark.parametrize("count", [18, 36, 0, None])
def test_whole_racks_and_pools_without_a_count_need_no_note(count):
    cluster = Cluster(
        release="v26.7.0", node_pools=[NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=count)]
    )

    assert not any("racks" in note for note in make_plan(cluster).notes)


def test_an_unknown_release_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"v26\.4\.2"):
        make_plan(Cluster(release="v26.4.0"))


@pytest.mark.parametrize(
    ("cluster", "note"),
    [
        pytest.param(Cluster(node_pools=[HBV3]), "holds 100 nodes, 300 by support request", id="more-nodes-than-a-fabric"),
        pytest.param(Cluster(node_pools=[pool("Standard_HB120rs_v2")]), "retires on 2027-05-31; take Standard_HB368-144rs_v5, ", id="a-size-that-will-go"),
        pytest.param(Cluster(release="v26.7.0", node_pools=[GB300]), "gb300: pools of Standard_ND128isr_GB300_v6 come in racks of 18 nodes, and count 4 is no multiple of it", id="a-part-of-a-rack"),
        pytest.param(
            Cluster(profile="ipoib", node_pools=[H100]), "the IPoIB interface name of Standard_ND96isr_H100_v5 is unsure", id="unsure"
        ),
        pytest.param(
            Cluster(profile="ipoib", node_pools=[NDV2]), "the IPoIB interface name of Standard_ND40rs_v2 is unsure: the topology file", id="an-unknown-interface"
        ),
        pytest.param(Cluster(node_feature_rule="chart"), "accelerated-networking", id="the-charts-rule"),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(range="10.0.4.0/22")), "overlaps the cluster's serviceCIDR 10.0.0.0/16", id="services"
        ),
        pytest.param(Cluster(node_pools=[GB300]), "not known to be built for arm64", id="an-image-on-arm64"),
        pytest.param(
            Cluster(node_pools=[H100], ofed_driver=OfedDriver(enabled=False)), "nicDriver inbox is unproven", id="inbox-drivers"
        ),
    ],
)  # fmt: skip
def test_what_is_unsure_or_unusual_is_noted(cluster, note):
    assert any(note in one for one in make_plan(cluster).notes), make_plan(cluster).notes


@pytest.mark.parametrize("profile", ["base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib"])
def test_upstreams_overlays_need_no_note(profile):
    assert make_plan(Cluster(release=catalog.newest(), profile=profile)).notes == ()


@pytest.mark.parametrize(
    ("release", "kubernetes", "noted"),
    [
        pytest.param(
            "v25.1.0", None,
            ["Network Operator v25.1.0 is out of support since 2025-08-19, and AKS makes no cluster of the versions that it is "
             "documented for, Kubernetes 1.27 to 1.31.4; v26.7.0 is in support"],
            id="out-of-support-and-for-no-version-that-AKS-has",
        ),
        pytest.param(
            "v26.1.2", "1.35", ["Network Operator v26.1.2 is out of support since 2026-08-25; v26.7.0 is in support"],
            id="out-of-support-alone",
        ),
        pytest.param("v26.4.1", "1.31", [], id="deprecated-and-the-first-version-of-the-range"),
        pytest.param("v26.7.0", "1.36.4", [], id="a-patch-of-the-last-version-of-the-range"),
        pytest.param(
            "v26.7.0", "1.37", ["Network Operator v26.7.0 is documented for Kubernetes 1.32 to 1.36, not for 1.37"],
            id="a-version-that-no-release-is-for",
        ),
        pytest.param(
            "v26.4.1", "1.36",
            ["Network Operator v26.4.1 is documented for Kubernetes 1.31 to 1.35, not for 1.36; v26.7.0 is documented for 1.36"],
            id="a-version-that-a-later-release-is-for",
        ),
        pytest.param(
            "v26.4.1", "1.30",
            ["Network Operator v26.4.1 is documented for Kubernetes 1.31 to 1.35, not for 1.30; v25.10.0 is documented for 1.30"],
            id="a-version-that-an-earlier-release-is-for",
        ),
    ],
)  # fmt: skip
def test_a_release_is_noted_where_it_or_its_kubernetes_is_past(release, kubernetes, noted):
    plan = make_plan(Cluster(release=release, kubernetes_version=kubernetes, node_pools=[HBV4]))

    assert [note for note in plan.notes if "Network Operator" in note] == noted


HBV4 = NodePool(name="hbv4", vm_size="Standard_HB176rs_v4", count=100)


@pytest.mark.parametrize(
    ("cluster", "doubtful"),
    [
        pytest.param(Cluster(node_pools=[HBV4], node_feature_rule="device-list"), True, id="the-rule-names-devices"),
        pytest.param(Cluster(node_pools=[HBV4]), False, id="the-rule-goes-by-class"),
        pytest.param(
            Cluster(node_pools=[HBV4], ofed_driver=OfedDriver(enabled=False)), True, id="plugins-select-by-id"
        ),
    ],
)
def test_a_doubt_is_noted_where_the_fact_is_used(cluster, doubtful):
    noted = [note for note in make_plan(cluster).notes if "the PCI device id of Standard_HB176rs_v4 is unsure" in note]

    assert bool(noted) is doubtful


def test_a_pool_of_as_many_nodes_as_a_fabric_holds_is_not_noted():
    assert make_plan(Cluster(release=catalog.newest(), node_pools=[HBV4])).notes == ()


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param(
            Cluster(release="v25.1.0", ofed_driver=OfedDriver(force_precompiled=True)), id="a-compiled-driver"
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(drain=Drain(pod_selector="a=b,!c")))),
            id="a-drain",
        ),
        pytest.param(Cluster(ipoib=Ipoib(name="on")), id="a-network-that-is-not-made"),
    ],
)
def test_what_may_work_is_planned(cluster):
    assert make_plan(cluster)


@pytest.mark.parametrize("master", ['ib0","type":"x', "ib0\\", "ib0'", "ib 0", "ib0/1", "ib0\x7f\x01"])
def test_an_interface_does_not_close_the_string_that_it_stands_in(master):
    with pytest.raises(ClusterError, match="an interface name or altname"):
        Ipoib(master=master)
