"""Judge the arguments of a command line by data: `az.yaml` and `helm.yaml` say which options there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from aksrdma.nearest import advice

KINDS = ("text", "texts", "number", "list", "bool", "flag")


class UsageError(Exception):
    """The program would refuse this command line; the text says why."""


@dataclass(frozen=True)
class Call:
    """A command line, understood."""

    command: str
    """Its words, such as `aks nodepool add`."""
    options: dict[str, Any]
    """By the first name of each option: a flag is true, `list` and `texts` are lists, of what is given twice the last value."""
    words: tuple[str, ...] = ()
    """What is neither command nor option."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of an option."""
        return self.options.get(name, default)


@dataclass
class Option:
    """One option of a command."""

    names: tuple[str, ...]
    kind: str
    allowed: tuple[str, ...] = ()
    extension: str | None = None


@dataclass
class Command:
    """What a command takes."""

    options: dict[str, Option] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    words: int | str = 0

    def add(self, row: dict[str, Any], extension: str | None = None) -> None:
        """Take the options of a row."""
        for names in row.get("required", ()):
            self.required.append(self._option(names, "text", extension=extension))
        for kind in KINDS:
            for names in row.get(kind, ()):
                self._option(names, kind, extension=extension)
        for names, allowed in row.get("one_of", {}).items():
            self._option(names, "one_of", tuple(map(str, allowed)), extension)
        for name, more in row.get("extension", {}).items():
            self.add(more, name)
        self.words = row.get("words", self.words)

    def _option(self, names: str, kind: str, allowed: tuple[str, ...] = (), extension: str | None = None) -> str:
        option = Option(tuple(names.split("/")), kind, allowed, extension)
        for name in option.names:
            self.options[name] = option
        return option.names[0]


@cache
def commands(program: str) -> dict[str, Command]:
    """The commands of `az` or `helm`, by their words."""
    data = yaml.safe_load((Path(__file__).parent / f"{program}.yaml").read_text(encoding="utf-8"))
    known = {}
    for words, row in data["commands"].items():
        known[words] = Command()
        known[words].add(data["global"])
        known[words].add(row)
    return known


def understand(program: str, argv: list[str], extensions: frozenset[str] = frozenset()) -> Call:
    """Read a command line; UsageError where the program would refuse it."""
    known = commands(program)
    words = next((n for n in range(len(argv), 0, -1) if " ".join(argv[:n]) in known), 0)
    if not words:
        raise UsageError(f"{program} has no command {' '.join(argv[:3])!r} that the rehearsal knows")
    name = " ".join(argv[:words])
    call = Call(name, *_options(name, known[name], argv[words:], extensions))
    missing = [option for option in known[name].required if option not in call.options]
    if missing:
        raise UsageError(f"{name}: the following arguments are required: {', '.join(missing)}")
    if known[name].words not in ("any", len(call.words)):
        raise UsageError(f"{name}: unrecognized arguments: {' '.join(call.words)}")
    return call


def _options(
    name: str, command: Command, rest: list[str], extensions: frozenset[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    options: dict[str, Any] = {}
    words = []
    while rest:
        word, *rest = rest
        if not word.startswith("-"):
            words.append(word)
            continue
        key, _, value = word.partition("=")
        option = command.options.get(key)
        if option is None:
            near = advice(key, command.options)
            raise UsageError(f"{name}: unrecognized arguments: {key}" + (f"; {near}" if near else ""))
        if option.extension and option.extension not in extensions:
            raise UsageError(f"{name}: unrecognized arguments: {key}, without the extension {option.extension}")
        values = [value] if "=" in word else []
        many = len(rest) if option.kind == "list" else 0 if option.kind == "flag" or values else 1
        while many and rest and not (rest[0].startswith("-") and len(rest[0]) > 1):
            values.append(rest.pop(0))
            many -= 1
        read = _value(name, key, option, values)
        options[option.names[0]] = [*options.get(option.names[0], ()), read] if option.kind == "texts" else read
    return options, tuple(words)


def _value(name: str, key: str, option: Option, values: list[str]) -> Any:
    if option.kind == "flag":
        return True
    if not values or values == [""]:
        raise UsageError(f"{name}: argument {key}: expected a value")
    value = values[-1]
    if option.kind == "list":
        return values
    if option.kind == "number":
        if not value.isdigit():
            raise UsageError(f"{name}: argument {key}: invalid int value: {value!r}")
        return int(value)
    if option.kind == "bool" and value.lower() not in {"true", "false"}:
        raise UsageError(f"{name}: argument {key}: {value!r} is neither true nor false")
    if option.kind == "one_of" and value.lower() not in {allowed.lower() for allowed in option.allowed}:
        raise UsageError(f"{name}: argument {key}: {value!r} is not one of {', '.join(option.allowed)}")
    return value
