"""Patterns that Go compiles and refuses, as a Go 1.26 program printed them."""

from __future__ import annotations

import pytest

from aksrdma.kube.go_regexp import go_regexp_error

COMPILES = [
    "", "^101[ce]$", "a|b|", "(?i)mlx", "(?i:x)*", "a(?i)*", "(?P<n>x)", "(?<n>x)", "[[:alpha:]_-]", "[^]a]", "[]a]",
    "\\d+\\.\\d+", "\\pN", "\\p{Greek}", "\\x41", "\\x{10FFFF}", "x{2,3}?", "x{2", "{,2}", "a**"[:2], "\\Qa.b\\E", "\\_",
    "\\A.\\z", "()", "(|a)*", "(?P<a>x)(?P<a>y)", "\\0",
]  # fmt: skip
REFUSED = [
    "(?=x)", "(?!x)", "(?<!x)", "(?<=x)", "\\1", "a**", "a++", "*a", "|*", "(", ")", "[a", "[z-a]", "[a-\\d]", "x{1001}",
    "x{3,1}", "\\Z", "\\", "[[:foo:]]", "(?P=a)", "(?#c)", "(?>a)", "\\pX", "\\x{110000}", "(*)",
]  # fmt: skip


@pytest.mark.parametrize("pattern", COMPILES)
def test_go_compiles(pattern: str) -> None:
    assert go_regexp_error(pattern) is None


@pytest.mark.parametrize("pattern", REFUSED)
def test_go_refuses(pattern: str) -> None:
    assert go_regexp_error(pattern)
