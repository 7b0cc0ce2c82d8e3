"""Public names that are imported when they are first used, so that a start pays only for what it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


class _NoSuchNameError(AttributeError):
    """A module lacks a name.

    Each start asks for some: `from aksrdma import catalog` looks for an attribute before it looks for a module. So the
    nearest name is looked for when the message is read.
    """

    def __init__(self, module: str, name: str, known: Sequence[str]) -> None:
        # With a name or an object of its own, Python would add its own "Did you mean" to ours.
        super().__init__(f"module {module!r} has no attribute {name!r}", name=None, obj=None)
        self._wanted, self._known = name, known

    def __str__(self) -> str:
        from aksrdma.nearest import hint  # only a message needs it

        return f"{super().__str__()}{hint(self._wanted, self._known, most=None)}"


def attach(
    module: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], Sequence[str]]]:
    """Return `__getattr__` and `__dir__` for `module`.

    Args:
        module: name of the package that is to offer the names.
        modules: module of that package to the names that it has.
    """
    module_of = {name: below for below, names in modules.items() for name in names}

    def load(name: str) -> Any:
        if name not in module_of:
            raise _NoSuchNameError(module, name, public())
        value = getattr(import_module(f"{module}.{module_of[name]}"), name)
        setattr(sys.modules[module], name, value)  # the next access needs no import
        return value

    def public() -> Sequence[str]:
        return sorted(vars(sys.modules[module]).get("__all__", module_of))

    return load, public
