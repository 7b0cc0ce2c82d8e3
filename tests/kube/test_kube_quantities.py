"""Quantities are read, rounded, capped and written as Kubernetes does it."""

import pytest

from aksrdma.kube.quantities import canonical, quantity

NANO = 10**9


@pytest.mark.parametrize(
    ("value", "nano"),
    [
        pytest.param("1", NANO, id="a-whole-number"),
        pytest.param(8, 8 * NANO, id="a-number-and-no-string"),
        pytest.param(1.5, 3 * NANO // 2, id="a-float"),
        pytest.param("500m", NANO // 2, id="thousandths"),
        pytest.param("1n", 1, id="a-billionth"),
        pytest.param("0.1n", 1, id="less-than-a-billionth-is-rounded-up"),
        pytest.param("-0.1n", -1, id="and-away-from-zero"),
        pytest.param("1k", 1000 * NANO, id="kilo"),
        pytest.param("1Ki", 1024 * NANO, id="kibi"),
        pytest.param("1.5Gi", 3 * 2**29 * NANO, id="one-and-a-half-gibi"),
        pytest.param("1E", 10**27, id="exa-and-no-exponent"),
        pytest.param("1E3", 1000 * NANO, id="an-exponent"),
        pytest.param("1e-3", 10**6, id="a-negative-exponent"),
        pytest.param("+1", NANO, id="a-plus"),
        pytest.param("1.", NANO, id="a-trailing-point"),
        pytest.param(".5", NANO // 2, id="a-leading-point"),
        pytest.param(".", 0, id="a-point-alone"),
        pytest.param("+", 0, id="a-sign-alone"),
        pytest.param("Gi", 0, id="a-suffix-alone"),
        pytest.param(" 1 ", NANO, id="blanks-around-it"),
        pytest.param(None, 0, id="null"),
        pytest.param("1000Ei", (2**63 - 1) * NANO, id="binary-amounts-are-capped"),
        pytest.param("1e30", 10**39, id="decimal-amounts-are-not"),
    ],
)
def test_read(value, nano):
    assert quantity(value).nano == nano


@pytest.mark.parametrize(
    "value", ["", " ", "1K", "1gi", "1 Gi", "a", "1e", "1ki", "0x1", "1,5", "1\n", "1_000", "\u0661", True, [], {}]
)
def test_refused(value):
    assert quantity(value) is None


@pytest.mark.parametrize(
    ("value", "milli"),
    [("1n", 1), ("-1n", -1), ("1", 1000), ("1.0001", 1001), ("0", 0)],
)
def test_resources_are_rounded_to_thousandths_away_from_zero(value, milli):
    assert quantity(value).milli == milli


@pytest.mark.parametrize(
    ("value", "int64"),
    [
        pytest.param("9223372036854775807", 9223372036854775807, id="the-largest"),
        pytest.param("1e30", 0, id="too-large-reads-as-zero"),
        pytest.param("9223372036854775808", -(2**63), id="too-many-digits-wrap-around"),
    ],
)
def test_integers_overflow_as_in_go(value, int64):
    assert quantity(value).int64 == int64


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1000m", "1"),
        ("1000k", "1M"),
        ("1024Ki", "1Mi"),
        ("1048576", "1048576"),
        ("01", "01"),
        ("1e3", "1e3"),
        ("0.5", "500m"),
        ("0", "0"),
        ("1.0Mi", "1Mi"),
    ],
)
def test_written(value, text):
    assert canonical(value) == text


@pytest.mark.parametrize(
    "text", ["0" * 20_000 + "x", "1" * 20_000 + "x", "1." + "1" * 20_000 + "x", "1" + "E" * 20_000 + "x"]
)
def test_a_text_of_any_length_is_read_once(text: str) -> None:
    assert quantity(text) is None
