"""The configuration of a user's repository: `[tool.aksrdma]` of pyproject.toml, or aksrdma.toml, nearest to the folder.

In aksrdma.toml the options stand bare, or in a table `[tool.aksrdma]` as well.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from aksrdma.errors import ReadError, UsageError
from aksrdma.nearest import hint

_MAY_CONFIGURE: Final = r"""(?m)tool["']?[ \t]*\.[ \t]*["']?aksrdma|^[ \t]*\[?[ \t]*["']?tool["']?[ \t]*[]=]"""
"""All ways in which TOML can write it: a header or a dotted key, a key below [tool], an inline table."""
_TYPES: Final[dict[str, type[Any]]] = {
    "admission-controller": bool,
    "catalog": str,
    "fail-on": str,
    "ignore": list,
    "kubernetes-version": str,
    "nodes": int,
    "plugins": list,
    "release": str,
    "schema-locations": list,
    "select": list,
    "strict": bool,
    "together": bool,
    "vm-sizes": list,
}
"""By key, what its value is; a list is one of texts. Each is a field of `aksrdma.Options`, with `_` for `-`."""


def configured() -> dict[str, Any]:
    """Return fields of `Options` from the nearest configuration in the working folder or above it; empty without one.

    Raises:
        ReadError: a configuration that cannot be read.
        UsageError: a key or a value that cannot be right.
    """
    return dict(_configured(Path.cwd()))


def use_own_facts() -> None:
    """Take the VM sizes and releases that the configuration brings; every command knows them.

    Raises:
        ReadError: a configuration that cannot be read.
        UsageError: a key or a value that cannot be right, or a catalog that is none.
    """
    if folder := configured().get("catalog"):
        from aksrdma.validation import load_own
        from aksrdma.validation.report import Options

        load_own(Options(catalog=folder))


def use_own_rules() -> None:
    """Load the rules that the configuration brings, for the commands that tell of rules.

    Raises:
        ReadError: a configuration that cannot be read.
        UsageError: a plugin that fails.
    """
    from aksrdma.validation import load_own
    from aksrdma.validation.report import Options

    load_own(Options(plugins=configured().get("plugins", ())))


@cache
def _configured(folder: Path) -> dict[str, Any]:
    for above in (folder, *folder.parents):
        for name in ("aksrdma.toml", "pyproject.toml"):
            file = above / name
            if file.is_file() and (table := _table(file)) is not None:
                fields = {key.replace("-", "_"): _value(file, key, value) for key, value in table.items()}
                if fields.get("plugins") and str(above) not in sys.path:
                    sys.path.insert(0, str(above))  # where the user's modules are, as for pytest
                return fields
        if (above / ".git").exists():
            break
    return {}


def _table(file: Path) -> dict[str, Any] | None:
    try:
        text = file.read_text(encoding="utf-8")
        if file.name == "pyproject.toml" and not re.search(_MAY_CONFIGURE, text):
            return None
        import tomllib  # which most folders do without: aksrdma is a dependency there, if it is named at all

        data = tomllib.loads(text)
    except (OSError, ValueError) as error:  # what is no UTF-8, and no TOML, is a ValueError
        raise ReadError(f"{file}: cannot be read: {error}") from error
    tool = data.get("tool")
    table = tool.get("aksrdma") if isinstance(tool, dict) else None
    table = table if isinstance(table, dict) else None
    if file.name != "aksrdma.toml" or table is None:
        return data if file.name == "aksrdma.toml" else table
    # What docs show for pyproject.toml is pasted here, too.
    if bare := [key for key in data if key != "tool"]:
        raise UsageError(f"{file}: {bare[0]} stands before [tool.aksrdma]; write all options bare, or all in the table")
    return table


def _known(key: str) -> str:
    return hint(key, _TYPES) or f"; there are {', '.join(_TYPES)}"


def _value(file: Path, key: str, value: Any) -> Any:
    if key not in _TYPES:
        raise UsageError(f"{file}: unknown option {key!r}{_known(key)}")
    if _TYPES[key] is list:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(f"{file}: {key} must be a list of texts")
        if key == "schema-locations":  # relative to the file that names them
            return tuple(one if one == "default" or "://" in one else str(file.parent / one) for one in value)
        return tuple(value)
    if type(value) is not _TYPES[key]:
        raise UsageError(f"{file}: {key} must be of type {_TYPES[key].__name__}, not {value!r}")
    if key == "nodes" and value < 0:  # as the flag refuses it
        raise UsageError(f"{file}: nodes must be 0 or more, not {value}")
    if key == "fail-on":
        from aksrdma.validation.report import FAIL_ON  # which a render does without

        if value not in FAIL_ON:
            raise UsageError(f"{file}: fail-on must be error, warning, info or never, not {value!r}")
    return str(file.parent / value) if key == "catalog" else value
