"""Environment presets by VM size and by name; one file holds those of a family of sizes."""

from __future__ import annotations

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog._vm_sizes import vm_size as find
from aksrdma.catalog.rows.presets import Preset
from aksrdma.errors import UnknownNameError


def presets(vm_size: str) -> tuple[Preset, ...]:
    """Return the presets that fit a VM size; none for a size without GPUs.

    Raises:
        UnknownNameError: No such size in the catalog.
    """
    family = find(vm_size).preset_family
    return _family(family) if family else ()


def preset_names() -> tuple[str, ...]:
    """Return the names of all presets, sorted by family."""
    return tuple(row.name for family in sorted(load.names("presets")) for row in _family(family))


def preset(name: str) -> Preset:
    """Return a preset by its name, `ndv5-nccl`.

    Raises:
        UnknownNameError: No such preset.
    """
    family = name.partition("-")[0]
    rows = _family(family) if family in load.names("presets") else ()
    for row in rows:
        if row.name == name:
            return row
    known = preset_names()
    raise UnknownNameError(f"no preset named {name!r}{nearest.hint(name, known)} (known: {', '.join(known)})")


@load.cached
def _family(family: str) -> tuple[Preset, ...]:
    file = f"presets/{family}.yaml"
    rows = enumerate(load.read(file))
    return tuple(load.build(Preset, data, f"{file}[{index}]") for index, data in rows)
