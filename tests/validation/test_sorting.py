"""What each document of a set is taken for: which are judged, which are counted, which are another kind with a slip."""

import pytest

import aksrdma

HEAD = "apiVersion: {}\nkind: {}\nmetadata: {{name: nic-cluster-policy}}\nspec: {{}}\n"


@pytest.mark.parametrize(
    ("api_version", "kind", "found"),
    [
        pytest.param(
            "mellanox.com/v1alpha1", "NicClusterPolcy",
            ("kind", "no kind NicClusterPolcy in mellanox.com/v1alpha1; did you mean NicClusterPolicy?",
             "write NicClusterPolicy"), id="a-kind-with-a-slip",
        ),
        pytest.param(
            "apps/v1", "deployment",
            ("kind", "no kind deployment in apps/v1; did you mean Deployment?", "write Deployment"), id="another-case",
        ),
        pytest.param(
            "mellanox.com/v1alpha1", "NicClusterPolicies",
            ("kind", "no kind NicClusterPolicies in mellanox.com/v1alpha1; did you mean NicClusterPolicy?",
             "write NicClusterPolicy"), id="several-policies",
        ),
        pytest.param(
            "batch/v1", "Jobs", ("kind", "no kind Jobs in batch/v1; did you mean Job?", "write Job"), id="several-jobs",
        ),
        pytest.param(
            "nvidia.com/v1alpha1", "NicClusterPolicy",
            ("apiVersion", "no kind NicClusterPolicy in nvidia.com/v1alpha1; did you mean mellanox.com/v1alpha1?",
             "write mellanox.com/v1alpha1"), id="a-kind-of-ours-in-any-other-group",
        ),
        pytest.param(
            "nv-ipam.nvidia.co/v1alpha1", "IPPool",
            ("apiVersion", "no kind IPPool in nv-ipam.nvidia.co/v1alpha1; did you mean nv-ipam.nvidia.com/v1alpha1?",
             "write nv-ipam.nvidia.com/v1alpha1"), id="a-group-with-a-slip",
        ),
        pytest.param("crd.projectcalico.org/v1", "IPPool", None, id="a-kind-of-another-project"),
        pytest.param("example.com/v1", "Gadget", None, id="nothing-like-it"),
        pytest.param(
            "apps/v1", "Deploymentttt",
            ("kind", "no kind Deploymentttt in apps/v1, which has ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet",
             "write a kind of this group, or the apiVersion that the kind belongs to"), id="three-letters-more",
        ),
        pytest.param(
            "v1", "Route", ("kind", "no kind Route in v1", "write a kind of this group, or the apiVersion that the kind belongs to"),
            id="a-group-with-many-kinds",
        ),
        pytest.param("v1", "Event", None, id="a-kind-of-Kubernetes-without-a-schema"),
        pytest.param("v1", "Config", None, id="a-file-of-kubectl"),
        pytest.param("v1", "DeleteOptions", None, id="what-a-request-has-beside-the-object"),
        pytest.param("apps/v1", "GadgetList", None, id="a-list-of-objects"),
        pytest.param(
            "mellanox.com/v1alpha1", "CIDRPool",
            ("apiVersion", "no kind CIDRPool in mellanox.com/v1alpha1; did you mean nv-ipam.nvidia.com/v1alpha1?",
             "write nv-ipam.nvidia.com/v1alpha1"), id="a-kind-of-another-group-in-one-that-is-known-wholly",
        ),
        pytest.param(
            "jobset.x-k8s.io/v1alpha2", "JobSets",
            ("kind", "no kind JobSets in jobset.x-k8s.io/v1alpha2; did you mean JobSet?", "write JobSet"),
            id="several-of-another-project",
        ),
        pytest.param("jobset.x-k8s.io/v1alpha2", "JobSet", None, id="another-project's-as-it-should-be"),
        pytest.param("kueue.x-k8s.io/v1beta1", "LocalQueue", None, id="a-kind-that-nobody-here-knows"),
    ],
)  # fmt: skip
def test_a_kind_that_nobody_serves_is_a_slip_only_where_one_is_plain(api_version, kind, found):
    report = aksrdma.validate(HEAD.format(api_version, kind), release="v26.4.1")

    told = [(one.path, one.message, one.fix) for one in report.findings if one.rule == "unknown-api-version"]
    assert told == ([found] if found else [])
    assert report.summary.unknown_kinds == ((f"{api_version} {kind}", 1),)
    assert report.summary.documents == 0
    assert report.summary.sets == 0


@pytest.mark.parametrize(
    ("text", "documents", "skipped"),
    [
        pytest.param("kustomize.config.k8s.io/v1beta1", 0, 1, id="a-kustomization-is-read-by-kustomize-alone"),
        pytest.param("v1", 1, 0, id="a-manifest"),
    ],
)
def test_a_kustomization_is_no_manifest(text, documents, skipped):
    kind = "Kustomization" if "kustomize" in text else "Namespace"
    report = aksrdma.validate(f"apiVersion: {text}\nkind: {kind}\nmetadata: {{name: a}}\n")

    assert (report.summary.documents, report.summary.not_manifests) == (documents, skipped)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("apiVersion: v1\nmetadata: {name: a}\n", [("kind", "kind is missing")], id="an-object"),
        pytest.param("apiVersion: v2\nname: a-chart\n", [], id="a-helm-chart"),
        pytest.param("metadata: {name: a}\n", [], id="no-api-version-either"),
    ],
)
def test_an_object_without_a_kind_is_an_error_and_other_yaml_is_not(text, found):
    report = aksrdma.validate(text)

    assert [(one.path, one.message) for one in report.findings] == found
    assert report.summary.not_manifests == (0 if found else 1)


def test_with_strict_the_words_name_what_could_not_be_judged():
    report = aksrdma.validate("kind: Gadget\nmetadata: {name: a}\n---\na: 1\n", strict=True)

    assert [(one.rule, one.path, one.message) for one in report.findings] == [
        ("unknown-kind", "kind", "there is no schema of Gadget, so it was not judged"),
        ("not-a-manifest", "", "the document has neither apiVersion nor kind"),
    ]
    assert report.summary.unknown_kinds == (("Gadget", 1),)


@pytest.mark.parametrize("mark", ["${A}", "${A:-b}", "${A-b}", "{{ .Values.a }}", "{{- include \"a\" . }}", "{% if a %}"])  # fmt: skip
@pytest.mark.parametrize("place", ["labels", "annotations"])
def test_a_placeholder_makes_a_template_but_for_free_text(mark, place):
    report = aksrdma.validate(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", place: {"a": mark}}}
    )  # an object of data has no text in which a mark could be seen
    assert report.summary.documents == 1

    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, {place}: {{a: '{mark}'}}}}\n"
    assert aksrdma.validate(text).summary.not_manifests == (1 if place == "labels" else 0)


@pytest.mark.parametrize("mark", ["$A", "${1}", "$(A)", "{{ }}", "{ {a} }", "100 %"])
def test_what_only_looks_like_a_placeholder_is_judged(mark):
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{a: '{mark}'}}}}\n"

    assert aksrdma.validate(text).summary.documents == 1


@pytest.mark.parametrize("field", ["data", "stringData", "binaryData"])
def test_the_data_of_a_secret_or_config_map_is_free_text(field):
    kind = "ConfigMap" if field == "binaryData" else "Secret"
    report = aksrdma.validate(f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{field}: {{a: '${{B}}'}}\n")

    assert report.summary.documents == 1


@pytest.mark.parametrize(
    ("text", "is_patch"),
    [
        pytest.param("kind: StatefulSet\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {replicas: 2}\n", True, id="stateful-set"),
        pytest.param("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {selector: {}}\n", False, id="with-a-selector"),
        pytest.param("kind: Deployment\napiVersion: apps/v1\nmetadata: {}\nspec: {replicas: 2}\n", False, id="without-a-name"),
        pytest.param("kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {parallelism: 2}\n", True, id="a-job-without-a-template"),
        pytest.param("kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {$patch: replace}\n", True, id="a-directive"),
        pytest.param("kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{$patch: delete, name: a}]}}}\n", True, id="a-directive-in-a-list"),
        pytest.param("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec:\n", False, id="without-a-spec"),
    ],
)  # fmt: skip
def test_a_patch_is_told_from_a_whole_object(text, is_patch):
    report = aksrdma.validate(text)

    assert ([note for note in report.notes if "is a patch" in note] != []) is is_patch
    assert (any(one.rule == "missing-field" for one in report.findings)) is not is_patch


def test_patches_are_named_in_the_order_of_their_files(tmp_path):
    patch = "kind: StatefulSet\napiVersion: apps/v1\nmetadata: {{name: {}}}\nspec: {{replicas: 2}}\n"
    (tmp_path / "b.yaml").write_text(patch.format("c") + "---\n" + patch.format("a"))
    (tmp_path / "a.yaml").write_text(patch.format("b"))
    report = aksrdma.validate(tmp_path, release="v26.4.1")

    assert [note.split(" is a patch")[0].rpartition("/")[2] for note in report.notes] == ["b", "c", "a"]
    assert [note.startswith(f"{tmp_path / 'a.yaml'}: StatefulSet/b") for note in report.notes] == [True, False, False]


@pytest.mark.parametrize(
    ("api_version", "kind", "severity", "fix"),
    [
        pytest.param(
            "kubeflow.org/v2beta1", "PyTorchJob", "error", "write kubeflow.org/v1", id="older-and-never-there"
        ),
        pytest.param("kubeflow.org/v1beta1", "MPIJob", "error", "write kubeflow.org/v1", id="between-two-that-were"),
        pytest.param("kubeflow.org/nonsense", "MPIJob", "error", "write kubeflow.org/v1", id="no-version-at-all"),
        pytest.param(
            "trainer.kubeflow.org/v1", "TrainJob", "warning", "write trainer.kubeflow.org/v1alpha1", id="later"
        ),
        pytest.param(
            "jobset.x-k8s.io/v1alpha3", "JobSet", "warning", "write jobset.x-k8s.io/v1alpha2", id="without-schema"
        ),
        pytest.param("ray.io/v1beta2", "RayCluster", "error", "write ray.io/v1", id="a-beta-where-there-was-none"),
    ],
)
def test_a_version_that_a_kind_of_another_project_never_had(api_version, kind, severity, fix):
    report = aksrdma.validate(HEAD.format(api_version, kind), release="v26.4.1")

    told = [(one.severity, one.path, one.fix) for one in report.findings if one.rule == "unknown-api-version"]
    assert told == [(severity, "apiVersion", fix)]


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("kubeflow.org/v1alpha2", "MPIJob"),
        ("kubeflow.org/v1", "MPIJob"),
        ("ray.io/v1alpha1", "RayCluster"),
        ("kueue.x-k8s.io/v1beta1", "ClusterQueue"),
    ],
)
def test_versions_of_earlier_releases_are_none_of_our_business(api_version, kind):
    report = aksrdma.validate(HEAD.format(api_version, kind), release="v26.4.1")

    assert [one for one in report.findings if one.rule == "unknown-api-version"] == []
