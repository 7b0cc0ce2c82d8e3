"""Security contexts, and the annotations that came before them.

Source: ValidateSecurityContext and its neighbours in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import check_fields
from aksrdma.checks.apiserver.judging import Pod, Report, check_relative
from aksrdma.findings import FieldPath
from aksrdma.kube.values import items, mapping, sequence, text

RULE: Final = "invalid-security-context"
_SECCOMP_POD: Final = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER: Final = "container.seccomp.security.alpha.kubernetes.io/"
_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_IPC_SYSCTLS: Final = ("fs.mqueue.", "kernel.msg", "kernel.shm")
_LOCALHOST: Final = "localhost/"
_PATH_MAX: Final = 4095
_ALL_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")


def check_container_security(pod: Pod, path: FieldPath, context: dict[str, Any]) -> None:
    """Judge `securityContext` of a container."""
    report = pod.report
    if context.get("procMount") == "Unmasked" and pod.host_users:
        message = "procMount Unmasked needs hostUsers: false"
        report.add(RULE, (*path, "procMount"), message, "set spec.hostUsers to false")
    if context.get("allowPrivilegeEscalation") is False:
        where = (*path, "allowPrivilegeEscalation")
        if context.get("privileged") is True:
            message = "a privileged container cannot forbid privilege escalation"
            report.add(RULE, where, message, "remove one of the two")
        # Only the name with the prefix is told; without it the container runtime adds the same capability.
        if "CAP_SYS_ADMIN" in sequence(mapping(context.get("capabilities")).get("add")):
            message = "CAP_SYS_ADMIN cannot go with allowPrivilegeEscalation: false"
            report.add(RULE, where, message, "remove one of the two")
    _check_profiles(report, path, context)


def check_pod_security(pod: Pod) -> None:
    """Judge `securityContext` of a pod."""
    report, path, context = pod.report, (*pod.path, "securityContext"), pod.security
    check_fields(report, path, context, "PodSecurityContext")
    seen: set[str] = set()
    for where, sysctl in items(context.get("sysctls"), (*path, "sysctls")):
        name = text(sysctl.get("name"))
        dotted = _with_dots(name)
        if pod.host_network and dotted.startswith("net."):
            report.add(
                RULE,
                (*where, "name"),
                f"sysctl {name} cannot be set with hostNetwork: true",
                "remove the sysctl, or hostNetwork",
            )
        elif pod.spec.get("hostIPC") is True and (dotted == "kernel.sem" or dotted.startswith(_IPC_SYSCTLS)):
            report.add(
                RULE,
                (*where, "name"),
                f"sysctl {name} cannot be set with hostIPC: true",
                "remove the sysctl, or hostIPC",
            )
        if name and name in seen:
            report.add(RULE, (*where, "name"), f"sysctl {name} is set twice", "keep one of them")
        seen.add(name)
    _check_profiles(report, path, context)


def _with_dots(name: str) -> str:
    """Return a sysctl with '.' between its parts: what separates them is whichever of '.' and '/' comes first."""
    first = next((letter for letter in name if letter in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("./", "/."))


def _check_profiles(report: Report, path: FieldPath, context: dict[str, Any]) -> None:
    for field in ("seccompProfile", "appArmorProfile"):
        profile, where = context.get(field), (*path, field, "localhostProfile")
        if not isinstance(profile, dict):
            continue
        kind, local = profile.get("type"), profile.get("localhostProfile")
        if kind == "Localhost" and local is None:
            report.add(RULE, where, "type Localhost needs a localhostProfile", "set localhostProfile")
        elif kind in ("RuntimeDefault", "Unconfined") and local is not None:
            report.add(RULE, where, f"localhostProfile does not go with type {kind}", "remove it")
        elif kind == "Localhost" and isinstance(local, str) and field == "seccompProfile":
            check_relative(report, RULE, where, local)
        # An AppArmor profile has a name and no path, though its length is bounded like that of one.
        elif (kind == "Localhost" and isinstance(local, str)) and (
            not local or local != local.strip() or len(local.encode(errors="replace")) > _PATH_MAX
        ):
            report.add(
                RULE,
                where,
                f"localhostProfile {local!r} is empty, padded or too long",
                "write the name of a profile that the node has",
            )


def check_profile_annotations(pod: Pod, path: FieldPath) -> None:
    """Judge the annotations for seccomp and AppArmor that came before the security context."""
    report = pod.report
    found = False
    for key, value in mapping(pod.metadata.get("annotations")).items():
        value, where = "" if value is None else value, (*path, "annotations", key)
        if "security." not in key or not isinstance(value, str):
            continue
        if key == _SECCOMP_POD or key.startswith(_SECCOMP_CONTAINER):
            found = True
            if value.startswith(_LOCALHOST):
                check_relative(report, RULE, where, value.removeprefix(_LOCALHOST))
            elif value not in ("docker/default", "runtime/default", "unconfined"):
                message = f"{value!r} is no seccomp profile"
                report.add(RULE, where, message, "use securityContext.seccompProfile instead")
        elif key.startswith(_APPARMOR):
            found = True
            container = key.removeprefix(_APPARMOR)
            if not any(one.get("name") == container for _, one in pod.containers(*_ALL_CONTAINERS)):
                report.add(
                    RULE,
                    where,
                    f"the pod has no container {container!r}",
                    "name a container of the pod, or remove the annotation",
                )
            if value and not _is_apparmor(value):
                message = f"{value!r} is no AppArmor profile"
                report.add(RULE, where, message, "use securityContext.appArmorProfile instead")
    if found:
        _check_agreement(pod)


def _check_agreement(pod: Pod) -> None:
    """Judge whether annotations and security contexts name the same profiles."""
    _agree(pod, (*pod.path, "securityContext", "seccompProfile"), pod.security.get("seccompProfile"), _SECCOMP_POD)
    annotations = mapping(pod.metadata.get("annotations"))
    for path, container in pod.containers(*_ALL_CONTAINERS):
        own, name = mapping(container.get("securityContext")), text(container.get("name"))
        where = (*path, "securityContext")
        _agree(pod, (*where, "seccompProfile"), own.get("seccompProfile"), _SECCOMP_CONTAINER + name)
        profile = own.get("appArmorProfile")
        # Of a container without a profile, the server makes one of the annotation in a Pod; a template is left as it is.
        if not profile and not (pod.is_pod and _is_apparmor(annotations.get(_APPARMOR + name))):
            profile = pod.security.get("appArmorProfile")
        _agree(pod, (*where, "appArmorProfile"), profile, _APPARMOR + name)


def _is_apparmor(value: Any) -> bool:
    return isinstance(value, str) and (value in ("runtime/default", "unconfined") or value.startswith(_LOCALHOST))


def _agree(pod: Pod, path: FieldPath, profile: Any, key: str) -> None:
    value = mapping(pod.metadata.get("annotations")).get(key)
    if not isinstance(profile, dict) or not isinstance(value, str):
        return
    expected = {
        "Unconfined": ("unconfined",),
        "RuntimeDefault": ("runtime/default", "docker/default") if "seccomp" in key else ("runtime/default",),
        "Localhost": (f"{_LOCALHOST}{text(profile.get('localhostProfile'))}",),
    }.get(text(profile.get("type")))
    if expected and value not in expected:
        message = f"the profile and the annotation {key} say different things"
        pod.report.add(RULE, path, message, "remove the annotation")
