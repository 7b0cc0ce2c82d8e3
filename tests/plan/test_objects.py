import json

import pytest

from aksrdma import Cluster, Ipoib, NodePool, Rdma, Toleration, catalog, objects
from aksrdma.errors import PlanError
from aksrdma.plan import PROFILES, make_plan

H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=2, taints=["sku=gpu:NoSchedule"])
GB300 = NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=2)
SKU = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}
ONE_OF_EACH_SERIES = {catalog.vm_size(name).series: name for name in catalog.vm_sizes()}.values()


def spec(**fields):
    return make_plan(Cluster(**fields)).policy.data["spec"]


def config(policy, plugin):
    return json.loads(policy[plugin]["config"])


def test_taints_become_tolerations_of_the_daemons_and_of_nfds_worker():
    plan = make_plan(Cluster(node_pools=[H100], tolerations=[Toleration(key="team", operator="Exists")]))
    wanted = [SKU, {"key": "team", "operator": "Exists"}]

    assert plan.policy.data["spec"]["tolerations"] == wanted
    assert plan.network_operator_values.data["node-feature-discovery"]["worker"]["tolerations"][-2:] == wanted


@pytest.mark.parametrize(
    ("taint", "toleration"),
    [
        pytest.param("sku=gpu:NoSchedule", SKU, id="key-and-value"),
        pytest.param("spot:NoExecute", {"key": "spot", "operator": "Exists", "effect": "NoExecute"}, id="a-key-alone"),
        pytest.param(
            "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
            {
                "key": "kubernetes.azure.com/scalesetpriority",
                "operator": "Equal",
                "value": "spot",
                "effect": "NoSchedule",
            },
            id="a-key-with-a-prefix",
        ),
    ],
)
def test_a_taint_becomes_its_toleration(taint, toleration):
    pool = NodePool(name="a", vm_size=H100.vm_size, taints=[taint])

    assert spec(node_pools=[pool])["tolerations"] == [toleration]


def test_without_the_driver_container_plugins_select_by_device_id():
    gb300 = spec(node_pools=[GB300])
    shared = spec(node_pools=[GB300], profile="rdma-shared-device-plugin")

    assert "ofedDriver" not in gb300
    assert config(gb300, "sriovDevicePlugin")["resourceList"][0]["selectors"] == {
        "vendors": ["15b3"],
        "devices": ["101e"],
        "isRdma": True,
    }
    assert config(shared, "rdmaSharedDevicePlugin")["configList"][0]["selectors"] == {
        "vendors": ["15b3"],
        "deviceIDs": ["101e"],
    }


def test_telemetry_is_left_out_on_arm64_and_where_it_is_not_wanted():
    assert "docaTelemetryService" not in spec(node_pools=[GB300])
    assert "docaTelemetryService" not in spec(telemetry=False)
    assert "docaTelemetryService" in spec()


def test_resource_names_and_slots_reach_config_and_example_pod():
    cluster = Cluster(
        profile="rdma-shared-device-plugin", rdma=Rdma(resource_prefix="rdma.io", resource_name="hca", shared_slots=10)
    )
    plan = make_plan(cluster)
    item = config(plan.policy.data["spec"], "rdmaSharedDevicePlugin")["configList"][0]

    assert (item["resourcePrefix"], item["resourceName"], item["rdmaHcaMax"]) == ("rdma.io", "hca", 10)
    assert plan.example_pod(cluster.profile).data["spec"]["containers"][0]["resources"]["limits"] == {"rdma.io/hca": 1}


@pytest.mark.parametrize(
    ("size", "limits"),
    [
        pytest.param("Standard_ND96isr_H100_v5", {"rdma/ib": 8, "nvidia.com/gpu": 8}, id="h100"),
        pytest.param("Standard_ND40rs_v2", {"rdma/ib": 1, "nvidia.com/gpu": 8}, id="one-nic-for-eight-gpus"),
        pytest.param("Standard_ND96isr_MI300X_v5", {"rdma/ib": 8, "amd.com/gpu": 8}, id="amd"),
        pytest.param("Standard_HB120rs_v3", {"rdma/ib": 1}, id="no-gpu"),
        pytest.param("Standard_ND128isr_GB300_v6", {"rdma/ib": 4, "nvidia.com/gpu": 4}, id="gb300"),
    ],
)
def test_an_example_pod_asks_for_the_nics_of_its_size(size, limits):
    plan = make_plan(Cluster(node_pools=[NodePool(name="a", vm_size=size)]))
    container = plan.example_pod("sriov-device-plugin").data["spec"]["containers"][0]

    assert container["resources"] == {"limits": limits, "requests": limits}
    assert container["securityContext"]["capabilities"]["add"] == ["IPC_LOCK"]


@pytest.mark.parametrize("release", catalog.releases())
def test_ipoib_draws_from_what_the_release_deploys(release):
    plan = make_plan(Cluster(release=release, profile="ipoib"))
    ipam = json.loads(plan.ipoib_network.data["spec"]["ipam"])
    policy = plan.policy.data["spec"]
    old = release in ("v25.1.0", "v25.4.0", "v25.7.0")

    assert ipam["type"] == ("whereabouts" if old else "nv-ipam")
    assert ("ipamPlugin" in policy["secondaryNetwork"], "nvIpam" in policy, plan.ip_pool is not None) == (
        old,
        not old,
        not old,
    )


def test_nv_ipam_can_be_had_before_it_must_be():
    plan = make_plan(Cluster(release="v25.7.0", profile="ipoib", ipoib=Ipoib(ipam="nv-ipam")))

    assert plan.ip_pool.data["spec"]["perNodeBlockSize"] == 64
    assert "ipamPlugin" not in plan.policy.data["spec"]["secondaryNetwork"]


def test_the_gateway_is_never_handed_out():
    plan = make_plan(Cluster(profile="ipoib", ipoib=Ipoib(range="10.128.0.0/20", gateway="10.128.0.9")))
    ipam = json.loads(plan.ipoib_network.data["spec"]["ipam"])

    assert ipam["gateway"] == "10.128.0.9"
    assert "10.128.0.9/32" in ipam["exclude"]


def test_the_namespace_of_the_ipoib_pods_is_made_first():
    plan = make_plan(Cluster(profile="ipoib", ipoib=Ipoib(namespace="mpi")))

    assert [one.data["metadata"]["name"] for one in plan.objects[:2]] == ["network-operator", "mpi"]
    assert plan.example_pod("ipoib").data["metadata"]["namespace"] == "mpi"


def test_images_are_those_of_the_release():
    for release in catalog.releases():
        plugin = spec(release=release)["sriovDevicePlugin"]
        image = catalog.release(release).components["sriovDevicePlugin"]

        assert f"{plugin['repository']}/{plugin['image']}:{plugin['version']}" == image.reference


def test_gpu_operator_values_are_there_where_it_has_work():
    assert make_plan(Cluster(node_pools=[H100])).gpu_operator_values
    assert make_plan(Cluster(node_pools=[H100], gpu_driver="aks")).gpu_operator_values is None
    assert (
        make_plan(Cluster(node_pools=[NodePool(name="a", vm_size="Standard_HB120rs_v3")])).gpu_operator_values is None
    )


def test_every_reason_has_a_text_and_a_source_and_names_a_field_that_is_there():
    for profile in PROFILES:
        plan = make_plan(Cluster(release="v26.4.1", profile=profile, node_pools=[H100]))
        for planned in (*plan.objects, plan.network_operator_values, plan.example_pod(profile)):
            for path, reason in planned.reasons.items():
                value = planned.data
                for step in path:
                    value = value[step]
                assert reason.text.endswith(".")
                assert reason.source


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("release", catalog.releases())
def test_every_planned_object_is_one_of_the_typed_models(release, profile):
    served = 0
    for size in ONE_OF_EACH_SERIES:
        cluster = Cluster(
            release=release,
            profile=profile,
            node_pools=[NodePool(name="a", vm_size=size, count=2, taints=["sku=gpu:NoSchedule"])],
            ipoib=Ipoib(master="ib0"),
        )
        try:
            planned = make_plan(cluster).objects
        except PlanError:
            continue
        served += 1
        typed = objects(cluster)
        for one, model in zip(planned, typed, strict=True):
            model.for_release(release)
            assert_same(model.wire(), one.data)
    assert served > 8


def assert_same(wire, data):
    """Equal, with the JSON in strings compared as data."""
    assert _parsed(wire) == _parsed(data)


def _parsed(value):
    if isinstance(value, dict):
        return {key: json.loads(item) if key in ("config", "ipam") else _parsed(item) for key, item in value.items()}
    return [_parsed(item) for item in value] if isinstance(value, list | tuple) else value


def test_planning_twice_gives_the_same():
    cluster = Cluster(profile="ipoib", release="v26.4.1")

    assert make_plan(cluster).objects == make_plan(cluster).objects
