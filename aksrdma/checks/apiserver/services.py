"""Services.

Source: validateService in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.containers import check_port
from aksrdma.checks.apiserver.fields import PORTS, check_fields
from aksrdma.checks.apiserver.judging import Report, beyond_schema
from aksrdma.checks.apiserver.metadata import check_labels
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.addresses import cidr_problem, ip_problem, is_ipv6, reserved_problem
from aksrdma.kube.values import integer, items, mapping, sequence, text, texts

RULE: Final = "invalid-service"
_SPEC: Final[FieldPath] = ("spec",)
_AFFINITY_SECONDS_MAX: Final = 86_400


@rule(RULE, kinds={"Service"})
@beyond_schema
def check_service(report: Report, data: dict[str, Any]) -> None:
    """Judge a Service but for its metadata."""
    spec = mapping(data.get("spec"))
    kind = spec.get("type") or "ClusterIP"
    check_fields(report, _SPEC, spec, "ServiceSpec")
    check_labels(report, RULE, (*_SPEC, "selector"), spec.get("selector"))
    _check_ports(report, spec, kind)
    seconds = integer(mapping(mapping(spec.get("sessionAffinityConfig")).get("clientIP")).get("timeoutSeconds"))
    if spec.get("sessionAffinity") == "ClientIP" and seconds is not None and not 1 <= seconds <= _AFFINITY_SECONDS_MAX:
        report.add(
            RULE,
            (*_SPEC, "sessionAffinityConfig"),
            f"timeoutSeconds {seconds} is not within 1-86400",
            "choose 1 to 86400 seconds",
        )
    _check_outside(report, spec, kind)
    if kind == "ExternalName":
        _check_external_name(report, spec)
    else:
        _check_addresses(report, spec, kind)


def _check_ports(report: Report, spec: dict[str, Any], kind: Any) -> None:
    path, ports = (*_SPEC, "ports"), sequence(spec.get("ports"))
    if spec.get("ports") in (None, []) and spec.get("clusterIP") != "None" and kind != "ExternalName":
        report.add(RULE, path, "at least one port is required", "add a port, or set clusterIP: None")
    seen: set[tuple[str, Any]] = set()
    for where, port in items(ports, path):
        name, protocol, target = port.get("name"), text(port.get("protocol")) or "TCP", port.get("targetPort")
        if name in (None, "") and len(ports) > 1:
            report.add(RULE, (*where, "name"), "ports need names where there is more than one", "set name")
        if target not in (None, 0, ""):
            check_port(report, RULE, (*where, "targetPort"), target)
        if kind == "ClusterIP" and port.get("nodePort"):
            report.add(RULE, (*where, "nodePort"), "nodePort does not go with type ClusterIP", "remove nodePort")
        keys: list[tuple[str, Any]] = [("name", name)] if text(name) else []
        # One number may serve TCP and UDP, as DNS does, so that ports are told apart by both.
        keys += [(f"port {protocol}", integer(port.get("port")) or 0)]
        keys += [(f"nodePort {protocol}", number)] if (number := integer(port.get("nodePort"))) else []
        for key in keys:
            if key in seen:
                report.add(RULE, where, f"{key[0]} {key[1]} is used twice", "give each port its own")
            seen.add(key)


def _check_outside(report: Report, spec: dict[str, Any], kind: Any) -> None:
    """Judge what is for a Service that is reached from outside the cluster."""
    # ExternallyAccessible of pkg/api/service.
    external = kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))
    if spec.get("externalTrafficPolicy") and not external:
        message = "externalTrafficPolicy is for a Service that is reached from outside"
        report.add(RULE, (*_SPEC, "externalTrafficPolicy"), message, "remove it")
    if kind != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"):
            if spec.get(field) not in (None, []):
                report.add(RULE, (*_SPEC, field), f"{field} is for type LoadBalancer", f"remove {field}")
    if port := integer(spec.get("healthCheckNodePort")):
        where = (*_SPEC, "healthCheckNodePort")
        if kind != "LoadBalancer" or spec.get("externalTrafficPolicy") != "Local":
            message = "healthCheckNodePort is for type LoadBalancer with externalTrafficPolicy Local"
            report.add(RULE, where, message, "remove it")
        elif port not in PORTS:
            report.add(
                RULE,
                where,
                f"healthCheckNodePort {port} is not between 1 and 65535",
                "leave it out, so that one is given",
            )
    for index, block in enumerate(sequence(spec.get("loadBalancerSourceRanges"))):
        block = "" if block is None else block
        if isinstance(block, str) and (reason := cidr_problem(block.strip())):
            report.add(
                RULE,
                (*_SPEC, "loadBalancerSourceRanges", index),
                f"{block!r} {reason}",
                "write a range such as 10.0.0.0/8",
            )
    for index, one in enumerate(texts(spec.get("externalIPs"))):
        if reason := ip_problem(one) or reserved_problem(one):
            report.add(
                RULE,
                (*_SPEC, "externalIPs", index),
                f"{one!r} {reason}",
                "write an address that nodes can be reached at",
            )


def _check_external_name(report: Report, spec: dict[str, Any]) -> None:
    name = text(spec.get("externalName")).removesuffix(".")
    if not name and (spec.get("externalName") is None or isinstance(spec["externalName"], str)):
        report.add(RULE, (*_SPEC, "externalName"), "externalName is required", "set externalName")
    elif name and (reason := names.dns_subdomain(name)):
        report.add(
            RULE,
            (*_SPEC, "externalName"),
            f"externalName {name!r} {reason}",
            "write a DNS name, without scheme and port",
        )
    for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(field) not in (None, "", []):
            report.add(RULE, (*_SPEC, field), f"{field} does not go with type ExternalName", f"remove {field}")


def _check_addresses(report: Report, spec: dict[str, Any], kind: Any) -> None:
    address, addresses, families = text(spec.get("clusterIP")), texts(spec.get("clusterIPs")), spec.get("ipFamilies")
    where = (*_SPEC, "clusterIP")
    if address == "None" and kind in ("LoadBalancer", "NodePort"):
        report.add(RULE, where, f"clusterIP None does not go with type {kind}", "remove clusterIP")
    elif address and address != "None" and (reason := ip_problem(address)):
        report.add(RULE, where, f"clusterIP {address!r} {reason}", "write an IP address, None, or leave it out")
    if len(addresses) > 2 or (addresses and (not address or addresses[0] != address)):
        report.add(RULE, (*_SPEC, "clusterIPs"), "clusterIPs are at most two, the first being clusterIP", "remove them")
    known = sequence(families)
    for index, family in enumerate(known):
        if family in known[:index]:
            report.add(RULE, (*_SPEC, "ipFamilies", index), f"{family} is listed twice", "keep one of them")
    if address in ("", "None") or ip_problem(address) or not known or known[0] not in ("IPv4", "IPv6"):
        return
    if is_ipv6(address) != (known[0] == "IPv6"):
        report.add(
            RULE,
            where,
            f"clusterIP {address} is no {known[0]} address",
            "list the addresses in the order of ipFamilies",
        )
