"""Reads the data files of this package."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any


def rows(name: str, row_type: type) -> list[dict[str, Any]]:
    """Return the rows of a YAML file beside this module.

    Raises:
        ValueError: A row has a key that its type lacks.
    """
    import yaml  # only here, so that what does not read logs starts without it

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is missing where libyaml is
    found: list[dict[str, Any]] = yaml.load((Path(__file__).parent / name).read_bytes(), Loader=loader)
    known = {field.name for field in fields(row_type)}
    for row in found:
        if row.keys() - known:
            raise ValueError(f"{name}: {row.get('id')}: unknown keys {sorted(row.keys() - known)}")
    return found
