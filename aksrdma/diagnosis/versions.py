"""Which needed fix the NCCL of a log lacks, by the rows of `versions.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from aksrdma.diagnosis.evidence import Evidence
from aksrdma.diagnosis.reason import Reason
from aksrdma.diagnosis.rows import rows

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A row of `versions.yaml`; what is None or False there is no condition."""

    id: str
    since: tuple[int, ...] = (0,)
    fixed: tuple[int, ...]
    """The first release with the fix."""
    gpudirect: bool | None = None
    preset_family: str | None = None
    nic_model: str | None = None
    nic_for_each_gpu: bool = False
    setting: str | None = None
    ranks_above: int = -1
    text: str
    fix: str
    source: str

    def holds(self, evidence: Evidence, gpudirect: bool | None, vm_size: VmSize | None) -> bool:
        """Whether the log, and the VM size where one is given, show that this release is at fault."""
        size, setting = vm_size, evidence.settings.get(self.setting or "", "")
        of_size = size is not None and (
            (self.preset_family is None or size.preset_family == self.preset_family)
            and (self.nic_model is None or size.infiniband.nic_model == self.nic_model)
            and (not self.nic_for_each_gpu or (size.gpu is not None and size.gpu.count == size.infiniband.nic_count))
        )
        return (
            evidence.version is not None
            and self.since <= evidence.version < self.fixed
            and (of_size or not (self.preset_family or self.nic_model or self.nic_for_each_gpu))
            and (self.gpudirect is None or gpudirect is self.gpudirect)
            and (self.setting is None or (setting.isdecimal() and int(setting) > 1))
            and (evidence.largest or 0) > self.ranks_above
        )


@cache
def lacks() -> tuple[Lack, ...]:
    """Return the rows."""
    return tuple(
        Lack(**row | {key: _version(row[key]) for key in ("since", "fixed") if key in row})
        for row in rows("versions.yaml", Lack)
    )


def lacking(evidence: Evidence, gpudirect: bool | None, vm_size: VmSize | None) -> Iterator[Reason]:
    """Yield what the lowest NCCL of the log lacks for the job that it shows."""
    for lack in lacks():
        if evidence.version and lack.holds(evidence, gpudirect, vm_size):
            release = ".".join(map(str, evidence.version))
            yield Reason(f"NCCL {release} lacks a needed fix: {lack.text}", evidence.versioned, lack.fix)


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
