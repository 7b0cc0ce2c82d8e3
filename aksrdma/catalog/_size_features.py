"""What Node Feature Discovery finds on a node of a VM size, as far as the size tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from aksrdma.catalog import load
from aksrdma.catalog._node_features import node_features
from aksrdma.catalog._vm_sizes import Infiniband, VmSize
from aksrdma.kube.node_features import Features, Instance, Seen, Uncertain

_PCI: Final = "pci.device"
_RULES: Final = "rule.matched"
"""What only the rules themselves set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PciFunction:
    """A PCI function that VMs show beside their InfiniBand NICs."""

    what: str
    """What it is, with its article."""
    shown_by: Literal["GPU", "accelerated networking", "every size", "no InfiniBand"]
    """Which VMs show it: `GPU` those with one of `gpu_vendor`, `no InfiniBand` a size without InfiniBand NICs."""
    gpu_vendor: str | None = None
    certain: bool = True
    """Whether each of these VMs does; else some do."""
    vendor_id: str | None = None
    """Four hexadecimal digits; null: not known, as the class and the device are where nothing is said."""
    pci_class: str | None = None
    device_ids: tuple[str, ...] = ()
    """What the device id is one of."""
    never: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Values that an unknown id is not."""
    unsure: str | None = None
    source: str

    def instances(self) -> Iterator[Instance]:
        """Yield what a node may show: one for each device id that it may have."""
        for device in self.device_ids or (None,):
            values = {"class": self.pci_class, "vendor": self.vendor_id, "device": device}
            known: dict[str, Seen] = {
                name: Uncertain(never=frozenset(self.never.get(name, ()))) if value is None else value
                for name, value in values.items()
            }
            yield Instance(known, self.what, self.certain, *_others_of_a_device())


@load.cached
def pci_functions() -> tuple[PciFunction, ...]:
    """Return the PCI functions that VMs show beside their InfiniBand NICs."""
    return load.rows(PciFunction, "pci_functions.yaml")


@load.cached
def _others_of_a_device() -> tuple[frozenset[str], frozenset[str]]:
    """Return the attributes of a PCI device beside its ids: those that it always has, and those that it may have."""
    row, ids = node_features()[_PCI], {"class", "device", "vendor"}
    always = frozenset(row.always.split())
    return always - ids, frozenset(row.attributes.split()) - always - ids


def nic_features(nic: Infiniband, *others: Instance) -> Features:
    """Return the features of a node with InfiniBand NICs, and with other PCI functions."""
    found: list[Instance] = []
    if nic.sriov and nic.vendor_id and nic.device_id and nic.pci_class:
        known = {"class": nic.pci_class, "vendor": nic.vendor_id, "device": nic.device_id}
        found += [Instance(known, "an InfiniBand NIC", True, *_others_of_a_device())] * nic.nic_count
    return Features(instances={_PCI: (*found, *others)}, may_have=_may_have)


@load.cached
def size_features(size: VmSize) -> Features:
    """Return the features of a node of a VM size; what a size does not tell is uncertain, never guessed."""
    return nic_features(size.infiniband, *_others(size))


def _others(size: VmSize) -> Iterator[Instance]:
    for row in pci_functions():
        match row.shown_by:
            case "GPU":
                gpu = size.gpu
                if gpu is not None and gpu.vendor == row.gpu_vendor:
                    yield from [one for one in row.instances() for _ in range(gpu.count if row.certain else 1)]
            case "accelerated networking":
                if size.accelerated_networking is not False:
                    yield from row.instances()
            case "every size":
                yield from row.instances()


@load.cached
def features_without_infiniband() -> Features:
    """Return the features of a node of a VM size without InfiniBand."""
    rows = [row for row in pci_functions() if row.shown_by in ("accelerated networking", "no InfiniBand")]
    return Features(instances={_PCI: [one for row in rows for one in row.instances()]}, may_have=_may_have)


def _may_have(feature: str) -> bool:
    """Say whether a node may have a feature: NFD's own, or one of a domain that NodeFeatures of others bring."""
    known = node_features()
    if feature in known:
        return feature != _RULES
    domain, dot, _ = feature.partition(".")
    return bool(dot) and not any(name.partition(".")[0] == domain for name in known)


def chart_node_feature_rule() -> Mapping[str, Any]:
    """Return the NodeFeatureRule of the operator's chart, which is the same in all releases."""
    found: Mapping[str, Any] = load.read("chart_node_feature_rule.yaml")
    return found
