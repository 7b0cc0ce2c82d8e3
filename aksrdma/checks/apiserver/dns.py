"""Name resolution of a pod: `dnsConfig` and `hostAliases`.

Source: validatePodDNSConfig and ValidateHostAliases in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Final

from aksrdma.checks.apiserver.addresses import ip_problem
from aksrdma.checks.apiserver.context import Pod
from aksrdma.kube import names
from aksrdma.kube.values import items, mapping, texts

RULE: Final = "invalid-pod"
_SEARCHES_MAX, _SEARCH_LETTERS_MAX, _NAMESERVERS_MAX = 32, 2048, 3


def check_dns(pod: Pod) -> None:
    """Judge `dnsConfig`, and whether `dnsPolicy` needs one."""
    report, path, config = pod.report, (*pod.path, "dnsConfig"), mapping(pod.spec.get("dnsConfig"))
    servers, searches = texts(config.get("nameservers")), texts(config.get("searches"))
    if pod.spec.get("dnsPolicy") == "None" and not servers:
        report.add(RULE, path, "dnsPolicy None needs dnsConfig.nameservers", "add a nameserver")
    if len(servers) > _NAMESERVERS_MAX:
        report.add(RULE, (*path, "nameservers"), f"{len(servers)} nameservers are more than {_NAMESERVERS_MAX}")
    for index, server in enumerate(servers):
        if reason := ip_problem(server):
            report.add(RULE, (*path, "nameservers", index), f"nameserver {server!r} {reason}")
    for index, search in enumerate(searches):
        if search != "." and (reason := names.search_domain(search.removesuffix("."))):
            report.add(RULE, (*path, "searches", index), f"{search!r} {reason}")
    letters = len(" ".join(searches))
    if len(searches) > _SEARCHES_MAX or letters > _SEARCH_LETTERS_MAX:
        report.add(RULE, (*path, "searches"), f"more than {_SEARCHES_MAX} or longer than {_SEARCH_LETTERS_MAX} in all")
    for where, option in items(config.get("options"), (*path, "options")):
        report.required(RULE, where, option, "name")


def check_aliases(pod: Pod) -> None:
    """Judge `hostAliases`."""
    for where, alias in items(pod.spec["hostAliases"], (*pod.path, "hostAliases")):
        address = alias.get("ip")
        if (address is None or isinstance(address, str)) and (reason := ip_problem(address or "")):
            pod.report.add(RULE, (*where, "ip"), f"{address or ''!r} {reason}")
        for index, name in enumerate(texts(alias.get("hostnames"))):
            if reason := names.dns_subdomain(name):
                pod.report.add(RULE, (*where, "hostnames", index), f"host name {name!r} {reason}")
