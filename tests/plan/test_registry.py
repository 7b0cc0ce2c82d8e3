"""Objects and values of a cluster with a registry of its own, or with pull secrets."""

import pytest

from aksrdma import Cluster, NodePool, catalog
from aksrdma.cluster import GpuOperator, Patch, Target
from aksrdma.errors import ClusterError, PlanError
from aksrdma.plan import make_plan
from aksrdma.workloads.jobs import JobOptions, plan_workload, target_of

REGISTRY = "contoso.azurecr.io/nvidia"
H100, MI300X, HB = "Standard_ND96isr_H100_v5", "Standard_ND96isr_MI300X_v5", "Standard_HB120rs_v3"


def plan(*sizes, **fields):
    pools = [NodePool(name=f"pool{number}", vm_size=size, count=2) for number, size in enumerate(sizes)]
    return make_plan(Cluster(**{"release": "v26.4.1", "node_pools": pools} | fields))


def test_a_component_is_taken_from_the_registry_with_its_secrets():
    policy = plan(H100, registry=REGISTRY, image_pull_secrets=["acr", "ngc"]).policy

    spec = policy.data["spec"]
    assert spec["ofedDriver"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia/mellanox"
    assert spec["docaTelemetryService"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia/doca"
    assert spec["ofedDriver"]["image"] == "doca-driver"
    assert spec["sriovDevicePlugin"]["imagePullSecrets"] == ["acr", "ngc"]
    assert "own registry" in policy.reasons["spec", "ofedDriver", "repository"].text


def test_only_names_of_images_and_secrets_differ():
    with_registry = plan(H100, registry=REGISTRY, image_pull_secrets=["acr"]).policy.data["spec"]
    plain = plan(H100).policy.data["spec"]

    assert with_registry.keys() == plain.keys()
    for part in ("ofedDriver", "sriovDevicePlugin", "docaTelemetryService"):
        changed = {key for key in with_registry[part] if with_registry[part][key] != plain[part].get(key)}
        assert changed == {"repository", "imagePullSecrets"}
    assert with_registry["nodeAffinity"] == plain["nodeAffinity"]


@pytest.mark.parametrize(
    "fields", [{"registry": REGISTRY}, {"image_pull_secrets": ["acr"]}], ids=["registry", "secrets"]
)
def test_each_of_the_two_goes_without_the_other(fields):
    made = plan(H100, **fields)
    driver, pod = made.policy.data["spec"]["ofedDriver"], made.example_pod("base").data["spec"]

    assert driver["repository"].startswith(REGISTRY) is ("registry" in fields)
    assert pod["containers"][0]["image"].startswith(REGISTRY) is ("registry" in fields)
    assert ("imagePullSecrets" in driver) is ("imagePullSecrets" in pod) is ("image_pull_secrets" in fields)


def test_pods_have_the_secrets_as_kubernetes_writes_them():
    made = plan(H100, gpu_driver="aks", registry=REGISTRY, image_pull_secrets=["acr"])

    for one in (made.peermem_reloader, made.nvidia_device_plugin):
        pod = one.data["spec"]["template"]["spec"]
        assert pod["imagePullSecrets"] == [{"name": "acr"}]
        assert all(container["image"].startswith(f"{REGISTRY}/") for container in pod["containers"])


def test_a_policy_of_one_pool_is_taken_from_the_registry_too():
    pools = [NodePool(name="a", vm_size=H100), NodePool(name="b", vm_size=HB, profile="rdma-shared-device-plugin")]
    made = plan(node_pools=pools, registry=REGISTRY)

    first, second = (one.data["spec"] for one in made.node_policies)
    assert first["sriovDevicePlugin"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia/mellanox"
    assert second["rdmaSharedDevicePlugin"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia/mellanox"


def test_amd_gpu_operator_gets_what_its_custom_resource_leaves_out():
    stack = plan(MI300X, registry=REGISTRY, image_pull_secrets=["acr", "ngc"]).amd

    spec = stack.device_config.data["spec"]
    assert spec["commonConfig"] == {"initContainerImage": f"{REGISTRY}/docker.io/library/busybox:1.36"}
    assert (
        spec["devicePlugin"]["imageRegistrySecret"] == spec["metricsExporter"]["imageRegistrySecret"] == {"name": "acr"}
    )
    assert spec["devicePlugin"]["nodeLabellerImage"].startswith(f"{REGISTRY}/docker.io/rocm/")
    assert stack.driver.data["spec"]["template"]["spec"]["containers"][0]["image"].startswith(
        f"{REGISTRY}/mcr.microsoft.com/"
    )
    assert stack.values.data["controllerManager"]["manager"]["imagePullSecrets"] == "acr"
    assert "commonConfig" not in plan(MI300X).amd.device_config.data["spec"]


def test_charts_are_told_of_the_registry_and_a_users_values_lie_over_that():
    own = {"operator": {"repository": "example.com/own"}}
    made = plan(H100, registry=REGISTRY, image_pull_secrets=["acr"], helm_values=own)

    values = made.network_operator_values.data
    assert values["operator"]["repository"] == "example.com/own"
    assert values["operator"]["ofedDriver"]["initContainer"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia/mellanox"
    assert values["imagePullSecrets"] == ["acr"]
    assert "own registry" in plan(H100, registry=REGISTRY).network_operator_values.reasons["operator",].text
    assert not any(
        "own registry" in one.text for one in plan(H100, image_pull_secrets=["a"]).gpu_operator_values.reasons.values()
    )
    gpu = made.gpu_operator_values.data
    assert gpu["driver"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia"
    assert gpu["driver"]["manager"]["repository"] == f"{REGISTRY}/nvcr.io/nvidia/cloud-native"
    assert gpu["driver"]["rdma"] == {"enabled": True}
    assert gpu["toolkit"]["imagePullSecrets"] == ["acr"]
    assert "repository" not in gpu["migManager"], "it is switched off"


def test_what_a_user_switches_on_comes_from_the_registry():
    on = GpuOperator(helm_values={"migManager": {"enabled": True}})
    made = plan(H100, registry=REGISTRY, gpu_operator=on, helm_values={"sriovNetworkOperator": {"enabled": True}})

    assert made.gpu_operator_values.data["migManager"] == {
        "enabled": True,
        "repository": f"{REGISTRY}/nvcr.io/nvidia/cloud-native",
    }
    images = made.network_operator_values.data["sriov-network-operator"]["images"]
    assert images["operator"].startswith(f"{REGISTRY}/nvcr.io/nvidia/mellanox/sriov-network-operator:")


def test_a_users_patch_has_the_last_word():
    patch = Patch(
        target=Target(kind="NicClusterPolicy"), patch={"spec": {"ofedDriver": {"repository": "example.com/own"}}}
    )

    assert (
        plan(H100, registry=REGISTRY, patches=[patch]).policy.data["spec"]["ofedDriver"]["repository"]
        == "example.com/own"
    )


def test_a_job_takes_upstreams_image_from_the_registry_and_a_users_from_where_it_says():
    target = target_of(plan(HB, registry=REGISTRY, image_pull_secrets=["acr"]).decisions)

    def pod(**options):
        (job,) = [
            one for one in plan_workload("perftest", target, JobOptions(**options)).objects if one.data["kind"] == "Job"
        ]
        return job.data["spec"]["template"]["spec"]

    assert pod()["containers"][0]["image"] == f"{REGISTRY}/ghcr.io/azure/aks-rdma-infiniband/ibtools:latest"
    assert pod(image="example.com/mine:1")["containers"][0]["image"] == "example.com/mine:1"
    assert pod()["imagePullSecrets"] == pod(image="example.com/mine:1")["imagePullSecrets"] == [{"name": "acr"}]


def test_an_apt_mirror_for_the_driver_is_named():
    driver = plan(H100, ofed_driver={"repoConfig": "apt-mirror"}).policy.data["spec"]["ofedDriver"]

    assert driver["repoConfig"] == {"name": "apt-mirror"}
    assert "repoConfig" not in plan(H100).policy.data["spec"]["ofedDriver"]


def test_an_operator_whose_images_nobody_lists_is_refused_with_a_registry():
    unknown = GpuOperator(version="v25.10.9")

    with pytest.raises(PlanError, match=r"gpuOperator\.version: which images gpu-operator v25\.10\.9 has is not known"):
        plan(H100, registry=REGISTRY, gpu_operator=unknown)
    assert plan(H100, gpu_operator=unknown).gpu_operator_values is not None
    assert plan(HB, registry=REGISTRY, gpu_operator=unknown).gpu_operator_values is None


def test_a_precompiled_driver_from_a_registry_is_noted():
    forced = {"ofed_driver": {"forcePrecompiled": True}, "release": "v25.10.0"}

    (note,) = [note for note in plan(H100, registry=REGISTRY, **forced).notes if "forcePrecompiled" in note]
    assert "it wants them imported" in note
    assert "imagePullSecrets with which it may" in note
    (with_secrets,) = [
        note
        for note in plan(H100, registry=REGISTRY, image_pull_secrets=["acr"], **forced).notes
        if "forcePrecompiled" in note
    ]
    assert "imagePullSecrets" not in with_secrets
    assert not any("imported" in note for note in plan(H100, **forced).notes)


@pytest.mark.parametrize(
    "registry",
    [
        pytest.param("contoso", id="no-host"),
        pytest.param("https://contoso.azurecr.io", id="scheme"),
        pytest.param("contoso.azurecr.io/nvidia:1", id="tag"),
        pytest.param("Contoso.azurecr.io", id="upper-case"),
        pytest.param("contoso.azurecr.io/", id="slash-at-the-end"),
        pytest.param("contoso..azurecr.io", id="two-dots"),
        pytest.param("contoso.azurecr.io/a..b", id="two-dots-in-the-path"),
        pytest.param("contoso.azurecr.io/" + "a" * 200, id="too-long"),
        pytest.param("contoso.azurecr.io/$(id)", id="what-a-shell-would-run"),
    ],
)
def test_a_registry_that_cannot_be_one_is_refused(registry):
    with pytest.raises(
        ClusterError, match=r"registry: must be a registry with its host .* such as contoso\.azurecr\.io/nvidia"
    ):
        Cluster(registry=registry)


@pytest.mark.parametrize(
    "registry", ["contoso.azurecr.io", "harbor:5000/a_b/c--d", "contoso-h2.azurecr.io/a.b/c", "a.io/x__y"]
)
def test_a_registry_is_a_host_and_maybe_a_path(registry):
    assert Cluster(registry=registry).registry == registry


def test_every_release_knows_an_operator_whose_images_are_listed():
    for operator in catalog.gpu_operators().values():
        assert set(operator.versions.values()) <= catalog.operator_chart(operator.chart).versions.keys()
        for needed in operator.first:
            assert needed.version in catalog.operator_chart(needed.chart).versions
