"""What a shell script certainly runs: its simple commands, word by word, and what variables stand for in them.

Source: POSIX.1-2024, Shell Command Language. What depends on a condition or a loop is not certain, and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Final, NamedTuple


class Expansion(NamedTuple):
    """A part of a word that the shell replaces."""

    variable: str = ""
    """Its name; empty for a command, an arithmetic, and whatever else nobody can tell."""
    instead: str | None = None
    """What stands there where the variable is not set; None: nothing is said of that."""
    quoted: bool = False
    """Whether it stands in double quotes, so that it stays one word."""


class Word(NamedTuple):
    """A word of a command."""

    text: str
    """Without quotes; where it is not certain, up to the first part that the shell replaces."""
    certain: bool = True
    """Whether the shell replaces nothing in it."""
    parts: tuple[str | Expansion, ...] = ()
    """What it is put together of, where it is not certain."""

    def expanded(self, variables: Mapping[str, str | None], *, all_known: bool) -> list[Word]:
        """Return the words that the shell makes of it, itself where that cannot be told.

        Args:
            variables: the variables of the shell; None is a value that is not known.
            all_known: whether a variable that is not among them is not set.
        """
        if self.certain:
            return [self]
        words = [""]
        for part in self.parts:
            value: str | None = part if isinstance(part, str) else None
            if isinstance(part, Expansion):
                value = variables.get(part.variable)
                if value is None and all_known and part.variable not in variables:
                    value = part.instead
                if value and not part.quoted:
                    first, *more = value.replace("\n", " ").replace("\t", " ").split(" ")
                    words[-1] += first
                    words += more
                    value = ""
            if value is None or len(words[-1]) + len(value) > _LONGEST or len(words) > _LONGEST:
                return [self]
            words[-1] += value
        return [Word(text) for text in words if text] or [Word("")]


_LONGEST: Final = 4096
"""Letters, or words, of what a word becomes: a variable of two others, and so on, would grow without end."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACES: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::?[-=]([^$`\"'\\]*))?\Z")
_GROUP: Final = "group"
"""Open braces around commands that run as if they stood there without."""
_OPENS: Final = frozenset({"case", "for", "function", "if", "select", "until", "while", "{"})
_CLOSES: Final = frozenset({"done", "esac", "fi", "}"})
_BETWEEN: Final = frozenset({"do", "elif", "else", "then"})
_ASKS: Final = frozenset({"!", "[", "[[", "command", "false", "grep", "test", "type", "which"})
"""Commands after which `&&` depends on an answer that nobody knows."""
_BLANK: Final = " \t\r"
_REPLACED: Final = "$`"


def commands(script: str) -> Iterator[list[Word]]:
    """Yield the simple commands that a script runs whatever happens, those of loops, branches and functions left out.

    It takes one pass, and anything that is no script gives what commands there are in it.
    """
    reader, chain, hidden, before = _Reader(script), True, 0, ""
    # What is open: branches, loops, functions and parentheses; the `)` of a pattern of `case` closes none of them.
    within: list[str] = []
    words: list[Word] = []
    while True:
        token = reader.next()
        if isinstance(token, Word):
            begins = token.text if token.certain and not words else ""
            if begins in _OPENS:
                # Braces behind `()` are the body of a function, which nobody may call.
                plain = begins == "{" and before != "()" and chain and not hidden
                within.append(_GROUP if plain else begins)
                hidden += not plain
            elif begins in _CLOSES:
                if within and within[-1] != "(":
                    hidden -= within.pop() != _GROUP
            elif begins not in _BETWEEN:
                words.append(token)
            before = ""
            continue
        if words and not hidden and chain and token != "(":
            yield words
        first = words[0].text if words else ""
        words = []
        before = before + token if before + token in ("(", "()") else before if token == "\n" else ""
        if token == "(":
            within.append(token)
            hidden += 1
        elif token == ")":
            if within and within[-1] == "(":
                within.pop()
                hidden -= 1
        elif token == "&&":
            chain = chain and first not in _ASKS
        elif token == "||":
            chain = False
        elif token == "":
            return
        elif token != "|":
            chain = True


class _Reader:
    """Words and operators of a script, one after the other."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._documents: list[str] = []
        """Delimiters of the here-documents that begin with the next line."""

    def next(self) -> Word | str:
        """Return the next word, or the operator as text; the empty one is the end."""
        script = self._script
        while self._at < len(script):
            sign = script[self._at]
            if sign in _BLANK:
                self._at += 1
            elif script.startswith("\\\n", self._at):
                self._at += 2
            elif sign == "#":
                self._to("\n")
            elif sign in "<>" or script.startswith("&>", self._at):
                self._redirect()
            elif sign in "\n;&|()":
                return self._operator(sign)
            else:
                word = self._word()
                if self._script[self._at : self._at + 1] in ("<", ">") and word.text.isdigit():
                    continue  # the number of a file, as in 2>&1
                return word
        return ""

    def _operator(self, sign: str) -> str:
        self._at += 1
        if sign in "&|;" and self._script.startswith(sign, self._at):
            self._at += 1
            return sign * 2
        if sign == "\n":
            self._skip_documents()
        return sign

    def _redirect(self) -> None:
        sign = self._script[self._at]
        start = self._at
        while self._at < len(self._script) and self._script[self._at] in "<>&|-" and self._at < start + 3:
            self._at += 1
        while self._at < len(self._script) and self._script[self._at] in _BLANK:
            self._at += 1
        operator = self._script[start : self._at].strip()
        target = self._word()
        if sign == "<" and operator in ("<<", "<<-"):
            self._documents.append(target.text)

    def _skip_documents(self) -> None:
        for delimiter in self._documents:
            while self._at < len(self._script):
                start = self._at
                self._to("\n")
                line = self._script[start : self._at]
                self._at += 1
                if line.strip("\t") == delimiter:
                    break
        self._documents = []

    def _to(self, sign: str) -> None:
        found = self._script.find(sign, self._at)
        self._at = len(self._script) if found < 0 else found

    def _word(self) -> Word:
        script = self._script
        parts: list[str | Expansion] = []
        while self._at < len(script):
            sign = script[self._at]
            if sign in " \t\r\n;&|()<>":
                break
            self._at += 1
            if sign == "\\":
                text = script[self._at : self._at + 1]
                self._at += 1
                text = "" if text == "\n" else text
            elif sign == "'":
                start = self._at
                self._to("'")
                text = script[start : self._at]
                self._at += 1
            elif sign == '"':
                parts += self._quoted()
                continue
            elif sign in _REPLACED:
                parts.append(self._replaced(sign))
                continue
            else:
                text = sign
            parts.append(text)
        certain = list(takewhile(lambda part: isinstance(part, str), parts))
        text = "".join(map(str, certain))
        return Word(text) if len(certain) == len(parts) else Word(text, False, tuple(parts))

    def _quoted(self) -> list[str | Expansion]:
        """Read up to the closing double quote."""
        script = self._script
        parts: list[str | Expansion] = []
        while self._at < len(script):
            sign = script[self._at]
            self._at += 1
            if sign == '"':
                break
            if sign == "\\" and script[self._at : self._at + 1] in ("$", "`", '"', "\\", "\n"):
                sign = script[self._at].replace("\n", "")
                self._at += 1
            elif sign in _REPLACED:
                parts.append(self._replaced(sign)._replace(quoted=True))
                continue
            parts.append(sign)
        return parts

    def _replaced(self, sign: str) -> Expansion:
        """Go behind an expansion whose first sign has been read."""
        if sign == "`":
            self._to("`")
            self._at += 1
            return Expansion()
        opening = self._script[self._at : self._at + 1]
        closing = {"(": ")", "{": "}"}.get(opening)
        if closing is None:
            name = _NAME.match(self._script, self._at)
            self._at = name.end() if name else self._at
            return Expansion(name[0] if name else "")
        start, depth = self._at + 1, 0
        while self._at < len(self._script):
            here = self._script[self._at]
            self._at += 1
            depth += (here == opening) - (here == closing)
            if depth == 0:
                break
        inside = _BRACES.match(self._script[start : self._at - 1]) if opening == "{" else None
        return Expansion(inside[1], inside[2]) if inside else Expansion()
