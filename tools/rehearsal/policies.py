"""Network Operator's part of a cluster, where its own program is not at hand: the DaemonSets of the policies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.rehearsal import crds
from tools.rehearsal.api import APPS, CORE, Api, Object

MELLANOX = "/apis/mellanox.com/v1alpha1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PRESENT = "feature.node.kubernetes.io/pci-15b3.present"
WAIT = "network.nvidia.com/operator.mofed.wait"
OFED = "nvidia.com/ofed-driver"
UPGRADE = "nvidia.com/ofed-driver-upgrade-state"
CLEANS_UPGRADES = (25, 7)
"""Since when that label goes with the policy (controllers/upgrade_controller.go by tag)."""
STATE = "nvidia.network-operator.state"
GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
POLICY = "nic-cluster-policy"
SRIOV = "network-operator-sriov-device-plugin"


@dataclass(frozen=True)
class Part:
    """A section of a policy, and the DaemonSet that the operator makes of it (its manifests/, v25.1 to v26.7)."""

    section: str
    daemonset: str
    state: str
    waits: bool = False
    """On InfiniBand nodes alone, once the driver is up."""
    config: str | None = None
    """The ConfigMap of its `config`."""


PARTS = (
    Part("rdmaSharedDevicePlugin", "rdma-shared-dp-ds", "state-RDMA-device-plugin", True, "rdma-devices"),
    Part("sriovDevicePlugin", SRIOV, "state-SRIOV-device-plugin", True, "network-operator-sriovdp-config"),
    Part("docaTelemetryService", "doca-telemetry-service", "state-doca-telemetry-service", True),
    Part("secondaryNetwork.multus", "kube-multus-ds", "state-multus-cni"),
    Part("secondaryNetwork.cniPlugins", "cni-plugins-ds", "state-container-networking-plugins"),
    Part("secondaryNetwork.ipoib", "kube-ipoib-cni-ds", "state-ipoib-cni"),
    Part("secondaryNetwork.ipamPlugin", "whereabouts", "state-whereabouts-cni"),
    Part("nvIpam", "nv-ipam-node", "state-nv-ipam-cni"),
    Part("nicFeatureDiscovery", "nic-feature-discovery-ds", "state-nic-feature-discovery"),
)


class NetworkOperator:
    """Makes what the policies ask for, and says in their status how far it is."""

    def __init__(self, api: Api, release: str, crd_folder: Path | None) -> None:
        self.api, self.release, self.crd_folder = api, release, crd_folder
        self._wanted: set[str] = set()

    def reconcile(self, space: str) -> None:
        """Bring the cluster one step nearer to what the policies say."""
        nodes = self.api.items(f"{CORE}/nodes")
        self._wanted.clear()
        drivers: list[Mapping[str, str]] = []
        for plural in ("nicclusterpolicies", "nicnodepolicies"):
            for policy in self.api.items(f"{MELLANOX}/{plural}"):
                if plural == "nicclusterpolicies" and policy["metadata"]["name"] != POLICY:
                    self._say(plural, policy, "ignore", {})
                    continue
                if "ofedDriver" in policy["spec"]:
                    drivers.append(policy["spec"].get("nodeSelector", {}))
                states = dict(self._policy(plural, policy, nodes, space))
                self._say(
                    plural, policy, "ready" if set(states.values()) <= {"ready", "ignore"} else "notReady", states
                )
        for one in self.api.items(f"{APPS}/namespaces/{space}/daemonsets"):
            if STATE in one["metadata"].get("labels", {}) and one["metadata"]["name"] not in self._wanted:
                self.api.delete(f"{APPS}/namespaces/{space}/daemonsets/{one['metadata']['name']}")
        self._waits(nodes, drivers)
        self._networks()

    def _policy(self, plural: str, policy: Object, nodes: list[Object], space: str) -> Iterator[tuple[str, str]]:
        spec = policy["spec"]
        own = plural == "nicnodepolicies"
        suffix = f"-{policy['metadata']['name']}" if own else ""
        selector: dict[str, str] = spec.get("nodeSelector", {})
        common: Object = {"tolerations": [*spec.get("tolerations", []), GPU]}
        if affinity := spec.get("nodeAffinity"):
            common["affinity"] = {"nodeAffinity": affinity}
        if (driver := spec.get("ofedDriver")) and not self._configured(driver, space):
            yield "state-OFED", "error"
        elif driver:
            states = {
                self._make(one, space)
                for one in driver_sets(driver, nodes, suffix, common | pulls(spec, driver), selector, policy)
            }
            yield "state-OFED", "ready" if states == {"ready"} else "notReady"
        for part in PARTS:
            section = dig(spec, part.section)
            if section is None:
                if not own:
                    yield part.state, "ignore"
                continue
            pod = common | pulls(spec, section)
            if part.waits or selector:
                pod["nodeSelector"] = ({PRESENT: "true", WAIT: "false"} if part.waits else {}) | selector
            if part.config:
                pod["volumes"] = [{"name": "config", "configMap": {"name": part.config + suffix}}]
                self._config(part.config + suffix, section, space, policy)
            if part.section == "nvIpam":
                for name in crds.OPERATOR_MAKES:
                    self.api.create(DEFINITIONS, crds.definitions(self.release, self.crd_folder)[name])
            image = picture(spec, section)
            yield part.state, self._make(daemonset(part.daemonset + suffix, image, pod, policy, {}, part.state), space)

    def _configured(self, driver: Object, space: str) -> bool:
        """Whether the ConfigMaps that the driver names are there; without them the operator makes no DaemonSet."""
        names = [dig(driver, f"{key}.name") for key in ("repoConfig", "certConfig")]
        return all(self.api.get(f"{CORE}/namespaces/{space}/configmaps/{name}") for name in names if name)

    def _config(self, name: str, section: Object, space: str, policy: Object) -> None:
        metadata = {"name": name, "labels": {STATE: "config"}, "ownerReferences": [owner(policy)]}
        data = {"config.json": section.get("config", "")}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        self.api.apply(f"{CORE}/namespaces/{space}/configmaps/{name}", body)

    def _make(self, body: Object, space: str) -> str:
        self._wanted.add(body["metadata"]["name"])
        return state_of(self.api.apply(f"{APPS}/namespaces/{space}/daemonsets/{body['metadata']['name']}", body))

    def _say(self, plural: str, policy: Object, state: str, states: dict[str, str]) -> None:
        meta = policy["metadata"]
        applied = [{"name": name, "state": value} for name, value in sorted(states.items())]
        status: Object = {"state": state, "appliedStates": applied}
        if crds.numbers(self.release) >= (26, 7):
            ready = {"type": "Ready", "status": "True" if state == "ready" else "False", "reason": "AllComponentsReady"}
            ready |= {
                "observedGeneration": meta["generation"],
                "lastTransitionTime": meta["creationTimestamp"],
                "message": "",
            }
            status["conditions"] = [ready]
        if policy.get("status") != status:
            self.api.merge(f"{MELLANOX}/{plural}/{meta['name']}/status", {"status": status})

    def _waits(self, nodes: list[Object], drivers: list[Mapping[str, str]]) -> None:
        """Say on each node whether the device plugins are to wait for its driver, and that its driver is up to date."""
        pods = self.api.items(f"{CORE}/pods?labelSelector={OFED}")
        ready = {
            pod["spec"].get("nodeName")
            for pod in pods
            if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
        }
        for node in nodes:
            name, marks = node["metadata"]["name"], node["metadata"]["labels"]
            wait = waiting(marks, name in ready, drivers)
            state = "upgrade-done" if name in ready else marks.get(UPGRADE)
            if not drivers and crds.numbers(self.release) >= CLEANS_UPGRADES:
                state = None
            if (marks.get(WAIT), marks.get(UPGRADE)) != (wait, state):
                self.api.merge(f"{CORE}/nodes/{name}", {"metadata": {"labels": {WAIT: wait, UPGRADE: state}}})

    def _networks(self) -> None:
        for network in self.api.items(f"{MELLANOX}/ipoibnetworks"):
            name, spec = network["metadata"]["name"], network["spec"]
            space = spec.get("networkNamespace") or "default"
            text = f'{{"cniVersion":"0.3.1","name":"{name}","type":"ipoib","master":"{spec.get("master")}","ipam":{spec.get("ipam")}}}'
            json.loads(text)
            body = {
                "apiVersion": "k8s.cni.cncf.io/v1",
                "kind": "NetworkAttachmentDefinition",
                "metadata": {"name": name, "ownerReferences": [owner(network)]},
                "spec": {"config": text},
            }
            self.api.apply(f"/apis/k8s.cni.cncf.io/v1/namespaces/{space}/network-attachment-definitions/{name}", body)
            if network.get("status", {}).get("state") != "ready":
                self.api.merge(f"{MELLANOX}/ipoibnetworks/{name}/status", {"status": {"state": "ready"}})


def driver_sets(
    driver: Object, nodes: list[Object], suffix: str, common: Object, selector: dict[str, str], policy: Object
) -> Iterator[Object]:
    """The driver's DaemonSets: one for each operating system and kernel that the nodes have."""
    prefix = "feature.node.kubernetes.io/"
    keys = [prefix + key for key in ("system-os_release.ID", "system-os_release.VERSION_ID", "kernel-version.full")]
    kinds = {
        tuple(node["metadata"]["labels"].get(key, "") for key in keys)
        for node in nodes
        if node["metadata"]["labels"].get(PRESENT) == "true" and selector.items() <= node["metadata"]["labels"].items()
    }
    for kind in sorted(kinds):
        mark = hashlib.sha256(kind[2].encode()).hexdigest()[:10]
        where = {PRESENT: "true", **dict(zip(keys, kind, strict=True)), **selector}
        pod = {**common, "hostNetwork": True, "nodeSelector": where}
        name = f"mofed-{kind[0]}{kind[1]}-{mark}{suffix}-ds"
        yield daemonset(
            name, picture(policy["spec"], driver), pod, policy, {OFED: ""}, "state-OFED", container="mofed-container"
        )


def daemonset(
    name: str, image: str, pod: Object, policy: Object, marks: dict[str, str], part: str, container: str = "main"
) -> Object:
    """A DaemonSet that goes when its policy goes."""
    app = {"app": name}
    spec = {"priorityClassName": "system-node-critical", **pod, "containers": [{"name": container, "image": image}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "labels": {STATE: part}, "ownerReferences": [owner(policy)]},
        "spec": {"selector": {"matchLabels": app}, "template": {"metadata": {"labels": app | marks}, "spec": spec}},
    }


def waiting(marks: Mapping[str, str], ready: bool, drivers: list[Mapping[str, str]]) -> str | None:
    """Whether device plugins wait on a node with these labels; `drivers` are the node selectors of policies with a driver."""
    if marks.get(PRESENT) != "true":
        return None
    return "true" if not ready and any(selector.items() <= marks.items() for selector in drivers) else "false"


def state_of(made: Object) -> str:
    """`ready` once every pod that is wanted is; the operator takes a DaemonSet without nodes as not ready."""
    status = made.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    current = status.get("observedGeneration") == made["metadata"]["generation"]
    return "ready" if current and wanted and status.get("numberAvailable", 0) == wanted else "notReady"


def picture(spec: Object, section: Object) -> str:
    """The image of a section, with what `global` fills in (from v26.4 on)."""
    common = spec.get("global") or {}
    repository, version = (section.get(key) or common.get(key) for key in ("repository", "version"))
    return f"{repository}/{section.get('image')}:{version}"


def pulls(spec: Object, section: Object) -> Object:
    """The pull secrets of a section, with those of `global`."""
    names = section.get("imagePullSecrets") or (spec.get("global") or {}).get("imagePullSecrets") or []
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}


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
