import itertools

import pytest
import yaml

import aksrdma
from aksrdma import Cluster, Ipoib, NodePool, catalog
from aksrdma.errors import PlanError
from aksrdma.plan import PROFILES, make_plan
from aksrdma.rendering import stream
from aksrdma.rendering.tree import FOLDERS, MARK

H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=16, taints=["sku=gpu:NoSchedule"])


@pytest.mark.parametrize(
    ("profile", "layers"),
    [
        pytest.param("base", {"base"}, id="base"),
        pytest.param("sriov-device-plugin", {"base", "sriov-device-plugin"}, id="sriov"),
        pytest.param("rdma-shared-device-plugin", {"base", "rdma-shared-device-plugin"}, id="shared"),
        pytest.param("ipoib", {"base", "rdma-shared-device-plugin", "ipoib"}, id="ipoib"),
    ],
)
def test_a_tree_holds_its_profile_and_what_that_builds_on(profile, layers):
    tree = aksrdma.render(Cluster(profile=profile))

    assert {path.split("/")[1] for path in tree if path.startswith("nicclusterpolicy/")} == layers
    assert {path for path in tree if path.startswith("examples/")} == {f"examples/{layer}.yaml" for layer in layers}


def test_every_file_says_that_aksrdma_rendered_it_and_lies_where_left_over_files_are_looked_for():
    tree = aksrdma.render(Cluster(profile="ipoib", release="v26.4.1", node_pools=[H100]))

    assert all(MARK in text.split("\n", 1)[0] for text in tree.values())
    assert {path.split("/")[0] for path in tree} <= {*FOLDERS, "INSTALL.md"}


def test_rendering_twice_gives_the_same_bytes():
    cluster = Cluster(profile="ipoib", release="v25.10.0", node_pools=[H100])

    assert dict(aksrdma.render(cluster)) == dict(aksrdma.render(cluster))


def test_the_stream_is_in_the_order_in_which_to_apply():
    kinds = [one["kind"] for one in yaml.safe_load_all(stream(make_plan(Cluster(profile="ipoib", release="v25.10.0"))))]

    assert kinds == ["Namespace", "NodeFeatureRule", "NicClusterPolicy", "IPPool", "IPoIBNetwork"]


def test_the_charts_rule_leaves_the_folder_out():
    tree = aksrdma.render(Cluster(node_feature_rule="chart"))

    assert not any(path.startswith("node-feature-rule/") for path in tree)
    assert "deployNodeFeatureRules: true" in tree["values/network-operator/values.yaml"]


def install(**fields):
    return aksrdma.render(Cluster(**fields))["INSTALL.md"]


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        pytest.param({}, "az feature register --namespace Microsoft.ContainerService --name AKSInfinibandSupport", id="the-feature"),
        pytest.param({"node_pools": [H100]}, "--node-vm-size Standard_ND96isr_H100_v5 \\", id="the-pool"),
        pytest.param({"node_pools": [H100]}, "--node-taints sku=gpu:NoSchedule", id="its-taint"),
        pytest.param({"node_pools": [H100]}, "--gpu-driver none", id="the-gpu-driver-is-gpu-operators"),
        pytest.param({"release": "v25.10.0"}, "--version 25.10.0 -f values/network-operator/values.yaml --wait", id="the-chart"),
        pytest.param({"name": "train-01"}, "export CLUSTER=train-01", id="the-cluster"),
        pytest.param({}, "kubectl apply -k namespace", id="the-namespace"),
        pytest.param({}, "\nOn AKS Automatic, also exclude it from Deployment Safeguards: `az aks safeguards", id="its-exclusion"),
        pytest.param({"operator_namespace": "nvidia"}, "--namespace nvidia \\", id="another-namespace"),
        pytest.param({}, "kubectl apply -k node-feature-rule", id="the-rule"),
        pytest.param({"profile": "base"}, "kubectl apply -k nicclusterpolicy/base", id="the-policy"),
        pytest.param({"profile": "ipoib", "release": "v26.4.1"}, "until kubectl apply -k nicclusterpolicy/ipoib", id="the-pools-kind-comes-late"),
        pytest.param({}, "RDMA:.status.allocatable.rdma/ib", id="the-resource"),
        pytest.param({}, "kubectl apply -f examples/sriov-device-plugin.yaml", id="the-pod"),
        pytest.param({"node_pools": [H100], "gpu_driver": "aks"}, "kubectl apply -k nvidia-peermem-reloader", id="peermem"),
        pytest.param({"node_pools": [H100]}, "helm upgrade --install gpu-operator nvidia/gpu-operator", id="gpu-operator"),
        pytest.param({"profile": "ipoib", "ipoib": Ipoib(namespace="mpi")}, "kubectl wait pod/rdma-ipoib -n mpi", id="the-pods-namespace"),
    ],
)  # fmt: skip
def test_install_has_the_command(fields, command):
    assert command in install(**fields)


def test_install_leaves_out_what_does_not_concern_the_cluster():
    text = install(node_pools=[NodePool(name="hb", vm_size="Standard_HB120rs_v3")])

    assert "gpu-operator" not in text
    assert "--gpu-driver" not in text
    assert "peermem" not in text


def test_install_says_how_long_the_driver_takes_where_it_is_deployed():
    compiled = "The driver is compiled on each node, which takes minutes."

    assert compiled in install()
    assert compiled not in install(node_pools=[NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6")])


def test_install_gives_the_guides_advice():
    text = install()

    assert all(f"| `{profile}` |" in text for profile in PROFILES)
    assert "63 slots outlast the GPUs" in text  # GPU exhaustion
    assert "privileged containers only" in text  # what driver-only means


def test_every_file_and_folder_that_install_names_is_in_the_tree():
    for profile in PROFILES:
        for size in ("Standard_ND96isr_H100_v5", "Standard_HB120rs_v3", "Standard_ND96isr_MI300X_v5"):
            pool = NodePool(name="a", vm_size=size)
            tree = aksrdma.render(Cluster(release="v26.4.1", profile=profile, node_pools=[pool]))
            words = tree["INSTALL.md"].replace(";", " ").split()
            for option, name in itertools.pairwise(words):
                if option == "-k" or (option == "-f" and name != "-"):
                    assert any(path == name or path.startswith(f"{name}/") for path in tree), name


def test_every_vm_size_and_profile_renders_or_says_why_not():
    rendered = refused = 0
    for profile in PROFILES:
        for size in catalog.vm_sizes():
            try:
                tree = aksrdma.render(
                    Cluster(release="v26.4.1", profile=profile, node_pools=[NodePool(name="a", vm_size=size)])
                )
            except PlanError:
                refused += 1
            else:
                assert all(
                    isinstance(yaml.safe_load(text), dict) for path, text in tree.items() if path.endswith(".yaml")
                )
                rendered += 1
    assert rendered > 100
    assert refused > 10
