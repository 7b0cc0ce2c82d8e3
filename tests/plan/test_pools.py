"""Pools of different kinds in one cluster: who serves which nodes, with which drivers."""

import pytest
import yaml

from aksrdma import Cluster, Ipoib, NodePool, catalog, loads
from aksrdma.cluster import GpuOperator
from aksrdma.errors import PlanError
from aksrdma.kube.labels import AGENT_POOL, NIC_LABEL
from aksrdma.plan import make_plan

NEW = "v26.4.1"
SYSTEM = NodePool(name="system", vm_size="Standard_D8s_v5", count=3, taints=["CriticalAddonsOnly=true:NoSchedule"])
H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=16, taints=["sku=gpu:NoSchedule"])
H200 = NodePool(name="ndh200", vm_size="Standard_ND96isr_H200_v5", count=4)
HBV3 = NodePool(name="hbv3", vm_size="Standard_HB120rs_v3", count=40, profile="rdma-shared-device-plugin")
GB300 = NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=18)
MI300X = NodePool(name="mi300x", vm_size="Standard_ND96isr_MI300X_v5", count=2)


def pool(like, **fields):
    kept = {"name": like.name, "vm_size": like.vm_size, "count": like.count, "taints": like.taints}
    return NodePool(**(kept | {"profile": like.profile} | fields))


def plan_of(*pools, release=NEW, **fields):
    return make_plan(Cluster(release=release, node_pools=pools, **fields))


def sections(planned):
    return set(planned.data["spec"]) - {"nodeAffinity", "nodeSelector", "tolerations"}


def refusal(*pools, **fields):
    with pytest.raises(PlanError) as caught:
        plan_of(*pools, **fields)
    return caught.value.problems


def test_pools_that_want_the_same_share_one_policy():
    plan = plan_of(H100, H200)

    assert plan.node_policies == ()
    assert sections(plan.policy) == {"ofedDriver", "sriovDevicePlugin", "docaTelemetryService"}


def test_pools_that_want_different_things_have_a_policy_each_and_share_the_rest():
    plan = plan_of(H100, HBV3)

    assert {one.data["metadata"]["name"]: sections(one) for one in plan.node_policies} == {
        "ndh100": {"ofedDriver", "sriovDevicePlugin"},
        "hbv3": {"ofedDriver", "rdmaSharedDevicePlugin"},
    }
    assert [one.data["spec"]["nodeSelector"] for one in plan.node_policies] == [
        {AGENT_POOL[0]: "ndh100"},
        {AGENT_POOL[0]: "hbv3"},
    ]
    assert sections(plan.policy) == {"docaTelemetryService"}


def test_a_node_policy_tolerates_the_taints_of_its_own_pool():
    first, second = plan_of(H100, HBV3).node_policies

    assert [one["key"] for one in first.data["spec"]["tolerations"]] == ["sku"]
    assert "tolerations" not in second.data["spec"]


def test_the_network_of_one_pool_is_deployed_for_all_and_its_addresses_for_its_own():
    plan = plan_of(H100, pool(HBV3, profile="ipoib"), ipoib=Ipoib(master="ib0"))

    assert plan.decisions.layers == ("base", "ipoib")
    assert sections(plan.policy) == {"docaTelemetryService", "secondaryNetwork", "nvIpam", "deploymentTolerations"}
    assert sections(plan.node_policies[1]) == {"ofedDriver", "rdmaSharedDevicePlugin"}
    terms = plan.ip_pool.data["spec"]["nodeSelector"]["nodeSelectorTerms"][0]["matchExpressions"]
    assert {one["key"]: one["values"] for one in terms} == {NIC_LABEL: ["true"], AGENT_POOL[0]: ["hbv3"]}


def test_no_release_before_node_policies_serves_such_pools():
    (problem,) = refusal(H100, HBV3, release="v26.1.2")

    assert problem.path == ("nodePools",)
    assert problem.fix == "use release v26.4.1 or later, which has a NicNodePolicy for each pool, or a cluster for each"


def test_a_pool_that_wants_nothing_is_left_alone_by_the_policy_of_any_release():
    plan = plan_of(H100, pool(GB300, profile="base"), release="v25.1.0")

    terms = plan.policy.data["spec"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms["nodeSelectorTerms"][0]["matchExpressions"][1] == {
        "key": AGENT_POOL[0],
        "operator": "NotIn",
        "values": ["gb300"],
    }
    assert sections(plan.policy) == {"ofedDriver", "sriovDevicePlugin", "docaTelemetryService"}


def test_telemetry_is_for_the_pools_that_its_image_runs_on():
    plan = plan_of(H100, GB300)

    assert sections(plan.policy) == {"docaTelemetryService"}
    terms = plan.policy.data["spec"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms["nodeSelectorTerms"][0]["matchExpressions"][1]["values"] == ["gb300"]
    assert plan_of(GB300).decisions.telemetry is False
    assert plan_of(GB300, pool(GB300, name="gb", profile="rdma-shared-device-plugin")).policy is None


def test_a_policy_that_would_deploy_nothing_is_not_there():
    plan = plan_of(pool(GB300, profile="base"))

    assert plan.policy is None
    assert "NicClusterPolicy" not in {one.data["kind"] for one in plan.objects}
    assert "no pool wants anything of Network Operator, so there is no NicClusterPolicy" in plan.notes


def test_a_pool_without_infiniband_is_named_and_nothing_more():
    plan = plan_of(SYSTEM, H100)

    assert [one.name for one in plan.decisions.pools] == ["ndh100"]
    assert [one.name for one in plan.decisions.other_pools] == ["system"]
    assert plan.decisions.nodes == 16
    assert [one["key"] for one in plan.policy.data["spec"]["tolerations"]] == ["sku"]
    assert "left out, for their VM size has no InfiniBand: system" in plan.notes


@pytest.mark.parametrize("size", ["Standard_D8s_v5", "standard_e64ias_v5", "Standard_B4ms", "Standard_L8s_v3", "D4_v3"])
def test_sizes_for_general_use_need_no_row(size):
    assert catalog.for_general_use(size)


@pytest.mark.parametrize(
    "size", ["Standard_ND96is_H100_v5", "Standard_HB121rs_v3", "Standard_NC24ads_A100_v4", "H16", "nonsense", ""]
)
def test_sizes_of_the_families_with_infiniband_do(size):
    assert not catalog.for_general_use(size)


def test_a_cluster_of_other_sizes_alone_is_refused():
    (problem,) = refusal(SYSTEM)

    assert problem.path == ("nodePools", 0, "vmSize")
    assert problem.message.startswith("VM size Standard_D8s_v5 has no InfiniBand")


def test_the_number_of_a_pool_counts_those_without_infiniband():
    (problem,) = refusal(SYSTEM, pool(H100, os_sku="AzureLinux"))

    assert problem.path == ("nodePools", 1, "osSku")


@pytest.mark.parametrize(("row"), list(catalog.driver_combinations()), ids=lambda row: row.name.replace(" ", "-"))
def test_each_combination_of_drivers_is_rendered_noted_or_refused_as_its_row_says(row):
    like = {"nvidia": GB300 if row.nic_driver == "node-image" else H100, "amd": MI300X, "none": HBV3}[row.gpu_vendor]
    gpu = row.gpu_driver if row.gpu_vendor != "none" else None
    one = pool(like, gpu_driver=gpu, nic_driver=row.nic_driver, profile=None, os_sku="Ubuntu2404")

    if row.verdict == "refused":
        (problem,) = refusal(one)
        assert (problem.path, row.why in problem.message) == (("nodePools", 0, "gpuDriver"), True)
        assert problem.fix == f"write {row.instead}"
        return
    plan = plan_of(one)
    assert any(row.why in note for note in plan.notes) is (row.verdict == "unproven")
    nvidia_operator = row.gpu_vendor == "nvidia" and row.gpu_driver == "gpu-operator"
    assert (plan.gpu_operator_values is not None) is nvidia_operator
    assert (plan.amd is not None) is (row.gpu_vendor == "amd" and row.gpu_driver == "gpu-operator")
    assert (plan.peermem_reloader is not None) is (row.gpudirect == "reloader")
    assert (plan.nvidia_device_plugin is not None) is (row.device_plugin == "rendered")
    asked = plan.example_pod("sriov-device-plugin").data["spec"]["containers"][0]["resources"]["limits"]
    assert any(name in asked for name in ("nvidia.com/gpu", "amd.com/gpu")) is (row.device_plugin is not None)


@pytest.mark.parametrize(
    ("one", "path", "words"),
    [
        pytest.param(pool(H100, nic_driver="node-image"), ("nodePools", 0, "nicDriver"), "brings no NIC driver", id="image"),
        pytest.param(pool(GB300, nic_driver="doca"), ("nodePools", 0, "nicDriver"), "brings DOCA-OFED", id="doca-on-gb"),
        pytest.param(pool(H100, os_sku="AzureLinux"), ("nodePools", 0, "osSku"), "no azurelinux image", id="azure-linux"),
        pytest.param(
            pool(MI300X, os_sku="AzureLinux"), ("nodePools", 0, "osSku"), "AKS does not support AzureLinux", id="amd"
        ),
        pytest.param(
            pool(MI300X, nic_driver="inbox", os_sku="AzureLinux"),
            ("nodePools", 0, "osSku"),
            "with the GPUs of Standard_ND96isr_MI300X_v5",
            id="amd-inbox",
        ),
        pytest.param(pool(H100, nic_driver="inbox", os_sku="Ubuntu2204"), ("nodePools", 0, "osSku"), "24.04", id="inbox-22.04"),
        pytest.param(pool(GB300, os_sku="Ubuntu2204"), ("nodePools", 0, "osSku"), "needs --os-sku Ubuntu2404", id="gb-22.04"),
        pytest.param(pool(HBV3, gpu_driver="aks"), ("nodePools", 0, "gpuDriver"), "has no GPUs", id="no-gpus"),
    ],
)  # fmt: skip
def test_a_driver_that_cannot_be_is_refused_at_its_pool(one, path, words):
    (problem,) = refusal(one)

    assert problem.path == path
    assert words in problem.message


@pytest.mark.parametrize(
    ("like", "way"),
    [(H100, "nicDriver: inbox and gpuDriver: aks (unproven"), (HBV3, "nicDriver: inbox (unproven")],
    ids=["gpus", "no-gpus"],
)
def test_the_way_out_of_azure_linux_goes_whole(like, way):
    (problem,) = refusal(pool(like, os_sku="AzureLinux"))
    driver = "aks" if like is H100 else None

    assert way in problem.fix
    notes = plan_of(pool(like, os_sku="AzureLinux", nic_driver="inbox", gpu_driver=driver)).notes
    assert not any("on Azure Linux" in note for note in notes)


def test_gpu_operator_on_azure_linux_is_called_unproven_unless_its_driver_is_a_compiled_one():
    one = pool(H100, os_sku="AzureLinux", nic_driver="inbox")
    asked = GpuOperator(helm_values={"driver": {"usePrecompiled": True}})

    assert any("unproven on Azure Linux" in note for note in plan_of(one).notes)
    assert not any("on Azure Linux" in note for note in plan_of(one, gpu_operator=asked).notes)


@pytest.mark.parametrize(
    ("second", "fields"),
    [
        pytest.param({"os_sku": "Ubuntu2404"}, {}, id="written"),
        pytest.param({}, {"kubernetes_version": "1.35"}, id="by-the-kubernetes-version"),
    ],
)
def test_gpu_operator_serves_one_operating_system(second, fields):
    one, other = pool(H100, os_sku="Ubuntu2204"), pool(H200, **second)
    (problem,) = refusal(one, SYSTEM, other, **fields)

    assert problem.path == ("nodePools", 2, "osSku")
    assert problem.message.endswith("ndh100 has ubuntu22.04 and ndh200 ubuntu24.04")
    plan_of(one, pool(H200, gpu_driver="aks", **second), **fields)
    plan_of(one, pool(HBV3, profile=None, **second), **fields)
    plan_of(one, pool(H200), kubernetes_version="1.34")
    plan_of(one, pool(H200))  # what Ubuntu is, is not said


@pytest.mark.parametrize(
    ("version", "system"), [("1.34", "22.04"), ("1.35", None), (None, None)], ids=["1.34", "1.35", "not-said"]
)
def test_what_ubuntu_means_for_the_inbox_driver_depends_on_kubernetes(version, system):
    one = pool(H100, nic_driver="inbox")
    if system:
        (problem,) = refusal(one, kubernetes_version=version)
        assert problem.fix == "write osSku: Ubuntu2404"
    else:
        notes = plan_of(one, kubernetes_version=version).notes
        assert any("Ubuntu 24.04" in note for note in notes) is (version is None)


def test_one_gpu_operator_serves_pools_of_one_nic_driver():
    problems = refusal(H100, pool(H200, nic_driver="inbox", os_sku="Ubuntu2404"))

    assert [one.path for one in problems] == [("nodePools", 1, "nicDriver")]
    assert "ndh100 needs nvidia-peermem and ndh200 DMA-BUF" in problems[0].message


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"driver": {"enabled": False}}, ("driver", "enabled")),
        ({"toolkit": {"enabled": False}}, ("toolkit", "enabled")),
        ({"driver": {"rdma": {"useHostMofed": True}}}, ("driver", "rdma", "useHostMofed")),
        ({"driver": {"enabled": True, "rdma": {"useHostMofed": False}}}, None),
    ],
)
def test_values_that_undo_what_a_combination_needs_are_refused(values, path):
    asked = {"gpu_operator": GpuOperator(helm_values=values)}
    if path is None:
        assert plan_of(H100, **asked).gpu_operator_values.data["driver"]["rdma"]["enabled"] is True
        return
    (problem,) = refusal(H100, **asked)
    assert problem.path == ("gpuOperator", "helmValues", *path)


def test_a_version_is_not_for_two_operators():
    problems = refusal(H100, MI300X, gpu_operator=GpuOperator(version="v26.3.3"))

    assert [one.path for one in problems] == [("gpuOperator",)]


def test_pools_that_gpu_operator_is_to_leave_alone_have_its_label():
    plan = plan_of(H100, pool(GB300, profile="base"))

    assert [dict(plan.decisions.node_labels(one)) for one in plan.decisions.per_pool] == [
        {},
        {"nvidia.com/gpu.deploy.operands": "false"},
    ]


def test_a_daemon_set_for_some_gpu_pools_selects_them_and_one_for_all_by_the_label_of_aks():
    apart = plan_of(H100, pool(H200, gpu_driver="aks")).nvidia_device_plugin
    for_all = plan_of(H100, gpu_driver="aks").nvidia_device_plugin

    def term(planned):
        affinity = planned.data["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
        return affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0]["matchExpressions"][0]

    assert (term(apart)["key"], list(term(apart)["values"])) == (AGENT_POOL[0], ["ndh200"])
    assert term(for_all)["key"] == "kubernetes.azure.com/accelerator"


def test_modules_that_the_inbox_driver_leaves_out_are_loaded_where_a_device_plugin_asks_for_them():
    inbox, base = pool(H200, nic_driver="inbox", os_sku="Ubuntu2404"), pool(GB300, profile="base")
    loader = plan_of(
        pool(H100, gpu_driver="none"), pool(inbox, nic_driver="inbox", gpu_driver="aks", os_sku="Ubuntu2404"), base
    ).module_loader

    pod = loader.data["spec"]["template"]["spec"]
    command = pod["containers"][0]["command"][-1]
    assert all(module in command for module in ("ib_umad", "rdma_ucm"))
    terms = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert [list(one["values"]) for one in terms[0]["matchExpressions"]] == [["ndh200"]]
    assert loader.data["metadata"]["namespace"] == "network-operator", "whose pod security level takes it"


@pytest.mark.parametrize(
    "one",
    [H100, GB300, pool(H200, profile="base", nic_driver="inbox", os_sku="Ubuntu2404")],
    ids=["doca", "image", "base"],
)
def test_other_pools_need_no_modules(one):
    assert plan_of(one).module_loader is None


def test_the_device_plugin_is_that_of_the_gpu_operator_of_the_release():
    images = {
        release: plan_of(H100, release=release, gpu_driver="aks").nvidia_device_plugin.data["spec"]["template"]["spec"][
            "containers"
        ][0]["image"]
        for release in ("v25.1.0", NEW)
    }

    assert images == {
        "v25.1.0": "nvcr.io/nvidia/k8s-device-plugin:v0.17.0",
        NEW: "nvcr.io/nvidia/k8s-device-plugin:v0.19.3",
    }


@pytest.mark.parametrize("vendor", ["nvidia", "amd"])
def test_each_release_has_a_version_of_the_operator(vendor):
    row = catalog.gpu_operators()[vendor]

    assert set(catalog.releases()) <= set(row.versions)
    if vendor == "nvidia":
        assert set(row.versions.values()) <= set(catalog.chart_keys("gpu-operator").releases)
        assert set(row.versions.values()) == set(row.device_plugins)


@pytest.mark.parametrize(("asked", "version"), [(None, "v26.3.3"), ("25.10.1", "v25.10.1"), ("v25.3.4", "v25.3.4")])
def test_the_operators_version_is_the_asked_one_or_the_releases(asked, version):
    decisions = plan_of(H100, gpu_operator=GpuOperator(version=asked)).decisions

    assert decisions.gpu_operator_version("nvidia") == version


def test_prometheus_is_asked_for_where_the_file_says_so():
    without, asked = plan_of(H100), plan_of(H100, gpu_operator=GpuOperator(service_monitor=True))

    assert without.gpu_operator_values.data["dcgmExporter"] == {"serviceMonitor": {"enabled": False}}
    assert asked.gpu_operator_values.data["dcgmExporter"]["serviceMonitor"]["enabled"] is True


def test_amd_gpus_have_driver_operator_and_device_config_and_nothing_of_nvidia():
    plan = plan_of(pool(MI300X, taints=["sku=gpu:NoSchedule"]))

    assert plan.gpu_operator_values is None
    assert plan.peermem_reloader is None
    script = plan.amd.driver_script.data["data"]["install.sh"]
    assert "version=30.20.1" in script
    pod = plan.amd.driver.data["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"kubernetes.azure.com/accelerator": "amd"}
    spec = plan.amd.device_config.data["spec"]
    places = [
        pod["tolerations"],
        spec["devicePlugin"]["devicePluginTolerations"],
        spec["metricsExporter"]["tolerations"],
    ]
    assert [[one["key"] for one in place] for place in places] == [["sku"]] * 3
    assert plan.amd.values.data["node-feature-discovery"] == {"enabled": False}


def test_values_of_the_user_lie_over_the_rendered_ones():
    text = """
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
spec:
  release: v26.4.1
  helmValues:
    nfd: {deployNodeFeatureRules: true, enabled: null}
    operator: {resources: {limits: {memory: 2Gi}}}
  gpuOperator:
    helmValues: {migManager: null, driver: {version: "580"}}
  nodePools:
  - {name: a, vmSize: Standard_ND96isr_H100_v5}
"""
    plan = make_plan(loads(text))

    values = plan.network_operator_values
    assert values.data == {
        "nfd": {"deployNodeFeatureRules": True},
        "operator": {"resources": {"limits": {"memory": "2Gi"}}},
    }
    assert "narrower" not in values.text, "the reason of a value that was replaced"
    assert yaml.safe_load(values.text) == values.data
    assert plan.gpu_operator_values.data["driver"] == {"rdma": {"enabled": True}, "version": "580"}
    assert "migManager" not in plan.gpu_operator_values.data


@pytest.mark.parametrize("where", ["cluster", "pool"])
def test_what_stands_at_a_pool_goes_before_what_stands_at_the_cluster(where):
    asked = {"profile": "rdma-shared-device-plugin", "gpu_driver": "none", "nic_driver": "inbox"}
    if where == "cluster":
        plan = plan_of(pool(H200, os_sku="Ubuntu2404"), **asked)
    else:
        plan = plan_of(pool(H200, os_sku="Ubuntu2404", **asked), profile="base", gpu_driver="aks", nic_driver="doca")

    (one,) = plan.decisions.per_pool
    assert {name: getattr(one, name) for name in asked} == asked


def test_the_system_is_what_the_size_needs_unless_the_file_says_another():
    (gb,), (h100,), (asked,) = (
        plan_of(one).decisions.per_pool for one in (GB300, H100, pool(H100, os_sku="Ubuntu2204"))
    )

    assert (gb.os_sku, h100.os_sku, asked.os_sku) == ("Ubuntu2404", "Ubuntu", "Ubuntu2204")


def test_a_pool_alone_is_decided_as_in_its_cluster():
    decisions = plan_of(H100, HBV3, SYSTEM).decisions

    alone = decisions.alone("hbv3")
    assert [one.name for one in alone.pools] == ["hbv3"]
    assert alone.profile == "rdma-shared-device-plugin"
    assert alone.resource_name(alone.profile) == "rdma/shared_ib"
    assert alone.tolerations == ()
