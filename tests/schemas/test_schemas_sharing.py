"""Big schemas keep once what they repeat, and say the same."""

from aksrdma.schemas.judge import compile_schema
from aksrdma.schemas.make.files import schema_text, shared

PART = {
    "type": ["object", "null"],
    "required": ["name"],
    "properties": {f"field{number}": {"type": ["string", "null"]} for number in range(12)}
    | {"name": {"type": "string"}},
    "additionalProperties": False,
}


def big(count):
    fields = {f"part{number}": PART for number in range(count)}
    return {
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "$defs": {"Other": {"type": "string"}},
    }


def test_a_small_schema_stays_as_it_is():
    assert shared(big(2)) == big(2)


def test_a_big_schema_has_each_part_once():
    small = shared(big(200))

    assert small["properties"]["part0"] == small["properties"]["part199"] == {"$ref": "#/$defs/part0"}
    assert small["$defs"] == {"Other": {"type": "string"}, "part0": PART}


def test_a_default_stays_where_it_is():
    schema = big(200)
    schema["properties"]["part7"] = {**PART, "default": {"name": "a"}}

    assert shared(schema)["properties"]["part7"] == {**PART, "default": {"name": "a"}}


def test_both_say_the_same():
    data = {"part1": {"nam": "a"}, "part2": None, "part200": {}}

    assert compile_schema(shared(big(200)))(data) == compile_schema(big(200))(data)


def test_what_fits_on_a_line_is_on_one():
    assert schema_text({"a": {"b": [1, 2]}, "c": ["x" * 60, "y" * 60]}) == (
        '{\n "a": {"b": [1, 2]},\n "c": [\n  "' + "x" * 60 + '",\n  "' + "y" * 60 + '"\n ]\n}\n'
    )
