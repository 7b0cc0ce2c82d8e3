"""Patterns as the API server matches them: Go's RE2, not Python's `re`."""

from __future__ import annotations

import re
from functools import cache

_CLASS_NAMES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN = r"(?s)\\.|\[:(?P<name>[a-z]+):\]|\[\^?\]?|[\]$]"


@cache
def go_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern of a schema so that it matches what Go's regexp package matches.

    `\d`, `\w` and `\s` are ASCII there, and `$` is the very end, not also the place before a last line break.

    >>> bool(go_pattern(r"^\d+$").search("12"))
    True
    >>> bool(go_pattern(r"^\d+$").search("12\n"))
    False
    """
    return re.compile(_translate(pattern), re.ASCII)


def _translate(pattern: str) -> str:
    out, position, in_class = [], 0, False
    for found in re.finditer(_TOKEN, pattern):
        out.append(pattern[position : found.start()])
        token, position = found.group(), found.end()
        if found["name"] and in_class:
            token = _CLASS_NAMES.get(found["name"], token)
        elif token == r"\z" or (token == "$" and not in_class):
            token = r"\Z"
        elif token.startswith("["):
            in_class, token = True, token if not in_class else token.replace("[", r"\[")
        elif token == "]":
            in_class = False
        out.append(token)
    return "".join([*out, pattern[position:]])
