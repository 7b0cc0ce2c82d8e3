"""Kinds of Kubernetes are judged by the version that is given, else by what any version takes, which a note tells."""

import pytest

import aksrdma
from aksrdma.errors import UnknownNameError
from aksrdma.validation import prepared

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers: [{name: c, image: i}]
"""
GROUP = POD + "  schedulingGroup: {podGroupName: g}\n"
WORKLOAD = POD + "  workloadRef: {name: w, podGroup: g}\n"
MODE = POD + "  volumes: [{name: v, emptyDir: {mode: 511}}]\n"
CLAIM = """\
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: nic}
spec: {devices: {requests: [{name: nic, exactly: {deviceClassName: dranet.net}}]}}
"""
CLUSTER = (
    "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec: {release: v25.1.0, kubernetesVersion: '%s'}\n---\n"
)


def judged(text, version=None):
    report = aksrdma.validate(text, release="v25.1.0", kubernetes_version=version, select=["schema"])
    return [f"{one.path}: {one.message}; {one.fix}" for one in report.findings], list(report.notes)


@pytest.mark.parametrize(
    ("text", "version", "said"),
    [
        pytest.param(GROUP, "1.36", None, id="new"),
        pytest.param(GROUP, "1.37", None, id="newer"),
        pytest.param(
            GROUP,
            "v1.35.2",
            "spec.schedulingGroup: unknown field schedulingGroup: new in Kubernetes 1.36; remove it, or use Kubernetes 1.36 or later",
            id="not-yet",
        ),
        pytest.param(WORKLOAD, "1.35", None, id="in-one-version-alone"),
        pytest.param(
            WORKLOAD,
            "1.36",
            "spec.workloadRef: unknown field workloadRef: removed in Kubernetes 1.36; remove it, or use Kubernetes 1.35",
            id="no-more",
        ),
        pytest.param(
            WORKLOAD,
            "1.34",
            "spec.workloadRef: unknown field workloadRef: new in Kubernetes 1.35; remove it, or use Kubernetes 1.35",
            id="in-the-next-version-alone",
        ),
        pytest.param(MODE, "1.37", None, id="deep"),
        pytest.param(
            MODE,
            "1.36",
            "spec.volumes[0].emptyDir.mode: unknown field mode: new in Kubernetes 1.37; remove it, or use Kubernetes 1.37 or later",
            id="deep-not-yet",
        ),
        pytest.param(CLAIM, "1.34", None, id="a-kind"),
        pytest.param(
            CLAIM,
            "1.33",
            "apiVersion: resource.k8s.io/v1 has no ResourceClaim before Kubernetes 1.34; use Kubernetes 1.34 or later",
            id="a-kind-not-yet",
        ),
        pytest.param(CLAIM.replace("/v1", "/v1beta2"), "1.33", None, id="a-beta-may-be-switched-on"),
        pytest.param(
            POD + "  schedulinGroup: {}\n",
            "1.35",
            "spec.schedulinGroup: unknown field schedulinGroup; did you mean schedulingGates?",
            id="what-no-version-has",
        ),
        pytest.param(POD + "  schedulingGroup: null\n", "1.37", None, id="a-null-is-left-out"),
        pytest.param(
            POD.replace("image: i", "image: i, livenessProbe: {grpc: {port: 1, mode: X}}"),
            "1.37",
            'spec.containers[0].livenessProbe.grpc.mode: "X" is none of "Plaintext", "TLS"; use one of "Plaintext", "TLS"',
            id="a-wrong-word-of-a-field-that-only-this-version-has",
        ),
    ],
)  # fmt: skip
def test_a_version_takes_what_its_server_takes(text, version, said):
    findings, notes = judged(text, version)

    assert findings == ([said] if said else [])
    assert notes == []


def test_without_a_version_what_any_takes_is_taken_and_one_note_says_which_do():
    text = "---\n".join((GROUP, WORKLOAD.replace("name: a", "name: b"), CLAIM))

    assert judged(text) == (
        [],
        [
            "not all versions of Kubernetes take spec.schedulingGroup of Pod/a (1.36 and 1.37), spec.workloadRef of Pod/b "
            "(1.35), resource.k8s.io/v1 of ResourceClaim/nic (1.34 to 1.37); say which is yours with --kubernetes-version"
        ],
    )


def test_the_note_names_a_few_and_counts_the_others():
    text = "---\n".join(GROUP.replace("name: a", f"name: a{number}") for number in range(9))

    (note,) = judged(text)[1]

    assert "of Pod/a2 (1.36 and 1.37) and 6 more; say" in note
    assert "Pod/a3" not in note


@pytest.mark.parametrize("text", [POD, POD + "  schedulingGroup: null\n"], ids=["plain", "null"])
def test_what_all_versions_take_has_no_note(text):
    assert judged(text) == ([], [])


def test_a_word_that_only_some_versions_take_is_noted():
    text = POD + "  tolerations: [{key: a, operator: Gt, value: '1'}]\n"

    findings, (note,) = judged(text)

    assert [one.partition(":")[0] for one in findings] == ["spec.tolerations[0].operator"]  # the feature is off in all
    assert "spec.tolerations[0].operator of Pod/a (1.35 to 1.37)" in note
    assert judged(text, "1.34")[0] == [
        'spec.tolerations[0].operator: "Gt" is none of "", "Equal", "Exists": new in Kubernetes 1.35; '
        "remove it, or use Kubernetes 1.35 or later"
    ]


def test_a_cluster_file_says_the_version_of_its_set():
    assert judged(CLUSTER % "1.36.1" + GROUP) == ([], [])
    assert "new in Kubernetes 1.36" in judged(CLUSTER % "1.35" + GROUP)[0][0]
    assert judged(CLUSTER % "1.35" + GROUP, "1.36") == ([], [])


def test_a_cluster_of_a_version_without_schemas_is_judged_by_any():
    findings, notes = judged(CLUSTER % "1.31" + GROUP)

    assert findings == []
    assert [note.partition(";")[0] for note in notes] == [
        "no schemas of Kubernetes '1.31'",
        "not all versions of Kubernetes take spec.schedulingGroup of Pod/a (1.36 and 1.37)",
    ]


def test_a_cluster_file_wants_a_version_and_no_number():
    report = aksrdma.validate(CLUSTER.replace("'%s'", "1.36"))

    assert [one.path for one in report.findings if one.severity == "error"] == ["spec.kubernetesVersion"]


def test_a_version_without_schemas_is_refused():
    with pytest.raises(UnknownNameError, match=r"no schemas of Kubernetes '1\.99'.* there are 1\.32, 1\.33"):
        aksrdma.validate(POD, kubernetes_version="1.99")
    assert prepared(aksrdma.validation.Options(kubernetes_version="1.36.4")).kubernetes_version == "v1.36"
