"""Expressions of CEL, as far as rules of CRDs use them."""

import pytest

from aksrdma.schemas.judge.cel import CelError, UnsupportedError, compile_expression


@pytest.mark.parametrize(
    ("expression", "self", "value"),
    [
        pytest.param("self.endIndex >= self.startIndex", {"startIndex": 1, "endIndex": 1}, True, id="at-least"),
        pytest.param("self.endIndex >= self.startIndex", {"startIndex": 2, "endIndex": 1}, False, id="less"),
        pytest.param("self == oldSelf", "a", False, id="equal-to-another-variable"),
        pytest.param("size(self.name) <= 3", {"name": "abcd"}, False, id="size-as-a-function"),
        pytest.param("[self.a, self.b].filter(x, x).size() <= 1", {"a": True, "b": False}, True, id="size-as-a-method"),
        pytest.param("self.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')", {"name": "a-1"}, True, id="matches"),
        pytest.param("self.matches('b')", "abc", True, id="matches-is-not-anchored"),
        pytest.param(r"self.matches('^\\d+$')", "1\n", False, id="the-end-is-the-end"),
        pytest.param(r"self == r'\d'", r"\d", True, id="a-raw-string"),
        pytest.param("self in ['a', \"b\"]", "b", True, id="in-a-list"),
        pytest.param("'a' in self", {"a": 1}, True, id="in-a-map"),
        pytest.param("!(has(self.a) && has(self.b))", {"a": 1}, True, id="has-not-both"),
        pytest.param("has(self.a) && self.a == 'x' || self.b", {"b": True}, True, id="and-binds-tighter-than-or"),
        pytest.param("self.exists(x, has(x.a))", [{"b": 1}, {"a": 1}], True, id="exists"),
        pytest.param("self.exists_one(x, x == 1)", [1, 1], False, id="exists-one"),
        pytest.param("self.all(x, x > 0)", [1, 0], False, id="all"),
        pytest.param("self.all(k, k.startsWith('a'))", {"ab": 1, "ac": 2}, True, id="all-keys-of-a-map"),
        pytest.param("self.map(x, x + 1) == [2, 3]", [1, 2], True, id="map"),
        pytest.param("self.a.b || true", {}, True, id="an-error-does-not-count-where-the-other-side-settles-it"),
        pytest.param("false && self.a.b", {}, False, id="nor-in-and"),
        pytest.param("1 == 1.0", None, True, id="numbers-are-equal-by-value"),
        pytest.param("true == 1", None, False, id="but-true-is-no-number"),
        pytest.param("self != 2", 1, True, id="not-equal"),
        pytest.param("self[1] == 'b'", ["a", "b"], True, id="an-index"),
        pytest.param("self['a b'] == 1", {"a b": 1}, True, id="a-key"),
        pytest.param("self ? 'yes' : 'no'", True, "yes", id="a-choice"),
        pytest.param("'a' + self", "b", "ab", id="joined"),
        pytest.param("-self - 1", 1, -2, id="minus"),
        pytest.param("0x10 + 1.5", None, 17.5, id="numbers"),
        pytest.param("self.contains('b') && self.endsWith('c')", "abc", True, id="parts-of-a-string"),
        pytest.param("self == null", None, True, id="null"),
        pytest.param("self < 'b'", "a", True, id="strings-have-an-order"),
    ],
)
def test_an_expression_has_a_value(expression, self, value):
    assert compile_expression(expression)({"self": self, "oldSelf": "b"}) == value


@pytest.mark.parametrize(
    ("expression", "self"),
    [
        pytest.param("self.a", {}, id="a-field-that-is-not-there"),
        pytest.param("self.a", 1, id="a-field-of-no-object"),
        pytest.param("has(self.a.b)", {}, id="has-of-a-field-of-nothing"),
        pytest.param("self[2]", [1], id="an-index-past-the-end"),
        pytest.param("self < 1", "a", id="an-order-of-unlike-things"),
        pytest.param("self + 1", "a", id="a-sum-of-unlike-things"),
        pytest.param("self - 1", "a", id="a-difference-of-unlike-things"),
        pytest.param("self && true", 1, id="no-bool"),
        pytest.param("1 in self", 1, id="in-no-list"),
        pytest.param("size(self) > 1", 1, id="no-size"),
        pytest.param("self.matches('a')", 1, id="no-string"),
        pytest.param("self.all(x, true)", 1, id="all-of-no-list"),
        pytest.param("other", None, id="no-such-variable"),
    ],
)
def test_an_expression_without_a_value_is_an_error(expression, self):
    with pytest.raises(CelError):
        compile_expression(expression)({"self": self})


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("self.a.unknownFunction()", id="an-unknown-function"),
        pytest.param("self ==", id="half-an-expression"),
        pytest.param("self == 1 2", id="an-expression-and-a-half"),
        pytest.param("has(self)", id="has-of-no-field"),
        pytest.param("{'a': 1}.a == 1", id="a-map-literal"),
        pytest.param("self % 2 == 0", id="an-unknown-operator"),
        pytest.param("[1, 2", id="an-open-bracket"),
    ],
)
def test_what_is_outside_the_known_part_says_so(expression):
    with pytest.raises(UnsupportedError):
        compile_expression(expression)
