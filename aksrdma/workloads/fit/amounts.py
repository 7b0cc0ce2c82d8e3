"""Amounts of a node's resources as whole numbers: thousandths of a CPU, bytes, and units of anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from aksrdma.kube.quantities import quantity
from aksrdma.kube.resources import is_gpu, is_rdma

Amounts: TypeAlias = Mapping[str, int]
"""By resource: `cpu` in thousandths, memory, storage and huge pages in bytes, `pods` and devices in units."""

CPU: Final = "cpu"
MEMORY: Final = "memory"
PODS: Final = "pods"
HUGE_PAGES: Final = "hugepages-"
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def read_amount(name: str, value: Any) -> int | None:
    """Return the amount that a quantity of a resource is, rounded up as the scheduler does; None where it is none."""
    parsed = quantity(value)
    if parsed is None:
        return None
    return parsed.milli_int64 if name == CPU else parsed.int64


def write_amount(name: str, amount: int) -> str:
    """Return an amount as a Kubernetes quantity, exact."""
    if name == CPU:
        return str(amount // 1000) if amount % 1000 == 0 else f"{amount}m"
    if not _in_bytes(name):
        return str(amount)
    power = 0
    while amount and amount % 1024 == 0 and power < len(_BINARY) - 1:
        amount, power = amount // 1024, power + 1
    return f"{amount}{_BINARY[power]}"


def show_amount(name: str, amount: int) -> str:
    """Return an amount as a person reads it: bytes rounded to a tenth of Gi or Mi."""
    if _in_bytes(name):
        for unit, bits in (("Gi", 30), ("Mi", 20)):
            if abs(amount) >= 1 << bits:
                return f"{amount / (1 << bits):.1f}".removesuffix(".0") + unit
    return write_amount(name, amount)


def is_device(name: str) -> bool:
    """Say whether a resource is one that a device plugin advertises."""
    return "/" in name


def ordered(names: Iterable[str]) -> list[str]:
    """Return names of resources as they are shown: GPUs, RDMA, other devices, then what every node has."""
    return sorted(names, key=lambda name: (not is_gpu(name), not is_rdma(name), not is_device(name), name))


def _in_bytes(name: str) -> bool:
    return name in (MEMORY, "ephemeral-storage") or name.startswith(HUGE_PAGES)
