"""Pools of different kinds in one cluster: who serves which nodes, with which drivers."""

import dataclasses

import pytest
import yaml

from aksrdma import Cluster, Ipoib, NodePool, Toleration, catalog, images, loads, render
from aksrdma.cluster import GpuOperator
from aksrdma.errors import PlanError
from aksrdma.kube.labels import AGENT_POOL, NIC_LABEL
from aksrdma.plan import PROFILES, make_plan

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
    assert plan.objects == (), "nor is what only Network Operator looks at"
    assert "no pool wants anything of Network Operator, so there is no NicClusterPolicy" in plan.notes


@pytest.mark.parametrize(
    ("pools", "folders"),
    [
        pytest.param([pool(GB300, profile="base")], {"values", "namespace", "node-feature-rule"}, id="nothing"),
        pytest.param(
            [pool(MI300X, profile="base", nic_driver="inbox", os_sku="Ubuntu2404")], {"node-feature-rule"}, id="nfd"
        ),
        pytest.param([H100], set(), id="all"),
    ],
)
def test_what_only_network_operator_looks_at_is_there_where_it_is_installed(pools, folders):
    asked = Cluster(release=NEW, node_pools=pools)
    there = {path.split("/")[0] for path in render(asked)}

    assert {"values", "namespace", "node-feature-rule"} - there == folders
    charts = {one.name for one in images(asked).charts}
    assert ("network-operator" in charts) is ("namespace" in there)


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
        pytest.param(pool(H100, os_sku="AzureLinux"), ("nodePools", 0, "osSku"), "no azurelinux3.0 image", id="azure-linux"),
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


def test_a_pool_that_gpu_operator_cannot_have_is_told_once():
    (problem,) = refusal(pool(H100, os_sku="Ubuntu2404"), pool(GB300, gpu_driver="gpu-operator"))

    assert problem.message.startswith("gb300 (Standard_ND128isr_GB300_v6): the node image brings NVIDIA's driver")


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

    assert problem.path == ("nodePools", 0, "osSku")
    assert problem.message.endswith("ndh100 has ubuntu22.04 and ndh200 ubuntu24.04")
    compiled = GpuOperator(helm_values={"driver": {"usePrecompiled": True}})
    plan_of(one, other, gpu_operator=compiled, **fields)
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


@pytest.mark.parametrize(
    ("one", "fields", "words", "fix"),
    [
        pytest.param(pool(H100, os_sku="Ubuntu2204"), {"kubernetes_version": "1.37", "release": "v26.7.0"}, "AKS has no image of Ubuntu2204 for Kubernetes 1.37", "write osSku: Ubuntu2404", id="gone"),
        pytest.param(GB300, {"kubernetes_version": "1.31"}, "AKS has no image of Ubuntu2404 for Kubernetes 1.31", "use Kubernetes 1.32 to 1.38: Standard_ND128isr_GB300_v6 has no other osSku", id="needed-and-not-there"),
        pytest.param(pool(H100), {"kubernetes_version": "1.38", "release": "v25.10.0"}, "no ubuntu26.04 image of the DOCA driver is listed for v25.10.0, so its pods cannot start on ndh100", "write osSku: Ubuntu2404", id="too-new"),
        pytest.param(pool(MI300X, os_sku="AzureLinux", nic_driver="inbox"), {}, "AKS does not support AzureLinux with the GPUs of Standard_ND96isr_MI300X_v5", "write osSku: Ubuntu2404", id="amd"),
        pytest.param(pool(H100, nic_driver="inbox", os_sku="Ubuntu"), {"kubernetes_version": "1.31"}, "has 22.04", "use a later kubernetesVersion and osSku: Ubuntu2404", id="inbox-too-old"),
        pytest.param(pool(HBV3, os_sku="AzureLinux"), {"kubernetes_version": "1.31"}, "no azurelinux2.0 image", "write osSku: Ubuntu2204, or use the driver of Azure Linux by nicDriver: inbox (unproven with device plugins), or AKS's managed DRANET without Network Operator", id="azure-linux-too-old"),
    ],
)  # fmt: skip
def test_a_system_that_nodes_cannot_have_is_refused(one, fields, words, fix):
    (problem,) = [found for found in refusal(one, **fields) if found.path == ("nodePools", 0, "osSku")]

    assert words in problem.message
    assert problem.fix == fix


def test_a_system_that_a_release_has_an_image_for_is_served():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(catalog.release(NEW).chart), "takes", lambda self, version: True)
        assert plan_of(H100, release="v26.7.0", kubernetes_version="1.38").policy is not None


@pytest.mark.parametrize(
    ("pools", "version", "path", "fix"),
    [
        pytest.param([pool(H100, os_sku="Ubuntu2204"), pool(H200, os_sku="Ubuntu2404")], None, 0, "Ubuntu2404", id="two-skus"),
        pytest.param([pool(H200, os_sku="Ubuntu2404"), H100], "1.34", 1, "Ubuntu2404", id="by-version"),
        pytest.param([H100, GB300], "1.34", 0, "Ubuntu2404", id="one-that-needs-its-own"),
        pytest.param([pool(H200, gpu_driver="aks", os_sku="Ubuntu2204"), H100], "1.35", 0, "Ubuntu", id="also-one-of-aks"),
        pytest.param([pool(H200, os_sku="Ubuntu2404"), H100], "1.35", None, None, id="the-same-by-version"),
        pytest.param([pool(H200, os_sku="Ubuntu2204"), pool(HBV3, os_sku="Ubuntu2404")], None, None, None, id="no-gpus"),
        pytest.param([pool(H200, os_sku="Ubuntu2404", gpu_driver="aks"), pool(H100, gpu_driver="none")], "1.34", None, None, id="no-operator"),
    ],
)  # fmt: skip
def test_gpu_operator_serves_nodes_of_one_system(pools, version, path, fix):
    if path is None:
        assert plan_of(*pools, kubernetes_version=version).decisions.per_pool
        return
    (problem,) = refusal(*pools, kubernetes_version=version)
    assert problem.path == ("nodePools", path, "osSku")
    assert "takes the system of any one node with NVIDIA GPUs" in problem.message
    assert problem.fix == f"write osSku: {fix}"


@pytest.mark.parametrize(("version", "noted"), [(None, True), ("1.35", False)])
def test_systems_that_depend_on_kubernetes_are_noted_where_gpu_operator_wants_one(version, noted):
    notes = plan_of(H100, GB300, kubernetes_version=version).notes

    assert any("Ubuntu and Ubuntu2404 have to be the same" in note for note in notes) is noted


def test_one_gpu_operator_serves_pools_of_one_nic_driver():
    problems = refusal(H100, pool(H200, nic_driver="inbox", os_sku="Ubuntu2404"))

    assert [one.path for one in problems] == [("nodePools", 1, "nicDriver")]
    assert "ndh100 needs nvidia-peermem and ndh200 DMA-BUF" in problems[0].message
    assert problems[0].fix == "give both the same nicDriver, or one of them gpuDriver: aks"


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


def test_values_of_an_operator_beside_the_driver_of_aks_are_those_of_its_keys():
    keys = catalog.chart_keys("gpu-operator").keys
    rows = [row for row in catalog.driver_combinations() if row.gpu_driver == "aks" and row.gpu_operator]

    assert len(rows) == 2
    for row in rows:
        assert row.gpu_operator["operator"] == {"runtimeClass": "nvidia-container-runtime"}
        assert all(name in keys[part] for part, values in row.gpu_operator.items() for name in values)


def test_a_version_is_not_for_two_operators():
    problems = refusal(H100, MI300X, gpu_operator=GpuOperator(version="v26.3.3"))

    assert [one.path for one in problems] == [("gpuOperator",)]


def test_pools_that_gpu_operator_is_to_leave_alone_have_its_label():
    plan = plan_of(H100, pool(GB300, profile="base"))

    assert [dict(plan.decisions.node_labels(one)) for one in plan.decisions.per_pool] == [
        {},
        {"nvidia.com/gpu.deploy.operands": "false"},
    ]


def test_no_pool_has_the_label_where_there_is_no_gpu_operator():
    plan = plan_of(H100, pool(H200, gpu_driver="none"), gpu_driver="aks")

    assert [dict(plan.decisions.node_labels(one)) for one in plan.decisions.per_pool] == [{}, {}]


@pytest.mark.parametrize("pools", [[], [pool(HBV3, profile=None, os_sku="Ubuntu2404")]], ids=["any", "one"])
def test_the_ipoib_network_needs_the_driver_container(pools):
    problems = refusal(*pools, profile="ipoib", nic_driver="inbox")

    assert ("profile",) in [one.path for one in problems]


@pytest.mark.parametrize(
    ("network", "noted"), [("10.244.0.0/20", True), ("fd12:3456:789a::/96", True), ("192.168.0.0/16", False)]
)
def test_a_range_that_meets_another_is_noted_once(network, noted):
    notes = plan_of(pool(HBV3, profile="ipoib"), ipoib=Ipoib(range=network)).notes

    assert len([note for note in notes if note.startswith(f"ipoib.range {network} overlaps")]) == int(noted)


def test_a_daemon_set_for_some_gpu_pools_selects_them_and_one_for_all_by_the_label_of_aks():
    apart = plan_of(H100, pool(H200, gpu_driver="aks")).nvidia_device_plugin
    for_all = plan_of(H100, gpu_driver="aks").nvidia_device_plugin

    def term(planned):
        affinity = planned.data["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
        return affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0]["matchExpressions"][0]

    assert (term(apart)["key"], list(term(apart)["values"])) == (AGENT_POOL[0], ["ndh200"])
    assert term(for_all)["key"] == "kubernetes.azure.com/accelerator"


@pytest.mark.parametrize(
    ("gpu_driver", "folders"),
    [
        (None, {"nvidia-peermem-reloader"}),
        ("gpu-operator", set()),
        ("aks", {"nvidia-peermem-reloader", "nvidia-device-plugin"}),
        ("aks-managed", {"nvidia-peermem-reloader"}),
        ("none", set()),
    ],
)
def test_a_cluster_without_pools_has_what_its_gpu_driver_needs_on_any_node(gpu_driver, folders):
    tree = render(Cluster(release=NEW, gpu_driver=gpu_driver))

    assert {path.split("/")[0] for path in tree if path.startswith("nvidia-")} == folders
    for folder in folders if gpu_driver else ():
        assert f"kubectl apply --server-side -k {folder}\n" in tree["INSTALL.md"]
        assert f"kubectl delete -k {folder} " in tree["UNINSTALL.md"]


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
        assert all(catalog.operator_chart(row.chart).references(one)["devicePlugin"] for one in row.versions.values())


@pytest.mark.parametrize(("asked", "version"), [(None, "v26.3.3"), ("25.10.1", "v25.10.1"), ("v25.3.4", "v25.3.4")])
def test_the_operators_version_is_the_asked_one_or_the_releases(asked, version):
    decisions = plan_of(H100, gpu_operator=GpuOperator(version=asked)).decisions

    assert decisions.gpu_operator_version("nvidia") == version


@pytest.mark.parametrize(
    ("fields", "noted"),
    [
        pytest.param({"release": "v26.4.1"}, True, id="by-default"),
        pytest.param({"release": "v26.4.2"}, True, id="the-patch-too"),
        pytest.param({"release": "v26.7.0"}, False, id="another-release"),
        pytest.param(
            {"release": "v26.4.1", "gpu_operator": GpuOperator(version="v26.7.0")}, False, id="another-version"
        ),
        pytest.param({"release": "v26.4.1", "gpu_driver": "aks"}, False, id="no-operator"),
        pytest.param({"release": "v26.4.1", "nic_driver": "inbox", "kubernetes_version": "1.35"}, False, id="dma-buf"),
    ],
)
def test_a_version_of_the_operator_with_which_gpudirect_is_not_certain_is_noted(fields, noted):
    assert any("Cloud Native Stack" in note for note in plan_of(H100, **fields).notes) is noted


@pytest.mark.parametrize(("one", "name"), [(H100, "GPU Operator"), (MI300X, "AMD GPU Operator")])
def test_a_release_that_nobody_has_matched_with_an_operator_takes_that_of_the_release_before(monkeypatch, one, name):
    row = catalog.gpu_operators()["amd" if one is MI300X else "nvidia"]
    known = {release: version for release, version in row.versions.items() if release != "v26.7.0"}
    rows = catalog.gpu_operators() | {row.vendor: dataclasses.replace(row, versions=known)}
    monkeypatch.setattr(catalog, "gpu_operators", lambda: rows)
    newest = [*known.values()][-1]

    plan = plan_of(one, release="v26.7.0")

    assert plan.decisions.gpu_operator_version(row.vendor) == newest
    told = f"which {name} goes with v26.7.0 is not known, so {newest} is rendered, which goes with v26.4.2; "
    assert any(note.startswith(told) for note in plan.notes)


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
    assert plan.amd.values.data == {
        "node-feature-discovery": {"enabled": False},
        "kmm": {"enabled": True},
        "crds": {"defaultCR": {"install": False}},
    }


def test_values_of_the_user_are_for_the_operator_of_amd_where_it_is_alone():
    plan = plan_of(MI300X, gpu_operator=GpuOperator(helm_values={"kmm": {"enabled": False}}))

    assert plan.amd.values.data["kmm"] == {"enabled": False}
    assert plan.amd.device_config.data["metadata"] == {"name": "gpu-operator", "namespace": "kube-amd-gpu"}


def test_amd_gpu_operator_is_for_all_pools_with_amd_gpus():
    (problem,) = refusal(MI300X, pool(MI300X, name="other", gpu_driver="none"))

    assert problem.path == ("nodePools", 1, "gpuDriver")
    assert (
        problem.message
        == "AMD GPU Operator serves every node with AMD GPUs: mi300x has it and other has gpuDriver none"
    )
    assert plan_of(pool(MI300X, gpu_driver="none"), H100).amd is None


@pytest.mark.parametrize(
    ("taints", "tolerations", "words"),
    [
        (["a=b:NoSchedule"], [], "From the taints of the node pools: "),
        ([], [Toleration(operator="Exists")], "From tolerations of the cluster file: "),
        (["a=b:NoSchedule"], [Toleration(operator="Exists")], "From the taints of the node pools and tolerations of the cluster file: "),
    ],
)  # fmt: skip
def test_tolerations_say_where_they_come_from(taints, tolerations, words):
    plan = plan_of(pool(H100, taints=taints), tolerations=tolerations)

    assert plan.policy.reasons["spec", "tolerations"].text.startswith(words)
    assert plan.gpu_operator_values.reasons["daemonsets",].text.startswith(words.replace(": ", "; "))


@pytest.mark.parametrize(("release", "words"), [("v26.4.1", "stays notReady"), ("v26.7.0", "Does nothing without")])
def test_what_a_service_monitor_does_without_prometheus_depends_on_the_version(release, words):
    reasons = plan_of(H100, release=release).gpu_operator_values.reasons

    assert words in reasons["dcgmExporter", "serviceMonitor"].text


@pytest.mark.parametrize(
    ("one", "named"), [(H100, True), (pool(MI300X, profile="base", nic_driver="inbox", os_sku="Ubuntu2404"), False)]
)
def test_the_rule_of_ones_own_is_named_where_it_is_rendered(one, named):
    text = plan_of(one).network_operator_values.text

    assert ("node-feature-rule/" in text) is named
    assert ("node-feature-rule/kustomization.yaml" in render(Cluster(release=NEW, node_pools=[one]))) is named


@pytest.mark.parametrize(
    ("master", "words"), [("ib0", "Interface of the node, or its altname"), (None, "P and the PCI domain")]
)
def test_an_interface_that_the_file_names_is_not_explained_by_a_rule(master, words):
    plan = plan_of(pool(HBV3, profile="ipoib"), ipoib=Ipoib(master=master))

    assert words in plan.ipoib_network.reasons["spec", "master"].text


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


def test_the_pool_that_shows_a_profile_has_it_or_builds_on_it():
    decisions = plan_of(pool(H200, profile="ipoib"), H100, pool(HBV3, profile="base")).decisions

    shown = {profile: one and one.name for profile in PROFILES if (one := decisions.first_pool(profile))}
    assert shown == {
        "base": "hbv3",
        "sriov-device-plugin": "ndh100",
        "rdma-shared-device-plugin": "ndh200",
        "ipoib": "ndh200",
    }
    assert plan_of(HBV3).decisions.first_pool("sriov-device-plugin") is None


def test_a_pool_alone_is_decided_as_in_its_cluster():
    decisions = plan_of(H100, HBV3, SYSTEM).decisions

    alone = decisions.alone("hbv3")
    assert [one.name for one in alone.pools] == ["hbv3"]
    assert alone.profile == "rdma-shared-device-plugin"
    assert alone.resource_name(alone.profile) == "rdma/shared_ib"
    assert alone.tolerations == ()
