import pytest
import yaml

import aksrdma
from aksrdma import Cluster, NodePool, catalog
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
    assert {path.split("/")[0] for path in tree} <= {*FOLDERS, "INSTALL.md", "UNINSTALL.md"}


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
