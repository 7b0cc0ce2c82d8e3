"""CRDs and OpenAPI documents become files, and the same input the same bytes."""

import json

import pytest
import yaml

from aksrdma import paths, schemas
from aksrdma.errors import ReadError, UnknownNameError
from aksrdma.findings import Problem
from aksrdma.schemas.judge import compile_schema
from aksrdma.schemas.judge.wording import SOME_VERSIONS
from aksrdma.schemas.make import import_crds, import_openapi
from aksrdma.schemas.store import read

SPEC = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {"size": {"type": "integer", "description": "prose"}},
        }
    },
}


def crd(kind="Widget", **version):
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": "widgets"},
            "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": SPEC}, **version}],
        },
    }


def write(folder, *documents, name="crds.yaml"):
    path = folder / name
    path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return path


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_version_of_a_crd_is_a_file(tmp_path):
    written = import_crds([write(tmp_path, crd())], "v1.0.0", tmp_path / "out")

    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == ["v1.0.0/example.com/widget_v1.json"]


def test_the_schema_pins_the_kind_and_knows_metadata(tmp_path):
    (written,) = import_crds([write(tmp_path, crd())], "v1.0.0", tmp_path / "out")

    schema = json.loads(written.read_bytes())
    assert schema["required"] == ["apiVersion", "kind"]
    assert schema["properties"] == {
        "apiVersion": {"const": "example.com/v1"},
        "kind": {"const": "Widget"},
        "metadata": {"$ref": "#/$defs/ObjectMeta"},
        "spec": {
            "type": ["object", "null"],
            "required": ["size"],
            "properties": {"size": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}},
            "additionalProperties": False,
        },
    }
    assert "labels" in schema["$defs"]["ObjectMeta"]["properties"]


STATUS = {**SPEC, "properties": {**SPEC["properties"], "status": {"type": "object", "required": ["a"]}}}


def imported(folder, version):
    write(folder, crd(**version))
    (path,) = import_crds([folder / "crds.yaml"], "v1", folder / "out")
    return json.loads(path.read_text())


def test_status_is_taken_as_it_comes_where_it_is_a_subresource(tmp_path):
    whole = imported(tmp_path, {"schema": {"openAPIV3Schema": STATUS}})["properties"]["status"]
    emptied = imported(tmp_path, {"schema": {"openAPIV3Schema": STATUS}, "subresources": {"status": {}}})

    assert whole["required"] == ["a"]
    assert emptied["properties"]["status"] == {"$ref": "#/$defs/NoFields"}
    assert emptied["$defs"]["NoFields"] == {"additionalProperties": False, "items": {"$ref": "#/$defs/NoFields"}}


def test_the_number_of_replicas_is_named_where_a_kind_can_be_scaled(tmp_path):
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}

    assert imported(tmp_path, {"subresources": {"scale": scale}})["x-aksrdma-replicas"] == ["spec", "size"]
    assert "x-aksrdma-replicas" not in imported(tmp_path, {})


def test_sources_say_what_it_was_made_from(tmp_path):
    import_crds([write(tmp_path, crd())], "v1.0.0", tmp_path / "out")

    rows = yaml.safe_load((tmp_path / "out/v1.0.0/SOURCES.yaml").read_bytes())["files"]
    assert [(row["file"], len(row["sha256"]), row["kinds"]) for row in rows] == [
        (
            "crds.yaml",
            64,
            [
                {
                    "crd": "widgets.example.com",
                    "group": "example.com",
                    "version": "v1",
                    "kind": "Widget",
                    "scope": "Namespaced",
                }
            ],
        )
    ]


def test_the_same_input_gives_the_same_bytes(tmp_path):
    source = write(tmp_path, crd())
    import_crds([source], "v1.0.0", tmp_path / "out")
    first = contents(tmp_path / "out")

    import_crds([source], "v1.0.0", tmp_path / "out")

    assert contents(tmp_path / "out") == first


def test_a_second_file_adds_to_the_folder(tmp_path):
    import_crds([write(tmp_path, crd())], "v1.0.0", tmp_path / "out")
    import_crds([write(tmp_path, crd("Gadget"), name="more.yaml")], "v1.0.0", tmp_path / "out")

    rows = yaml.safe_load((tmp_path / "out/v1.0.0/SOURCES.yaml").read_bytes())["files"]
    assert [row["file"] for row in rows] == ["crds.yaml", "more.yaml"]


def test_a_folder_is_read_with_what_is_no_crd_passed_over(tmp_path):
    folder = tmp_path / "crds"
    folder.mkdir()
    write(folder, {"kind": "ConfigMap"}, None, crd())
    write(folder, {"kind": "ConfigMap"}, name="other.yaml")

    assert len(import_crds([folder], "v1.0.0", tmp_path / "out")) == 1


def test_a_version_that_is_not_served_has_no_schema(tmp_path):
    source = write(tmp_path, crd(), crd("Gadget", served=False))

    assert len(import_crds([source], "v1.0.0", tmp_path / "out")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: [", "while parsing", id="no-yaml"),
        pytest.param("kind: ConfigMap", "no CustomResourceDefinition in", id="no-crd"),
        pytest.param(None, "No such file", id="no-file"),
        pytest.param(
            "kind: CustomResourceDefinition", "without a name, a scope, a group, a kind or versions", id="an-empty-crd"
        ),
        pytest.param(
            yaml.safe_dump(crd("../../Widget")),
            "with a group, a kind or a version that is no name",
            id="a-kind-as-a-path",
        ),
        pytest.param(
            yaml.safe_dump(crd(name="..")),
            "with a group, a kind or a version that is no name",
            id="a-version-as-a-path",
        ),
    ],
)
def test_a_file_without_crds_is_an_error(tmp_path, text, message):
    path = tmp_path / "a.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(ReadError, match=message):
        import_crds([path], "v1.0.0", tmp_path / "out")


def openapi(folder, *more, version="v1.99", needs=(), **fields):
    part = {"type": "object", "properties": {"name": {"type": "string", "default": ""}}, "required": ["name"]}
    part["properties"] |= fields
    part["required"] += needs
    thing = {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"allOf": [{"$ref": "#/components/schemas/io.k8s.ObjectMeta"}], "default": {}},
            "part": {"$ref": "#/components/schemas/io.k8s.Part"},
        },
    }
    meta = {"type": "object", "properties": {"name": {"type": "string"}}}
    components = {"io.k8s.Part": part, "io.k8s.ObjectMeta": meta}
    for name in ("Thing", *more):
        named = {"x-kubernetes-group-version-kind": [{"group": "", "kind": name, "version": "v1"}]}
        components[f"io.k8s.{name}"] = thing | named
    (folder / version / "api").mkdir(parents=True)
    text = json.dumps({"components": {"schemas": components}})
    (folder / version / "api/v1.json").write_text(text, encoding="utf-8")


def judged(out, folder, **part):
    data = {"apiVersion": "v1", "kind": "Thing", "metadata": {}, "part": part}
    problems = compile_schema(read(out / folder / "v1/thing_v1.json"), tell_versions=True)(data)
    return [(problem.rule, ".".join(map(str, problem.path)), problem.message) for problem in problems]


def test_the_core_group_has_the_folder_that_kubeconform_looks_in(tmp_path):
    openapi(tmp_path)

    written = import_openapi(tmp_path, ["Thing"], tmp_path / "out")

    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == [
        "kubernetes/definitions.json",
        "kubernetes/v1/thing_v1.json",
        "kubernetes-v1.99/definitions.json",
        "kubernetes-v1.99/v1/thing_v1.json",
    ]


def test_a_zero_default_makes_a_field_optional_and_is_not_repeated(tmp_path):
    openapi(tmp_path)

    import_openapi(tmp_path, ["Thing"], tmp_path / "out")

    schema = read(tmp_path / "out/kubernetes-v1.99/v1/thing_v1.json")
    assert schema["$defs"]["Part"] == {
        "type": ["object", "null"],
        "properties": {"name": {"type": ["string", "null"]}},
        "additionalProperties": False,
    }


def test_a_null_item_is_gos_zero_value_whether_or_not_the_document_says_so(tmp_path):
    openapi(tmp_path, old={"type": "array", "items": {"type": "string", "default": ""}})
    openapi(tmp_path, version="v1.100", old={"type": "array", "items": {"type": "string"}})

    import_openapi(tmp_path, ["Thing"], tmp_path / "out")

    assert judged(tmp_path / "out", "kubernetes-v1.100", old=[None]) == []
    assert read(tmp_path / "out/kubernetes-v1.100/v1/thing_v1.json") == read(
        tmp_path / "out/kubernetes-v1.99/v1/thing_v1.json"
    )


def test_what_one_version_takes_all_together_take_and_who_does_is_told(tmp_path):
    first, *_, last = (
        {"type": "string", "enum": ["a"]},
        {"type": "string", "enum": ["a", "b"]},
    )
    openapi(tmp_path, version="v1.9", word=first, number={"type": "integer", "minimum": 3}, gone={"type": "string"})
    openapi(tmp_path, version="v1.10", word=last, number={"type": "integer", "minimum": 2}, new={"type": "string"})
    out = tmp_path / "out"

    import_openapi(tmp_path, ["Thing"], out)

    assert judged(out, "kubernetes", word="a", number=2) == []
    schema = read(out / "kubernetes/v1/thing_v1.json")
    assert compile_schema(schema)({"apiVersion": "v1", "kind": "Thing", "part": {"word": "b", "new": ""}}) == []
    assert judged(out, "kubernetes", word="b", new="", gone=None) == [
        (SOME_VERSIONS, "part.word", "v1.10"),
        (SOME_VERSIONS, "part.new", "v1.10"),
    ]
    assert judged(out, "kubernetes", gone=1) == [
        (SOME_VERSIONS, "part.gone", "v1.9"),
        ("wrong-type", "part.gone", "must be a string, is an integer: 1"),
    ]
    assert [rule for rule, *_ in judged(out, "kubernetes", word="c", number=1)] == [
        "value-not-allowed",
        "invalid-value",
    ]
    assert [path for _, path, _ in judged(out, "kubernetes-v1.9", word="b", number=2, new="")] == [
        "part.word",
        "part.number",
        "part.new",
    ]
    assert [path for _, path, _ in judged(out, "kubernetes-v1.10", word="b", number=1, gone="")] == [
        "part.number",
        "part.gone",
    ]


def test_what_only_some_versions_ask_is_not_asked_of_all(tmp_path):
    text = {"type": "string"}
    openapi(tmp_path, version="v1.9", needs=["must", "both"], must={**text, "pattern": "^a"}, both=text)
    openapi(tmp_path, version="v1.10", needs=["both"], must=text, both=text)
    out = tmp_path / "out"

    import_openapi(tmp_path, ["Thing"], out)

    assert judged(out, "kubernetes", both="") == []
    assert judged(out, "kubernetes", both="", must="b") == []
    assert [path for _, path, _ in judged(out, "kubernetes", must="b")] == ["part.both"]
    assert [path for _, path, _ in judged(out, "kubernetes-v1.9", both="")] == ["part.must"]
    assert [path for _, path, _ in judged(out, "kubernetes-v1.9", both="", must="b")] == ["part.must"]


def test_a_definition_is_stored_in_the_first_folder_that_has_it(tmp_path):
    openapi(tmp_path, version="v1.8")
    openapi(tmp_path, version="v1.9", new={"type": "string"})
    openapi(tmp_path, version="v1.10", new={"type": "string"})

    import_openapi(tmp_path, ["Thing"], tmp_path / "out")

    def stored(folder):
        return list(json.loads((tmp_path / "out" / folder / "definitions.json").read_bytes())["$defs"])

    folders = ("kubernetes", "kubernetes-v1.8", "kubernetes-v1.9", "kubernetes-v1.10")
    assert [stored(folder) for folder in folders] == [["ObjectMeta", "Part"], ["Part"], ["Part"], []]


def test_a_kind_that_not_all_versions_have_says_which_do(tmp_path):
    openapi(tmp_path, version="v1.9")
    openapi(tmp_path, "Thong", version="v1.10")

    import_openapi(tmp_path, ["Thing", "Thong"], tmp_path / "out")

    schema = read(tmp_path / "out/kubernetes/v1/thong_v1.json")
    data = {"apiVersion": "v1", "kind": "Thong"}
    assert compile_schema(schema, tell_versions=True)(data) == [Problem(SOME_VERSIONS, (), "v1.10")]
    assert compile_schema(schema)(data) == []
    assert not (tmp_path / "out/kubernetes-v1.9/v1/thong_v1.json").exists()


def test_a_kind_that_no_document_has_is_named(tmp_path):
    openapi(tmp_path)

    with pytest.raises(UnknownNameError, match="no OpenAPI document has the kind Thong; did you mean Thing"):
        import_openapi(tmp_path, ["Thing", "Thong"], tmp_path / "out")


def test_a_folder_without_documents_is_an_error(tmp_path):
    (tmp_path / "v1.99").mkdir()

    with pytest.raises(ReadError, match="No such file"):
        import_openapi(tmp_path, ["Thing"], tmp_path / "out")


@pytest.mark.parametrize("folder", [name for name in schemas.folders() if name.startswith("v")])
def test_the_committed_schemas_are_those_of_the_crds(shared, tmp_path, folder):
    import_crds([shared / "crds" / folder], folder, tmp_path)

    assert contents(tmp_path / folder) == contents(paths.SCHEMAS / folder)


def test_the_committed_schemas_are_those_of_the_workloads(shared, tmp_path):
    committed = contents(paths.SCHEMAS / "workloads")
    own = yaml.safe_load(committed.pop("SOURCES.yaml"))["files"]
    there = [file for row in own if (file := shared / "crds-workloads" / row["file"]).is_file()]
    import_crds(there, "workloads", tmp_path)
    made = contents(tmp_path / "workloads")
    rows = yaml.safe_load(made.pop("SOURCES.yaml"))["files"]

    assert {name: committed[name] for name in made} == made
    assert [row for row in rows if row not in own] == []


def test_the_committed_schemas_are_those_of_kubernetes(shared, tmp_path):
    """The documents of 1.34.2, as an API server served them; the committed ones are those of 1.34.4."""
    import_openapi(shared / "kubernetes", [kind.kind for kind in served(shared)], tmp_path)

    for kind in served(shared):
        made, committed = (read(root / "kubernetes-v1.34" / kind.file) for root in (tmp_path, paths.SCHEMAS))
        assert whole(made, made["$defs"]) == whole(committed, committed["$defs"]), kind


def served(shared):
    groups = {"", *(folder.name for folder in (shared / "kubernetes/v1.34/apis").iterdir())}
    return [kind for kind in schemas.kinds("kubernetes-v1.34") if kind.group in groups]


def whole(value, definitions):
    """A schema with what it refers to in the place of references."""
    if isinstance(value, list):
        return [whole(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: whole(item, definitions) for key, item in value.items() if key != "$defs"}
    if isinstance(name := out.get("$ref"), str):
        out["$ref"] = whole(definitions[name.rpartition("/")[2]], definitions)
    return out
