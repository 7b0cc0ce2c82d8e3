"""Sets of a repository: all below a cluster file is one, and a file that a kustomization lists is judged in what it builds."""

import os
from itertools import combinations
from pathlib import Path

import pytest

import aksrdma
from aksrdma.validation import Options
from aksrdma.validation.run import run
from aksrdma.validation.sources import sets_with, sources_of

KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata: {name: train}
spec:
  release: v25.10.0
  profile: %s
  nodePools:
  - {name: a, vmSize: Standard_HB120rs_v3, count: 2}
"""
POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec:
  ofedDriver: {image: doca-driver, repository: nvcr.io/nvidia/mellanox, version: doca3.2.0-25.10-1.2.8.0-2}
"""
PLUGIN = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec:
  rdmaSharedDevicePlugin:
    image: k8s-rdma-shared-dev-plugin
    repository: nvcr.io/nvidia/mellanox
    version: network-operator-v25.10.0
    config: '{"configList": [{"resourceName": "shared_ib", "rdmaHcaMax": 63, "selectors": {"vendors": ["15b3"], "linkTypes": ["infiniband"]}}]}'
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: b
    resources: {limits: {%s: 1}}
    securityContext: {capabilities: {add: [IPC_LOCK]}}
"""
WRONG = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\nspecc: {}\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make files below a folder that is a repository, and work there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()

    def make(files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return make


def told(report):
    return [(one.file, one.rule) for one in report.findings]


def named(*paths, **options):
    return run(sources_of(paths, completed=True), Options(**options))


def sets(*paths):
    return [(one.name, one.files, one.kustomizations) for one in sources_of(paths)]


def test_all_below_a_cluster_file_is_one_set(tree):
    tree(
        {
            "set/cluster.yaml": CLUSTER % "ipoib",
            "set/apps/deep/pod.yaml": POD,
            "set/out/kustomization.yaml": KUSTOMIZATION,
            "other/pod.yaml": POD,
            "set/own/cluster.yml": CLUSTER % "base",
            "set/own/apps/pod.yaml": POD,
        }
    )

    assert sets(".") == [
        ("./set", ("./set/cluster.yaml", "./set/apps/deep/pod.yaml"), ("./set/out",)),
        ("./set/own", ("./set/own/cluster.yml", "./set/own/apps/pod.yaml"), ()),
        ("./other/pod.yaml", ("./other/pod.yaml",), ()),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# RdmaCluster\n" + POD, id="a-comment"),
        pytest.param("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: RdmaCluster}\n", id="data"),
        pytest.param("RdmaCluster: {", id="no-yaml"),
    ],
)
def test_who_only_mentions_a_cluster_file_is_none(tree, text):
    tree({"a/x.yaml": text, "a/b/pod.yaml": POD})

    assert [name for name, _, _ in sets("a")] == ["a/x.yaml", "a/b/pod.yaml"]


def test_a_cluster_file_and_a_kustomization_in_one_folder_are_one_set(tree):
    tree({"a/cluster.yaml": CLUSTER % "base", "a/kustomization.yaml": KUSTOMIZATION})

    assert sets("a") == [("a", ("a/cluster.yaml",), ("a",))]


def test_files_named_one_by_one_are_below_a_cluster_file_that_is_named_too(tree):
    tree({"a/cluster.yaml": CLUSTER % "base", "a/b/pod.yaml": POD})

    assert len(sets("a/cluster.yaml", "./a/b/pod.yaml")) == 1
    assert len(sets("a/b/pod.yaml")) == 1


def test_a_pod_beside_a_rendered_tree_is_told_what_this_does_not_expose(tree, kustomize, on_path):
    folder = tree({"set/cluster.yaml": CLUSTER % "rdma-shared-device-plugin", "set/apps/pod.yaml": POD % "rdma/ib"})
    aksrdma.render(aksrdma.load(folder / "set/cluster.yaml")).write(folder / "set/out")
    report = aksrdma.validate(Path("set"))

    assert told(report) == [("set/apps/pod.yaml", "pod-rdma-resource-unexposed")]
    assert (report.summary.sets, report.notes) == (1, ())


def test_what_two_kustomizations_of_a_set_build_alike_joins_it_once(tree, on_path):
    common = {"kustomization.yaml": KUSTOMIZATION + "resources: [../base]\n"}
    tree(
        {
            "set/cluster.yaml": CLUSTER % "base",
            "set/base/kustomization.yaml": KUSTOMIZATION + "resources: [nic.yaml]\n",
            "set/base/nic.yaml": POLICY,
            **{f"set/{name}/{file}": text for name in ("a", "b") for file, text in common.items()},
        }
    )
    report = aksrdma.validate(Path("set"))

    assert (told(report), report.summary.documents) == ([], 2)


@pytest.fixture
def on_path(kustomize, monkeypatch):
    """The program kustomize, alone on PATH."""
    monkeypatch.setenv("PATH", os.path.dirname(kustomize))  # noqa: PTH120


@pytest.fixture
def overlay(tree):
    """A base and an overlay whose patch brings a device plugin, with a mistake in each of their files."""
    return tree(
        {
            "base/kustomization.yaml": KUSTOMIZATION + "resources: [nic.yaml, base.yaml]\n",
            "base/nic.yaml": POLICY,
            "base/base.yaml": WRONG % "a",
            "top/kustomization.yaml": KUSTOMIZATION
            + "resources: [../base, pod.yaml, own.yaml]\npatches: [{path: patches/plugin.yaml}]\n",
            "top/patches/plugin.yaml": PLUGIN + "  zzz: {}\n",
            "top/pod.yaml": POD % "rdma/shared_ib",
            "top/own.yaml": WRONG % "b",
            "top/loose.yaml": WRONG % "c",
        }
    )


FOUND = {
    "base/base.yaml": ["unknown-field"],
    "base/nic.yaml": [],
    "top/patches/plugin.yaml": ["unknown-field"],
    "top/pod.yaml": [],
    "top/own.yaml": ["unknown-field"],
    "top/loose.yaml": ["unknown-field"],
}


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize("build", ["built", "read"])
def test_files_of_a_kustomization_are_told_the_same_whichever_are_named(overlay, on_path, monkeypatch, count, build):
    if build == "read":
        monkeypatch.setenv("PATH", "")
    for files in combinations(FOUND, count):
        report = named(*files)

        assert sorted(told(report)) == sorted((file, rule) for file in files for rule in FOUND[file])


def test_a_file_is_called_as_the_user_calls_it(overlay, on_path, monkeypatch):
    monkeypatch.chdir(overlay / "top/patches")

    assert told(named("plugin.yaml", "../own.yaml")) == [
        ("../own.yaml", "unknown-field"),
        ("plugin.yaml", "unknown-field"),
    ]
    assert told(named(str(overlay / "top/own.yaml"))) == [(str(overlay / "top/own.yaml"), "unknown-field")]


def test_a_patch_that_its_kustomization_lists_is_one_where_nobody_builds_it(tree, monkeypatch):
    monkeypatch.setenv("PATH", "")
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a%s}]}\n"
    tree(
        {
            "kustomization.yaml": KUSTOMIZATION + "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
            "a.yaml": pod % ", image: b",
            "p.yaml": pod % ", tty: true",
        }
    )
    report = named("p.yaml")

    assert (told(report), report.summary.documents) == ([], 2)
    assert report.notes == (
        ".: the files of this kustomization were judged as they are: neither kustomize nor kubectl is on PATH to build it",
        "p.yaml: Pod/a is a patch: what it leaves out was not judged (validate its build)",
    )


def test_a_kustomization_that_cannot_be_built_is_told_where_it_is_named_itself(overlay, on_path):
    with (overlay / "top/kustomization.yaml").open("a") as file:
        file.write("components: [gone]\n")

    by_file = named("top/pod.yaml", "top/own.yaml")
    itself = named("top/kustomization.yaml")

    assert told(by_file) == [("top/own.yaml", "unknown-field")]
    assert "kustomize cannot build it: " in by_file.notes[0]
    assert told(itself) == [("top/kustomization.yaml", "kustomize-build-failed")]


def test_the_kustomization_of_a_repository_above_is_none_of_ours(tree, on_path):
    tree(
        {
            "kustomization.yaml": KUSTOMIZATION + "resources: [inner/a.yaml]\n",
            "inner/.git/HEAD": "",
            "inner/a.yaml": WRONG % "a",
        }
    )

    assert [(one.files, one.kustomizations) for one in sources_of(["inner/a.yaml"], completed=True)] == [
        (("inner/a.yaml",), ())
    ]


def test_an_object_with_another_name_in_the_build_is_found_where_it_was_written(tree, on_path):
    tree(
        {
            "kustomization.yaml": KUSTOMIZATION + "namePrefix: dev-\nnameSuffix: -1\nresources: [a.yaml, b.yaml]\n",
            "a.yaml": POD.replace("name: p", "name: pod") % "rdma/ib" + "zzz: {}\n",
            "b.yaml": POD.replace("name: p", "name: po") % "rdma/ib",
        }
    )

    assert told(named("a.yaml")) == [("a.yaml", "unknown-field")]
    assert told(named("b.yaml")) == []


def test_comments_in_the_files_of_a_kustomization_suppress_what_stands_there(tree, on_path):
    tree(
        {
            "base/kustomization.yaml": KUSTOMIZATION + "resources: [a.yaml]\n",
            "base/a.yaml": "# aksrdma: ignore wrong-type -- used by another overlay\n" + WRONG % "a",
            "top/kustomization.yaml": KUSTOMIZATION + "resources: [../base, b.yaml, c.yaml]\n",
            "top/b.yaml": (WRONG % "b").replace("{}", "{}  # aksrdma: ignore unknown-field -- on purpose"),
            "top/c.yaml": "apiVersion: v1  # aksrdma: ignore unknown-field -- nothing\nkind: Namespace\nmetadata: {name: c}\n",
        }
    )
    report = aksrdma.validate(Path())

    assert told(report) == [("base/a.yaml", "unknown-field"), ("top/c.yaml", "unused-suppression")]
    assert report.summary.suppressed == 1


def changed(*paths, together=False):
    return run(sets_with(paths, together=together), Options(release="v25.10.0"))


@pytest.fixture
def plain(tree):
    """A policy, a network that draws from a pool, and the pool, in one folder without a kustomization."""
    network = 'apiVersion: mellanox.com/v1alpha1\nkind: IPoIBNetwork\nmetadata: {name: ib}\nspec: {networkNamespace: default, master: ibs0, ipam: \'{"type": "nv-ipam", "poolName": "p"}\'}\n'
    pool = "apiVersion: nv-ipam.nvidia.com/v1alpha1\nkind: IPPool\nmetadata: {name: p, namespace: network-operator}\nspec: {subnet: 192.168.0.0/16, perNodeBlockSize: 8, gateway: 192.168.0.1}\n"
    sections = (
        "  nvIpam: {image: nvidia-k8s-ipam, repository: nvcr.io/nvidia/mellanox, version: network-operator-v25.10.0}\n"
    )
    cni = "".join(
        f"    {name}: {{image: {image}, repository: nvcr.io/nvidia/mellanox, version: network-operator-v25.10.0}}\n"
        for name, image in (("multus", "multus-cni"), ("ipoib", "ipoib-cni"), ("cniPlugins", "plugins"))
    )
    return tree(
        {
            "a/nic.yaml": POLICY + sections + "  secondaryNetwork:\n" + cni,
            "a/network.yaml": network,
            "a/pool.yaml": pool,
            "b/wrong.yaml": WRONG % "a",
            ".hidden/wrong.yaml": WRONG % "b",
        }
    )


def test_changed_files_are_judged_with_what_lies_beside_them(plain):
    alone = [one.rule for one in named("a/network.yaml", "a/nic.yaml", release="v25.10.0").findings]

    assert alone == ["nvipam-pool-missing"]
    for count in (1, 2, 3):
        for files in combinations(["a/nic.yaml", "a/network.yaml", "a/pool.yaml"], count):
            assert told(changed(*files)) == []


def test_of_a_set_with_changes_only_what_stands_in_these_is_told(plain):
    (plain / "b/more.yaml").write_text(WRONG % "c")

    assert told(changed("b/wrong.yaml")) == [("b/wrong.yaml", "unknown-field")]
    assert told(changed("./b/more.yaml", "b/wrong.yaml")) == [
        ("b/more.yaml", "unknown-field"), ("b/wrong.yaml", "unknown-field"),
    ]  # fmt: skip
    assert changed("a/pool.yaml").summary.sets == 1


def test_changes_outside_of_all_sets_and_those_that_remove_a_file(plain):
    assert told(changed(".hidden/wrong.yaml", "gone.yaml")) == [(".hidden/wrong.yaml", "unknown-field")]
    assert changed("gone.yaml").summary.files == 0


def test_together_goes_for_changes_as_well(plain):
    (plain / "b/nic.yaml").write_text(POLICY)

    assert told(changed("b/nic.yaml")) == []
    assert told(changed("b/nic.yaml", together=True)) == [("b/nic.yaml", "nicclusterpolicy-second")]


def test_the_patch_of_a_kustomization_is_told_the_same_in_a_commit_hook(overlay, on_path):
    for count in (1, 3):
        for files in combinations(FOUND, count):
            assert sorted(told(changed(*files))) == sorted((file, rule) for file in files for rule in FOUND[file])


def test_all_that_a_rendered_tree_has_can_be_named_one_by_one_and_strictly(tree, on_path):
    folder = tree({"cluster.yaml": CLUSTER % "ipoib"})
    aksrdma.render(aksrdma.load(folder / "cluster.yaml")).write(folder / "out")
    files = sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())
    page = named("out/INSTALL.md", strict=True)

    assert "out/INSTALL.md" in files
    assert told(named(*files, strict=True)) == []
    assert told(named("out", strict=True)) == []
    assert (page.findings, page.summary.not_manifests, page.is_empty) == ((), 1, False)


def test_another_page_is_read_as_the_yaml_that_it_is_not(tree):
    tree({"README.md": "a: b: c\n"})

    assert [rule for _, rule in told(named("README.md"))] == ["yaml-syntax"]


@pytest.mark.parametrize("file", ["base/kustomization.yaml", "top/kustomization.yaml"])
def test_a_changed_kustomization_that_breaks_the_build_is_told(overlay, on_path, file):
    with (overlay / file).open("a") as kustomization:
        kustomization.write("components: [gone]\n")

    assert told(changed(file)) == [("top/kustomization.yaml", "kustomize-build-failed")]
    assert told(changed("top/own.yaml")) == [("top/own.yaml", "unknown-field")]


def test_a_changed_kustomization_that_builds_has_nothing_wrong_for_what_its_files_have(overlay, on_path):
    assert told(changed("top/kustomization.yaml", "base/kustomization.yaml")) == []
