"""Public names that are imported when they are first used, so that a start pays only for what it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def attach(module: str, modules: Mapping[str, tuple[str, ...]], *, package: str | None = None) -> Callable[[str], Any]:
    """Return a `__getattr__` for `module`.

    Args:
        module: name of the module that is to offer the names.
        modules: module below `package` to the names that it has.
        package: where they are; `module` itself unless told.
    """
    module_of = {name: below for below, names in modules.items() for name in names}

    def load(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package or module}.{module_of[name]}"), name)
        setattr(sys.modules[module], name, value)  # the next access needs no import
        return value

    return load
