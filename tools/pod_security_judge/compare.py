"""Compare our verdicts on pod security levels with those of k8s.io/pod-security-admission, on pods made up at random.

Usage: (cd tools/pod_security_judge && go build -o /tmp/pod-security-judge .)
       python tools/pod_security_judge/compare.py /tmp/pod-security-judge [COUNT] [SEED] [SERVER]
       python tools/pod_security_judge/compare.py /tmp/pod-security-judge FOLDER [SERVER]

SERVER is the minor version of the module that the judge was built with, 34 unless said. FOLDER is `test/testdata` of the
module: every pod of it is judged at the level and version that its folder names, and must be let pass below `pass/` and
refused below `fail/`. Compared are the reasons and details of every check; exits 1 where one differs.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from aksrdma.catalog import load
from aksrdma.checks.plugins.pod_security_levels import violations

TABLE = load.read("pod_security.yaml")
SYSCTLS = [name for row in TABLE["checks"] if row["id"] == "sysctls" for name in row["allowed"]]
VOLUMES = [
    name for row in TABLE["checks"] if row["id"] == "restrictedVolumes" for name in (*row["forbidden"], *row["allowed"])
]
CAPABILITIES = [
    "ALL",
    "CHOWN",
    "NET_RAW",
    "SYS_ADMIN",
    "NET_BIND_SERVICE",
    "IPC_LOCK",
    "CAP_CHOWN",
    "SETUID",
    "chown",
    "",
]
PROFILES = ["RuntimeDefault", "Localhost", "Unconfined", "", "runtimeDefault", "RuntimeDefault", "RuntimeDefault"]
ANNOTATIONS = ["runtime/default", "docker/default", "localhost/a", "unconfined", "", "localhost", 'run"time\\']
HANDLERS = ["livenessProbe", "readinessProbe", "startupProbe"]


class Dice(random.Random):
    """Makes up pods; `often` is how likely a field is that is there at all."""

    def field(self, made: dict[str, Any], name: str, value: Callable[[], Any], often: float) -> None:
        """Set a field now and then, and to null now and then."""
        if self.random() < often:
            made[name] = None if self.random() < 0.03 else value()

    def pod(self) -> dict[str, Any]:
        """Return a pod, mostly one that the level restricted would nearly take."""
        calm = self.random() < 0.6
        rare = 0.02 if calm else 0.2
        spec: dict[str, Any] = {"containers": self.containers(calm, rare, 1)}
        self.field(spec, "initContainers", lambda: self.containers(calm, rare, 0), 0.3)
        self.field(spec, "ephemeralContainers", lambda: self.containers(calm, rare, 0), 0.2)
        self.field(spec, "volumes", lambda: [self.volume(calm) for _ in range(self.randrange(4))], 0.4)
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            self.field(spec, name, lambda: self.random() < 0.5, rare)
        self.field(spec, "hostUsers", lambda: self.random() < 0.4, 0.3)
        self.field(spec, "os", lambda: {"name": self.choice(["linux", "windows", "windows"])}, 0.2)
        self.field(spec, "securityContext", lambda: self.security(calm, rare, pod=True), 0.8)
        metadata: dict[str, Any] = {"name": "x"}
        self.field(metadata, "annotations", self.annotations, rare * 2)
        return {"metadata": metadata, "spec": spec}

    def containers(self, calm: bool, rare: float, least: int) -> list[Any]:
        """Return some containers."""
        return [self.container(calm, rare, index) for index in range(self.randrange(least, 3))]

    def container(self, calm: bool, rare: float, index: int) -> dict[str, Any]:
        """Return a container with every field that a check reads, and some that none does."""
        made: dict[str, Any] = {"name": self.choice(["a", f"c{index}", "é"]), "image": "x"}
        self.field(made, "securityContext", lambda: self.security(calm, rare, pod=False), 0.95 if calm else 0.6)
        self.field(made, "ports", lambda: [self.port(rare) for _ in range(self.randrange(3))], 0.3)
        for name in HANDLERS:
            self.field(made, name, lambda: self.handler(rare), 0.15)
        self.field(made, "lifecycle", lambda: {self.choice(["postStart", "preStop"]): self.handler(rare)}, 0.15)
        return made

    def port(self, rare: float) -> dict[str, Any]:
        """Return a port."""
        made: dict[str, Any] = {"containerPort": 80}
        self.field(made, "hostPort", lambda: self.choice([0, 0, 80, 8080, 443]), rare * 2)
        return made

    def handler(self, rare: float) -> dict[str, Any]:
        """Return a probe, or what is run at start or end."""
        made: dict[str, Any] = {"exec": {"command": ["x"]}} if self.random() < 0.2 else {}
        for name in ("httpGet", "tcpSocket"):
            host = {"host": self.choice(["", "localhost", "10.0.0.1"])} if self.random() < rare * 2 else {}
            self.field(made, name, lambda: {"port": 80, **host}, 0.5)  # noqa: B023 it is called at once
        return made

    def volume(self, calm: bool) -> dict[str, Any]:
        """Return a volume of one type, of two or of none."""
        allowed = VOLUMES[-9:] if calm and self.random() < 0.9 else VOLUMES
        made: dict[str, Any] = {"name": self.choice(["v", "w", "shm"])}
        for _ in range(self.choice([1, 1, 1, 1, 0, 2])):
            self.field(made, self.choice(allowed), dict, 1.0)
        return made

    def security(self, calm: bool, rare: float, *, pod: bool) -> dict[str, Any]:
        """Return a security context."""
        made: dict[str, Any] = {}
        right = 0.95 if calm else 0.5
        self.field(made, "runAsNonRoot", lambda: self.random() < right, 0.6)
        self.field(made, "runAsUser", lambda: 1000 if self.random() < right else 0, 0.3)
        self.field(made, "seccompProfile", lambda: self.profile(calm), 0.6)
        self.field(made, "appArmorProfile", lambda: self.profile(calm), 0.2)
        self.field(made, "seLinuxOptions", lambda: self.se_linux(rare), 0.2)
        self.field(made, "windowsOptions", lambda: {"hostProcess": self.random() < rare * 3}, 0.1)
        if pod:
            names = [*SYSCTLS, "net.core.somaxconn", "kernel.msgmax"] if not calm else SYSCTLS
            self.field(made, "sysctls", lambda: [{"name": self.choice(names), "value": "1"} for _ in range(2)], 0.2)
            return made
        self.field(made, "privileged", lambda: self.random() < rare * 2, 0.3)
        self.field(made, "allowPrivilegeEscalation", lambda: self.random() > right, 0.95 if calm else 0.6)
        self.field(made, "procMount", lambda: self.choice(["Default", "Default", "Unmasked", ""]), rare * 2)
        self.field(made, "capabilities", lambda: self.capabilities(calm), 0.95 if calm else 0.6)
        return made

    def profile(self, calm: bool) -> dict[str, Any]:
        """Return a profile of seccomp or AppArmor."""
        made: dict[str, Any] = {}
        self.field(made, "type", lambda: PROFILES[0] if calm and self.random() < 0.9 else self.choice(PROFILES), 0.98)
        return made

    def se_linux(self, rare: float) -> dict[str, Any]:
        """Return the options of SELinux."""
        made: dict[str, Any] = {}
        types = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t", ""]
        self.field(made, "type", lambda: self.choice(types), 0.7)
        self.field(made, "user", lambda: self.choice(["", "u"]), rare * 2)
        self.field(made, "role", lambda: self.choice(["", "r"]), rare * 2)
        self.field(made, "level", lambda: "s0", 0.3)
        return made

    def capabilities(self, calm: bool) -> dict[str, Any]:
        """Return the capabilities of a container."""
        made: dict[str, Any] = {}
        dropped = ["ALL"] if calm and self.random() < 0.95 else [self.choice(CAPABILITIES) for _ in range(2)]
        self.field(made, "drop", lambda: dropped, 0.95)
        added = [self.choice(CAPABILITIES) for _ in range(self.randrange(3))]
        self.field(made, "add", lambda: ["NET_BIND_SERVICE"] if calm and self.random() < 0.9 else added, 0.4)
        return made

    def annotations(self) -> dict[str, Any]:
        """Return annotations that came before the fields."""
        keys = ["seccomp.security.alpha.kubernetes.io/pod", "app"]
        for prefix in ("container.seccomp.security.alpha", "container.apparmor.security.beta"):
            keys += [f"{prefix}.kubernetes.io/{name}" for name in ("a", "c0", "other")]
        return {self.choice(keys): self.choice(ANNOTATIONS) for _ in range(self.randrange(1, 4))}


def _random(count: int, seed: int) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    dice = Dice(seed)
    for number in range(count):
        version = dice.choice(["latest", *(f"v1.{minor}" for minor in range(45))])
        yield f"pod {number}", dice.choice(["baseline", "restricted", "restricted"]), version, dice.pod()


def _test_data(folder: Path) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for file in sorted(folder.rglob("*.yaml")):
        level, version = file.relative_to(folder).parts[:2]
        yield str(file.relative_to(folder)), level, version, yaml.safe_load(file.read_text())


def _as_admitted(pod: dict[str, Any], server: int) -> dict[str, Any]:
    """Return a pod as admission sees it: a volume of no type is an emptyDir, and an old server knows no images there."""
    spec = pod.get("spec") or {}
    volumes = [one for one in spec.get("volumes") or () if server > 32 or one.get("image") is None]
    named = [one if any(one.get(kind) is not None for kind in VOLUMES) else {**one, "emptyDir": {}} for one in volumes]
    return {**pod, "spec": {**spec, "volumes": named}}


def main(judge: str, what: str = "20000", *numbers: str) -> int:
    """Ask both sides; return how often they differ."""
    if what.isdigit():
        questions = list(_random(int(what), int(numbers[0]) if numbers else 1))
        server = int(numbers[1]) if len(numbers) > 1 else 34
    else:
        questions, server = list(_test_data(Path(what))), int(numbers[0]) if numbers else 34
    lines = "".join(
        json.dumps({"level": level, "version": version, "pod": _as_admitted(pod, server)}) + "\n"
        for _, level, version, pod in questions
    )
    answers = subprocess.run([judge], input=lines, text=True, capture_output=True, check=True).stdout.splitlines()
    wrong, reasons, passed = 0, Counter[str](), 0
    for (name, level, version, pod), answer in zip(questions, answers, strict=True):
        theirs = [tuple(pair) for pair in json.loads(answer)]
        minor = server if version == "latest" else min(server, int(version.removeprefix("v1.")))
        ours = [
            (one.reason, one.detail) for one in violations(level, minor, pod.get("metadata"), pod.get("spec") or {})
        ]
        passed += not theirs
        reasons.update(reason for reason, _ in theirs)
        expected = {"pass": True, "fail": False}.get(Path(name).parent.name)
        if ours != theirs or (expected is not None and expected is not (not ours)):
            wrong += 1
            print(f"{name}, {level} {version}: the module says {theirs}, we say {ours}")
    print(f"{len(questions)} pods, {passed} of them let pass, {wrong} differ")
    print(", ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items())))
    return wrong


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]) > 0)
