"""A real control plane on loopback: etcd, kube-apiserver, kube-scheduler, kube-controller-manager."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from tools.rehearsal.api import Api, ApiError
from tools.rehearsal.processes import end, start

START_SECONDS = 120
HERE = Path(__file__).parent
KUBERNETES = "v1.34.2"
"""As in controlplane/go.mod."""
BIG = "2000"
"""Requests a second that a controller may send: nobody waits for a server that many share."""
OFF = ("node-lifecycle-controller", "node-ipam-controller", "service-lb-controller", "node-route-controller")
"""Controllers that wait for kubelets or a cloud that are not there."""


def build(folder: Path) -> Path:
    """Build the program of `controlplane/` into a folder, with a link named kubectl beside it."""
    program = folder / "controlplane"
    version = "k8s.io/component-base/version"
    _, minor, _ = KUBERNETES.split(".")
    named = f"-X {version}.gitVersion={KUBERNETES} -X {version}.gitMajor=1 -X {version}.gitMinor={minor}"
    command = ["go", "build", "-ldflags", f"-s -w {named}", "-o", str(program.absolute()), "."]
    subprocess.run(command, cwd=HERE / "controlplane", check=True)
    link_kubectl(program)
    return program


def link_kubectl(program: Path) -> None:
    """See that `kubectl` beside the program is the program."""
    link = program.with_name("kubectl")
    if not link.exists():
        link.symlink_to(program.name)


class ControlPlane:
    """The processes; each ends with this one, and `stop` ends them by their ids."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.port = free_port()
        self.token = secrets.token_hex(16)
        self.api = Api(self.port, self.token)

    @property
    def kubeconfig(self) -> Path:
        """Of an administrator."""
        return self.folder / "kubeconfig"

    def start(self) -> None:
        """Start all of it, and return when it is ready."""
        etcd = self._start("etcd", str(self.folder / "etcd"), stdout=subprocess.PIPE)
        assert etcd.stdout
        address = etcd.stdout.readline().decode().strip()
        key = self.folder / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (self.folder / "tokens.csv").write_text(f"{self.token},rehearsal,rehearsal,system:masters\n")
        self.write_kubeconfig(self.kubeconfig)
        self._start(
            "kube-apiserver",
            f"--etcd-servers={address}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--cert-dir={self.folder}",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=AlwaysAllow",
            "--allow-privileged=true",
            "--profiling=false",
            "--enable-priority-and-fairness=false",
            "--max-requests-inflight=0",
            "--max-mutating-requests-inflight=0",
            "--kubelet-preferred-address-types=InternalIP",
        )
        self._wait()
        manager = [f"--controllers=*,{','.join('-' + name for name in OFF)}"]
        manager += [f"--service-account-private-key-file={key}", f"--root-ca-file={self.folder / 'apiserver.crt'}"]
        manager += ["--concurrent-gc-syncs=40", "--namespace-sync-period=5s"]
        for name, more in (("kube-scheduler", []), ("kube-controller-manager", manager)):
            speed = [f"--kube-api-qps={BIG}", f"--kube-api-burst={BIG}"]
            self._start(
                name, f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0", *speed, *more
            )

    def write_kubeconfig(self, path: Path, name: str = "rehearsal") -> None:
        """Write a kubeconfig for this server, with a context of this name."""
        cluster = {"server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "rehearsal", "cluster": cluster}],
            "users": [{"name": "rehearsal", "user": {"token": self.token}}],
            "contexts": [{"name": name, "context": {"cluster": "rehearsal", "user": "rehearsal"}}],
            "current-context": name,
        }
        path.write_text(json.dumps(config))

    def stop(self) -> None:
        """End the processes, last first, and remove what they wrote."""
        for process in reversed(self.processes):
            end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, name: str, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        log: IO[bytes] = (self.folder / f"{name}.log").open("wb")
        process = start([self.program, name, *arguments], stdout=stdout or log, stderr=log)
        self.processes.append(process)
        return process

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.processes[-1].poll() is not None:
                break
            with contextlib.suppress(OSError, ApiError):
                if self.api.request("GET", "/readyz") == "ok" and self.api.get("/api/v1/namespaces/default"):
                    return
            time.sleep(0.1)
        tail = (self.folder / "kube-apiserver.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"kube-apiserver is not ready:\n{tail}")


def free_port() -> int:
    """A port of loopback that nobody has at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
