"""Which environment variables a workload gets: the presets of the catalog, by VM size and library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.errors import UnknownNameError, UsageError
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.catalog.rows import Preset, VmSize

NONE: Final = "none"
TOPOLOGY_VARIABLE: Final = "NCCL_TOPO_FILE"
_DEFAULTS: Final = {"nvidia": "nccl", "amd": "rccl"}
# The image knows where its libraries are; what it sets itself would be lost.
_OF_THE_IMAGE: Final = frozenset({"LD_LIBRARY_PATH"})


def chosen(size: VmSize, names: Sequence[str]) -> tuple[Preset, ...]:
    """Return the presets for a VM size.

    Args:
        size: the VM size.
        names: `nccl`, `ucx`, ..., full names (`ndv5-nccl`), or `none`; empty: that of the GPU vendor's own library.

    Raises:
        UnknownNameError: a name that the presets of the VM size do not have.
    """
    wanted = names or ([_DEFAULTS[size.gpu.vendor]] if size.gpu and size.preset_family else [])
    return tuple(_named(size, name) for name in wanted if name != NONE)


def environment(presets: Sequence[Preset]) -> dict[str, str]:
    """Return the variables of some presets that are set by default.

    Raises:
        UsageError: two presets give a variable different values.
    """
    joined: dict[str, str] = {}
    for preset in presets:
        for name, value in preset.environment.items():
            if joined.get(name, value) != value:
                raise UsageError(
                    f"the presets {', '.join(one.name for one in presets)} do not go together: {name} is "
                    f"{joined[name]!r} in one and {value!r} in {preset.name}; choose one of them"
                )
            joined[name] = value
    return {name: value for name, value in joined.items() if name not in _OF_THE_IMAGE}


def _named(size: VmSize, name: str) -> Preset:
    known = catalog.presets(size.name)
    wanted = name.strip().casefold()
    for preset in known:
        if wanted in (preset.name, preset.name.partition("-")[2]):
            return preset
    for preset in known:
        if wanted == preset.library.casefold():
            return preset
    words = [preset.name.partition("-")[2] for preset in known]
    offered = f" (it has: {', '.join(words)}, {NONE})" if words else "; the catalog has none for it, leave --preset out"
    raise UnknownNameError(f"no preset {name!r} for {size.name}{hint(name, words)}{offered}")
