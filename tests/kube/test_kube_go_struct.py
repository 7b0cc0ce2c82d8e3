"""JSON decoded as Go does; the expectations were printed by a Go 1.26 program with such structs."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.kube.addresses import parse_address, parse_cidr
from aksrdma.kube.go_struct import UNKNOWN_KEY, ListOf, MapOf, Struct, decode, wrong_types

INNER = Struct({"vendors": ListOf("string")})
OUTER = Struct(
    {
        "a": "int",
        "b": "string",
        "c": ListOf("string"),
        "d": "bool",
        "i": "ip",
        "n": "cidr",
        "m": MapOf("string"),
        "selectors": INNER,
    }
)


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        pytest.param({"a": 63}, [], id="int"),
        pytest.param({"a": 63.0}, [("a",)], id="a float is no int even if whole"),
        pytest.param({"a": "63"}, [("a",)], id="a string is no int"),
        pytest.param({"a": True}, [("a",)], id="true is no int"),
        pytest.param({"a": 2**63 - 1}, [], id="the largest int"),
        pytest.param({"a": 2**63}, [("a",)], id="beyond the largest int"),
        pytest.param({"a": None, "b": None, "c": None, "d": None, "selectors": None, "i": None}, [], id="null is zero"),
        pytest.param({"b": 1}, [("b",)], id="a number is no string"),
        pytest.param({"c": "x"}, [("c",)], id="a string is no list"),
        pytest.param({"c": [1, "x", None]}, [("c", 0)], id="a number in a list of strings"),
        pytest.param({"d": "true"}, [("d",)], id="a string is no bool"),
        pytest.param({"selectors": []}, [("selectors",)], id="a list is no struct"),
        pytest.param({"i": ""}, [], id="an empty address is none"),
        pytest.param({"i": "1.2.3"}, [("i",)], id="no address"),
        pytest.param({"i": "01.2.3.4"}, [("i",)], id="a leading zero"),
        pytest.param({"n": "10.0.0.1/8"}, [], id="a cidr with host bits"),
        pytest.param({"n": None}, [("n",)], id="null is no cidr"),
        pytest.param({"m": {"a": None}}, [], id="null in a map"),
        pytest.param({"m": {"a": 1}}, [("m", "a")], id="a number in a map of strings"),
        pytest.param({"unknown": 1}, [], id="an unknown key"),
    ],
)
def test_type_errors_are_those_of_go(data: dict[str, Any], wrong: list[tuple[str | int, ...]]) -> None:
    _, problems = decode(data, OUTER, ())

    assert [problem.path for problem in wrong_types(problems)] == wrong


def test_key_in_another_case_fills_the_field_and_the_last_one_wins() -> None:
    top, problems = decode({"B": "first", "b": "last", "SELECTORS": {"VENDORS": ["x"]}}, OUTER, ())

    assert (top.text("b"), top.struct("selectors").list("vendors"), problems) == ("last", ["x"], [])
    assert top.struct("selectors").at("vendors") == ("SELECTORS", "VENDORS")


def test_long_s_folds_to_s() -> None:
    top, _ = decode({"\u017felectors": {"vendors": ["k"]}}, OUTER, ())

    assert top.struct("selectors").list("vendors") == ["k"]


def test_null_leaves_what_an_earlier_key_set() -> None:
    top, _ = decode({"B": "first", "b": None}, OUTER, ())

    assert top.text("b") == "first"


def test_unknown_key_names_the_nearest_known_one() -> None:
    _, (problem,) = decode({"selectors": {"vender": ["15b3"]}}, OUTER, ("spec", None))

    assert (problem.rule, problem.path) == (UNKNOWN_KEY, ("spec", None, "selectors", "vender"))
    assert problem.meant == "vendors"


def test_absent_field_has_the_path_that_it_would_have() -> None:
    top, _ = decode({}, OUTER, ("x",))

    assert top.at("a") == ("x", "a")
    assert top.number("a") == 0
    assert "a" not in top


@pytest.mark.parametrize(
    ("text", "sloppy", "shown"),
    [
        pytest.param("10.0.0.1", False, "10.0.0.1", id="v4"),
        pytest.param("010.0.0.1", False, None, id="leading zero"),
        pytest.param("010.0.0.1", True, "10.0.0.1", id="leading zero allowed"),
        pytest.param("0" * 5000 + "10.0.0.1", True, "10.0.0.1", id="any number of leading zeros"),
        pytest.param("10.0.0.256", True, None, id="octet too large"),
        pytest.param("10.0.0", True, None, id="three octets"),
        pytest.param("fd00::1", False, "fd00::1", id="v6"),
        pytest.param("fe80::1%eth0", False, None, id="zone"),
        pytest.param("::ffff:10.0.0.7", False, "10.0.0.7", id="v4 written as v6"),
        pytest.param("::ffff:10.0.0.07", False, None, id="leading zero in v4 written as v6"),
        pytest.param("::ffff:10.0.0.07", True, "10.0.0.7", id="leading zero allowed in v4 written as v6"),
        pytest.param("fd00:::1", False, None, id="three colons"),
        pytest.param("", False, None, id="empty"),
        pytest.param("\u0661.0.0.1", True, None, id="digit of another script"),
    ],
)
def test_addresses_are_read_as_go_reads_them(text: str, sloppy: bool, shown: str | None) -> None:
    found = parse_address(text, sloppy=sloppy)

    assert (str(found) if found else None) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("10.0.0.17/28", ("10.0.0.17", "10.0.0.16/28"), id="host bits"),
        pytest.param("10.0.0.0/024", ("10.0.0.0", "10.0.0.0/24"), id="zero in the length"),
        pytest.param("10.0.0.0/33", None, id="length too large"),
        pytest.param("10.0.0.0", None, id="no length"),
        pytest.param("10.0.0.0/", None, id="empty length"),
        pytest.param("10.0.0.0/-1", None, id="negative length"),
        pytest.param("fd00::5/64", ("fd00::5", "fd00::/64"), id="v6"),
    ],
)
def test_cidrs_are_read_as_go_reads_them(text: str, shown: tuple[str, str] | None) -> None:
    found = parse_cidr(text)

    assert ((str(found[0]), str(found[1])) if found else None) == shown
