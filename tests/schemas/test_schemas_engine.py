"""One mistake is one problem, at its place, with what to do about it."""

import pytest

from aksrdma.schemas.judge import Schemas, compile_schema
from aksrdma.schemas.make.structural import NO_FIELDS, NO_FIELDS_DEFINITION, emptied
from tools.conformance.reference import reference_validator

TEXT = {"type": ["string", "null"]}


def obj(required=(), **fields):
    return {"type": "object", "required": list(required), "properties": fields, "additionalProperties": False}


def items(schema, **keywords):
    return {"type": "array", "items": schema, **keywords}


def keyed(*keys, **fields):
    listed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}
    return items(obj(**fields), **listed)


PORTS = keyed("port", "protocol", port={"type": "integer"}, protocol={**TEXT, "default": "TCP"})
WORKERS = {"x-aksrdma-replicas": ["w", "n"], "type": "object"}
DECODED_KIND = {"x-aksrdma-decoded": True, **obj(n={"type": "integer"})}
STATUS = {
    **emptied({"properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "string"}}}}),
    "$defs": {NO_FIELDS: NO_FIELDS_DEFINITION},
}
RANGE = {
    **obj(start={"type": ["integer", "null"], "default": 5}, end={"type": ["integer", "null"]}),
    "x-kubernetes-validations": [
        {"rule": "!has(self.end) || self.end >= self.start", "message": "end before start"},
        {"rule": "self == oldSelf", "message": "immutable"},
    ],
}


@pytest.mark.parametrize(
    ("schema", "data", "found"),
    [
        pytest.param(obj(name=TEXT), {"name": "a"}, [], id="clean"),
        pytest.param(obj(name=TEXT), {"name": None}, [], id="a-null-is-left-out"),
        pytest.param(obj(name=TEXT), {"nam": "a"}, [(("nam",), "unknown-field")], id="an-unknown-field"),
        pytest.param(obj(name=TEXT), {"nam": None}, [(("nam",), "unknown-field")], id="an-unknown-null"),
        pytest.param(obj(["name"], name=TEXT), {}, [(("name",), "missing-field")], id="a-field-not-there"),
        pytest.param(
            obj(["name"], name={"type": "string"}), {"name": None}, [(("name",), "missing-field")], id="a-required-null"
        ),
        pytest.param(obj(name=TEXT), {"name": 1}, [(("name",), "wrong-type")], id="a-wrong-type"),
        pytest.param(obj(name=TEXT), [], [((), "wrong-type")], id="a-list-for-an-object"),
        pytest.param(obj(name=TEXT), None, [((), "wrong-type")], id="nothing-at-all"),
        pytest.param(items({"type": "string"}), ["a", None], [((1,), "null-list-item")], id="a-null-in-a-list"),
        pytest.param(items(TEXT), [None], [], id="a-null-that-a-list-takes"),
        pytest.param(items({"type": "string"}, minItems=2), ["a"], [((), "invalid-value")], id="too-few-items"),
        pytest.param(items({"type": "string"}, maxItems=0), ["a"], [((), "invalid-value")], id="too-many-items"),
        pytest.param({"type": "integer", "minimum": 0}, -1, [((), "invalid-value")], id="below-the-least"),
        pytest.param(
            {"type": "integer", "maximum": 1}, 2.0, [((), "invalid-value")], id="a-whole-float-above-the-most"
        ),
        pytest.param({"type": "integer"}, 1.0, [], id="a-whole-float-is-an-integer"),
        pytest.param({"type": "integer"}, 1.5, [((), "wrong-type")], id="another-is-not"),
        pytest.param({"type": "integer"}, True, [((), "wrong-type")], id="true-is-no-integer"),
        pytest.param({"type": "integer"}, 2**63, [((), "invalid-value")], id="past-64-bits"),
        pytest.param({"type": "number"}, 2**70, [], id="a-number-may-be-big"),
        pytest.param({"type": "number", "exclusiveMinimum": 0}, 0, [((), "invalid-value")], id="not-above-the-bound"),
        pytest.param({"type": "number", "exclusiveMaximum": 0}, 0, [((), "invalid-value")], id="not-below-the-bound"),
        pytest.param({"type": "integer", "multipleOf": 5}, 7, [((), "invalid-value")], id="no-multiple"),
        pytest.param({"type": ["integer", "string"], "pattern": "^1"}, 2, [], id="a-pattern-is-not-for-integers"),
        pytest.param({"type": ["integer", "string"], "pattern": "^1"}, "2", [((), "invalid-value")], id="but-for-text"),
        pytest.param({"type": ["integer", "string"]}, [], [((), "wrong-type")], id="neither-integer-nor-string"),
        pytest.param({"type": "string", "minLength": 1}, "", [((), "invalid-value")], id="too-short"),
        pytest.param({"type": "string", "maxLength": 1}, "ab", [((), "invalid-value")], id="too-long"),
        pytest.param({"type": "string", "enum": ["a", "b"]}, "c", [((), "value-not-allowed")], id="none-of-the-values"),
        pytest.param({"type": ["string", "null"], "enum": ["a", None]}, None, [], id="null-where-values-are-listed"),
        pytest.param(
            {"type": ["string", "null"], "nullable": True, "enum": ["a"]},
            None,
            [((), "value-not-allowed")],
            id="a-null-that-is-kept",
        ),
        pytest.param(
            {**obj(a=TEXT, b=TEXT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {"a": None, "b": "1"},
            [],
            id="forms-see-no-nulls",
        ),
        pytest.param({"const": "a"}, "b", [((), "value-not-allowed")], id="not-the-one-value"),
        pytest.param({"const": "a"}, {}, [((), "wrong-type")], id="nothing-like-the-one-value"),
        pytest.param(
            {"type": "string", "format": "date-time"}, "2026-02-30T00:00:00Z", [((), "invalid-value")], id="no-day"
        ),
        pytest.param({"type": "string", "format": "unheard-of"}, "a", [], id="an-unknown-format"),
        pytest.param({"type": "object"}, {"a": {"b": 1}}, [], id="an-open-object"),
        pytest.param({"type": "object", "additionalProperties": TEXT}, {"a": 1}, [(("a",), "wrong-type")], id="a-map"),
        pytest.param(
            {"type": "object", "minProperties": 1, "additionalProperties": TEXT}, {}, [((), "invalid-value")], id="few"
        ),
        pytest.param(
            {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
            {"a": None},
            [((), "invalid-value")],
            id="none",
        ),
        pytest.param({**obj(a={**TEXT, "default": "b"}), "minProperties": 1}, {}, [], id="a-default-counts-as-a-field"),
        pytest.param(
            {**obj(a={**TEXT, "default": "b"}, c=TEXT), "minProperties": 2},
            {"a": "d"},
            [((), "invalid-value")],
            id="but-not-twice-and-without-one-not-at-all",
        ),
        pytest.param(
            {"type": "object", "maxProperties": 1, "additionalProperties": TEXT},
            {"a": "1", "b": "2"},
            [((), "invalid-value")],
            id="too-many-fields",
        ),
        pytest.param(
            items(TEXT, **{"x-kubernetes-list-type": "set"}),
            ["a", "b", "a"],
            [((2,), "duplicate-list-item")],
            id="a-set",
        ),
        pytest.param(PORTS, [{"port": 1}, {"port": 1, "protocol": "UDP"}], [], id="different-keys"),
        pytest.param(
            PORTS,
            [{"port": 1}, {"port": 1, "protocol": "TCP"}],
            [((1,), "duplicate-list-item")],
            id="the-same-key-by-default",
        ),
        pytest.param(RANGE, {"start": 1, "end": 1}, [], id="a-rule-that-holds"),
        pytest.param(RANGE, {"end": 4}, [((), "validation-rule-broken")], id="a-rule-broken-by-a-default"),
        pytest.param(
            RANGE, {"start": None, "end": 4}, [((), "validation-rule-broken")], id="a-null-has-the-default-too"
        ),
        pytest.param(RANGE, {"end": None}, [], id="and-without-one-is-gone"),
        pytest.param(RANGE, {"end": "4"}, [(("end",), "wrong-type")], id="a-rule-waits-for-what-it-reads"),
        pytest.param(
            RANGE, {"end": 6.0}, [((), "validation-rule-broken")], id="a-rule-cannot-use-a-float-for-an-integer"
        ),
        pytest.param(WORKERS, {"w": {"n": 2}}, [], id="replicas"),
        pytest.param(WORKERS, {"w": {"n": 2.0}}, [(("w", "n"), "invalid-value")], id="replicas-that-are-a-float"),
        pytest.param(WORKERS, {"w": {"n": -1}}, [(("w", "n"), "invalid-value")], id="fewer-replicas-than-none"),
        pytest.param(WORKERS, {"w": {"n": 2**31}}, [(("w", "n"), "invalid-value")], id="more-replicas-than-int32"),
        pytest.param(WORKERS, {"w": {}}, [], id="no-replicas"),
        pytest.param(DECODED_KIND, {"n": 1}, [], id="an-integer-that-go-decodes"),
        pytest.param(DECODED_KIND, {"n": 1.0}, [(("n",), "wrong-type")], id="a-whole-float-that-go-decodes"),
        pytest.param({"type": "integer"}, 1.0, [], id="a-whole-float-in-a-custom-resource"),
        pytest.param({"type": "integer"}, 1.0000000001, [], id="a-float-that-is-whole-but-for-a-hair"),
        pytest.param({"type": "integer"}, 0.9999999999, [((), "wrong-type")], id="but-not-one-below"),
        pytest.param({"type": "integer"}, 2.0**53, [((), "wrong-type")], id="a-float-past-what-is-exact"),
        pytest.param({"type": "integer"}, 2**53, [], id="which-an-integer-may-be"),
        pytest.param(STATUS, {"a": 1, "b": [None]}, [], id="an-emptied-field-of-any-type"),
        pytest.param(STATUS, {"c": 1}, [(("c",), "unknown-field")], id="an-unknown-field-of-an-emptied-field"),
        pytest.param(STATUS, {"a": [[{"c": 1}]]}, [(("a", 0, 0, "c"), "unknown-field")], id="and-one-deep-in-lists"),
        pytest.param({"type": "integer", "not": {"minimum": 5}}, 6, [((), "invalid-value")], id="not"),
        pytest.param(
            {"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 1}]}, 3, [((), "invalid-value")], id="any"
        ),
        pytest.param(
            {"type": "integer", "oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, [((), "invalid-value")], id="one"
        ),
        pytest.param({"type": "integer", "allOf": [{"minimum": 5}]}, 3, [((), "invalid-value")], id="all"),
        pytest.param(
            obj(a=obj(b=items(obj(c=TEXT)))),
            {"a": {"b": [{"c": 1}]}},
            [(("a", "b", 0, "c"), "wrong-type")],
            id="far-down",
        ),
        pytest.param(
            obj(["a", "b"], a={"type": "string"}, b=TEXT),
            {"a": 1, "c": 2},
            [(("a",), "wrong-type"), (("c",), "unknown-field"), (("b",), "missing-field")],
            id="three-mistakes-are-three-problems",
        ),
    ],
)
def test_an_object_is_judged(schema, data, found):
    assert [(problem.path, problem.rule) for problem in compile_schema(schema)(data)] == found
    assert reference_validator(schema).is_valid(data) is (found == [])


@pytest.mark.parametrize(
    ("schema", "data", "message", "fix"),
    [
        pytest.param(obj(name=TEXT), {"nam": 1}, "unknown field nam", "did you mean name?", id="a-slip"),
        pytest.param(
            obj(name=TEXT, size=TEXT),
            {"zzz": 1},
            "unknown field zzz",
            "remove it; known fields are name, size",
            id="no-slip",
        ),
        pytest.param(
            {"type": "integer"}, "63", 'must be an integer, is a string: "63"', "write 63 without quotes", id="quoted"
        ),
        pytest.param(
            {"type": "boolean"},
            "True",
            'must be a boolean, is a string: "True"',
            "write true without quotes",
            id="a-quoted-bool",
        ),
        pytest.param(TEXT, True, "must be a string, is a boolean: true", 'put it in quotes: "true"', id="not-quoted"),
        pytest.param(
            items(TEXT),
            "a",
            'must be an array, is a string: "a"',
            "write it as a list, each item with a dash",
            id="no-list",
        ),
        pytest.param(TEXT, {"a": 1}, "must be a string, is a mapping", "write a string", id="a-mapping"),
        pytest.param({"type": "boolean"}, None, "must not be null", None, id="null"),
        pytest.param(
            {"type": "string", "enum": ["Always", "Never"]},
            "never",
            '"never" is none of "Always", "Never"',
            "did you mean Never?",
            id="the-case-of-a-value",
        ),
        pytest.param(
            {"type": "string", "enum": ["Always", "Never"]},
            "",
            '"" is none of "Always", "Never"',
            'use one of "Always", "Never"',
            id="an-empty-value",
        ),
        pytest.param({"type": "integer", "minimum": 1}, 0, "must be 1 or more, is 0", "raise it", id="too-small"),
        pytest.param(
            {"type": "string", "pattern": "^a$"},
            "b" * 99,
            f'"{"b" * 56}... does not match ^a$',
            "write a value that the pattern takes",
            id="cut-where-long",
        ),
        pytest.param(
            PORTS,
            [{"port": 1}, {"port": 1}],
            "has the same port and protocol as item 0",
            "remove one of the two",
            id="the-same-key",
        ),
        pytest.param(
            {**obj(a=TEXT), "x-kubernetes-validations": [{"rule": "has(self.a)", "messageExpression": "'no ' + 'a'"}]},
            {},
            "no a",
            None,
            id="a-message-that-is-computed",
        ),
        pytest.param(
            {**obj(a=TEXT), "x-kubernetes-validations": [{"rule": "has(self.a)", "messageExpression": "self.a"}]},
            {},
            "failed rule: has(self.a)",
            None,
            id="a-message-that-cannot-be-computed",
        ),
    ],
)
def test_a_problem_says_what_is_wrong_and_what_to_do(schema, data, message, fix):
    (problem,) = compile_schema(schema)(data)

    assert (problem.message, problem.fix) == (message, fix)


MANY = {f"field{number:02}": TEXT for number in range(26)}


@pytest.mark.parametrize(
    ("schema", "data", "meant"),
    [
        pytest.param(obj(name=TEXT), {"nam": 1}, "name", id="the-nearest-field"),
        pytest.param(obj(a=obj(b=items(obj(name=TEXT)))), {"a": {"b": [{"nam": 1}]}}, "name", id="however-far-down"),
        pytest.param(obj(name=TEXT), {"zzz": 1}, None, id="no-field-is-near"),
        pytest.param({"enum": ["Always", "Never"]}, "always", "Always", id="the-nearest-value"),
        pytest.param({"enum": ["Always", "Never"]}, "x", None, id="no-value-is-near"),
        pytest.param({"enum": ["", "Never"]}, "x", None, id="no-value-at-all-is-not-meant"),
        pytest.param({"const": "v1"}, "zzz", "v1", id="the-one-value-there-is"),
        pytest.param(obj(name=TEXT), {"name": 1}, None, id="a-type-says-nothing-of-it"),
    ],
)
def test_a_problem_knows_what_was_meant_where_that_is_plain(schema, data, meant):
    (problem,) = compile_schema(schema)(data)

    assert problem.meant == meant


@pytest.mark.parametrize(
    ("count", "fix"),
    [
        pytest.param(25, f"remove it; known fields are {', '.join(list(MANY)[:25])}", id="a-list-of-25"),
        pytest.param(26, "remove it", id="more-than-anyone-reads"),
        pytest.param(0, "remove it", id="none"),
    ],
)
def test_known_fields_are_listed_where_they_are_few(count, fix):
    (problem,) = compile_schema(obj(**dict(list(MANY.items())[:count])))({"z": 1})

    assert problem.fix == fix


def test_a_rule_outside_the_known_part_of_cel_refuses_nothing():
    schema = {**obj(a=TEXT), "x-kubernetes-validations": [{"rule": "url(self.a).getHost() == 'a'"}]}

    assert compile_schema(schema)({"a": "b"}) == []


class Mapping(dict):
    """A mapping that is no plain dict, as some YAML libraries give."""


def test_subclasses_of_json_types_are_judged_as_those():
    judge = compile_schema(obj(name=TEXT))

    assert judge(Mapping(name="a")) == []
    assert [problem.rule for problem in judge(Mapping(nam="a"))] == ["unknown-field"]


def test_a_kind_without_a_schema_has_no_problems():
    schemas = Schemas("v25.1.0")

    assert schemas.judge({"apiVersion": "example.com/v1", "kind": "Widget", "spec": 1}) == []
    assert schemas.judge([]) == schemas.judge({"kind": "Pod"}) == []
    assert not schemas.knows("mellanox.com/v1alpha1", "NicNodePolicy")
    assert schemas.knows("v1", "Pod")
    assert not schemas.knows_own("v1", "Pod")
