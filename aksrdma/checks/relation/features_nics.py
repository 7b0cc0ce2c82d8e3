"""Which InfiniBand NICs a rule of a NodeFeatureRule matches, by what its expressions say of PCI devices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.features import Expression, FeatureRule, Term

if TYPE_CHECKING:
    from aksrdma.catalog.rows.vm_sizes import Infiniband
    from aksrdma.findings import FieldPath

_PCI: Final = "pci.device"
_MELLANOX: Final = "15b3"
_INFINIBAND_CLASS: Final = "0207"


def concerns_nics(rule: FeatureRule) -> bool:
    """Say whether a rule looks for InfiniBand NICs: by class, by NVIDIA's vendor id, or by device ids alone."""
    return any(_concerns(term) for terms in rule.ways() for term in terms if term.feature == _PCI)


def nic_expression(rule: FeatureRule) -> FieldPath | None:
    """Return where a rule names devices or classes, or None where it names none."""
    terms = [term for way in rule.ways() for term in way if term.feature == _PCI]
    found = [term.get(attribute) for attribute in ("device", "class") for term in terms]
    return next((expression.path for expression in found if expression is not None), None)


def labels_size(rule: FeatureRule, nic: Infiniband) -> bool:
    """Say whether a rule can match a node with this NIC; what it asks of other features is taken to hold."""
    attributes = {"class": nic.pci_class, "device": nic.device_id, "vendor": nic.vendor_id}
    return any(all(term.feature != _PCI or _fits(term, attributes) for term in way) for way in rule.ways())


def _concerns(term: Term) -> bool:
    vendor, kind, device = term.get("vendor"), term.get("class"), term.get("device")
    if vendor is not None:
        return _MELLANOX in vendor.allows()
    return device is not None or (kind is not None and _INFINIBAND_CLASS in kind.allows())


def _fits(term: Term, attributes: dict[str, str | None]) -> bool:
    return all(_holds(expression, attributes.get(expression.attribute)) for expression in term.expressions)


def _holds(expression: Expression, value: str | None) -> bool:
    if value is None:
        return True
    if expression.operator == "In":
        return value in expression.values
    if expression.operator == "NotIn":
        return value not in expression.values
    if expression.operator == "InRegexp":
        return any(_matches(pattern, value) for pattern in expression.values)
    return expression.operator != "DoesNotExist"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True
