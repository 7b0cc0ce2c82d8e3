"""Label selectors in one text, as k8s.io/apimachinery/pkg/labels parses them (tools/webhook_oracle compares)."""

import pytest

from aksrdma.kube.label_selectors import selector_problem


@pytest.mark.parametrize(
    "selector",
    ["", " ", "app", "!app", "app=nccl", "app==nccl", "app!=nccl", "app=", "a in (b,c)", "a notin ( b )", "a in ()",
     "a in (b,,c)", "a in (b,,,c)", "a in (b,)", "a in (,)", "a>5", "a<0003", "x.io/a=b, !c ,d", "in in (in)", "notin=in", "a=b,c in (d),!e"],
)  # fmt: skip
def test_a_selector_parses(selector: str) -> None:
    assert selector_problem(selector) is None


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        ("a=b c", "has 'c' where ',' or the end is expected"),
        ("!a=b", "has '=' where ',' or the end is expected"),
        ("a=b,", "has 'the end' where a label is expected"),
        (",a", "has ',' where a label is expected"),
        ("a,,b", "has ',' where a label is expected"),
        ("!", "has 'the end' where a label is expected"),
        ("a b", "has 'b' where an operator is expected (=, ==, !=, in, notin, > or <)"),
        ("a!b", "has '!' where an operator is expected (=, ==, !=, in, notin, > or <)"),
        ("a=(b", "has '(' where a value is expected"),
        ("a<=b", "has '=' where a value is expected"),
        ("a>x", "compares with 'x', which is no whole number"),
        ("a<-3", "compares with '-3', which is no whole number"),
        ("a in b", "has no '(' behind in or notin"),
        ("a in (b", "has 'the end' where ',' or ')' is expected"),
        ("a in (b,,)", "has ')' where ',' or ')' is expected"),
        ("a in (b c)", "has 'c' where ',' or ')' is expected"),
        ("a/b/c", "names the label 'a/b/c', which holds more than one '/'"),
    ],
)
def test_what_does_not_parse_is_told_by_its_first_fault(selector: str, problem: str) -> None:
    assert selector_problem(selector) == problem


@pytest.mark.parametrize("selector", ["a=-b", "a in (b,c_)", "a==" + "x" * 64])
def test_values_are_those_of_labels(selector: str) -> None:
    assert ", which " in (selector_problem(selector) or "")


def test_a_long_selector_takes_no_longer_by_the_letter() -> None:
    assert selector_problem(",".join(f"a{number}=b" for number in range(50_000))) is None
    assert selector_problem("(" * 200_000) is not None
