"""Whether Go's regexp package compiles a pattern: RE2's syntax has no lookaround and no back reference.

Source: regexp/syntax/parse.go of Go 1.26, with the flags of regexp.Compile. Names of Unicode classes are not looked up,
nor is the size of repetitions inside each other.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = (
    r"\\(?:[aftnrv]|x[0-9A-Fa-f]{2}|x\{(?=[0-9A-Fa-f])0*(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{0,4}\}|0[0-7]{0,2}|[1-7][0-7]{1,2}"
    r"|[\x00-/:-@\[-`{-\x7f])"
)
_CHARACTERS: Final = r"\\(?:[dDsSwW]|[pP](?:\{\^?[A-Za-z_ -]+\}|[CLMNPSZclmnpsz]))"
_POSIX: Final = r"\[:(?:(?!:\]).){0,40}+:\]"
# No part of it can be matched in two ways, or it is possessive: a pattern is read once, from left to right.
_TOKEN: Final = re.compile(
    r"(?P<repeat>(?:[*+?]|\{(?P<low>0|[1-9][0-9]*)(?:,(?P<high>0|[1-9][0-9]*|))?\})\??)"
    r"|(?P<flags>\(\?[imsU]*(?:-[imsU]+)?\))"
    r"|(?P<open>\((?!\?)|\(\?(?:P?<[A-Za-z0-9_]+>|[imsU]*(?:-[imsU]+)?:))"
    r"|(?P<close>\))|(?P<bar>\|)"
    rf"|\[(?P<set>\^?+\]?+(?>{_POSIX}|{_CHARACTERS}|(?:{_ESCAPE}|[^\]\\])(?:-(?:{_ESCAPE}|{_CHARACTERS}|[^\]\\]))?)*+)\]"
    rf"|(?P<one>\\Q.*?(?:\\E|\Z)|\\[AbBzC]|{_ESCAPE}|{_CHARACTERS}|[^(\[\\])",
    re.ASCII | re.DOTALL,
)
_ITEM: Final = re.compile(
    rf"(?P<posix>{_POSIX})|{_CHARACTERS}|(?P<first>{_ESCAPE}|.)(?:-(?P<last>{_ESCAPE}|{_CHARACTERS}|.))?",
    re.ASCII | re.DOTALL,
)
_KNOWN_POSIX: Final = re.compile(
    r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]\Z"
)
_MOST_REPEATS: Final = 1000


def go_regexp_error(pattern: str) -> str | None:
    """Return why Go does not compile a pattern, or None where it does; takes time in proportion to its length."""
    at = depth = 0
    repeatable = repeated = False
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return _unreadable(pattern[at : at + 4])
        at = token.end()
        kind = token.lastgroup
        if kind == "repeat":
            if not repeatable:
                return f"{token[0]!r} has nothing to repeat"
            if repeated:
                return f"{token[0]!r} repeats a repetition"
            # Five digits are beyond the limit already, and Python refuses to read thousands of them.
            low, high = int((token["low"] or "0")[:5]), int((token["high"] or token["low"] or "0")[:5])
            if max(low, high) > _MOST_REPEATS or high < low:
                return f"{token[0]!r} is no valid count; at most {_MOST_REPEATS}"
        elif kind == "set":
            for item in _ITEM.finditer(token["set"], token["set"].startswith("^")):
                if item["posix"] and not _KNOWN_POSIX.match(item["posix"]):
                    return f"{item['posix']!r} is no class of characters"
                first, last = item["first"], item["last"]
                if last and (last[1:2] in tuple("dDsSwWpP") or _code(last) < _code(first)):
                    return "a range in [...] is not in order"
        elif kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
            if depth < 0:
                return "a parenthesis is closed that was never opened"
        repeated = kind == "repeat"
        # Flags alone leave what stands before them to be repeated.
        repeatable = repeatable if kind == "flags" else kind not in ("open", "bar")
    return "a parenthesis is never closed" if depth else None


def _code(item: str) -> int:
    """Return the code point of a character or of an escape of one."""
    if item[0] != "\\" or len(item) == 1:
        return ord(item)
    if item[1].isdigit() or item[1] == "x":
        return int(item[1:].strip("x{}"), 16 if item[1] == "x" else 8)
    return ord(dict(zip("aftnrv", "\a\f\t\n\r\v", strict=True)).get(item[1], item[1]))


def _unreadable(rest: str) -> str:
    if rest[0] == "(":
        return f"{rest!r} is no group that Go knows"
    if rest[0] == "[":
        return "a [ is never closed"
    if rest == "\\":
        return "a backslash stands at the end"
    if rest[1] in "pP":
        return "\\p has no name of a class behind it"
    return f"'{rest[:2]}' is no escape that Go knows{'; it has no back references' if rest[1].isdigit() else ''}"


_LITERAL: Final = r"(?:[0-9A-Za-z_.-]|\\[.-]|\[\^?[0-9A-Za-z_-]+\])"
_SIMPLE: Final = re.compile(rf"(?:[\^$|]|{_LITERAL}[*+?]?|\({_LITERAL}+(?:\|{_LITERAL}+)*\))*")
_LONGEST_SIMPLE: Final = 64
_MOST_SIMPLE_REPEATS: Final = 4


def may_match(pattern: str, value: str) -> bool:
    """Say whether a pattern matches anywhere in a short value; one that is not simple is taken to.

    Python's engine tries one way after the other: a repetition in a repetition, or many of them, would take for ever.
    """
    repeats = sum(map(pattern.count, "*+?"))
    if len(pattern) > _LONGEST_SIMPLE or repeats > _MOST_SIMPLE_REPEATS or "--" in pattern:
        return True
    if not _SIMPLE.fullmatch(pattern):
        return True
    try:
        return re.search(pattern, value) is not None
    except re.error:  # a range of characters the wrong way round
        return True
