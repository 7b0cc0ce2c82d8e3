"""Network Operator's own program, built from a checkout that the user brings, in the place of the stand-in."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path

import yaml

from tools.rehearsal import processes
from tools.rehearsal.api import Object
from tools.rehearsal.control_plane import ControlPlane, free_port

PLAIN = {"POD_NAMESPACE": "network-operator", "OPERATOR_NAME": "network-operator"}


class RealOperator:
    """The program runs while its pod does."""

    def __init__(self, checkout: Path, binary: Path, plane: ControlPlane, faults: list[str]) -> None:
        self.checkout, self.binary, self.plane, self.faults = checkout, binary, plane, faults
        self.process: subprocess.Popen[bytes] | None = None
        self._pod = ""
        self._lock = threading.Lock()

    @classmethod
    def of_release(
        cls, checkouts: tuple[Path, ...], release: str, plane: ControlPlane, faults: list[str]
    ) -> RealOperator | None:
        """The operator of a release, if a checkout is of it; built once, beside the control plane's program."""
        for checkout in checkouts:
            if release_of(checkout) == release:
                binary = plane.program.with_name(f"network-operator-{release}")
                if not binary.exists():
                    subprocess.run(["go", "build", "-o", str(binary), "."], cwd=checkout, check=True)
                return cls(checkout, binary, plane, faults)
        return None

    def start(self, pod: Object) -> None:
        """Its pod runs on a node."""
        with self._lock:
            if self.process is not None and self.process.poll() is None:
                return
            rows = pod["spec"]["containers"][0].get("env", [])
            environment = {row["name"]: row["value"] for row in rows if row.get("value")}
            environment |= PLAIN | {"POD_NAMESPACE": pod["metadata"]["namespace"], "PATH": os.environ["PATH"]}
            environment |= {"STATE_MANIFEST_BASE_DIR": str(self.checkout / "manifests"), "ENABLE_WEBHOOKS": "false"}
            environment |= {"KUBECONFIG": str(self.plane.kubeconfig), "HOME": str(self.plane.folder)}
            # Nothing is to be asked of a registry: a proxy that is not there answers at once.
            environment |= {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost"}
            log = (self.plane.folder / "network-operator.log").open("ab")
            run = [str(self.binary), "--metrics-bind-address=0", f"--health-probe-bind-address=127.0.0.1:{free_port()}"]
            self.process = processes.start(run, env=environment, stdout=log, stderr=log)
            self._pod = pod["metadata"]["uid"]

    def stop(self) -> None:
        """Its pod is gone."""
        with self._lock:
            if self.process is not None:
                processes.end(self.process)
                self.process = None


def release_of(checkout: Path) -> str:
    """The release of a checkout, by hack/release.yaml: its candidates count as the release."""
    rows = yaml.safe_load((checkout / "hack" / "release.yaml").read_text(encoding="utf-8"))
    found = re.match(r"v\d+\.\d+\.\d+", str(rows["NetworkOperator"]["version"]))
    return found[0] if found else ""
