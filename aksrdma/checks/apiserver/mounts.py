"""Volume mounts and devices of a container against the volumes of its pod.

Source: ValidateVolumeMounts and ValidateVolumeDevices in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.paths import check_relative, steps_back
from aksrdma.checks.apiserver.projections import RULE
from aksrdma.findings import FieldPath
from aksrdma.kube.values import absent, items, mapping, text
from aksrdma.nearest import hint

_PROPAGATIONS: Final = ("Bidirectional", "HostToContainer", "None")
_READ_ONLY: Final = ("Disabled", "Enabled", "IfPossible")


def check_mounts(pod: Pod, path: FieldPath, container: dict[str, Any]) -> None:
    """Judge `volumeMounts` and `volumeDevices` of a container."""
    seen: set[str] = set()
    for where, mount in items(container.get("volumeMounts"), (*path, "volumeMounts")):
        if text(mount.get("name")) in pod.dropped:
            continue
        _check_mount(pod, where, mount, seen)
        if len(mount) > 2:
            _check_options(pod, where, mount, container)
    if container.get("volumeDevices"):
        _check_devices(pod, path, container)


def _check_mount(pod: Pod, path: FieldPath, mount: dict[str, Any], seen: set[str]) -> None:
    name, where = mount.get("name"), mount.get("mountPath")
    if absent(name):
        pod.report.add(RULE, (*path, "name"), "name of the volume is required", "set name")
    elif isinstance(name, str) and name not in pod.volumes:
        message = f"the pod has no volume {name!r}{hint(name, pod.volumes)}"
        pod.report.add(RULE, (*path, "name"), message, "name a volume of spec.volumes")
    if absent(where):
        pod.report.add(RULE, (*path, "mountPath"), "mountPath is required", "set mountPath")
    elif isinstance(where, str):
        if where in seen:
            pod.report.add(RULE, (*path, "mountPath"), f"{where!r} is mounted twice", "use another mountPath")
        seen.add(where)


def _check_options(pod: Pod, path: FieldPath, mount: dict[str, Any], container: dict[str, Any]) -> None:
    report, propagation = pod.report, mount.get("mountPropagation")
    for field in ("subPath", "subPathExpr"):
        check_relative(report, RULE, (*path, field), text(mount.get(field)))
    if text(mount.get("subPath")) and text(mount.get("subPathExpr")):
        report.add(RULE, (*path, "subPathExpr"), "subPath and subPathExpr exclude each other", "keep one of them")
    report.one_of(RULE, (*path, "mountPropagation"), propagation, _PROPAGATIONS)
    if propagation == "Bidirectional" and mapping(container.get("securityContext")).get("privileged") is not True:
        message = "mountPropagation Bidirectional needs a privileged container"
        report.add(RULE, (*path, "mountPropagation"), message, "set securityContext.privileged to true")
    recursive = mount.get("recursiveReadOnly")
    report.one_of(RULE, (*path, "recursiveReadOnly"), recursive, _READ_ONLY)
    if recursive in _READ_ONLY[1:] and (mount.get("readOnly") is not True or propagation not in (None, "None")):
        message = f"recursiveReadOnly {recursive} needs readOnly: true and no mountPropagation"
        report.add(RULE, (*path, "recursiveReadOnly"), message)


def _check_devices(pod: Pod, path: FieldPath, container: dict[str, Any]) -> None:
    mounts = [mount for _, mount in items(container.get("volumeMounts"), ())]
    taken = {text(mount.get("name")) for mount in mounts} | {text(mount.get("mountPath")) for mount in mounts}
    for where, device in items(container["volumeDevices"], (*path, "volumeDevices")):
        pod.report.required(RULE, where, device, "name", "devicePath")
        _check_device(pod, where, device)
        for field in ("name", "devicePath"):
            value = text(device.get(field))
            if value and value in taken:
                pod.report.add(RULE, (*where, field), f"{value!r} is used twice in this container", "use another one")
            taken.add(value)
    if not pod.host_users:
        pod.report.add(RULE, (*path, "volumeDevices"), "volumeDevices do not go with hostUsers: false")


def _check_device(pod: Pod, path: FieldPath, device: dict[str, Any]) -> None:
    name = text(device.get("name"))
    source = pod.volumes.get(name)
    if name and source is None:
        pod.report.add(RULE, (*path, "name"), f"the pod has no volume {name!r}{hint(name, pod.volumes)}")
    elif source is not None and source.get("persistentVolumeClaim") is None and source.get("ephemeral") is None:
        pod.report.add(RULE, (*path, "name"), f"volume {name!r} is no claim, so it cannot be a block device")
    if steps_back(text(device.get("devicePath"))):
        pod.report.add(RULE, (*path, "devicePath"), f"devicePath {device['devicePath']!r} must not hold '..'")
