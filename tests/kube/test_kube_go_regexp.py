"""Patterns that Go compiles and refuses, as a Go 1.26 program printed them."""

from __future__ import annotations

import time

import pytest

from aksrdma.kube.go_regexp import go_regexp_error, matches

COMPILES = [
    "", "^101[ce]$", "a|b|", "(?i)mlx", "(?i:x)*", "a(?i)*", "(?P<n>x)", "(?<n>x)", "[[:alpha:]_-]", "[^]a]", "[]a]",
    "\\d+\\.\\d+", "\\pN", "\\p{Greek}", "\\x41", "\\x{10FFFF}", "x{2,3}?", "x{2", "{,2}", "a**"[:2], "\\Qa.b\\E", "\\_",
    "\\A.\\z", "()", "(|a)*", "(?P<a>x)(?P<a>y)", "\\0", "[a-b-c]", "[\\d-z]", "[]-a]", "x{02}", "{1,02}", "x{1000}", "x{5,5}",
    "\\p{Gr eek}", "\\Qa", "[[:^alpha:]]", "[[:x]", "a(?i-s)+", "a*(?i)*", "[\\x41-\\x{42}]", "[\\a-\\n]", "\\12", "[\\060-9]",
]  # fmt: skip
REFUSED = [
    "(?=x)", "(?!x)", "(?<!x)", "(?<=x)", "\\1", "a**", "a++", "*a", "|*", "(", ")", "[a", "[z-a]", "[a-\\d]", "x{1001}",
    "x{3,1}", "\\Z", "\\", "[[:foo:]]", "(?P=a)", "(?#c)", "(?>a)", "\\pX", "\\x{110000}", "(*)", "[^]a", "[[:x+:]]",
    "\\x{}", "\\x4", "(?<n", "(?P<>a)", "(?i", "(?i-)", "(?P<n+>x)", "a{2}{3}", "a(|*)", "[a-\\pN]", "[b-\\x41]", "\\Qa\\E**", "[\\Q]",
    "[\\061-0]", "x{1,1001}", "())", "\\y", "[a-",
]  # fmt: skip


@pytest.mark.parametrize("pattern", COMPILES)
def test_go_compiles(pattern: str) -> None:
    assert go_regexp_error(pattern) is None


@pytest.mark.parametrize("pattern", REFUSED)
def test_go_refuses(pattern: str) -> None:
    assert go_regexp_error(pattern)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        pytest.param("(?=x)", "'(?=x' is no group that Go knows", id="lookahead"),
        pytest.param("a\\1", "'\\1' is no escape that Go knows; it has no back references", id="back-reference"),
        pytest.param("\\y", "'\\y' is no escape that Go knows", id="no-escape"),
        pytest.param("a\\", "a backslash stands at the end", id="backslash"),
        pytest.param("\\p1", "\\p has no name of a class behind it", id="no-class"),
        pytest.param("[a", "a [ is never closed", id="open-bracket"),
        pytest.param("(a", "a parenthesis is never closed", id="open-parenthesis"),
        pytest.param("a)(", "a parenthesis is closed that was never opened", id="closed-first"),
        pytest.param("+a", "'+' has nothing to repeat", id="nothing-to-repeat"),
        pytest.param("a++", "'+' repeats a repetition", id="repeated-twice"),
        pytest.param("a{2,1}", "'{2,1}' is no valid count; at most 1000", id="count-backwards"),
        pytest.param("[[:foo:]]", "'[:foo:]' is no class of characters", id="posix-class"),
        pytest.param("[z-a]", "a range in [...] is not in order", id="range-backwards"),
    ],
)
def test_the_reason_names_what_go_does_not_compile(pattern: str, reason: str) -> None:
    assert go_regexp_error(pattern) == reason


@pytest.mark.parametrize(
    "part", ["[[:", "(", "(?i)", "\\Q", "[a-", "x{", "[\\p{", "[^", "(?P<a", "\\x{0", "[]", "a|", "1"]
)
def test_a_pattern_is_read_once_whatever_it_is_made_of(part: str) -> None:
    started = time.process_time()
    go_regexp_error(part * 50_000)
    go_regexp_error("x{1" + "1" * 50_000 + "}")

    assert time.process_time() - started < 5


MATCHES = [
    ("^101[ce]$", "101e", True), ("^101[ce]$", "1018", False), ("01", "101c", True), ("", "", True), ("a|b|", "x", True),
    ("^(a|bc)+$", "abca", True), ("^(a|bc)+$", "abb", False), ("^a{2,3}$", "aaa", True), ("^a{2,3}$", "aaaa", False),
    ("^a{2}$", "aaa", False), ("^a{2,}$", "aaaaa", True), ("^a{2,}$", "a", False), ("^a?b*?c+?$", "c", True), ("^a{0}$", "a", False),
    ("(?i)AVX", "avx512", True), ("(?i:A)b", "aB", False), ("(?-i)a", "A", False), ("a.b", "a\nb", False), ("(?s)a.b", "a\nb", True),
    ("^b", "a\nb", False), ("(?m)^b", "a\nb", True), ("a$", "a\nb", False), ("(?m)a$", "a\nb", True), ("\\Aa\\z", "a", True),
    ("\\bb\\b", "a b", True), ("\\bb\\b", "ab", False), ("a\\Bb", "ab", True), ("^\\d+\\.\\d+$", "6.8", True), ("\\D", "12", False),
    ("^\\w+$", "a_1", True), ("\\W", "a_1", False), ("\\s", "a\vb", False), ("\\S", " \n", False), ("[[:alpha:]]", "1", False),
    ("[[:^digit:]]", "1", False), ("[^a-c]", "b", False), ("[]a-]", "-", True), ("[\\d_]", "_", True), ("\\pL", "é", True),
    ("\\PL", "é", False), ("\\p{Lu}", "é", False), ("\\x41\\x{42}", "AB", True), ("^\\Qa.b\\E+$", "a.bb", True), ("\\Qa.b\\E", "axb", False),
    ("\\.", "a", False), ("(?P<n>a)(b|)", "a", True), ("(a*)*b", "c" * 50, False), ("^(()|a)+$", "aa", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "value", "found"), MATCHES)
def test_a_pattern_matches_what_it_matches_in_go(pattern: str, value: str, found: bool) -> None:
    assert matches(pattern, value) is found


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        pytest.param("\\p{Greek}", "a", id="a-script"),
        pytest.param("(?i)k", "\u212a", id="letters-that-go-folds-by-its-own-table"),
        pytest.param("(x{1000}){1000}", "x", id="too-many-states"),
        pytest.param("(" * 60 + "x" + ")" * 60, "x", id="too-deep"),
        pytest.param("(?i)*", "x", id="nothing-to-repeat"),
    ],
)
def test_what_is_not_read_is_not_guessed(pattern: str, value: str) -> None:
    assert matches(pattern, value) is None


def test_no_pattern_takes_for_ever() -> None:
    start = time.perf_counter()

    for pattern in ("(a*)*b", "(a|a)*b", "(.*)(.*)(.*)(.*)x", "((((){1000}){1000}){1000}){1000}", "a?" * 60 + "a" * 60):
        matches(pattern, "a" * 2000)
    assert time.perf_counter() - start < 5
