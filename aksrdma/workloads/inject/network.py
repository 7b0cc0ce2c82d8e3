"""The annotation by which a pod gets an interface on the IPoIB network."""

from __future__ import annotations

import json
from typing import Any, Final

from aksrdma.workloads.inject.cursor import Cursor
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.report import Report

NETWORKS: Final = "k8s.v1.cni.cncf.io/networks"
_DEFAULT_NAMESPACE: Final = "default"


def add_network(template: Cursor, namespace: str, injection: Injection, report: Report) -> None:
    """Add the IPoIB network to those that a pod asks for.

    Args:
        template: the pod template.
        namespace: namespace of the workload; empty where it names none.
        injection: names the network; nothing is done where it names none.
        report: takes what contradicts it.

    Raises:
        MalformedError: metadata or annotations are no mappings.
    """
    if injection.network is None:
        return
    _host_network(template, report)
    given = template.at("metadata", "annotations", NETWORKS)
    if given in (None, ""):
        _set(template, _reference(injection.network, namespace))
    elif isinstance(given, str) and given.lstrip().startswith("["):
        _join_json(template, given, namespace, injection.network, report)
    elif isinstance(given, str) and not _mentions(given, namespace, injection.network):
        _set(template, f"{given},{_reference(injection.network, namespace)}")


def _set(template: Cursor, value: str) -> None:
    template.mapping("metadata", "annotations").data[NETWORKS] = value


def _reference(network: tuple[str, str], namespace: str) -> str:
    """Return the bare name where the pod is in the network's namespace, which is where Multus looks a bare name up."""
    return network[1] if (namespace or _DEFAULT_NAMESPACE) == network[0] else f"{network[0]}/{network[1]}"


def _mentions(given: str, namespace: str, network: tuple[str, str]) -> bool:
    asked = {item.strip().partition("@")[0] for item in given.split(",")}
    return bool(asked & {_reference(network, namespace), f"{network[0]}/{network[1]}"})


def _join_json(template: Cursor, given: str, namespace: str, network: tuple[str, str], report: Report) -> None:
    try:
        asked: Any = json.loads(given)
    except ValueError as error:
        path = (*template.path, "metadata", "annotations", NETWORKS)
        report.conflict(path, f"is no JSON: {error}", "mend it, or write the names with commas between them")
        return
    home = namespace or _DEFAULT_NAMESPACE
    if any(isinstance(one, dict) and (one.get("namespace") or home, one.get("name")) == network for one in asked):
        return
    entry = {"name": network[1]} | ({"namespace": network[0]} if home != network[0] else {})
    _set(template, json.dumps([*asked, entry]))


def _host_network(template: Cursor, report: Report) -> None:
    if template.at("spec", "hostNetwork") is True:
        report.conflict(
            (*template.path, "spec", "hostNetwork"),
            "is true, and a pod in the node's network gets no interface on the IPoIB network",
            "take it out, or choose a profile without IPoIB",
        )
