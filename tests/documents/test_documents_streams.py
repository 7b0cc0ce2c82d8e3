"""Streams: how a file falls apart into documents, and what each of them knows of itself."""

from __future__ import annotations

import pickle

import pytest

from aksrdma import documents
from aksrdma.documents import Document, read


def data_of(text: str | bytes) -> list[object]:
    return [document.data for document in read(text).documents]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="an-empty-file"),
        pytest.param("\n \n# nothing\n", [], id="comments-alone"),
        pytest.param("---\n---\n# a\n---\n", [], id="separators-alone"),
        pytest.param("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}], id="two-documents"),
        pytest.param("---\na: 1\n...\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}], id="documents-that-are-ended"),
        pytest.param("a: 1\n--- # here\nb: 2", [{"a": 1}, {"b": 2}], id="a-comment-on-the-separator"),
        pytest.param("a: 1\n---\nnull\n---\n~\n---\nb: 2\n", [{"a": 1}, {"b": 2}], id="null-documents"),
        pytest.param("a: |\n  x\n---\nb: 2\n", [{"a": "x\n"}, {"b": 2}], id="a-separator-that-ends-a-block"),
        pytest.param("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}], id="line-ends-of-windows"),
        pytest.param("\ufeffa: 1\n---\n\ufeffb: 2\n", [{"a": 1}, {"b": 2}], id="byte-order-marks-of-two-files"),
        pytest.param("\ufeff---\na: 1\n", [{"a": 1}], id="a-byte-order-mark-above-a-separator"),
        pytest.param("- a\n- b\n", [["a", "b"]], id="a-list-at-the-top"),
        pytest.param("word\n", ["word"], id="a-word-at-the-top"),
        pytest.param("a: b # c\n# d\ne: f\n", [{"a": "b", "e": "f"}], id="comments-between-keys"),
        pytest.param('{"a": 1}', [{"a": 1}], id="json"),
        pytest.param('{"a": 1}\n{"b": 2}{"c": 3}', [{"a": 1}, {"b": 2}, {"c": 3}], id="json-values-in-a-row"),
        pytest.param('{"a": 1}\n---\n{"b": 2}\n---\nc: 3\n', [{"a": 1}, {"b": 2}, {"c": 3}], id="json-then-yaml"),
        pytest.param("{a: 1}\n---\nb: 2\n", [{"a": 1}, {"b": 2}], id="a-flow-map-that-is-no-json"),
        pytest.param('{"a": 2.0, "b": -0.0}', [{"a": 2, "b": 0}], id="whole-floats-of-json-are-integers"),
        pytest.param('\ufeff{"a": 1}', [{"a": 1}], id="json-behind-a-byte-order-mark"),
    ],
)
def test_documents_of_a_stream(text, expected):
    stream = read(text)

    assert [document.data for document in stream.documents] == expected
    assert stream.problems == []


def test_bytes_and_text_read_the_same():
    assert data_of("a: é\n".encode()) == data_of("a: é\n") == [{"a": "é"}]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("a: 1\n---\nb: [\n---\nc: 3\n", [1, 3], id="a-bracket-never-closed"),
        pytest.param("a: 1\n---\nb: 'x\n---\nc: 3\n", [1, 3], id="a-quote-never-closed"),
        pytest.param("a: 1\n---\n\tb: 2\n---\nc: 3\n", [1, 3], id="a-tab"),
        pytest.param("a: 1\n---\nb: .inf\n---\nc: 3\n", [1, 3], id="infinity"),
        pytest.param('{"a": 1}{"b": }\n---\nc: 3\n', [1, 2], id="broken-json"),
    ],
)
def test_documents_around_a_broken_one_are_read(text, left):
    """`left` is the place in the file of those that remain: the broken one keeps its own."""
    stream = read(text)

    assert [next(iter(document.data.values())) for document in stream.documents] == [1, 3]
    assert [document.index for document in stream.documents] == left
    assert len(stream.problems) == 1


def test_a_document_says_what_it_is():
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: ns\n"
    [document] = read(text, "dir/pod.yaml").documents

    assert (document.file, document.index) == ("dir/pod.yaml", 1)
    assert (document.api_version, document.kind, document.name, document.namespace) == ("v1", "Pod", "p", "ns")
    assert document.label == "Pod/ns/p"
    assert repr(document) == "Document('dir/pod.yaml', 1, 'Pod/ns/p')"


@pytest.mark.parametrize(
    "data", [{}, {"kind": 1, "metadata": []}, [], "Pod", {"metadata": {"name": None}}, {"apiVersion": {"a": 1}}]
)
def test_a_document_without_names_has_an_empty_label(data):
    document = Document.from_data(data)

    assert (document.label, document.kind, document.name, document.namespace, document.api_version) == ("",) * 5


def test_a_document_from_data_stands_nowhere():
    document = Document.from_data({"kind": "Pod", "spec": {"config": '{"a": {"b": 1}}'}})

    assert document.position(("spec",)) == (0, 0) == documents.NOWHERE
    assert (document.first_line, document.last_line, document.comments()) == (0, 0, {})
    assert document.embedded(("spec", "config")).data == {"a": {"b": 1}}
    assert document.embedded(("spec", "config")).error_position == (0, 0)


def test_a_document_survives_pickling():
    [document] = read("a: 1\nb:\n  c: [1, 2]\n", "f.yaml").documents
    before = document.position(("b", "c", 1))

    again = pickle.loads(pickle.dumps(document))

    assert (again.file, again.index, again.data) == (document.file, document.index, document.data)
    assert again.position(("b", "c", 1)) == before == (3, 10)


def test_a_document_says_whether_a_word_stands_in_its_text():
    [document, other] = read("# above\n---\na: bcd  # beside\n---\ne: f\n").documents

    assert [document.mentions(word) for word in ("above", "beside", "bc", "e: f")] == [True, True, True, False]
    assert [other.mentions(word) for word in ("above", "beside", "e: f")] == [False, False, True]
    assert not Document.from_data({"a": "b"}).mentions("b")


def test_values_are_found_by_path():
    [document] = read("a:\n- b: 1\nc: '{\"d\": [2]}'\n").documents

    assert document.value(("a", 0, "b")) == 1
    assert document.value(("c", None, "d", 0)) == 2
    assert [document.value(path) for path in [("x",), ("a", 1), ("a", "b"), ("a", -1), ("a", 0, "b", "c")]] == [
        None
    ] * 5


LIST = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
- apiVersion: v1
  kind: PodList
  items:
  - metadata:
      name: b
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: c
---
kind: Pod
metadata: {name: d}
"""


def test_lists_are_unpacked_with_their_places():
    found = read(LIST).documents

    assert [(document.label, document.index) for document in found] == [
        ("Pod/a", 1),
        ("Pod/b", 1),
        ("Deployment/c", 1),
        ("Pod/d", 2),
    ]
    assert [document.position(("metadata", "name")).line for document in found] == [6, 11, 15, 18]
    assert [document.first_line for document in found] == [4, 10, 12, 17]


def test_items_of_a_typed_list_take_kind_and_version_from_it():
    [document] = read("apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n").documents

    assert (document.api_version, document.kind) == ("v1", "Pod")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kind: Basket\nitems: [a]\n", id="a-kind-that-is-no-list"),
        pytest.param("kind: List\nitems: text\n", id="items-that-are-no-list"),
        pytest.param("kind: List\n", id="no-items"),
    ],
)
def test_what_only_looks_like_a_list_stays_whole(text):
    assert len(read(text).documents) == 1


def test_an_empty_list_has_no_documents():
    assert read("kind: List\nitems: []\n").documents == []
