import dataclasses
from pathlib import Path

import pytest

import aksrdma
from aksrdma.cluster.read import to_data
from aksrdma.errors import ReadError, UnknownNameError, UsageError
from aksrdma.validation.kustomizations import references
from aksrdma.validation.sources import sources_of

CLUSTERS = Path(__file__).parents[2] / "examples" / "clusters"
POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
spec: {}
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: a\n    image: a\n"
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make files below a folder, and work there."""
    monkeypatch.chdir(tmp_path)

    def make(files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return make


def sets(paths, **options):
    return [(source.files, source.kustomizations) for source in sources_of(paths, **options)]


def test_the_files_of_a_folder_are_a_set(tree):
    tree({"a/x.yaml": POLICY, "a/y.yml": POLICY, "a/z.json": "{}", "a/note.txt": "", "b/x.yaml": POLICY})

    assert sets(["a", "b"]) == [(("a/x.yaml", "a/y.yml", "a/z.json"), ()), (("b/x.yaml",), ())]


def test_a_folder_is_read_with_all_below_it_but_for_hidden_ones(tree):
    tree({"a/x.yaml": POLICY, "a/b/y.yaml": POLICY, "a/.git/z.yaml": POLICY, "a/node_modules/z.yaml": POLICY})

    assert sets(["a"]) == [(("a/x.yaml",), ()), (("a/b/y.yaml",), ())]


def test_files_of_one_folder_are_one_set_however_they_are_named(tree):
    tree({"a/x.yaml": POLICY, "a/y.yaml": POLICY})

    assert sets(["a/y.yaml", "a/x.yaml", "a/y.yaml"]) == [(("a/y.yaml", "a/x.yaml"), ())]


def test_together_makes_one_set(tree):
    tree({"a/x.yaml": POLICY, "b/y.yaml": POLICY})

    assert sets(["a", "b"], together=True) == [(("a/x.yaml", "b/y.yaml"), ())]


def test_a_path_that_is_not_there_is_an_error():
    with pytest.raises(ReadError, match=r"nowhere\.yaml: there is no such file"):
        sources_of(["nowhere.yaml"])


def test_files_of_a_kustomization_are_not_judged_on_their_own(tree):
    tree(
        {
            "k/kustomization.yaml": KUSTOMIZATION + "resources: [a.yaml, ../base]\npatches:\n- path: p.yaml\n",
            "k/a.yaml": POD.format(name="a"),
            "k/p.yaml": POLICY,
            "k/other.yaml": POD.format(name="b"),
            "base/kustomization.yaml": KUSTOMIZATION + "resources: [nic.yaml]\n",
            "base/nic.yaml": POLICY,
        }
    )

    assert sets(["."]) == [(("./k/other.yaml",), ()), ((), ("./k",))]
    assert {path.rsplit("/", 2)[-1] for path in references("k")} == {"a.yaml", "p.yaml", "base", "nic.yaml"}


def test_a_kustomization_is_built_and_its_findings_stand_in_the_users_files(tree, kustomize):
    tree(
        {
            "base/kustomization.yaml": KUSTOMIZATION + "resources: [nic.yaml]\n",
            "base/nic.yaml": POLICY.replace("spec: {}", "spec:\n  nodeAffinity: {}"),
            "top/kustomization.yaml": KUSTOMIZATION + "resources: [../base]\npatches:\n- path: patch.yaml\n",
            "top/patch.yaml": POLICY.replace("spec: {}", "spec:\n  nvIpamm: {}"),
        }
    )
    report = aksrdma.validate(Path(), release="v25.10.0")

    assert [(one.file, one.line, one.path) for one in report.findings] == [("top/patch.yaml", 6, "spec.nvIpamm")]


def test_a_kustomization_that_cannot_be_built_is_a_finding(tree, kustomize):
    tree({"kustomization.yaml": KUSTOMIZATION + "resources: [nowhere.yaml]\n"})
    report = aksrdma.validate(Path())

    assert [one.rule for one in report.findings] == ["kustomize-build-failed"]
    assert "nowhere.yaml" in report.findings[0].message


def test_without_kustomize_a_note_says_to_pipe_the_build_in(tree, monkeypatch):
    tree({"kustomization.yaml": KUSTOMIZATION + "resources: [a.yaml]\n", "a.yaml": POLICY})
    monkeypatch.setenv("PATH", "")
    report = aksrdma.validate(Path())

    assert report.ok
    assert "pipe a build in" in report.notes[0]


RELEASED = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
spec:
  secondaryNetwork:
    multus: {repository: r.example.com, image: multus-cni, version: %s}
  %s
"""


@pytest.mark.parametrize(
    ("version", "release"),
    [
        pytest.param("network-operator-v25.10.0", "v25.10.0", id="the-versions-name"),
        pytest.param("network-operator-v26.4.0", "v26.4.2", id="an-older-patch-counts-as-its-minor"),
        pytest.param("network-operator-v26.1.0-beta.3", "v26.1.2", id="a-beta-counts-as-its-minor"),
        pytest.param("v3.9.3", "v25.1.0", id="one-from-before-the-catalog-counts-as-the-oldest"),
        pytest.param("network-operator-v27.1.0", "v26.7.0", id="one-from-after-the-catalog-counts-as-the-newest"),
        pytest.param("v9.9.9", None, id="nothing-else-tells"),
    ],
)
def test_the_release_is_the_one_that_image_versions_name(version, release):
    (note,) = aksrdma.validate(RELEASED % (version, "")).notes

    assert f"judged by {release}: " in note if release else "no release is given" in note
    assert version in note or release is None


def test_a_cluster_file_gives_its_set_the_release(tree):
    cluster = "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec:\n  release: v25.1.0\n"
    tree({"cluster.yaml": cluster, "nic.yaml": POLICY.replace("spec: {}", "spec:\n  global: {}")})
    report = aksrdma.validate(Path())

    assert "v26.4.1" in report.findings[0].message + report.findings[0].fix
    assert report.notes == ()


def test_a_cluster_file_is_judged_as_render_would():
    report = aksrdma.validate("apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec:\n  profil: base\n")

    assert [(one.rule, one.line, one.path) for one in report.findings] == [("cluster-file-invalid", 4, "spec.profil")]


def test_a_folder_of_clusters_is_as_many_sets(tree):
    tree({f"c{number}/nic.yaml": POLICY for number in range(5)})
    apart = aksrdma.validate(Path(), release="v25.10.0")
    together = aksrdma.validate(Path(), release="v25.10.0", together=True)

    assert apart.summary.sets == 5
    assert "nicclusterpolicy-second" not in {one.rule for one in apart.findings}
    assert "nicclusterpolicy-second" in {one.rule for one in together.findings}


def test_what_is_no_manifest_is_counted_and_with_strict_an_error():
    text = "a: 1\n---\napiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: a}\n"
    lenient = aksrdma.validate(text)
    strict = aksrdma.validate(text, strict=True)

    assert (lenient.findings, lenient.summary.not_manifests) == ((), 1)
    assert lenient.summary.unknown_kinds == (("example.com/v1 Gadget", 1),)
    assert {one.rule for one in strict.findings} == {"not-a-manifest", "unknown-kind"}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(POLICY.replace("spec: {}", "spec: {nvIpamm: {}}"), id="text"),
        pytest.param(
            {
                "apiVersion": "mellanox.com/v1alpha1",
                "kind": "NicClusterPolicy",
                "metadata": {"name": "nic-cluster-policy"},
                "spec": {"nvIpamm": {}},
            },
            id="mapping",
        ),
        pytest.param([POLICY.replace("spec: {}", "spec: {nvIpamm: {}}"), POD.format(name="a")], id="list"),
    ],
)
def test_a_source_may_be_text_a_mapping_or_a_list(source):
    report = aksrdma.validate(source, release="v26.4.1")

    assert [one.path for one in report.findings if one.rule == "unknown-field"] == ["spec.nvIpamm"]


def test_a_typed_object_may_be_a_source():
    from aksrdma.models import NicClusterPolicy

    policy = NicClusterPolicy.model_validate(
        {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicClusterPolicy", "metadata": {"name": "other"}, "spec": {}}
    )

    assert [one.rule for one in aksrdma.validate(policy).findings] == ["nicclusterpolicy-name"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"release": "v1"}, UnknownNameError, id="release"),
        pytest.param({"vm_sizes": ("Standard_X",)}, UnknownNameError, id="vm-size"),
        pytest.param({"select": ("nope",)}, UnknownNameError, id="rule"),
    ],
)
def test_a_wrong_option_is_an_error(fields, error):
    with pytest.raises(error):
        aksrdma.validate(POLICY, **fields)


def test_a_source_of_another_type_is_an_error():
    with pytest.raises(UsageError, match="not int"):
        aksrdma.validate(3)


def test_findings_are_frozen():
    finding = aksrdma.validate(POLICY.replace("policy\n", "policyy\n"), release="v26.4.1").findings[0]

    with pytest.raises(AttributeError):
        finding.rule = "other"


def test_a_cluster_is_judged_as_its_file_would_be():
    pool = aksrdma.NodePool(name="a", vm_size="Standard_ND96isr_H100_v5", count=2)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    pod["spec"] = {"containers": [{"name": "a", "image": "b", "resources": {"limits": {"rdma/ib": 9}}}]}

    (wrong,) = aksrdma.validate(
        aksrdma.Cluster(node_pools=[dataclasses.replace(pool, vm_size="Standard_ND96is_H100_v5")])
    ).findings
    together = aksrdma.validate([aksrdma.Cluster(node_pools=[pool]), pod]).findings

    assert (wrong.rule, wrong.object, wrong.path) == (
        "cluster-not-servable",
        "RdmaCluster/aks-rdma",
        "spec.nodePools[0].vmSize",
    )
    assert "sriov-rdma-count-above-vm-nics" in [one.rule for one in together]


@pytest.mark.parametrize("file", sorted(CLUSTERS.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_cluster_as_data_is_read_as_the_same_cluster(file):
    cluster = aksrdma.load(file)

    assert aksrdma.Cluster.from_mapping(to_data(cluster)) == cluster
    assert aksrdma.validate(cluster).ok
