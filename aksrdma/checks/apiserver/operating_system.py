"""A pod that names its operating system can set only what that system has.

Source: validateOS, validateLinux and validateWindows in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.findings import FieldPath
from aksrdma.kube.values import items, mapping

RULE: Final = "invalid-pod"
_BOTH: Final = ("appArmorProfile", "runAsGroup", "runAsUser", "seLinuxOptions", "seccompProfile")
_POD_SECURITY: Final = (
    *_BOTH, "fsGroup", "fsGroupChangePolicy", "seLinuxChangePolicy", "supplementalGroups", "supplementalGroupsPolicy",
    "sysctls",
)  # fmt: skip
_CONTAINER_SECURITY: Final = (
    *_BOTH, "allowPrivilegeEscalation", "capabilities", "privileged", "procMount", "readOnlyRootFilesystem",
)  # fmt: skip
_POD: Final = ("hostUsers", "resources", "shareProcessNamespace")


def check_operating_system(pod: Pod) -> None:
    """Judge `os` of a pod, and the fields that its system does not have."""
    report, system = pod.report, mapping(pod.spec.get("os"))
    report.required(RULE, (*pod.path, "os"), system, "name")
    if not pod.os:
        return
    report.one_of(RULE, (*pod.path, "os", "name"), pod.os, ("linux", "windows"))
    if pod.os == "windows":
        given = {name: value for name, value in pod.spec.items() if value is not None}
        _refuse(pod, pod.path, given, _POD)
        _refuse(pod, pod.path, {name: value for name, value in given.items() if value is True}, ("hostIPC", "hostPID"))
    _check_security(pod, pod.path, pod.security, _POD_SECURITY)
    for field in ("initContainers", "containers"):
        for where, container in items(pod.spec.get(field), (*pod.path, field)):
            _check_security(pod, where, mapping(container.get("securityContext")), _CONTAINER_SECURITY)


def check_host_process(pod: Pod) -> None:
    """Judge a Windows pod whose containers are processes of the node: all of them are, and in its network."""
    own = mapping(pod.security.get("windowsOptions")).get("hostProcess")
    given = []
    for field in ("initContainers", "containers"):
        for _, container in items(pod.spec.get(field), ()):
            options = mapping(mapping(container.get("securityContext")).get("windowsOptions"))
            given.append(own if options.get("hostProcess") is None else options["hostProcess"])
    where = (*pod.path, "securityContext", "windowsOptions")
    if own is not None and any(one is not own for one in given):
        pod.report.add(RULE, where, "hostProcess differs between the pod and a container", "set it in one place")
    if any(one is True for one in given):
        if not all(one is True for one in given):
            pod.report.add(RULE, where, "hostProcess is set for some containers only", "set it for the pod")
        if not pod.host_network:
            pod.report.add(RULE, (*pod.path, "hostNetwork"), "hostProcess needs hostNetwork: true", "set hostNetwork")


def _check_security(pod: Pod, path: FieldPath, context: dict[str, Any], linux_only: tuple[str, ...]) -> None:
    foreign = linux_only if pod.os == "windows" else ("windowsOptions",) if pod.os == "linux" else ()
    given = {name: value for name, value in context.items() if value is not None}
    _refuse(pod, (*path, "securityContext"), given, foreign)


def _refuse(pod: Pod, path: FieldPath, given: dict[str, Any], foreign: tuple[str, ...]) -> None:
    for name in foreign:
        if name in given:
            pod.report.add(RULE, (*path, name), f"{name} cannot be set for a {pod.os} pod", f"remove {name}")
