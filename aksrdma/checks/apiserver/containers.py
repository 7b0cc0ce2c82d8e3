"""Containers of a pod: regular, init and sidecar ones.

Source: validateContainers and validateInitContainers in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.environment import check_env, check_env_from
from aksrdma.checks.apiserver.mounts import check_mounts
from aksrdma.checks.apiserver.probes import PORTS, RULE, check_no_probes, check_probes
from aksrdma.checks.apiserver.resources import check_resources
from aksrdma.checks.apiserver.security import check_container_security
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, items, text

_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES: Final = ("FallbackToLogsOnError", "File")
_RESIZE_POLICIES: Final = ("NotRequired", "RestartContainer")


def check_containers(pod: Pod) -> None:
    """Judge all containers of a pod."""
    containers, path = pod.spec.get("containers"), (*pod.path, "containers")
    if containers is None or containers == []:
        pod.report.add(RULE, path, "at least one container is required", "add a container")
    claims = pod.claims if "resourceClaims" in pod.spec else ()
    seen: set[str] = set()
    host_ports: set[tuple[str, str, int]] = set()
    for where, container in items(containers, path):
        _check_container(pod, where, container, claims, seen, host_ports)
        check_probes(pod, where, container)
    for where, container in items(pod.spec.get("initContainers"), (*pod.path, "initContainers")):
        _check_container(pod, where, container, claims, seen, set())
        _check_init(pod, where, container)


def _check_init(pod: Pod, path: FieldPath, container: dict[str, Any]) -> None:
    # Kubernetes 1.34 drops a restartPolicy of its own from every container but a sidecar, so none is wrong.
    if container.get("restartPolicy") == "Always":
        check_probes(pod, path, container)
    else:
        check_no_probes(pod.report, path, container)


def _check_container(
    pod: Pod,
    path: FieldPath,
    container: dict[str, Any],
    claims: Any,
    seen: set[str],
    host_ports: set[tuple[str, str, int]],
) -> None:
    _check_identity(pod, path, container, seen)
    get = container.get
    if value := get("env"):
        check_env(pod.report, (*path, "env"), value)
    if value := get("resources"):
        check_resources(pod.report, (*path, "resources"), value, claims)
    if get("volumeMounts") or get("volumeDevices"):
        check_mounts(pod, path, container)
    if isinstance(value := get("securityContext"), dict):
        check_container_security(pod, (*path, "securityContext"), value)
    if value := get("ports"):
        _check_ports(pod, path, value, host_ports)
    if value := get("envFrom"):
        check_env_from(pod.report, (*path, "envFrom"), value)
    if value := get("imagePullPolicy"):
        pod.report.one_of(RULE, (*path, "imagePullPolicy"), value, _PULL_POLICIES)
    if value := get("terminationMessagePolicy"):
        pod.report.one_of(RULE, (*path, "terminationMessagePolicy"), value, _MESSAGE_POLICIES)
    if value := get("resizePolicy"):
        _check_resize(pod, (*path, "resizePolicy"), value)


def _check_identity(pod: Pod, path: FieldPath, container: dict[str, Any], seen: set[str]) -> None:
    report, name, image = pod.report, container.get("name"), container.get("image")
    if absent(name):
        report.add(RULE, (*path, "name"), "name of the container is required", "set name")
    elif isinstance(name, str):
        if reason := names.dns_label(name):
            report.add(RULE, (*path, "name"), f"container name {name!r} {reason}")
        if name in seen:
            report.add(RULE, (*path, "name"), f"container name {name!r} is used twice", "give each its own name")
        seen.add(name)
    if absent(image):
        report.add(RULE, (*path, "image"), "image is required", "set image")
    elif pod.is_pod and isinstance(image, str) and image != image.strip():
        report.add(RULE, (*path, "image"), f"image {image!r} has blanks around it", "remove the blanks")


def _check_ports(pod: Pod, path: FieldPath, ports: Any, host_ports: set[tuple[str, str, int]]) -> None:
    seen: set[str] = set()
    for where, port in items(ports, (*path, "ports")):
        _check_port(pod, where, port)
        if (name := text(port.get("name"))) and (reason := names.port_name(name)):
            pod.report.add(RULE, (*where, "name"), f"port name {name!r} {reason}")
        elif name and name in seen:
            pod.report.add(RULE, (*where, "name"), f"port name {name!r} is used twice", "give each port its own name")
        seen.add(name)
        number = port.get("hostPort")
        if not number and pod.host_network and pod.is_pod:
            number = port.get("containerPort")
        if type(number) is int and number:
            key = (text(port.get("protocol")) or "TCP", text(port.get("hostIP")), number)
            if key in host_ports:
                pod.report.add(RULE, (*where, "hostPort"), f"host port {number} is used twice")
            host_ports.add(key)


def _check_port(pod: Pod, path: FieldPath, port: dict[str, Any]) -> None:
    report, number, host = pod.report, port.get("containerPort"), port.get("hostPort")
    if number is None or (type(number) is int and number not in PORTS):
        report.add(RULE, (*path, "containerPort"), f"containerPort {number or 0} is not between 1 and 65535")
    if type(host) is int and host:
        if host not in PORTS:
            report.add(RULE, (*path, "hostPort"), f"hostPort {host} is not between 1 and 65535")
        elif pod.host_network and host != number and "initContainers" not in path:
            message = f"hostPort {host} must equal containerPort with hostNetwork: true"
            report.add(RULE, (*path, "hostPort"), message, "remove hostPort")
    if protocol := port.get("protocol"):
        report.one_of(RULE, (*path, "protocol"), protocol, _PROTOCOLS)


def _check_resize(pod: Pod, path: FieldPath, policies: Any) -> None:
    seen: set[str] = set()
    for where, policy in items(policies, path):
        pod.report.required(RULE, where, policy, "resourceName", "restartPolicy")
        name, restart = policy.get("resourceName"), policy.get("restartPolicy")
        if name:
            pod.report.one_of(RULE, (*where, "resourceName"), name, ("cpu", "memory"))
        if restart:
            pod.report.one_of(RULE, (*where, "restartPolicy"), restart, _RESIZE_POLICIES)
        if text(name) in seen:
            pod.report.add(RULE, where, f"resource {name} is listed twice", "keep one of them")
        seen.add(text(name))
        if pod.restart_policy == "Never" and restart == "RestartContainer":
            message = "restartPolicy must be NotRequired where the pod's is Never"
            pod.report.add(RULE, (*where, "restartPolicy"), message)
