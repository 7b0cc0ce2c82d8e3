"""Finds errors in a log by the rows of `errors/*.yaml`, each with what to do.

A row has the keys of `KnownError`. A line that holds its `marker` and fits its `pattern` is one; the first row that fits
is taken, in the order of `_FAMILIES` and of each file. So rows that know one message stand before those that take any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Literal

from aksrdma.diagnosis.evidence import Failure
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.rows import rows

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

_FAMILIES: Final = (
    "shared_memory",
    "verbs",
    "nvlink",
    "nixl",
    "nvshmem",
    "mooncake",
    "perftest",
    "ucx",
    "mpi",
    "nccl",
    "launchers",
)
_LONGEST: Final = 220
"""Characters of a message that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownError:
    """A row of `errors/*.yaml`."""

    id: str
    family: str
    """The file."""
    marker: str
    """Text that a line must hold; found faster than the pattern."""
    pattern: str
    """Regular expression, made when a line holds the marker: to make all of them takes longer than most logs."""
    message: str | None = None
    """Format of the message with the pattern's groups and `{host}`, where the line itself says too much (addresses
    differ from rank to rank); None: what the pattern matched."""
    advice: str | None
    """What to do; None: it looks like an error and is none."""
    by_size: Mapping[str, str] | None = None
    """What to do where the VM size is known: by its `preset_family`, `other` for any other."""
    by_status: bool = False
    """The group `status` is a work request's status, by number or by name, which says more than `advice`."""
    stops_setup: bool = False
    """The network could not be set up."""
    cause: bool = False
    """It says why the network between nodes is not RDMA."""
    decides: bool = False
    """It alone shows that NCCL has only sockets, on one node as on many."""
    chosen: bool = False
    """It is a setting and no error, so it is told with the verdict alone."""
    consequence: bool = False
    """It follows from an error of the same family before it, and is told only where there is none."""
    general: bool = False
    """It says that something failed and not what."""
    heals: bool = False
    """It is tried again, so it is told only where the log does not show that the ranks came together after all."""
    given: Literal["gpu-memory"] | None = None
    """What the log must show before it."""
    source: str
    """The program's source file and its releases, first and last read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A row of `completions.yaml`: a status of a work request."""

    status: int
    name: str
    ucx: tuple[str, ...] = ()
    """What UCX calls it."""
    advice: str
    answered: bool = False


@cache
def known_errors() -> tuple[KnownError, ...]:
    """Return the rows, in the order in which they are tried."""
    return tuple(
        KnownError(family=family, **row) for family in _FAMILIES for row in rows(f"errors/{family}.yaml", KnownError)
    )


@cache
def completions() -> tuple[Completion, ...]:
    """Return the statuses of work requests."""
    return tuple(Completion(**row | {"ucx": tuple(row.get("ucx", ()))}) for row in rows("completions.yaml", Completion))


def markers() -> tuple[str, ...]:
    """Return the texts of which a line with an error holds one."""
    return tuple(dict.fromkeys(row.marker for row in known_errors()))


@cache
def _by_marker() -> dict[str, list[tuple[int, KnownError]]]:
    found: dict[str, list[tuple[int, KnownError]]] = {}
    for place, row in enumerate(known_errors()):
        found.setdefault(row.marker, []).append((place, row))
    return found


def failure(line: Line, gpu_memory: bool = False, vm_size: VmSize | None = None) -> Failure | None:
    """Return the error that a message shows: that of the first row that fits.

    Args:
        line: The message; where the sieve has marked it, only rows with one of its marks are tried.
        gpu_memory: Whether the log shows before it that perftest's buffers are GPU memory.
        vm_size: On what it ran, where that is known.
    """
    for place, row in _candidates(line.marks):
        if row.given == "gpu-memory" and not gpu_memory:
            continue
        if row.marker in line.text and (match := _compiled(row.pattern).search(line.text)):
            return _failure(line, place, row, match, vm_size)
    return None


_compiled = cache(re.compile)


@lru_cache(1 << 12)
def _candidates(marks: frozenset[str] | None) -> tuple[tuple[int, KnownError], ...]:
    by_marker = _by_marker()
    found = (one for mark in (by_marker if marks is None else marks) for one in by_marker.get(mark, ()))
    return tuple(sorted(found, key=lambda one: one[0]))


def _failure(line: Line, place: int, row: KnownError, match: re.Match[str], vm_size: VmSize | None) -> Failure | None:
    if row.advice is None:
        return None
    advice, groups = row.advice, {name: value or "" for name, value in match.groupdict().items()}
    if row.by_size is not None and vm_size is not None:
        advice = row.by_size.get(vm_size.preset_family or "other", row.by_size["other"])
    if row.by_status:
        status = groups["status"]
        known = (one for one in completions() if status in {str(one.status), one.name, *one.ucx})
        advice = next((one.advice for one in known), advice)
    if row.message:
        groups["device"] = groups.get("device") or "a device"
        text = row.message.format(host=line.source.host or "this node", **groups)
    else:
        text = match[0]
    message = " ".join(text.split())[:_LONGEST].rstrip(" .:,")
    return Failure(
        line,
        message,
        advice,
        stops_setup=row.stops_setup,
        family=row.family,
        cause=place if row.cause else None,
        decides=row.decides,
        chosen=row.chosen,
        consequence=row.consequence,
        general=row.general,
        heals=row.heals,
    )
