"""Probes and lifecycle handlers of a container.

Source: validateProbe and validateHandler in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import integer, items, sequence

RULE: Final = "invalid-container"
PORTS: Final = range(1, 65536)
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_FIELDS: Final = frozenset({*_PROBES, "lifecycle"})
_PROBE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")
_LIFECYCLE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "sleep")
_COUNTS: Final = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def check_probes(pod: Pod, path: FieldPath, container: dict[str, Any]) -> None:
    """Judge the probes and lifecycle of a container that may have them."""
    if _FIELDS.isdisjoint(container):
        return
    for name in _PROBES:
        if isinstance(probe := container.get(name), dict):
            _check_probe(pod, (*path, name), probe, name)
    if not isinstance(lifecycle := container.get("lifecycle"), dict):
        return
    for name in ("postStart", "preStop"):
        if isinstance(handler := lifecycle.get(name), dict):
            _check_handler(pod, (*path, "lifecycle", name), handler, _LIFECYCLE_HANDLERS)


def check_no_probes(report: Report, path: FieldPath, container: dict[str, Any]) -> None:
    """Judge an init container that ends: it can have neither probes nor a lifecycle."""
    for name in (*_PROBES, "lifecycle"):
        if container.get(name) is not None:
            message = f"an init container has no {name} unless its restartPolicy is Always"
            report.add(RULE, (*path, name), message, f"remove {name}")


def _check_probe(pod: Pod, path: FieldPath, probe: dict[str, Any], name: str) -> None:
    report = pod.report
    _check_handler(pod, path, probe, _PROBE_HANDLERS)
    report.not_negative(RULE, path, probe, *_COUNTS)
    grace = probe.get("terminationGracePeriodSeconds")
    if name == "readinessProbe":
        if grace is not None:
            where = (*path, "terminationGracePeriodSeconds")
            report.add(RULE, where, "a readiness probe has no terminationGracePeriodSeconds", "remove it")
        return
    if (seconds := integer(grace)) is not None and seconds <= 0:
        report.add(RULE, (*path, "terminationGracePeriodSeconds"), f"{seconds} is not above 0", "use 1 or more")
    if (integer(probe.get("successThreshold")) or 1) > 1:
        report.add(RULE, (*path, "successThreshold"), f"successThreshold of a {name} must be 1", "remove it")


def _check_handler(pod: Pod, path: FieldPath, handler: dict[str, Any], known: tuple[str, ...]) -> None:
    report = pod.report
    given = [name for name in known if handler.get(name) is not None]
    if not given:
        report.add(RULE, path, f"one of {', '.join(known)} is required")
    elif len(given) > 1:
        report.add(RULE, path, f"{' and '.join(given)} exclude each other", "keep one of them")
    elif isinstance(action := handler[given[0]], dict):
        _check_action(pod, (*path, given[0]), given[0], action)


def _check_action(pod: Pod, path: FieldPath, name: str, action: dict[str, Any]) -> None:
    report = pod.report
    if name == "exec":
        if not sequence(action.get("command")) and not isinstance(action.get("command"), (str, dict)):
            report.add(RULE, (*path, "command"), "command is required", "set command")
    elif name == "httpGet":
        check_port(report, RULE, (*path, "port"), action.get("port"))
        if action.get("scheme") != "":
            report.one_of(RULE, (*path, "scheme"), action.get("scheme"), ("HTTP", "HTTPS"))
        for where, header in items(action.get("httpHeaders"), (*path, "httpHeaders")):
            _check_header(report, where, header)
    elif name == "sleep":
        _check_sleep(pod, path, action)
    else:
        check_port(report, RULE, (*path, "port"), action.get("port"))


def _check_header(report: Report, path: FieldPath, header: dict[str, Any]) -> None:
    name = header.get("name")
    if (name is None or isinstance(name, str)) and (reason := names.http_header(name or "")):
        report.add(RULE, (*path, "name"), f"header name {name or ''!r} {reason}")


def _check_sleep(pod: Pod, path: FieldPath, action: dict[str, Any]) -> None:
    seconds, grace = integer(action.get("seconds")), pod.grace_seconds
    if seconds is not None and grace is not None and not 0 <= seconds <= grace:
        message = f"seconds {seconds} is not between 0 and terminationGracePeriodSeconds ({grace})"
        pod.report.add(RULE, (*path, "seconds"), message)


def check_port(report: Report, rule: str, path: FieldPath, port: Any) -> None:
    """Judge a port that is given by number or by name; one that is missing is 0."""
    if isinstance(port, str):
        if reason := names.port_name(port):
            report.add(rule, path, f"port name {port!r} {reason}")
    elif (number := 0 if port is None else integer(port)) is not None and number not in PORTS:
        report.add(rule, path, f"port {number} is not between 1 and 65535")
