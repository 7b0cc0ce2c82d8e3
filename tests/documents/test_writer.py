import subprocess

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aksrdma.documents.writer import dump, scalar

ODD_STRINGS = [
    "on", "off", "yes", "No", "y", "N", "true", "False", "null", "NULL", "~", "", " ", "0755", "0o17", "0x1F", "0b1",
    "1_000", "1e3", "1.", ".5", "-1", "+1", ".inf", "-.INF", ".nan", "12:30:45", "2026-11-23", "2026-11-23T10:00:00Z",
    ":", "a:", ":a", "a: b", "a #b", "#a", "- a", "-", "--", "---", "...", "?", "? a", "|", ">", "&a", "*a", "!a", "!!str a",
    "%a", "@a", "`a", "'", '"', "it's", '"quoted"', "{", "}", "[", "]", "{}", "[]", ",", "a,b", "<<", "=", "\t", "a\tb",
    " a", "a ", "\n", "a\n", "a\nb", "a\nb\n", "a\n\n", "\na\n", " a\nb\n", "a\n  b\n", "a \nb\n", "a\r\nb\n", "\\", "\\n",
    "é", "日本語", "\U0001f600", "\u2028", "\u2029", "\x85", "\xa0", "\ufeff", "\x00", "\x07", "\x1b[0m", "\x7f",
    "x" * 500, "x" * 1100, "é\n" * 600, "word " * 100, "nvcr.io/nvidia/mellanox", "25.01-0.6.0.0-0", "rdma/ib", "sku=gpu:NoSchedule", "a:b", "0:0",
    "{\n  \"a\": \"it's\"\n}\n", "key: |\n  x\n", "# comment\nb\n", "---\na\n", "%YAML 1.1\na\n",
]  # fmt: skip


def plain(loader, text):
    return yaml.load(text, Loader=loader)


@pytest.mark.parametrize("value", [{"a": [1, {"b": None}]}, [1, [2], {"a": "b\nc\n"}], {}, "b\nc\n"], ids=repr)
def test_a_key_of_any_length_reads_back_with_its_value(value):
    key = "k" * 1500
    data = {"first": {key: value, "last": 1}, "list": [{key: value, "last": 1}, {key: value}]}

    for text in (dump(data), dump({key: data, "last": {key: value}})):
        assert plain(yaml.CSafeLoader, text) == plain(yaml.SafeLoader, text)
    assert plain(yaml.CSafeLoader, dump(data)) == data


@pytest.mark.parametrize("value", ODD_STRINGS, ids=repr)
def test_an_odd_string_reads_back_as_itself_wherever_it_stands(value):
    data = {"plain": value, value: 1, "list": [value, {"k": value}, [value]]}

    assert plain(yaml.CSafeLoader, dump(data)) == data
    assert plain(yaml.SafeLoader, dump(data)) == data


KEYS = st.text(min_size=1, max_size=20)
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(ODD_STRINGS)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_data_reads_back_the_same(data):
    assert plain(yaml.CSafeLoader, dump(data)) == data


def test_comments_stand_above_their_key_and_are_wrapped():
    text = dump({"a": {"b": [{"c": 1}]}}, {("a", "b"): "word " * 40, ("a", "b", 0, "c"): "why"})

    assert all(len(line) <= 112 for line in text.splitlines())
    assert text.startswith("a:\n  # word word")
    assert "  # why\n" in text or "    # why\n" in text
    assert plain(yaml.CSafeLoader, text) == {"a": {"b": [{"c": 1}]}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("nvcr.io/nvidia/mellanox", "nvcr.io/nvidia/mellanox", id="an-image-repository-is-bare"),
        pytest.param("true", '"true"', id="a-word-that-reads-as-a-bool-is-quoted"),
        pytest.param("2026-11-23", '"2026-11-23"', id="a-date-is-quoted"),
        pytest.param(True, "true", id="a-bool-is-bare"),
        pytest.param(None, "null", id="null"),
        pytest.param(63, "63", id="a-number-is-bare"),
    ],
)
def test_scalar(value, text):
    assert scalar(value) == text


def test_json_text_becomes_a_block():
    assert dump({"config": '{\n  "a": 1\n}\n'}) == 'config: |\n  {\n    "a": 1\n  }\n'


# kustomize reads these, but its own writer emits them bare, where its reader, or PyYAML, then trips over them.
BARE = {"\x00", "\x7f", "\x85"}
CARRIED = {f"k{number}": value for number, value in enumerate(ODD_STRINGS) if not set(value) & BARE}


@pytest.mark.parametrize(
    "command",
    [pytest.param(["kustomize", "build"], id="kustomize"), pytest.param(["kubectl", "kustomize"], id="kubectl")],
)
def test_kustomize_and_kubectl_read_the_same_data_back(command, tmp_path, request):
    program = request.getfixturevalue(command[0])
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd"}, "data": CARRIED}
    (tmp_path / "odd.yaml").write_text(dump(config_map), encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [odd.yaml]\n")
    build = [program, *command[1:], tmp_path]
    built = subprocess.run(build, capture_output=True, check=True, encoding="utf-8").stdout

    # Every value is text, so nothing is to be resolved (PyYAML cannot read a bare `=`).
    assert yaml.load(built, Loader=yaml.BaseLoader)["data"] == CARRIED
