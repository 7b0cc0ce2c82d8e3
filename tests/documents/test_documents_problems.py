"""Problems of the yaml layer: each says where, what and how to mend it, and none is an exception."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from aksrdma import paths
from aksrdma.documents import Limits, read
from aksrdma.findings import Problem

MISTAKES = Path(__file__).with_name("mistakes.txt")
RULES = yaml.safe_load((paths.CATALOG / "rules" / "yaml.yaml").read_text(encoding="utf-8"))
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

CASES = [
    pytest.param("a:\n\tb: 1\n", "yaml-syntax", 2, 1, "tab used for indentation", id="a-tab-as-indentation"),
    pytest.param("a:\n  b: 1\n  \tc: 1\n", "yaml-syntax", 3, 3, "tab used for indentation", id="a-tab-behind-spaces"),
    pytest.param("a: b: c\n", "yaml-syntax", 1, 5, "a second `: `", id="two-colons"),
    pytest.param("a:\n  // b\n  c: 1\n", "yaml-syntax", 3, 4, "begins no comment", id="slashes-above-a-key"),
    pytest.param("a: b // c: d\n", "yaml-syntax", 1, 10, "begins no comment", id="slashes-behind-a-value"),
    pytest.param("a: 1\n  b: 2\n", "yaml-syntax", 2, 4, "indented more", id="a-key-too-far-right"),
    pytest.param("a:\n   b: 1\n  c: 1\n", "yaml-syntax", 3, 3, "indentation that fits no line", id="a-key-between"),
    pytest.param("a:\n  b: 1\n  - c\n", "yaml-syntax", 3, 3, "neither a key", id="an-item-in-a-map"),
    pytest.param("- a\nb: 1\n", "yaml-syntax", 2, 1, "end of the list", id="a-key-in-a-list"),
    pytest.param("a: [1,\n  2\nb: 1\n", "yaml-syntax", 3, 2, "`[` list of line 1", id="a-bracket-not-closed"),
    pytest.param("x: 1\na: {b: 1\nc: 1\n", "yaml-syntax", 3, 2, "`{` map of line 2", id="a-brace-not-closed"),
    pytest.param("a: 1\nb: 'x\nc: 1\n", "yaml-syntax", 2, 4, "never closed", id="a-quote-not-closed"),
    pytest.param("a: [b, c?]\n", "yaml-syntax", 1, 8, "a `?` in an unquoted value", id="a-question-mark-in-a-list"),
    pytest.param(
        "a: {b:}\n", "yaml-syntax", 1, 6, "a `:` that ends a word in a `[` or `{`", id="a-colon-without-space"
    ),
    pytest.param("a: !b,c d\n", "yaml-syntax", 1, 6, "a tag with a sign", id="a-comma-in-a-tag"),
    pytest.param("a: 'b' c\n", "yaml-syntax", 1, 8, "text after a quoted value", id="text-behind-a-quote"),
    pytest.param("a: @b\n", "yaml-syntax", 1, 4, "cannot begin with `@`", id="an-at-sign"),
    pytest.param('a: "\\d"\n', "yaml-syntax", 1, 5, "backslash", id="an-escape-that-is-none"),
    pytest.param("a: *b\n", "yaml-syntax", 1, 4, "*b has no anchor", id="an-alias-without-anchor"),
    pytest.param("a: &x [*x]\n", "yaml-syntax", 1, 8, "inside its own value", id="an-alias-of-itself"),
    pytest.param("<<: 1\n", "yaml-syntax", 1, 5, "merges maps", id="a-merge-of-a-number"),
    pytest.param("a: 1\n--- b\n", "yaml-syntax", 2, 4, "'b' on the line of the `---`", id="text-on-the-separator"),
    pytest.param("a: 1\nb\n", "yaml-syntax", 3, 1, "a key without `:`", id="a-word-without-a-colon"),
    pytest.param("a: - b\n", "yaml-syntax", 1, 4, "where none can stand", id="an-item-behind-a-key"),
    pytest.param("a: !x!y z\n", "yaml-syntax", 1, 4, "not declared", id="a-tag-handle"),
    pytest.param('a: "\\xZZ"\n', "yaml-syntax", 1, 7, "hexadecimal digits", id="an-escape-without-digits"),
    pytest.param('a: "\\ud800"\n', "yaml-syntax", 1, 7, "stands for no character", id="an-escape-of-half-a-pair"),
    pytest.param("a: & b\n", "yaml-syntax", 1, 5, "the name of no anchor", id="an-ampersand"),
    pytest.param("a: [b,,c]\n", "yaml-syntax", 1, 7, "nothing where a value", id="two-commas"),
    pytest.param("a: | b\n", "yaml-syntax", 1, 6, "only opens a block", id="text-behind-a-bar"),
    pytest.param("%YAML 1x\n", "yaml-syntax", 1, 8, "no directive", id="a-percent-line"),
    pytest.param("%YAML 2.0\n", "yaml-syntax", 1, 1, "other than 1.1", id="a-version-of-yaml"),
    pytest.param(
        "a: 'b\n...\n", "yaml-syntax", 1, 4, "before the document ends", id="a-quote-not-closed-before-points"
    ),
    pytest.param("a: {b: 1\n\t,c: 2}\n", "yaml-syntax", 2, 1, "a tab used", id="a-tab-in-a-flow-map"),
    pytest.param("- \ta: 1\n  b: 2\n", "yaml-syntax", 1, 3, "only spaces", id="a-tab-behind-a-dash"),
    pytest.param("a: ? b\n", "yaml-syntax", 1, 4, "mapping keys are not allowed", id="words-of-libyaml"),
    pytest.param("---# b\na: 1\n", "yaml-syntax", 1, 1, "`---#` is a word", id="dashes-without-a-space"),
    pytest.param('a:\n  b: "c\\/d"\n', "yaml-syntax", 2, 6, "backslash", id="a-slash-that-is-escaped"),
    pytest.param("%YAML 1.1\n---\na: 1\n", "yaml-syntax", 2, 1, "document", id="a-directive"),
    pytest.param('{"a": 1,\n "b" 2}\n', "yaml-syntax", 2, 6, "'2' where a colon", id="json-without-a-colon"),
    pytest.param('{"a": 1} x', "yaml-syntax", 1, 10, "'x' where a value", id="text-behind-json"),
    pytest.param("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1, "line 1 and again in line 3", id="a-key-twice"),
    pytest.param("1: a\n'1': b\n", "yaml-duplicate-key", 2, 1, "'1'", id="a-number-and-its-text"),
    pytest.param("on: a\ntrue: b\n", "yaml-duplicate-key", 2, 1, "'true'", id="two-words-for-true"),
    pytest.param("a: {b: 1, b: 2}\n", "yaml-duplicate-key", 1, 11, "'b'", id="a-key-twice-in-a-flow-map"),
    pytest.param(
        '{"a": 1,\n"a": 2}', "yaml-duplicate-key", 2, 1, "line 1 and again in line 2", id="a-key-twice-in-json"
    ),
    pytest.param("a: 1\nb: .inf\n", "yaml-not-json", 2, 4, "infinity", id="infinity"),
    pytest.param("a: .nan\n", "yaml-not-json", 1, 4, "NaN", id="nan"),
    pytest.param("~: 1\n", "yaml-not-json", 1, 1, "null", id="a-null-key"),
    pytest.param("? [a]\n: b\n", "yaml-not-json", 1, 3, "a list as a key", id="a-list-as-key"),
    pytest.param("a: !!int x\n", "yaml-not-json", 1, 4, "'x' is no !!int", id="a-tag-that-does-not-fit"),
    pytest.param("a: !!binary '*'\n", "yaml-not-json", 1, 4, "base64", id="binary-that-is-none"),
    pytest.param("a: é\x07\n", "yaml-encoding", 1, 5, "U+0007", id="a-bell"),
    pytest.param("a: 1\n---\nb: \x85\x9f\n", "yaml-encoding", 3, 5, "U+009F", id="a-control-character-of-latin-1"),
    pytest.param("---\n\ufeffa: 1\n", "yaml-encoding", 2, 1, "U+FEFF", id="a-byte-order-mark-inside"),
    pytest.param("a: é\nb: ö\n".encode("latin-1"), "yaml-encoding", 1, 4, "0xe9", id="latin-1"),
    pytest.param(b"\n\xe9", "yaml-encoding", 2, 1, "0xe9", id="latin-1-below-an-empty-line"),
    pytest.param("a: 1".encode("utf-16"), "yaml-encoding", 1, 1, "UTF-16", id="utf-16"),
    pytest.param("a: 1\nb: 1".encode("utf-16-le"), "yaml-encoding", 1, 2, "NUL", id="utf-16-without-a-mark"),
    pytest.param(b"a: 1\nb: \x00", "yaml-encoding", 2, 4, "NUL", id="a-nul-byte"),
    pytest.param("a: 1\n...\nb: 1\n", "yaml-ignored-text", 3, 1, "ignores", id="text-behind-three-points"),
    pytest.param(
        "apiVersion: v1\nkind: A\napiVersion: v1\nkind: B\n",
        "yaml-duplicate-key",
        3,
        1,
        "a second object",
        id="an-object-below-another",
    ),
    pytest.param("a: &x {b: 1}\n*x : c\n", "yaml-not-json", 2, 1, "a map as a key", id="a-map-as-key"),
    pytest.param("a: 1\n...\n\x07\n", "yaml-encoding", 3, 1, "U+0007", id="a-bell-behind-three-points"),
    pytest.param("[a] b\n", "yaml-ignored-text", 1, 5, "ignores", id="text-behind-a-list"),
    pytest.param("[" * 201, "yaml-too-deep", 1, 201, "more than 200 levels", id="brackets-too-deep"),
    pytest.param("- " * 300, "yaml-too-deep", 1, 401, "more than 200 levels", id="dashes-too-deep"),
    pytest.param('{"a":' * 300 + "1" + "}" * 300, "yaml-too-deep", 1, 1, "more than 200", id="json-too-deep"),
    pytest.param(BOMB, "yaml-alias-bomb", 4, 16, "aliases that stand for", id="an-alias-bomb"),
]


@pytest.mark.parametrize(("text", "rule", "line", "column", "words"), CASES)
def test_problem_of_a_text(text, rule, line, column, words):
    [problem] = read(text).problems

    assert (problem.rule, problem.at) == (rule, (line, column))
    assert words in problem.message
    assert problem.fix


def test_what_is_said_is_as_committed(request):
    lines = [f"{case.id}: {line}\n" for case in CASES for line in read(case.values[0]).mistakes()]
    if request.config.getoption("--update-golden") and not os.environ.get("CI"):
        MISTAKES.write_text("".join(lines), encoding="utf-8")

    assert MISTAKES.read_text(encoding="utf-8") == "".join(lines), "if meant: pytest --update-golden"


def test_every_mistake_of_a_document_is_reported():
    problems = read("a: .inf\nb: 1\nb: 2\nc: !!int x\n~: 1\n").problems

    assert [(problem.rule, problem.at.line) for problem in problems] == [
        ("yaml-not-json", 1),
        ("yaml-duplicate-key", 3),
        ("yaml-not-json", 4),
        ("yaml-not-json", 5),
    ]


def test_a_duplicate_key_leaves_the_last_value():
    [document] = read("a: 1\nb: 2\na: 3\n").documents

    assert document.data == {"a": 3, "b": 2}


def test_a_second_object_is_said_once_with_what_it_repeats_deeper():
    """Only the keys at the top are those of another object."""
    text = "kind: A\napiVersion: v1\nspec: {}\nkind: B\napiVersion: v1\nspec: {a: 1, a: 2}\n"

    assert [(problem.at, problem.message.partition(" ")[0]) for problem in read(text).problems] == [
        ((4, 1), "a"),
        ((6, 14), "the"),
    ]
    assert len(read("kind: A\nkind: B\na: 1\na: 2\n").problems) == 2


def test_a_merge_makes_no_duplicate():
    assert read("x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n  <<: {a: 3}\n").problems == []


def test_problems_name_their_document():
    problems = read("a: 1\n---\nb: [\n---\n# none\n---\nc: 1\nc: 2\n").problems

    assert [(problem.at.line, problem.subject.index) for problem in problems] == [(4, 2), (8, 3)]


def test_a_file_beyond_the_limit_is_not_read():
    stream = read("a: 12345\n", limits=Limits(max_bytes=8))

    assert stream.documents == []
    assert [problem.rule for problem in stream.problems] == ["yaml-too-large"]
    assert read("a: 1234\n", limits=Limits(max_bytes=8)).problems == []


@pytest.mark.parametrize(
    "text", ["a:\n  b:\n    - c\n", "a:\n  b:\n    c: d\n", "- - - a\n", "a: {b: [c]}\n", '{"a": {"b": ["c"]}}']
)
def test_the_depth_limit_is_exact(text):
    assert read(text, limits=Limits(max_depth=3)).problems == []
    assert [problem.rule for problem in read(text, limits=Limits(max_depth=2)).problems] == ["yaml-too-deep"]


def test_json_of_many_brackets_is_not_deep():
    assert read('{"a": [], "b": [1], "c": {}}', limits=Limits(max_depth=2)).problems == []


def test_a_file_that_is_no_text_is_of_the_first_document():
    assert [problem.subject.index for problem in read(b"a: 1\n---\nb: \xff").problems] == [1]


def test_an_alias_of_a_wrong_value_is_not_said_twice():
    assert [problem.at for problem in read("a: &x .inf\nb: [*x, *x]\n").problems] == [(1, 7 - 3)]


def test_what_is_wrong_inside_a_key_is_not_said():
    problems = read("? [.inf, {a: 1, a: 2}, &x [b]]\n: *x\nc: 1\nc: 2\n").problems

    assert [(problem.rule, problem.at) for problem in problems] == [
        ("yaml-not-json", (1, 3)),
        ("yaml-duplicate-key", (4, 1)),
    ]


@pytest.mark.parametrize(
    ("size", "above", "most"),
    [
        pytest.param(200, "", 199, id="lists"),
        pytest.param(150, "", 297, id="shorter-lists"),
        pytest.param(400, "", 133, id="longer-lists"),
        pytest.param(300, "", 149, id="without-a-merge"),
        pytest.param(300, "<<: [{p: 1}, {q: 1}]\n", 152, id="below-a-merge"),
        pytest.param(300, "x: &x 1\ny: *x\n*x : z\n", 152, id="below-aliases-of-a-scalar"),
    ],
)
def test_as_many_aliases_as_kubectl_follows(size, above, most):
    """`most` is what tools/yaml_oracle says."""

    def rules(count):
        text = f"{above}a: &a [{'x, ' * size}]\nb: [{'*a, ' * count}]\n"
        return [problem.rule for problem in read(text).problems]

    assert rules(most) == []
    assert rules(most + 1) == ["yaml-alias-bomb"]


def test_nothing_is_said_of_what_follows_an_alias_bomb():
    rules = [problem.rule for problem in read(BOMB + "k: .inf\nk: 1\n").problems]

    assert rules == ["yaml-alias-bomb"]


def test_a_bomb_in_a_text_that_is_no_yaml_is_no_yaml():
    assert [problem.rule for problem in read(BOMB + "k: [\n").problems] == ["yaml-syntax"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("<<: [{a: 1}, b]\n", [(1, 14)], id="a-word-in-a-list"),
        pytest.param("a: &a [b]\nc: {<<: *a}\n", [(2, 9)], id="an-alias-of-a-list"),
        pytest.param("<<: [[a], b]\n", [(1, 11)], id="the-last-one-first"),
    ],
)
def test_only_maps_are_merged(text, places):
    assert [problem.at for problem in read(text).problems] == places


def test_yaml_that_was_meant_as_json_is_judged_as_json():
    assert [problem.at for problem in read('{"a": 1,\n "b" 2, [}\n').problems] == [(2, 6)]
    assert [problem.at.line for problem in read('{"a": 1, b: 2}\n---\n[\n').problems] == [4]


@pytest.mark.parametrize("depth", [0, 301])
def test_a_depth_limit_beyond_the_stack_is_refused(depth):
    with pytest.raises(ValueError, match="give 1 to 300"):
        Limits(max_depth=depth)


@pytest.mark.parametrize("text", ["- " * 299 + "x", "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300])
def test_the_deepest_documents_are_read(text):
    assert read(text, limits=Limits(max_depth=300)).problems == []


@pytest.mark.parametrize(
    ("text", "is_template"),
    [
        pytest.param("{{- if .Values.x }}\na: {{ .Values.a }}\n{{- end }}\n", True, id="a-helm-template"),
        pytest.param("a: {{ .Values.a }}\n", True, id="a-helm-value"),
        pytest.param("a: '{{ .Values.a }}'\n", False, id="a-template-in-quotes-is-yaml"),
        pytest.param("a: [\n", False, id="broken-yaml"),
    ],
)
def test_helm_templates_are_recognized(text, is_template):
    assert read(text).is_template is is_template


def test_every_rule_of_the_yaml_layer_has_a_case():
    tested = {case.values[1] for case in CASES} | {"yaml-too-large"}

    assert {rule["id"] for rule in RULES} == tested


def test_rules_are_sorted_and_of_the_yaml_layer():
    assert [rule["id"] for rule in RULES] == sorted(rule["id"] for rule in RULES)
    assert {rule["layer"] for rule in RULES} == {"yaml"}


def test_a_problem_is_bound_to_its_file():
    [problem] = read("a: [\n", "f.yaml").problems

    assert isinstance(problem, Problem)
    assert (problem.subject.file, problem.subject.data, problem.path) == ("f.yaml", None, ())


def test_mistakes_are_lines_of_text():
    assert read("a: 1\n---\nb: .inf\nb: 2\n", "f.yaml").mistakes() == [
        "f.yaml:3:4: JSON has no infinity; write a value that JSON has, or put it in quotes",
        "f.yaml:4:1: the key 'b' stands in line 3 and again in line 4; only the last one counts; "
        "remove the one in line 3 or in line 4",
    ]
    assert read("a: 1\n").mistakes() == []
