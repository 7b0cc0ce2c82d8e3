"""Text with RDMA: what was there keeps its bytes, what is added looks like what was there."""

import difflib
import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aksrdma.documents import read
from aksrdma.errors import ReadError
from aksrdma.workloads.inject import apply, inject_files
from aksrdma.workloads.inject.edits import between, pointer
from aksrdma.workloads.inject.splice import cut, spliced
from tests.workloads.inject.inject_props import EXAMPLES, NAMES, injection


def written(text, after):
    """Return a text with the edits that turn its value into `after`."""
    before = yaml.safe_load(text)
    edits = list(between(before, after))
    assert apply(edits, before) == after
    return spliced(text, edits, after)


CASES = [
    pytest.param("a: 1\n", {"a": 1, "b": 2}, "a: 1\nb: 2\n", id="behind the last key"),
    pytest.param("a: 1", {"a": 1, "b": 2}, "a: 1\nb: 2", id="in a file without a final newline"),
    pytest.param("a: 1  # one\n# end\n", {"a": 1, "b": 2}, "a: 1  # one\nb: 2\n# end\n", id="before a comment at the end"),
    pytest.param(
        "a:\n  b: 1  # one\n\n# c\nc: 2\n", {"a": {"b": 1, "x": 0}, "c": 2}, "a:\n  b: 1  # one\n  x: 0\n\n# c\nc: 2\n",
        id="inside a mapping whose end has a comment",
    ),
    pytest.param("a:\n    b: 1\n", {"a": {"b": 1, "x": {"z": 0}}}, "a:\n    b: 1\n    x:\n        z: 0\n", id="four spaces"),
    pytest.param("a:\n- 1\n", {"a": [1, {"x": 0, "z": 1}]}, "a:\n- 1\n- x: 0\n  z: 1\n", id="behind the last item"),
    pytest.param(
        "a:\n  - b: 1\n", {"a": [{"b": 1}], "x": [{"z": [0]}]}, "a:\n  - b: 1\nx:\n  - z:\n      - 0\n",
        id="dashes as far inside as the others",
    ),
    pytest.param("a:\n-\n  b: 1\n", {"a": [{"b": 1}, 2]}, "a:\n-\n  b: 1\n- 2\n", id="a dash on a line of its own"),
    pytest.param("a: {b: 1}  # c\n", {"a": {"b": 1, "x": "y z"}}, 'a: {b: 1, x: "y z"}  # c\n', id="into braces"),
    pytest.param("a: [1, 2]\n", {"a": [1, 2, {"x": [0]}]}, "a: [1, 2, {x: [0]}]\n", id="into brackets"),
    pytest.param("a: [\n  1,\n]\n", {"a": [1, 2]}, "a: [\n  1, 2,\n]\n", id="into brackets over several lines"),
    pytest.param("a: {}  # c\nb: 1\n", {"a": {"x": 0}, "b": 1}, "a:  # c\n  x: 0\nb: 1\n", id="instead of empty braces"),
    pytest.param("a: []\n", {"a": [0]}, "a:\n- 0\n", id="instead of empty brackets"),
    pytest.param("a:\n\nb: 1\n", {"a": {"x": 0}, "b": 1}, "a:\n  x: 0\n\nb: 1\n", id="instead of nothing"),
    pytest.param("a: ~\n", {"a": {"x": 0}}, "a:\n  x: 0\n", id="instead of null"),
    pytest.param("a: [{b: {}}]\n", {"a": [{"b": {"x": 0}}]}, "a: [{b: {x: 0}}]\n", id="instead of empty braces in braces"),
    pytest.param("a: old # c\n", {"a": "new"}, "a: new # c\n", id="another text"),
    pytest.param("a: |\n  old\nb: 1\n", {"a": "new", "b": 1}, "a: new\nb: 1\n", id="another text for a block"),
    pytest.param(
        "a:\n  b: |\n    x: 1\n    # no comment\n\nc: 1\n", {"a": {"b": "x: 1\n# no comment\n", "z": 0}, "c": 1},
        "a:\n  b: |\n    x: 1\n    # no comment\n  z: 0\n\nc: 1\n", id="behind a block",
    ),
    pytest.param(
        "a:\n  b: |+\n    x\n\nc: 1\n", {"a": {"b": "x\n\n", "z": 0}, "c": 1}, "a:\n  b: |+\n    x\n\n  z: 0\nc: 1\n",
        id="behind a block that keeps its blank lines",
    ),
    pytest.param(
        "a:\n  b: >-\n    x\n    y", {"a": {"b": "x y", "z": 0}}, "a:\n  b: >-\n    x\n    y\n  z: 0",
        id="behind a folded block at the end",
    ),
    pytest.param(
        'a: "x\n  y"\n', {"a": "x y", "b": 1}, 'a: "x\n  y"\nb: 1\n', id="behind quotes over several lines"
    ),
    pytest.param(
        "t:\n  spec:\n    a: 1\n", {"t": {"spec": {"a": 1}, "metadata": {"x": 0}}},
        "t:\n  metadata:\n    x: 0\n  spec:\n    a: 1\n", id="metadata above its siblings",
    ),
    pytest.param(
        "a: &x\n  b: 1\nc: *x\n", {"a": {"b": 1, "z": 0}, "c": {"b": 1, "z": 0}}, "a: &x\n  b: 1\n  z: 0\nc: *x\n",
        id="an alias that follows its anchor",
    ),
    pytest.param(
        "a: &x\n  b: 1\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1, "z": 0}}, "a: &x\n  b: 1\nc:\n  b: 1\n  z: 0\n",
        id="an alias that goes its own way",
    ),
    pytest.param(
        "a: &x\n  b: 1\nc: *x\n", {"a": {"b": 1, "z": 0}, "c": {"b": 1}}, "a: &x\n  b: 1\n  z: 0\nc:\n  b: 1\n",
        id="an alias that stays behind",
    ),
    pytest.param(
        "a: &x [1]\nb:\n- *x\n- 2\n", {"a": [1], "b": [[1, 3], 2]}, "a: &x [1]\nb:\n- [1, 3]\n- 2\n", id="an alias in a list"
    ),
    pytest.param(
        "a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n", {"a": {"b": 1}, "c": {"b": 1, "d": 1, "z": 0}},
        "a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n  z: 0\n", id="beside a merge key",
    ),
    pytest.param(
        "a: &x {b: {e: 1}}\nc:\n  <<: *x\n", {"a": {"b": {"e": 1}}, "c": {"b": {"e": 1, "z": 0}}},
        "a: &x {b: {e: 1}}\nc:\n  <<: *x\n  b:\n    e: 1\n    z: 0\n", id="in what a merge key brings",
    ),
    pytest.param(
        "a: &x\n  b: 1\nc:\n  <<: *x\n", {"a": {"b": 1, "z": 0}, "c": {"b": 1, "z": 0}},
        "a: &x\n  b: 1\n  z: 0\nc:\n  <<: *x\n  z: 0\n", id="on both sides of a merge key",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "after", "expected"), CASES)
def test_an_addition_is_put(text, after, expected):
    assert written(text, after) == expected
    assert yaml.safe_load(expected) == after


def test_a_path_is_written_as_a_json_pointer():
    assert pointer(("a/b", "c~d", 0, "-")) == "/a~1b/c~0d/0/-"


scalars = st.sampled_from(["x", "a b", "1", "yes", "", "# no", "x: y", "- z", "a\nb\n", "é", 1, 0.5, True, None])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


@st.composite
def grown(draw, value):
    """Return a value with keys and items added at any depth."""
    if isinstance(value, dict):
        kept = {key: draw(grown(inner)) for key, inner in value.items()}
        return kept | draw(st.dictionaries(st.sampled_from(["x", "y", "metadata"]), values, max_size=2))
    if isinstance(value, list):
        return [draw(grown(item)) for item in value] + draw(st.lists(values, max_size=2))
    return value


@given(
    st.data(), st.dictionaries(st.sampled_from("abcd"), values, min_size=1, max_size=3), st.sampled_from([False, None])
)
def test_any_addition_to_any_text_reads_back_as_meant(data, before, style):
    after = data.draw(grown(before))
    text = yaml.safe_dump(before, sort_keys=False, default_flow_style=style, allow_unicode=True)
    edits = list(between(before, after))

    result = spliced(text, edits, after)

    assert result is not None
    assert read(result).documents[0].data == after
    if "- [" not in text and "\n- - " not in text and "{}" not in text and "[]" not in text and "null" not in text:
        removed = [line for line in difflib.ndiff(text.splitlines(), result.splitlines()) if line.startswith("- ")]
        assert style is None or removed == []


CUTS = [
    pytest.param("a:\n- x: 1\n  z: 2  # mine\n- x: 2\n", [("a", 0)], "a:\n- x: 2\n", id="an item with its own comment"),
    pytest.param("a:\n# above\n- 1\n# below\n- 2\n", [("a", 0)], "a:\n# above\n# below\n- 2\n", id="no other comment"),
    pytest.param("a:\n  - 1\n  - 2\nb: 1\n", [("a", 1)], "a:\n  - 1\nb: 1\n", id="the last item"),
    pytest.param("a:\n-\n  x: 1\n- 2\n", [("a", 0)], "a:\n- 2\n", id="a dash on a line of its own"),
    pytest.param("a:\n- |\n  x\n\n- 2\n", [("a", 0)], "a:\n\n- 2\n", id="a block of text"),
    pytest.param("a: [1, 2, 3]  # c\n", [("a", 0)], "a: [2, 3]  # c\n", id="the first in brackets"),
    pytest.param("a: [1, 2, 3]\n", [("a", 2)], "a: [1, 2]\n", id="the last in brackets"),
    pytest.param("a: [1, 2, 3, 4]\n", [("a", 2), ("a", 3), ("a", 0)], "a: [2]\n", id="several in brackets"),
    pytest.param("a: 1\nb:\n- 2\nc: 3\n", [("b",)], "a: 1\nc: 3\n", id="a key"),
    pytest.param("a: {b: [1], c: 2}\n", [("a", "b")], "a: {c: 2}\n", id="a key in braces"),
]


@pytest.mark.parametrize(("text", "paths", "expected"), CUTS)
def test_what_is_taken_out_leaves_the_rest_as_it_was(text, paths, expected):
    assert cut(text, paths) == expected


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("a: &x [1, 2]\nb: *x\n", ("b", 0), id="an item of an alias"),
        pytest.param("- a: [1]\n  b: 2\n", (0, "a"), id="a key on the line of its dash"),
        pytest.param("a: &x {b: 1}\nc: {<<: *x}\n", ("c", "b"), id="what a merge key brings"),
        pytest.param("a: [1]\n", ("a", 0), id="all there is in brackets"),
        pytest.param("# nothing\n", ("a",), id="no document"),
    ],
)
def test_what_cannot_be_taken_out_of_the_text_is_written_anew(text, path):
    assert cut(text, [path]) is None


@given(
    st.data(),
    st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1), min_size=2, max_size=6),
    st.booleans(),
)
def test_any_items_taken_out_of_any_list_are_gone_and_the_others_are_there(data, items, flow):
    text = yaml.safe_dump({"x": {"env": items}, "y": 1}, sort_keys=False, default_flow_style=flow, allow_unicode=True)
    gone = data.draw(st.sets(st.integers(0, len(items) - 1), min_size=1, max_size=len(items) - 1))

    result = cut(text, [("x", "env", number) for number in gone])

    assert result is not None
    assert yaml.safe_load(result) == {"x": {"env": [one for n, one in enumerate(items) if n not in gone]}, "y": 1}
    assert flow or set(result.splitlines()) <= set(text.splitlines())


JOB = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - {name: a, image: b}
"""


def text_of(source, **options):
    [file] = inject_files([("a.yaml", source.encode())], injection(gpus=8, **options))
    return file


def test_only_the_documents_that_need_it_change():
    others = "# first\nkind: ConfigMap\napiVersion: v1\nmetadata:   {name: a}\n"

    file = text_of(f"{others}--- # second\n{JOB}---\n{others}")

    assert file.after.startswith(f"{others}--- # second\napiVersion: v1\n")
    assert file.after.endswith(f"---\n{others}")
    assert len(file.objects) == 3


def test_a_file_that_needs_nothing_keeps_its_bytes():
    source = "# a\n---\nkind:   ConfigMap\napiVersion: v1\n\n---\n"

    assert text_of(source).after == source


def test_windows_line_ends_stay():
    file = text_of(JOB.replace("\n", "\r\n"))

    assert file.after.count("\n") == file.after.count("\r\n") > JOB.count("\n")


def test_the_objects_of_a_list_change_where_they_are():
    item = textwrap.indent(JOB, "  ").replace("  apiVersion", "- apiVersion", 1)

    file = text_of(f"apiVersion: v1\nkind: List\nitems:\n{item}{item}# end\n")

    assert [list(one.result.edits) != [] for one in file.objects] == [True, True]
    assert [document.data for document in read(file.after).documents] == [one.result.data for one in file.objects]
    assert file.after.endswith("# end\n")


def test_json_becomes_yaml():
    file = text_of('{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}')

    assert file.after.startswith("apiVersion: v1\nkind: Pod\nspec:\n")
    assert read(file.after).documents[0].data == file.objects[0].result.data


def test_comments_stay_below_a_document_in_braces():
    head = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n# reviewed\n"

    file = text_of(f"{head}{JOB}# end\n")

    assert file.after.startswith(f"{head}apiVersion: v1\n")
    assert file.after.endswith("# end\n")
    assert file.rewritten == ()


def test_comments_stay_below_a_stream_of_json():
    head = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "a"}]}}\n'
    below = "---\n# mine\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}  # too\n"

    file = text_of(f"{head}{head}{below}")

    assert [document.data for document in read(file.after).documents] == [one.result.data for one in file.objects]
    assert [document.kind for document in read(file.after).documents] == ["Pod", "Pod", "ConfigMap"]
    assert file.after.endswith(below)


def test_json_that_needs_nothing_stays_json_beside_what_changes():
    head = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}\n---\n'

    file = text_of(f"{head}{JOB}")

    assert file.after.startswith(f"{head}apiVersion: v1\nkind: Pod\n")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        pytest.param('{"apiVersion": "v1", "kind": "List", "items": ["x", {"kind": "Pod"}]}', "a.yaml:1:48", id="JSON"),
        pytest.param("apiVersion: v1\nkind: List\nitems:\n- x\n", "a.yaml:4:3", id="YAML"),
    ],
)
def test_an_item_of_a_list_that_is_no_object_is_refused(source, place):
    with pytest.raises(ReadError) as caught:
        text_of(source)

    assert str(caught.value) == f"{place}: items[0] is no object, which every item of a List is; take it out"


def test_what_cannot_be_put_between_is_written_anew_and_said():
    source = JOB.replace("{name: a, image: b}", "&a {name: a, image: b}\n  initContainers:\n  - {<<: *a, name: c}")

    file = text_of(source)

    assert file.rewritten == ("Pod/a",)
    assert read(file.after).documents[0].data == file.objects[0].result.data


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("a: }", "a.yaml:1:4", id="no YAML"),
        pytest.param("a: 1\na: 2\n", "a.yaml:2:1", id="a key twice"),
        pytest.param("{{- if .Values.x }}\na: b\n{{- end }}\n", "Helm template", id="a Helm template"),
    ],
)
def test_what_kubernetes_would_not_read_is_refused(source, words):
    with pytest.raises(ReadError, match=words):
        text_of(source)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_an_example_is_still_there(name):
    file = EXAMPLES / name / "before.yaml"
    [done] = inject_files([(file.name, file.read_bytes())], injection())

    removed = [line for line in done.diff().splitlines()[2:] if line.startswith("-")]
    assert done.rewritten == ()
    assert [line for line in removed if "{" not in line] == [], "only braces take additions on their own line"


@pytest.mark.parametrize("name", NAMES)
def test_a_second_injection_of_the_text_changes_nothing(name):
    file = EXAMPLES / name / "before.yaml"
    [once] = inject_files([(file.name, file.read_bytes())], injection())
    [twice] = inject_files([(file.name, once.after.encode())], injection())

    assert (twice.after, twice.diff()) == (once.after, "")


@pytest.mark.parametrize(
    ("head", "blank_lines"),
    [
        pytest.param("|", 0, id="a block that ends with its text: blank lines below stay below"),
        pytest.param("|+", 2, id="a block that keeps its blank lines, however it is commented"),
        pytest.param("| # +", 0, id="a plus in a comment keeps none"),
    ],
)
def test_an_addition_stands_below_a_block_of_text(head, blank_lines):
    text = f"a:\n  b: {head}\n    word\n\n\n"
    after = {"a": {"b": "word\n" + "\n" * blank_lines, "c": 1}}

    done = spliced(text, list(between({"a": {"b": after["a"]["b"]}}, after)), after)

    assert yaml.safe_load(done) == after
    assert done.index("c: 1") == len(f"a:\n  b: {head}\n    word\n" + "\n" * blank_lines) + 2
