"""Quantities in `status`: the API server empties it on create, but reads it before.

Source: UnmarshalJSON in k8s.io/apimachinery/pkg/api/resource/quantity.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.resources import RULE, check_quantity
from aksrdma.findings import FieldPath
from aksrdma.kube.values import items, mapping

_CONTAINERS: Final = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


def check_pod_status(report: Report, data: dict[str, Any]) -> None:
    """Judge the quantities in `status` of a Pod."""
    status = mapping(data.get("status"))
    for field in _CONTAINERS:
        for where, container in items(status.get(field), ("status", field)):
            _check_amounts(report, (*where, "allocatedResources"), container.get("allocatedResources"))
            for side in ("limits", "requests"):
                amounts = mapping(container.get("resources")).get(side)
                _check_amounts(report, (*where, "resources", side), amounts)


def check_claim_status(report: Report, path: FieldPath, claim: dict[str, Any]) -> None:
    """Judge the quantities in `status` of the PersistentVolumeClaim at `path`."""
    for field in ("allocatedResources", "capacity"):
        _check_amounts(report, (*path, "status", field), mapping(claim.get("status")).get(field))


def _check_amounts(report: Report, path: FieldPath, amounts: Any) -> None:
    for name, value in mapping(amounts).items():
        check_quantity(report, RULE, (*path, name), value)
