"""Every image of a cluster is listed, by the name and digest that its publisher gives it."""

import json
from dataclasses import FrozenInstanceError, replace

import pytest

import aksrdma
from aksrdma import Cluster, NodePool, catalog
from aksrdma.cluster import GpuOperator, Patch, Target
from aksrdma.errors import UnknownNameError, UsageError

H100, MI300X, GB300, HB = (
    "Standard_ND96isr_H100_v5", "Standard_ND96isr_MI300X_v5", "Standard_ND128isr_GB300_v6", "Standard_HB120rs_v3"
)  # fmt: skip


def cluster(*sizes, release="v26.4.1", kubernetes_version="1.35", **fields):
    pools = [NodePool(name=f"pool{number}", vm_size=size, count=2) for number, size in enumerate(sizes)]
    return Cluster(release=release, kubernetes_version=kubernetes_version, node_pools=pools, **fields)


def named(images, part):
    return [one for one in images.images if part in one.reference]


def test_every_kind_of_image_is_there():
    found = aksrdma.images(cluster(H100))

    assert [one.reference.partition(":")[0] for one in found.images] == [
        "nvcr.io/nvidia/cloud-native/network-operator",
        "nvcr.io/nvidia/mellanox/network-operator-init-container",
        "nvcr.io/nvidia/mellanox/node-feature-discovery",
        "nvcr.io/nvidia/gpu-operator",
        "nvcr.io/nvidia/driver",
        "nvcr.io/nvidia/cloud-native/k8s-driver-manager",
        "nvcr.io/nvidia/k8s/container-toolkit",
        "nvcr.io/nvidia/k8s-device-plugin",
        "nvcr.io/nvidia/k8s/dcgm-exporter",
        "nvcr.io/nvidia/mellanox/doca-driver",
        "nvcr.io/nvidia/doca/doca_telemetry",
        "nvcr.io/nvidia/mellanox/sriov-network-device-plugin",
        "ghcr.io/azure/aks-rdma-infiniband/ibtools",
        "ghcr.io/azure/aks-rdma-infiniband/nccl-tests",
    ]
    assert [(one.name, one.version) for one in found.charts] == [
        ("network-operator", "26.4.1"),
        ("gpu-operator", catalog.gpu_operators()["nvidia"].versions["v26.4.1"]),
    ]


@pytest.mark.parametrize(
    ("size", "fields", "tags"),
    [
        pytest.param(H100, {"kubernetes_version": "1.35"}, ["ubuntu24.04-amd64"], id="ubuntu-is-24.04-from-1.35-on"),
        pytest.param(H100, {"kubernetes_version": "1.34"}, ["ubuntu22.04-amd64"], id="and-22.04-before"),
        pytest.param(
            H100, {"kubernetes_version": None}, ["ubuntu22.04-amd64", "ubuntu24.04-amd64"], id="either-where-it-is-open"
        ),
        pytest.param(GB300, {}, [], id="the-node-image-has-the-driver"),
        pytest.param(H100, {"nic_driver": "inbox", "profile": "base"}, [], id="the-kernel-has-the-driver"),
    ],
)
def test_the_driver_has_the_tags_of_the_pools_systems(size, fields, tags):
    drivers = named(aksrdma.images(cluster(size, **fields)), "doca-driver")

    version = catalog.release("v26.4.1").components["ofedDriver"].version
    assert [one.reference.partition(":")[2] for one in drivers] == [f"{version}-{tag}" for tag in tags]
    assert all(one.digest and one.digest.startswith("sha256:") for one in drivers)


def test_pools_of_several_systems_have_each_driver_once():
    pools = [
        NodePool(name="a", vm_size=H100, count=1, os_sku="Ubuntu2204"),
        NodePool(name="b", vm_size=HB, count=1, os_sku="Ubuntu2404"),
        NodePool(name="c", vm_size=HB, count=1, os_sku="Ubuntu2404"),
    ]
    found = aksrdma.images(replace(cluster(), node_pools=pools))

    assert [one.reference[-17:] for one in named(found, "doca-driver")] == ["ubuntu22.04-amd64", "ubuntu24.04-amd64"]
    # The GPU driver is for the pool with GPUs alone.
    assert [one.reference[-11:] for one in named(found, "nvidia/driver:")] == ["ubuntu22.04"]


def test_a_cluster_without_pools_stands_for_any():
    found = aksrdma.images(Cluster(release="v26.7.0"))

    assert {one.reference.split("-ubuntu")[1] for one in named(found, "doca-driver")} == {
        "22.04-amd64", "22.04-arm64", "24.04-amd64", "24.04-arm64"
    }  # fmt: skip
    assert {one.reference.split("-ubuntu")[1] for one in named(found, "nvidia/driver:")} == {"22.04", "24.04"}


@pytest.mark.parametrize("release", catalog.releases())
def test_the_digests_are_those_of_the_release(release):
    row = catalog.release(release)

    found = {one.reference: one.digest for one in aksrdma.images(cluster(HB, release=release, profile="ipoib")).images}

    of_release = {image.reference: image.digest for image in catalog.images(release) if image.name != "ofedDriver"}
    assert found.items() >= {name: digest for name, digest in of_release.items() if name in found}.items()
    assert len(found.keys() & of_release.keys()) >= 7
    for tag in row.driver_tags or ():
        driver = row.components["ofedDriver"]
        assert found.get(f"{driver.repository}/{driver.image}:{tag.tag}", tag.digest) == tag.digest


def test_amd_gpus_bring_their_operator_what_it_needs_and_its_pods():
    found = aksrdma.images(cluster(MI300X))

    assert [one.name for one in found.charts] == ["network-operator", "cert-manager", "gpu-operator-charts"]
    repositories = {one.reference.rpartition(":")[0] for one in found.images}
    assert repositories >= {
        "docker.io/rocm/gpu-operator",
        "docker.io/rocm/k8s-device-plugin",
        "docker.io/rocm/device-metrics-exporter",
        "docker.io/library/busybox",
        "mcr.microsoft.com/mirror/docker/library/ubuntu",
        "quay.io/jetstack/cert-manager-webhook",
        "ghcr.io/azure/aks-rdma-infiniband/rccl-tests",
    }
    assert not named(found, "nvidia/driver:")
    assert not named(found, "nccl-tests:") or all("rccl" in one.reference for one in named(found, "nccl-tests:"))


def test_only_jobs_that_can_run_bring_their_images():
    sockperf = "aksrdma workload sockperf"

    assert not named(aksrdma.images(cluster(HB)), "nccl-tests")
    assert all(sockperf not in one.needed_by for one in aksrdma.images(cluster(HB)).images)
    (ibtools,) = named(aksrdma.images(cluster(HB, profile="ipoib")), "ibtools")
    assert sockperf in ibtools.needed_by


def test_what_aks_installs_is_not_listed():
    found = aksrdma.images(cluster(H100, gpu_driver="aks"))

    assert [one.name for one in found.charts] == ["network-operator"]
    (plugin,) = named(found, "k8s-device-plugin")
    assert plugin.needed_by == ("DaemonSet nvidia-device-plugin",)


def test_an_image_with_several_users_names_them_all():
    (operator,) = named(
        aksrdma.images(cluster(H100, gpu_operator=GpuOperator(version="v25.10.1"))), "nvidia/gpu-operator:"
    )

    assert [needed.partition(" (")[0] for needed in operator.needed_by] == [
        "chart gpu-operator: operator", "chart gpu-operator: validator"
    ]  # fmt: skip


def test_what_values_and_patches_change_is_listed_as_changed():
    patch = Patch(
        target=Target(kind="NicClusterPolicy"), patch={"spec": {"sriovDevicePlugin": {"version": "sha256:" + "a" * 64}}}
    )
    asked = cluster(
        H100,
        patches=[patch],
        helm_values={"sriovNetworkOperator": {"enabled": True}, "operator": {"tag": "mine"}},
        gpu_operator=GpuOperator(helm_values={"gdrcopy": {"enabled": True}, "driver": {"version": "570.1"}}),
    )  # fmt: skip

    references = [one.reference for one in aksrdma.images(asked).images]

    assert "nvcr.io/nvidia/mellanox/sriov-network-device-plugin@sha256:" + "a" * 64 in references
    assert "nvcr.io/nvidia/cloud-native/network-operator:mine" in references
    assert "nvcr.io/nvidia/driver:570.1-ubuntu24.04" in references
    assert any("sriov-network-operator-config-daemon" in one for one in references)
    assert any("cloud-native/gdrdrv" in one and one.endswith("-ubuntu24.04") for one in references)


def test_each_image_says_where_its_name_is_from():
    sources = {
        one.reference.partition(":")[0].rpartition("/")[2]: one.source for one in aksrdma.images(cluster(H100)).images
    }

    assert sources["doca-driver"] == sources["network-operator"] == "catalog/releases/v26.4.1.yaml"
    assert sources["driver"] == "catalog/operator_charts/gpu-operator.yaml"
    assert sources["ibtools"] == "catalog/pod_images.yaml"
    assert sources["nccl-tests"] == "catalog/workloads/jobs.yaml"


def test_the_registry_is_where_the_mirror_is_and_changes_nothing_else():
    asked = cluster(H100)

    plain, moved = aksrdma.images(asked), aksrdma.images(replace(asked, registry="contoso.azurecr.io/nvidia"))

    assert all(one.mirror is None for one in (*plain.images, *plain.charts))
    assert [replace(one, mirror=None) for one in moved.images] == list(plain.images)
    assert moved.images[0].mirror == f"contoso.azurecr.io/nvidia/{plain.images[0].reference}"
    assert moved.charts[0].mirror == "oci://contoso.azurecr.io/nvidia/helm.ngc.nvidia.com/nvidia/network-operator"
    assert moved.registry == "contoso.azurecr.io/nvidia"


def test_notes_say_what_is_not_certain():
    asked = cluster(H100, kubernetes_version=None)

    notes = " ".join(aksrdma.images(asked).notes)

    assert "kubernetesVersion decides which Ubuntu the nodes of pool0 have" in notes
    assert "ghcr.io/azure/aks-rdma-infiniband/ibtools:latest" in notes
    assert "kubernetesVersion" not in " ".join(aksrdma.images(cluster(H100)).notes)


def test_a_precompiled_driver_is_that_of_the_kernels_that_the_release_has_images_for():
    precompiled = aksrdma.OfedDriver(force_precompiled=True)
    found = aksrdma.images(cluster(H100, release="v25.10.0", ofed_driver=precompiled, kubernetes_version="1.34"))

    tags = catalog.release("v25.10.0").precompiled_azure_driver_tags
    wanted = [tag for tag in tags if tag.endswith("-ubuntu22.04-amd64")]
    assert [one.reference.partition(":")[2] for one in named(found, "doca-driver")] == wanted
    assert wanted
    assert "with forcePrecompiled a node gets the driver image for its own kernel" in " ".join(found.notes)


def test_a_version_of_an_operator_whose_images_are_not_known_is_told():
    with pytest.raises(UnknownNameError, match=r"images of gpu-operator v25\.10\.9 are not in the catalog"):
        aksrdma.images(cluster(H100, gpu_operator=GpuOperator(version="v25.10.9")))


def test_the_result_is_frozen_and_plain():
    found = aksrdma.images(cluster(HB))

    with pytest.raises(FrozenInstanceError):
        found.images[0].reference = "other"
    assert json.loads(json.dumps([one.needed_by for one in found.images]))


def test_a_driver_that_is_pinned_by_its_digest_is_one_image():
    digest = "sha256:" + "b" * 64
    patch = Patch(target=Target(kind="NicClusterPolicy"), patch={"spec": {"ofedDriver": {"version": digest}}})

    drivers = named(aksrdma.images(cluster(HB, patches=[patch])), "doca-driver")

    assert [one.reference for one in drivers] == [f"nvcr.io/nvidia/mellanox/doca-driver@{digest}"]


def test_an_image_of_no_row_has_the_source_of_the_nearest_reason_or_the_users_patch():
    (plugin,) = named(aksrdma.images(cluster(H100, gpu_driver="aks")), "k8s-device-plugin")
    assert plugin.source == "NVIDIA/k8s-device-plugin deployments/static/nvidia-device-plugin.yml"

    container = {"name": "own", "image": "example.com/own:1"}
    patch = Patch(target=Target(kind="Pod", name="rdma-sriov"), patch={"spec": {"containers": [container]}})
    (own,) = named(aksrdma.images(cluster(HB, patches=[patch])), "example.com/own")
    assert own.source == "spec.patches of the cluster file"


@pytest.mark.parametrize("name", ["a; rm -rf ~", "$(id)", "a\n\x1b[31mb", "", "https://example.com/a", "A/b/C"])
def test_what_can_be_no_image_is_refused_before_it_stands_in_a_command(name):
    own = {"sriovNetworkOperator": {"enabled": True}, "sriov-network-operator": {"images": {"webhook": name}}}

    with pytest.raises(UsageError) as told:
        aksrdma.images(cluster(HB, helm_values=own))

    assert "sriov-network-operator.images.webhook (its webhook): no image can be pulled by the name" in str(told.value)
    assert str(told.value).isprintable()
