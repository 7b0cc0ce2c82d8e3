"""`spec.resources` of a pod: what all its containers may use together.

Source: validatePodResources in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.resources import (
    RULE,
    check_huge_pages,
    check_quantity,
    compare_amounts,
    is_native,
    overcommits,
)
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import Quantity, quantity
from aksrdma.kube.values import mapping, sequence

AT_POD_LEVEL: Final = "rdma-resource-at-pod-level"
_KNOWN: Final = ("cpu", "memory")
_HUGE_PAGES: Final = "hugepages-"


def check_pod_resources(report: Report, path: FieldPath, spec: dict[str, Any], *, is_pod: bool) -> None:
    """Judge `spec.resources` of a pod or template whose spec is at `path`."""
    resources = spec.get("resources")
    if not isinstance(resources, dict):
        return
    where = (*path, "resources")
    if isinstance(resources.get("claims"), list):
        report.add(RULE, (*where, "claims"), "claims belong to a container, not to the pod", "move claims")
    limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
    _check_amounts(report, (*where, "limits"), limits)
    _check_amounts(report, (*where, "requests"), requests)
    if not _is_defaulted(requests, limits, is_pod):
        _compare(report, where, requests, limits)
    if not (is_pod and limits and any(_together(spec, name, "requests", True) for name in _KNOWN)):
        check_huge_pages(report, where, limits, requests)
    _check_containers(report, path, spec, limits, requests, is_pod=is_pod)


def _is_defaulted(requests: dict[str, Any], limits: dict[str, Any], is_pod: bool) -> bool:
    return is_pod and not requests and bool(limits)


def _check_amounts(report: Report, path: FieldPath, amounts: dict[str, Any]) -> None:
    for name, value in amounts.items():
        where = (*path, name)
        amount = check_quantity(report, RULE, where, value)
        if not _is_allowed(name):
            rule = AT_POD_LEVEL if not is_native(name) else RULE
            report.add(rule, where, f"{name!r} cannot be set for the pod as a whole, only cpu, memory and hugepages-*")
        elif amount is not None and amount.nano < 0:
            report.add(RULE, where, f"{name} {value} is below 0", "use 0 or more")
        elif amount is not None and name.startswith(_HUGE_PAGES):
            _check_pages(report, where, name, value, amount)


def _is_allowed(name: str) -> bool:
    return name in _KNOWN or (name.startswith(_HUGE_PAGES) and names.qualified_name(name) is None)


def _check_pages(report: Report, path: FieldPath, name: str, value: Any, amount: Quantity) -> None:
    size = quantity(name.removeprefix(_HUGE_PAGES))
    if size is None or size.nano <= 0 or size.milli_int64 % 1000 or not size.int64 or amount.int64 % size.int64:
        report.add(RULE, path, f"{name} {value} is no multiple of the page size {name.removeprefix(_HUGE_PAGES)}")


def _compare(report: Report, path: FieldPath, requests: dict[str, Any], limits: dict[str, Any]) -> None:
    for name, value in requests.items():
        request, limit = quantity(value), quantity(limits[name]) if name in limits else None
        if request is not None and limit is not None:
            compare_amounts(report, path, name, request, limit)
        elif name not in limits and is_native(name) and not overcommits(name):
            report.add(RULE, (*path, "requests", name), f"{name} is requested without a limit", f"set limits.{name}")


def _check_containers(
    report: Report,
    path: FieldPath,
    spec: dict[str, Any],
    limits: dict[str, Any],
    requests: dict[str, Any],
    *,
    is_pod: bool,
) -> None:
    for name in {**limits, **requests}:
        given = _bound(name, limits, requests, is_pod)
        if given is not None and _together(spec, name, "requests", is_pod) > given.milli:
            side = "requests" if name in requests else "limits"
            report.add(RULE, (*path, "resources", side, name), f"the containers request more {name} than the pod has")
    for name, value in limits.items():
        limit = quantity(value)
        if limit is not None:
            _check_limits(report, path, spec, name, limit)


def _bound(name: str, limits: dict[str, Any], requests: dict[str, Any], is_pod: bool) -> Quantity | None:
    """Return what the containers may request together: a Pod without a request of its own gets theirs as its own."""
    if name in requests:
        return quantity(requests[name])
    return quantity(limits[name]) if is_pod and overcommits(name) else None


def _check_limits(report: Report, path: FieldPath, spec: dict[str, Any], name: str, limit: Quantity) -> None:
    for index, container in enumerate(sequence(spec.get("containers"))):
        own = mapping(mapping(mapping(container).get("resources")).get("limits"))
        amount = quantity(own[name]) if name in own else None
        if amount is not None and amount.milli > limit.milli:
            where = (*path, "containers", index, "resources", "limits", name)
            report.add(RULE, where, f"the limit of {name} is above the pod's", "lower it or raise the pod's limit")
            return
    if name.startswith(_HUGE_PAGES) and _together(spec, name, "limits", False) > limit.milli:
        report.add(RULE, (*path, "resources", "limits", name), f"the limits of {name} of the containers are above it")


def _together(spec: dict[str, Any], name: str, side: str, is_pod: bool) -> int:
    """Return what the containers have together in thousandths, init containers as far as they run at one time."""
    running = sum(_amount(container, name, side, is_pod) for container in sequence(spec.get("containers")))
    sidecars = most = 0
    for container in sequence(spec.get("initContainers")):
        amount = _amount(container, name, side, is_pod)
        if mapping(container).get("restartPolicy") == "Always":
            sidecars += amount
            most = max(most, sidecars)
        else:
            most = max(most, sidecars + amount)
    return max(running + sidecars, most)


def _amount(container: Any, name: str, side: str, is_pod: bool) -> int:
    resources = mapping(mapping(container).get("resources"))
    given, limits = mapping(resources.get(side)), mapping(resources.get("limits"))
    amount = quantity(given[name]) if name in given else None
    if amount is None and is_pod and name in limits:
        amount = quantity(limits[name])
    return amount.milli if amount is not None else 0
