"""The environment of a workload: presets of the catalog for the size and its libraries, with the reason of each value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.findings import FieldPath
from aksrdma.plan import Reason

if TYPE_CHECKING:
    from aksrdma.catalog.rows import Preset, VmSize

TOPOLOGY_VARIABLE: Final = "NCCL_TOPO_FILE"
_INSTEAD: Final = {"gb-nccl": "gb-nccl-infiniband"}
"""Between nodes of a rack NVLink would carry the data, and the job is to prove InfiniBand."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable and why it is what it is; the reason may be empty where the name says it."""

    name: str
    value: str
    why: str = ""
    source: str = ""


def preset_variables(size: VmSize, libraries: Sequence[str]) -> list[Variable]:
    """Return the variables that the catalog's presets set on a VM size for some libraries, each name once."""
    presets = {preset.name: preset for preset in catalog.presets(size.name)}
    dropped = {name for name, instead in _INSTEAD.items() if instead in presets}
    chosen = [one for name, one in presets.items() if one.library in libraries and name not in dropped]
    return list({one.name: one for preset in chosen for one in _set_by_default(preset)}.values())


def wire(variables: Iterable[Variable]) -> list[dict[str, Any]]:
    """Return variables as the API server reads them."""
    return [{"name": one.name, "value": one.value} for one in variables]


def reasons(variables: Iterable[Variable], path: FieldPath) -> dict[FieldPath, Reason]:
    """Return the reasons of variables that stand in the list at `path`."""
    return {(*path, at): Reason(one.why, one.source) for at, one in enumerate(variables) if one.why}


def _set_by_default(preset: Preset) -> list[Variable]:
    return [
        Variable(row.name, row.value, f"{_sentence(row.reason)}", f"catalog preset {preset.name}")
        for row in preset.variables
        if row.default and row.value is not None
    ]


def _sentence(text: str) -> str:
    """Return a reason as a sentence; names in capitals stay as they are."""
    first = text.split(" ", 1)[0]
    head = first if any(letter.isupper() for letter in first) else first.capitalize()
    return head + text[len(first) :] + ("" if text.endswith(".") else ".")
