"""Templates as Go's text/template parses them; what each row says was asked of Go 1.26 itself."""

from __future__ import annotations

import contextlib
import time

import pytest

from aksrdma.kube.go_template import Pipe, TemplateError, Term, TooDeep, parse

SPRIG = ("upper", "default")

ACCEPTED = [
    "",
    "text }} }",
    "{{ . }}{{ $ }}{{ .a }}{{ .a.b.c }}{{ $.a }}",
    "{{.a}}{{- .a -}}\n{{- /* a comment */ -}}\n{{/**/}}",
    "{{ range .a }}{{ .b }}{{ else }}none{{ end }}",
    "{{ range $i, $e := .a }}{{ $i }}{{ $e.b }}{{ break }}{{ continue }}{{ end }}",
    "{{ range $e := .a }}{{ $e = 1 }}{{ end }}",
    "{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}",
    "{{ with $x := .a }}{{ $x }}{{ else with .b }}{{ . }}{{ end }}",
    "{{ $x := 1 }}{{ if $x }}{{ end }}{{ $x }}",
    '{{ printf "%s" .a | upper | default "x" }}',
    "{{ (index .a 0).b }}{{ (.a) }}{{ ((.a)) }}",
    "{{ upper.a }}",
    '{{ define "t" }}x{{ end }}{{ template "t" }}{{ template `t` .a }}',
    '{{ define "t" }} {{ end }}{{ define "t" }}x{{ end }}',
    '{{ block "u" .a }}{{ .b }}{{ end }}',
    r"""{{ 'a' }}{{ '\n' }}{{ '\'' }}{{ "\"\\\x41\101é\U0001f600\U0010ffff" }}{{ `raw \` }}""",
    "{{ print 1 -1 +2 1.5 .5 1. 1e3 0x1f 0b11 0o17 017 1_000 0x_f 0x1p-2 1i 1+2i 0i 18446744073709551615 }}",
    "{{ -9223372036854775808 }}{{ 0xffffffffffffffff }}",
    "{{ true }}{{ false }}{{ print nil }}",
    "{{\n.a\n}}",
    "{{ .é }}{{ $é := 1 }}",
    "{{ and .a (or .b .c) }}{{ eq .a 1 2 }}{{ not .a }}",
    '{{"}}"}}',
    "{{ .a | }}",
]

REFUSED = [
    ("{{", "unclosed action", 1),
    ("a\n{{ .a", "unclosed action", 2),
    ("{{ }}", "missing value for command", 1),
    ("{{ foo }}", "function 'foo' not defined", 1),
    ("{{ .a }}\n\n{{ $x }}", "undefined variable '$x'", 3),
    ("{{ if .a }}{{ $x := 1 }}{{ end }}{{ $x }}", "undefined variable '$x'", 1),
    ('{{ $x := 1 }}{{ define "t" }}{{ $x }}{{ end }}', "undefined variable '$x'", 1),
    ("{{ range .a }}", "unexpected EOF", 1),
    ("{{ end }}", "unexpected {{end}}", 1),
    ("{{ else }}", "unexpected {{else}}", 1),
    ("{{ if .a }}{{ else }}{{ else }}{{ end }}", "expected end; found {{else}}", 1),
    ("{{ with .a }}{{ else if .b }}{{ end }}", "unexpected <if> in input", 1),
    ("{{ range .a }}{{ else range .b }}{{ end }}", "unexpected <range> in else", 1),
    ("{{ if }}{{ end }}", "missing value for if", 1),
    ("{{ end .a }}", "unexpected '.a' in end", 1),
    ("{{ break }}", "{{break}} outside {{range}}", 1),
    ('{{ range .a }}{{ define "t" }}{{ end }}{{ end }}', "unexpected <define> in command", 1),
    ('{{ range .a }}{{ block "t" . }}{{ continue }}{{ end }}{{ end }}', "{{continue}} outside {{range}}", 1),
    ("{{ range .a }}{{ break 1 }}{{ end }}", "unexpected '1' in {{break}}", 1),
    ("{{ /* late */ }}", "unexpected '/' in command", 1),
    ("{{/* open }}", "unclosed comment", 1),
    ("{{/* a */ }}", "comment ends before closing delimiter", 1),
    ("{{ (.a }}", "unclosed left paren", 1),
    ("{{ .a) }}", "unexpected right paren", 1),
    ("{{ () }}", "missing value for parenthesized pipeline", 1),
    ("{{ | .a }}", "unexpected '|' in command", 1),
    ("{{ .a | 1 }}", "non executable command in pipeline stage 2", 1),
    ("{{ .a | . }}", "non executable command in pipeline stage 2", 1),
    ("{{ .a , .b }}", "unexpected ',' in operand", 1),
    ("{{ .a = 1 }}", "unexpected '=' in operand", 1),
    ("{{ $a, $b := .c }}", "too many declarations in command", 1),
    ("{{ range $a, $b, $c := .d }}{{ end }}", "too many declarations in range", 1),
    ("{{ range $a, 1 }}{{ end }}", "range can only initialize variables", 1),
    ("{{ $x : 1 }}", "expected :=", 1),
    ("{{ $ ! }}", "unexpected '!' in operand", 1),
    ("{{ .a-b }}", "bad character U+002D '-'", 1),
    ("{{ .a/b }}", "bad character U+002F '/'", 1),
    ("{{ a'b }}", "bad character U+0027 \"'\"", 1),
    ("{{ .a \x01 }}", "unrecognized character in action: U+0001", 1),
    ("{{ 1.b }}", "bad number syntax: '1.b'", 1),
    ("{{ 1a }}", "bad number syntax: '1a'", 1),
    ("{{ 1+2 }}", "bad number syntax: '1+2'", 1),
    ("{{ 0x1f-1i }}", "illegal number syntax: '0x1f-1i'", 1),
    ("{{ 08 }}", "integer overflow: '08'", 1),
    ("{{ 1__0 }}", "illegal number syntax: '1__0'", 1),
    ("{{ 1_ }}", "illegal number syntax: '1_'", 1),
    ("{{ 0x }}", "illegal number syntax: '0x'", 1),
    ("{{ + }}", "illegal number syntax: '+'", 1),
    ("{{ 1e400 }}", "illegal number syntax: '1e400'", 1),
    ("{{ 0x1p99999 }}", "illegal number syntax: '0x1p99999'", 1),
    ("{{ 18446744073709551616 }}", "integer overflow: '18446744073709551616'", 1),
    ("{{ +9223372036854775808 }}", "integer overflow: '+9223372036854775808'", 1),
    ("{{ -9223372036854775809 }}", "integer overflow: '-9223372036854775809'", 1),
    ('{{ "a }}', "unterminated quoted string", 1),
    ('{{ "a\n" }}', "unterminated quoted string", 1),
    ("{{ `a }}", "unterminated raw quoted string", 1),
    ("{{ 'a }}", "unterminated character constant", 1),
    ("{{ 'ab' }}", "malformed character constant: 'ab'", 1),
    ("{{ '' }}", "malformed character constant: ''", 1),
    (r'{{ "\z" }}', r'invalid syntax of the constant "\z"', 1),
    (r"""{{ "\'" }}""", r"""invalid syntax of the constant "\'" """.strip(), 1),
    (r'{{ "\400" }}', r'invalid syntax of the constant "\400"', 1),
    (r'{{ "\ud800" }}', r'invalid syntax of the constant "\ud800"', 1),
    (r'{{ "\U00110000" }}', r'invalid syntax of the constant "\U00110000"', 1),
    ('{{ "a".b }}', "unexpected . after term '\"a\"'", 1),
    ("{{ nil.b }}", "unexpected . after term 'nil'", 1),
    ("{{ template }}", "unexpected '}}' in template clause", 1),
    ("{{ template .a }}", "unexpected '.a' in template clause", 1),
    ('{{ template "t" | }}', "unexpected '|' in template clause", 1),
    ("{{ define t }}{{ end }}", "unexpected 't' in define clause", 1),
    ('{{ define "t" .a }}{{ end }}', "unexpected '.a' in define clause", 1),
    ('{{ define "t" }}{{ else }}{{ end }}', "unexpected {{else}} in define clause", 1),
    ('{{ define "t" }}a{{ end }}{{ define "t" }}b{{ end }}', "multiple definition of template 't'", 1),
    ('{{ if .a }}{{ block "t" . }}{{ end }}', "unexpected EOF", 1),
]  # fmt: skip


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_go_parses(text: str) -> None:
    parse(text, SPRIG)


@pytest.mark.parametrize(("text", "message", "line"), REFUSED)
def test_what_go_refuses(text: str, message: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text, SPRIG)

    assert (caught.value.message, caught.value.line) == (message, line)


def test_a_function_is_known_only_where_its_library_is() -> None:
    parse("{{ upper .a }}", SPRIG)
    with pytest.raises(TemplateError, match="function 'upper' not defined"):
        parse("{{ upper .a }}")


def test_the_tree_holds_text_as_it_is_printed_and_what_is_defined() -> None:
    nodes, defined = parse('a \n{{- " " -}}\n b{{ define "t" }}x{{ end }}{{ if .c }}{{ $d := .e }}{{ else }}f{{ end }}')

    assert [(node.kind, node.text) for node in nodes] == [("text", "a"), ("action", ""), ("text", "b"), ("if", "")]
    assert [node.kind for node in (*nodes[3].body, *nodes[3].otherwise)] == ["action", "text"]
    assert nodes[3].body[0].pipe is not None
    assert nodes[3].body[0].pipe.declared == ["$d"]
    assert defined == {"", "t"}


def test_the_tree_holds_the_words_of_a_command_with_their_fields() -> None:
    (node,), _ = parse("{{ index .a.b $.c (.d).e 1 nil . }}")
    assert node.pipe is not None
    (command,) = node.pipe.commands

    assert [(one.kind, one.text, one.fields) for one in command if isinstance(one, Term)] == [
        ("function", "index", ()),
        ("field", "", ("a", "b")),
        ("variable", "$", ("c",)),
        ("constant", "1", ()),
        ("nil", "", ()),
        ("dot", "", ()),
    ]
    assert [one.fields for one in command if isinstance(one, Pipe)] == [("e",)]


def test_marks_trim_the_text_beside_actions_and_comments() -> None:
    nodes, _ = parse("a {{/* x */ -}} b {{- /* y */}} c {{- .d -}} e {{ .f }} g")

    assert [node.text for node in nodes if node.kind == "text"] == ["a ", "b", " c", "e ", " g"]


def test_a_range_may_be_left_or_gone_on_with() -> None:
    nodes, _ = parse("{{ range .a }}\n{{ break }}{{ continue }}{{ end }}")

    assert [(node.kind, node.line) for node in nodes[0].body] == [("text", 1), ("break", 2), ("continue", 2)]


@pytest.mark.parametrize("text", ["{{ if .a }}" * 200, "{{ " + "(" * 200, "{{ if .a }}" + "{{ else if .a }}" * 200])
def test_what_nests_deep_is_left_to_go(text: str) -> None:
    with pytest.raises(TooDeep):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ .a" + " .b" * 50_000 + "}}",
        "{{" + " " * 100_000 + "}}",
        "{{ " + "1" * 100_000 + " }}",
        '{{ "' + "\\" * 100_001,
        "".join(f"{{{{ $x{number} := 1 }}}}" for number in range(20_000)) + "{{ $x19999 }}" * 20_000,
        "x " * 100_000 + "{{- .a -}}" + " y" * 100_000,
    ],
    ids=["words", "blanks", "digits", "backslashes", "variables", "text"],
)
def test_long_templates_take_time_in_proportion(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(TemplateError):
        parse(text)

    assert time.process_time() - began < 5
