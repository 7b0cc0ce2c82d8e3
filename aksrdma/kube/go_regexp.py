"""Whether Go's regexp package compiles a pattern, and what it matches: RE2 has no lookaround and no back reference.

Source: regexp/syntax/parse.go of Go 1.26, with the flags of regexp.Compile. Names of Unicode classes are not looked up,
nor is the size of repetitions inside each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

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
    rf"|(?P<one>\\Q.*?(?:\\E|\Z)|\\[AbBz]|{_ESCAPE}|{_CHARACTERS}|[^(\[\\])",
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


# ----- Matching: a pattern becomes states, and all ways through them are taken at once, so that none takes for ever.

_MOST_STATES: Final = 4096
_MOST_STEPS: Final = 1 << 21
"""States times characters."""
_DEEPEST: Final = 50
_ONE_CHARACTER: Final = {"d": "0-9", "s": "\\t\\n\\f\\r ", "w": "0-9A-Za-z_"}
_POSIX_RANGES: Final = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7f", "blank": "\\t ", "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~", "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip

_Node: TypeAlias = "tuple[Any, ...]"
"""`("one", test)`, `("assert", kind)`, `("all", nodes)`, `("any", nodes)` or `("repeat", node, low, high)`."""
_Test: TypeAlias = "Callable[[str], bool]"


class _NotRead(Exception):
    """What is not judged here: a class of characters by its script, or a pattern that is too large."""


@lru_cache(1024)
def matches(pattern: str, value: str) -> bool | None:
    """Say whether Go finds a pattern anywhere in a value; None where nobody here can tell.

    Args:
        pattern: one that Go compiles.
        value: the text; takes time in proportion to its length.
    """
    program = _program(pattern)
    if program is None or len(value) * len(program) > _MOST_STEPS:
        return None
    if not value.isascii() and "(?" in pattern and re.search(r"\(\?[msU]*i", pattern):
        return None  # Go folds letters by its own table
    current: set[int] = set()
    for at in range(len(value) + 1):
        # A match may begin at each character.
        current = _reached(program, [*current, 0], value, at)
        if len(program) - 1 in current:
            return True
        if at < len(value):
            char = value[at]
            current = {state + 1 for state in current if program[state][0] == "one" and program[state][1](char)}
    return False


def _reached(program: Sequence[_Node], states: list[int], value: str, at: int) -> set[int]:
    """Return the states that are reached from some without a further character."""
    found: set[int] = set()
    while states:
        state = states.pop()
        if state in found:
            continue
        found.add(state)
        kind, *rest = program[state]
        if kind == "split":
            states += rest
        elif kind == "assert" and _holds(rest[0], value, at):
            states.append(state + 1)
    return found


def _holds(kind: str, value: str, at: int) -> bool:
    before, after = value[at - 1 : at] if at else "", value[at : at + 1]
    match kind:
        case "^":
            return not before
        case "$":
            return not after
        case "m^":
            return before in ("", "\n")
        case "m$":
            return after in ("", "\n")
    border = _is_word(before) != _is_word(after)
    return border if kind == "b" else not border


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


@lru_cache(256)
def _program(pattern: str) -> tuple[_Node, ...] | None:
    """Return the states of a pattern, the last of which is its match; None for one that is not read here."""
    program: list[_Node] = []
    try:
        _emit(_tree(pattern), program)
    except _NotRead:
        return None
    return (*program, ("match",))


def _emit(node: _Node, program: list[_Node]) -> None:
    if len(program) > _MOST_STATES:
        raise _NotRead
    match node[0]:
        case "all":
            for part in node[1]:
                _emit(part, program)
        case "any":
            jumps = []
            for part in node[1][:-1]:
                split = len(program)
                program.append(())
                _emit(part, program)
                jumps.append(len(program))
                program.append(())
                program[split] = ("split", split + 1, len(program))
            _emit(node[1][-1], program)
            for jump in jumps:
                program[jump] = ("split", len(program))
        case "repeat":
            _, part, low, high = node
            for _ in range(low):
                before = len(program)
                _emit(part, program)
                if len(program) == before:  # nothing, however often
                    break
            splits = []
            for _ in range(1 if high is None else high - low):
                splits.append(len(program))
                program.append(())
                _emit(part, program)
            if high is None:
                program.append(("split", splits[0]))
            for split in splits:
                program[split] = ("split", split + 1, len(program))
        case _:
            program.append(node)


def _tree(pattern: str) -> _Node:
    """Return the tree of a pattern that Go compiles."""
    flags: frozenset[str] = frozenset()
    # Per open group: the alternatives before, the nodes of this one, and the flags outside.
    stack: list[tuple[list[list[_Node]], frozenset[str]]] = [([[]], flags)]
    for token in _TOKEN.finditer(pattern):
        kind, nodes = token.lastgroup, stack[-1][0][-1]
        match kind:
            case "repeat":
                if not nodes:
                    raise _NotRead
                low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(token[0][0], (-1, None))
                if low < 0:
                    low = int(token["low"])
                    high = low if token["high"] is None else int(token["high"]) if token["high"] else None
                nodes[-1] = ("repeat", nodes[-1], low, high)
            case "flags":
                flags = _flags(token[0][2:-1], flags)
            case "open":
                if len(stack) > _DEEPEST:
                    raise _NotRead
                stack.append(([[]], flags))
                if token[0].startswith("(?") and token[0].endswith(":"):
                    flags = _flags(token[0][2:-1], flags)
            case "close":
                alternatives, flags = stack.pop()
                stack[-1][0][-1].append(_either(alternatives))
            case "bar":
                stack[-1][0].append([])
            case "set":
                nodes.append(("one", _set(token["set"], flags)))
            case _:
                nodes += _plain(token[0], flags)
    return _either(stack[0][0])


def _either(alternatives: list[list[_Node]]) -> _Node:
    parts = [("all", nodes) for nodes in alternatives]
    return parts[0] if len(parts) == 1 else ("any", parts)


def _flags(written: str, flags: frozenset[str]) -> frozenset[str]:
    on, _, off = written.partition("-")
    return (flags | set(on)) - set(off)


def _plain(token: str, flags: frozenset[str]) -> list[_Node]:
    """Return what a token stands for that is no group, no set and no repetition."""
    if token in ("^", "$"):
        return [("assert", f"m{token}" if "m" in flags else token)]
    if token in ("\\A", "\\z"):
        return [("assert", "^" if token == "\\A" else "$")]
    if token in ("\\b", "\\B"):
        return [("assert", token[1])]
    if token == ".":
        return [("one", (lambda char: True) if "s" in flags else (lambda char: char != "\n"))]
    if token.startswith("\\Q"):
        literal = token[2:].removesuffix("\\E")
        return [("one", _ranges([(ord(char), ord(char))], flags)) for char in literal]
    if token[0] == "\\" and token[1:2] in tuple("dDsSwWpP"):
        return [("one", _set(token, flags))]
    return [("one", _ranges([(_code(token), _code(token))], flags))]


def _set(written: str, flags: frozenset[str]) -> _Test:
    negated = written.startswith("^")
    ranges: list[tuple[int, int]] = []
    tests: list[_Test] = []
    for item in _ITEM.finditer(written, negated):
        if item["posix"]:
            test = _ranges(_read_ranges(_POSIX_RANGES[item["posix"].strip("[:^]")]), flags)
            tests.append(_opposite(test) if item["posix"].startswith("[:^") else test)
        elif item["first"] is None:
            tests.append(_class(item[0], flags))
        else:
            ranges.append((_code(item["first"]), _code(item["last"] or item["first"])))
    tests.append(_ranges(ranges, flags))

    def any_of(char: str) -> bool:
        return any(test(char) for test in tests)

    return _opposite(any_of) if negated else any_of


def _class(written: str, flags: frozenset[str]) -> _Test:
    """Return the test of a class by its letter, such as that of digits."""
    letter = written[1]
    if letter in "pP":
        name = written[2:].strip("{}")
        wanted = name.removeprefix("^")
        if not re.fullmatch("[CLMNPSZ][a-z]?", wanted) or "i" in flags:
            raise _NotRead  # scripts are not in Python's tables

        def test(char: str) -> bool:
            return unicodedata.category(char).startswith(wanted)

        return _opposite(test) if (letter == "P") is not name.startswith("^") else test
    test_of = _ranges(_read_ranges(_ONE_CHARACTER[letter.lower()]), flags)
    return _opposite(test_of) if letter.isupper() else test_of


def _read_ranges(written: str) -> list[tuple[int, int]]:
    found = (_ITEM.fullmatch(one[0]) for one in _ITEM.finditer(written))
    return [(_code(one["first"]), _code(one["last"] or one["first"])) for one in found if one]


def _ranges(ranges: list[tuple[int, int]], flags: frozenset[str]) -> _Test:
    if "i" not in flags:
        return lambda char: any(low <= ord(char) <= high for low, high in ranges)

    def folded(char: str) -> bool:
        both = (ord(char.lower()), ord(char.upper())) if char.isascii() else (ord(char),)
        return any(low <= code <= high for low, high in ranges for code in both)

    return folded


def _opposite(test: _Test) -> _Test:
    return lambda char: not test(char)
