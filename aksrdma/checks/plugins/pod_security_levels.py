"""The pod security levels baseline and restricted: what each version of them has against a pod, in the server's words.

Source: k8s.io/pod-security-admission/policy@v0.37.2; which checks there are is in `catalog/pod_security.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma.catalog import load
from aksrdma.findings import FieldPath
from aksrdma.kube.values import items, mapping, text, texts

_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD: Final = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER: Final = "container.seccomp.security.alpha.kubernetes.io/"
_LOCALHOST: Final = "localhost/"
_PROFILES: Final = frozenset({"Localhost", "RuntimeDefault"})
_PROBES: Final = (("livenessProbe",), ("readinessProbe",), ("startupProbe",))
_HANDLERS: Final = (*_PROBES, ("lifecycle", "postStart"), ("lifecycle", "preStop"))
_CONTEXT: Final = "securityContext"
_ADDED: Final[FieldPath] = (_CONTEXT, "capabilities", "add")


class Violation(NamedTuple):
    """What a check has against a pod."""

    reason: str
    """What is forbidden, as the API server prints it."""
    detail: str
    """Where, as the API server prints it in parentheses behind the reason."""
    path: FieldPath
    """The first place, below the pod or the pod template."""
    fix: str


class _Container(NamedTuple):
    path: FieldPath
    data: Mapping[str, Any]
    security: Mapping[str, Any]

    @property
    def name(self) -> str:
        return text(self.data.get("name"))


class _Pod:
    """A pod as the checks see it, at one version of the policy."""

    def __init__(self, metadata: Any, spec: Mapping[str, Any], version: int) -> None:
        annotations: dict[Any, Any] = mapping(mapping(metadata).get("annotations"))
        self.annotations = {key: text(value) for key, value in annotations.items() if isinstance(key, str)}
        self.spec = spec
        self.security = mapping(spec.get(_CONTEXT))
        self.version = version
        self.containers = [
            _Container(path, data, mapping(data.get(_CONTEXT)))
            for field in ("initContainers", "containers", "ephemeralContainers")
            for path, data in items(spec.get(field), ("spec", field))
        ]


_Found: TypeAlias = "tuple[str, str, FieldPath] | None"
"""Reason, detail and first place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """A row of the table."""

    id: str
    level: str
    fix: str
    since: int = 0
    until: int = 1_000_000
    not_on_windows: int | None = None
    not_in_user_namespaces: int | None = None
    instead_of: str = ""
    allowed: Mapping[str, int] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()

    def allows(self, value: str, version: int) -> bool:
        return value in self.allowed and self.allowed[value] <= version

    def spares(self, pod: _Pod) -> bool:
        on_windows = self.not_on_windows is not None and pod.version >= self.not_on_windows
        in_namespace = self.not_in_user_namespaces is not None and pod.version >= self.not_in_user_namespaces
        return (on_windows and mapping(pod.spec.get("os")).get("name") == "windows") or (
            in_namespace and pod.spec.get("hostUsers") is False
        )


@cache
def newest_version() -> int:
    """Return the minor version of the newest policy that is known."""
    newest: int = load.read("pod_security.yaml")["newest"]
    return newest


@cache
def _checks(level: str, version: int) -> tuple[_Check, ...]:
    rows = load.read("pod_security.yaml")["checks"]
    every = [_Check(**{**row, "forbidden": tuple(row.get("forbidden", ()))}) for row in rows]
    known = [one for one in every if one.level in ("baseline", level) and one.since <= version < one.until]
    replaced = {one.instead_of for one in known}
    return tuple(one for one in known if one.id not in replaced)


def violations(level: str, version: int, metadata: Any, spec: Mapping[str, Any]) -> list[Violation]:
    """Return what a level has against a pod, in the order of the API server; empty where it lets the pod pass.

    Args:
        level: `privileged`, `baseline` or `restricted`.
        version: The minor version of the policy; one above the newest counts as that.
        metadata: Metadata of the pod or template.
        spec: Its spec.
    """
    if level == "privileged":
        return []
    pod = _Pod(metadata, spec, min(version, newest_version()))
    found = []
    for check in _checks(level, pod.version):
        problem = None if check.spares(pod) else _JUDGES[check.id](pod, check)
        if problem is not None:
            found.append(Violation(*problem, check.fix))
    return found


def _quoted(names: Iterable[str]) -> str:
    listed = '", "'.join(names)
    return f'"{listed}"'


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _named(containers: list[_Container]) -> str:
    return f"{_plural('container', len(containers))} {_quoted(one.name for one in containers)}"


def _setters(pod: _Pod, wrong: Callable[[Mapping[str, Any]], bool]) -> tuple[list[str], FieldPath]:
    """Return who has a security context that is wrong, the pod and its containers, and where the first is."""
    whole, bad = wrong(pod.security), [one for one in pod.containers if wrong(one.security)]
    said = ["pod"] * whole + ([_named(bad)] if bad else [])
    return said, ("spec", _CONTEXT) if whole else ((*bad[0].path, _CONTEXT) if bad else ())


def _host_namespaces(pod: _Pod, check: _Check) -> _Found:
    fields = [field for field in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(field) is True]
    detail = ", ".join(f"{field}=true" for field in fields)
    return ("host namespaces", detail, ("spec", fields[0])) if fields else None


def _privileged(pod: _Pod, check: _Check) -> _Found:
    bad = [one for one in pod.containers if one.security.get("privileged") is True]
    detail = f"{_named(bad)} must not set securityContext.privileged=true"
    return ("privileged", detail, (*bad[0].path, _CONTEXT, "privileged")) if bad else None


def _added(container: _Container) -> list[str]:
    return texts(mapping(container.security.get("capabilities")).get("add"))


def _capabilities(pod: _Pod, check: _Check) -> _Found:
    bad: list[_Container] = []
    refused: set[str] = set()
    first: FieldPath = ()
    for one in pod.containers:
        wrong = [(at, name) for at, name in enumerate(_added(one)) if not check.allows(name, pod.version)]
        if wrong:
            first = first or (*one.path, *_ADDED, wrong[0][0])
            bad.append(one)
            refused.update(name for _, name in wrong)
    detail = f"{_named(bad)} must not include {_quoted(sorted(refused))} in securityContext.capabilities.add"
    return ("non-default capabilities", detail, first) if bad else None


def _capabilities_restricted(pod: _Pod, check: _Check) -> _Found:
    undropped = [
        one for one in pod.containers if "ALL" not in texts(mapping(one.security.get("capabilities")).get("drop"))
    ]
    details = [f'{_named(undropped)} must set securityContext.capabilities.drop=["ALL"]'] if undropped else []
    added = _capabilities(pod, check)
    details += [added[1]] if added else []
    path = added[2] if added else (*undropped[0].path, _CONTEXT) if undropped else ()
    return ("unrestricted capabilities", "; ".join(details), path) if details else None


def _host_path_volumes(pod: _Pod, check: _Check) -> _Found:
    bad = [(path, text(one.get("name"))) for path, one in _volumes(pod) if one.get("hostPath") is not None]
    detail = f"{_plural('volume', len(bad))} {_quoted(name for _, name in bad)}"
    return ("hostPath volumes", detail, (*bad[0][0], "hostPath")) if bad else None


def _volumes(pod: _Pod) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    return items(pod.spec.get("volumes"), ("spec", "volumes"))


def _restricted_volumes(pod: _Pod, check: _Check) -> _Found:
    bad: list[tuple[FieldPath, str]] = []
    types: set[str] = set()
    for path, volume in _volumes(pod):
        kind = next((kind for kind in check.forbidden if volume.get(kind) is not None), None)
        # One of no type is an emptyDir by default.
        if kind is not None and all(volume.get(other) is None for other in check.allowed):
            bad.append((path, text(volume.get("name"))))
            types.add(kind)
    uses = "uses" if len(bad) == 1 else "use"
    detail = (
        f"{_plural('volume', len(bad))} {_quoted(name for _, name in bad)} {uses} "
        f"{_plural('restricted volume type', len(types))} {_quoted(sorted(types))}"
    )
    return ("restricted volume types", detail, bad[0][0]) if bad else None


def _host_ports(pod: _Pod, check: _Check) -> _Found:
    bad: list[_Container] = []
    used: set[str] = set()
    first: FieldPath = ()
    for one in pod.containers:
        ports = [(path, port.get("hostPort")) for path, port in items(one.data.get("ports"), (*one.path, "ports"))]
        wrong = [(path, port) for path, port in ports if type(port) is int and port]
        if wrong:
            first = first or (*wrong[0][0], "hostPort")
            bad.append(one)
            used.update(str(port) for _, port in wrong)
    uses = "uses" if len(bad) == 1 else "use"
    detail = f"{_named(bad)} {uses} {_plural('hostPort', len(used))} {', '.join(sorted(used))}"
    return ("hostPort", detail, first) if bad else None


def _probe_hosts(pod: _Pod, check: _Check) -> _Found:
    bad: set[str] = set()
    hosts: set[str] = set()
    first: FieldPath = ()
    for one in pod.containers:
        for steps in _HANDLERS:
            handler: Any = one.data
            for step in steps:
                handler = mapping(handler).get(step)
            for action in ("httpGet", "tcpSocket"):
                if host := text(mapping(mapping(handler).get(action)).get("host")):
                    first = first or (*one.path, *steps, action, "host")
                    bad.add(one.name)
                    hosts.add(host)
    uses = "uses" if len(bad) == 1 else "use"
    detail = (
        f"{_plural('container', len(bad))} {_quoted(sorted(bad))} {uses} "
        f"{_plural('probe or lifecycle host', len(hosts))} {_quoted(sorted(hosts))}"
    )
    return ("probe or lifecycle host", detail, first) if bad else None


def _proc_mount(pod: _Pod, check: _Check) -> _Found:
    field = "procMount"
    bad = [one for one in pod.containers if one.security.get(field) not in (None, "Default")]
    types = sorted({text(one.security[field]) for one in bad})
    detail = f"{_named(bad)} must not set securityContext.procMount to {_quoted(types)}"
    return (field, detail, (*bad[0].path, _CONTEXT, field)) if bad else None


def _profile(security: Mapping[str, Any], field: str) -> str | None:
    """Return the type of a profile, empty where it has none; None where there is no profile."""
    value = security.get(field)
    return text(value.get("type")) if isinstance(value, dict) else None


def _bad_profiles(pod: _Pod, field: str) -> tuple[list[str], FieldPath, set[str]]:
    """Return who sets a profile of a type that is not allowed, the place of the first, and the types."""
    values = set[str]()

    def wrong(security: Mapping[str, Any]) -> bool:
        kind = _profile(security, field)
        if kind is None or kind in _PROFILES:
            return False
        values.add(kind)
        return True

    setters, path = _setters(pod, wrong)
    return setters, path, values


def _app_armor(pod: _Pod, check: _Check) -> _Found:
    field = "appArmorProfile"
    setters, path, values = _bad_profiles(pod, field)
    annotated = {
        key: value
        for key, value in pod.annotations.items()
        if key.startswith(_APPARMOR) and value not in ("", "runtime/default") and not value.startswith(_LOCALHOST)
    }
    listed = sorted(values) + sorted(f"{key}={_go_quoted(value)}" for key, value in annotated.items())
    if annotated:
        setters.append(_plural("annotation", len(annotated)))
    place = (*path, field) if path else ("metadata", "annotations", *list(annotated)[:1])
    reason = _plural("forbidden AppArmor profile", len(listed))
    detail = f"{' and '.join(setters)} must not set AppArmor profile type to {_quoted(listed)}"
    return (reason, detail, place) if setters else None


def _go_quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _seccomp_annotations(pod: _Pod, check: _Check) -> _Found:
    keys = dict.fromkeys([_SECCOMP_POD, *(_SECCOMP_CONTAINER + one.name for one in pod.containers)])
    bad = {
        key: pod.annotations[key]
        for key in keys
        if key in pod.annotations
        and pod.annotations[key] not in ("docker/default", "runtime/default")
        and not pod.annotations[key].startswith(_LOCALHOST)
    }
    listed = ", ".join(sorted(f"{key}={_go_quoted(value)}" for key, value in bad.items()))
    detail = f"forbidden {_plural('annotation', len(bad))} {listed}"
    return ("seccompProfile", detail, ("metadata", "annotations", next(iter(bad)))) if bad else None


def _seccomp(pod: _Pod, check: _Check) -> _Found:
    field = "seccompProfile"
    setters, path, values = _bad_profiles(pod, field)
    detail = f"{' and '.join(setters)} must not set securityContext.seccompProfile.type to {_quoted(sorted(values))}"
    return ("seccompProfile", detail, (*path, field)) if setters else None


def _seccomp_restricted(pod: _Pod, check: _Check) -> _Found:
    wrong = _seccomp(pod, check)
    if wrong is not None or _profile(pod.security, "seccompProfile") is not None:
        return wrong
    bad = [one for one in pod.containers if _profile(one.security, "seccompProfile") is None]
    says = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return ("seccompProfile", f"pod or {_named(bad)} {says}", _of_all(pod, bad)) if bad else None


def _of_all(pod: _Pod, bad: list[_Container]) -> FieldPath:
    """Return where to set what the pod can say for all: there, unless some containers say it by themselves."""
    return ("spec",) if len(bad) == len(pod.containers) else bad[0].path


def _se_linux(pod: _Pod, check: _Check) -> _Found:
    types: set[str] = set()
    fields: set[str] = set()

    def wrong(security: Mapping[str, Any]) -> bool:
        options = security.get("seLinuxOptions")
        if not isinstance(options, dict):
            return False
        kind, given = text(options.get("type")), {field for field in ("user", "role") if text(options.get(field))}
        allowed = check.allows(kind, pod.version)
        fields.update(given)
        types.update(() if allowed else (kind,))
        return bool(given) or not allowed

    setters, path = _setters(pod, wrong)
    data = [f"{_plural('type', len(types))} {_quoted(sorted(types))}"] if types else []
    data += [f"{field} may not be set" for field in ("user", "role") if field in fields]
    detail = f"{' and '.join(setters)} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"
    return ("seLinuxOptions", detail, (*path, "seLinuxOptions")) if setters else None


def _sysctls(pod: _Pod, check: _Check) -> _Found:
    where = ("spec", _CONTEXT, "sysctls")
    named = [(path, text(one.get("name"))) for path, one in items(pod.security.get("sysctls"), where)]
    bad = [(path, name) for path, name in named if not check.allows(name, pod.version)]
    return ("forbidden sysctls", ", ".join(name for _, name in bad), bad[0][0]) if bad else None


def _windows(pod: _Pod, check: _Check) -> _Found:
    setters, path = _setters(pod, lambda one: mapping(one.get("windowsOptions")).get("hostProcess") is True)
    detail = f"{' and '.join(setters)} must not set securityContext.windowsOptions.hostProcess=true"
    return ("hostProcess", detail, (*path, "windowsOptions", "hostProcess")) if setters else None


def _escalation(pod: _Pod, check: _Check) -> _Found:
    bad = [one for one in pod.containers if one.security.get("allowPrivilegeEscalation") is not False]
    detail = f"{_named(bad)} must set securityContext.allowPrivilegeEscalation=false"
    return ("allowPrivilegeEscalation != false", detail, (*bad[0].path, _CONTEXT)) if bad else None


def _non_root(pod: _Pod, check: _Check) -> _Found:
    field, reason = "runAsNonRoot", "runAsNonRoot != true"
    setters, path = _setters(pod, lambda one: one.get(field) is False)
    if setters:
        return reason, f"{' and '.join(setters)} must not set securityContext.runAsNonRoot=false", (*path, field)
    bad = [one for one in pod.containers if pod.security.get(field) is not True and one.security.get(field) is None]
    detail = f"pod or {_named(bad)} must set securityContext.runAsNonRoot=true"
    return (reason, detail, _of_all(pod, bad)) if bad else None


def _user(pod: _Pod, check: _Check) -> _Found:
    setters, path = _setters(pod, lambda one: type(one.get("runAsUser")) is int and one["runAsUser"] == 0)
    return (
        ("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0", (*path, "runAsUser")) if setters else None
    )


_JUDGES: Final[dict[str, Callable[[_Pod, _Check], _Found]]] = {
    "allowPrivilegeEscalation": _escalation,
    "appArmorProfile": _app_armor,
    "capabilities_baseline": _capabilities,
    "capabilities_restricted": _capabilities_restricted,
    "hostNamespaces": _host_namespaces,
    "hostPathVolumes": _host_path_volumes,
    "hostPorts": _host_ports,
    "hostProbesAndHostLifecycle": _probe_hosts,
    "privileged": _privileged,
    "procMount": _proc_mount,
    "procMount_restricted": _proc_mount,
    "restrictedVolumes": _restricted_volumes,
    "runAsNonRoot": _non_root,
    "runAsUser": _user,
    "seLinuxOptions": _se_linux,
    "seccompProfile_annotations": _seccomp_annotations,
    "seccompProfile_baseline": _seccomp,
    "seccompProfile_restricted": _seccomp_restricted,
    "sysctls": _sysctls,
    "windowsHostProcess": _windows,
}
