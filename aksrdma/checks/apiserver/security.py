"""Security contexts, and the annotations that came before them.

Source: ValidateSecurityContext and its neighbours in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.fields import INT32_MAX, Report
from aksrdma.checks.apiserver.paths import check_relative
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, items, mapping, sequence, text

RULE: Final = "invalid-security-context"
_PROFILES: Final = ("Localhost", "RuntimeDefault", "Unconfined")
_SECCOMP_POD: Final = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER: Final = "container.seccomp.security.alpha.kubernetes.io/"
_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_IPC_SYSCTLS: Final = ("fs.mqueue.", "kernel.msg", "kernel.shm")
_LOCALHOST: Final = "localhost/"
_PATH_MAX: Final = 4095


def check_container_security(pod: Pod, path: FieldPath, context: dict[str, Any]) -> None:
    """Judge `securityContext` of a container."""
    report = pod.report
    pod.windows = pod.windows or "windowsOptions" in context
    _check_ids(report, path, context, "runAsUser", "runAsGroup")
    mount = context.get("procMount")
    report.one_of(RULE, (*path, "procMount"), mount, ("Default", "Unmasked"))
    if mount == "Unmasked" and pod.host_users:
        report.add(
            RULE, (*path, "procMount"), "procMount Unmasked needs hostUsers: false", "set spec.hostUsers to false"
        )
    if context.get("allowPrivilegeEscalation") is False:
        _check_escalation(report, path, context)
    _check_profiles(report, path, context)


def _check_escalation(report: Report, path: FieldPath, context: dict[str, Any]) -> None:
    where = (*path, "allowPrivilegeEscalation")
    if context.get("privileged") is True:
        report.add(RULE, where, "a privileged container cannot forbid privilege escalation", "remove one of the two")
    if "CAP_SYS_ADMIN" in sequence(mapping(context.get("capabilities")).get("add")):
        report.add(RULE, where, "CAP_SYS_ADMIN cannot go with allowPrivilegeEscalation: false", "remove one of the two")


def check_pod_security(pod: Pod) -> None:
    """Judge `securityContext` of a pod."""
    report, path, context = pod.report, (*pod.path, "securityContext"), pod.security
    pod.windows = pod.windows or "windowsOptions" in context
    _check_ids(report, path, context, "fsGroup", "runAsUser", "runAsGroup")
    for index, group in enumerate(sequence(context.get("supplementalGroups"))):
        if type(group) is int and not 0 <= group <= INT32_MAX:
            report.add(RULE, (*path, "supplementalGroups", index), f"group {group} is not between 0 and {INT32_MAX}")
    for where, sysctl in items(context.get("sysctls"), (*path, "sysctls")):
        _check_sysctl(pod, where, sysctl)
    _check_repeated(report, path, context)
    report.one_of(
        RULE, (*path, "fsGroupChangePolicy"), context.get("fsGroupChangePolicy"), ("Always", "OnRootMismatch")
    )
    report.one_of(
        RULE, (*path, "supplementalGroupsPolicy"), context.get("supplementalGroupsPolicy"), ("Merge", "Strict")
    )
    report.one_of(RULE, (*path, "seLinuxChangePolicy"), context.get("seLinuxChangePolicy"), ("Recursive",))
    _check_profiles(report, path, context)


def _check_ids(report: Report, path: FieldPath, context: dict[str, Any], *fields: str) -> None:
    for field in fields:
        value = context.get(field)
        if type(value) is int and not 0 <= value <= INT32_MAX:
            report.add(RULE, (*path, field), f"{field} {value} is not between 0 and {INT32_MAX}")


def _check_sysctl(pod: Pod, path: FieldPath, sysctl: dict[str, Any]) -> None:
    name = text(sysctl.get("name"))
    if absent(sysctl.get("name")):
        pod.report.add(RULE, (*path, "name"), "name of the sysctl is required", "set name")
    elif name and (reason := names.sysctl_name(name)):
        pod.report.add(RULE, (*path, "name"), f"sysctl {name!r} {reason}")
    dotted = _with_dots(name)
    if pod.host_network and dotted.startswith("net."):
        pod.report.add(RULE, (*path, "name"), f"sysctl {name} cannot be set with hostNetwork: true")
    elif pod.spec.get("hostIPC") is True and (dotted == "kernel.sem" or dotted.startswith(_IPC_SYSCTLS)):
        pod.report.add(RULE, (*path, "name"), f"sysctl {name} cannot be set with hostIPC: true")


def _with_dots(name: str) -> str:
    """Return a sysctl with '.' between its parts: what separates them is whichever of '.' and '/' comes first."""
    first = next((letter for letter in name if letter in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("./", "/."))


def _check_repeated(report: Report, path: FieldPath, context: dict[str, Any]) -> None:
    seen: set[str] = set()
    for where, sysctl in items(context.get("sysctls"), (*path, "sysctls")):
        name = text(sysctl.get("name"))
        if name and name in seen:
            report.add(RULE, (*where, "name"), f"sysctl {name} is set twice", "keep one of them")
        seen.add(name)


def _check_profiles(report: Report, path: FieldPath, context: dict[str, Any]) -> None:
    if isinstance(profile := context.get("seccompProfile"), dict):
        _check_profile(report, (*path, "seccompProfile"), profile)
        if (local := text(profile.get("localhostProfile"))) and profile.get("type") == "Localhost":
            check_relative(report, RULE, (*path, "seccompProfile", "localhostProfile"), local)
    if isinstance(profile := context.get("appArmorProfile"), dict):
        _check_profile(report, (*path, "appArmorProfile"), profile)
        name = profile.get("localhostProfile")
        if isinstance(name, str) and profile.get("type") == "Localhost" and _is_bad_profile_name(name):
            where = (*path, "appArmorProfile", "localhostProfile")
            report.add(RULE, where, f"localhostProfile {name!r} is empty, padded or too long")


def _is_bad_profile_name(name: str) -> bool:
    return not name or name != name.strip() or len(name.encode(errors="replace")) > _PATH_MAX


def _check_profile(report: Report, path: FieldPath, profile: dict[str, Any]) -> None:
    report.required(RULE, path, profile, "type")
    kind, local = profile.get("type"), profile.get("localhostProfile")
    if kind:
        report.one_of(RULE, (*path, "type"), kind, _PROFILES)
    if kind == "Localhost" and local is None:
        report.add(RULE, (*path, "localhostProfile"), "type Localhost needs a localhostProfile", "set localhostProfile")
    elif kind in _PROFILES[1:] and local is not None:
        report.add(RULE, (*path, "localhostProfile"), f"localhostProfile does not go with type {kind}", "remove it")


def check_profile_annotations(pod: Pod, path: FieldPath) -> None:
    """Judge the annotations for seccomp and AppArmor that came before the security context."""
    found = False
    for key, value in mapping(pod.metadata.get("annotations")).items():
        value = "" if value is None else value
        if "security." not in key or not isinstance(value, str):
            continue
        where = (*path, "annotations", key)
        if key == _SECCOMP_POD or key.startswith(_SECCOMP_CONTAINER):
            _check_seccomp(pod.report, where, value)
        elif key.startswith(_APPARMOR):
            _check_apparmor(pod, where, key.removeprefix(_APPARMOR), value)
        else:
            continue
        found = True
    if found:
        _check_agreement(pod)


def _check_seccomp(report: Report, path: FieldPath, value: str) -> None:
    if value.startswith(_LOCALHOST):
        check_relative(report, RULE, path, value.removeprefix(_LOCALHOST))
    elif value not in ("docker/default", "runtime/default", "unconfined"):
        report.add(RULE, path, f"{value!r} is no seccomp profile", "use securityContext.seccompProfile instead")


def _check_apparmor(pod: Pod, path: FieldPath, container: str, value: str) -> None:
    if not any(one.get("name") == container for _, one in _all_containers(pod)):
        pod.report.add(RULE, path, f"the pod has no container {container!r}")
    if value not in ("", "runtime/default", "unconfined") and not value.startswith(_LOCALHOST):
        pod.report.add(RULE, path, f"{value!r} is no AppArmor profile", "use securityContext.appArmorProfile instead")


def _all_containers(pod: Pod) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from items(pod.spec.get(field), (*pod.path, field))


def _check_agreement(pod: Pod) -> None:
    _agree(pod, (*pod.path, "securityContext", "seccompProfile"), pod.security.get("seccompProfile"), _SECCOMP_POD)
    for path, container in _all_containers(pod):
        own, name = mapping(container.get("securityContext")), text(container.get("name"))
        where = (*path, "securityContext")
        _agree(pod, (*where, "seccompProfile"), own.get("seccompProfile"), _SECCOMP_CONTAINER + name)
        if pod.os != "windows":
            profile = own.get("appArmorProfile") or pod.security.get("appArmorProfile")
            _agree(pod, (*where, "appArmorProfile"), profile, _APPARMOR + name)


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
        pod.report.add(
            RULE, path, f"the profile and the annotation {key} say different things", "remove the annotation"
        )
