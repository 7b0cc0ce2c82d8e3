"""Positions: every field's place in the user's file, down into the JSON of strings; and the comments."""

from __future__ import annotations

import pytest

from aksrdma.documents import Document, read

TEXT = """\
# license
---
# aksrdma: ignore some-rule -- reason
apiVersion: v1  # trailing
kind: ConfigMap
metadata:
  name: "a # no comment"
  labels: {app: x, "tier": y}
data:
  literal: |  # header
    {
      "list": [
        {"name": "x", "max": 63},
        7
      ]
    }
  single: '{"it''s": 1,
    "k": [1, 2]}'
  double: "{\\"a\\": \\u0031,\\n \\
    \\"b\\": [true]}"
  folded: >-
    {"a":
      1,

      "b": [2,
    3]}
  plain: [{"a": 1}]
list:
- one
-
  two: 2
- - three
  # last comment
"""

LINES = TEXT.splitlines()


@pytest.fixture(scope="module")
def document() -> Document:
    [found] = read(TEXT, "f.yaml").documents
    return found


def at(document: Document, *path: str | int | None) -> str:
    """Return the line and the text that stands at the position of a path."""
    position = document.position(path)
    return f"{position.line}: {LINES[position.line - 1][position.column - 1 :]}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param((), "4: apiVersion: v1  # trailing", id="the-object"),
        pytest.param(("kind",), "5: kind: ConfigMap", id="a-key-at-the-top"),
        pytest.param(("metadata",), "6: metadata:", id="a-map-stands-at-its-key"),
        pytest.param(("metadata", "labels", "tier"), '8: "tier": y}', id="a-key-in-a-flow-map"),
        pytest.param(("list", 0), "29: one", id="an-item"),
        pytest.param(("list", 1), "31: two: 2", id="an-item-below-its-dash"),
        pytest.param(("list", 2, 0), "32: three", id="an-item-of-an-item"),
        pytest.param(("metadata", "namespace"), "6: metadata:", id="a-missing-key-stands-at-its-parent"),
        pytest.param(("list", 9, "x"), "28: list:", id="a-missing-item-stands-at-its-list"),
        pytest.param(("kind", "x", 0), "5: kind: ConfigMap", id="below-a-scalar"),
        pytest.param(("data", "literal"), "10: literal: |  # header", id="a-literal-block-at-its-key"),
        pytest.param(("data", "literal", None), "10: literal: |  # header", id="its-json-as-a-whole"),
        pytest.param(("data", "literal", None, "list"), '12: "list": [', id="a-key-of-its-json"),
        pytest.param(("data", "literal", None, "list", 0, "max"), '13: "max": 63},', id="a-nested-key-of-its-json"),
        pytest.param(("data", "literal", None, "list", 1), "14: 7", id="an-item-of-its-json"),
        pytest.param(("data", "literal", None, "list", 0, "x"), '13: {"name": "x", "max": 63},', id="missing-in-json"),
        pytest.param(("data", "single", None, "it's"), "17: \"it''s\": 1,", id="single-quotes"),
        pytest.param(("data", "single", None, "k", 1), "18: 2]}'", id="single-quotes-second-line"),
        pytest.param(("data", "double", None, "a"), '19: \\"a\\": \\u0031,\\n \\', id="double-quotes"),
        pytest.param(("data", "double", None, "b", 0), '20: true]}"', id="double-quotes-behind-escapes"),
        pytest.param(("data", "folded", None, "a"), '22: "a":', id="a-folded-block-first-line"),
        pytest.param(("data", "folded", None, "b"), '25: "b": [2,', id="a-folded-block-with-deeper-lines"),
        pytest.param(("data", "folded", None, "b", 1), "26: 3]}", id="a-folded-block-last-line"),
    ],
)
def test_position_of_a_field(document, path, expected):
    assert at(document, *path) == expected


def test_comments_of_a_document(document):
    assert document.comments() == {
        1: "# license",
        3: "# aksrdma: ignore some-rule -- reason",
        4: "# trailing",
        10: "# header",
        33: "# last comment",
    }


def test_what_looks_like_a_comment_in_a_block_is_none():
    [found] = read(
        "a: |\n  # text\n  b # text\n# comment\nc: 'd # text' # comment\ne: 'f\n  # text' # comment\n"
    ).documents

    assert found.comments() == {4: "# comment", 5: "# comment", 7: "# comment"}


def test_lines_of_a_document(document):
    assert (document.first_line, document.last_line) == (4, 33)


def test_the_second_document_counts_lines_of_the_file():
    second = read("a: 1\n---\n\n# c\nb:\n  c: 1\n").documents[1]

    assert (second.position(("b", "c")), second.first_line, second.comments()) == ((6, 3), 5, {4: "# c"})


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        pytest.param("a: 1\r\nb:\r\n  c: 1\r\n", ("b", "c"), (3, 3), id="line-ends-of-windows"),
        pytest.param("\ufeffa: 1\nb: 2\n", ("a",), (1, 1), id="a-byte-order-mark"),
        pytest.param("ä: {ö: 1, ü: 2}\n", ("ä", "ü"), (1, 11), id="letters-beyond-ascii"),
        pytest.param("😀: {😀: 1, b: 2}\n", ("😀", "b"), (1, 11), id="letters-beyond-16-bits"),
        pytest.param("a: 1\x85b: 2\nc: 3\n", ("c",), (2, 1), id="a-line-break-that-editors-do-not-know"),
        pytest.param("a: &x\n  b: 1\nc: *x\n", ("c", "b"), (2, 3), id="below-an-alias-where-it-is-written"),
        pytest.param("a: &x\n  b: 1\nc: *x\n", ("c",), (3, 1), id="an-alias-at-its-key"),
        pytest.param("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n", ("c", "b"), (1, 8), id="a-merged-key"),
        pytest.param("a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n", ("c", "b"), (4, 3), id="a-key-that-overrides-a-merge"),
        pytest.param("c:\n  b: 2\n  <<: {b: 1}\n", ("c", "b"), (3, 8), id="a-key-that-a-merge-overrides"),
        pytest.param("x:\n  <<: [{b: 1}, {b: 2}]\n", ("x", "b"), (2, 9), id="the-first-map-of-a-merged-list-counts"),
        pytest.param("on: 1\n0755: 2\n", ("493",), (2, 1), id="a-key-that-is-a-number"),
        pytest.param("a: 1\na: 2\n", ("a",), (2, 1), id="the-last-of-two-keys"),
        pytest.param('{"a": 1,\n "b": {"c": [1,\n  2]}}', ("b", "c", 1), (3, 3), id="json"),
        pytest.param('{"a": 1}\n  {"b": 2}', ("b",), (1, 1), id="json-first-value"),
    ],
)
def test_position_in_odd_texts(text, path, expected):
    assert read(text).documents[0].position(path) == expected


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("a: b c\n  d\n", "b1:4 _1:5 c1:6 _1:7 d2:3", id="plain-folded"),
        pytest.param("a: b  c\n", "b1:4 _1:5 _1:6 c1:7", id="blanks"),
        pytest.param("a: 'b''c'\n", "b1:5 '1:6 c1:8", id="single-quotes"),
        pytest.param("a: 'b\n\n\n  c'\n", "b1:5 /1:6 /1:6 c4:3", id="single-quotes-with-empty-lines"),
        pytest.param('a: "b\\tc\\\n  d\\x41"\n', "b1:5 >1:6 c1:8 d2:3 A2:4", id="double-quotes"),
        pytest.param("a: |\n  b\n\n   c\n", "b2:3 /2:4 /3:1 _4:3 c4:4 /4:5", id="literal"),
        pytest.param("a: |\n\n  b\n", "/2:1 b3:3 /3:4", id="literal-with-an-empty-line-above"),
        pytest.param("a: |-\n  b", "b2:3", id="literal-at-the-end-of-the-file"),
        pytest.param("a: >\n  b\n  c\n", "b2:3 _3:2 c3:3 /3:4", id="folded"),
        pytest.param("a: >\n\n  b\n\n  c\n", "/3:2 b3:3 /5:2 c5:3 /5:4", id="folded-with-empty-lines"),
        pytest.param("a: >-\n  b\n    c\n\n  d\n", "b2:3 /3:2 _3:3 _3:4 c3:5 /5:1 /5:2 d5:3", id="folded-deeper"),
        pytest.param("a: ''\n", "", id="empty"),
    ],
)
def test_position_of_each_character(text, places):
    [document] = read(text).documents
    value = document.value(("a",))
    signs = str.maketrans(" \n\t", "_/>")

    found = [document.position_inside(("a",), number) for number in range(len(value))]

    assert (
        " ".join(f"{sign}{at.line}:{at.column}" for sign, at in zip(value.translate(signs), found, strict=True))
        == places
    )


def test_position_behind_the_last_character():
    [document] = read("a: bc\nd: ''\n").documents

    assert [document.position_inside(("a",), number) for number in (2, 9)] == [(1, 6), (1, 6)]
    assert document.position_inside(("d",), 3) == (2, 4)
    assert document.position_inside(("e",), 3) == (1, 1)


def test_position_in_the_second_json_value_of_a_line():
    second = read('{"a": 1} {"b": {"c": 2}}').documents[1]

    assert second.position(("b", "c")) == (1, 17)


def test_position_in_a_json_value_of_a_later_line():
    stream = read('{"a": 1}\n\n  {"b": 1} {"c":\n {"d": 2}}')

    assert [document.position(path) for document, path in zip(stream.documents[1:], [("b",), ("c",)], strict=True)] == [
        (3, 4),
        (3, 13),
    ]
    assert stream.documents[2].position(("c", "d")) == (4, 3)


@pytest.mark.parametrize("text", ["]", "[}", "{a: 1}", '{"a\nb": 1}', '{"\\x": 1}', "{1: 2}", ",", '{"a" "b"}'])
def test_a_string_that_is_no_json_has_places_too(text):
    """A component may read more than JSON, and its judge still asks where a part of it stands."""
    [document] = read(f"a: |\n{''.join(f'  {line}' for line in text.splitlines(keepends=True))}\n").documents

    assert document.position(("a", None, "a", 0)).line in (1, 2)


def test_json_in_json_stands_at_the_inner_string():
    [found] = read('a: \'{"b": "{\\\\"c\\\\": 1}"}\'\n').documents

    assert found.position(("a", None, "b", None, "c")) == (1, 6)
