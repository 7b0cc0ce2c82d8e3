"""Patterns, formats and numbers are judged as Go judges them."""

import pytest

from aksrdma.schemas.judge.kept import canonical
from aksrdma.schemas.judge.values import FORMATS, PATTERNS, go_pattern
from aksrdma.schemas.make.structural import GO_BASE64, GO_TIME


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        pytest.param(r"^\d+$", "12", True, id="digits"),
        pytest.param(r"^\d+$", "12\n", False, id="a-line-break-at-the-end-is-not-the-end"),
        pytest.param(r"^\d+$", "\u0663", False, id="digits-are-ascii"),
        pytest.param(r"^\w$", "\u00e9", False, id="words-are-ascii"),
        pytest.param(r"[a-z]+", "1a", True, id="not-anchored"),
        pytest.param(r"^a\$$", "a$", True, id="an-escaped-dollar"),
        pytest.param(r"^[$]$", "$", True, id="a-dollar-in-a-class"),
        pytest.param(r"^[[:alpha:]_]+$", "a_b", True, id="a-named-class"),
        pytest.param(r"^[[:alpha:]_]+$", "1", False, id="not-in-a-named-class"),
        pytest.param(r"^[]a]$", "]", True, id="a-bracket-first-in-a-class"),
        pytest.param(r"^[^]a]$", "]", False, id="a-bracket-first-in-a-negated-class"),
        pytest.param(r"^[[a]$", "[", True, id="an-opening-bracket-in-a-class"),
        pytest.param(r"^a\z", "a", True, id="the-very-end"),
        pytest.param(r"^[a\]]$", "]", True, id="an-escaped-bracket"),
    ],
)
def test_a_pattern_matches_as_in_go(pattern, text, matches):
    assert bool(go_pattern(pattern).search(text)) is matches


@pytest.mark.parametrize(
    ("text", "in_crds", "decoded"),
    [
        pytest.param("2026-04-01T12:00:00Z", True, True, id="utc"),
        pytest.param("2026-04-01T12:00:00.123456+02:00", True, True, id="an-offset-and-a-fraction"),
        pytest.param("2026-04-01t12:00:00z", True, False, id="go-wants-capitals"),
        pytest.param("2026-04-01T24:00:00Z", False, False, id="there-is-no-24th-hour"),
        pytest.param("2026-04-01T12:00:60Z", False, False, id="nor-a-leap-second"),
        pytest.param("2026-04-01 12:00:00Z", False, False, id="a-blank"),
        pytest.param("2026-04-01", False, False, id="a-date-alone"),
        pytest.param("", False, False, id="nothing"),
    ],
)
def test_a_time_is_told_by_its_pattern(text, in_crds, decoded):
    assert [bool(go_pattern(pattern).search(text)) for pattern in (PATTERNS["date-time"], GO_TIME)] == [
        in_crds,
        decoded,
    ]


@pytest.mark.parametrize(
    ("text", "in_crds", "decoded"),
    [
        pytest.param("YWI=", True, True, id="padded"),
        pytest.param("YWJj", True, True, id="no-padding-needed"),
        pytest.param("YWI", False, False, id="not-padded"),
        pytest.param("", False, True, id="empty-is-fine-for-go-alone"),
        pytest.param("Y\nWI\r\n=\n", False, True, id="as-are-line-ends-anywhere"),
        pytest.param("Y-_=", False, False, id="the-other-alphabet"),
    ],
)
def test_base64_is_told_by_its_pattern(text, in_crds, decoded):
    assert [bool(go_pattern(pattern).search(text)) for pattern in (PATTERNS["byte"], GO_BASE64)] == [in_crds, decoded]


@pytest.mark.parametrize(
    ("name", "text", "fine"),
    [
        pytest.param("date-time", "2024-02-29T00:00:00Z", True, id="a-leap-day"),
        pytest.param("date-time", "2026-02-29T00:00:00Z", False, id="no-leap-day"),
        pytest.param("date-time", "2026-13-01T00:00:00Z", False, id="no-month"),
        pytest.param("date-time", "0000-01-01T00:00:00Z", True, id="the-year-0"),
        pytest.param("date-time", "soon", False, id="no-time"),
        pytest.param("date", "2026-04-01", True, id="a-date"),
        pytest.param("date", "2026-04-01T00:00:00Z", False, id="a-time-is-no-date"),
        pytest.param("ipv4", "10.0.0.1", True, id="ipv4"),
        pytest.param("ipv4", "10.0.0.01", False, id="ipv4-with-a-leading-zero"),
        pytest.param("ipv4", "fe80::1", False, id="ipv6-is-no-ipv4"),
        pytest.param("ipv6", "fe80::1", True, id="ipv6"),
        pytest.param("ipv6", "fe80::1%eth0", False, id="ipv6-with-a-zone"),
        pytest.param("cidr", "10.0.0.0/8", True, id="cidr"),
        pytest.param("cidr", "10.0.0.1/33", False, id="cidr-that-is-too-long"),
        pytest.param("cidr", "10.0.0.1", False, id="cidr-without-a-length"),
        pytest.param("cidr", "10.0.0.0/08", False, id="cidr-with-a-leading-zero"),
        pytest.param("mac", "02:00:5E:10:00:00", True, id="mac"),
        pytest.param("mac", "02-00:5e-10-00-00", False, id="mac-with-mixed-separators"),
        pytest.param("mac", "0200.5e10.0000", True, id="mac-with-dots"),
        pytest.param("uuid", "123e4567-e89b-12d3-a456-426614174000", True, id="uuid"),
        pytest.param("uuid", "123e4567", False, id="half-a-uuid"),
    ],
)
def test_a_format_is_checked(name, text, fine):
    assert FORMATS[name][0](text) is fine


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(1, 1.0, True, id="a-whole-float"),
        pytest.param(1, True, False, id="true-is-not-1"),
        pytest.param("1", 1, False, id="text-is-no-number"),
        pytest.param({"a": 1, "b": [2.0]}, {"b": [2], "a": 1}, True, id="the-order-of-fields"),
    ],
)
def test_the_same_value_has_the_same_name(one, other, same):
    assert (canonical(one) == canonical(other)) is same
