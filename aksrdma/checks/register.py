"""The register of checks: `@rule` puts a function into it.

`index.json` says where each check of aksrdma is and for which kinds, so that no module is imported before a set needs
it. `make docs` writes it from what the decorators say, and a test compares the two.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from aksrdma.errors import AksrdmaError, UsageError
from aksrdma.findings import Problem, Severity

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

DocumentCheck: TypeAlias = "Callable[[Document, ManifestSet], Iterator[Problem]]"
"""Judges one document; may ask its set for the release and the options."""
SetCheck: TypeAlias = "Callable[[ManifestSet], Iterator[Problem]]"
"""Judges how the documents of one set fit each other."""

PACKAGES: Final = ("schema", "leftovers", "apiserver", "plugins", "relation", "webhook")
"""The packages and modules below this one that hold checks, one a judge; the order of the findings at one place."""
INDEX: Final = Path(__file__).with_name("index.json")

_HOUSE: Final = "aksrdma."
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
    own: Callable[..., Iterator[Problem]] | None = None
    """The function itself, of a check that is not in the index: one of a plugin."""

    @property
    def of_webhook(self) -> bool:
        """Whether it judges as the operator's webhook does, and so only where that is on."""
        return self.module.startswith(f"{__package__}.webhook.")

    def load(self) -> Callable[..., Iterator[Problem]]:
        """Return the function, imported if need be; that of a plugin raises no error but ours."""
        return _guarded(self.own, self.module) if self.own is not None else _imported(self.module, self.function)


@cache
def _imported(module: str, function: str) -> Callable[..., Iterator[Problem]]:
    found: Callable[..., Iterator[Problem]] = getattr(import_module(module), function)
    return found


def _guarded(check: Callable[..., Iterator[Problem]], module: str) -> Callable[..., Iterator[Problem]]:
    """Return a check of a plugin that answers any error with its name instead of a traceback."""

    def guarded(*arguments: Any) -> Iterator[Problem]:
        try:
            yield from check(*arguments)
        except AksrdmaError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise UsageError(f"the check {check.__name__} of the plugin {module} fails: {what}") from error

    return guarded


def load_plugin(name: str) -> None:
    """Import a module that holds checks of the user's.

    Raises:
        UsageError: it cannot be imported, or fails.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"a plugin is a Python module such as acme.rdma_rules, not {name!r}")
    try:
        import_module(name)
    except AksrdmaError:
        raise
    except Exception as error:
        raise UsageError(f"the plugin {name} cannot be imported: {type(error).__name__}: {error}") from error


REGISTERED: Final[list[Check]] = []
"""What the decorators of our modules imported so far have said."""
_FOREIGN: Final[list[Check]] = []
"""What those of plugins have said."""


def rule(
    *rules: str,
    kinds: Collection[str],
    severity: Severity | None = None,
    statement: str = "",
    why: str = "",
    fix: str = "",
    source: str = "",
) -> Callable[[_Check], _Check]:
    """Register a check.

    A function of a document and its set is called for each document of one of `kinds`; a function of a set alone is
    called once for each set that holds one of `kinds`.

    Args:
        rules: Ids of the rules that it may report; each has a row in `catalog/rules/`, or the one that is given here.
        kinds: The kinds without which it has nothing to do.
        severity: Of a rule of your own; None: the rules have rows.
        statement: When your rule fires, as `aksrdma explain` shows it.
        why: Why that matters.
        fix: What to do, in one sentence.
        source: Where that is to be seen.

    Raises:
        UsageError: a rule of your own whose id is not kebab-case, or is one of aksrdma's.
    """
    if severity is not None:
        from aksrdma.catalog import Rule, add_rule  # who has rows needs none

        for name in rules:
            add_rule(
                Rule(
                    id=name, severity=severity, layer="practice", kinds=tuple(sorted(kinds)), needs=(), releases="all",
                    statement=statement, why=why, fix=fix, source=source,
                )
            )  # fmt: skip

    def register(check: _Check) -> _Check:
        # One argument is a set, two are a document and its set; `inspect` would be loaded for this alone.
        of_set = check.__code__.co_argcount == 1
        made = Check(check.__module__, check.__name__, rules, frozenset(kinds), of_set)
        if made.module.startswith(_HOUSE):
            REGISTERED.append(made)
        else:
            _FOREIGN.append(replace(made, own=check))
            document_checks.cache_clear()
            set_checks.cache_clear()
        return check

    return register


@cache
def document_checks(kind: str, webhook: bool) -> tuple[DocumentCheck, ...]:
    """Return the checks for a document of a kind, those of the webhook only where it is on."""
    return tuple(one.load() for one in _known() if not one.of_set and kind in one.kinds and one.of_webhook <= webhook)


@cache
def set_checks(kinds: frozenset[str], webhook: bool) -> tuple[SetCheck, ...]:
    """Return the checks that relate the documents of a set that holds some kinds."""
    return tuple(
        one.load() for one in _known() if one.of_set and not one.kinds.isdisjoint(kinds) and one.of_webhook <= webhook
    )


def _known() -> tuple[Check, ...]:
    # What is imported of aksrdma's own modules is in the index as well; of a plugin's there is no index.
    return (*_indexed(), *_FOREIGN)


@cache
def _indexed() -> tuple[Check, ...]:
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
