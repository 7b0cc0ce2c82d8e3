import json

import pytest
import yaml

import aksrdma
from aksrdma import (
    Cluster,
    Drain,
    Ipoib,
    NodePool,
    OfedDriver,
    Rdma,
    Toleration,
    UpgradePolicy,
    WaitForCompletion,
    catalog,
    models,
    objects,
)
from aksrdma.errors import ModelError, PlanError
from aksrdma.plan import PROFILES, Planned, make_plan
from aksrdma.plan.planned import judged
from aksrdma.rendering import stream

H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=2, taints=["sku=gpu:NoSchedule"])
GB300 = NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=2)
HB = NodePool(name="hb", vm_size="Standard_HB120rs_v3")
POOL_OF_A_NEWER_RELEASE = models.IPPoolSpec(
    subnet="10.0.0.0/16", per_node_block_size=8, routes=[models.Route(dst="10.9.0.0/16")]
)
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


def test_lists_that_replace_the_charts_own_begin_with_them():
    plan = make_plan(
        Cluster(
            node_pools=[H100], tolerations=[Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")]
        )
    )
    master, control_plane, gpu = (
        {"key": key, "operator": "Exists", "effect": "NoSchedule"}
        for key in ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane", "nvidia.com/gpu")
    )
    worker = plan.network_operator_values.data["node-feature-discovery"]["worker"]["tolerations"]

    assert worker == [master, control_plane, gpu, SKU]
    assert plan.gpu_operator_values.data["daemonsets"]["tolerations"] == [gpu, SKU]


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


def upgrade(**fields):
    """Return the upgrade policy that is planned, and what the comments at its fields say."""
    planned = make_plan(Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(**fields)))).policy
    said = {".".join(path[3:]): one.text for path, one in planned.reasons.items() if path[2:3] == ("upgradePolicy",)}
    return planned.data["spec"]["ofedDriver"]["upgradePolicy"], said


def test_pods_that_may_end_before_their_node_is_drained_reach_the_policy():
    policy, said = upgrade(wait_for_completion=WaitForCompletion(pod_selector="app=nccl", timeout_seconds=60))
    for_ever, _ = upgrade(wait_for_completion=WaitForCompletion(pod_selector="app=nccl"))

    assert policy["waitForCompletion"] == {"podSelector": "app=nccl", "timeoutSeconds": 60}
    assert "after 60 s it is drained all the same" in said["waitForCompletion"]
    assert for_ever["waitForCompletion"]["timeoutSeconds"] == 0
    assert "waitForCompletion" not in upgrade()[0]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        pytest.param({}, "drain.force", "Also evicts pods that no controller brings back.", id="force"),
        pytest.param({"drain": Drain(force=False)}, "drain.force", "fails the drain, and its node stays cordoned", id="no-force"),
        pytest.param({"drain": Drain(delete_empty_dir=False)}, "drain.deleteEmptyDir", "/dev/shm in memory, fails the drain", id="no-empty-dir"),
        pytest.param({"drain": Drain(enable=False)}, "drain.enable", "lose their RDMA devices", id="no-drain"),
        pytest.param({"auto_upgrade": False}, "autoUpgrade", "until its pods are deleted by hand", id="by-hand"),
        pytest.param({"max_parallel_upgrades": 0}, "maxParallelUpgrades", "0 is no limit", id="all-at-once"),
        pytest.param({"wait_for_completion": WaitForCompletion(pod_selector="a")}, "waitForCompletion", "to end, for ever.", id="for-ever"),
    ],
)  # fmt: skip
def test_a_comment_at_the_upgrade_policy_is_about_the_value_that_stands_there(fields, field, words):
    assert words in upgrade(**fields)[1][field]


def test_what_the_operator_does_not_read_has_no_comment():
    assert set(upgrade(auto_upgrade=False, drain=Drain(force=False))[1]) == {"autoUpgrade"}
    assert set(upgrade(drain=Drain(enable=False, force=False))[1]) == {"drain.enable"}
    assert set(upgrade()[1]) == {"drain.force"}


def test_a_driver_that_must_be_precompiled_is_not_said_to_be_compiled():
    cluster = Cluster(release="v26.4.1", ofed_driver=OfedDriver(force_precompiled=True))
    if not catalog.release(cluster.release).precompiled_azure_driver_tags:
        cluster = Cluster(ofed_driver=OfedDriver(force_precompiled=True))
    said = make_plan(cluster).policy.reasons["spec", "ofedDriver", "forcePrecompiled"].text

    assert "Nothing is compiled on the node" in said


@pytest.mark.parametrize(
    ("release", "fields", "tolerated"),
    [
        pytest.param("v26.4.1", {"node_pools": [H100]}, True, id="from-v25.7.0-on"),
        pytest.param("v25.4.0", {"node_pools": [H100], "ipoib": Ipoib(ipam="nv-ipam")}, False, id="before"),
        pytest.param("v26.4.1", {"node_pools": []}, False, id="nothing-is-tainted"),
    ],
)
def test_nv_ipams_controller_may_run_on_tainted_pools_where_the_release_can_say_so(release, fields, tolerated):
    ipoib = fields.pop("ipoib", Ipoib(range="192.168.0.0/16", master="ib0"))
    found = spec(profile="ipoib", release=release, ipoib=ipoib, **fields)

    assert found.get("deploymentTolerations") == ([SKU] if tolerated else None)


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


@pytest.mark.parametrize(
    ("fields", "master"),
    [
        pytest.param({"ipoib": Ipoib(master="ib7"), "node_pools": [HB]}, "ib7", id="as-asked"),
        pytest.param(
            {"node_pools": [H100]}, catalog.vm_size(H100.vm_size).infiniband.ipoib_altnames[0], id="of-the-size"
        ),
        pytest.param({}, "ibP257p0s0", id="upstreams"),
    ],
)
def test_the_ipoib_interface_is_as_asked_else_that_of_the_size_else_upstreams(fields, master):
    assert make_plan(Cluster(profile="ipoib", **fields)).ipoib_network.object.spec.master == master


@pytest.mark.parametrize(
    ("fields", "present"),
    [
        pytest.param({}, True, id="any-cluster"),
        pytest.param({"node_pools": [H100]}, False, id="gpu-operator-loads-it"),
        pytest.param({"node_pools": [H100], "gpu_driver": "aks"}, True, id="aks-installs-the-driver"),
        pytest.param({"node_pools": [HB], "gpu_driver": "aks"}, False, id="no-gpu"),
    ],
)
def test_peermem_is_loaded_where_nobody_else_does(fields, present):
    assert (make_plan(Cluster(**fields)).peermem_reloader is not None) is present


@pytest.mark.parametrize(
    ("namespace", "made"),
    [pytest.param("default", False, id="default"), pytest.param("network-operator", False, id="the-operators")],
)
def test_a_namespace_that_is_there_is_not_made(namespace, made):
    plan = make_plan(Cluster(profile="ipoib", ipoib=Ipoib(namespace=namespace)))

    assert (plan.ipoib_namespace is not None) is made


def test_an_example_pod_tolerates_and_selects_its_pool():
    pod = make_plan(Cluster(node_pools=[H100])).example_pod("sriov-device-plugin").data["spec"]
    free = make_plan(Cluster()).example_pod("sriov-device-plugin").data["spec"]

    assert pod["nodeSelector"] == {"kubernetes.azure.com/agentpool": "ndh100"}
    assert pod["tolerations"] == [SKU]
    assert pod["volumes"] == [{"name": "shm", "emptyDir": {"medium": "Memory"}}]
    assert free["nodeSelector"] == {"feature.node.kubernetes.io/pci-15b3.present": "true"}
    assert "tolerations" not in free
    assert "volumes" not in free


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


def test_peermem_is_loaded_beside_the_driver_container_alone():
    in_container = make_plan(Cluster(node_pools=[H100])).gpu_operator_values
    inbox = make_plan(Cluster(node_pools=[H100], nic_driver="inbox")).gpu_operator_values

    assert in_container.data["driver"] == {"rdma": {"enabled": True}}
    assert inbox.data["driver"] == {"rdma": {"enabled": False}, "useOpenKernelModules": True}
    assert "DMA-BUF" in inbox.reasons["driver", "rdma", "enabled"].text


def test_open_kernel_modules_are_asked_for_as_the_chart_names_them():
    newer = make_plan(Cluster(release="v26.4.1", node_pools=[H100], nic_driver="inbox")).gpu_operator_values

    assert newer.data["driver"] == {"rdma": {"enabled": False}, "kernelModuleType": "open"}


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
def test_what_is_built_is_what_its_model_reads_and_writes_and_its_release_knows(release, profile):
    served = 0
    for size in (None, *ONE_OF_EACH_SERIES):
        pools = [NodePool(name="a", vm_size=size, count=2, taints=["sku=gpu:NoSchedule"])] if size else []
        plan = plan_where_served(
            release=release,
            profile=profile,
            node_pools=pools,
            ipoib=Ipoib(master="ib0", namespace="mpi"),
            gpu_driver="aks",
        )
        if plan is None:
            continue
        served += 1
        layers = plan.decisions.layers
        planned = [
            *plan.objects,
            *map(plan.policy_layer, layers),
            *map(plan.example_pod, layers),
            plan.peermem_reloader,
        ]
        for one in filter(None, planned):
            assert models.parse(one.data) == one.object
            assert one.object.wire() == one.data
            one.object.for_release(release)
    assert served > 8


def plan_where_served(**fields):
    try:
        return make_plan(Cluster(**fields))
    except PlanError:
        return None


def test_kustomizations_are_what_their_model_reads_and_writes():
    tree = aksrdma.render(Cluster(profile="ipoib", release="v26.4.1"))
    files = [yaml.safe_load(text) for path, text in tree.items() if path.endswith("kustomization.yaml")]

    assert len(files) > 4
    assert all(models.parse(one).wire() == one for one in files)


def test_the_objects_are_those_that_are_written():
    cluster = Cluster(profile="ipoib", release="v26.4.1", node_pools=[HB])

    written = [models.parse(one) for one in yaml.safe_load_all(stream(make_plan(cluster)))]

    assert objects(cluster) == written


def test_a_changed_object_changes_no_other_render():
    before = aksrdma.render(Cluster())
    policy = objects(Cluster())[2]
    policy.spec.sriov_device_plugin = None
    policy.metadata.labels = {"a": "b"}

    assert "sriovDevicePlugin" not in policy.wire()["spec"]
    assert objects(Cluster())[2] != policy
    assert aksrdma.render(Cluster()) == before


@pytest.mark.parametrize(
    ("cluster", "refused"),
    [
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(drain=Drain(timeout_seconds=10**20)))),
            "NicClusterPolicy nic-cluster-policy: spec.ofedDriver.upgradePolicy.drain.timeoutSeconds: must be "
            "9223372036854775807 or less, is 100000000000000000000; lower it in the cluster file that it comes from",
            id="a-number-beyond-int64",
        ),
        pytest.param(
            Cluster(ofed_driver=OfedDriver(upgrade_policy=UpgradePolicy(max_parallel_upgrades=10**20))),
            "spec.ofedDriver.upgradePolicy.maxParallelUpgrades: must be",
            id="another",
        ),
        pytest.param(
            Cluster(profile="ipoib", release="v26.4.1", ipoib=Ipoib(per_node_block_size=10**20)),
            "IPPool aks-infiniband: spec.perNodeBlockSize: must be",
            id="in-the-pool",
        ),
    ],
)
@pytest.mark.parametrize("act", [aksrdma.render, objects, lambda cluster: stream(make_plan(cluster))])
def test_what_the_api_server_would_refuse_is_not_rendered(cluster, refused, act):
    with pytest.raises(ModelError) as caught:
        act(cluster)

    assert refused in str(caught.value)


def test_an_object_that_several_clusters_have_is_judged_by_each_release():
    planned = make_plan(Cluster()).namespace
    wrong = Planned(models.IPPool(metadata=models.ObjectMeta(name="a"), spec=POOL_OF_A_NEWER_RELEASE))

    assert judged(planned, "v25.1.0") is judged(planned, "v26.4.1") is planned
    assert judged(wrong, "v26.4.1") is wrong
    with pytest.raises(ModelError, match=r"IPPool a: spec\.routes: unknown field"):
        judged(wrong, "v25.1.0")
    with pytest.raises(ModelError):
        judged(wrong, "v25.1.0")


def test_a_fleet_builds_what_its_clusters_have_in_common_once():
    one, other = (make_plan(Cluster(name=name, node_pools=[HB])) for name in ("a", "b"))

    assert one.policy_layer("base") is other.policy_layer("base")
    assert one.namespace.text is other.namespace.text


def test_planning_twice_gives_the_same():
    cluster = Cluster(profile="ipoib", release="v26.4.1")

    assert make_plan(cluster).objects == make_plan(cluster).objects
