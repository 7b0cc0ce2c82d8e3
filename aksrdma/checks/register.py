"""The register of checks: `@rule` puts a function into it.

`index.json` says where each check of aksrdma is and for which kinds, so that no module is imported before a set needs
it. `make docs` writes it from what the decorators say, and a test compares the two.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

DocumentCheck: TypeAlias = "Callable[[Document, ManifestSet], Iterator[Problem]]"
"""Judges one document; may ask its set for the release and the options."""
SetCheck: TypeAlias = "Callable[[ManifestSet], Iterator[Problem]]"
"""Judges how the documents of one set fit each other."""

PACKAGES: Final = ("schema", "apiserver", "plugins", "relation", "webhook")
"""The packages and modules below this one that hold checks, one a judge; the order of the findings at one place."""
INDEX: Final = Path(__file__).with_name("index.json")

_Check = TypeVar("_Check", bound=Callable[..., Iterator[Problem]])


@dataclass(frozen=True, slots=True)
class Check:
    """Where a check is, and when it is to be called."""

    module: str
    function: str
    rules: tuple[str, ...]
    """What it may report."""
    kinds: frozenset[str]
    """The kinds without which it has nothing to do."""
    of_set: bool
    """Whether it is called once for a set, and not for each document."""

    @property
    def of_webhook(self) -> bool:
        """Whether it judges as the operator's webhook does, and so only where that is on."""
        return self.module.startswith(f"{__package__}.webhook.")

    def load(self) -> Callable[..., Iterator[Problem]]:
        """Return the function, imported if need be."""
        found: Callable[..., Iterator[Problem]] = getattr(import_module(self.module), self.function)
        return found


REGISTERED: Final[list[Check]] = []
"""What the decorators of the modules imported so far have said."""


def rule(*rules: str, kinds: Collection[str]) -> Callable[[_Check], _Check]:
    """Register a check.

    A function of a document and its set is called for each document of one of `kinds`; a function of a set alone is
    called once for each set that holds one of `kinds`.

    Args:
        rules: Ids of the rules that it may report; each has a row in `catalog/rules/`.
        kinds: The kinds without which it has nothing to do.
    """

    def register(check: _Check) -> _Check:
        of_set = check.__code__.co_argcount == 1
        REGISTERED.append(Check(check.__module__, check.__name__, rules, frozenset(kinds), of_set))
        return check

    return register


@cache
def document_checks(kind: str, webhook: bool) -> tuple[DocumentCheck, ...]:
    """Return the checks for a document of a kind, those of the webhook only where it is on."""
    return tuple(one.load() for one in _known() if not one.of_set and kind in one.kinds and one.of_webhook <= webhook)


def set_checks(kinds: Collection[str], webhook: bool) -> Iterator[SetCheck]:
    """Yield the checks that relate the documents of a set that holds some kinds."""
    for one in _known():
        if one.of_set and not one.kinds.isdisjoint(kinds) and one.of_webhook <= webhook:
            yield one.load()


@cache
def _known() -> tuple[Check, ...]:
    rows: list[Any] = json.loads(INDEX.read_bytes())
    return tuple(
        Check(row["module"], row["function"], tuple(row["rules"]), frozenset(row["kinds"]), row["of_set"])
        for row in rows
    )


def every_check() -> list[Check]:
    """Import every module that holds checks, and return what they register, in the order of the packages."""
    for package in PACKAGES:
        name = f"{__package__}.{package}"
        for module in pkgutil.walk_packages(getattr(import_module(name), "__path__", ()), f"{name}."):
            import_module(module.name)
    own = [one for one in REGISTERED if one.module.startswith(f"{__package__}.")]
    return sorted(own, key=lambda one: (PACKAGES.index(one.module.split(".")[2]), one.module))


def index_text() -> str:
    """Return what `index.json` has to be."""
    rows = [
        {
            "module": one.module,
            "function": one.function,
            "of_set": one.of_set,
            "rules": sorted(one.rules),
            "kinds": sorted(one.kinds),
        }
        for one in every_check()
    ]
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
