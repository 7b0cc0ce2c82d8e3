"""Schemas are found by release and kind; every file is listed and every listed kind has a file."""

import json
import re
import subprocess

import pytest

from aksrdma import catalog, paths, schemas
from aksrdma.errors import UnknownNameError
from aksrdma.kube.kinds import KINDS
from aksrdma.schemas import store
from aksrdma.schemas.judge.cel import compile_expression
from aksrdma.schemas.make.files import schema_text


def every_schema():
    return sorted(path for folder in schemas.folders() for path in schemas.schema_folder(folder).rglob("*.json"))


def nodes(schema):
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from nodes(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from nodes(child)


def test_every_release_of_the_catalog_has_schemas():
    assert {schemas.schema_folder(name).name for name in catalog.releases()} <= set(schemas.folders())


@pytest.mark.parametrize("folder", schemas.folders())
def test_every_listed_kind_has_a_file_and_every_file_is_listed(folder):
    listed = {
        schemas.schema_folder(folder) / (kind.group or kind.version) / f"{kind.kind.lower()}_{kind.version}.json"
        for kind in schemas.kinds(folder)
    }

    assert listed == set(schemas.schema_folder(folder).glob("*/*.json"))


def test_the_table_of_kinds_has_those_that_have_a_schema():
    listed = {(kind.group, kind.kind) for folder in schemas.folders() for kind in schemas.kinds(folder)}

    assert {(row.group, row.kind) for row in KINDS if row.has_schema} == listed


@pytest.mark.parametrize("path", every_schema(), ids=lambda path: path.relative_to(paths.SCHEMAS).as_posix())
def test_a_file_is_written_as_we_write_it_and_holds_no_prose(path):
    text = path.read_text(encoding="utf-8")
    schema = json.loads(text)

    assert schema_text(schema) == text
    assert not any(isinstance(node.get("description"), str) for node in nodes(schema))


def test_every_rule_is_one_that_we_can_judge():
    rules = {
        rule["rule"]
        for path in every_schema()
        for node in nodes(json.loads(path.read_bytes()))
        if isinstance(node.get("x-kubernetes-validations"), list)
        for rule in node["x-kubernetes-validations"]
    }

    assert rules
    assert all(compile_expression(rule) for rule in rules)


@pytest.mark.parametrize(
    ("api_version", "kind", "file"),
    [
        pytest.param("mellanox.com/v1alpha1", "NicClusterPolicy", "v25.1.0/mellanox.com", id="of-the-release"),
        pytest.param("v1", "Pod", "kubernetes/v1", id="of-kubernetes-core"),
        pytest.param("apps/v1", "Deployment", "kubernetes/apps", id="of-kubernetes"),
        pytest.param("kubeflow.org/v2beta1", "MPIJob", "workloads/kubeflow.org", id="of-a-job-kind"),
        pytest.param("mellanox.com/v1", "NicClusterPolicy", None, id="no-such-version"),
        pytest.param("mellanox.com/v1alpha1", "NicNodePolicy", None, id="not-yet-in-the-release"),
        pytest.param("multinic.fms.io/v1", "IPPool", None, id="of-another-group"),
        pytest.param("../v25.4.0/mellanox.com/v1alpha1", "NicClusterPolicy", None, id="no-way-out-of-the-folder"),
        pytest.param("", "Pod", None, id="no-version"),
        pytest.param("*/v1", "Pod", None, id="no-wild-card"),
        pytest.param("mellanox.com/v1alpha1", "Nic*", None, id="no-wild-card-in-a-kind"),
        pytest.param("mellanox.com/\0", "Pod", None, id="nothing-that-no-path-can-hold"),
    ],
)
def test_a_kind_is_found_for_a_release(api_version, kind, file):
    found = schemas.find("v25.1.0", api_version, kind)

    assert (found and found.parent.relative_to(paths.SCHEMAS).as_posix()) == file


def test_an_unknown_release_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no schemas of 'v25.1'; did you mean v25.1.0"):
        schemas.kinds("v25.1")


def test_an_unknown_kind_is_answered_with_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"v25\.1\.0 has no kind NicClusterPolice.*did you mean NicClusterPolicy"
    ):
        schemas.load("v25.1.0", "mellanox.com", "NicClusterPolice", "v1alpha1")


def test_kinds_know_their_api_version():
    assert [kind.api_version for kind in schemas.kinds("kubernetes-v1.34") if kind.kind in ("Job", "Pod")] == [
        "v1",
        "batch/v1",
    ]


def test_versions_of_kubernetes_are_sorted_as_numbers(monkeypatch):
    names = ("kubernetes", "kubernetes-v1.34", "kubernetes-v1.9", "kubernetes-v1.10", "v25.1.0")
    monkeypatch.setattr(store, "folders", lambda: names)

    assert store.kubernetes_versions.__wrapped__() == ("v1.9", "v1.10", "v1.34")


@pytest.mark.parametrize("name", ["1.36", "v1.36", "1.36.3", "v1.36.0-alpha.1", " 1.36 "])
def test_a_version_of_kubernetes_has_one_name(name):
    assert store.kubernetes_version(name) == "v1.36"


@pytest.mark.parametrize("name", ["1.31", "36", "1.36x", "latest", ""])
def test_a_version_of_kubernetes_without_schemas_is_answered_with_those_that_have(name):
    with pytest.raises(UnknownNameError, match=r"no schemas of Kubernetes '.*there are 1\.32, 1\.33, .*1\.37"):
        store.kubernetes_version(name)


def test_a_kind_is_found_for_a_version_of_kubernetes():
    def folder(version, api_version="resource.k8s.io/v1", kind="ResourceClaim"):
        found = schemas.find("v25.1.0", api_version, kind, version)
        return found and found.parents[1].name

    assert [folder(version) for version in (None, "v1.33", "v1.34")] == ["kubernetes", None, "kubernetes-v1.34"]
    assert folder("v1.33", "v1", "Pod") == "kubernetes-v1.33"


@pytest.mark.parametrize("version", schemas.kubernetes_versions())
def test_the_files_of_a_version_refer_to_what_it_is_judged_by(version):
    """A validator follows the references from file to file, aksrdma looks the names up."""
    folder = f"kubernetes-{version}"
    for kind in schemas.kinds(folder):
        schema, followed = schemas.load(folder, kind.group, kind.kind, kind.version), {}
        path = schemas.schema_folder(folder) / kind.file
        follow(json.loads(path.read_bytes()), path, followed)

        assert followed
        for name, found in followed.items():
            assert without_files(found) == schema["$defs"][name], name
            assert "x-aksrdma-versions" not in str(found), "what a version takes is not marked"


def follow(value, path, found):
    for node in nodes(value):
        if isinstance(reference := node.get("$ref"), str):
            file, name = reference.split("#/$defs/")
            place = (path.parent / file).resolve() if file else path
            if name not in found:
                found[name] = json.loads(place.read_bytes())["$defs"][name]
                follow(found[name], place, found)


def without_files(schema):
    text = json.dumps(schema)
    return json.loads(re.sub(r'"\$ref": "[^"#]*#', '"$ref": "#', text))


@pytest.mark.parametrize("version", schemas.kubernetes_versions())
def test_kubeconform_judges_by_the_folder_of_a_version(tmp_path, kubeconform, version):
    """A field of all versions, one of 1.35 alone and one that is new in 1.36."""
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "a"}]}}
    fields = {"hostNetwork": True, "workloadRef": {"name": "a", "podGroup": "b"}, "schedulingGroup": {}}
    for field, value in fields.items():
        data = {**pod, "metadata": {"name": field.lower()}, "spec": {**pod["spec"], field: value}}
        (tmp_path / f"{field}.json").write_text(json.dumps(data), encoding="utf-8")
    template = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
    location = f"{schemas.schema_folder(f'kubernetes-{version}')}/{template}"

    command = [kubeconform, "-strict", "-output", "json", "-verbose", "-schema-location", location, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    taken = {row["name"] for row in json.loads(done.stdout)["resources"] if row["status"] == "statusValid"}

    minor = int(version.rpartition(".")[2])
    assert taken == {
        "hostnetwork",
        *(["workloadref"] if minor == 35 else []),
        *(["schedulinggroup"] if minor > 35 else []),
    }


def test_what_versions_share_is_stored_once():
    files = [paths.SCHEMAS / folder / "definitions.json" for folder in schemas.folders() if "kubernetes" in folder]
    texts = [
        json.dumps([name, schema])
        for file in files
        for name, schema in json.loads(file.read_bytes())["$defs"].items()
        if "$ref" not in json.dumps(schema)  # others may refer to different ones
    ]

    assert len(files) == 1 + len(schemas.kubernetes_versions())
    assert len(texts) == len(set(texts))
    assert sum(file.stat().st_size for file in files) < 300_000


def test_a_release_that_has_no_folder_has_no_schemas():
    assert schemas.find("v1.0.0", "mellanox.com/v1alpha1", "NicClusterPolicy") is None
    assert schemas.find("..", "v1", "Pod") == schemas.find("v25.1.0", "v1", "Pod")
