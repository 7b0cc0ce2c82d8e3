"""One cluster, rehearsed: rendered, installed twice, judged, removed."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.rehearsal import blocks, expected
from tools.rehearsal.api import CORE, Object
from tools.rehearsal.azure import Azure
from tools.rehearsal.blocks import Step
from tools.rehearsal.charts import Helm, HelmError
from tools.rehearsal.control_plane import KUBERNETES, ControlPlane
from tools.rehearsal.facts import Size
from tools.rehearsal.flags import UsageError, understand
from tools.rehearsal.kubelet import Kubelets, labels
from tools.rehearsal.network_operator import RealOperator
from tools.rehearsal.operators import Operators
from tools.rehearsal.shell import FASTER, Ran, Shell

BLOCK_SECONDS = 120
"""How long a block may take: what takes minutes on a cluster takes a moment here."""
PROMISE_SECONDS = 20
HURRY = 2000
"""How much shorter a `sleep` is where nothing is to come."""
STUCK_SECONDS = 60
"""How long a block may go on after everything it calls has failed."""
VALUES = {
    "RESOURCE_GROUP": "rg",
    "LOCATION": "swedencentral",
    "CLUSTER": "rehearsal",
    "SUBSCRIPTION": "00000000-0000-0000-0000-000000000000",
    "REGISTRY": "rehearsal",
    "ACR": "rehearsal",
    "ARM64_IMAGE": "rehearsal.example/ibtools-arm64:1",
    "REGISTRY_USER": "rehearsal",
    "REGISTRY_PASSWORD": "rehearsal",
}


@dataclass(frozen=True)
class Options:
    """What a rehearsal has at hand."""

    program: Path
    operators: tuple[Path, ...] = ()
    """Checkouts of Network Operator; the one of the release is taken."""
    chart: Path | None = None
    crds: Path | None = None
    """A folder with CRDs of releases, in folders of their names."""
    keep_going: bool = False
    say: bool = False
    transcripts: Path | None = None
    """A folder for what each block printed."""


@dataclass
class Result:
    """What a rehearsal has shown."""

    name: str
    refused: str = ""
    """Why aksrdma does not render it."""
    steps: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


class RefusedError(Exception):
    """aksrdma does not render the cluster; the text says why."""


def render(cluster: Path, tree: Path) -> None:
    """Render a cluster as a user does."""
    run = [sys.executable, "-m", "aksrdma", "render", str(cluster), "--out-dir", str(tree)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    if done.returncode == 2 and "Traceback" not in done.stderr:
        raise RefusedError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(f"aksrdma render: {done.stderr.strip()}")


class Session:
    """A cluster file, a control plane and a user."""

    def __init__(self, cluster: Path, tree: Path, plane: ControlPlane, options: Options) -> None:
        self.cluster, self.tree, self.plane, self.options = cluster, tree, plane, options
        self.meant = expected.read(cluster)
        self.result = Result(cluster.stem)
        self.home = plane.folder / "home"
        folder = options.crds / self.meant.release if options.crds else None
        self.crd_folder = folder if folder and folder.is_dir() else None
        certificate = (plane.folder / "apiserver.crt", plane.folder / "apiserver.key")
        self.kubelets = Kubelets(plane.api, plane.folder / "pods", certificate, self.result.faults)
        self.operators = Operators(plane.api, self.kubelets, options.program, self.meant.release, self.crd_folder)
        self.real = RealOperator.of_release(options.operators, self.meant.release, plane, self.result.faults)
        self.operators.real = self.real is not None
        self.azure = Azure(self._add_node, self.kubelets.remove, self._write_kubeconfig, self.kubelets.port)
        self.helm = Helm(
            plane.api, self._kubectl, self.result.faults, KUBERNETES.removeprefix("v"), chart=options.chart,
            crd_folder=self.crd_folder, connected=self._connected, real=helm_program(),
        )  # fmt: skip
        self.kubelets.on_change = self._changed
        self.kubelets.registry = self.meant.registry
        self.values = dict(VALUES)

    def run(self) -> Result:
        """Rehearse it all."""
        self.begin = time.monotonic()
        try:
            self.kubelets.start()
            self.operators.start()
            self.shell = Shell(self.home, self.tree, self.options.program.with_name("kubectl"), self._serve)
            self._rehearse()
        finally:
            self.kubelets.stop()
            self.operators.stop()
            if self.real:
                self.real.stop()
            if hasattr(self, "shell"):
                self.shell.stop()
        return self.result

    def _rehearse(self) -> None:
        install = blocks.read(self.tree / "INSTALL.md")
        self.shell.run(
            "".join(f"export {name}={value}\n" for name, value in VALUES.items() if name != "CLUSTER"), BLOCK_SECONDS
        )
        texts = [text for step in install for text in step.blocks]
        if not any("az aks create" in text for text in texts):
            for text in texts:
                if found := re.search(r"(?m)^export CLUSTER=(\S+)", text):
                    self.values["CLUSTER"] = self.values["CLUSTER"] if found[1] == "..." else found[1].strip("'\"")
            self.azure.run(["aks", "create", "-g", "rg", "-n", self.values["CLUSTER"]])
        if self.meant.pools and all(pool.size.grace for pool in self.meant.pools):
            self.azure.features["AKSInfinibandSupport"] = ["Registered"]  # as it is where other sizes were used before
            self.azure.carried["AKSInfinibandSupport"] = "Registered"
        if not any("az aks get-credentials" in text for text in texts):
            self._fault("no command of INSTALL.md gets credentials for kubectl (az aks get-credentials)")
            self._write_kubeconfig(None, self.values["CLUSTER"])
        before = expected.inventory(self.plane.api)
        for turn in ("", "second run: "):
            if not self._page(install, turn) and not self.options.keep_going:
                return
            self._settle(turn)
            self._say(f"{turn}judged")
        self._others(install)
        if not self.result.faults:  # else it is not what goes wrong that shows
            self._goes_wrong(install)
        self._say("what goes wrong is done")
        page = self.tree / "UNINSTALL.md"
        if not page.exists():
            self._fault("there is no UNINSTALL.md")
            return
        steps = blocks.read(page)
        if self._page(steps, "UNINSTALL: "):
            self._left(before, blocks.prose(steps))

    def _page(self, steps: list[Step], turn: str) -> bool:
        fine = True
        for number, step in enumerate(steps):
            title = f"{turn}{step.title or f'step {number}'}"
            for name, space in re.findall(r"`kubectl get configmap ([\w.-]+) --namespace ([\w-]+)`", step.text):
                body = {"metadata": {"name": name}, "data": {"sources.list": "deb http://mirror.example"}}
                self.plane.api.create(f"{CORE}/namespaces/{space}/configmaps", body)  # it is the user's, says the page
            output = ""
            for block in step.blocks:
                if not self._block(title, block):
                    fine = False
                    if not self.options.keep_going:
                        return False
                output += self.last.output
            self.result.steps += bool(step.blocks)
            if output.strip() or not turn:  # a step that is run again may have nothing left to do
                fine = self._promises(title, step, output) and fine
        return fine

    def _block(self, title: str, block: str) -> bool:
        unknown = [name for name in blocks.open_names(block) if name not in self.values]
        if unknown:
            self._fault(f"{title}: nobody knows a value for {', '.join(unknown)}")
            return False
        ran = self.shell.run(blocks.fill(block, self.values), BLOCK_SECONDS)
        self.last = ran
        if self.options.transcripts:
            self.options.transcripts.mkdir(parents=True, exist_ok=True)
            with (self.options.transcripts / f"{self.cluster.stem}.txt").open("a", encoding="utf-8") as transcript:
                transcript.write(f"## {title}\n{block}\n{indented(ran.output)}\n\n")
        self._say(f"{title}: {ran.seconds:.1f} s")
        if not ran.ended:
            self._fault(
                f"{title}: still running after {BLOCK_SECONDS} s:\n{indented(block)}\n{indented(tail(ran.output))}"
            )
        if ran.failed:
            what = "; ".join(f"exit status {status}: {command}" for status, command in ran.failed)
            self._fault(f"{title}: {what}\n{indented(tail(ran.output))}")
        return ran.ended and not ran.failed

    def _promises(self, title: str, step: Step, text: str) -> bool:
        fine = True
        for promise in step.promises:
            deadline = time.monotonic() + PROMISE_SECONDS
            while (missing := unkept(promise, text, self._ask)) and time.monotonic() < deadline and step.blocks:
                time.sleep(0.5)
                looks = [line for line in "".join(step.blocks).splitlines() if re.match(r"kubectl (get|logs) ", line)]
                text = self.shell.run("\n".join(looks) + "\n", BLOCK_SECONDS).output if looks else text
            if "prints nothing" in promise and step.blocks and self.last.output.strip():
                missing = "it prints something"
            if missing:
                self._fault(f"{title}: {missing}, and the text says: {promise}\n{indented(tail(text))}")
                fine = False
        return fine

    def _ask(self, command: str) -> str:
        return self.shell.run(command + "\n", BLOCK_SECONDS).output

    def _settle(self, turn: str) -> None:
        deadline = time.monotonic() + PROMISE_SECONDS
        while (faults := expected.judge(self.plane.api, self.meant)) and time.monotonic() < deadline:
            time.sleep(0.5)
        for fault in faults:
            self._fault(f"{turn}afterwards: {fault}")

    def _others(self, steps: list[Step]) -> None:
        """Blocks that are for some case: their syntax, and the options of az and helm in them."""
        for step in steps:
            for tag, block in step.others:
                if tag not in {"bash", "shell"}:
                    continue
                checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
                if checked.returncode:
                    self._fault(f"{step.title}: {checked.stderr.strip()}")
                for program, words in blocks.calls(block):
                    try:
                        understand(program, words, frozenset({"aks-preview"}))
                    except UsageError as error:
                        self._fault(f"{step.title}: {error}")

    def _goes_wrong(self, steps: list[Step]) -> None:
        """Every loop and every wait must end when what it waits for cannot come."""
        self.shell.faster = HURRY
        for step in steps:
            for block in step.blocks:
                if not re.search(r"(?m)\b(until|while|for)\b.*", block):
                    continue
                for name in [name for name in ("kubectl", "az", "helm") if re.search(rf"\b{name}\b", block)]:
                    kept = (self.shell.programs / name).rename(self.shell.programs / f"{name}.kept")
                    self.shell.write(name, "#!/bin/sh\necho 'Error from server (Forbidden): rehearsed' >&2\nexit 1\n")
                    ran = self.shell.run(blocks.fill(block, self.values), STUCK_SECONDS)
                    (self.shell.programs / name).unlink()
                    kept.rename(self.shell.programs / name)
                    if not ran.ended:
                        self._fault(f"{step.title}: it never ends when {name} fails:\n{indented(block)}")
        self.kubelets.fail = lambda pod: True
        for step in steps:
            text = "".join(step.blocks)
            if "examples/" in text and ("kubectl wait" in text or "kubectl rollout" in text):
                ran = self.shell.run(blocks.fill(text, self.values), STUCK_SECONDS)
                if not ran.ended:
                    self._fault(f"{step.title}: it does not end when the pod fails:\n{indented(text)}")
                elif not ran.failed:
                    self._fault(
                        f"{step.title}: every command says success when the pod fails:\n{indented(tail(ran.output))}"
                    )
                for path in re.findall(r"examples/\S+\.yaml", text):
                    self.shell.run(f"kubectl delete --ignore-not-found -f {path}\n", STUCK_SECONDS)
        self.kubelets.fail = lambda pod: False
        self.shell.faster = FASTER

    def _left(self, before: set[str], page: str) -> None:
        deadline = time.monotonic() + PROMISE_SECONDS * 2
        while (left := self._unnamed(before, page)) and time.monotonic() < deadline:
            time.sleep(1)
        for one in sorted(left):
            self._fault(f"UNINSTALL leaves {one}, and does not name it")

    def _unnamed(self, before: set[str], page: str) -> list[str]:
        left = expected.inventory(self.plane.api) - before
        named = [one for one in left if any(word in page for word in names(one))]
        spaces = {one.split(" ")[1] for one in named if one.startswith("namespaces ")}
        marks = {
            f"node label {prefix}/..." for prefix in expected.node_labels(self.plane.api) if self._foreign(prefix, page)
        }
        return [one for one in left if one not in named and one.split(" ")[1].split("/")[0] not in spaces] + sorted(
            marks
        )

    @staticmethod
    def _foreign(prefix: str, page: str) -> bool:
        own = ("kubernetes.io", "kubernetes.azure.com", "agentpool")
        return not (prefix.endswith(own) and not prefix.startswith("feature.")) and prefix not in page

    def _serve(self, program: str, argv: list[str], folder: Path) -> tuple[int, str, str]:
        if program == "kubectl":
            return self._exec(argv[1:])
        return self.azure.run(argv) if program == "az" else self.helm.run(argv, folder)

    def _exec(self, argv: list[str]) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser(prog="kubectl exec", exit_on_error=False)
        parser.add_argument("-n", "--namespace", default="default")
        parser.add_argument("-c", "--container")
        parser.add_argument("pod")
        if "--" not in argv:
            return 1, "", "error: you must specify at least one command for the container\n"
        split = argv.index("--")
        given = parser.parse_args(argv[:split])
        status, text = self.kubelets.execute(given.namespace, given.pod.removeprefix("pod/"), argv[split + 1 :])
        return status, text, ""

    def _add_node(self, node: Object, size: Size) -> None:
        self.kubelets.add(node, size, self.azure.pools[node["metadata"]["labels"]["kubernetes.azure.com/agentpool"]])

    def _write_kubeconfig(self, file: str | None, name: str) -> None:
        path = Path(file) if file else self.home / ".kube" / "config"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.plane.write_kubeconfig(path, name)

    def _connected(self) -> bool:
        return (self.home / ".kube" / "config").exists()

    def _kubectl(self, arguments: list[str], text: str) -> None:
        run = [str(self.options.program.with_name("kubectl")), f"--kubeconfig={self.plane.kubeconfig}", *arguments]
        done = subprocess.run(run, input=text, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise HelmError(done.stderr.strip())

    def _changed(self, pod: Object, runs: bool) -> None:
        if runs and labels(pod).get("role") == "worker":
            self.operators.worker_runs(pod)
        if self.real and labels(pod).get("control-plane") == "network-operator-controller":
            if runs:
                self.real.start(pod)
            else:
                self.real.stop()

    def _fault(self, text: str) -> None:
        self.result.faults.append(text)
        self._say("FAULT " + text)

    def _say(self, text: str) -> None:
        if self.options.say:
            seconds = time.monotonic() - self.begin
            print(f"  {self.cluster.stem} {seconds:5.1f} s: {text}", file=sys.stderr, flush=True)


def names(one: str) -> list[str]:
    """How a page may name what is left: by its name or the group of its kind, of a CRD by the group that it defines."""
    kind, name = one.split(" ", 1)
    group = (name if kind.startswith("customresourcedefinitions") else kind).partition(".")[2]
    return [name.rsplit("/", 1)[-1], *([group, group.rpartition(".")[0]] if group else [])]


def unkept(promise: str, text: str, ask: Callable[[str], str]) -> str | None:
    """What of a promise is not to be seen in the output; None where all is."""
    spans = re.findall(r"`([^`]+)`", promise)
    for span in [span for span in spans if span.startswith("kubectl ")]:
        shown = ask(span)
        text += shown
        if "every pod" in promise and (bad := [line for line in shown.splitlines()[1:] if "Running" not in line]):
            return f"not every pod is Running: {bad[0]}"
    one_line = " ".join(text.split())
    instead = dict(re.findall(r"`([^`]+)`, or (\w+)", promise))
    for span in [span for span in spans if not span.startswith(("kubectl ", "az ", "helm "))]:
        if " ".join(span.split()) not in one_line and instead.get(span, "\0") not in one_line:
            return f"{span!r} is not in the output"
    if found := re.search(r"lists the (\d+) nodes", promise):
        count = len(re.findall(r"(?m)^aks-\S+ ", text))
        if count != int(found[1]):
            return f"{count} nodes are listed"
    if found := re.search(r"each node shows (\d+)", promise):
        values = {line.split()[-1] for line in text.splitlines() if line.startswith("aks-")}
        if values != {found[1]}:
            return f"the nodes show {', '.join(sorted(values)) or 'nothing'}"
    return None


def tail(text: str, lines: int = 12) -> str:
    """The last lines of an output, without those that kubectl's own library logs."""
    rows = [row for row in text.strip().splitlines() if not re.match(r"[EWI]\d{4} ", row)]
    return "\n".join(rows[-lines:])


def indented(text: str) -> str:
    """A text below a fault."""
    return "\n".join("      " + line for line in text.rstrip().splitlines())


def helm_program() -> Path | None:
    """Helm, if this machine has one."""
    found = shutil.which("helm")
    return Path(found) if found else None


__all__ = ["Options", "Ran", "RefusedError", "Result", "Session"]
