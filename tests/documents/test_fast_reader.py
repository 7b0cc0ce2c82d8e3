"""The fast parser is the full one on every text that it does not leave to it."""

from __future__ import annotations

import json
import string
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aksrdma.documents import fast, full, read
from aksrdma.documents.source_text import EMPTY, Chunk

WORDS = [
    "a",
    "b1",
    "true",
    "on",
    "y",
    "12",
    "0755",
    "1.0",
    "1e3",
    "~",
    "null",
    "x-y",
    "rdma/ib",
    "a.b/c",
    "v1",
    "-1",
    "=",
    "<<",
]
ODD = ["", " ", "  ", "a: b", "a #b", "- a", "'", '"', "[", "{", "}", "]", ",", "&a", "*a", "!t", "|", ">", "%", "@", "`", "?", ":", "-", "#", "\\", "é", "a:b", "a:", "{a: 1}", "[a, b]", "...", ".inf", "a  b"]  # fmt: skip
PIECES = [*"\n\n\n  ::--#'\"|>[]{},&*!%@\\.~", ": ", "- ", " #", "|-", "|+", ">-", "<<: ", "key: ", "  k: v\n", "- x\n", "\t", "...\n", "? ", "a", "1", "é", "''", '""', "[a, b]", "{a: 1}", "|\n"]  # fmt: skip

scalars = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(ODD).map(lambda text: f'"{text}"'),
    st.sampled_from(ODD),
    st.text(string.ascii_letters + string.digits + " ./-:#", max_size=8),
)
keys = st.one_of(st.sampled_from(WORDS), st.text(string.ascii_lowercase, min_size=1, max_size=3))
trees: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.lists(scalars, min_size=1, max_size=3).map(lambda lines: ("block", lines)),
    ),
    max_leaves=12,
)


def lines_of(tree: Any, indent: str, wide: bool) -> list[str]:
    """Write a tree as block YAML, by hand and carelessly: what comes out need not be valid."""
    if isinstance(tree, dict):
        return [line for key, value in tree.items() for line in entry(f"{key}:", value, indent, wide)]
    return [line for value in tree for line in entry("-", value, indent, wide)]


def entry(head: str, value: Any, indent: str, wide: bool) -> list[str]:
    if isinstance(value, str):
        return [f"{indent}{head} {value}".rstrip(" ") if wide else f"{indent}{head} {value}"]
    if isinstance(value, tuple):
        return [f"{indent}{head} |", *(f"{indent}   {line}" if line else "" for line in value[1])]
    if not value:
        return [f"{indent}{head} {'{}' if isinstance(value, dict) else '[]'}"]
    deeper = lines_of(value, indent + ("    " if wide else "  "), wide)
    if head == "-" and not wide:
        return [f"{indent}- {deeper[0].lstrip(' ')}", *deeper[1:]]
    return [f"{indent}{head}", *deeper]


documents = st.builds(
    lambda tree, wide: "\n".join(lines_of(tree, "", wide)) + "\n",
    st.one_of(st.dictionaries(keys, trees, min_size=1, max_size=5), st.lists(trees, min_size=1, max_size=4)),
    st.booleans(),
)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A document with pieces put in, taken out and moved."""
    text = draw(documents)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + draw(st.integers(0, 3)) :]
    return text if text.endswith("\n") else text + "\n"


def assert_same(text: str) -> None:
    quick = fast.parse(text, 200)
    if quick is fast.UNUSUAL:
        return
    value, problems = full.parse(Chunk(text, 1), 200)
    assert problems == []
    if quick is EMPTY:
        assert value is EMPTY
    else:
        assert json.dumps(quick) == json.dumps(value)


many = settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(documents)
def test_generated_documents_read_the_same(text):
    assert_same(text)


@many
@given(mangled())
@example("a: |\n\n  b\n \nc: 1\n")
@example("a:\n- b\n  c: 1\n")
@example("- a: 1\n - b: 2\n")
@example("a: b\n  # c\n  d\n")
@example("a: |\n  b\n # c\n  d\n")
@example("a: [b]\n c: 1\n")
def test_mangled_documents_read_the_same(text):
    assert_same(text)


@many
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces) + "\n"))
def test_soups_of_pieces_read_the_same(text):
    assert_same(text)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=60), mangled().map(str.encode), st.text(max_size=40).map(lambda t: t.encode("utf-8", "replace"))))  # fmt: skip
@example(b"{")
@example(b'{"a": "\\ud800"}')
@example(b"\xef\xbb\xbf---")
@example(b"--- |\n a")
def test_any_bytes_are_read_without_an_exception(source):
    stream = read(source, "f")

    for document in stream.documents:
        document.position(("a", 0, None, "b"))
        assert document.embedded(("a",)).error_position.line >= 1
        assert all(text.startswith("#") for text in document.comments().values())
        json.dumps(document.data, allow_nan=False)
    for problem in stream.problems:
        assert min(problem.at) >= 1
        assert problem.message
        assert problem.fix


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: 1\nb:\n  c: [x, 'y', 1]\n  d: {e: f, g: []}\n", id="flow-collections"),
        pytest.param("a: |\n  x\n\n    y\n\nb: |-\n  z\n", id="blocks"),
        pytest.param("a:\n- b: 1\n  c:\n    - d\n-\n  e: 2\n", id="lists"),
        pytest.param("'a b': \"c\"\n\"d\": 'e' # f\n# g\n", id="quotes-and-comments"),
        pytest.param("a: [b] # c\nd: {e: f}  \n", id="comments-and-blanks-behind-flow-collections"),
        pytest.param("a: --flag=x\nb: -c\nc: http://x:80/#y\nd: 00:11:22:33:44:55\n", id="words-with-signs"),
    ],
)
def test_usual_texts_take_the_fast_way(text):
    assert fast.parse(text, 200) not in (fast.UNUSUAL, EMPTY)
    assert_same(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\n",
        "a: 'it''s'\n",
        'a: "\\n"\n',
        "a: b\n  c\n",
        "a: 1\na: 2\n",
        "a: >\n  b\n",
        "? a\n",
        "a: .inf\n",
        "%A\n",
        "a: [b]# c\n",
        "a: [b] c\n",
        "a: [b,]\n",
        "a: {b: 1, b: 2}\n",
        "a: {b}\n",
        "a: [[[[[[[[[b]]]]]]]]]\n",
        "a\n",
    ],
)
def test_unusual_texts_are_left_to_the_full_parser(text):
    assert fast.parse(text, 200) is fast.UNUSUAL


def test_flow_collections_of_equal_lines_are_not_shared():
    first, again = fast.parse("- [a, {b: []}]\n- [a, {b: []}]\n", 200)

    assert first == again
    assert first is not again
    assert first[1]["b"] is not again[1]["b"]


def test_a_cold_cache_changes_nothing():
    text = "".join(f"key{number}: value{number}\n" for number in range(40_000))

    assert fast.parse(text, 200) == {f"key{number}": f"value{number}" for number in range(40_000)}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &x [1, 'y', on]\nb: *x\nc: |\n  d\n", id="anchors-and-blocks"),
        pytest.param("a: {b: !!str 1, c: 0755}\n? d\n: >-\n  e\n  f\n", id="tags-and-folds"),
    ],
)
def test_pyyaml_without_libyaml_will_do(text, monkeypatch):
    expected = full.parse(Chunk(text, 1), 200)
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)

    assert full.parse(Chunk(text, 1), 200) == expected
    assert [problem.rule for problem in full.parse(Chunk("a: [\n", 1), 200)[1]] == ["yaml-syntax"]
    assert [problem.rule for problem in full.parse(Chunk("a: \x07\n", 1), 200)[1]] == ["yaml-encoding"]
