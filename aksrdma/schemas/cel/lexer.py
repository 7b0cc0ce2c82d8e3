"""Splits a CEL expression into tokens."""

from __future__ import annotations

import ast
import re
from typing import Final, NamedTuple

from aksrdma.schemas.cel.values import UnsupportedError

_TOKENS: Final = re.compile(
    r"""\s+
    | (?P<float>\d+\.\d+)
    | (?P<int>0[xX][0-9a-fA-F]+|\d+)
    | (?P<raw>[rR](?:'[^'\n]*'|"[^"\n]*"))
    | (?P<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<op>&&|\|\||==|!=|<=|>=|[-+!<>()\[\].,?:])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """One token; `value` is what a literal stands for."""

    kind: str
    text: str
    value: object = None


def tokens(source: str) -> list[Token]:
    """Return the tokens of an expression, ended by one of kind `end`.

    Raises:
        UnsupportedError: something in it is no token of the part of CEL that is known.
    """
    found, position = [], 0
    while position < len(source):
        match = _TOKENS.match(source, position)
        if not match:
            raise UnsupportedError(f"unknown token at {source[position : position + 10]!r}")
        position = match.end()
        if match.lastgroup:
            found.append(Token(match.lastgroup, match.group(), _value(match.lastgroup, match.group())))
    return [*found, Token("end", "")]


def _value(kind: str, text: str) -> object:
    match kind:
        case "int":
            return int(text, 0)
        case "float":
            return float(text)
        case "raw":
            return text[2:-1]
        case "string":
            return ast.literal_eval(text)
    return None
