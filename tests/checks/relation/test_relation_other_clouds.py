"""What manifests bring along from another cloud, where the pods go to AKS or ask for what AKS would give them."""

import pytest

from aksrdma import catalog
from aksrdma.catalog import load
from aksrdma.checks.relation.other_clouds import leftovers
from aksrdma.cluster import Cluster, NodePool
from aksrdma.documents import Document
from tests.checks.relation.relation_props import H100, NODE_AFFINITY, policy, said


def pod(limits=None, *, kind="Pod", annotations=None, container=None, **spec):
    """Return a pod, or a DaemonSet of it, with 8 GPUs unless `limits` say otherwise."""
    box = {
        "name": "a",
        "resources": {"limits": {"nvidia.com/gpu": 8} if limits is None else limits},
        **(container or {}),
    }
    template = {"metadata": {"name": "a", "annotations": annotations or {}}, "spec": {"containers": [box], **spec}}
    if kind == "Pod":
        return Document.from_data({"apiVersion": "v1", "kind": "Pod", **template})
    spec = {"selector": {}, "template": template}
    return Document.from_data({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec})


def affinity(*terms, preferred=()):
    """Return node affinity with a requirement for each term."""
    required = {"nodeSelectorTerms": [{"matchExpressions": [one]} for one in terms]} if terms else None
    soft = [{"weight": 1, "preference": {"matchExpressions": [one]}} for one in preferred]
    return {"nodeAffinity": {NODE_AFFINITY: required, "preferredDuringSchedulingIgnoredDuringExecution": soft}}


def requirement(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values)}


GKE = "cloud.google.com/gke-accelerator"
TYPE = "node.kubernetes.io/instance-type"


@pytest.mark.parametrize(
    ("label", "value", "cloud", "fix"),
    [
        (GKE, "nvidia-h100-80gb", "Google Cloud", "write kubernetes.azure.com/accelerator: nvidia instead"),
        ("eks.amazonaws.com/nodegroup", "gpu", "AWS", "write kubernetes.azure.com/agentpool: the name of your pool instead"),
        ("node.coreweave.cloud/type", "gb200-4x", "CoreWeave", "write kubernetes.azure.com/accelerator: nvidia instead"),
        ("ibm-cloud.kubernetes.io/worker-pool-name", "gpu", "IBM Cloud",
         "write kubernetes.azure.com/agentpool: the name of your pool instead"),
        (TYPE, "p5.48xlarge", "AWS", f"write {TYPE}: {H100} instead"),
        (TYPE, "p5en.48xlarge", "AWS", f"write {TYPE}: Standard_ND96isr_H200_v5 instead"),
        ("beta.kubernetes.io/instance-type", "a3-megagpu-8g", "Google Cloud", f"write {TYPE}: {H100} instead"),
        (TYPE, "m5.large", "", ""),
        (TYPE, "m5.4xlarge", "AWS", "write the VM size of your AKS node pool instead"),
        (TYPE, "BM.GPU.H100.8", "Oracle Cloud", f"write {TYPE}: {H100} instead"),
        (TYPE, H100, "", ""),
        ("kubernetes.azure.com/accelerator", "nvidia", "", ""),
        ("example.com/pool", "gpu", "", ""),
    ],
)  # fmt: skip
def test_a_node_selector_of_another_cloud_keeps_the_pod_pending(label, value, cloud, fix):
    found = said(leftovers, pod(nodeSelector={label: value}))

    assert [(one.path, one.severity, one.fix) for one in found] == (
        [(f"spec.nodeSelector[{label}]", "warning", fix)] if cloud else []
    )
    assert all(f"{label}: {value} is of {cloud} and" in one.message for one in found)
    assert all("so the pod stays Pending" in one.message for one in found)


@pytest.mark.parametrize(
    ("wanted", "severity"),
    [
        pytest.param(affinity(requirement(GKE, "Exists")), "warning", id="the-only-term"),
        pytest.param(affinity(requirement(GKE, "In", "x"), requirement(GKE, "Gt", "1")), "warning", id="every-term"),
        pytest.param(affinity(requirement(GKE, "In", "x"), requirement("a", "Exists")), "info", id="one-of-two-terms"),
        pytest.param(affinity(requirement("a", "Exists"), requirement(GKE, "In", "x")), "info", id="the-other-of-two"),
        pytest.param(affinity(preferred=[requirement(GKE, "Exists")]), "info", id="preferred"),
        pytest.param(affinity(requirement(GKE, "DoesNotExist")), None, id="must-not-be-there"),
        pytest.param(affinity(requirement(GKE, "NotIn", "x")), None, id="other-values-than"),
        pytest.param(
            affinity(requirement(TYPE, "In", "p5.48xlarge", "p4d.24xlarge")), "warning", id="all-types-of-aws"
        ),
        pytest.param(affinity(requirement(TYPE, "In", "p5.48xlarge", H100)), None, id="one-type-of-azure"),
        pytest.param(affinity(requirement(TYPE, "NotIn", "p5.48xlarge")), None, id="not-that-type"),
    ],
)
def test_affinity_counts_where_the_pod_cannot_do_without_it(wanted, severity):
    assert [one.severity for one in said(leftovers, pod(affinity=wanted))] == ([severity] if severity else [])


def test_a_daemon_set_that_wants_no_node_of_aks_is_no_pending_pod():
    (found,) = said(leftovers, pod(kind="DaemonSet", nodeSelector={GKE: "x"}))

    assert found.severity == "info"
    assert found.message == f"{GKE}: x is of Google Cloud and is on no AKS node"


@pytest.mark.parametrize(
    ("limits", "options", "count"),
    [
        pytest.param({}, {}, 0, id="a-pod-without-devices"),
        pytest.param({}, {"vm_sizes": (H100,)}, 1, id="the-options-say-aks"),
        pytest.param({"amd.com/gpu": 1}, {}, 1, id="gpus"),
        pytest.param({"rdma/ib": 1}, {}, 1, id="rdma"),
    ],
)
def test_only_pods_that_go_to_aks_or_ask_for_devices_are_looked_at(limits, options, count):
    assert len(said(leftovers, pod(limits, nodeSelector={GKE: "x"}), **options)) == count


def test_a_cluster_file_or_a_policy_that_exposes_a_resource_says_aks():
    wanting = pod({}, nodeSelector={GKE: "x"})
    exposing = policy(
        rdmaSharedDevicePlugin={"config": {"configList": [{"resourceName": "x", "selectors": {"vendors": ["15b3"]}}]}}
    )

    assert len(said(leftovers, wanting, cluster=Cluster(node_pools=[NodePool(name="a", vm_size=H100)]))) == 1
    assert len(said(leftovers, wanting, exposing)) == 1


def test_a_claim_may_be_one_for_gpus():
    claiming = pod({}, nodeSelector={GKE: "x"}, container={"resources": {"claims": [{"name": "gpu"}]}})

    assert len(said(leftovers, claiming)) == 1


def test_what_to_write_is_what_the_set_and_the_options_have():
    exposing = policy(
        rdmaSharedDevicePlugin={"config": {"configList": [{"resourceName": "x", "selectors": {"vendors": ["15b3"]}}]}}
    )
    wanting = pod({"vpc.amazonaws.com/efa": 1}, nodeSelector={TYPE: "p5.48xlarge"})

    fixes = [one.fix for one in said(leftovers, wanting, exposing, vm_sizes=("Standard_ND96isr_H200_v5",))]

    assert fixes == [
        f"write {TYPE}: Standard_ND96isr_H200_v5 instead",
        "ask for rdma/x instead, which the device plugin of the cluster offers",
    ]


def test_the_label_that_keeps_the_pod_pending_is_told_before_one_that_is_only_preferred():
    wanted = affinity(requirement(GKE, "In", "x"), requirement("a", "Exists"), preferred=[requirement(GKE, "In", "y")])
    (bound,) = said(leftovers, pod(affinity=affinity(requirement(GKE, "In", "a", "b", "c", "d")), nodeSelector={}))
    (free,) = said(leftovers, pod(affinity=wanted))

    assert bound.message.startswith(f"{GKE}: a, b and 2 more is of Google Cloud")
    assert free.message == f"{GKE}: x (and 1 more of the kind) is of Google Cloud and is on no AKS node"
    (both,) = said(leftovers, pod(affinity=affinity(
        requirement(GKE, "In", "x"), preferred=[requirement(GKE, "In", "y")])))  # fmt: skip
    assert (both.severity, both.path[-11:]) == ("warning", "ressions[0]")


def test_a_daemon_set_that_asks_for_a_resource_of_another_cloud_makes_pending_pods():
    assert [one.severity for one in said(leftovers, pod({"vpc.amazonaws.com/efa": 1}, kind="DaemonSet"))] == ["warning"]


def test_a_label_of_azure_in_the_set_says_aks():
    ours = pod({}, nodeSelector={"kubernetes.azure.com/mode": "user"})

    assert len(said(leftovers, ours, pod({}, nodeSelector={GKE: "x"}))) == 1


def test_resources_of_one_kind_are_told_once_with_the_one_to_ask_for():
    limits = {"vpc.amazonaws.com/efa": 32, **{f"networking.gke.io.networks/rdma-{one}": 1 for one in range(8)}}

    aws, gke = said(leftovers, pod(limits))

    assert (aws.path, aws.severity) == ("spec.containers[0].resources.limits[vpc.amazonaws.com/efa]", "warning")
    assert aws.message == ("vpc.amazonaws.com/efa is of AWS and is offered by no AKS node, so the pod stays Pending")
    assert aws.fix == "ask for rdma/ib instead, which the device plugin of the cluster offers"
    assert gke.message.startswith("networking.gke.io.networks/rdma-0 (and 7 more of the kind) is of Google Cloud")


@pytest.mark.parametrize(
    ("made", "severity", "words"),
    [
        ({"annotations": {"networking.gke.io/interfaces": "[]"}}, "info", "the annotation networking.gke.io/interfaces is"),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/home/kubernetes/bin/gib"}}]}, "info",
         "the node's /home/kubernetes/bin/gib is"),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/usr/local/gib/"}}]}, "info", "the node's /usr/local/gib is"),
        ({"container": {"env": [{"name": "FI_PROVIDER", "value": "efa"}]}}, "warning", "FI_PROVIDER=efa is of AWS"),
        ({"container": {"env": [{"name": "NCCL_FASTRAK_CTRL_DEV", "value": "eth0"}]}}, "info", "NCCL_FASTRAK_CTRL_DEV=eth0"),
        ({"container": {"env": [{"name": "NCCL_TUNER_CONFIG_PATH", "value": "/usr/local/gib/configs/a.txtpb"}]}}, "info",
         "NCCL_TUNER_CONFIG_PATH=/usr/local/gib/configs/a.txtpb is"),
        ({"container": {"command": ["sh", "-c", "export LD_LIBRARY_PATH=/usr/local/gib/lib64:/usr/lib; run"]}}, "info",
         "LD_LIBRARY_PATH=/usr/local/gib/lib64:/usr/lib is"),
        ({"container": {"args": ["source /usr/local/gib/scripts/set_nccl_env.sh\nrun"]}}, "warning",
         "the script /gib/scripts/set_nccl_env.sh is of Google Cloud and sets NCCL_NET to gIB"),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/usr/local/lib"}}]}, None, ""),
        ({"container": {"env": [{"name": "FI_PROVIDER", "value": "verbs"}]}}, None, ""),
        ({"container": {"env": [{"name": "NCCL_TUNER_CONFIG_PATH", "value": "/etc/tuner"}]}}, None, ""),
    ],
)  # fmt: skip
def test_what_is_of_no_use_is_an_info_and_what_turns_rdma_off_a_warning(made, severity, words):
    found = said(leftovers, pod(**made))

    assert [one.severity for one in found] == ([severity] if severity else [])
    assert all(words in one.message for one in found)
    assert all(one.fix == "take it out" for one in found)


@pytest.mark.parametrize("row", catalog.other_clouds(), ids=lambda row: row.mark)
def test_no_mark_is_hidden_by_one_before_it(row):
    word = row.mark.replace("*", "1").replace("[0-9]", "1").replace("[a-z]", "a")

    assert catalog.other_cloud(row.place, word) is row
    assert row.source
    assert row.place != "instance type" or not row.instead or catalog.vm_size(row.instead).name == row.instead


def test_no_vm_size_of_azure_is_taken_for_one_of_another_cloud():
    assert load.names("vm_sizes")
    assert [name for name in load.names("vm_sizes") if catalog.other_cloud("instance type", name)] == []
