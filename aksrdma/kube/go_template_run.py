"""What a template of Go's text/template prints, with the option missingkey=error, as far as it is run here.

Sources: text/template/exec.go and funcs.go of Go 1.26; Masterminds/sprig functions.go, strings.go and defaults.go of v3.3.0.
Data are maps from strings (`GoMap`), lists and strings. What is not run raises `NotRun`, so that nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias
from urllib.parse import quote_plus

from aksrdma.kube.go_template import Node, Operand, Pipe, Term

_MOST_STEPS: Final = 20_000
_LONGEST: Final = 1 << 16
"""Characters of the output."""


class ExecutionError(ValueError):
    """Go stops with an error."""


class NotRun(Exception):
    """What it prints is not known here: why, in words that follow `depends on`."""


UNKNOWN: Final = object()
"""A value that nobody knows; it may not be there at all."""
HOLE: Final = "\ue000"
"""What stands in the output for a text that is there and that nobody knows."""


class Hole(str):
    """A text that is there and that nobody knows: it can be printed, and nothing else is to be done with it."""

    __slots__ = ("name",)
    name: str
    """The attribute."""

    def __new__(cls, name: str) -> Hole:
        """Return the hole of an attribute."""
        made = super().__new__(cls, HOLE)
        made.name = name
        return made


class GoMap(dict[str, Any]):
    """A map from strings, with what its missing keys are."""

    def __init__(self, items: Mapping[str, Any], missing: Any = "") -> None:
        super().__init__(items)
        self.missing = missing
        """The zero value of its elements."""

    def take(self, key: str) -> Any:
        """Return the value of a key that is there.

        Raises:
            NotRun: nobody knows it.
        """
        if self[key] is UNKNOWN:
            raise NotRun(key)
        return self[key]


class Some(list[Any]):
    """A list of which nobody knows whether all of it is there: what is done with each element can be said, no more."""


_Scope: TypeAlias = "list[tuple[str, Any]]"
_HOW_MANY: Final = "how many of it a node has"
_NOTHING: Final = object()
"""No value comes through the pipe."""


class _Break(Exception):
    """{{ break }}."""


class _Continue(Exception):
    """{{ continue }}."""


def run(nodes: Sequence[Node], data: GoMap, functions: Collection[str] = ()) -> str:
    """Return what a template prints.

    Args:
        nodes: what `go_template.parse` returned.
        data: the dot.
        functions: names of functions beside those of the package, which are sprig's.

    Raises:
        ExecutionError: Go stops with an error.
        NotRun: it is not run here.
    """
    execution = _Execution(functions)
    execution.walk(nodes, data, [("$", data)])
    return "".join(execution.printed)


class _Execution:
    def __init__(self, functions: Collection[str]) -> None:
        self._functions = functions
        self._steps = self._length = self._unsure = 0
        self.printed: list[str] = []

    def walk(self, nodes: Sequence[Node], dot: Any, scope: _Scope) -> None:
        """Execute nodes; variables that they set are gone after the list."""
        mark = len(scope)
        for node in nodes:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise NotRun("a template that runs for long")
            self._node(node, dot, scope)
        del scope[mark:]

    def _node(self, node: Node, dot: Any, scope: _Scope) -> None:
        match node.kind:
            case "text":
                self._print(node.text)
            case "break":
                self._sure()
                raise _Break
            case "continue":
                raise _Continue
            case "template":
                raise NotRun("{{ template }}, which is not run here")
            case "range":
                self._range(node, dot, scope)
            case "if" | "with":
                assert node.pipe is not None, "each has a pipe"
                mark = len(scope)
                value = self._pipe(node.pipe, dot, scope)
                if truth(value):
                    self.walk(node.body, value if node.kind == "with" else dot, scope)
                else:
                    self.walk(node.otherwise, dot, scope)
                del scope[mark:]
            case _:
                assert node.pipe is not None, "each has a pipe"
                value = self._pipe(node.pipe, dot, scope)
                if not node.pipe.declared:
                    self._print("<no value>" if value is None else text_of(value))

    def _print(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST:
            raise NotRun("a template that prints much")
        self.printed.append(text)

    def _range(self, node: Node, dot: Any, scope: _Scope) -> None:
        pipe = node.pipe
        assert pipe is not None, "each has a pipe"
        mark = len(scope)
        value = self._pipe(pipe, dot, scope)
        match value:
            case GoMap():
                items: list[tuple[Any, Any]] = [(key, value.take(key)) for key in sorted(value)]
            case list():
                items = list(enumerate(value))
            case None:
                items = []
            case bool() | float() | str():
                raise ExecutionError(f"range can't iterate over {text_of(value)}")
            case _:
                raise NotRun("a range over a number, which only later versions of Go know")
        names, inner = pipe.declared, len(scope)
        unsure = isinstance(value, Some)
        if unsure and len(names) > 1:
            raise NotRun(_HOW_MANY)
        self._unsure += unsure
        for index, element in items:
            # With one variable it is the element, with two the first is the index.
            for name, one in zip(names, (index, element)[-len(names) :] if names else (), strict=True):
                _assign(scope, name, one)
            try:
                self.walk(node.body, element, scope)
            except _Continue:
                continue
            except _Break:
                break
            finally:
                del scope[inner:]
        self._unsure -= unsure
        if not items:
            self.walk(node.otherwise, dot, scope)
        del scope[mark:]

    def _sure(self) -> None:
        """Stop where something depends on which element is the last."""
        if self._unsure:
            raise NotRun(_HOW_MANY)

    def _pipe(self, pipe: Pipe, dot: Any, scope: _Scope) -> Any:
        value: Any = _NOTHING
        for command in pipe.commands:
            value = self._command(command, dot, scope, value)
        for name in pipe.declared:
            if pipe.assigns:
                self._sure()
                _assign(scope, name, value)
            else:
                scope.append((name, value))
        for name in pipe.fields:
            value = _field(value, name)
        return value

    def _command(self, command: Sequence[Operand], dot: Any, scope: _Scope, final: Any) -> Any:
        first = command[0]
        if isinstance(first, Term) and first.kind == "function" and not first.fields:
            return self._call(first.text, command[1:], dot, scope, final)
        if len(command) > 1 or final is not _NOTHING:
            # Each operand before the last field is read first, and may fail as well: it is an error in any case.
            raise ExecutionError("can't give argument to non-function")
        if isinstance(first, Term) and first.kind == "nil":
            raise ExecutionError("nil is not a command")
        return self._operand(first, dot, scope)

    def _operand(self, operand: Operand, dot: Any, scope: _Scope) -> Any:
        if isinstance(operand, Pipe):
            mark = len(scope)
            value = self._pipe(operand, dot, scope)
            # Variables that a pipe in parentheses sets are not there after it to what is read here.
            del scope[mark:]
            return value
        match operand.kind:
            case "constant":
                return _constant(operand.text)
            case "nil":
                return None
            case "function":
                value = self._call(operand.text, (), dot, scope, _NOTHING)
            case "variable":
                value = next(value for name, value in reversed(scope) if name == operand.text)
            case _:
                value = dot
        for name in operand.fields:
            value = _field(value, name)
        return value

    def _call(self, name: str, operands: Sequence[Operand], dot: Any, scope: _Scope, final: Any) -> Any:
        if name in ("and", "or"):
            value: Any = None
            if not operands and final is _NOTHING:
                raise ExecutionError(f"wrong number of args for {name}")
            for operand in operands:
                value = self._operand(operand, dot, scope)
                if truth(value) is (name == "or"):
                    return value
            return value if final is _NOTHING else final
        arguments = [self._operand(operand, dot, scope) for operand in operands]
        if final is not _NOTHING:
            arguments.append(final)
        if name not in ("print", "println", "printf"):
            for argument in arguments:
                _known(argument)
        # sprig's functions stand before those of the package.
        function = (_SPRIG.get(name) if name in self._functions else None) or (
            None if name in self._functions else _BUILTIN.get(name)
        )
        if function is None:
            raise NotRun(f"the template function {name}, which is not run here")
        low, high = _ARGUMENTS.get(name, (1, None))
        if len(arguments) < low or (high is not None and len(arguments) > high):
            raise ExecutionError(f"wrong number of args for {name}: got {len(arguments)}")
        return function(*arguments)


def _assign(scope: _Scope, name: str, value: Any) -> None:
    index = next(index for index in range(len(scope) - 1, -1, -1) if scope[index][0] == name)
    scope[index] = (name, value)


def _field(value: Any, name: str) -> Any:
    if value is None:
        raise ExecutionError(f"nil data; no entry for key {name!r}")
    if not isinstance(value, GoMap):
        raise ExecutionError(f"can't evaluate field {name}")
    if name not in value:
        raise ExecutionError(f"map has no entry for key {name!r}")
    return value.take(name)


def truth(value: Any) -> bool:
    """Say whether Go takes a value as true: not the zero of its type."""
    return bool(_known(value))


def _known(value: Any) -> Any:
    if isinstance(value, Hole):
        raise NotRun(value.name)
    if isinstance(value, Some):
        raise NotRun(_HOW_MANY)
    return value


def text_of(value: Any) -> str:
    """Return a value as fmt's %v prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case GoMap():
            return f"map[{' '.join(f'{key}:{text_of(value.take(key))}' for key in sorted(value))}]"
        case Some():
            raise NotRun(_HOW_MANY)
        case list():
            return f"[{' '.join(map(text_of, value))}]"
        case float():
            return _float(value)
    return str(value)


def _float(value: float) -> str:
    digits, _, exponent = f"{value!r}".partition("e")
    if not exponent and 1e-4 <= abs(value) < 1e16:
        return digits.removesuffix(".0")
    raise NotRun("a very large or small number")


# ----- Constants.

_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE: Final = re.compile(r"\\(?:x(..)|u(....)|U(.{8})|([0-7]{3})|(.))", re.DOTALL)
_PLAIN_INTEGER: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_PLAIN_FLOAT: Final = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")


def _constant(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text[0] == "`":
        return text[1:-1].replace("\r", "")
    if text[0] in "\"'":
        found = _ESCAPE.sub(_unescaped, text[1:-1])
        return found if text[0] == '"' else ord(found)
    if _PLAIN_INTEGER.fullmatch(text):
        return int(text)
    if _PLAIN_FLOAT.fullmatch(text):
        return float(text)
    raise NotRun(f"the number {text}")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code:
        value = int(code, 16)
        if escape[1] and value > 127:
            raise NotRun("bytes that are no text")
        return chr(value)
    if escape[4]:
        if int(escape[4], 8) > 127:
            raise NotRun("bytes that are no text")
        return chr(int(escape[4], 8))
    return _ESCAPES.get(escape[5], escape[5])


# ----- Functions of the package.


def _fail(message: str) -> NoReturn:
    raise ExecutionError(message)


def _kind(value: Any) -> str:
    return "nil" if value is None else "map" if isinstance(value, GoMap) else type(value).__name__


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        _fail("missing argument for comparison")
    for other in others:
        kinds = {_kind(first), _kind(other)}
        if len(kinds) > 1:
            if "nil" not in kinds:
                # Maps and lists are both of no basic kind, and only then is it the kinds that do not fit.
                _fail("incompatible types for comparison")
            continue
        if kinds & {"map", "list"}:
            _fail("non-comparable types")
        if first == other:
            return True
    return False


def _lt(first: Any, second: Any) -> bool:
    if _kind(first) not in ("str", "int", "float") or _kind(first) != _kind(second):
        _fail("invalid types for comparison")
    if isinstance(first, str) and not (first.isascii() and second.isascii()):
        return bool(first.encode() < second.encode())
    return bool(first < second)


def _le(first: Any, second: Any) -> bool:
    return _lt(first, second) or _eq(first, second)


def _index(item: Any, *indexes: Any) -> Any:
    if item is None:
        _fail("index of untyped nil")
    for index in indexes:
        match item:
            case GoMap():
                if not isinstance(index, str):
                    _fail("value is no string")
                item = item.take(index) if index in item else item.missing
            case list() | str():
                if isinstance(index, bool) or not isinstance(index, int):
                    _fail("cannot index slice/array")
                if not 0 <= index < len(item):
                    _fail("index out of range")
                item = item[index] if isinstance(item, list) else ord(_ascii(item)[index])
            case _:
                _fail("can't index item")
    return item


def _slice(item: Any, *indexes: Any) -> Any:
    if not isinstance(item, list | str):
        _fail("can't slice item")
    if isinstance(item, list) or len(indexes) > 2:
        raise NotRun("a slice of a list")
    if any(isinstance(one, bool) or not isinstance(one, int) or not 0 <= one <= len(_ascii(item)) for one in indexes):
        _fail("index out of range")
    start = indexes[0] if indexes else 0
    end = indexes[1] if len(indexes) > 1 else len(item)
    return _fail("invalid slice index") if start > end else item[start:end]


def _ascii(text: str) -> str:
    if not text.isascii():
        raise NotRun("bytes of a text that is not ASCII")
    return text


def _length(item: Any) -> int:
    if item is None or not isinstance(item, GoMap | list | str):
        _fail("len of this type")
    if isinstance(item, GoMap) and UNKNOWN in item.values():
        raise NotRun("how many attributes there are")
    return len(item.encode()) if isinstance(item, str) else len(item)


def _sprint(*values: Any) -> str:
    parts: list[str] = []
    for index, value in enumerate(values):
        # A blank stands between two operands of which neither is a string.
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            parts.append(" ")
        parts.append(text_of(value))
    return "".join(parts)


_VERB: Final = re.compile(r"%(?:(?P<flag>[-0]?)(?P<width>[1-9][0-9]?)?(?P<verb>[sdvqtx])|%)|%", re.ASCII)
_VERB_TAKES: Final[Mapping[str, type[Any] | tuple[type[Any], ...]]] = {
    "s": str, "d": int, "v": (str, int, GoMap, list), "q": str, "t": bool, "x": int
}  # fmt: skip


def _printf(form: Any, *values: Any) -> str:
    if not isinstance(form, str):
        _fail("wrong type for value; expected string")
    rest = list(values)

    def one(verb: re.Match[str]) -> str:
        kind = verb["verb"]
        if verb[0] == "%%":
            return "%"
        if not kind or not rest:
            raise NotRun(f"printf {form!r}")
        value = rest.pop(0)
        if (isinstance(value, bool) and kind not in "tv") or not isinstance(value, _VERB_TAKES[kind]):
            raise NotRun(f"printf {form!r}")
        if kind == "q" or verb["width"]:
            _known(value)
        if verb["flag"] == "0" and not (isinstance(value, int) and value >= 0):
            raise NotRun(f"printf {form!r}")
        shown = _quoted(value) if kind == "q" else f"{value:x}" if kind == "x" else text_of(value)
        width = int(verb["width"] or 0)
        return shown.ljust(width) if verb["flag"] == "-" else shown.rjust(width, verb["flag"] or " ")

    printed = _VERB.sub(one, form)
    if rest:
        raise NotRun(f"printf {form!r}")
    return printed


def _quoted(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise NotRun("quotes around a text with special characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _html(*values: Any) -> str:
    table = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
    return _sprint(*map(_shown, values)).translate(table)


def _shown(value: Any) -> Any:
    return "<no value>" if value is None else value


_BUILTIN: Final[Mapping[str, Callable[..., Any]]] = {
    "not": lambda value: not truth(value),
    "eq": _eq,
    "ne": lambda first, second: not _eq(first, second),
    "lt": _lt,
    "le": _le,
    "gt": lambda first, second: not _le(first, second),
    "ge": lambda first, second: not _lt(first, second),
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _sprint,
    "println": lambda *values: " ".join(map(text_of, values)) + "\n",
    "printf": _printf,
    "html": _html,
    "urlquery": lambda *values: quote_plus(_sprint(*map(_shown, values)), safe="-_.~"),
}

# ----- Functions of sprig, those that labels are made with.


def _typed(function: Callable[..., Any], *types: type) -> Callable[..., Any]:
    """Return a function that takes exactly these types."""

    def checked(*values: Any) -> Any:
        for value, wanted in zip(values, types, strict=True):
            if wanted is int and type(value) is float:
                raise NotRun("a number with a point where a whole one is taken")
            if type(value) is not wanted:
                _fail(f"wrong type for value; expected {wanted.__name__}")
        return function(*values)

    return checked


def _strval(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    return [_strval(one) for one in value if one is not None] if isinstance(value, list) else [_strval(value)]


def _default(fallback: Any, *given: Any) -> Any:
    return given[0] if given and truth(given[0]) else fallback


def _atoi(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII) else 0


def _trunc(count: int, text: str) -> str:
    return _ascii(text)[count:] if count < 0 and len(text) + count > 0 else text[:count] if count >= 0 else text


def _repeat(count: int, text: str) -> str:
    if count < 0:
        _fail("negative Repeat count")
    if count * len(text) > _LONGEST:
        raise NotRun("a template that prints much")
    return text * count


def _replace(old: str, new: str, text: str) -> str:
    if not old or len(text) * (len(new) + 1) > _LONGEST:
        raise NotRun("replace")
    return text.replace(old, new)


def _split(separator: str, text: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise NotRun("sprig's reading of numbers")
    return value


_SPACE: Final = " \t\n\v\f\r\x85\xa0"
_SPRIG: Final[Mapping[str, Callable[..., Any]]] = {
    "lower": _typed(lambda text: _ascii(text).lower(), str),
    "upper": _typed(lambda text: _ascii(text).upper(), str),
    "trim": _typed(lambda text: _ascii(text).strip(_SPACE), str),
    "trimAll": _typed(lambda cut, text: text.strip(cut) if cut else text, str, str),
    "trimPrefix": _typed(lambda cut, text: text.removeprefix(cut), str, str),
    "trimSuffix": _typed(lambda cut, text: text.removesuffix(cut), str, str),
    "nospace": _typed(lambda text: re.sub(r"[ \t-\r]", "", _ascii(text)), str),
    "contains": _typed(lambda part, text: part in text, str, str),
    "hasPrefix": _typed(lambda part, text: text.startswith(part), str, str),
    "hasSuffix": _typed(lambda part, text: text.endswith(part), str, str),
    "replace": _typed(_replace, str, str, str),
    "repeat": _typed(_repeat, int, str),
    "trunc": _typed(_trunc, int, str),
    "splitList": _typed(_split, str, str),
    "atoi": _typed(_atoi, str),
    "join": lambda separator, value: (
        separator.join(_strings(value)) if isinstance(separator, str) else _fail("wrong type for value")
    ),
    "toString": _strval,
    "quote": lambda *values: " ".join(_quoted(_strval(one)) for one in values if one is not None),
    "squote": lambda *values: " ".join(f"'{text_of(one)}'" for one in values if one is not None),
    "default": _default,
    "empty": lambda value: not truth(value),
    "coalesce": lambda *values: next((one for one in values if truth(one)), None),
    "ternary": lambda yes, no, value: (yes if value else no) if type(value) is bool else _fail("wrong type for value"),
    "list": lambda *values: list(values),
    "add": lambda *values: sum(map(_whole, values)),
    "sub": lambda first, second: _whole(first) - _whole(second),
    "mul": lambda first, *values: _product(first, *values),
}


def _product(first: Any, *values: Any) -> int:
    found = _whole(first)
    for value in values:
        found *= _whole(value)
        if abs(found) >= 2**63:
            raise NotRun("a number beyond 64 bits")
    return found


_ARGUMENTS: Final[Mapping[str, tuple[int, int | None]]] = {
    **dict.fromkeys(("not", "len", "lower", "upper", "trim", "nospace", "atoi", "toString", "empty"), (1, 1)),
    **dict.fromkeys(("ne", "lt", "le", "gt", "ge", "trimAll", "trimPrefix", "trimSuffix", "contains"), (2, 2)),
    **dict.fromkeys(("hasPrefix", "hasSuffix", "repeat", "trunc", "splitList", "join", "sub"), (2, 2)),
    **dict.fromkeys(("replace", "ternary"), (3, 3)),
    **dict.fromkeys(("print", "println", "html", "urlquery", "quote", "squote", "coalesce", "list", "add"), (0, None)),
}
