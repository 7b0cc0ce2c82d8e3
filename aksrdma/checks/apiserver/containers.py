"""Containers of a pod, regular, init and sidecar ones: environment, ports, probes, lifecycle, mounts.

Source: validateContainers and validateInitContainers in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from aksrdma.checks.apiserver.fields import PORTS, check_fields
from aksrdma.checks.apiserver.judging import Pod, Report, check_relative, steps_back
from aksrdma.checks.apiserver.resources import check_quantity, check_resources
from aksrdma.checks.apiserver.security import check_container_security
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import canonical
from aksrdma.kube.resources import HUGE_PAGES
from aksrdma.kube.values import absent, integer, items, mapping, sequence, text
from aksrdma.nearest import hint

RULE: Final = "invalid-container"
_MOUNTS: Final = "invalid-volumes"
_ENV_SOURCES: Final = ("configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef")
_ENV_FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        # The old name of spec.nodeName, which v1 still translates.
        "spec.host",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
FILE_FIELDS: Final = frozenset(
    {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"}
)
"""Fields of a pod that a downward API volume can hold."""
_RESOURCES: Final = frozenset(
    f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
_PAGES: Final = (f"limits.{HUGE_PAGES}", f"requests.{HUGE_PAGES}")
# The divisor is compared as text once Go has brought it into its shortest form, so 1000m counts as 1.
_CPU_DIVISORS: Final = frozenset({"1", "1m"})
_DIVISORS: Final = frozenset({"1", *(f"1{power}{binary}" for power in "MGTPE" for binary in ("", "i")), "1k", "1Ki"})
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLED: Final = (*_PROBES, "lifecycle")
_PROBE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")
_LIFECYCLE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "sleep")


def check_containers(pod: Pod) -> None:
    """Judge all containers of a pod."""
    if pod.spec.get("containers") in (None, []):
        where = (*pod.path, "containers")
        pod.report.add(RULE, where, "at least one container is required", "add a container")
    claims = pod.claims if "resourceClaims" in pod.spec else ()
    seen: set[str] = set()
    host_ports: set[tuple[str, str, int]] = set()
    for where, container in pod.containers():
        _check_container(pod, where, container, claims, seen)
        if "ports" in container:
            _check_ports(pod, where, container["ports"], host_ports)
        _check_probes(pod, where, container)
    for where, container in pod.containers("initContainers"):
        _check_container(pod, where, container, claims, seen)
        if "ports" in container:
            # Init containers run one after the other, so each may take the host ports of another.
            _check_ports(pod, where, container["ports"], set(), init=True)
        # Kubernetes 1.34 drops a restartPolicy of its own from every container but a sidecar, so none is wrong.
        if container.get("restartPolicy") == "Always":
            _check_probes(pod, where, container)
            continue
        for name in _HANDLED:
            if container.get(name) is not None:
                message = f"an init container has no {name} unless its restartPolicy is Always"
                pod.report.add(RULE, (*where, name), message, f"remove {name}")


def _check_container(
    pod: Pod, path: FieldPath, container: dict[str, Any], claims: Collection[str], seen: set[str]
) -> None:
    report, name, image = pod.report, text(container.get("name")), text(container.get("image"))
    check_fields(report, path, container, "Container")
    if name and name in seen:
        report.add(RULE, (*path, "name"), f"container name {name!r} is used twice", "give each its own name")
    seen.add(name)
    # validateContainerOnlyForPod: a template may have them.
    if pod.is_pod and image != image.strip():
        report.add(RULE, (*path, "image"), f"image {image!r} has blanks around it", "remove the blanks")
    if value := container.get("env"):
        for where, variable in items(value, (*path, "env")):
            if isinstance(source := variable.get("valueFrom"), dict):
                _check_env_source(report, (*where, "valueFrom"), source, variable)
    for where, source in items(container.get("envFrom"), (*path, "envFrom")):
        if (source.get("configMapRef") is None) == (source.get("secretRef") is None):
            report.add(
                RULE,
                where,
                "envFrom needs exactly one of configMapRef and secretRef",
                "keep one of them, in an item of its own where both are meant",
            )
    if value := container.get("resources"):
        check_resources(report, (*path, "resources"), value, claims)
    if container.get("volumeMounts") or container.get("volumeDevices"):
        _check_mounts(pod, path, container)
    if isinstance(value := container.get("securityContext"), dict):
        check_container_security(pod, (*path, "securityContext"), value)
    if value := container.get("resizePolicy"):
        _check_resize(pod, (*path, "resizePolicy"), value)


def _check_ports(
    pod: Pod, path: FieldPath, ports: Any, host_ports: set[tuple[str, str, int]], *, init: bool = False
) -> None:
    report = pod.report
    seen: set[str] = set()
    for where, port in items(ports, (*path, "ports")):
        name, number, host = text(port.get("name")), port.get("containerPort"), port.get("hostPort")
        if name and name in seen and not names.port_name(name):
            report.add(RULE, (*where, "name"), f"port name {name!r} is used twice", "give each port its own name")
        seen.add(name)
        if pod.host_network and not init and type(host) is int and host in PORTS and host != number:
            message = f"hostPort {host} must equal containerPort with hostNetwork: true"
            report.add(RULE, (*where, "hostPort"), message, "remove hostPort")
        if not host and pod.host_network and pod.is_pod:
            host = number  # the default; a template has none
        if type(host) is int and host:
            key = (text(port.get("protocol")) or "TCP", text(port.get("hostIP")), host)
            if key in host_ports:
                report.add(
                    RULE,
                    (*where, "hostPort"),
                    f"host port {host} is used twice",
                    "leave hostPort out of one of them, or change it",
                )
            host_ports.add(key)


def _check_resize(pod: Pod, path: FieldPath, policies: Any) -> None:
    seen: set[str] = set()
    for where, policy in items(policies, path):
        name = text(policy.get("resourceName"))
        if name in seen:
            pod.report.add(RULE, where, f"resource {policy.get('resourceName')} is listed twice", "keep one of them")
        seen.add(name)
        if pod.spec.get("restartPolicy") == "Never" and policy.get("restartPolicy") == "RestartContainer":
            message = "restartPolicy must be NotRequired where the pod's is Never"
            pod.report.add(RULE, (*where, "restartPolicy"), message, "set it to NotRequired")


def _check_env_source(report: Report, path: FieldPath, source: dict[str, Any], variable: dict[str, Any]) -> None:
    given = [name for name in _ENV_SOURCES if source.get(name) is not None]
    if not given and source.get("fileKeyRef") is not None and report.taken_since("v1.35"):
        return  # before that, a server drops it: its feature is off
    if not given:
        report.add(
            RULE, path, f"valueFrom needs one of {', '.join(_ENV_SOURCES)}", "name one of them, or write value instead"
        )
    elif text(variable.get("value")):
        report.add(RULE, path, "value and valueFrom exclude each other", "remove one of them")
    elif len(given) > 1:
        report.add(RULE, path, f"{' and '.join(given)} exclude each other", "keep one of them")
    if isinstance(reference := source.get("fieldRef"), dict):
        check_field_reference(report, (*path, "fieldRef"), reference, _ENV_FIELDS)
    if isinstance(reference := source.get("resourceFieldRef"), dict):
        check_resource_reference(report, (*path, "resourceFieldRef"), reference)


def check_field_reference(report: Report, path: FieldPath, reference: dict[str, Any], known: frozenset[str]) -> None:
    """Judge a `fieldRef`, which may name one of `known` or a single label or annotation."""
    version, field = text(reference.get("apiVersion")), reference.get("fieldPath")
    if version not in ("", "v1"):
        report.add(RULE, (*path, "apiVersion"), f"apiVersion {version!r} is not v1", "remove apiVersion")
    elif absent(field):
        report.add(RULE, (*path, "fieldPath"), "fieldPath is required", "set fieldPath")
    elif isinstance(field, str) and (reason := _field_problem(field, known)):
        report.add(
            RULE,
            (*path, "fieldPath"),
            f"fieldPath {field!r} {reason}",
            "name one of " + ", ".join(sorted(known)) + " or one label or annotation as metadata.labels['KEY']",
        )


def _field_problem(field: str, known: frozenset[str]) -> str | None:
    head, bracket, rest = field.partition("['")
    if not (head and bracket and rest.endswith("']")):
        return None if field in known else "names no field that can be read here"
    if head == "metadata.annotations":
        return names.annotation_key(rest[:-2])
    if head == "metadata.labels":
        return names.qualified_name(rest[:-2])
    return "takes no ['key']"


def check_resource_reference(
    report: Report, path: FieldPath, reference: dict[str, Any], *, in_volume: bool = False
) -> None:
    """Judge a `resourceFieldRef`: which resource, and by what it is divided; in a volume, of which container."""
    resource = text(reference.get("resource"))
    known = resource in _RESOURCES or resource.startswith(_PAGES)
    if in_volume and absent(reference.get("containerName")):
        report.add(RULE, (*path, "containerName"), "containerName is required", "set containerName")
    elif not known:
        report.add(RULE, (*path, "resource"), f"resource {resource!r} cannot be read", "name limits.cpu or the like")
    if (divisor := reference.get("divisor")) is None:
        return
    amount = check_quantity(report, RULE, (*path, "divisor"), divisor)
    divisors = _CPU_DIVISORS if resource.endswith(".cpu") else _DIVISORS
    if known and amount is not None and amount.nano and canonical(divisor) not in divisors:
        message = f"divisor {divisor} is not supported for {resource}"
        report.add(RULE, (*path, "divisor"), message, f"use one of {', '.join(sorted(divisors))}")


def _check_probes(pod: Pod, path: FieldPath, container: dict[str, Any]) -> None:
    """Judge the probes and lifecycle of a container that may have them."""
    report = pod.report
    if container.keys().isdisjoint(_HANDLED):
        return
    for name in _PROBES:
        probe, where = container.get(name), (*path, name)
        if not isinstance(probe, dict):
            continue
        _check_handler(pod, where, probe, _PROBE_HANDLERS)
        grace, successes = probe.get("terminationGracePeriodSeconds"), integer(probe.get("successThreshold"))
        if name == "readinessProbe":
            if grace is not None:
                message = "a readiness probe has no terminationGracePeriodSeconds"
                report.add(RULE, (*where, "terminationGracePeriodSeconds"), message, "remove it")
            continue
        # 0 is no way to leave it out here: the field is a pointer.
        if type(grace) is int and grace <= 0:
            report.add(RULE, (*where, "terminationGracePeriodSeconds"), f"{grace} is not above 0", "use 1 or more")
        if successes is not None and successes > 1:
            message = f"successThreshold of a {name} must be 1"
            report.add(RULE, (*where, "successThreshold"), message, "remove it")
    for name in ("postStart", "preStop"):
        if isinstance(handler := mapping(container.get("lifecycle")).get(name), dict):
            _check_handler(pod, (*path, "lifecycle", name), handler, _LIFECYCLE_HANDLERS)


def _check_handler(pod: Pod, path: FieldPath, handler: dict[str, Any], known: tuple[str, ...]) -> None:
    report = pod.report
    given = [name for name in known if handler.get(name) is not None]
    if not given:
        report.add(
            RULE,
            path,
            f"one of {', '.join(known)} is required",
            f"set {known[0]} or another of them, or remove {path[-1]}",
        )
        return
    if len(given) > 1:
        report.add(RULE, path, f"{' and '.join(given)} exclude each other", "keep one of them")
        return
    (name,) = given
    action, where = handler[name], (*path, name)
    if not isinstance(action, dict):
        return
    if name == "exec":
        command = action.get("command")
        if not sequence(command) and not isinstance(command, (str, dict)):
            report.add(RULE, (*where, "command"), "command is required", "set command")
    elif name == "sleep":
        seconds, grace = integer(action.get("seconds")), pod.grace_seconds
        if seconds is not None and grace is not None and not 0 <= seconds <= grace:
            message = f"seconds {seconds} is not between 0 and terminationGracePeriodSeconds ({grace})"
            report.add(RULE, (*where, "seconds"), message, "sleep less, or raise terminationGracePeriodSeconds")
    else:
        check_port(report, RULE, (*where, "port"), action.get("port"))
        if name == "httpGet":
            check_fields(report, where, action, "HTTPGetAction")


def check_port(report: Report, rule: str, path: FieldPath, port: Any) -> None:
    """Judge a port that is given by number or by name; one that is missing is 0."""
    if isinstance(port, str):
        if reason := names.port_name(port):
            report.add(rule, path, f"port name {port!r} {reason}", names.fix(port, names.port_name))
    elif (number := 0 if port is None else integer(port)) is not None and number not in PORTS:
        report.add(
            rule,
            path,
            f"port {number} is not between 1 and 65535",
            "set the number or the name of the port on which the container listens",
        )


def _check_mounts(pod: Pod, path: FieldPath, container: dict[str, Any]) -> None:
    seen: set[str] = set()
    mounts = list(items(container.get("volumeMounts"), (*path, "volumeMounts")))
    for where, mount in mounts:
        name, place = text(mount.get("name")), text(mount.get("mountPath"))
        if name in pod.dropped:
            continue
        if name and name not in pod.volumes and pod.all_volumes:
            message = f"the pod has no volume {name!r}{hint(name, pod.volumes)}"
            pod.report.add(_MOUNTS, (*where, "name"), message, "name a volume of spec.volumes")
        if place and place in seen:
            pod.report.add(_MOUNTS, (*where, "mountPath"), f"{place!r} is mounted twice", "use another mountPath")
        seen.add(place)
        if len(mount) > 2:  # more than name and mountPath
            _check_mount_options(pod, where, mount, container)
    if container.get("volumeDevices"):
        taken = {text(mount.get(field)) for _, mount in mounts for field in ("name", "mountPath")}
        _check_devices(pod, (*path, "volumeDevices"), container["volumeDevices"], taken)


def _check_mount_options(pod: Pod, path: FieldPath, mount: dict[str, Any], container: dict[str, Any]) -> None:
    report, propagation, recursive = pod.report, mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    for field in ("subPath", "subPathExpr"):
        check_relative(report, _MOUNTS, (*path, field), text(mount.get(field)))
    if text(mount.get("subPath")) and text(mount.get("subPathExpr")):
        report.add(_MOUNTS, (*path, "subPathExpr"), "subPath and subPathExpr exclude each other", "keep one of them")
    if propagation == "Bidirectional" and mapping(container.get("securityContext")).get("privileged") is not True:
        message = "mountPropagation Bidirectional needs a privileged container"
        report.add(_MOUNTS, (*path, "mountPropagation"), message, "set securityContext.privileged to true")
    plain = mount.get("readOnly") is True and propagation in (None, "None")
    if recursive in ("Enabled", "IfPossible") and not plain:
        message = f"recursiveReadOnly {recursive} needs readOnly: true and no mountPropagation"
        report.add(_MOUNTS, (*path, "recursiveReadOnly"), message, "set readOnly: true and leave mountPropagation out")


def _check_devices(pod: Pod, path: FieldPath, devices: Any, taken: set[str]) -> None:
    report = pod.report
    for where, device in items(devices, path):
        name = text(device.get("name"))
        source = pod.volumes.get(name)
        if name and source is None and pod.all_volumes:
            report.add(
                _MOUNTS,
                (*where, "name"),
                f"the pod has no volume {name!r}{hint(name, pod.volumes)}",
                "add the volume to spec.volumes, or name one of them",
            )
        elif source is not None and source.get("persistentVolumeClaim") is None and source.get("ephemeral") is None:
            report.add(
                _MOUNTS,
                (*where, "name"),
                f"volume {name!r} is no claim, so it cannot be a block device",
                "mount it with volumeMounts, or make it a persistentVolumeClaim with volumeMode Block",
            )
        if steps_back(text(device.get("devicePath"))):
            message = f"devicePath {device['devicePath']!r} must not hold '..'"
            report.add(_MOUNTS, (*where, "devicePath"), message, "write the path without '..'")
        for field in ("name", "devicePath"):
            value = text(device.get(field))
            if value and value in taken:
                report.add(_MOUNTS, (*where, field), f"{value!r} is used twice in this container", "use another one")
            taken.add(value)
    if not pod.host_users:
        report.add(
            _MOUNTS,
            path,
            "volumeDevices do not go with hostUsers: false",
            "remove hostUsers, or mount the volume as files with volumeMounts",
        )
