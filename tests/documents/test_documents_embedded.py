"""Embedded JSON: read as Go reads it, with its mistakes at their place in the user's file."""

from __future__ import annotations

import math

import pytest

from aksrdma.documents import Document, read
from aksrdma.kube.go_json import go_get


def embedded(text: str):
    """Read a text as the JSON of a literal block that begins in line 2, column 3."""
    lines = "\n".join(f"  {line}" for line in text.split("\n"))
    return read(f"config: |-\n{lines}\n").documents[0].embedded(("config",))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        pytest.param('{"a": [1, 2.5, true, null]}', {"a": [1, 2.5, True, None]}, id="all-kinds"),
        pytest.param('{"a": 1, "a": 2}', {"a": 2}, id="the-last-key-counts"),
        pytest.param('{"a": 12345678901234567890123}', {"a": 12345678901234567890123}, id="big-numbers-keep-digits"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="a-surrogate-pair"),
        pytest.param('{"\\ud800": "x\\udc00y"}', {"\ufffd": "x\ufffdy"}, id="lone-surrogates-are-replaced"),
        pytest.param("null", None, id="null"),
        pytest.param(" [1] ", [1], id="white-space-around"),
    ],
)
def test_json_is_read_as_go_reads_it(text, data):
    found = embedded(text)

    assert (found.data, found.error) == (data, None)


def test_whole_floats_stay_floats():
    """A field of type int refuses 1.0, so the difference is kept."""
    assert math.isclose(embedded('{"a": 1.0}').data["a"], 1)
    assert type(embedded('{"a": 1.0}').data["a"]) is float


@pytest.mark.parametrize(
    ("text", "words", "position"),
    [
        pytest.param('{"a": 1,\n "b" 2}', "'2' where a colon must stand", (3, 8), id="no-colon"),
        pytest.param('{"a": 1} x', "'x' after the end", (2, 12), id="text-behind"),
        pytest.param('{"a": NaN}', "NaN is no number of JSON", (2, 9), id="nan"),
        pytest.param('{"a": -Infinity}', "-Infinity is no number", (2, 9), id="infinity"),
        pytest.param('{"a": 1e400}', "1e400 is beyond", (2, 9), id="a-number-too-big"),
        pytest.param('{"a": "b\nc"}', "line break", (2, 11), id="a-line-break-in-a-string"),
        pytest.param('{"a": "b', "never closed", (2, 9), id="a-string-not-closed"),
        pytest.param('{"a": [1', "ends too early", (2, 11), id="a-bracket-not-closed"),
        pytest.param("{'a': 1}", "double quotes", (2, 4), id="single-quotes"),
        pytest.param('{"a": 01}', "where a comma", (2, 10), id="a-leading-zero"),
        pytest.param('{"a": "\\x"}', "backslash", (2, 10), id="an-escape-that-is-none"),
        pytest.param("a: 1", "where a value must stand", (2, 3), id="yaml"),
        pytest.param("[" * 100_000, "nested too deeply", (2, 3), id="too-deep"),
    ],
)
def test_mistakes_stand_at_their_place(text, words, position):
    found = embedded(text)

    assert found.data is None
    assert words in (found.error or "")
    assert found.error_position == position


@pytest.mark.parametrize("value", ["''", "'  '"])
def test_an_empty_string_is_no_json(value):
    assert read(f"config: {value}\n").documents[0].embedded(("config",)).error == "no JSON at all"


@pytest.mark.parametrize("path", [("config",), ("nothing",), ("config", "x")])
def test_what_is_no_string_holds_no_json(path):
    [document] = read("config: {x: 1}\n").documents

    assert document.embedded(path).error == "no string, so no JSON in it"
    assert document.embedded(path).error_position == document.position(path)


def test_json_without_a_mistake_has_its_string_for_the_place_of_one():
    assert embedded('{"a": 1}').error_position == (2, 3)


def test_repeated_keys_are_recorded():
    found = embedded('{"a": {"b": 1,\n  "b": 2}, "a": 3}')

    assert [(key.path, key.first, key.again) for key in found.duplicates] == [
        (("a", "b"), (2, 10), (3, 5)),
        (("a",), (2, 4), (3, 14)),
    ]


def test_json_is_read_once():
    document = Document.from_data({"config": "{}"})

    assert document.embedded(("config",)) is document.embedded(("config", None))


def test_json_within_json():
    document = Document.from_data({"a": '{"b": "[1]"}'})

    assert document.embedded(("a", None, "b")).data == [1]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        pytest.param({"resourceName": 1}, 1, id="the-same-case"),
        pytest.param({"RESOURCENAME": 1}, 1, id="another-case"),
        pytest.param({"resourceName": 1, "ResourceName": 2}, 2, id="the-last-one-even-in-another-case"),
        pytest.param({"ResourceName": 2, "resourceName": 1}, 1, id="the-last-one-in-the-same-case"),
        pytest.param({"re\u017fourceName": 1}, 1, id="a-long-s-folds-to-s"),
        pytest.param({"resource_name": 1, "resource-name": 2}, None, id="underscores-do-not-fold"),
        pytest.param({"resourceName": 1, "resourcename": None}, 1, id="a-null-leaves-the-value"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_go_finds_a_field_by_name(mapping, expected):
    assert go_get(mapping, "resourceName") == expected


def test_the_order_of_repeated_keys_is_that_of_the_last_ones():
    found = embedded('{"max": 1, "MAX": 2, "max": 3}')

    assert go_get(found.data, "max") == 3
