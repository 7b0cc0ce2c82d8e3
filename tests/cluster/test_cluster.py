import pytest

import aksrdma
from aksrdma.cluster.model import Rdma, Toleration, UpgradePolicy
from aksrdma.cluster.read import from_data
from aksrdma.errors import ClusterError


def cluster_file(**spec):
    return {
        "apiVersion": "aksrdma.dev/v1alpha1",
        "kind": "RdmaCluster",
        "metadata": {"name": "train-01"},
        "spec": spec,
    }


POOL = {"name": "ndh100", "vmSize": "Standard_ND96isr_H100_v5", "count": 16, "taints": ["sku=gpu:NoSchedule"]}


def test_a_file_becomes_a_cluster_with_upstreams_defaults():
    cluster = from_data(cluster_file(nodePools=[POOL]))

    assert (cluster.name, cluster.release, cluster.profile) == ("train-01", "v25.1.0", "sriov-device-plugin")
    assert cluster.node_pools[0].taints == ("sku=gpu:NoSchedule",)
    assert cluster.ofed_driver.upgrade_policy.drain.timeout_seconds == 300
    assert (cluster.rdma.resource_prefix, cluster.rdma.resource_name, cluster.rdma.shared_slots) == ("rdma", None, 63)
    upgrade, drain = cluster.ofed_driver.upgrade_policy, cluster.ofed_driver.upgrade_policy.drain
    assert (upgrade.auto_upgrade, upgrade.max_parallel_upgrades, upgrade.safe_load) == (True, 1, False)
    assert (drain.enable, drain.force, drain.delete_empty_dir, drain.pod_selector) == (True, True, True, None)


def test_python_and_file_make_the_same_cluster():
    pools = [aksrdma.NodePool(name="ndh100", vm_size=POOL["vmSize"], count=16, taints=["sku=gpu:NoSchedule"])]

    assert aksrdma.Cluster(name="train-01", node_pools=pools) == from_data(cluster_file(nodePools=[POOL]))


def test_a_null_field_counts_as_an_absent_one():
    assert from_data(cluster_file(release=None, ipoib={"master": None})) == from_data(cluster_file())


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        pytest.param({"relase": "v1"}, "spec.relase: unknown field; did you mean release?", id="a-typo"),
        pytest.param({"zzz": 1}, "spec.zzz: unknown field; the fields here are name, release", id="nothing-like-it"),
        pytest.param(
            {"profile": "sriov"}, "spec.profile: must be one of base, sriov-device-plugin,", id="no-such-profile"
        ),
        pytest.param(
            {"release": 25.1}, "spec.release: must be text, not 25.1; put it in quotes as it is written", id="a-number"
        ),
        pytest.param(
            {"kubernetesVersion": 1.30}, "not 1.3; put it in quotes as it is written", id="a-version-as-a-number"
        ),
        pytest.param(
            {"nodePools": [POOL | {"name": False}]}, "not false; put it in quotes as it is", id="a-name-as-a-bool"
        ),
        pytest.param({"nodePools": [None]}, "spec.nodePools[0]: must be a mapping, not null", id="null-for-a-pool"),
        pytest.param(
            {"kubernetesVersion": "1.\uff13\uff16"}, "must be a version of Kubernetes", id="digits-of-another-script"
        ),
        pytest.param(
            {"gpuOperator": {"version": "v\uff12.0.0"}}, "must be a version of the chart", id="a-chart-of-such-digits"
        ),
        pytest.param({"registry": "a.io:\uff15000"}, "must be a registry", id="a-port-of-such-digits"),
        pytest.param({"nodePools": {}}, "spec.nodePools: must be a list, not a mapping", id="a-mapping-for-a-list"),
        pytest.param({"nodePools": ["a"]}, "spec.nodePools[0]: must be a mapping, not 'a'", id="text-for-a-pool"),
        pytest.param(
            {"nodePools": [{"name": "a"}]}, "spec.nodePools[0].vmSize: is required", id="a-pool-without-a-size"
        ),
        pytest.param(
            {"nodePools": [POOL | {"name": "Big_Pool"}]},
            "must be an AKS node pool name (lower-case letters and digits, a letter first, at most 12), not",
            id="a-pool-name",
        ),
        pytest.param(
            {"nodePools": [POOL | {"count": "16"}]}, "count: must be a whole number, not '16'", id="a-text-count"
        ),
        pytest.param(
            {"nodePools": [POOL | {"count": True}]}, "count: must be a whole number, not true", id="a-bool-count"
        ),
        pytest.param({"nodePools": [POOL | {"count": -1}]}, "count: must be 0 or more, not -1", id="a-negative-count"),
        pytest.param(
            {"nodePools": [POOL | {"taints": ["sku=gpu"]}]}, "taints[0]: must be a taint written", id="a-taint"
        ),
        pytest.param(
            {"tolerations": [{"key": "team a"}]}, "tolerations[0].key: must be a label key", id="a-blank-in-a-key"
        ),
        pytest.param(
            {"tolerations": [{"key": f"{'a' * 250}.io/b"}]},
            "tolerations[0].key: must be a label key",
            id="a-long-prefix",
        ),
        pytest.param(
            {"tolerations": [{"key": "a", "value": "b/c"}]}, "value: must be a label value", id="a-slash-in-a-value"
        ),
        pytest.param({"rdma": {"sharedSlots": 0}}, "spec.rdma.sharedSlots: must be between 1 and 1000", id="no-slots"),
        pytest.param(
            {"rdma": {"resourceName": "shared-ib"}}, "must be a resource name", id="a-hyphen-in-a-resource-name"
        ),
        pytest.param(
            {"ipoib": {"range": "192.168.0.0"}}, "must be an address range with a prefix length", id="no-prefix"
        ),
        pytest.param({"ipoib": {"range": "192.168.0.1/16"}}, "has host bits set", id="host-bits"),
        pytest.param({"ipoib": {"gateway": "first"}}, "must be an IP address", id="a-gateway"),
        pytest.param(
            {"ipoib": {"name": "a.b"}}, "spec.ipoib.name: must be a DNS label", id="a-dot-in-the-network-name"
        ),
        pytest.param({"name": "x"}, "the name of the cluster is metadata.name", id="a-name-in-the-spec"),
    ],
)
def test_a_mistake_is_named_with_path_value_and_remedy(spec, problem):
    with pytest.raises(ClusterError) as caught:
        from_data(cluster_file(**spec))

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param([], "a cluster file is a mapping with apiVersion", id="a-list"),
        pytest.param(
            {"kind": "RdmaCluster"}, "apiVersion: must be aksrdma.dev/v1alpha1, but it is missing", id="no-apiVersion"
        ),
        pytest.param(cluster_file() | {"kind": "Pod"}, "kind: must be RdmaCluster, not 'Pod'", id="another-kind"),
        pytest.param(cluster_file() | {"Spec": {}}, "Spec: unknown field; did you mean spec?", id="a-capital"),
        pytest.param(
            cluster_file() | {"metadata": {"name": "A_B"}}, "metadata.name: must be a DNS subdomain", id="a-name"
        ),
        pytest.param(cluster_file() | {"spec": "x"}, "spec: must be a mapping, not 'x'", id="no-mapping"),
    ],
)
def test_a_wrong_envelope_is_named(data, problem):
    with pytest.raises(ClusterError) as caught:
        from_data(data)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "toleration",
    [
        pytest.param({"key": "team.io/a_b", "value": "x.y"}, id="a-prefix"),
        pytest.param({"key": "a", "value": ""}, id="an-empty-value"),
        pytest.param({"operator": "Exists"}, id="no-key"),
        pytest.param({"key": "k" * 63}, id="the-longest-name"),
    ],
)
def test_a_toleration_that_the_api_server_takes_is_read(toleration):
    assert from_data(cluster_file(tolerations=[toleration])).tolerations


def test_every_mistake_of_a_file_is_named_at_once():
    with pytest.raises(ClusterError) as caught:
        from_data(cluster_file(relase="x", profile="y", rdma={"sharedSlots": 0}))

    assert len(caught.value.problems) == 3


def test_arguments_in_python_are_checked_too():
    with pytest.raises(ClusterError, match="NodePool: count: must be 0 or more"):
        aksrdma.NodePool(name="a", vm_size="x", count=-1)


def test_a_cluster_cannot_be_changed():
    with pytest.raises(AttributeError):
        aksrdma.Cluster().release = "v26.4.1"


def test_records_are_told_apart_by_their_values():
    pool = aksrdma.NodePool(name="a", vm_size="Standard_ND96isr_H100_v5")

    assert pool == aksrdma.NodePool(name="a", vm_size="Standard_ND96isr_H100_v5")
    assert pool != aksrdma.NodePool(name="b", vm_size="Standard_ND96isr_H100_v5")
    assert Rdma() != UpgradePolicy()
    assert {aksrdma.Cluster(), aksrdma.Cluster()} == {aksrdma.Cluster()}
    assert {aksrdma.Cluster(), aksrdma.Cluster(name="b")} != {aksrdma.Cluster()}


def test_a_record_shows_what_it_was_made_of():
    assert repr(Toleration(key="a")) == "Toleration(key='a', operator='Equal', value=None, effect=None)"
