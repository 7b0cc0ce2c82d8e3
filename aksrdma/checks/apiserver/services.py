"""Services.

Source: validateService in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.addresses import cidr_problem, ip_problem, is_ipv6, reserved_problem
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.probes import PORTS, check_port
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import integer, items, mapping, sequence, text, texts

RULE: Final = "invalid-service"
_SPEC: Final[FieldPath] = ("spec",)
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITY_SECONDS_MAX: Final = 86_400
_FAMILIES: Final = ("IPv4", "IPv6")


def check_service(report: Report, data: dict[str, Any]) -> None:
    """Judge a Service but for its metadata."""
    spec = mapping(data.get("spec"))
    kind = spec.get("type") or "ClusterIP"
    report.one_of(RULE, (*_SPEC, "type"), kind, _TYPES)
    _check_selector(report, spec)
    _check_ports(report, spec, kind)
    _check_affinity(report, spec)
    _check_policies(report, spec, kind)
    _check_external(report, spec)
    if kind == "ExternalName":
        _check_external_name(report, spec)
    else:
        _check_addresses(report, spec, kind)


def _check_selector(report: Report, spec: dict[str, Any]) -> None:
    for key, value in mapping(spec.get("selector")).items():
        if reason := names.qualified_name(key):
            report.add(RULE, (*_SPEC, "selector", key), f"label key {key!r} {reason}")
        if isinstance(value, str) and (reason := names.label_value(value)):
            report.add(RULE, (*_SPEC, "selector", key), f"label value {value!r} {reason}")


def _check_ports(report: Report, spec: dict[str, Any], kind: Any) -> None:
    path, ports = (*_SPEC, "ports"), sequence(spec.get("ports"))
    if not ports and spec.get("ports") in (None, []) and spec.get("clusterIP") != "None" and kind != "ExternalName":
        report.add(RULE, path, "at least one port is required", "add a port, or set clusterIP: None")
    seen: set[tuple[str, Any]] = set()
    for where, port in items(ports, path):
        _check_port(report, where, port, kind)
        name, protocol = text(port.get("name")), text(port.get("protocol")) or "TCP"
        if not name and len(ports) > 1 and port.get("name") in (None, ""):
            report.add(RULE, (*where, "name"), "ports need names where there is more than one", "set name")
        elif name and (reason := names.dns_label(name)):
            report.add(RULE, (*where, "name"), f"port name {name!r} {reason}")
        keys: list[tuple[str, Any]] = [("name", name)] if name else []
        keys += [(f"port {protocol}", integer(port.get("port")) or 0)]
        keys += [(f"nodePort {protocol}", number)] if (number := integer(port.get("nodePort"))) else []
        for key in keys:
            if key in seen:
                report.add(RULE, where, f"{key[0]} {key[1]} is used twice", "give each port its own")
            seen.add(key)


def _check_port(report: Report, path: FieldPath, port: dict[str, Any], kind: Any) -> None:
    number = port.get("port")
    if number is None or (type(number) is int and number not in PORTS):
        report.add(RULE, (*path, "port"), f"port {number or 0} is not between 1 and 65535")
    if port.get("targetPort") not in (None, 0, ""):
        check_port(report, RULE, (*path, "targetPort"), port["targetPort"])
    if protocol := port.get("protocol"):
        report.one_of(RULE, (*path, "protocol"), protocol, ("SCTP", "TCP", "UDP"))
    application = port.get("appProtocol")
    if isinstance(application, str) and (reason := names.qualified_name(application)):
        report.add(RULE, (*path, "appProtocol"), f"appProtocol {application!r} {reason}")
    if kind == "ClusterIP" and port.get("nodePort"):
        report.add(RULE, (*path, "nodePort"), "nodePort does not go with type ClusterIP", "remove nodePort")


def _check_affinity(report: Report, spec: dict[str, Any]) -> None:
    affinity = spec.get("sessionAffinity")
    if affinity:
        report.one_of(RULE, (*_SPEC, "sessionAffinity"), affinity, ("ClientIP", "None"))
    seconds = integer(mapping(mapping(spec.get("sessionAffinityConfig")).get("clientIP")).get("timeoutSeconds"))
    if affinity == "ClientIP" and seconds is not None and not 1 <= seconds <= _AFFINITY_SECONDS_MAX:
        report.add(RULE, (*_SPEC, "sessionAffinityConfig"), f"timeoutSeconds {seconds} is not within 1-86400")


def _check_policies(report: Report, spec: dict[str, Any], kind: Any) -> None:
    external = kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))
    if policy := spec.get("externalTrafficPolicy"):
        report.one_of(RULE, (*_SPEC, "externalTrafficPolicy"), policy, ("Cluster", "Local"))
        if not external:
            message = "externalTrafficPolicy is for a Service that is reached from outside"
            report.add(RULE, (*_SPEC, "externalTrafficPolicy"), message, "remove it")
    report.one_of(RULE, (*_SPEC, "internalTrafficPolicy"), spec.get("internalTrafficPolicy"), ("Cluster", "Local"))
    choices = ("PreferClose", "PreferSameNode", "PreferSameZone")
    report.one_of(RULE, (*_SPEC, "trafficDistribution"), spec.get("trafficDistribution"), choices)
    if kind != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"):
            if spec.get(field) not in (None, []):
                report.add(RULE, (*_SPEC, field), f"{field} is for type LoadBalancer", f"remove {field}")
    name = spec.get("loadBalancerClass")
    if isinstance(name, str) and (reason := names.qualified_name(name)):
        report.add(RULE, (*_SPEC, "loadBalancerClass"), f"loadBalancerClass {name!r} {reason}")
    _check_health_port(report, spec, kind)
    for index, block in enumerate(sequence(spec.get("loadBalancerSourceRanges"))):
        block = "" if block is None else block
        if isinstance(block, str) and (reason := cidr_problem(block.strip())):
            report.add(RULE, (*_SPEC, "loadBalancerSourceRanges", index), f"{block!r} {reason}")


def _check_health_port(report: Report, spec: dict[str, Any], kind: Any) -> None:
    port = integer(spec.get("healthCheckNodePort"))
    if port is None or port == 0:
        return
    if kind != "LoadBalancer" or spec.get("externalTrafficPolicy") != "Local":
        message = "healthCheckNodePort is for type LoadBalancer with externalTrafficPolicy Local"
        report.add(RULE, (*_SPEC, "healthCheckNodePort"), message, "remove it")
    elif port not in PORTS:
        report.add(RULE, (*_SPEC, "healthCheckNodePort"), f"healthCheckNodePort {port} is not between 1 and 65535")


def _check_external_name(report: Report, spec: dict[str, Any]) -> None:
    name = text(spec.get("externalName")).removesuffix(".")
    if not name and (spec.get("externalName") is None or isinstance(spec["externalName"], str)):
        report.add(RULE, (*_SPEC, "externalName"), "externalName is required", "set externalName")
    elif name and (reason := names.dns_subdomain(name)):
        report.add(RULE, (*_SPEC, "externalName"), f"externalName {name!r} {reason}")
    for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(field) not in (None, "", []):
            report.add(RULE, (*_SPEC, field), f"{field} does not go with type ExternalName", f"remove {field}")


def _check_addresses(report: Report, spec: dict[str, Any], kind: Any) -> None:
    address = text(spec.get("clusterIP"))
    if address == "None" and kind in ("LoadBalancer", "NodePort"):
        report.add(RULE, (*_SPEC, "clusterIP"), f"clusterIP None does not go with type {kind}", "remove clusterIP")
    elif address and address != "None" and (reason := ip_problem(address)):
        report.add(RULE, (*_SPEC, "clusterIP"), f"clusterIP {address!r} {reason}")
    _check_families(report, spec)
    addresses = texts(spec.get("clusterIPs"))
    if len(addresses) > 2 or (addresses and (not address or addresses[0] != address)):
        report.add(RULE, (*_SPEC, "clusterIPs"), "clusterIPs are at most two, the first being clusterIP", "remove them")


def _check_external(report: Report, spec: dict[str, Any]) -> None:
    for index, one in enumerate(texts(spec.get("externalIPs"))):
        if reason := ip_problem(one) or reserved_problem(one):
            report.add(RULE, (*_SPEC, "externalIPs", index), f"{one!r} {reason}")


def _check_families(report: Report, spec: dict[str, Any]) -> None:
    choices = ("PreferDualStack", "RequireDualStack", "SingleStack")
    report.one_of(RULE, (*_SPEC, "ipFamilyPolicy"), spec.get("ipFamilyPolicy"), choices)
    families = sequence(spec.get("ipFamilies"))
    for index, family in enumerate(families):
        report.one_of(RULE, (*_SPEC, "ipFamilies", index), "" if family is None else family, _FAMILIES)
        if family in families[:index]:
            report.add(RULE, (*_SPEC, "ipFamilies", index), f"{family} is listed twice", "keep one of them")
    address = text(spec.get("clusterIP"))
    if address in ("", "None") or ip_problem(address) or not families or families[0] not in _FAMILIES:
        return
    if is_ipv6(address) != (families[0] == "IPv6"):
        report.add(RULE, (*_SPEC, "clusterIP"), f"clusterIP {address} is no {families[0]} address")
