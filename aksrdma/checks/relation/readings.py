"""How the libraries read the values of their variables, each as its own source has it: `catalog/environment.yaml` says which."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

_INTEGER: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)")
_LONGEST: Final = 19
"""Decimal digits of the largest integer of 64 bits."""


def integer(value: str) -> str | None:
    """Read a value as C's `strtoll` with base 0 and NCCL do; None where NCCL keeps its default."""
    if not value:
        return None
    match = _INTEGER.match(value)
    if match is None:
        return "0"
    sign, digits = match.groups()
    if digits[:2] in ("0x", "0X"):
        number = int(digits, 16)
    elif digits[0] == "0":
        octal = re.match("[0-7]+", digits)
        number = int(octal[0], 8) if octal else 0
    else:
        number = int(digits) if len(digits) <= _LONGEST else 2**63
    number = -number if sign == "-" else number
    return str(number) if -(2**63) <= number < 2**63 else None  # ERANGE: the default


def yes_or_no(value: str) -> str | None:
    """Read a value as UCX's `ucs_config_sscanf_bool`, which knows `on` and `off` in lower case alone."""
    if value.lower() in ("y", "yes") or value in ("on", "1"):
        return "yes"
    return "no" if value.lower() in ("n", "no") or value in ("off", "0") else None


_LEVELS: Final = ("LOC", "NVL", "NVB", "C2C", "PIX", "PXB", "P2C", "PXN", "PHB", "SYS")
_OLD_LEVELS: Final = ("LOC", "PIX", "PXB", "PHB", "SYS", "SYS")


def path_level(value: str) -> str | None:
    """Read a level as NCCL's `ncclGetLevel`: a name in capitals, or the older number; None where it is ignored."""
    if value in _LEVELS:
        return value
    if value[:1].isascii() and value[:1].isdigit():
        return _OLD_LEVELS[min(int(integer(value) or len(_OLD_LEVELS)), len(_OLD_LEVELS) - 1)]
    return None


READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "integer": integer,
    "word": lambda value: value.lower() or None,
    "presence": lambda value: value,
    "yes or no": yes_or_no,
    "first letter": lambda value: "no" if value[:1] in tuple("0NnFf") else "yes",
    "path level": path_level,
}
"""What a value is read as, by `EnvironmentVariable.read`; None where the library keeps its default. Lists have their own."""


class Listed(NamedTuple):
    """A list of names with commas between them, as the libraries read it."""

    names: tuple[str, ...]
    negated: bool
    """Whether a `^` before it makes it all but these."""
    exact: bool = True
    """Whether names are whole ones and not the beginnings of names."""

    def takes(self, name: str, port: int | None = None) -> bool:
        """Say whether what has a name, and a port, is in use; an empty list is no restriction."""
        return (not self.names or any(self._is(one, name, port) for one in self.names)) is not self.negated

    def _is(self, one: str, name: str, port: int | None) -> bool:
        wanted, _, rest = one.partition(":")
        if not (name == wanted if self.exact else name.startswith(wanted)):
            return False
        asked = rest.partition(":")[0]
        return port is None or not asked or integer(asked) == str(port)


def nccl_list(value: str) -> Listed:
    """Read a list as NCCL's `parseStringList`: `^` before `=`, prefixes without `=`, each with `:port`."""
    negated, rest = value.startswith("^"), value.removeprefix("^")
    exact, rest = rest.startswith("="), rest.removeprefix("=")
    return Listed(tuple(one for one in rest.split(",") if one.partition(":")[0]), negated, exact)


_RANGE: Final = re.compile(r"([^\[\],]*)\[(\d{1,3})-(\d{1,3})\]([^\[\],]*)\Z")
_MOST: Final = 128
"""Names of a list, as UCX has no more."""


def ucx_list(value: str, *, ranges: bool = False) -> Listed | None:
    """Read a list as UCX's allow lists; None where it is `all`, the default.

    Args:
        value: the value.
        ranges: whether `mlx5_[0-3]` stands for four names.
    """
    names: list[str] = []
    for one in value.removeprefix("^").split(","):
        match = _RANGE.match(one) if ranges else None
        if match:
            first, last = int(match[2]), int(match[3])
            names += (f"{match[1]}{number}{match[4]}" for number in range(first, min(last, first + _MOST) + 1))
        elif one:
            names.append(one)
    if not names or names[0] == "all":
        return None
    return Listed(tuple(names[:_MOST]), value.startswith("^"))


PciAddress: TypeAlias = tuple[int, int, int, int]
"""Domain, bus, device and function."""
_PCI: Final = re.compile(r"(?:0x)?(?:([0-9a-f]{1,16}):)?([0-9a-f]{1,4}):([0-9a-f]{1,4})\.([0-9a-f]{1,4})\Z")
_LAST: Final = (0xFF, 0x1F, 0xFF)
"""The highest bus, device and function."""


def pci_address(value: str) -> PciAddress | None:
    """Read an address as vLLM's `normalize_pci`, which takes a domain of any width, and none for 0; None where it raises."""
    match = _PCI.match(value.lower().replace(" ", ""))
    if match is None:
        return None
    domain, *rest = (int(part or "0", 16) for part in match.groups())
    bus, device, function = rest
    return None if any(one > last for one, last in zip(rest, _LAST, strict=True)) else (domain, bus, device, function)


def pci_pairs(value: str) -> dict[PciAddress, PciAddress] | str:
    """Read a mapping as vLLM's `parse_gpu_nic_mapping`: NICs by GPU, or the first part at which it raises."""
    found: dict[PciAddress, PciAddress] = {}
    for part in filter(None, map(str.strip, value.split(","))):
        gpu, _, nic = part.partition("=")
        here, there = pci_address(gpu), pci_address(nic)
        if here is None or there is None:
            return part
        found[here] = there
    return found


_LONGEST_JSON: Final = 100_000
"""Letters of a value that is read as JSON."""


def json_text(value: str, key: str) -> str | None:
    """Return the first text that stands under a key in a value that is JSON, at any depth; None where there is none."""
    try:
        waiting: deque[Any] = deque([json.loads(value)] if len(value) <= _LONGEST_JSON else [])
    except (ValueError, RecursionError):
        return None
    while waiting:
        one = waiting.popleft()
        if isinstance(one, dict) and isinstance(one.get(key), str):
            return str(one[key])
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return None
