"""What a shell script certainly runs: its simple commands, word by word, without evaluating anything.

Source: POSIX.1-2024, Shell Command Language. What depends on a variable, a condition or a loop is not certain, and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple


class Word(NamedTuple):
    """A word of a command."""

    text: str
    """Without quotes; where it is not certain, up to the first part that the shell replaces."""
    certain: bool = True
    """Whether the shell replaces nothing in it."""


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
    reader, chain = _Reader(script), True
    # What is open: branches, loops, functions and parentheses; the `)` of a pattern of `case` closes none of them.
    within: list[str] = []
    words: list[Word] = []
    while True:
        token = reader.next()
        if isinstance(token, Word):
            begins = token.text if token.certain and not words else ""
            if begins in _OPENS:
                within.append(begins)
            elif begins in _CLOSES:
                if within and within[-1] != "(":
                    within.pop()
            elif begins not in _BETWEEN:
                words.append(token)
            continue
        if words and not within and chain and token != "(":
            yield words
        first = words[0].text if words else ""
        words = []
        if token == "(":
            within.append(token)
        elif token == ")":
            if within and within[-1] == "(":
                within.pop()
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
        script, parts, certain = self._script, [], True
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
                text, whole = self._quoted()
                if certain:
                    parts.append(text)
                certain = certain and whole
                continue
            elif sign in _REPLACED:
                self._replaced(sign)
                certain = False
                continue
            else:
                text = sign
            if certain:
                parts.append(text)
        return Word("".join(parts), certain)

    def _quoted(self) -> tuple[str, bool]:
        """Read up to the closing double quote, and say whether the shell replaces nothing before it."""
        script, parts, certain = self._script, [], True
        while self._at < len(script):
            sign = script[self._at]
            self._at += 1
            if sign == '"':
                break
            if sign == "\\" and script[self._at : self._at + 1] in ("$", "`", '"', "\\", "\n"):
                sign = script[self._at].replace("\n", "")
                self._at += 1
            elif sign in _REPLACED:
                self._replaced(sign)
                certain = False
            if certain:
                parts.append(sign)
        return "".join(parts), certain

    def _replaced(self, sign: str) -> None:
        """Go behind an expansion whose first sign has been read."""
        if sign == "`":
            self._to("`")
            self._at += 1
            return
        opening = self._script[self._at : self._at + 1]
        closing = {"(": ")", "{": "}"}.get(opening)
        if closing is None:
            return
        depth = 0
        while self._at < len(self._script):
            here = self._script[self._at]
            self._at += 1
            depth += (here == opening) - (here == closing)
            if depth == 0:
                return
