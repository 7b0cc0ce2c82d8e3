"""What baseline and restricted have against a pod, as k8s.io/pod-security-admission says it (tools/pod_security_judge)."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.plugins.pod_security_levels import violations
from aksrdma.findings import format_path

NEWEST = 37
CALM = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
WHOLE = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
APPARMOR = "container.apparmor.security.beta.kubernetes.io/a"
SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"


def spec(security: Any = None, whole: Any = None, **more: Any) -> dict[str, Any]:
    """Return a pod that restricted takes, but for what is given of its container `a`, its own context and its spec."""
    of_container = {key: more.pop(key) for key in ("ports", "livenessProbe", "lifecycle") if key in more}
    box = {"name": "a", "securityContext": {**CALM, **(security or {})}, **of_container}
    return {"containers": [box], "securityContext": {**WHOLE, **(whole or {})}, **more}


def said(level: str, version: int, pod: dict[str, Any], annotations: Any = None) -> list[tuple[str, str]]:
    found = violations(level, version, {"annotations": annotations}, pod)
    return [(f"{one.reason} ({one.detail})", format_path(one.path)) for one in found]


CONTEXT = "spec.containers[0].securityContext"
OTHER = {"name": "b", "securityContext": CALM}


@pytest.mark.parametrize(
    ("pod", "expected", "path"),
    [
        pytest.param(
            spec(hostNetwork=True, hostPID=True, hostIPC=False),
            "host namespaces (hostNetwork=true, hostPID=true)",
            "spec.hostNetwork",
            id="host-namespaces",
        ),
        pytest.param(
            spec({"privileged": True}),
            'privileged (container "a" must not set securityContext.privileged=true)',
            f"{CONTEXT}.privileged",
            id="privileged",
        ),
        pytest.param(
            spec({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "SYS_ADMIN", "IPC_LOCK"]}}),
            'non-default capabilities (container "a" must not include "IPC_LOCK", "SYS_ADMIN" '
            "in securityContext.capabilities.add)",
            f"{CONTEXT}.capabilities.add[1]",
            id="capabilities",
        ),
        pytest.param(
            spec(ports=[{"hostPort": 0}, {"hostPort": 9}, {"hostPort": 80}]),
            'hostPort (container "a" uses hostPorts 80, 9)',
            "spec.containers[0].ports[1].hostPort",
            id="host-ports",
        ),
        pytest.param(
            spec(livenessProbe={"httpGet": {"host": "h"}}, lifecycle={"preStop": {"tcpSocket": {"host": "g"}}}),
            'probe or lifecycle host (container "a" uses probe or lifecycle hosts "g", "h")',
            "spec.containers[0].livenessProbe.httpGet.host",
            id="hosts-of-probes",
        ),
        pytest.param(
            spec({"procMount": "Unmasked"}),
            'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
            f"{CONTEXT}.procMount",
            id="proc-mount",
        ),
        pytest.param(
            spec({"appArmorProfile": {"type": "Unconfined"}}, {"appArmorProfile": {}}),
            'forbidden AppArmor profiles (pod and container "a" must not set AppArmor profile type to "", "Unconfined")',
            "spec.securityContext.appArmorProfile",
            id="app-armor",
        ),
        pytest.param(
            spec({"seLinuxOptions": {"type": "spc_t", "user": "u", "role": "r"}}),
            'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; '
            "user may not be set; role may not be set)",
            f"{CONTEXT}.seLinuxOptions",
            id="se-linux",
        ),
        pytest.param(
            spec({"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
            f"{CONTEXT}.seccompProfile",
            id="seccomp",
        ),
        pytest.param(
            spec(whole={"sysctls": [{"name": "net.ipv4.tcp_rmem"}, {"name": "kernel.msgmax"}]}),
            "forbidden sysctls (kernel.msgmax)",
            "spec.securityContext.sysctls[1]",
            id="sysctls",
        ),
        pytest.param(
            spec({"windowsOptions": {"hostProcess": True}}, {"windowsOptions": {"hostProcess": False}}),
            'hostProcess (container "a" must not set securityContext.windowsOptions.hostProcess=true)',
            f"{CONTEXT}.windowsOptions.hostProcess",
            id="windows",
        ),
    ],
)
def test_baseline_refuses_and_so_does_restricted(pod: dict[str, Any], expected: str, path: str) -> None:
    strict = expected.replace("non-default capabilities", "unrestricted capabilities")

    assert said("baseline", NEWEST, pod) == [(expected, path)]
    assert said("restricted", NEWEST, pod) == [(strict, path)]
    assert said("privileged", NEWEST, pod) == []


def test_baseline_names_the_volumes_of_the_node_and_restricted_the_types() -> None:
    pod = spec(volumes=[{"name": "a", "nfs": {}}, {"name": "b", "hostPath": {}}, {"name": "c", "hostPath": {}}])

    assert said("baseline", NEWEST, pod) == [('hostPath volumes (volumes "b", "c")', "spec.volumes[1].hostPath")]
    uses = 'volumes "a", "b", "c" use restricted volume types "hostPath", "nfs"'
    assert said("restricted", NEWEST, pod) == [(f"restricted volume types ({uses})", "spec.volumes[0]")]


@pytest.mark.parametrize(
    ("pod", "expected", "path"),
    [
        pytest.param(
            spec({"allowPrivilegeEscalation": None}),
            'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)',
            CONTEXT,
            id="escalation",
        ),
        pytest.param(
            spec({"capabilities": {"drop": ["NET_RAW"], "add": ["NET_BIND_SERVICE"]}}),
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])',
            CONTEXT,
            id="capabilities-kept",
        ),
        pytest.param(
            spec({"capabilities": {"add": ["CHOWN"]}}),
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; '
            'container "a" must not include "CHOWN" in securityContext.capabilities.add)',
            f"{CONTEXT}.capabilities.add[0]",
            id="capabilities-kept-and-added",
        ),
        pytest.param(
            spec(whole={"runAsNonRoot": None}),
            'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
            "spec",
            id="any-user",
        ),
        pytest.param(
            spec({"runAsNonRoot": False}),
            'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
            f"{CONTEXT}.runAsNonRoot",
            id="root-in-a-container",
        ),
        pytest.param(
            spec(whole={"runAsUser": 0}),
            "runAsUser=0 (pod must not set runAsUser=0)",
            "spec.securityContext.runAsUser",
            id="user-0",
        ),
        pytest.param(
            spec(whole={"seccompProfile": None}),
            'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to '
            '"RuntimeDefault" or "Localhost")',
            "spec",
            id="no-seccomp",
        ),
        pytest.param(
            {**spec(whole={"runAsNonRoot": None}), "initContainers": [{**OTHER, "securityContext": {**CALM, **WHOLE}}]},
            'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
            "spec.containers[0]",
            id="one-of-two-containers",
        ),
        pytest.param(
            {**spec(), "ephemeralContainers": [{"name": "e", "securityContext": {**CALM, "runAsUser": 0}}]},
            'runAsUser=0 (container "e" must not set runAsUser=0)',
            "spec.ephemeralContainers[0].securityContext.runAsUser",
            id="ephemeral-containers",
        ),
    ],
)
def test_restricted_asks_for_more_than_baseline(pod: dict[str, Any], expected: str, path: str) -> None:
    assert said("baseline", NEWEST, pod) == []
    assert said("restricted", NEWEST, pod) == [(expected, path)]


@pytest.mark.parametrize(
    ("pod", "annotations", "version"),
    [
        pytest.param(spec(livenessProbe={"tcpSocket": {"host": "h"}}), None, 34, id="hosts-of-probes"),
        pytest.param(spec(), {SECCOMP: "unconfined"}, -19, id="annotations-of-seccomp"),
        pytest.param(spec({"seccompProfile": {"type": "Unconfined"}}), None, 19, id="seccomp"),
        pytest.param(spec({"seLinuxOptions": {"type": "container_engine_t"}}), None, -31, id="se-linux-engine"),
        pytest.param(spec(whole={"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports"}]}), None, -27, id="ports"),
        pytest.param(spec(whole={"sysctls": [{"name": "net.ipv4.tcp_fin_timeout"}]}), None, -29, id="timeouts"),
        pytest.param(spec(whole={"sysctls": [{"name": "net.ipv4.tcp_wmem"}]}), None, -32, id="buffers"),
        pytest.param(spec(whole={"sysctls": [{"name": "net.ipv4.tcp_notsent_lowat"}]}), None, -37, id="lowat"),
        pytest.param(spec({"procMount": "Unmasked"}, hostUsers=False), None, -35, id="proc-mount-of-own-users"),
    ],
)
def test_baseline_changed_with_a_version(pod: dict[str, Any], annotations: Any, version: int) -> None:
    """A negative version is the first that takes the pod, any other the first that refuses it."""
    before, after = (said("baseline", abs(version) - gap, pod, annotations) for gap in (1, 0))

    assert (bool(before), bool(after)) == ((True, False) if version < 0 else (False, True))


@pytest.mark.parametrize(
    ("pod", "version"),
    [
        pytest.param(spec({"allowPrivilegeEscalation": True}), 8, id="escalation"),
        pytest.param(spec({"capabilities": None}), 22, id="capabilities"),
        pytest.param(spec(whole={"runAsUser": 0}), 23, id="user-0"),
        pytest.param(spec(whole={"seccompProfile": None}), 19, id="seccomp"),
        pytest.param(spec({"allowPrivilegeEscalation": None}, os={"name": "windows"}), -25, id="escalation-on-windows"),
        pytest.param(spec({"capabilities": None}, os={"name": "windows"}), -25, id="capabilities-on-windows"),
        pytest.param(spec(whole={"seccompProfile": None}, os={"name": "windows"}), -25, id="seccomp-on-windows"),
        pytest.param(spec(whole={"runAsNonRoot": False}, hostUsers=False), -35, id="root-of-own-users"),
        pytest.param(spec(whole={"runAsUser": 0}, hostUsers=False), -35, id="user-0-of-own-users"),
    ],
)
def test_restricted_changed_with_a_version(pod: dict[str, Any], version: int) -> None:
    before, after = (said("restricted", abs(version) - gap, pod) for gap in (1, 0))

    assert (bool(before), bool(after)) == ((True, False) if version < 0 else (False, True))


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        pytest.param({APPARMOR: "unconfined"}, f'forbidden AppArmor profile (annotation must not set AppArmor profile type to "{APPARMOR}="unconfined"")', id="app-armor"),
        pytest.param({APPARMOR: "localhost/x"}, None, id="app-armor-of-the-node"),
        pytest.param({APPARMOR: "runtime/default"}, None, id="app-armor-default"),
        pytest.param({APPARMOR: ""}, None, id="app-armor-empty"),
        pytest.param({SECCOMP: "docker/default", "other": "unconfined"}, None, id="seccomp-of-docker"),
        pytest.param({SECCOMP: "unconfined"}, f'seccompProfile (forbidden annotation {SECCOMP}="unconfined")', id="seccomp"),
        pytest.param({f"container.{SECCOMP[:-3]}a": "x", f"container.{SECCOMP[:-3]}z": "x"}, f'seccompProfile (forbidden annotation container.{SECCOMP[:-3]}a="x")', id="seccomp-of-a-container"),
    ],
)  # fmt: skip
def test_annotations_came_before_the_fields(annotations: dict[str, str], expected: str | None) -> None:
    assert [text for text, _ in said("baseline", 18, spec(), annotations)] == ([expected] if expected else [])


@pytest.mark.parametrize("kind", ["Localhost", "RuntimeDefault"])
def test_profiles_of_the_node_and_of_the_runtime_are_taken(kind: str) -> None:
    profiles = {"seccompProfile": {"type": kind}, "appArmorProfile": {"type": kind}}

    assert said("restricted", NEWEST, spec(profiles, profiles)) == []


@pytest.mark.parametrize(
    "handler",
    ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"],
)
@pytest.mark.parametrize("action", ["httpGet", "tcpSocket"])
@pytest.mark.parametrize("field", ["containers", "initContainers", "ephemeralContainers"])
def test_every_handler_of_every_container_is_looked_at(handler: str, action: str, field: str) -> None:
    made: Any = {action: {"host": "h"}}
    for key in reversed(handler.split(".")):
        made = {key: made}
    ((_, path),) = said("baseline", NEWEST, {field: [{"name": "a", **made}]})

    assert path == f"spec.{field}[0].{handler}.{action}.host"


def test_a_policy_newer_than_any_known_is_the_newest() -> None:
    pod = spec(whole={"sysctls": [{"name": "net.ipv4.tcp_notsent_lowat"}]})

    assert said("baseline", 99, pod) == []


@pytest.mark.parametrize("volume", [{"name": "v"}, {"name": "v", "hostPath": None}, {"name": "v", "emptyDir": {}}])
def test_a_volume_of_no_type_is_an_empty_folder(volume: dict[str, Any]) -> None:
    assert said("restricted", NEWEST, spec(volumes=[volume])) == []


@pytest.mark.parametrize("odd", [None, 1, "x", [], [None], [1], {"x": 1}, True])
def test_what_the_api_server_cannot_read_is_left_to_it(odd: Any) -> None:
    for key in ("containers", "initContainers", "volumes", "os", "securityContext"):
        assert isinstance(violations("restricted", NEWEST, odd, {key: odd}), list)
    box = dict.fromkeys(("name", "ports", "livenessProbe", "lifecycle", "securityContext"), odd)
    assert isinstance(violations("restricted", NEWEST, {"annotations": odd}, {"containers": [box]}), list)
    context = dict.fromkeys((*CALM, *WHOLE, "seLinuxOptions", "sysctls", "windowsOptions", "appArmorProfile"), odd)
    assert isinstance(violations("restricted", NEWEST, None, spec(context, context)), list)
