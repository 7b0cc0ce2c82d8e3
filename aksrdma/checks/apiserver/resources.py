"""Requests, limits and claims of a container, and what all containers of a pod may use together.

Source: pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from aksrdma.checks.apiserver.fields import check_fields
from aksrdma.checks.apiserver.judging import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import Quantity, quantity
from aksrdma.kube.resources import HUGE_PAGES, are_whole_pages, is_extended, is_native, name_problem, overcommits
from aksrdma.kube.values import items, mapping, sequence
from aksrdma.nearest import hint, nearest

RULE: Final = "invalid-resources"
ILLEGAL_NAME: Final = "rdma-resource-name-illegal"
NOT_WHOLE: Final = "rdma-quantity-not-whole"
DIFFERS: Final = "rdma-requests-differ-from-limits"
NO_LIMIT: Final = "rdma-request-without-limit"
NEAR_MISS: Final = "rdma-resource-name-near-miss"
AT_POD_LEVEL: Final = "rdma-resource-at-pod-level"
_OF_PODS: Final = ("cpu", "memory")


def check_resources(report: Report, path: FieldPath, resources: Any, claims: Collection[str] | None) -> None:
    """Judge `resources` of a container.

    Args:
        report: takes what is wrong.
        path: path of `resources`.
        resources: the value; one that is no mapping is left to the schema.
        claims: names of the pod's resource claims; None: nobody knows which it gets.
    """
    if not isinstance(resources, dict) or not resources:
        return
    limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
    most = _amounts(report, (*path, "limits"), limits)
    if requests != limits:
        asked = _amounts(report, (*path, "requests"), requests)
        for name, request in asked.items():
            if name not in limits:
                if not overcommits(name):
                    _add_without_limit(report, path, name, requests, limits)
            elif request is not None and (limit := most[name]) is not None:
                _compare(report, path, name, request, limit)
    _check_huge_pages(report, path, limits, requests)
    if "claims" in resources:
        _check_claims(report, (*path, "claims"), resources["claims"], claims)


def _amounts(report: Report, path: FieldPath, amounts: dict[str, Any]) -> dict[str, Quantity | None]:
    read: dict[str, Quantity | None] = {}
    for name, value in amounts.items():
        where = (*path, name)
        amount = read[name] = check_quantity(report, RULE, where, value)
        if reason := name_problem(name):
            report.add(
                ILLEGAL_NAME if "/" in name else RULE,
                where,
                f"resource name {name!r} {reason}",
                names.fix(name, names.qualified_name)
                if "/" in name
                else "write the prefix of an extended resource, too, such as rdma/ib",
            )
        if amount is None:
            continue
        if is_extended(name):
            if amount.nano < 0:
                report.add(NOT_WHOLE, where, f"{name} {value} is below 0", "use a whole number")
            elif amount.milli_int64 % 1000:
                report.add(NOT_WHOLE, where, f"{name} {value} is not a whole number")
        else:
            _check_amount(report, where, name, value, amount)
    return read


def check_quantity(report: Report, rule: str, path: FieldPath, value: Any) -> Quantity | None:
    """Note a string or number that is no quantity, and return what it is."""
    amount = quantity(value)
    if amount is None and isinstance(value, (str, float)):
        fix = "write a number with a suffix: m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei, or none"
        report.add(rule, path, f"{value!r} is no quantity", fix)
    return amount


def _check_amount(report: Report, path: FieldPath, name: str, value: Any, amount: Quantity) -> None:
    if amount.nano < 0:
        report.add(RULE, path, f"{name} {value} is below 0", "use 0 or more")
    elif name.startswith(HUGE_PAGES) and not are_whole_pages(name, amount):
        report.add(
            RULE,
            path,
            f"{name} {value} is no multiple of the page size {name.removeprefix(HUGE_PAGES)}",
            "write a multiple of it",
        )


def _check_huge_pages(report: Report, path: FieldPath, limits: dict[str, Any], requests: dict[str, Any]) -> None:
    if "cpu" in limits or "memory" in limits or "cpu" in requests or "memory" in requests:
        return
    for name in (*limits, *requests):
        if name.startswith(HUGE_PAGES):
            report.add(RULE, path, f"{name} needs cpu or memory beside it", "add a cpu or memory request or limit")
            return


def _compare(report: Report, path: FieldPath, name: str, request: Quantity, limit: Quantity) -> None:
    """Note a request that does not fit the limit of the same resource."""
    where = (*path, "requests", name)
    if request.milli == limit.milli:
        return
    if not overcommits(name):
        message = f"{name}: the request is {request}, the limit {limit}"
        fix = "make them equal, or leave the request out"
        report.add(RULE if is_native(name) else DIFFERS, where, message, fix)
    elif request.milli > limit.milli:
        message = f"{name}: the request {request} is above the limit {limit}"
        report.add(RULE, where, message, "lower the request or raise the limit")


def _add_without_limit(
    report: Report, path: FieldPath, name: str, requests: Collection[str], limits: Collection[str]
) -> None:
    where, rule = (*path, "requests", name), RULE
    if not is_native(name):
        rule = NO_LIMIT
        near = nearest(name, [other for other in limits if not is_native(other) and other not in requests])
        if near:
            message = f"requests name {name} and limits name {near[0]}, which are two different resources"
            report.add(NEAR_MISS, where, message)
            return
    report.add(rule, where, f"{name} is requested without a limit", f"set limits.{name} to the same value")


def _check_claims(report: Report, path: FieldPath, claims: Any, known: Collection[str] | None) -> None:
    seen: set[tuple[str, str]] = set()
    for where, claim in items(claims, path):
        check_fields(report, where, claim, "ResourceClaim")
        name, request = claim.get("name"), claim.get("request") or ""
        if not name or not isinstance(name, str) or not isinstance(request, str):
            continue
        # A claim as a whole and one of its requests exclude each other.
        if (name, "") in seen or (name, request) in seen or (not request and any(name == one for one, _ in seen)):
            report.add(RULE, where, f"claim {name!r} is listed twice", "keep one of them")
        seen.add((name, request))
        if known is not None and name not in known:
            report.add(
                RULE,
                where,
                f"claim {name!r} is none of the pod's resourceClaims{hint(name, known)}",
                "add the claim to spec.resourceClaims, or name one of them",
            )


def check_pod_resources(report: Report, path: FieldPath, spec: dict[str, Any], *, is_pod: bool) -> None:
    """Judge `spec.resources` of a pod or template whose spec is at `path`."""
    resources, where = spec.get("resources"), (*path, "resources")
    if not isinstance(resources, dict):
        return
    if isinstance(resources.get("claims"), list):
        report.add(RULE, (*where, "claims"), "claims belong to a container, not to the pod", "move claims")
    limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
    _check_pod_amounts(report, (*where, "limits"), limits)
    _check_pod_amounts(report, (*where, "requests"), requests)
    if requests or not limits or not is_pod:  # else the server makes the requests, of the limits
        _compare_pod(report, where, requests, limits)
    if not (is_pod and limits and any(_together(spec, name, "requests", is_pod=True) for name in _OF_PODS)):
        _check_huge_pages(report, where, limits, requests)
    for name in {**limits, **requests}:
        side = "requests" if name in requests else "limits"
        # A Pod without a request of its own gets its limit as one.
        most = quantity(resources[side][name]) if side == "requests" or (is_pod and overcommits(name)) else None
        if most is not None and _together(spec, name, "requests", is_pod=is_pod) > most.milli:
            report.add(
                RULE,
                (*where, side, name),
                f"the containers request more {name} than the pod has",
                "raise it, or lower the requests of the containers",
            )
    for name, value in limits.items():
        if (limit := quantity(value)) is not None:
            _check_limits(report, path, spec, name, limit)


def _check_pod_amounts(report: Report, path: FieldPath, amounts: dict[str, Any]) -> None:
    for name, value in amounts.items():
        where = (*path, name)
        amount = check_quantity(report, RULE, where, value)
        if name not in _OF_PODS and not (name.startswith(HUGE_PAGES) and names.qualified_name(name) is None):
            rule = AT_POD_LEVEL if not is_native(name) else RULE
            report.add(
                rule,
                where,
                f"{name!r} cannot be set for the pod as a whole, only cpu, memory and hugepages-*",
                "set it in the container that uses it",
            )
        elif amount is not None:
            _check_amount(report, where, name, value, amount)


def _compare_pod(report: Report, path: FieldPath, requests: dict[str, Any], limits: dict[str, Any]) -> None:
    for name, value in requests.items():
        request, limit = quantity(value), quantity(limits[name]) if name in limits else None
        if request is not None and limit is not None:
            _compare(report, path, name, request, limit)
        elif name not in limits and is_native(name) and not overcommits(name):
            report.add(RULE, (*path, "requests", name), f"{name} is requested without a limit", f"set limits.{name}")


def _check_limits(report: Report, path: FieldPath, spec: dict[str, Any], name: str, limit: Quantity) -> None:
    for index, container in enumerate(sequence(spec.get("containers"))):
        own = mapping(mapping(mapping(container).get("resources")).get("limits"))
        amount = quantity(own[name]) if name in own else None
        if amount is not None and amount.milli > limit.milli:
            where = (*path, "containers", index, "resources", "limits", name)
            report.add(RULE, where, f"the limit of {name} is above the pod's", "lower it or raise the pod's limit")
            return
    if name.startswith(HUGE_PAGES) and _together(spec, name, "limits", is_pod=False) > limit.milli:
        report.add(
            RULE,
            (*path, "resources", "limits", name),
            f"the limits of {name} of the containers are above it",
            "raise it, or lower the limits of the containers",
        )


def _together(spec: dict[str, Any], name: str, side: str, *, is_pod: bool) -> int:
    """Return what the containers have together in thousandths, init containers as far as they run at one time."""
    running = sum(_amount(container, name, side, is_pod=is_pod) for container in sequence(spec.get("containers")))
    sidecars = most = 0
    for container in sequence(spec.get("initContainers")):
        amount = _amount(container, name, side, is_pod=is_pod)
        if mapping(container).get("restartPolicy") == "Always":
            sidecars += amount
            most = max(most, sidecars)
        else:
            most = max(most, sidecars + amount)
    return max(running + sidecars, most)


def _amount(container: Any, name: str, side: str, *, is_pod: bool) -> int:
    """Return what a container has of a resource; in a Pod, a request that is not given is the limit."""
    resources = mapping(mapping(container).get("resources"))
    given, limits = mapping(resources.get(side)), mapping(resources.get("limits"))
    amount = quantity(given[name]) if name in given else None
    if amount is None and is_pod and name in limits:
        amount = quantity(limits[name])
    return amount.milli if amount is not None else 0
