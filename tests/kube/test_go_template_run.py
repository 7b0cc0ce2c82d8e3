"""What templates print; each row was asked of Go 1.26 and sprig v3.3.0 itself, or is what is not run here."""

from __future__ import annotations

import time

import pytest

from aksrdma.kube.go_template import parse
from aksrdma.kube.go_template_run import HOLE, ExecutionError, GoMap, Hole, NotRun, Some, run

SPRIG = frozenset(
    [
        "lower",
        "upper",
        "trim",
        "trimAll",
        "trimPrefix",
        "trimSuffix",
        "nospace",
        "contains",
        "hasPrefix",
        "hasSuffix",
        "replace",
        "repeat",
        "trunc",
        "splitList",
        "atoi",
        "join",
        "toString",
        "quote",
        "squote",
        "default",
        "empty",
        "coalesce",
        "ternary",
        "list",
        "add",
        "sub",
        "mul",
        "sha256sum",
        "slice",
    ]
)
FIRST, SECOND = {"vendor": "15b3", "device": "1018", "odd/key": "x"}, {"vendor": "10de", "device": "2330"}
DATA = GoMap({"pci": GoMap({"device": [GoMap(FIRST), GoMap(SECOND)], "none": []}, [])}, GoMap({}, []))


def printed(template: str, data: GoMap = DATA, functions: frozenset[str] = SPRIG) -> str:
    return run(parse(template, functions)[0], data, functions)


PRINTS = [
    ("text", "text"),
    ("{{ range .pci.device }}{{ .vendor }} {{ end }}", "15b3 10de "),
    ("{{ range $i, $e := .pci.device }}{{ $i }}{{ $e.device }} {{ end }}", "01018 12330 "),
    ("{{ range $e := .pci.device }}{{ $e.vendor }}{{ break }}{{ end }}", "15b3"),
    ('{{ range .pci.device }}{{ if eq .vendor "15b3" }}{{ continue }}{{ end }}{{ .vendor }}{{ end }}', "10de"),
    ("{{ range .pci.none }}x{{ else }}none{{ end }}", "none"),
    ("{{ range $e := .pci.none }}x{{ else }}{{ $e }}{{ end }}", "[]"),
    ("{{ range $k, $v := index .pci.device 0 }}{{ $k }}={{ $v }};{{ end }}", "device=1018;odd/key=x;vendor=15b3;"),
    ('{{ with index .pci.device 1 }}{{ .vendor }}{{ else }}none{{ end }}', "10de"),
    ("{{ with .pci.none }}x{{ else with .pci.device }}{{ len . }}{{ end }}", "2"),
    ("{{ $n := 0 }}{{ range $i, $e := .pci.device }}{{ $n = $i }}{{ end }}{{ $n }}", "1"),
    ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"),
    ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
    ('{{ index .pci "device" 0 "odd/key" }}{{ index .pci.device 0 "no" }}{{ index . "no" "no" }}', "x[]"),
    ("{{ (index .pci.device 1).vendor }}{{ $.pci.none }}", "10de[]"),
    ("{{ .pci.none }}{{ index .pci.device 1 }}", "[]map[device:2330 vendor:10de]"),
    ('{{ print 1 2 "a" "b" true }}{{ println 1 "a" }}', "1 2abtrue1 a\n"),
    ('{{ printf "%s-%d-%v-%q-%5s|%-3d|%03d|%x|%t|%%" "a" 1 true "b\\"c" "d" 2 3 255 false }}', 'a-1-true-"b\\"c"-    d|2  |003|ff|false|%'),
    ("{{ 1.5 }}{{ -2 }}{{ 'a' }}{{ true }}{{ `r\\w` }}", "1.5-297truer\\w"),
    ('{{ "\\x41\\u00e9\\t\\101" }}', "Aé\tA"),
    ('{{ "\\a\\b\\f\\n\\r\\v\\\\\\x7f\\177\\U0001f600" }}', "\a\b\f\n\r\v\\\x7f\x7f\U0001f600"),
    ('{{ eq 1 2 1 }}{{ ne "a" "b" }}{{ lt 1 2 }}{{ le 2 2 }}{{ gt 1 2 }}{{ ge 2 2 }}{{ lt "a" "b" }}', "truetruetruetruefalsetruetrue"),
    ('{{ and 1 "" 2 }}{{ or "" 0 "x" }}{{ not "" }}{{ and 1 2 }}', "xtrue2"),
    ('{{ len "é" }}{{ len .pci }}{{ "abc" | len }}', "223"),
    ('{{ html "<a href=\'b\'>&\\"" }}{{ urlquery "a b/é" }}', "&lt;a href=&#39;b&#39;&gt;&amp;&#34;a+b%2F%C3%A9"),
    ('{{ "AB" | lower | upper | quote }}{{ squote 1 "a" }}', "\"AB\"'1' 'a'"),
    ('{{ trim " a " }}{{ trimAll "x" "xax" }}{{ trimPrefix "a" "ab" }}{{ trimSuffix "b" "ab" }}{{ nospace "a b\\tc" }}', "aabaabc"),
    ('{{ replace "." "_" "a.b.c" }}{{ repeat 2 "ab" }}{{ trunc 2 "abc" }}{{ trunc -2 "abc" }}{{ trunc -5 "abc" }}', "a_b_cabababbcabc"),
    ('{{ contains "b" "abc" }}{{ hasPrefix "a" "abc" }}{{ hasSuffix "b" "abc" }}', "truetruefalse"),
    ('{{ join "-" (list 1 "a" true) }}{{ splitList "." "a.b" | join "," }}{{ join "," "a" }}', "1-a-truea,ba"),
    ('{{ default "d" "" }}{{ default "d" "x" }}{{ "" | empty }}{{ coalesce "" 0 "c" }}{{ ternary "y" "n" true }}', "dxtruecy"),
    ('{{ atoi "12" | add 1 2 }}{{ sub 3 5 }}{{ mul 2 3 4 }}{{ atoi "x" }}{{ toString 5 }}', "15-22405"),
    ('{{ coalesce "" }}', "<no value>"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "text"), PRINTS, ids=[template for template, _ in PRINTS])
def test_a_template_prints_what_go_prints(template: str, text: str) -> None:
    assert printed(template) == text


FAILS = [
    "{{ .usb.device }}",
    "{{ .pci.device.vendor }}",
    "{{ range .pci.device }}{{ .class }}{{ end }}",
    "{{ range true }}{{ end }}",
    '{{ range "ab" }}{{ end }}',
    "{{ index .pci.device 5 }}",
    "{{ index .pci.device -1 }}",
    '{{ index .pci.device "a" }}',
    "{{ index .pci 1 }}",
    "{{ index 1 2 }}",
    "{{ index nil 2 }}",
    "{{ len 5 }}",
    "{{ eq 1 }}",
    '{{ eq 1 "a" }}',
    "{{ eq .pci .pci }}",
    "{{ lt true false }}",
    '{{ lt 1 "a" }}',
    "{{ lt .pci .pci }}",
    "{{ .pci.device 1 }}",
    "{{ 1 | .pci.device }}",
    "{{ not }}",
    "{{ not 1 2 }}",
    "{{ and }}",
    "{{ lower 1 }}",
    "{{ lower nil }}",
    '{{ ternary "a" "b" "c" }}',
    '{{ repeat -1 "a" }}',
    '{{ join 1 "a" }}',
    '{{ $x := coalesce "" }}{{ $x.a }}',
    "{{ (nil) }}",
]


@pytest.mark.parametrize("template", FAILS)
def test_a_template_fails_where_go_fails(template: str) -> None:
    with pytest.raises(ExecutionError):
        printed(template)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        pytest.param('{{ sha256sum "a" }}', "the template function sha256sum, which is not run here", id="function"),
        pytest.param('{{ slice "abc" 1 }}', "the template function slice, which is not run here", id="sprigs-slice"),
        pytest.param("{{ js 1 }}", "the template function js, which is not run here", id="one-of-gos-own"),
        pytest.param(
            '{{ define "t" }}x{{ end }}{{ template "t" }}', "{{ template }}, which is not run here", id="template"
        ),
        pytest.param(
            "{{ range 3 }}{{ end }}", "a range over a number, which only later versions of Go know", id="range"
        ),
        pytest.param('{{ printf "%z" 1 }}', "printf '%z'", id="verb"),
        pytest.param('{{ printf "%d" "a" }}', "printf '%d'", id="verb-of-another-type"),
        pytest.param('{{ printf "%d" 1 2 }}', "printf '%d'", id="too-many-values"),
        pytest.param("{{ 1e3 }}", "the number 1e3", id="number"),
        pytest.param('{{ "\\xff" }}', "bytes that are no text", id="bytes"),
        pytest.param('{{ lower "É" }}', "bytes of a text that is not ASCII", id="letters"),
        pytest.param('{{ repeat 70000 "a" }}', "a template that prints much", id="much"),
        pytest.param('{{ add "1" 2 }}', "sprig's reading of numbers", id="numbers"),
    ],
)
def test_what_is_not_run_is_not_guessed(template: str, why: str) -> None:
    with pytest.raises(NotRun) as caught:
        printed(template)

    assert str(caught.value) == why


def test_without_sprig_slice_is_gos_own() -> None:
    assert printed('{{ slice "abcd" 1 3 }}{{ slice "abcd" 2 }}{{ slice "ab" }}', functions=frozenset()) == "bccdab"
    for wrong in ('{{ slice "ab" 3 }}', '{{ slice "ab" 2 1 }}', "{{ slice 1 }}", '{{ slice "ab" true }}'):
        with pytest.raises(ExecutionError):
            printed(wrong, functions=frozenset())


def test_a_text_that_nobody_knows_is_printed_as_a_hole_and_not_compared() -> None:
    data = GoMap({"a": Hole("device")})

    assert printed('{{ .a }}{{ print .a 1 }}{{ printf "%s" .a }}', data) == f"{HOLE}{HOLE}1{HOLE}"
    for template in (
        '{{ eq .a "x" }}',
        "{{ len .a }}",
        "{{ if .a }}x{{ end }}",
        '{{ printf "%5s" .a }}',
        "{{ lower .a }}",
    ):
        with pytest.raises(NotRun, match=r"^device$"):
            printed(template, data)


def test_a_list_of_which_more_may_be_there_is_gone_over_and_not_counted() -> None:
    data = GoMap({"a": Some([GoMap({"v": "1"})])})

    assert printed("{{ range .a }}{{ .v }}{{ end }}", data) == "1"
    for template in (
        "{{ len .a }}",
        "{{ .a }}",
        "{{ range $i, $e := .a }}{{ end }}",
        "{{ range .a }}{{ break }}{{ end }}",
        "{{ $x := 0 }}{{ range .a }}{{ $x = 1 }}{{ end }}",
    ):
        with pytest.raises(NotRun, match="how many of it"):
            printed(template, data)


def test_a_template_that_runs_for_long_is_stopped() -> None:
    many = GoMap({"a": [GoMap({}) for _ in range(300)]})
    start = time.perf_counter()

    for template in (
        "{{ range .a }}{{ range $.a }}{{ range $.a }}x{{ end }}{{ end }}{{ end }}",
        '{{ range .a }}{{ repeat 60000 "x" }}{{ end }}',
    ):
        with pytest.raises(NotRun):
            printed(template, many)
    assert time.perf_counter() - start < 5
