"""Requests, limits and claims of a container.

Source: pkg/apis/core/validation/validation.go and pkg/apis/core/helper/helpers.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import Quantity, parse, quantity
from aksrdma.kube.values import absent, items, mapping
from aksrdma.nearest import hint, nearest

RULE: Final = "invalid-resources"
ILLEGAL_NAME: Final = "rdma-resource-name-illegal"
NOT_WHOLE: Final = "rdma-quantity-not-whole"
DIFFERS: Final = "rdma-requests-differ-from-limits"
NO_LIMIT: Final = "rdma-request-without-limit"
NEAR_MISS: Final = "rdma-resource-name-near-miss"

_NATIVE: Final = ("cpu", "ephemeral-storage", "memory")
_HUGE_PAGES: Final = "hugepages-"


def is_native(name: str) -> bool:
    """Say whether a resource is Kubernetes' own and not an extended one."""
    return "/" not in name or "kubernetes.io/" in name


@lru_cache(maxsize=1024)
def name_problem(name: str) -> str | None:
    """Say why a container cannot ask for a resource of this name, or None."""
    if reason := names.qualified_name(name):
        return reason
    if "/" not in name:
        if name in _NATIVE or name.startswith(_HUGE_PAGES):
            return None
        return f"is no resource of a container{hint(name, _NATIVE)}; an extended resource has a domain and '/'"
    if is_native(name):
        return None
    if name.startswith("requests."):
        return "starts with 'requests.', which only quotas use"
    return _too_long(name)


def _too_long(name: str) -> str | None:
    return "is too long for a quota" if names.qualified_name(f"requests.{name}") else None


@lru_cache(maxsize=1024)
def _is_extended(name: str) -> bool:
    return not is_native(name) and not name.startswith("requests.") and not names.qualified_name(f"requests.{name}")


def check_resources(report: Report, path: FieldPath, resources: Any, claims: Collection[str]) -> None:
    """Judge `resources` of a container.

    Args:
        report: takes what is wrong.
        path: path of `resources`.
        resources: the value; one that is no mapping is left to the schema.
        claims: names of the pod's resource claims.
    """
    if not isinstance(resources, dict) or not resources:
        return
    limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
    limit_amounts = _check_amounts(report, (*path, "limits"), limits)
    request_amounts = limit_amounts if requests == limits else _check_amounts(report, (*path, "requests"), requests)
    if request_amounts is not limit_amounts:
        _compare(report, path, request_amounts, limit_amounts)
    check_huge_pages(report, path, limits, requests)
    if "claims" in resources:
        _check_claims(report, (*path, "claims"), resources["claims"], claims)


def _check_amounts(report: Report, path: FieldPath, amounts: dict[str, Any]) -> dict[str, Quantity | None]:
    read: dict[str, Quantity | None] = {}
    for name, value in amounts.items():
        amount = read[name] = parse(value) if isinstance(value, str) else quantity(value)
        if reason := name_problem(name):
            rule = ILLEGAL_NAME if "/" in name else RULE
            report.add(rule, (*path, name), f"resource name {name!r} {reason}")
        if amount is None:
            check_quantity(report, RULE, (*path, name), value)
        elif _is_extended(name):
            _check_whole(report, (*path, name), name, value, amount)
        elif amount.nano < 0:
            report.add(RULE, (*path, name), f"{name} {value} is below 0", "use 0 or more")
        elif name.startswith(_HUGE_PAGES):
            _check_pages(report, (*path, name), name, value, amount)
    return read


def check_quantity(report: Report, rule: str, path: FieldPath, value: Any) -> Quantity | None:
    """Note a string or number that is no quantity, and return what it is."""
    amount = quantity(value)
    if amount is None and isinstance(value, (str, float)):
        fix = "write a number with a suffix: m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei, or none"
        report.add(rule, path, f"{value!r} is no quantity", fix)
    return amount


def _check_whole(report: Report, path: FieldPath, name: str, value: Any, amount: Quantity) -> None:
    if amount.nano < 0:
        report.add(NOT_WHOLE, path, f"{name} {value} is below 0", "use a whole number")
    elif amount.milli_int64 % 1000:
        report.add(NOT_WHOLE, path, f"{name} {value} is not a whole number")


def _check_pages(report: Report, path: FieldPath, name: str, value: Any, amount: Quantity) -> None:
    size = parse(name.removeprefix(_HUGE_PAGES))
    if size is None or size.nano <= 0 or size.milli_int64 % 1000 or not size.int64 or amount.int64 % size.int64:
        report.add(RULE, path, f"{name} {value} is no multiple of the page size {name.removeprefix(_HUGE_PAGES)}")


def check_huge_pages(report: Report, path: FieldPath, limits: dict[str, Any], requests: dict[str, Any]) -> None:
    """Note huge pages without cpu or memory beside them."""
    if "cpu" in limits or "memory" in limits or "cpu" in requests or "memory" in requests:
        return
    for name in (*limits, *requests):
        if name.startswith(_HUGE_PAGES):
            report.add(RULE, path, f"{name} needs cpu or memory beside it", "add a cpu or memory request or limit")
            return


def _compare(
    report: Report,
    path: FieldPath,
    requests: dict[str, Quantity | None],
    limits: dict[str, Quantity | None],
) -> None:
    for name, request in requests.items():
        if name not in limits:
            if not overcommits(name):
                _no_limit(report, path, name, requests, limits)
        elif request is not None and (limit := limits[name]) is not None:
            compare_amounts(report, path, name, request, limit)


def overcommits(name: str) -> bool:
    """Say whether a request of the resource may be below its limit."""
    return is_native(name) and not name.startswith(_HUGE_PAGES)


def compare_amounts(report: Report, path: FieldPath, name: str, request: Quantity, limit: Quantity) -> None:
    """Note a request that does not fit the limit of the same resource."""
    if request.milli == limit.milli:
        return
    where = (*path, "requests", name)
    if not overcommits(name):
        rule = RULE if is_native(name) else DIFFERS
        report.add(
            rule,
            where,
            f"{name}: the request is {request}, the limit {limit}",
            "make them equal, or leave the request out",
        )
    elif request.milli > limit.milli:
        report.add(
            RULE,
            where,
            f"{name}: the request {request} is above the limit {limit}",
            "lower the request or raise the limit",
        )


def _no_limit(report: Report, path: FieldPath, name: str, requests: Collection[str], limits: Collection[str]) -> None:
    where = (*path, "requests", name)
    if is_native(name):
        report.add(RULE, where, f"{name} is requested without a limit", f"set limits.{name} to the same value")
        return
    near = nearest(name, [other for other in limits if not is_native(other) and other not in requests])
    if near:
        message = f"requests name {name} and limits name {near[0]}, which are two different resources"
        report.add(NEAR_MISS, where, message)
    else:
        report.add(NO_LIMIT, where, f"{name} is requested without a limit", f"set limits.{name} to the same value")


def _check_claims(report: Report, path: FieldPath, claims: Any, known: Collection[str]) -> None:
    seen: set[tuple[str, str]] = set()
    for where, claim in items(claims, path):
        report.required(RULE, where, claim, "name")
        name, request = claim.get("name"), claim.get("request") or ""
        if absent(name) or not isinstance(name, str) or not isinstance(request, str):
            continue
        if request and (reason := names.dns_label(request)):
            report.add(RULE, (*where, "request"), f"request {request!r} {reason}")
        if (name, "") in seen or (name, request) in seen or (not request and any(name == one for one, _ in seen)):
            report.add(RULE, where, f"claim {name!r} is listed twice")
        seen.add((name, request))
        if name not in known:
            report.add(RULE, where, f"claim {name!r} is none of the pod's resourceClaims{hint(name, known)}")
