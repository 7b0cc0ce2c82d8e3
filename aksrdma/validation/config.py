"""Options of `[tool.aksrdma]` in pyproject.toml, or of aksrdma.toml, nearest to the working folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from aksrdma.errors import ReadError, UsageError
from aksrdma.nearest import hint

_LISTS: Final = {
    "vm-sizes": "vm_sizes",
    "select": "select",
    "ignore": "ignore",
    "schema-locations": "schema_locations",
}
_TEXTS: Final = {"release": "release", "fail-on": "fail_on"}
_BOOLS: Final = {"admission-controller": "admission_controller", "together": "together", "strict": "strict"}
_NUMBERS: Final = {"nodes": "nodes"}
_FIELDS: Final = _LISTS | _TEXTS | _BOOLS | _NUMBERS
_TYPES: Final = {**dict.fromkeys(_TEXTS, str), **dict.fromkeys(_BOOLS, bool), **dict.fromkeys(_NUMBERS, int)}


def configured(folder: Path) -> dict[str, Any]:
    """Return fields of `Options` from the nearest configuration in a folder or above it; empty without one.

    Raises:
        ReadError: a configuration that cannot be read.
        UsageError: a key or a value that cannot be right.
    """
    for above in (folder, *folder.parents):
        for name in ("aksrdma.toml", "pyproject.toml"):
            file = above / name
            if file.is_file() and (table := _table(file)) is not None:
                return {_FIELDS[key]: _value(file, key, value) for key, value in table.items() if _known(file, key)}
        if (above / ".git").exists():
            break
    return {}


def _table(file: Path) -> dict[str, Any] | None:
    import tomllib  # most folders have no configuration

    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReadError(f"{file}: cannot be read: {error}") from error
    if file.name == "aksrdma.toml":
        return data
    table = data.get("tool", {}).get("aksrdma")
    return table if isinstance(table, dict) else None


def _known(file: Path, key: str) -> bool:
    if key not in _FIELDS:
        near = hint(key, _FIELDS) or f"; there are {', '.join(_FIELDS)}"
        raise UsageError(f"{file}: unknown option {key!r}{near}")
    return True


def _value(file: Path, key: str, value: Any) -> Any:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(f"{file}: {key} must be a list of texts")
        if key == "schema-locations":  # relative to the file that names them
            return tuple(one if one == "default" or "://" in one else str(file.parent / one) for one in value)
        return tuple(value)
    if type(value) is not _TYPES[key]:
        raise UsageError(f"{file}: {key} must be of type {_TYPES[key].__name__}, not {value!r}")
    if key == "fail-on" and value not in ("error", "warning", "info", "never"):
        raise UsageError(f"{file}: fail-on must be error, warning, info or never, not {value!r}")
    return value
