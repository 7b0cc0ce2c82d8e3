"""What the operators of a cluster would make: NFD's labels, Network Operator's and the GPU operators' DaemonSets.

Where a Network Operator's own program is given, it makes its part itself; see network_operator.py.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.rehearsal import crds, facts
from tools.rehearsal.api import APPS, CORE, Api, ApiError, Object
from tools.rehearsal.kubelet import Kubelets, labels

MELLANOX = "/apis/mellanox.com/v1alpha1"
NFD = "/apis/nfd.k8s-sigs.io/v1alpha1"
PRESENT = "feature.node.kubernetes.io/pci-15b3.present"
WAIT = "network.nvidia.com/operator.mofed.wait"
OFED = "nvidia.com/ofed-driver"
STATE = "nvidia.network-operator.state"
SERVICE_MONITORS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/servicemonitors.monitoring.coreos.com"
SECONDS = 0.3
"""Between two looks at what is there."""


@dataclass(frozen=True)
class Part:
    """A section of a policy, and the DaemonSet that the operator makes of it (manifests/ of the operator, v25.1 to v26.7)."""

    section: str
    daemonset: str
    state: str
    waits: bool = False
    """On InfiniBand nodes alone, once the driver is up."""
    config: str | None = None
    """The ConfigMap of its `config`."""


PARTS = (
    Part("rdmaSharedDevicePlugin", "rdma-shared-dp-ds", "state-RDMA-device-plugin", True, "rdma-devices"),
    Part(
        "sriovDevicePlugin",
        "network-operator-sriov-device-plugin",
        "state-SRIOV-device-plugin",
        True,
        "network-operator-sriovdp-config",
    ),  # fmt: skip
    Part("docaTelemetryService", "doca-telemetry-service", "state-doca-telemetry-service", True),
    Part("secondaryNetwork.multus", "kube-multus-ds", "state-multus-cni"),
    Part("secondaryNetwork.cniPlugins", "cni-plugins-ds", "state-container-networking-plugins"),
    Part("secondaryNetwork.ipoib", "kube-ipoib-cni-ds", "state-ipoib-cni"),
    Part("secondaryNetwork.ipamPlugin", "whereabouts", "state-whereabouts-cni"),
    Part("nvIpam", "nv-ipam-node", "state-nv-ipam-cni"),
    Part("nicFeatureDiscovery", "nic-feature-discovery-ds", "state-nic-feature-discovery"),
)


class Operators:
    """Looks at what is there, and makes what is missing, until it is stopped."""

    def __init__(self, api: Api, kubelets: Kubelets, program: Path, release: str, crd_folder: Path | None) -> None:
        self.api, self.kubelets, self.program = api, kubelets, program
        self.release, self.crd_folder = release, crd_folder
        self.real = False
        """Whether a Network Operator's own program makes the DaemonSets."""
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
        duties: list[tuple[Callable[[Object], bool], Callable[[str], None]]] = [
            (lambda pod: labels(pod).get("role") == "master", self._nfd),
            (lambda pod: labels(pod).get("control-plane") == "network-operator-controller", self._network),
            (lambda pod: labels(pod).get("app") == "gpu-operator", self._nvidia),
            (lambda pod: labels(pod).get("app") == "amd-gpu-operator", self._amd),
        ]
        while not self._stopped.wait(SECONDS):
            for mine, duty in duties:
                try:
                    if space := self._space_of(mine):
                        duty(space)
                except (ApiError, OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
                    if not self._stopped.is_set() and not isinstance(error, OSError):
                        self.faults.append(f"{duty.__name__.strip('_')}: {type(error).__name__} {error}")
                        self._stopped.wait(1)

    def _space_of(self, mine: Callable[[Object], bool]) -> str | None:
        for machine in list(self.kubelets.machines.values()):
            for pod in list(machine.pods.values()):
                if mine(pod):
                    return str(pod["metadata"]["namespace"])
        return None

    # Node Feature Discovery

    def worker_runs(self, pod: Object) -> None:
        """A worker has started on a node: it writes what it finds there."""
        name, space = pod["spec"]["nodeName"], pod["metadata"]["namespace"]
        machine = self.kubelets.machines[name]
        mark = {"nfd.node.kubernetes.io/node-name": name}
        metadata = {"name": name, "namespace": space, "labels": mark}
        spec = {
            "features": facts.features(machine.size, machine.os),
            "labels": facts.feature_labels(machine.size, machine.os),
        }
        body = {"apiVersion": "nfd.k8s-sigs.io/v1alpha1", "kind": "NodeFeature", "metadata": metadata, "spec": spec}
        self.api.create(f"{NFD}/namespaces/{space}/nodefeatures", body)

    def _nfd(self, _: str) -> None:
        rules = self.api.items(f"{NFD}/nodefeaturerules")
        found = self.api.items(f"{NFD}/nodefeatures")
        nodes = {one["metadata"]["labels"]["nfd.node.kubernetes.io/node-name"]: one["spec"] for one in found}
        nodes = {name: spec for name, spec in nodes.items() if name in self.kubelets.machines}
        asked = json.dumps([rules and [rule["spec"] for rule in rules], sorted(nodes)], sort_keys=True)
        if asked == self._asked:
            return
        given = json.dumps({"rules": rules, "nodes": {name: spec["features"] for name, spec in nodes.items()}})
        run = [str(self.program), "match-features"]
        answer = subprocess.run(run, input=given, capture_output=True, text=True, check=True, timeout=60)
        for name, matched in json.loads(answer.stdout).items():
            new = {**nodes[name]["labels"], **matched}
            patch: dict[str, str | None] = dict.fromkeys(self._given.get(name, set()) - set(new))
            self.api.merge(f"{CORE}/nodes/{name}", {"metadata": {"labels": patch | new}})
            self._given[name] = set(new)
        self._asked = asked

    # Network Operator

    def _network(self, space: str) -> None:
        if self.real:
            return
        nodes = self.api.items(f"{CORE}/nodes")
        wanted: dict[str, Object] = {}
        policies = self.api.items(f"{MELLANOX}/nicclusterpolicies")
        for policy in policies:
            if policy["metadata"]["name"] != "nic-cluster-policy":
                self._state("nicclusterpolicies", policy, "ignore", {})
                continue
            states = self._policy("nicclusterpolicies", policy, nodes, space, "", wanted)
            self._state(
                "nicclusterpolicies",
                policy,
                "ready" if set(states.values()) <= {"ready", "ignore"} else "notReady",
                states,
            )
        for policy in self.api.items(f"{MELLANOX}/nicnodepolicies"):
            states = self._policy("nicnodepolicies", policy, nodes, space, f"-{policy['metadata']['name']}", wanted)
            self._state(
                "nicnodepolicies",
                policy,
                "ready" if set(states.values()) <= {"ready", "ignore"} else "notReady",
                states,
            )
        for daemonset in self.api.items(f"{APPS}/namespaces/{space}/daemonsets"):
            name = daemonset["metadata"]["name"]
            if STATE in daemonset["metadata"].get("labels", {}) and name not in wanted:
                self.api.delete(f"{APPS}/namespaces/{space}/daemonsets/{name}")
        self._waits(nodes)
        self._networks()

    def _policy(
        self, plural: str, policy: Object, nodes: list[Object], space: str, suffix: str, wanted: dict[str, Object]
    ) -> dict[str, str]:
        spec = policy["spec"]
        selector = spec.get("nodeSelector", {})
        common: Object = {
            "tolerations": [
                *spec.get("tolerations", []),
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
            ]
        }
        if affinity := spec.get("nodeAffinity"):
            common["affinity"] = {"nodeAffinity": affinity}
        states: dict[str, str] = {}
        if driver := spec.get("ofedDriver"):
            states["state-OFED"] = self._driver(driver, nodes, space, suffix, common, selector, wanted)
        for part in PARTS:
            section = dig(spec, part.section)
            if section is None:
                if plural == "nicclusterpolicies":
                    states[part.state] = "ignore"
                continue
            if part.section == "nvIpam":
                for name in crds.OPERATOR_MAKES:
                    self.make_crd(crds.definitions(self.release, self.crd_folder)[name])
            pod = dict(common)
            if part.waits:
                pod["nodeSelector"] = {PRESENT: "true", WAIT: "false", **selector}
            elif selector:
                pod["nodeSelector"] = selector
            config = part.config and part.config + suffix
            if config:
                data = {"config.json": section.get("config", "")}
                body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": config}, "data": data}
                self.api.apply(f"{CORE}/namespaces/{space}/configmaps/{config}", body)
                pod["volumes"] = [{"name": "config", "configMap": {"name": config}}]
            states[part.state] = self._daemonset(
                part.daemonset + suffix, space, picture(spec, section), pod, {}, wanted, part.state
            )
        return states

    def _driver(
        self, driver: Object, nodes: list[Object], space: str, suffix: str, common: Object, selector: dict[str, str],
        wanted: dict[str, Object],
    ) -> str:  # fmt: skip
        prefix = "feature.node.kubernetes.io/"
        keys = [prefix + key for key in ("system-os_release.ID", "system-os_release.VERSION_ID", "kernel-version.full")]
        kinds = {
            tuple(node["metadata"]["labels"].get(key, "") for key in keys)
            for node in nodes
            if node["metadata"]["labels"].get(PRESENT) == "true"
            and selector.items() <= node["metadata"]["labels"].items()
        }
        states = []
        for kind in sorted(kinds):
            mark = hashlib.sha256(kind[2].encode()).hexdigest()[:10]
            name = f"mofed-{kind[0]}{kind[1]}-{mark}{suffix}-ds"
            pod = {
                **common,
                "hostNetwork": True,
                "nodeSelector": {PRESENT: "true", **dict(zip(keys, kind, strict=True)), **selector},
            }
            states.append(self._daemonset(name, space, picture({}, driver), pod, {OFED: ""}, wanted, "state-OFED"))
        return "ready" if states and set(states) == {"ready"} else "notReady"

    def _daemonset(
        self, name: str, space: str, image: str, pod: Object, more: dict[str, str], wanted: dict[str, Object],
        part: str = "none",
    ) -> str:  # fmt: skip
        marks = {"app": name, **more}
        body = {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": name, "labels": {STATE: part}},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": marks},
                    "spec": {
                        "priorityClassName": "system-node-critical",
                        **pod,
                        "containers": [{"name": "main", "image": image}],
                    },
                },
            },
        }
        made = self.api.apply(f"{APPS}/namespaces/{space}/daemonsets/{name}", body)
        wanted[name] = made
        return state_of(made)

    def _state(self, plural: str, policy: Object, state: str, states: dict[str, str]) -> None:
        applied = [{"name": name, "state": value} for name, value in sorted(states.items())]
        status: Object = {"state": state, "appliedStates": applied}
        if crds.numbers(self.release) >= (26, 7):
            ready = {"type": "Ready", "status": "True" if state == "ready" else "False", "reason": "AllComponentsReady"}
            ready |= {
                "observedGeneration": policy["metadata"]["generation"],
                "lastTransitionTime": policy["metadata"]["creationTimestamp"],
            }
            status["conditions"] = [ready | {"message": ""}]
        if policy.get("status") != status:
            self.api.merge(f"{MELLANOX}/{plural}/{policy['metadata']['name']}/status", {"status": status})

    def _waits(self, nodes: Iterable[Object]) -> None:
        drivers = {pod["spec"]["nodeName"] for pod in self._pods() if OFED in labels(pod)}
        installs = self.api.items(f"{CORE}/pods?labelSelector={OFED}")
        coming = {pod["spec"].get("nodeName") for pod in installs}
        for node in nodes:
            name, marks = node["metadata"]["name"], node["metadata"]["labels"]
            if marks.get(PRESENT) != "true":
                continue
            planned = coming or any(
                True for policy in self.api.items(f"{MELLANOX}/nicclusterpolicies") if policy["spec"].get("ofedDriver")
            )
            wait = "false" if name in drivers or not planned else "true"
            if marks.get(WAIT) != wait:
                self.api.merge(f"{CORE}/nodes/{name}", {"metadata": {"labels": {WAIT: wait}}})

    def _networks(self) -> None:
        for network in self.api.items(f"{MELLANOX}/ipoibnetworks"):
            name, spec = network["metadata"]["name"], network["spec"]
            space = spec.get("networkNamespace") or "default"
            inner = f'{{"cniVersion":"0.3.1","name":"{name}","type":"ipoib","master":"{spec.get("master")}","ipam":{spec.get("ipam")}}}'
            json.loads(inner)
            body = {
                "apiVersion": "k8s.cni.cncf.io/v1",
                "kind": "NetworkAttachmentDefinition",
                "metadata": {"name": name, "ownerReferences": [owner(network)]},
                "spec": {"config": inner},
            }
            self.api.apply(f"/apis/k8s.cni.cncf.io/v1/namespaces/{space}/network-attachment-definitions/{name}", body)
            if network.get("status", {}).get("state") != "ready":
                self.api.merge(f"{MELLANOX}/ipoibnetworks/{name}/status", {"status": {"state": "ready"}})

    def make_crd(self, body: Object) -> None:
        """Make a definition, if it is not there."""
        self.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)

    # GPU operators

    def _nvidia(self, space: str) -> None:
        policies = self.api.items("/apis/nvidia.com/v1/clusterpolicies")
        if not policies:
            return
        spec = policies[0]["spec"]
        for node in self.api.items(f"{CORE}/nodes"):
            marks = node["metadata"]["labels"]
            if (
                marks.get("feature.node.kubernetes.io/pci-10de.present") == "true"
                and "nvidia.com/gpu.present" not in marks
            ):
                self.api.merge(
                    f"{CORE}/nodes/{node['metadata']['name']}",
                    {"metadata": {"labels": {"nvidia.com/gpu.present": "true"}}},
                )
        parts = [
            ("nvidia-driver-daemonset", "driver", "driver"),
            ("nvidia-container-toolkit-daemonset", "toolkit", "container-toolkit"),
        ]
        parts += [
            ("nvidia-device-plugin-daemonset", "devicePlugin", "k8s-device-plugin"),
            ("nvidia-dcgm-exporter", "dcgmExporter", "dcgm-exporter"),
        ]
        common = {
            "nodeSelector": {"nvidia.com/gpu.present": "true"},
            "tolerations": spec["daemonsets"].get("tolerations", []),
        }
        states = []
        for name, key, image in parts:
            if spec.get(key, {}).get("enabled", True):
                states.append(
                    self._daemonset(name, space, f"nvcr.io/nvidia/gpu-operator/{image}:1", dict(common), {}, {})
                )
            else:
                self.api.delete(f"{APPS}/namespaces/{space}/daemonsets/{name}")
        monitor = dig(spec, "dcgmExporter.serviceMonitor.enabled") and self.api.get(SERVICE_MONITORS) is None
        if monitor and crds.numbers(spec["chart"]) < (26, 7):
            states.append("notReady")
        state = "ready" if set(states) == {"ready"} else "notReady"
        if policies[0].get("status", {}).get("state") != state:
            self.api.merge(
                f"/apis/nvidia.com/v1/clusterpolicies/{policies[0]['metadata']['name']}/status",
                {"status": {"state": state}},
            )

    def _amd(self, space: str) -> None:
        for config in self.api.items(f"/apis/amd.com/v1alpha1/namespaces/{space}/deviceconfigs"):
            spec = config["spec"]
            pod = {
                "nodeSelector": spec.get("selector", {}),
                "tolerations": spec.get("devicePlugin", {}).get("devicePluginTolerations", []),
            }
            if spec.get("driver", {}).get("enable", True):
                self._daemonset("amd-gpu-driver", space, "rocm/gpu-driver:1", dict(pod), {}, {})
            self._daemonset("amd-device-plugin", space, "docker.io/rocm/k8s-device-plugin:1", dict(pod), {}, {})

    def _pods(self) -> list[Object]:
        return [pod for machine in list(self.kubelets.machines.values()) for pod in list(machine.pods.values())]


def state_of(daemonset: Object) -> str:
    """`ready` once every pod that is wanted is; the operator takes a DaemonSet without nodes as not ready."""
    status = daemonset.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    current = status.get("observedGeneration") == daemonset["metadata"]["generation"]
    return "ready" if current and wanted and status.get("numberAvailable", 0) == wanted else "notReady"


def picture(spec: Object, section: Object) -> str:
    """The image of a section, with what `global` fills in (from v26.4 on)."""
    common = spec.get("global") or {}
    repository, version = (
        section.get("repository") or common.get("repository"),
        section.get("version") or common.get("version"),
    )
    return f"{repository}/{section.get('image')}:{version}"


def owner(thing: Object) -> Object:
    """An owner reference."""
    meta = thing["metadata"]
    return {
        "apiVersion": thing["apiVersion"],
        "kind": thing["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }


def dig(spec: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for key in path.split("."):
        spec = spec.get(key) if isinstance(spec, dict) else None
    return spec
