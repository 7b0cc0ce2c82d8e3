"""Kubelets of all nodes: they run pods, advertise what device plugins find, and serve logs."""

from __future__ import annotations

import itertools
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tools.rehearsal import devices, facts
from tools.rehearsal.api import CORE, Api, ApiError, Object
from tools.rehearsal.programs import Container, once

NETWORKS = "k8s.v1.cni.cncf.io/networks"
ATTACHMENTS = "/apis/k8s.cni.cncf.io/v1/namespaces/{}/network-attachment-definitions/{}"
IMAGES = yaml.safe_load(Path(__file__).with_name("images.yaml").read_text(encoding="utf-8"))
AGAIN_SECONDS = 0.5
"""Between two looks at what hinders a pod."""
SETTLE_SECONDS = 0.4
"""How long a container may run before it counts as one that goes on running."""


@dataclass
class Machine:
    """What a node has beside its object."""

    size: facts.Size
    pool: Object
    os: facts.System
    pods: dict[str, Object] = field(default_factory=dict)
    """Pods that run here, by uid."""
    resources: set[str] = field(default_factory=set)
    """Those that were ever advertised."""

    @property
    def modules(self) -> set[str]:
        """Kernel modules beyond mlx5_core that are loaded."""
        loaded = {word for pod in list(self.pods.values()) for word in loads(pod)}
        return loaded | (
            devices.WHOLE | {"ib_ipoib"} if self.driver == "doca" else devices.WHOLE if self.size.grace else set()
        )

    @property
    def driver(self) -> str:
        """Whose NIC driver runs: `doca`, `node-image` or `inbox`."""
        if any("nvidia.com/ofed-driver" in labels(pod) for pod in list(self.pods.values())):
            return "doca"
        return "node-image" if self.size.grace else "inbox"

    @property
    def gpu_driver(self) -> bool:
        """Whether a GPU driver runs."""
        installed = self.pool["gpu_driver"] != "none" and self.size.gpu_vendor == "nvidia"
        names = [pod["metadata"]["name"] for pod in list(self.pods.values())]
        return installed or any("driver" in name and ("nvidia" in name or "gpu" in name) for name in names)

    def functions(self) -> list[Object]:
        """Network functions as a plugin finds them."""
        return self.size.devices(netdevs="ib_ipoib" in self.modules)


class Kubelets:
    """One for all nodes."""

    def __init__(self, api: Api, folder: Path, certificate: tuple[Path, Path], faults: list[str]) -> None:
        self.api, self.folder, self.faults = api, folder, faults
        self.machines: dict[str, Machine] = {}
        self.containers: dict[str, Container] = {}
        self.on_change: Callable[[Object, bool], None] = lambda pod, runs: None
        self.registry: tuple[str, bool] | None = None
        """The one that can be reached, and whether it wants a secret; None: all can."""
        self.fail: Callable[[Object], bool] = lambda pod: False
        """Whether the command of a pod is to fail: for rehearsals of what goes wrong."""
        self._seen: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._configs: dict[str, str] = {}
        self._addresses = itertools.count(2)
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._workers = ThreadPoolExecutor(8)
        self._server = log_server(self, certificate)
        self.port = self._server.server_address[1]

    def start(self) -> None:
        """Watch the pods from here on."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """End everything that runs."""
        self._stopped.set()
        self._server.shutdown()
        self._workers.shutdown(wait=False, cancel_futures=True)
        for container in list(self.containers.values()):
            container.stop()

    def add(self, node: Object, size: facts.Size, pool: Object) -> None:
        """Make a node."""
        name = node["metadata"]["name"]
        self.machines[name] = Machine(size, pool, facts.system(size, pool["os_sku"], pool["kubernetes"]))
        status = node.pop("status")
        self.api.create(f"{CORE}/nodes", node)
        self.api.merge(f"{CORE}/nodes/{name}/status", {"status": status})
        taints = node["spec"]["taints"]  # the server adds not-ready, which a kubelet's heartbeat would lift
        self.api.merge(f"{CORE}/nodes/{name}", {"spec": {"taints": taints}})
        if pool["managed_gpu"] and size.gpus:
            self._advertise(name, Counter({size.gpu_resource: size.gpus}))

    def remove(self, pool: str) -> None:
        """Remove the nodes of a pool."""
        for name in [name for name, machine in self.machines.items() if machine.pool["name"] == pool]:
            for pod in list(self.machines.pop(name).pods.values()):
                self._gone(pod)
                self.api.delete(path(pod), now=True)
            self.api.delete(f"{CORE}/nodes/{name}")

    def refresh(self, name: str) -> None:
        """Advertise what the device plugins of a node find now."""
        machine = self.machines.get(name)
        if machine is None:
            return
        found: Counter[str] = Counter()
        for pod in list(machine.pods.values()):
            try:
                found.update(self._plugin(pod, machine))
            except devices.PluginError as error:
                self.faults.append(f"device plugin {pod['metadata']['name']}: {error}")
        if machine.pool["managed_gpu"] and machine.size.gpus:
            found[machine.size.gpu_resource] = machine.size.gpus
        self._advertise(name, found)

    def _plugin(self, pod: Object, machine: Machine) -> Counter[str]:
        images = " ".join(container["image"] for container in pod["spec"]["containers"])
        if "sriov-network-device-plugin" in images:
            return devices.sriov(self._config(pod), machine.functions())
        if "rdma-shared-dev-plugin" in images:
            return devices.shared(self._config(pod), machine.functions(), machine.modules)
        if machine.size.gpus and any(name in images for name in ("k8s-device-plugin", "rocm/k8s-device-plugin")):
            return Counter({machine.size.gpu_resource: machine.size.gpus if machine.gpu_driver else 0})
        return Counter()

    def _config(self, pod: Object) -> str:
        """The configuration of a device plugin, as it was mounted when the pod began."""
        uid = pod["metadata"]["uid"]
        if uid not in self._configs:
            self._configs[uid] = self._mounted(pod)
        return self._configs[uid]

    def _mounted(self, pod: Object) -> str:
        for volume in pod["spec"].get("volumes", []):
            if "configMap" in volume:
                found = (
                    self.api.get(f"{CORE}/namespaces/{namespace(pod)}/configmaps/{volume['configMap']['name']}") or {}
                )
                if texts := list(found.get("data", {}).values()):
                    return str(texts[0])
        raise devices.PluginError("it has no configuration")

    def _advertise(self, name: str, found: Counter[str]) -> None:
        machine = self.machines[name]
        machine.resources |= set(found)
        amounts = {resource: str(found[resource]) for resource in machine.resources}
        self.api.merge(f"{CORE}/nodes/{name}/status", {"status": {"capacity": amounts, "allocatable": amounts}})

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                listed = self.api.request("GET", f"{CORE}/pods")
                for pod in listed["items"]:
                    self._workers.submit(self._handle, pod)
                for event in self.api.watch(f"{CORE}/pods", listed["metadata"]["resourceVersion"]):
                    if self._stopped.is_set() or event["type"] == "ERROR":
                        break
                    if event["type"] == "DELETED":
                        self._workers.submit(self._gone, event["object"])
                    elif event["type"] != "BOOKMARK":
                        self._workers.submit(self._handle, event["object"])
            except (OSError, ApiError, RuntimeError, ValueError):
                time.sleep(0.2)

    def _handle(self, pod: Object) -> None:
        self._guarded(self._sync, pod)

    def _guarded(self, step: Callable[..., None], pod: Object, *more: Machine) -> None:
        try:
            step(pod, *more)
        except (ApiError, OSError, RuntimeError) as error:
            if not self._stopped.is_set():
                self.faults.append(f"kubelet: pod {pod['metadata']['name']}: {error}")

    def _sync(self, pod: Object) -> None:
        node, uid = pod["spec"].get("nodeName"), pod["metadata"]["uid"]
        if node not in self.machines:
            return
        if pod["metadata"].get("deletionTimestamp"):
            self._gone(pod)
            self.api.delete(path(pod), now=True)
            return
        with self._lock:
            if uid in self._seen or pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
                return
            self._seen[uid] = node
        self._start(pod, self.machines[node])

    def _start(self, pod: Object, machine: Machine) -> None:
        if reason := self._hindered(pod, machine):
            if pod["metadata"]["uid"] not in self._waiting:
                self._waiting.add(pod["metadata"]["uid"])
                self._status(pod, "Pending", waiting=reason)
            timer = threading.Timer(AGAIN_SECONDS, self._again, (pod, machine))
            timer.daemon = True
            timer.start()
            return
        command = self._command(pod)
        if command is None:
            self._running(pod, machine)
            return
        container = Container(self.folder / pod["metadata"]["uid"], command, self._sees(pod, machine))
        self.containers[pod["metadata"]["uid"]] = container
        status = container.wait(SETTLE_SECONDS)
        if status is None:
            self._running(pod, machine)
            threading.Thread(target=self._reap, args=(pod, container), daemon=True).start()
        else:
            self._ended(pod, status)

    def _again(self, pod: Object, machine: Machine) -> None:
        if not self._stopped.is_set() and pod["metadata"]["uid"] in self._seen:
            self._workers.submit(self._guarded, self._start, pod, machine)

    def _running(self, pod: Object, machine: Machine) -> None:
        machine.pods[pod["metadata"]["uid"]] = pod
        self._status(pod, "Running")
        if self._matters(pod):
            self.refresh(pod["spec"]["nodeName"])
        self.on_change(pod, True)

    def _reap(self, pod: Object, container: Container) -> None:
        while not self._stopped.is_set():
            if (status := container.wait(1)) is not None:
                if status >= 0:  # not ended from here
                    self._ended(pod, status)
                return

    def _ended(self, pod: Object, status: int) -> None:
        self._status(pod, "Succeeded" if status == 0 else "Failed", ended=status)

    def _gone(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        with self._lock:
            node = self._seen.pop(uid, None)
        if container := self.containers.pop(uid, None):
            container.stop()
        if node is None:
            return
        machine = self.machines.get(node)
        if machine and machine.pods.pop(uid, None) and self._matters(pod):
            self.refresh(node)
        self.on_change(pod, False)

    @staticmethod
    def _matters(pod: Object) -> bool:
        images = " ".join(container["image"] for container in pod["spec"]["containers"])
        return "plugin" in images or "driver" in images + pod["metadata"]["name"] or bool(loads(pod))

    def _hindered(self, pod: Object, machine: Machine) -> str | None:
        """What keeps the containers of a pod from being made, if anything does."""
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            if self.registry and (reason := self._unreached(pod, container["image"], *self.registry)):
                return reason
            row = image(container["image"])
            if row and machine.size.arch not in row["arch"]:
                return f"{container['image']}: no image for {machine.size.arch}"
        for network in filter(None, pod["metadata"].get("annotations", {}).get(NETWORKS, "").split(",")):
            space, _, name = network.strip().rpartition("/")
            space, name = space or namespace(pod), name.split("@")[0]
            if self.api.get(ATTACHMENTS.format(space, name)) is None:
                return f"NetworkAttachmentDefinition {space}/{name} is not there"
            if not any("multus" in item["metadata"]["name"] for item in list(machine.pods.values())):
                return "Multus does not run on the node"
        return None

    def _unreached(self, pod: Object, image: str, registry: str, secret: bool) -> str | None:
        if not image.startswith(registry):
            return f"{image}: it is not in {registry}, and no other registry can be reached"
        secrets = [row["name"] for row in pod["spec"].get("imagePullSecrets") or []]
        there = [
            name for name in secrets if self.api.get(f"{CORE}/namespaces/{namespace(pod)}/secrets/{name}") is not None
        ]
        return f"{image}: unauthorized, the pod has no imagePullSecret that is there" if secret and not there else None

    def _command(self, pod: Object) -> list[str] | None:
        container = pod["spec"]["containers"][0]
        row = image(container["image"])
        if row and row.get("run") and (container.get("command") or container.get("args")):
            if self.fail(pod):
                return ["false"]
            return [*container.get("command", []), *container.get("args", [])]
        return None

    def _sees(self, pod: Object, machine: Machine) -> Object:
        container = pod["spec"]["containers"][0]
        context = container.get("securityContext", {})
        limits = container.get("resources", {}).get("limits", {})
        rdma = [device for device in machine.functions() if device["rdma"]]
        infiniband = [device for device in rdma if device["class"] == facts.INFINIBAND]
        if not context.get("privileged"):
            asked = {name: int(count) for name, count in limits.items() if name.startswith("rdma/")}
            infiniband = infiniband[: next(iter(asked.values()))] if "rdma/ib" in asked else infiniband if asked else []
            rdma = infiniband
        links = {"lo": "127.0.0.1/8", "eth0": f"10.244.0.{next(self._addresses) % 250}/24"}
        if pod["spec"].get("hostNetwork"):
            links |= {device["ifName"]: "172.16.1.2/16" for device in machine.functions() if device["ifName"]}
        for index, _ in enumerate(filter(None, pod["metadata"].get("annotations", {}).get(NETWORKS, "").split(","))):
            links[f"net{index + 1}"] = f"192.168.0.{next(self._addresses) % 250}/24"
        locks = context.get("privileged") or "IPC_LOCK" in context.get("capabilities", {}).get("add", [])
        environment = {row["name"]: str(row.get("value", "")) for row in container.get("env", [])}
        gpus = int(limits.get(machine.size.gpu_resource, 0)) if machine.gpu_driver else 0
        return {"devices": rdma, "links": links, "locks": locks, "env": environment, "gpus": gpus}

    def _status(self, pod: Object, phase: str, *, waiting: str | None = None, ended: int | None = None) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        ready = "True" if phase == "Running" else "False"
        state: Object = {"running": {"startedAt": now}}
        if waiting:
            state = {"waiting": {"reason": "ContainerCreating", "message": waiting}}
        if ended is not None:
            reason = "Error" if ended else "Completed"
            state = {"terminated": {"exitCode": ended, "reason": reason, "startedAt": now, "finishedAt": now}}
        first = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
        address = "127.0.0.1" if pod["spec"].get("hostNetwork") else f"10.244.1.{next(self._addresses) % 250}"
        status = {
            "phase": phase,
            "startTime": now,
            "hostIP": "127.0.0.1",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [
                {
                    "type": kind,
                    "status": "True" if kind in {"PodScheduled", "Initialized"} else ready,
                    "lastTransitionTime": now,
                }
                for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
            ],
            "initContainerStatuses": [shown(one, first, ready=True) for one in pod["spec"].get("initContainers", [])],
            "containerStatuses": [shown(one, state, ready=ready == "True") for one in pod["spec"]["containers"]],
        }
        self.api.merge(path(pod) + "/status", {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status})

    def execute(self, space: str, name: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a pod."""
        pod = self.api.get(f"{CORE}/namespaces/{space}/pods/{name}")
        machine = self.machines.get(pod["spec"].get("nodeName", "")) if pod else None
        if pod is None or machine is None or pod["metadata"]["uid"] not in machine.pods:
            return 1, f'Error from server (NotFound): pods "{name}" not found\n'
        return once(self.folder / f"exec-{next(self._addresses)}", command, self._sees(pod, machine))

    def log(self, uid_or_name: str, space: str) -> bytes:
        """What a pod has printed."""
        pod = self.api.get(f"{CORE}/namespaces/{space}/pods/{uid_or_name}")
        container = self.containers.get(pod["metadata"]["uid"]) if pod else None
        if container:
            return container.log.read_bytes()
        kept = self.folder / pod["metadata"]["uid"] / "log" if pod else None
        return kept.read_bytes() if kept and kept.exists() else b""


def shown(container: Object, state: Object, *, ready: bool) -> Object:
    """The status of a container."""
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "containerID": f"containerd://{container['name']}",
        "ready": ready,
        "started": ready,
        "restartCount": 0,
        "state": state,
    }


def image(reference: str) -> Object | None:
    """The row of an image, by the end of its repository: a mirror has another beginning."""
    repository = reference.split("@")[0]
    head, _, tail = repository.rpartition("/")
    repository = f"{head}/{tail.split(':')[0]}"
    return next((row for row in IMAGES if repository.endswith(row["repository"])), None)


def namespace(pod: Object) -> str:
    """Of a pod."""
    return str(pod["metadata"]["namespace"])


def labels(pod: Object) -> dict[str, str]:
    """Of a pod."""
    return pod["metadata"].get("labels") or {}


def path(pod: Object) -> str:
    """Of a pod."""
    return f"{CORE}/namespaces/{namespace(pod)}/pods/{pod['metadata']['name']}"


def loads(pod: Object) -> set[str]:
    """Kernel modules that a pod loads, by its command."""
    words = [
        word
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
        for line in [*container.get("command", []), *container.get("args", [])]
        if "modprobe" in line
        for word in line.replace(";", " ").split()
    ]
    return {word for word in words if word.startswith(("ib_", "rdma_", "nvidia"))}


def log_server(kubelets: Kubelets, certificate: tuple[Path, Path]) -> ThreadingHTTPServer:
    """The endpoint that the API server asks for logs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            words = parts.path.strip("/").split("/")
            if words[0] != "containerLogs":
                self.send_error(404)
                return
            text = kubelets.log(words[2], words[1])
            if lines := parse_qs(parts.query).get("tailLines"):
                text = b"".join(text.splitlines(keepends=True)[-int(lines[0]) :])
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server
