"""A release in one command: `catalog import` makes row and schemas of a chart, and says what a person must still decide."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

import aksrdma
from aksrdma import catalog
from aksrdma.errors import ReadError, UsageError
from aksrdma.schemas.make import charts, imported, read_chart
from tests.schemas.release_charts import (
    GROUPS,
    IMAGE,
    NEW,
    chart,
    checkout,
    pack,
    policy_spec,
    values,
    write,
)

NEWEST = catalog.release(catalog.newest())
DRIVER = {"image": "doca-driver", "repository": "nvcr.io/nvidia/mellanox", "version": "doca3.6.0-26.10-1.0.0.0-0"}
MULTUS = {"image": "multus-cni", "repository": "nvcr.io/nvidia/mellanox", "version": f"network-operator-{NEW}"}


def row_of(made):
    return yaml.safe_load(made.files[f"releases/{made.name}.yaml"])


def of(tmp_path, files, release=None):
    return imported(read_chart(write(tmp_path / "source", files)), release)


def told(made, begin):
    return [line for line in made.decide if line.startswith(begin)]


def run(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(Path(aksrdma.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", "aksrdma", *map(str, arguments)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_after_the_import_render_and_validate_know_the_release(tmp_path):
    source = pack(tmp_path / "chart.tgz", chart())
    (tmp_path / "aksrdma.toml").write_text('catalog = "facts"\n')

    done = run(tmp_path, "catalog", "import", source)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{NEW}: 13 files written to {tmp_path / 'facts'}, 0 unchanged\n")
    assert "- support: the state of" in done.stdout
    assert "To use it" not in done.stdout
    rendered = run(tmp_path, "render", "--release", NEW, "--profile", "ipoib", "--out-dir", "out")
    assert rendered.returncode == 0, rendered.stderr
    for size in ("Standard_ND96isr_H100_v5", "Standard_ND96isr_MI300X_v5", "Standard_ND128isr_GB300_v6"):
        with_gpus = run(tmp_path, "render", "--release", NEW, "--vm-size", size, "--out-dir", f"out-{size}")
        assert with_gpus.returncode == 0, with_gpus.stderr
    judged = run(tmp_path, "validate", "out", "--release", NEW, "--strict")
    assert judged.returncode == 0, judged.stdout
    policy = (tmp_path / "out/nicclusterpolicy/ipoib/ipoib.yaml").read_text()
    assert f"version: network-operator-{NEW}" in policy
    shown = run(tmp_path, "catalog", "releases").stdout.splitlines()[-1]
    assert shown.split()[:4] == [NEW, "-", "1.33", "-"]
    row, candidate = tmp_path / f"facts/releases/{NEW}.yaml", NEW.replace("10", "11") + "-rc.1"
    (row.parent / f"{candidate}.yaml").write_text(row.read_text().replace(f"name: {NEW}", f"name: {candidate}"))
    started = run(tmp_path, "init", "--vm-size", "Standard_HB176rs_v4")
    assert f"release: {NEW}\n" in started.stdout, "a candidate is no release yet"
    text = run(tmp_path, "catalog", "releases", NEW)
    assert "kubernetes     1.33 or later" in text.stdout, text.stderr


@pytest.mark.parametrize(
    ("size", "driver", "asked", "named"),
    [
        ("Standard_ND96isr_H100_v5", "gpu-operator", "", True),
        ("Standard_ND96isr_H100_v5", "gpu-operator", "  gpuOperator: {version: v26.10.1}\n", False),
        ("Standard_ND96isr_H100_v5", "aks", "", False),
        ("Standard_ND96isr_MI300X_v5", "gpu-operator", "", True),
    ],
    ids=["gpu-operator", "a-version-of-its-own", "the-device-plugin", "amd"],
)
def test_with_an_imported_release_goes_what_went_with_the_one_before(size, driver, asked, named, tmp_path):
    (tmp_path / "aksrdma.toml").write_text('catalog = "facts"\n')
    assert run(tmp_path, "catalog", "import", pack(tmp_path / "chart.tgz", chart())).returncode == 0
    pools = f"[{{name: gpus, vmSize: {size}, count: 2}}]"
    head = "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nmetadata: {name: c}\nspec:\n"
    (tmp_path / "c.yaml").write_text(f"{head}  release: {NEW}\n  gpuDriver: {driver}\n{asked}  nodePools: {pools}\n")

    done = run(tmp_path, "render", "c.yaml", "--out-dir", "out")

    assert done.returncode == 0, done.stderr
    assert (f"Operator goes with {NEW} is not known" in done.stderr) is named
    vendor = "amd" if "MI300X" in size else "nvidia"
    version = catalog.gpu_operators()[vendor].versions[NEWEST.name] if not asked else "v26.10.1"
    if driver == "gpu-operator":
        assert f"--version {version} " in (tmp_path / "out" / "INSTALL.md").read_text()
    else:
        assert (tmp_path / "out" / "nvidia-device-plugin").is_dir()


def test_a_packed_chart_and_an_unpacked_one_are_the_same_release(tmp_path):
    packed = imported(read_chart(pack(tmp_path / "chart", chart())))
    unpacked = imported(read_chart(write(tmp_path / "unpacked/chart", chart())))

    assert packed == unpacked


def test_a_second_import_changes_no_byte_and_none_overwrites_what_was_decided(tmp_path):
    source = write(tmp_path / "chart", chart())
    first = run(tmp_path, "catalog", "import", source, "--out-dir", "facts")
    again = run(tmp_path, "catalog", "import", source, "--out-dir", "facts")
    row = tmp_path / f"facts/releases/{NEW}.yaml"
    decided = row.read_text().replace("date: null", "date: 2026-11-25")
    row.write_text(decided)
    (tmp_path / f"facts/schemas/{NEW}/mellanox.com/nicnodepolicy_v1alpha1.json").unlink()
    third = run(tmp_path, "catalog", "import", source, "--out-dir", "facts")

    assert 'write catalog = "facts" into aksrdma.toml' in first.stdout
    assert f"{NEW}: 0 files written to facts, 13 unchanged" in again.stdout
    assert (third.returncode, third.stdout) == (3, "")
    assert f"facts/releases/{NEW}.yaml is there and differs, perhaps by what you decided" in third.stderr
    assert third.stderr.rstrip().endswith("Nothing was written")
    assert row.read_text() == decided
    assert not (tmp_path / f"facts/schemas/{NEW}/mellanox.com/nicnodepolicy_v1alpha1.json").exists()


def test_without_a_folder_and_without_a_configuration_one_is_asked_for(tmp_path):
    done = run(tmp_path, "catalog", "import", write(tmp_path / "chart", chart()))

    assert (done.returncode, done.stderr.startswith("error: name the folder of your catalog with --out-dir")) == (
        2,
        True,
    )


def test_a_link_in_the_folder_of_the_catalog_leads_nothing_out_of_it(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "facts/schemas").mkdir(parents=True)
    (tmp_path / f"facts/schemas/{NEW}").symlink_to(tmp_path / "elsewhere")
    done = run(tmp_path, "catalog", "import", write(tmp_path / "chart", chart()), "--out-dir", "facts")

    assert done.returncode == 3
    assert "leads out of the output folder" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_row_has_what_the_chart_says(tmp_path):
    row = row_of(of(tmp_path, chart()))

    assert row["chart"] == {
        "name": "network-operator", "version": "26.10.0", "app_version": NEW, "kube_version": ">= 1.33.0-0",
        "repository": NEWEST.chart.repository,
    }  # fmt: skip
    assert row["operator"] == {
        "name": "operator", "path": "operator.image", "repository": "nvcr.io/nvidia/cloud-native",
        "image": "network-operator", "version": NEW,
    }  # fmt: skip
    assert row["kubernetes"] == {"min": "1.33", "max": None, "documented": None}
    assert row["nfd"]["subchart_version"] == "0.3.0"
    assert row["nfd"]["image"]["version"] == f"network-operator-{NEW}"
    assert (row["nfd"]["image"]["repository"], row["nfd"]["image"]["image"]) == (
        "nvcr.io/nvidia/mellanox", "node-feature-discovery"
    )  # fmt: skip
    assert row["helm_images"].keys() == NEWEST.helm_images.keys()
    assert {one["version"] for one in row["helm_images"].values()} == {f"network-operator-{NEW}"}
    assert row["helm_defaults"].keys() == NEWEST.helm_defaults.keys()
    assert [row[key] for key in ("date", "support", "driver_tags", "lts_driver", "checked")] == [None] * 5


def test_components_that_a_chart_alone_does_not_name_are_guessed_or_kept_and_told(tmp_path):
    made = of(tmp_path, chart())
    row = row_of(made)

    assert row["components"]["multus"]["version"] == f"network-operator-{NEW}"
    assert row["components"]["ofedDriver"]["version"] == NEWEST.components["ofedDriver"].version
    (guessed,) = told(made, "components: the chart has no image of")
    assert "rdmaSharedDevicePlugin" in guessed
    assert told(made, "components.ofedDriver: ") == [
        f"components.ofedDriver: the chart does not name it; {NEWEST.components['ofedDriver'].version} is of {NEWEST.name}"
    ]
    assert "the chart does not name it" in row["unsure"]["components.ofedDriver"]


def test_a_checkout_has_the_images_of_all_components_and_the_crds_that_the_operator_brings(tmp_path):
    made = of(tmp_path, checkout({"Mofed": DRIVER, "Multus": MULTUS, "odd": 1}))
    row = row_of(made)

    assert row["components"]["ofedDriver"] == {"path": "spec.ofedDriver", **DRIVER}
    assert told(made, "components.ofedDriver") == []
    assert told(made, "schemas:") == []
    assert "005-ippool.yaml" in made.files[f"schemas/{NEW}/SOURCES.yaml"]
    assert "- file: policy.yaml" not in made.files[f"schemas/{NEW}/SOURCES.yaml"], "the bundle is another copy"


def test_crds_that_a_chart_lacks_are_those_of_the_release_before(tmp_path):
    made = of(tmp_path, chart())
    ours = Path(aksrdma.schemas.schema_folder(NEWEST.name))

    assert told(made, "schemas:") == [
        f"schemas: the chart has no CRDs of CIDRPool, IPPool; those of {NEWEST.name} were taken"
    ]
    file = "nv-ipam.nvidia.com/ippool_v1alpha1.json"
    assert made.files[f"schemas/{NEW}/{file}"] == (ours / file).read_text()
    assert not any("other.example.com" in path for path in made.files)


def test_the_files_of_a_release_come_before_its_row(tmp_path):
    *schemas, row = of(tmp_path, chart()).files

    assert row == f"releases/{NEW}.yaml"
    assert all(path.startswith(f"schemas/{NEW}/") for path in schemas)


@pytest.mark.parametrize("release", ["v26.10.0", "26.10.0", " v26.10.0 "])
def test_a_chart_of_a_candidate_may_be_taken_as_the_release(release, tmp_path):
    staged = "nvcr.io/nvstaging/mellanox"
    driver = {**DRIVER, "repository": staged}
    multus = {**MULTUS, "repository": staged, "version": f"network-operator-{NEW}-rc.2"}
    files = checkout(
        {"Mofed": driver, "Multus": multus},
        app_version=f"{NEW}-rc.2",
        values=values(f"network-operator-{NEW}-rc.2", registry=staged),
    )
    made = of(tmp_path, files, release)
    row = row_of(made)

    assert (made.name, row["chart"]["version"], row["operator"]["version"]) == (NEW, "26.10.0", NEW)
    assert row["components"]["multus"] == {"path": "spec.secondaryNetwork.multus", **MULTUS}
    assert row["helm_images"]["sriovCni"]["repository"] == "nvcr.io/nvidia/mellanox"
    assert (row["components"]["ofedDriver"]["repository"], row["components"]["ofedDriver"]["public"]) == (staged, False)
    assert "staging" in row["components"]["ofedDriver"]["note"]
    public = told(made, "images: ")[0]
    assert f"as those of {NEW} in the public registry, where the chart has {NEW}-rc.2; see that" in public
    assert told(made, f"images: from {staged}") == [
        f"images: from {staged}, which is not public: components.ofedDriver ({DRIVER['version']}); see where they are published"
    ]
    assert row["unsure"]["components.ofedDriver"].endswith(f"is named only on {staged}, which is not public")


def test_what_a_candidate_s_chart_does_not_name_is_where_its_other_images_are(tmp_path):
    staged = "nvcr.io/nvstaging/mellanox"
    files = chart(app_version=f"{NEW}-rc.2", values=values(f"network-operator-{NEW}-rc.2", registry=staged))
    made = of(tmp_path, files)
    row = row_of(made)

    assert row["components"]["multus"]["repository"] == staged
    assert row["components"]["multus"]["public"] is False
    (private,) = told(made, f"images: from {staged}")
    assert private.startswith(f"images: from {staged}, which is not public: components.rdmaSharedDevicePlugin, ")
    assert row_of(of(tmp_path, files, NEW))["components"]["multus"]["repository"] == "nvcr.io/nvidia/mellanox"


def test_a_candidate_keeps_its_name_where_none_is_given(tmp_path):
    made = of(tmp_path, chart(app_version=f"{NEW}-rc.2", values=values(f"network-operator-{NEW}-rc.2")))

    assert made.name == f"{NEW}-rc.2"
    assert row_of(made)["helm_images"]["sriovCni"]["version"] == f"network-operator-{NEW}-rc.2"
    assert not any("see that they are published" in line for line in made.decide)


@pytest.mark.parametrize(
    ("app_version", "release", "wrong"),
    [
        pytest.param(NEW, "v27.1.0", "is the chart of 'v26.10.0', not of v27.1.0; leave --release out", id="of-another-release"),
        pytest.param(f"{NEW}-rc.1", "v26.10.0-rc.2", "not of v26.10.0-rc.2", id="of-another-candidate"),
        pytest.param("v26.10.01", "v26.10.0", "not of v26.10.0", id="of-a-longer-number"),
        pytest.param(NEW, "../../etc", "'v../../etc' is no name of a release", id="a-path"),
        pytest.param("../../etc/passwd", None, "'v../../etc/passwd' is no name of a release", id="a-path-in-the-chart"),
        pytest.param("latest", None, "'vlatest' is no name of a release; name one such as v26.7.0 with --release", id="no-number"),
        pytest.param("", None, "its Chart.yaml has no appVersion", id="nothing"),
        pytest.param("", NEW, "its Chart.yaml has no appVersion", id="nothing-but-a-name-given"),
        pytest.param("v26.10.0\n", None, "is no name of a release", id="a-line-more"),
    ],
)  # fmt: skip
def test_a_name_is_one_of_a_release_and_that_of_the_chart(app_version, release, wrong, tmp_path):
    with pytest.raises(UsageError) as caught:
        of(tmp_path, chart(app_version=app_version), release)

    assert wrong in str(caught.value)


def test_what_came_and_went_is_told(tmp_path):
    spec = policy_spec(without=("xPlane",), newDriver={"properties": IMAGE["properties"], "type": "object"})
    files = chart(
        spec=spec,
        values=values(**{"operator.brandNew": 7, "operator.empty": "", "operator.added": "ghcr.io/a/new-image:v1"}),
    )
    changed = yaml.safe_load(files["values.yaml"])
    del changed["keepNCP"], changed["sriov-network-operator"]["images"]["ovsCni"]
    made = of(tmp_path, files | {"values.yaml": yaml.safe_dump(changed)})
    row = row_of(made)

    assert "xPlane" not in row["components"]
    assert told(made, "components.xPlane") == [
        "components.xPlane: spec.spectrumXOperator.xPlane is gone; say in field_notes what takes its place"
    ]
    assert told(made, "components: spec.newDriver") == [
        "components: spec.newDriver has an image that no row names; add it"
    ]
    assert told(made, "helm_images.ovsCni") == [
        "helm_images.ovsCni: the chart has no sriov-network-operator.images.ovsCni with an image any more"
    ]
    assert told(made, "helm_images: ") == [
        "helm_images: operator.added is ghcr.io/a/new-image:v1, which no row names; add it where it matters"
    ]
    assert told(made, "helm_defaults: ")[0].startswith("helm_defaults: the chart has no keepNCP any more")
    assert row["helm_defaults"]["operator.brandNew"] == 7
    assert not {"operator.empty", "operator.added", "keepNCP"} & row["helm_defaults"].keys()
    (new,) = told(made, "field_notes: new since")
    assert "NicClusterPolicy.spec.newDriver" in new
    assert "NicClusterPolicy.spec.newDriver.image" not in new
    (gone,) = told(made, "field_notes: gone since")
    assert "IPoIBNetwork.spec.ipam" in gone


def test_a_kind_of_the_operator_that_a_chart_lacks_is_gone_and_not_lent(tmp_path):
    kinds = {**GROUPS, "mellanox.com": tuple(kind for kind in GROUPS["mellanox.com"] if kind != "NicNodePolicy")}
    made = of(tmp_path, chart(kinds=kinds))

    assert not any("nicnodepolicy" in path for path in made.files)
    assert "NicNodePolicy" in told(made, "field_notes: gone since")[0]


def test_defaults_of_a_sub_chart_count_where_the_chart_sets_none_and_new_ones_are_told(tmp_path):
    below = {"image": {"tag": "own", "pullPolicy": "Always"}, "master": {"brandNew": ["a"], "empty": [], "odd": [1]}}
    made = of(tmp_path, chart(below=below))
    row = row_of(made)

    assert row["nfd"]["image"]["version"] == f"network-operator-{NEW}", "what the chart sets beats its sub-chart"
    assert told(made, "helm_defaults: new in the sub-charts") == [
        "helm_defaults: new in the sub-charts: node-feature-discovery.master.brandNew; add what matters"
    ]
    assert "node-feature-discovery.master.brandNew" not in row["helm_defaults"]


@pytest.mark.parametrize("set_by_the_chart", [True, False])
def test_an_image_that_the_chart_itself_leaves_out_stays_one_that_is_not_there_by_default(set_by_the_chart, tmp_path):
    own = values()
    if not set_by_the_chart:
        del own["sriov-network-operator"]["images"]["rdmaCni"]
    rdma = {"image": "rdma-cni", "repository": "nvcr.io/nvidia/mellanox", "version": "v1"}
    row = row_of(of(tmp_path, checkout({"rdmaCni": rdma}, app_version="v25.2.0", values=own)))

    assert catalog.release("v25.1.0").helm_images["rdmaCni"].default is False
    assert row["helm_images"]["rdmaCni"].get("default") is (None if set_by_the_chart else False)
    assert "default" not in row["helm_images"]["sriovCni"]


def test_an_image_of_a_new_section_may_be_one_of_those_that_no_row_names(tmp_path):
    spec = policy_spec(newDriver={"properties": IMAGE["properties"], "type": "object"})
    release = {
        "A": {"image": "new-driver", "repository": "nvcr.io/nvidia/mellanox", "version": "v1"},
        "B": {"image": "new-driver-stig-fips", "repository": "nvcr.io/nvidia/mellanox", "version": "v1"},
        "C": MULTUS,
    }
    (line,) = told(of(tmp_path, checkout(release, spec=spec)), "components: spec.newDriver")

    assert line.endswith("add it; hack/release.yaml has besides nvcr.io/nvidia/mellanox/new-driver:v1")


def test_a_kind_that_is_new_is_told_by_its_name(tmp_path):
    kinds = {**GROUPS, "mellanox.com": (*GROUPS["mellanox.com"], "NicRack")}
    made = of(tmp_path, chart(kinds=kinds))

    assert told(made, "field_notes: new since") == [f"field_notes: new since {NEWEST.name}: NicRack"]
    assert f"schemas/{NEW}/mellanox.com/nicrack_v1alpha1.json" in made.files


def test_the_row_begins_with_what_is_still_to_be_decided(tmp_path):
    made = of(tmp_path, chart())
    head, *lines = made.files[f"releases/{NEW}.yaml"].splitlines()

    assert head == f"# Network Operator {NEW}, read from source by `aksrdma catalog import`. Still to be decided:"
    assert lines[: len(made.decide)] == [f"# - {line}" for line in made.decide]
    assert [line.partition(":")[0] for line in made.decide[:5]] == [
        "support", "date", "kubernetes", "digests", "driver_tags, precompiled_azure_driver_tags, lts_driver, driver_versions",
    ]  # fmt: skip


def test_an_older_constraint_leaves_the_lower_end_as_it_was(tmp_path):
    row = row_of(of(tmp_path, chart(metadata={"kubeVersion": "1.x"})))

    assert (row["kubernetes"]["min"], row["chart"]["kube_version"]) == (NEWEST.kubernetes.min, "1.x")


def test_the_crd_of_nfd_tells_its_releases_where_a_known_one_has_the_same_bytes(shared, tmp_path):
    text = (shared / f"crds/{NEWEST.name}/nfd-api-crds.yaml").read_text()
    network = (shared / f"crds/{NEWEST.name}/k8s.cni.cncf.io_networkattachmentdefinitions_crd.yaml").read_text()
    known = of(
        tmp_path / "known", chart(without=("nfd.k8s-sigs.io",)) | {"charts/node-feature-discovery/crds/nfd.yaml": text}
    )

    assert row_of(known)["nfd"]["crd_same_as_upstream"] == NEWEST.nfd.crd_same_as_upstream
    assert row_of(of(tmp_path, chart() | {"crds/network.yaml": network}))["nfd"]["crd_same_as_upstream"] is None


def test_fields_are_told_by_the_real_crds_of_two_releases(shared, tmp_path):
    files = {f"crds/{file.name}": file.read_text() for file in sorted((shared / "crds/v26.4.1").iterdir())}
    made = of(tmp_path, chart(app_version="v26.2.0", kinds={}, values=values("network-operator-v26.2.0")) | files)

    assert told(made, "field_notes:") == [
        "field_notes: new since v26.1.2: NicNodePolicy, NicClusterPolicy.spec.global, NicClusterPolicy.spec.spectrumXOperator.xPlane"
    ]
    ours = aksrdma.schemas.schema_folder("v26.4.1")
    texts = {path.split("/", 2)[2]: text for path, text in made.files.items() if path.startswith("schemas/")}
    assert texts == {
        file.relative_to(ours).as_posix(): file.read_text() for file in ours.rglob("*.*") if file.is_file()
    }


def test_a_field_of_the_values_of_a_map_is_one_of_the_map(tmp_path):
    def by_name(properties):
        values_of_map = {"type": "object", "properties": properties}
        return policy_spec(byName={"type": "object", "additionalProperties": values_of_map})

    assert told(of(tmp_path, chart(spec=by_name({"own": {"type": "string"}}))), "components: spec.byName") == []
    assert told(of(tmp_path, chart(spec=by_name(IMAGE["properties"]))), "components: spec.byName") == [
        "components: spec.byName has an image that no row names; add it"
    ]


@pytest.mark.parametrize(
    ("count", "end"), [(12, "value11; add what matters"), (13, "value11 and 1 more; add what matters")]
)
def test_of_many_names_a_line_has_twelve(count, end, tmp_path):
    below = {"image": {"tag": "own"}, "new": {f"value{number:02}": "a" for number in range(count)}}

    (line,) = told(of(tmp_path, chart(below=below)), "helm_defaults: new in")
    assert line.endswith(f"node-feature-discovery.new.{end}")


def test_an_image_of_the_chart_s_values_may_have_another_name_than_before(tmp_path):
    renamed = values()
    renamed["sriov-network-operator"]["images"]["sriovCni"] = "a.example.com/b/c/sriov-cni-next:v2"
    other = {"repository": "a.example.com/b", "image": "next", "version": 3}
    renamed["maintenance-operator-chart"]["operator"]["image"] = other
    row = row_of(of(tmp_path, chart(values=renamed)))

    cni, maintenance = row["helm_images"]["sriovCni"], row["helm_images"]["maintenanceOperator"]
    assert (cni["repository"], cni["image"], cni["version"]) == ("a.example.com/b/c", "sriov-cni-next", "v2")
    assert (maintenance["repository"], maintenance["image"], maintenance["version"]) == ("a.example.com/b", "next", "3")


def member(name, size=0, kind=tarfile.REGTYPE, link=""):
    one = tarfile.TarInfo(name)
    one.size, one.type, one.linkname = size, kind, link
    return one


@pytest.mark.parametrize(
    ("odd", "wrong"),
    [
        pytest.param([member("../evil.yaml")], "'../evil.yaml' leads out of the archive", id="above"),
        pytest.param([member("a/../../evil.yaml")], "leads out of the archive", id="above-later-on"),
        pytest.param([member("/etc/passwd")], "'/etc/passwd' leads out of the archive", id="absolute"),
        pytest.param([member("a\\..\\evil.yaml")], "leads out of the archive", id="above-on-windows"),
        pytest.param([member("network-operator/crds/big.yaml", 20_001)], "more than 20,000 bytes", id="a-big-file"),
        pytest.param([member("a/zeros.bin", 200_000)], "more than 200,000 bytes", id="much-behind-little"),
    ],
)  # fmt: skip
def test_a_packed_chart_is_read_within_bounds_and_leaves_nothing_behind(odd, wrong, tmp_path, monkeypatch):
    monkeypatch.setattr(charts, "_FILE_BYTES", 20_000)
    monkeypatch.setattr(charts, "_BYTES", 200_000)
    read_chart(pack(tmp_path / "chart.tgz", chart()))

    with pytest.raises(ReadError) as caught:
        read_chart(pack(tmp_path / "chart.tgz", chart(), odd=odd))

    assert wrong in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["chart.tgz"]


def test_links_and_devices_of_a_packed_chart_are_passed_over(tmp_path):
    odd = [
        member("network-operator/crds/link.yaml", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member("network-operator/crds/hard.yaml", kind=tarfile.LNKTYPE, link="network-operator/values.yaml"),
        member("network-operator/crds/pipe.yaml", kind=tarfile.FIFOTYPE),
    ]

    assert (
        read_chart(pack(tmp_path / "chart.tgz", chart(), odd=odd))
        .crds.keys()
        .isdisjoint({"link.yaml", "hard.yaml", "pipe.yaml"})
    )


def test_links_in_a_folder_are_passed_over(tmp_path):
    folder = write(tmp_path / "chart", chart())
    (tmp_path / "secret.yaml").write_text("kind: CustomResourceDefinition\n")
    (folder / "crds/secret.yaml").symlink_to(tmp_path / "secret.yaml")

    assert "secret.yaml" not in read_chart(folder).crds


def test_as_many_files_as_no_chart_has_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(charts, "_FILES", 5)

    for source in (write(tmp_path / "chart", chart()), pack(tmp_path / "chart.tgz", chart())):
        with pytest.raises(ReadError, match="more than 5 "):
            read_chart(source)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        pytest.param(b"", "cannot be read as a packed chart: empty file", id="empty"),
        pytest.param(b"no archive", "cannot be read as a packed chart", id="text"),
        pytest.param(b"\x1f\x8b\x08\x00", "cannot be read as a packed chart", id="the-beginning-of-one"),
    ],
)
def test_a_file_that_is_no_archive_is_told(content, wrong, tmp_path):
    (tmp_path / "chart.tgz").write_bytes(content)

    with pytest.raises(ReadError, match=wrong):
        read_chart(tmp_path / "chart.tgz")


def test_half_an_archive_is_told(tmp_path):
    path = pack(tmp_path / "chart.tgz", chart())
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(ReadError, match="cannot be read as a packed chart"):
        read_chart(path)


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(12))


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        pytest.param({"Chart.yaml": "name: gpu-operator\n"}, "no chart of Network Operator", id="another-chart"),
        pytest.param({"Chart.yaml": "- a\n"}, "no chart of Network Operator", id="a-list"),
        pytest.param({"values.yaml": "a: [\n"}, "values.yaml:", id="broken-values"),
        pytest.param({"values.yaml": "a: {b: {c: " * 100 + "1" + "}}" * 100}, "values.yaml:", id="deep-values"),
        pytest.param({"crds/mellanox.com_nicclusterpolicy.yaml": "kind: Nothing\n"}, "no CRD of NicClusterPolicy in it", id="no-policy"),
        pytest.param(
            {"crds/x.yaml": "kind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {group: ../x, scope: Cluster, names: {kind: A}, versions: [{name: v1}]}\n"},
            "that is no name", id="a-group-that-is-a-path",
        ),
        pytest.param({"crds/x.yaml": "kind: CustomResourceDefinition\nmetadata: 1\nspec: {}\n"}, "without a name", id="no-crd-at-all"),
        pytest.param(
            {"crds/x.yaml": "kind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {group: a.b, scope: Cluster, names: {kind: A}, versions: [{name: v1, schema: {openAPIV3Schema: {properties: [1]}}}]}\n"},
            "a has no schema that can be read", id="a-schema-that-is-none",
        ),
        pytest.param({"crds/x.yaml": f"kind: CustomResourceDefinition\n{LAUGHS}"}, "x.yaml: ", id="a-crd-that-grows"),
    ],
)  # fmt: skip
def test_a_strangers_chart_is_refused_with_a_sentence(files, wrong, tmp_path):
    with pytest.raises(ReadError) as caught:
        of(tmp_path, chart() | files)

    assert wrong in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "odd",
    [
        "a: 1\n", "{}\n", "operator: [1]\n", "operator: {repository: {a: b}, image: 3}\nsriov-network-operator: x\n",
        "node-feature-discovery: {image: [a]}\nnfd: {enabled: {}}\n", "imagePullSecrets: {}\nupgradeCRDs: [1, {a: 2}]\n",
    ],
)  # fmt: skip
def test_odd_values_of_a_strangers_chart_make_a_row_all_the_same(odd, tmp_path):
    made = of(tmp_path, chart() | {"values.yaml": odd})

    assert json.dumps(row_of(made))
    assert told(made, "helm_defaults: the chart has no ")


@pytest.mark.parametrize("odd", ["? [a]\n: b\n", "a: &a [*a]\n", LAUGHS + "nfd: {enabled: *a12}\n"])
def test_values_that_are_no_tree_are_refused(odd, tmp_path):
    with pytest.raises(ReadError, match=r"values\.yaml"):
        of(tmp_path, chart() | {"values.yaml": odd})
