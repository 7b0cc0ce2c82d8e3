"""Label selectors written as one text, `app=nccl,tier in (a, b),!debug`.

Source: Parse of k8s.io/apimachinery/pkg/labels/selector.go@v0.34.2.
"""

from __future__ import annotations

import re
from typing import Final

from aksrdma.kube import names

_TOKEN: Final = re.compile(r"[ \t\r\n]*(?:([^ \t\r\n=!(),<>]+)|(!=|==|[=!(),<>]))")
_COMPARISONS: Final = frozenset({"=", "==", "!=", ">", "<"})
_NUMBER: Final = re.compile(r"0*[0-9]{1,18}\Z", re.ASCII)
_END: Final = "the end"


class _Reader:
    def __init__(self, selector: str) -> None:
        found = list(_TOKEN.finditer(selector))
        self.tokens = [(match[1] or match[2], match[1] is not None) for match in found] + [(_END, False)]
        self.position = 0

    @property
    def next(self) -> str:
        """The token at hand; words count as such wherever they stand."""
        return self.tokens[self.position][0]

    def at_word(self) -> bool:
        """Say whether it is a word, and not a sign or the end."""
        return self.tokens[self.position][1]

    def take(self) -> str:
        token = self.next
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token


def selector_problem(selector: str) -> str | None:
    """Say why a label selector does not parse, or None where it does; an empty one selects everything.

    >>> selector_problem("app in (a, b),!debug,tier!=x")
    >>> selector_problem("app=a b")
    "has 'b' where ',' or the end is expected"
    """
    reader = _Reader(selector)
    while reader.next != _END or reader.at_word():
        if problem := _requirement(reader):
            return problem
        if not reader.at_word() and reader.next == _END:
            return None
        if reader.at_word() or reader.next != ",":
            return f"has {reader.next!r} where ',' or the end is expected"
        reader.take()
        if not reader.at_word() and reader.next != "!":
            return f"has {reader.next!r} where a label is expected"
    return None


def _requirement(reader: _Reader) -> str | None:
    absent = not reader.at_word() and reader.next == "!"
    if absent:
        reader.take()
    if not reader.at_word():
        return f"has {reader.next!r} where a label is expected"
    key = reader.take()
    if reason := names.qualified_name(key):
        return f"names the label {key!r}, which {reason}"
    if absent or (not reader.at_word() and reader.next in (",", _END)):
        return None
    is_word, operator = reader.at_word(), reader.take()
    if is_word and operator in ("in", "notin"):
        return _values(reader)
    if is_word or operator not in _COMPARISONS:
        return f"has {operator!r} where an operator is expected (=, ==, !=, in, notin, > or <)"
    if not reader.at_word() and reader.next not in (",", _END):
        return f"has {reader.next!r} where a value is expected"
    value = reader.take() if reader.at_word() else ""
    if operator in ("<", ">") and not _NUMBER.match(value):
        return f"compares with {value!r}, which is no whole number"
    return _value(value)


def _values(reader: _Reader) -> str | None:
    if reader.at_word() or reader.take() != "(":
        return "has no '(' behind in or notin"
    # As the parser of Kubernetes goes: a second comma may follow the first, and must not end the list.
    while reader.at_word() or reader.next in (",", ")"):
        word, token = reader.at_word(), reader.take()
        if token == ")" and not word:
            return None
        if word and (problem := _value(token)):
            return problem
        if word and (reader.at_word() or reader.next not in (",", ")")):
            break
        if not word and not reader.at_word() and reader.next == ",":
            reader.take()
            if not reader.at_word() and reader.next == ")":
                break
    return f"has {reader.next!r} where ',' or ')' is expected"


def _value(value: str) -> str | None:
    reason = names.label_value(value)
    return f"has the value {value!r}, which {reason}" if reason else None
