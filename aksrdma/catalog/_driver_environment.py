"""The variables of `ofedDriver.env` that the driver's container reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriverVariable:
    """A variable that the container of the DOCA-OFED driver reads."""

    name: str
    others: Literal["on", "off", "run"] | None = None
    """What any text but `true` and `false` is to one that is on or off: the one, the other, or a command of the shell that
    is run; None: any text is meant."""
    source: str


@load.cached
def driver_variables() -> Mapping[str, DriverVariable]:
    """Return the variables by name, sorted."""
    return MappingProxyType({row.name: row for row in load.rows(DriverVariable, "driver_environment.yaml")})
