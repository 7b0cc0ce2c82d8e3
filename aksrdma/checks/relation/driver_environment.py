"""`ofedDriver.env`: whether the driver's container reads the variables, and understands their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.values import items
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.catalog import DriverVariable
    from aksrdma.checks.sets import ManifestSet

RULE: Final = "ofed-driver-environment"
_ALIKE: Final = 0.85
"""How much two names have in common of which one is a slip; a name of nothing here may be a proxy's or the user's own."""
_MEANT: Final = {"on": ("1", "on", "true", "y", "yes"), "off": ("0", "", "false", "n", "no", "off")}
"""What people write for on and off."""
_READ: Final = {
    "on": "takes all but false for true",
    "off": "takes all but true for false",
    "run": "runs it as a command, and knows true and false alone",
}


@rule(RULE, kinds=POLICY_KINDS)
def driver_environment(manifests: ManifestSet) -> Iterator[Problem]:
    """Find variables of the driver that it does not read, and values that it takes for others than are meant."""
    known = catalog.driver_variables()
    for policy in manifests.derived(Installed).policies:
        section, above = policy.section("ofedDriver") or {}, ("spec", "ofedDriver", "env")
        for where, entry in items(section.get("env"), above):
            name, value = entry.get("name"), entry.get("value")
            if not isinstance(name, str) or not name:
                continue
            if name not in known:
                if meant := _slip_of(name, known):
                    message = f"the driver container reads no variable {name}"
                    path, fix = (*where, "name"), f"write {meant}"
                    yield Problem(RULE, path, message, fix, meant, document=policy.document)
            elif isinstance(value, str) and (read := _misread(known[name], value)):
                message = f"{name} is {value!r}, and the driver container {read}"
                fix = f'write "{_plain(value)}"' if _plain(value) else 'write "true" or "false"'
                yield Problem(RULE, (*where, "value"), message, fix, document=policy.document)


def _slip_of(name: str, known: Mapping[str, DriverVariable]) -> str | None:
    near = nearest(name, known)
    return near[0] if near and SequenceMatcher(None, name.upper(), near[0]).ratio() >= _ALIKE else None


def _misread(variable: DriverVariable, value: str) -> str | None:
    """Return how the container reads a value that is meant otherwise, or None where it reads what is meant."""
    others = variable.others
    if others is None or value in ("", "false", "true"):
        return None
    return None if value.strip().lower() in _MEANT.get(others, ()) else _READ[others]


def _plain(value: str) -> str | None:
    """Return true or false where the value is another word for it."""
    word = value.strip().lower()
    return "true" if word in _MEANT["on"] else "false" if word in _MEANT["off"] else None
