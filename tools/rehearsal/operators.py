"""The operators of a cluster: NFD labels the nodes, those of the GPUs and of the network make their DaemonSets.

Where Network Operator's own program is given, it makes its part itself; see network_operator.py.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from tools.rehearsal import crds, facts
from tools.rehearsal.api import APPS, CORE, Api, ApiError, Object
from tools.rehearsal.kubelet import Kubelets, labels
from tools.rehearsal.policies import DEFINITIONS, NetworkOperator, daemonset, dig, pulls, state_of

NFD = "/apis/nfd.k8s-sigs.io/v1alpha1"
NODE_NAME = "nfd.node.kubernetes.io/node-name"
NVIDIA, AMD = "/apis/nvidia.com/v1/clusterpolicies", "/apis/amd.com/v1alpha1/namespaces/{}/deviceconfigs"
GPU_PARTS = {
    "driver": ("nvidia-driver-daemonset", "driver"),
    "toolkit": ("nvidia-container-toolkit-daemonset", "container-toolkit"),
    "devicePlugin": ("nvidia-device-plugin-daemonset", "device-plugin"),
    "dcgmExporter": ("nvidia-dcgm-exporter", "dcgm-exporter"),
}
"""Key of the ClusterPolicy to DaemonSet and label (NVIDIA/gpu-operator, controllers/state_manager.go)."""
IMAGES = {
    "driver": "driver",
    "container-toolkit": "container-toolkit",
    "device-plugin": "k8s-device-plugin",
    "dcgm-exporter": "dcgm-exporter",
}
DEPLOY, OPERANDS = "nvidia.com/gpu.deploy.", "nvidia.com/gpu.deploy.operands"
SECONDS = 0.3
"""Between two looks at what is there."""


class Operators:
    """Looks at what is there, and makes what is missing, until it is stopped."""

    def __init__(self, api: Api, kubelets: Kubelets, program: Path, release: str, crd_folder: Path | None) -> None:
        self.api, self.kubelets, self.program = api, kubelets, program
        self.network = NetworkOperator(api, release, crd_folder)
        self.real = False
        """Whether Network Operator's own program runs."""
        self.faults: list[str] = kubelets.faults
        self._asked = ""
        self._given: dict[str, set[str]] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()

    def _run(self) -> None:
        duties: list[tuple[str, str, Callable[[str], None]]] = [
            ("role", "master", self._nfd),
            ("app", "gpu-operator", self._nvidia),
            ("app", "amd-gpu-operator", self._amd),
        ]
        if not self.real:
            duties.append(("control-plane", "network-operator-controller", self.network.reconcile))
        while not self._stopped.wait(SECONDS):
            for key, value, duty in duties:
                try:
                    if space := self._space_of(key, value):
                        duty(space)
                except OSError:
                    pass  # the server has gone
                except (ApiError, KeyError, ValueError, subprocess.SubprocessError) as error:
                    if not (self._stopped.is_set() or (isinstance(error, ApiError) and error.status in {404, 409})):
                        self.faults.append(f"{duty.__name__.strip('_')}: {type(error).__name__} {error}")
                        self._stopped.wait(1)

    def _space_of(self, key: str, value: str) -> str | None:
        """The namespace in which a pod with this label runs."""
        for machine in list(self.kubelets.machines.values()):
            for pod in list(machine.pods.values()):
                if labels(pod).get(key) == value:
                    return str(pod["metadata"]["namespace"])
        return None

    def worker_runs(self, pod: Object) -> None:
        """A worker of NFD has started on a node: it writes what it finds there."""
        name, space = pod["spec"]["nodeName"], pod["metadata"]["namespace"]
        machine = self.kubelets.machines[name]
        body = {
            "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
            "kind": "NodeFeature",
            "metadata": {"name": name, "namespace": space, "labels": {NODE_NAME: name}},
            "spec": {
                "features": facts.features(machine.size, machine.os),
                "labels": facts.feature_labels(machine.size, machine.os),
            },
        }
        self.api.create(f"{NFD}/namespaces/{space}/nodefeatures", body)

    def _nfd(self, _: str) -> None:
        """Label the nodes as the rules say, and take away what they do not say any more."""
        rules = self.api.items(f"{NFD}/nodefeaturerules")
        found = self.api.items(f"{NFD}/nodefeatures")
        nodes = {one["metadata"]["labels"][NODE_NAME]: one["spec"] for one in found}
        nodes = {name: spec for name, spec in nodes.items() if name in self.kubelets.machines}
        asked = json.dumps([[rule["spec"] for rule in rules], sorted(nodes)], sort_keys=True)
        if asked == self._asked:
            return
        given = json.dumps({"rules": rules, "nodes": {name: spec["features"] for name, spec in nodes.items()}})
        run = [str(self.program), "match-features"]
        answer = subprocess.run(run, input=given, capture_output=True, text=True, check=False, timeout=60)
        if answer.returncode:
            raise ValueError(answer.stderr.strip())
        for name, matched in json.loads(answer.stdout).items():
            new = {**nodes[name]["labels"], **matched}
            patch: dict[str, str | None] = dict.fromkeys(self._given.get(name, set()) - set(new))
            self.api.merge(f"{CORE}/nodes/{name}", {"metadata": {"labels": patch | new}})
            self._given[name] = set(new)
        self._asked = asked

    def _nvidia(self, space: str) -> None:
        for policy in self.api.items(NVIDIA)[:1]:
            spec = policy["spec"]
            for node in self.api.items(f"{CORE}/nodes"):
                marks = node["metadata"]["labels"]
                mine = "feature.node.kubernetes.io/pci-10de.present" in marks and marks.get(OPERANDS) != "false"
                new = {DEPLOY + part: "true" for _, part in GPU_PARTS.values() if mine and DEPLOY + part not in marks}
                if new:
                    self.api.merge(f"{CORE}/nodes/{node['metadata']['name']}", {"metadata": {"labels": new}})
            pod = {"tolerations": spec["daemonsets"].get("tolerations", [])}
            states = set()
            for key, (name, part) in GPU_PARTS.items():
                if spec[key].get("enabled", True):
                    repository = spec[key].get("repository") or "nvcr.io/nvidia"
                    own = pod | pulls({}, spec[key]) | {"nodeSelector": {DEPLOY + part: "true"}}
                    states.add(self._make(name, f"{repository}/{IMAGES[part]}:1", own, policy, space))
            monitor = dig(spec, "dcgmExporter.serviceMonitor.enabled") and crds.numbers(spec["chart"]) < (26, 7)
            if monitor and self.api.get(f"{DEFINITIONS}/servicemonitors.monitoring.coreos.com") is None:
                states.add("notReady")
            state = "ready" if states == {"ready"} else "notReady"
            if dig(policy, "status.state") != state:
                self.api.merge(f"{NVIDIA}/{policy['metadata']['name']}/status", {"status": {"state": state}})

    def _amd(self, space: str) -> None:
        for config in self.api.items(AMD.format(space)):
            spec = config["spec"]
            pod = {"nodeSelector": spec.get("selector", {})}
            if spec.get("driver", {}).get("enable", True):
                more = {"tolerations": dig(spec, "driver.tolerations") or []}
                self._make("amd-gpu-driver", "docker.io/rocm/gpu-driver:1", pod | more, config, space)
            if dig(spec, "devicePlugin.enableDevicePlugin") is not False:
                more = {"tolerations": dig(spec, "devicePlugin.devicePluginTolerations") or []}
                self._make("amd-device-plugin", "docker.io/rocm/k8s-device-plugin:1", pod | more, config, space)

    def _make(self, name: str, image: str, pod: Object, policy: Object, space: str) -> str:
        body = daemonset(name, image, pod, policy, {}, "gpu")
        del body["metadata"]["labels"]
        return state_of(self.api.apply(f"{APPS}/namespaces/{space}/daemonsets/{name}", body))
