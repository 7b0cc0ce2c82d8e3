"""Whether Go's regexp package compiles a pattern: RE2's syntax has no lookaround and no back reference.

Source: regexp/syntax/parse.go of Go 1.26, with the flags of regexp.Compile.
"""

from __future__ import annotations

import re
from typing import Final

_REPEAT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}", re.ASCII)
_GROUP_NAME = re.compile(r"\?P?<([A-Za-z0-9_]*)>", re.ASCII)
_GROUP_FLAGS = re.compile(r"\?[imsU]*(?:-[imsU]+)?([:)])")
_CLASS_ESCAPES: Final = "dDsSwW"
_EMPTY_ESCAPES: Final = "AbBzC"
_CONTROL_ESCAPES: Final = "aftnrv"
_POSIX = re.compile(r"\[:\^?(\w*):\]")
_POSIX_NAMES: Final = frozenset(
    {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper"}
    | {"word", "xdigit"}
)
_MOST_REPEATS: Final = 1000


class _Refused(Exception):
    """The reason, as the first argument."""


def go_regexp_error(pattern: str) -> str | None:
    """Return why Go does not compile a pattern, or None where it does."""
    try:
        _Scanner(pattern).scan()
    except _Refused as reason:
        return str(reason)
    return None


class _Scanner:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._depth = 0

    def scan(self) -> None:
        """Walk over the pattern once.

        Raises:
            _Refused: at the first thing that Go does not compile.
        """
        repeatable = repeated = False
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign in "*+?" or (sign == "{" and _REPEAT.match(self._text, self._at)):
                self._repeat(sign, repeatable, repeated)
                repeated = True
                continue
            flags = _GROUP_FLAGS.match(self._text, self._at + 1) if sign == "(" else None
            if flags and flags[1] == ")":
                self._at = flags.end()  # what stands before it can still be repeated
            else:
                repeatable = self._atom(sign)
            repeated = False
        if self._depth:
            raise _Refused("a parenthesis is never closed")

    def _atom(self, sign: str) -> bool:
        if sign == "(":
            return self._open()
        if sign == "[":
            self._class()
            return True
        if sign == "\\":
            self._escape(inside=False)
            return True
        self._at += 1
        if sign == ")":
            self._depth -= 1
            if self._depth < 0:
                raise _Refused("a parenthesis is closed that was never opened")
        return sign != "|"

    def _repeat(self, sign: str, repeatable: bool, repeated: bool) -> None:
        found = _REPEAT.match(self._text, self._at)
        end = found.end() if sign == "{" and found else self._at + 1
        operator = self._text[self._at : end]
        if not repeatable:
            raise _Refused(f"{operator!r} has nothing to repeat")
        if repeated:
            raise _Refused(f"{operator!r} repeats a repetition")
        if sign == "{" and found:
            low, high = int(found[1]), int(found[3] or found[1])
            if max(low, high) > _MOST_REPEATS or high < low:
                raise _Refused(f"{operator!r} is no valid count; at most {_MOST_REPEATS}")
        self._at = end + (1 if self._text[end : end + 1] == "?" else 0)

    def _open(self) -> bool:
        self._at += 1
        self._depth += 1
        if self._text[self._at : self._at + 1] != "?":
            return False
        if flags := _GROUP_FLAGS.match(self._text, self._at):
            self._at = flags.end()
            return False
        name = _GROUP_NAME.match(self._text, self._at)
        if name is None or not name[1]:
            raise _Refused(f"{self._text[self._at - 1 : self._at + 3]!r} is no group that Go knows")
        self._at = name.end()
        return False

    def _class(self) -> None:
        self._at += 2 if self._text[self._at + 1 : self._at + 2] == "^" else 1
        first = True
        while first or self._text[self._at : self._at + 1] != "]":
            if self._at >= len(self._text):
                raise _Refused("a [ is never closed")
            if self._text.startswith("-", self._at) and not first and self._bad_dash():
                raise _Refused("a - in a [...] stands neither at an end nor in a range")
            first = False
            self._class_item()
        self._at += 1

    def _bad_dash(self) -> bool:
        return len(self._text) > self._at + 1 and self._text[self._at + 1] != "]"

    def _class_item(self) -> None:
        posix = _POSIX.match(self._text, self._at)
        if posix:
            if posix[1] not in _POSIX_NAMES:
                raise _Refused(f"{posix[0]!r} is no class of characters")
            self._at = posix.end()
            return
        low = self._class_character()
        if low is not None and self._text.startswith("-", self._at) and self._bad_dash():
            self._at += 1
            high = self._class_character()
            if high is None or high < low:
                raise _Refused("a range in [...] is not in order")

    def _class_character(self) -> str | None:
        if self._at >= len(self._text):
            raise _Refused("a [ is never closed")
        if self._text[self._at] == "\\":
            return self._escape(inside=True)
        self._at += 1
        return self._text[self._at - 1]

    def _escape(self, *, inside: bool) -> str | None:
        sign = self._text[self._at + 1 : self._at + 2]
        if not sign:
            raise _Refused("a backslash stands at the end")
        if sign == "Q" and not inside:
            end = self._text.find("\\E", self._at)
            self._at = len(self._text) if end < 0 else end + 2
            return None
        if sign in "pP":
            self._property()
            return None
        if sign in "x01234567":
            return self._code(sign)
        self._at += 2
        if sign in _CLASS_ESCAPES or (sign in _EMPTY_ESCAPES and not inside):
            return None
        if sign in _CONTROL_ESCAPES:
            return "\a\f\t\n\r\v"[_CONTROL_ESCAPES.index(sign)]
        if sign.isascii() and not sign.isalnum():
            return sign
        raise _Refused(f"'\\{sign}' is no escape that Go knows")

    def _property(self) -> None:
        found = re.compile(r"\\[pP](?:\{\^?[A-Za-z_]+\}|[CLMNPSZclmnpsz])").match(self._text, self._at)
        if found is None:
            raise _Refused("\\p has no name of a class behind it")
        self._at = found.end()

    def _code(self, sign: str) -> str:
        found = re.compile(r"\\(?:x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})|(0[0-7]{0,2}|[1-7][0-7]{1,2}))").match(
            self._text, self._at
        )
        value = int(found[1] or found[2] or "0", 16) if found and sign == "x" else int(found[3], 8) if found else -1
        if found is None or value > 0x10FFFF:
            raise _Refused(f"'\\{sign}' is no escape that Go knows; it has no back references")
        self._at = found.end()
        return chr(value)
