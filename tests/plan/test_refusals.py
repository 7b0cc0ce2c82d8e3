import pytest

from aksrdma import Cluster, Ipoib, NodePool, OfedDriver, Toleration, UpgradePolicy
from aksrdma.errors import PlanError, UnknownNameError
from aksrdma.plan import make_plan

H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=16)
GB300 = NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=4)
HBV3 = NodePool(name="hbv3", vm_size="Standard_HB120rs_v3", count=300)
NDV2 = NodePool(name="ndv2", vm_size="Standard_ND40rs_v2")


def pool(size, **fields):
    return NodePool(name="pool", vm_size=size, **fields)


@pytest.mark.parametrize(
    ("cluster", "path", "wrong"),
    [
        pytest.param(
            Cluster(node_pools=[pool("Standard_ND96is_H100_v5")]),
            ("nodePools", 0, "vmSize"),
            "nearest size with InfiniBand is Standard_ND96isr_H100_v5",
            id="a-size-without-infiniband",
        ),
        pytest.param(
            Cluster(node_pools=[pool("Standard_HB121rs_v3")]), ("nodePools", 0, "vmSize"), "did you mean", id="a-misspelt-size"
        ),
        pytest.param(
            Cluster(node_pools=[pool("Standard_HB60rs")]), ("nodePools", 0, "vmSize"), "was retired on 2024-08-31", id="a-retired-size"
        ),
        pytest.param(Cluster(node_pools=[H100, H100]), ("nodePools", 1, "name"), "is named twice", id="two-pools-of-one-name"),
        pytest.param(
            Cluster(node_pools=[GB300], ofed_driver=OfedDriver(enabled=True)),
            ("ofedDriver", "enabled"),
            "brings DOCA-OFED",
            id="a-driver-on-gb300",
        ),
        pytest.param(Cluster(node_pools=[GB300, H100]), ("nodePools",), "all nodes or none", id="gb300-beside-h100"),
        pytest.param(
            Cluster(node_pools=[NDV2], node_feature_rule="device-list"),
            ("nodeFeatureRule",),
            "misses Standard_ND40rs_v2 of pool ndv2 (device 1018); use infiniband-class",
            id="upstreams-device-list-on-connectx-5",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(enabled=False)), ("ofedDriver", "enabled"), "name nodePools", id="no-driver-and-no-size"
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(auto_upgrade=False, safe_load=True))),
            ("ofedDriver", "upgradePolicy", "safeLoad"),
            "needs autoUpgrade: true",
            id="safe-load-without-auto-upgrade",
        ),
        pytest.param(Cluster(node_pools=[GB300], telemetry=True), ("telemetry",), "crashes on arm64", id="telemetry-on-arm64"),
        pytest.param(Cluster(tolerations=[Toleration()]), ("tolerations", 0, "key"), "is required", id="equal-without-a-key"),
        pytest.param(
            Cluster(tolerations=[Toleration(key="a", operator="Exists", value="b")]),
            ("tolerations", 0, "value"),
            "takes no value",
            id="exists-with-a-value",
        ),
        pytest.param(
            Cluster(profile="ipoib", node_pools=[NDV2]),
            ("ipoib", "master"),
            "the topology file gives ibP257p0s0, a VM showed ibP59423p0s2",
            id="an-unknown-interface",
        ),
        pytest.param(
            Cluster(release="v25.10.0", profile="ipoib", ipoib=Ipoib(ipam="whereabouts")),
            ("ipoib", "ipam"),
            "no longer deploys whereabouts in v25.10.0; use nv-ipam",
            id="whereabouts-from-v25.10.0-on",
        ),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(range="172.16.4.0/22")),
            ("ipoib", "range"),
            "172.16.4.0/22 overlaps 172.16.0.0/16",
            id="a-range-in-azures-rdma-network",
        ),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(range="192.168.0.0/31")), ("ipoib", "range"), "take a prefix of /30", id="no-range-at-all"
        ),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(gateway="10.1.0.1")),
            ("ipoib", "gateway"),
            "10.1.0.1 is not in the range 192.168.0.0/16",
            id="a-gateway-elsewhere",
        ),
        pytest.param(
            Cluster(profile="ipoib", node_pools=[HBV3], ipoib=Ipoib(range="192.168.0.0/24")),
            ("ipoib", "range"),
            "254 usable addresses less 1 for the gateway serve 253 pods, the pools have 300 nodes",
            id="too-few-addresses-for-whereabouts",
        ),
        pytest.param(
            Cluster(release="v26.4.1", profile="ipoib", node_pools=[HBV3], ipoib=Ipoib(range="192.168.0.0/20")),
            ("ipoib", "range"),
            "4094 usable addresses / 64 a node = 63 nodes, the pools have 300",
            id="too-few-blocks-for-nv-ipam",
        ),
        pytest.param(
            Cluster(release="v26.4.1", profile="ipoib", node_pools=[GB300]), ("profile",), "ipoib needs ib_ipoib", id="ipoib-on-gb300"
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_the_field_and_a_remedy(cluster, path, wrong):
    with pytest.raises(PlanError) as caught:
        make_plan(cluster)

    assert [one for one in caught.value.problems if one.path == path and wrong in str(one)], caught.value


def test_an_unknown_release_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"v26\.4\.1"):
        make_plan(Cluster(release="v26.4.0"))


@pytest.mark.parametrize(
    ("cluster", "note"),
    [
        pytest.param(Cluster(node_pools=[HBV3]), "holds 100 nodes, 300 by support request", id="more-nodes-than-a-fabric"),
        pytest.param(Cluster(node_pools=[pool("Standard_HB120rs_v2")]), "retires on 2027-05-31", id="a-size-that-will-go"),
        pytest.param(
            Cluster(profile="ipoib", node_pools=[H100]), "the IPoIB interface name of Standard_ND96isr_H100_v5 is unsure", id="unsure"
        ),
        pytest.param(Cluster(node_feature_rule="chart"), "accelerated-networking", id="the-charts-rule"),
        pytest.param(Cluster(node_pools=[pool(H100.vm_size, os_sku="AzureLinux")]), "no azurelinux image", id="azure-linux"),
        pytest.param(
            Cluster(profile="ipoib", ipoib=Ipoib(range="10.0.4.0/22")), "overlaps the cluster's serviceCIDR 10.0.0.0/16", id="services"
        ),
        pytest.param(Cluster(node_pools=[GB300]), "not known to be built for arm64", id="an-image-on-arm64"),
        pytest.param(
            Cluster(node_pools=[H100], ofed_driver=OfedDriver(enabled=False)), "must load ib_umad and rdma_ucm", id="inbox-drivers"
        ),
    ],
)  # fmt: skip
def test_what_is_unsure_or_unusual_is_noted(cluster, note):
    assert any(note in one for one in make_plan(cluster).notes), make_plan(cluster).notes


@pytest.mark.parametrize("profile", ["base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib"])
def test_upstreams_overlays_need_no_note(profile):
    assert make_plan(Cluster(profile=profile)).notes == ()
