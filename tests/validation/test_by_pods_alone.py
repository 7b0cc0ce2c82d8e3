"""Objects of kinds without a schema: their pods are judged as those of any other kind, and the report says so."""

from __future__ import annotations

import json

import pytest

import aksrdma
from aksrdma.reports import json as json_report
from aksrdma.reports import text as text_report

CONTAINER = """{name: w, image: a.io/w:1,
  securityContext: {capabilities: {add: [IPC_LOCK]}},
  resources: {requests: {rdma/ib: 8}, limits: {rdma/ib: 8}}}"""
GADGET = f"""apiVersion: example.com/v1
kind: Gadget
metadata: {{name: a}}
spec:
  worker:
    template:
      metadata: {{annotations: {{}}}}
      spec: {{containers: [{CONTAINER}]}}
"""
SIZE = {"vm_sizes": ("Standard_ND96isr_H100_v5",), "release": "v26.4.1"}


def found(text, **options):
    report = aksrdma.validate(text, **(SIZE | options))
    return {(one.severity, one.rule, one.path) for one in report.findings}


BOX = "spec.worker.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        pytest.param("IPC_LOCK", "SYS_TIME", ("warning", "rdma-pod-lacks-ipc-lock", BOX), id="memory-that-cannot-be-locked"),
        pytest.param("limits: {rdma/ib: 8}", "limits: {rdma/ib: 9}",
                     ("error", "rdma-requests-differ-from-limits", f"{BOX}.resources.requests[rdma/ib]"),
                     id="what-the-api-server-will-refuse"),
        pytest.param("{rdma/ib: 8}", "{rdma/ib: 9}",
                     ("error", "sriov-rdma-count-above-vm-nics", f"{BOX}.resources.limits[rdma/ib]"),
                     id="more-nics-than-a-node-has"),
        pytest.param("annotations: {}", "annotations: {k8s.v1.cni.cncf.io/networks: '[{]'}",
                     ("error", "network-annotation-syntax",
                      "spec.worker.template.metadata.annotations[k8s.v1.cni.cncf.io/networks]"),
                     id="an-annotation-that-multus-refuses"),
        pytest.param("a.io/w:1", "a.io/W:1", ("error", "image-reference-invalid", f"{BOX}.image"),
                     id="an-image-that-nobody-can-pull"),
    ],
)  # fmt: skip
def test_the_pods_of_a_kind_that_nobody_knows_are_judged(old, new, finding):
    assert found(GADGET) == set()
    assert finding in found(GADGET.replace(old, new))


def test_an_object_with_a_pod_template_is_judged_and_the_report_says_by_what():
    report = aksrdma.validate(f"{GADGET}---\n{GADGET}", **SIZE)

    assert (report.summary.documents, report.summary.sets) == (2, 1)
    assert report.summary.unknown_kinds == ()
    assert report.summary.by_pods_alone == (("example.com/v1 Gadget", 2),)
    assert report.notes == ("there is no schema of example.com/v1 Gadget: 2 objects are each judged by its pods alone",)
    assert "skipped" not in text_report.summary_line(report)
    summary = json.loads(json_report.write(report))["summary"]
    assert (summary["by_pods_alone"], summary["unknown_kinds"]) == ({"example.com/v1 Gadget": 2}, {})


def test_a_single_object_is_told_as_one():
    assert aksrdma.validate(GADGET, **SIZE).notes == (
        "there is no schema of example.com/v1 Gadget: 1 object is judged by its pods alone",
    )


@pytest.mark.parametrize(
    ("api_version", "kind", "by"),
    [
        pytest.param("kaito.sh/v1beta1", "Workspace", "its VM size", id="a-workspace"),
        pytest.param("kueue.x-k8s.io/v1beta2", "ClusterQueue", "the resources that it covers", id="a-queue"),
    ],
)
def test_what_has_no_pods_and_yet_a_rule_of_its_own_is_not_called_skipped(api_version, kind, by):
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{}}\n"
    report = aksrdma.validate(text, strict=True, **SIZE)

    assert report.notes == (f"there is no schema of {api_version} {kind}: 1 object is judged by {by} alone",)
    assert (report.summary.documents, report.summary.unknown_kinds, report.findings) == (1, (), ())
    assert aksrdma.validate(text.replace(api_version, "example.com/v1"), **SIZE).summary.documents == 0


def test_strict_asks_for_no_more_than_that_something_is_judged():
    both = GADGET + "---\napiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: b}\nspec: {}\n"
    report = aksrdma.validate(both, strict=True, **SIZE)

    assert [(one.rule, one.object) for one in report.findings] == [("unknown-kind", "Gadget/b")]
    assert report.summary.unknown_kinds == report.summary.by_pods_alone == (("example.com/v1 Gadget", 1),)


def test_a_job_of_another_project_is_not_judged_as_one_of_kubernetes():
    job = GADGET.replace("example.com/v1", "example.com/v1alpha1").replace("Gadget", "Job")

    assert found(job) == set()
    assert ("warning", "rdma-pod-lacks-ipc-lock", BOX) in found(job.replace("IPC_LOCK", "KILL"))


def test_a_comment_suppresses_a_finding_of_its_pods():
    bad = GADGET.replace("IPC_LOCK", "KILL")
    report = aksrdma.validate(f"# aksrdma: ignore rdma-pod-lacks-ipc-lock -- tried\n{bad}", **SIZE)

    assert (report.findings, report.summary.suppressed) == ((), 1)


def test_a_comment_in_an_object_that_wraps_others_is_told_of_once():
    wrapped = GADGET.replace("\n", "\n      ")
    wrapper = (
        "apiVersion: workload.codeflare.dev/v1beta2\nkind: AppWrapper\nmetadata: {name: w}\nspec:\n  components:\n"
    )
    text = f"{wrapper}  - template:\n      {wrapped.rstrip()}\n  # aksrdma: ignore rdma-pod-lacks-ipc-lock\n"

    assert [one.rule for one in aksrdma.validate(text, **SIZE).findings] == ["unused-suppression"]
    bad = aksrdma.validate(
        text.replace("IPC_LOCK", "KILL").replace("  # aksrdma: ignore rdma-pod-lacks-ipc-lock\n", ""), **SIZE
    )
    assert [(one.rule, one.object) for one in bad.findings] == [("rdma-pod-lacks-ipc-lock", "Gadget/a")]


def test_what_is_wrapped_is_judged_by_its_own_kind():
    text = """apiVersion: workload.codeflare.dev/v1beta2
kind: AppWrapper
metadata: {name: w}
spec:
  components:
  - template:
      apiVersion: batch/v1
      kind: Job
      metadata: {name: j}
      spec:
        paralelism: 2
        template: {spec: {restartPolicy: Never, containers: [{name: a, image: "a.io/a:1"}]}}
"""
    report = aksrdma.validate(text, **SIZE)

    (found,) = report.findings
    assert (found.rule, found.object, found.path, found.line) == ("unknown-field", "Job/j", "spec.paralelism", 11)
    assert report.summary.by_pods_alone == (("workload.codeflare.dev/v1beta2 AppWrapper", 1),)


def test_what_a_patch_for_such_an_object_leaves_out_is_not_missed():
    bad = GADGET.replace("IPC_LOCK", "KILL").replace("spec:\n", "spec:\n  $patch: merge\n", 1)
    report = aksrdma.validate(bad, **SIZE)

    assert [note for note in report.notes if "is a patch" in note]


def test_whether_the_controller_copies_the_annotation_of_the_object_is_not_known():
    noted = GADGET.replace("{name: a}", "{name: a, annotations: {k8s.v1.cni.cncf.io/networks: net}}")

    assert found(noted) == set()


def test_a_network_counts_the_pods_of_every_kind():
    network = """apiVersion: mellanox.com/v1alpha1
kind: MacvlanNetwork
metadata: {name: net}
spec: {networkNamespace: default, ipam: '{"type": "whereabouts", "range": "192.168.0.0/24"}'}
"""
    asking = GADGET.replace("annotations: {}", "annotations: {k8s.v1.cni.cncf.io/networks: nett}")
    path = "spec.worker.template.metadata.annotations[k8s.v1.cni.cncf.io/networks]"

    assert ("warning", "network-annotation-unknown-network", path) in found(f"{network}---\n{asking}")
