from __future__ import annotations

import pytest

from aksrdma.checks.webhook.policies import verdict
from aksrdma.kube.go_json import Number, Reader
from tests.checks.webhook.webhook_objects import rdma


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(' {"a": [true, "x"]}\n', {"a": [True, "x"]}, id="object"),
        pytest.param("null", None, id="null-is-an-empty-map"),
        pytest.param('{"a": 1, "a": "2"}', {"a": "2"}, id="last-of-repeated-keys"),
        pytest.param('{"a": 1, "A": 2}', {"a": Number("1"), "A": Number("2")}, id="keys-keep-their-case"),
        pytest.param('{"a": 1e-400}', {"a": Number("1e-400")}, id="too-small-a-number"),
    ],
)
def test_reads(text: str, value: object) -> None:
    assert Reader(text, exact=True).only_value() == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{} {}", id="two-values"),
        pytest.param("{}x", id="something-after"),
        pytest.param("[]", id="array"),
        pytest.param('"{}"', id="string"),
        pytest.param("5", id="number"),
        pytest.param("{a: 1}", id="yaml"),
        pytest.param("{'a': 1}", id="single-quotes"),
        pytest.param('{"a": 1,}', id="trailing-comma"),
        pytest.param('{"a": 1} // b', id="comment"),
        pytest.param('{"a": NaN}', id="nan"),
        pytest.param('{"a": Infinity}', id="infinity"),
        pytest.param('{"a": 01}', id="leading-zero"),
        pytest.param('{"a": .5}', id="no-whole-part"),
        pytest.param('{"a": 1e309}', id="beyond-a-float"),
        pytest.param('{"a": -1' + "0" * 400 + "}", id="integer-beyond-a-float"),
        pytest.param('{"a": "\n"}', id="line-break-in-a-string"),
        pytest.param("\ufeff{}", id="byte-order-mark"),
        pytest.param('{"a": ' + "[" * 100_000, id="nested-too-deeply"),
    ],
)
def test_refuses(text: str) -> None:
    (problem,) = verdict(rdma(text))

    assert problem.rule == "webhook-rdma-config"
    assert "Invalid json" in problem.message


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("63", True),
        ("63.0", True),
        ("-0.0", True),
        ("1e2", True),
        ("1.5E1", True),
        ("100e-2", True),
        ("0e-5000000", True),
        ("12345678901234567890123", True),
        ("63.5", False),
        ("1e-2", False),
        ("150e-2", False),
        ("1.00000000000000000000001", False),
        ("1e-5000000", False),
        ("0e99999999999999999999", False),
        ("0e" + "9" * 5000, False),
    ],
)
def test_a_number_is_an_integer_by_its_value(text: str, whole: bool) -> None:
    assert Number(text).is_whole is whole
