"""Patterns that Go compiles and refuses, as a Go 1.26 program printed them."""

from __future__ import annotations

import time

import pytest

from aksrdma.kube.go_regexp import go_regexp_error

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
