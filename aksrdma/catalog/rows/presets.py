"""Rows of `catalog/presets/`: environment variables that workloads on a family of VM sizes are run with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alternative:
    """What a source says of a variable."""

    value: str | None
    """Null: the source leaves it unset on purpose."""
    where: str
    """What of the source says so."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variable:
    """One environment variable of a preset."""

    name: str
    value: str | None
    """Null: leave it unset, or `field_ref` gives it."""
    field_ref: str | None = None
    """Field of the pod that gives the value (`status.podIP`)."""
    default: bool
    """Whether a generated workload sets it without being asked; False: tuning or a special case, see `reason`."""
    confidence: Literal["agreed", "chosen", "single source", "derived"]
    """`agreed`: several sources, one value. `chosen`: they differ, see `reason` and `alternatives`."""
    reason: str
    alternatives: tuple[Alternative, ...] = field(default=(), metadata={"row": Alternative})
    """What each source says, where they differ; the chosen value among them."""
    sources: tuple[str, ...]
    """Keys of `catalog.source` that say `value`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preset:
    """The environment of one library on a family of VM sizes."""

    name: str
    """Family and purpose: `ndv5-nccl`."""
    family: str
    """`VmSize.preset_family` of the sizes that it fits."""
    library: Literal["NCCL", "RCCL", "UCX", "Open MPI", "SHARP", "NVSHMEM", "vLLM"]
    title: str
    variables: tuple[Variable, ...] = field(metadata={"row": Variable})
    needs: tuple[str, ...]
    """What has to be there for it to work."""
    notes: tuple[str, ...]
    unsure: str | None
    """Why the preset as a whole is not certain."""
    checked: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that are set by default, by name, without those that a field of the pod gives."""
        return {row.name: row.value for row in self.variables if row.default and row.value is not None}
