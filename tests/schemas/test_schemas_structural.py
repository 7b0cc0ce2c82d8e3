"""What a structural schema becomes: unknown fields, nulls and defaults said in plain JSON Schema."""

import pytest

from aksrdma import schemas
from aksrdma.schemas.judge import Schemas
from aksrdma.schemas.make.openapi import as_judged, facts
from aksrdma.schemas.make.structural import Converter

NAME = {"type": "string"}
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}


def of(**fields):
    return {"type": "object", "properties": fields}


@pytest.mark.parametrize(
    ("node", "schema"),
    [
        pytest.param({"type": "string", "description": "prose"}, {"type": "string"}, id="prose-is-left-out"),
        pytest.param({"type": "object"}, {"type": "object", "additionalProperties": False}, id="no-fields-none-taken"),
        pytest.param(
            of(name=NAME),
            {"type": "object", "properties": {"name": {"type": ["string", "null"]}}, "additionalProperties": False},
            id="a-null-counts-as-left-out",
        ),
        pytest.param(
            {**of(name=NAME), "required": ["name"]},
            {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
                "additionalProperties": False,
            },
            id="so-a-required-field-takes-none",
        ),
        pytest.param(
            {**of(name={**NAME, "default": "a"}), "required": ["name"]},
            {
                "type": "object",
                "properties": {"name": {"type": ["string", "null"], "default": "a"}},
                "additionalProperties": False,
            },
            id="a-default-stands-in-for-a-required-field",
        ),
        pytest.param(
            {**of(name={**NAME, "nullable": True}), "required": ["name"]},
            {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": ["string", "null"], "nullable": True}},
                "additionalProperties": False,
            },
            id="nullable-keeps-a-null",
        ),
        pytest.param(
            of(part={**of(name=NAME), "required": ["name"], "default": {}}),
            {
                "type": "object",
                "required": ["part"],
                "properties": {
                    "part": {
                        "type": "object",
                        "default": {},
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}},
                        "additionalProperties": False,
                    }
                },
                "additionalProperties": False,
            },
            id="a-default-that-is-refused-makes-the-field-required",
        ),
        pytest.param(
            of(mode={"type": "string", "enum": ["a", "b"]}),
            {
                "type": "object",
                "properties": {"mode": {"type": ["string", "null"], "enum": ["a", "b", None]}},
                "additionalProperties": False,
            },
            id="null-is-one-of-an-enum-too",
        ),
        pytest.param(
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            id="unknown-fields-that-are-kept",
        ),
        pytest.param(
            {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
            {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "x-kubernetes-embedded-resource": True,
                "required": ["apiVersion", "kind"],
                "properties": {
                    "apiVersion": {"type": "string", "minLength": 1, "pattern": "^[^/]*(/[^/]*)?$"},
                    "kind": {
                        "type": "string",
                        "maxLength": 63,
                        "pattern": "^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$",
                    },
                    "metadata": {"$ref": "#/$defs/ObjectMeta"},
                },
            },
            id="an-object-inside-the-object",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": NAME},
            {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
            id="a-map-drops-its-nulls",
        ),
        pytest.param(
            {"type": "array", "items": NAME}, {"type": "array", "items": {"type": "string"}}, id="a-list-does-not"
        ),
        pytest.param(
            {"type": "array", "items": {**NAME, "default": ""}},
            {"type": "array", "items": {"type": ["string", "null"], "default": ""}},
            id="unless-its-items-have-a-default",
        ),
        pytest.param(
            {"type": "array", "items": NAME, "x-kubernetes-list-type": "set"},
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            id="a-set",
        ),
        pytest.param(
            {"type": "array", "items": NAME, "x-kubernetes-list-type": "atomic"},
            {"type": "array", "items": {"type": "string"}},
            id="an-atomic-list-says-nothing",
        ),
        pytest.param({"type": "integer"}, {"type": "integer", **INT64}, id="integers-fit-into-64-bits"),
        pytest.param(
            {"type": "integer", "format": "int32", "minimum": 0},
            {"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**63 - 1},
            id="the-api-server-ignores-int32-in-crds",
        ),
        pytest.param(
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 0},
            id="an-exclusive-bound",
        ),
        pytest.param(
            {"anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": "^1", "x-kubernetes-int-or-string": True},
            {"type": ["integer", "string"], "pattern": "^1", **INT64},
            id="int-or-string-without-any-of",
        ),
        pytest.param(
            {
                "type": "string",
                "x-kubernetes-validations": [{"rule": "self != ''", "message": "no", "optionalOldSelf": 1}],
            },
            {"type": "string", "x-kubernetes-validations": [{"rule": "self != ''", "message": "no"}]},
            id="rules-are-kept",
        ),
        pytest.param(
            {"type": "string", "not": {"enum": ["a"]}, "oneOf": [{"minLength": 1, "description": "prose"}]},
            {"type": "string", "oneOf": [{"minLength": 1}], "not": {"enum": ["a"]}},
            id="combinations-are-kept",
        ),
    ],
)
def test_a_structural_schema_becomes_strict(node, schema):
    assert Converter().convert(node) == schema


def test_a_kind_that_is_decoded_into_go_has_int32():
    schema = Converter(typed=True).convert({"type": "integer", "format": "int32"})

    assert (schema["minimum"], schema["maximum"]) == (-(2**31), 2**31 - 1)


@pytest.mark.parametrize(
    ("target", "types"),
    [
        pytest.param("io.k8s.Quantity", ["string", "number"], id="quantity"),
        pytest.param("io.k8s.IntOrString", ["integer", "string"], id="int-or-string"),
        pytest.param("io.k8s.Time", "string", id="time"),
    ],
)
def test_go_types_that_read_their_own_json_are_known(target, types):
    assert Converter({}).convert({"$ref": f"#/components/schemas/{target}"})["type"] == types


def test_a_reference_becomes_a_definition_once():
    converter = Converter({"io.k8s.Part": of(name=NAME)})
    ref = {"$ref": "#/components/schemas/io.k8s.Part"}

    schema = converter.convert(of(one=ref, two={"allOf": [ref], "default": {}}))

    assert schema["properties"] == {"one": {"$ref": "#/$defs/Part"}, "two": {"$ref": "#/$defs/Part", "default": {}}}
    assert list(converter.definitions) == ["Part"]


@pytest.mark.parametrize(
    ("node", "types"),
    [
        pytest.param({"type": "string", "format": "date-time"}, ["string", "array"], id="a-format-lets-a-list-pass"),
        pytest.param({"type": "string", "format": "unheard-of"}, "string", id="an-unknown-one-does-not"),
    ],
)
def test_a_format_of_a_custom_resource(node, types):
    assert Converter().convert(node)["type"] == types


def test_bytes_that_go_decodes_may_be_numbers():
    schema = Converter(typed=True).convert({"type": "string", "format": "byte"})

    assert schema["type"] == ["string", "array"]
    assert schema["items"] == {"type": ["integer", "null"], "minimum": 0, "maximum": 255}


def test_kinds_of_kubernetes_are_not_held_to_list_types():
    node = {"type": "array", "items": NAME, "x-kubernetes-list-type": "set"}

    assert "x-kubernetes-list-type" in Converter().convert(node)
    assert "x-kubernetes-list-type" not in Converter(typed=True).convert(node)


@pytest.mark.parametrize(
    ("name", "field", "judged"),
    [
        pytest.param("Container", "imagePullPolicy", {"type": "string", "enum": ["", "a"]}, id="empty-is-not-set"),
        pytest.param("Lifecycle", "stopSignal", {"type": "string"}, id="a-feature-that-is-off"),
        pytest.param("PodStatus", "phase", {"type": "string"}, id="status-is-emptied"),
        pytest.param("SecurityContext", "procMount", {"type": "string", "enum": ["a"]}, id="judged-as-it-is"),
    ],
)
def test_words_are_those_that_the_api_server_judges(name, field, judged):
    schema = {"type": "object", "properties": {field: {"type": "string", "enum": ["a"]}}, "required": [field]}

    found = as_judged({f"io.k8s.api.core.v1.{name}": schema}, "v1.34")[f"io.k8s.api.core.v1.{name}"]

    assert found["properties"][field] == judged
    assert found["required"] == ([] if name == "PodStatus" else [field])


@pytest.mark.parametrize("place", facts()["not_required"])
def test_what_is_not_required_may_be_left_out(place):
    name, field = place.split(".")
    schema = {"type": "object", "properties": {field: NAME}, "required": [field]}

    assert as_judged({name: schema}, "v1.34")[name]["required"] == []


KEYWORDS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "pattern"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
}


def definitions():
    for kind in schemas.kinds("kubernetes-v1.34"):
        yield from schemas.load("kubernetes-v1.34", kind.group, kind.kind, kind.version)["$defs"].items()


@pytest.mark.parametrize(("place", "row"), sorted(facts()["held"].items()), ids=lambda one: one if one else "")
def test_what_a_field_is_held_to_is_in_the_schemas(place, row):
    name, field = place.split(".")
    found = [schema for other, schema in definitions() if other == name]
    keywords = row.keys() & KEYWORDS

    assert keywords | {"fields", "source"} == row.keys() - {"required", "later"}
    assert found
    for schema in found:
        held = schema["properties"][field.removesuffix("[]")]
        held = held["items"] if field.endswith("[]") else held
        assert {
            key: [word for word in held[key] if word is not None] if key == "enum" else held[key] for key in keywords
        } == {key: row[key] for key in keywords}
        assert (field in schema.get("required", ())) is row.get("required", False) or "required" not in row


def test_the_rows_of_facts_are_sorted():
    lists = [facts()[name] for name in ("empty_is_unset", "any_word", "not_required")]
    lists += [row["fields"] for row in facts()["held"].values()]

    assert all(one == sorted(set(one)) for one in lists)


@pytest.mark.parametrize(
    ("version", "words"),
    [("v1.9", ["a"]), ("v1.10", ["a", "b"]), ("v1.11", ["a", "b"])],
)
def test_what_a_field_is_held_to_may_change(monkeypatch, version, words):
    row = {"fields": ["Part.name"], "enum": ["a"], "later": {"since": "v1.10", "enum": ["a", "b"]}, "source": "here"}
    monkeypatch.setitem(facts(), "held", {"Part.name": row})

    found = as_judged({"io.k8s.Part": of(name=NAME)}, version)["io.k8s.Part"]

    assert found["properties"]["name"] == {"type": "string", "enum": words}


def test_a_field_may_be_held_to_be_there(monkeypatch):
    held = {"Part.name": {"fields": ["Part.name"], "required": True, "minLength": 1, "source": "here"}}
    monkeypatch.setitem(facts(), "held", held)

    found = as_judged({"io.k8s.Part": of(name={**NAME, "default": ""}, other=NAME)}, "v1.34")["io.k8s.Part"]

    assert found["required"] == ["name"]
    assert found["properties"]["name"] == {"type": "string", "minLength": 1}
    assert Converter({"Part": found}, typed=True).convert(found)["required"] == ["name"]


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        pytest.param("apps/v1 Deployment", {"replicas": -1}, "must be 0 or more, is -1", id="a-number-below-the-least"),
        pytest.param(
            "v1 Pod",
            {
                "containers": [
                    {"name": "a", "volumeMounts": [{"name": "a", "mountPath": "/a", "recursiveReadOnly": "enabled"}]}
                ]
            },
            '"enabled" is none of "Disabled", "Enabled", "IfPossible"',
            id="a-word",
        ),
    ],
)
def test_what_the_api_server_asks_beyond_openapi_is_judged(name, spec, message):
    api_version, kind = name.split()

    found = Schemas("v25.1.0").judge({"apiVersion": api_version, "kind": kind, "spec": spec})

    assert message in [problem.message for problem in found]
