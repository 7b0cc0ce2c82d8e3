"""What a cluster file means for the nodes: read from the file and the VM sizes alone, not from what is rendered."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.rehearsal import facts
from tools.rehearsal.api import CORE, Api, Object

WHAT = {
    "doca-driver": "driver",
    "mofed": "driver",
    "sriov-network-device-plugin": "sriov",
    "rdma-shared-dev-plugin": "shared",
    "multus": "network",
    "ipoib-cni": "network",
    "k8s-ipam": "network",
    "cni/plugins": "network",
    "mellanox/plugins": "network",
}
"""Part of an image to what runs in it."""
PLUGINS = {"sriov-device-plugin": "sriov", "rdma-shared-device-plugin": "shared", "ipoib": "shared"}
OF_EVERY_NAMESPACE = {("configmaps", "kube-root-ca.crt"), ("serviceaccounts", "default"), ("services", "kubernetes")}
"""Made by controllers in each namespace, and by the API server in its own time."""
DEFAULT_NAMES = {"sriov": "ib", "shared": "shared_ib"}
SLOTS = 63


@dataclass(frozen=True)
class Pool:
    """A node pool of the cluster file."""

    name: str
    size: facts.Size
    count: int
    profile: str
    gpu_driver: str
    nic_driver: str

    @property
    def infiniband(self) -> bool:
        """Whether it has any."""
        return self.size.nics > 0

    def runs(self) -> set[str]:
        """What of the operator's is to run on its nodes."""
        if not self.infiniband:
            return set()
        found = {"driver"} if self.nic_driver == "doca" else set()
        found |= {PLUGINS[self.profile]} if self.profile in PLUGINS else set()
        return found | ({"network"} if self.profile == "ipoib" else set())


@dataclass(frozen=True)
class Meant:
    """The cluster file."""

    spec: Object
    pools: tuple[Pool, ...]

    @property
    def release(self) -> str:
        """Of Network Operator."""
        return str(self.spec.get("release", "v25.1.0"))

    @property
    def namespace(self) -> str:
        """The operator's."""
        return str(self.spec.get("operatorNamespace", "network-operator"))

    @property
    def registry(self) -> tuple[str, bool] | None:
        """The registry that every image is to come from, and whether it wants a secret."""
        registry = self.spec.get("registry")
        return (str(registry), bool(self.spec.get("imagePullSecrets"))) if registry else None

    def resource(self, pool: Pool) -> tuple[str, int] | None:
        """What its nodes are to advertise, and how much of it."""
        plugin = PLUGINS.get(pool.profile)
        if plugin is None or not pool.infiniband:
            return None
        rdma = self.spec.get("rdma", {})
        name = f"{rdma.get('resourcePrefix', 'rdma')}/{rdma.get('resourceName') or DEFAULT_NAMES[plugin]}"
        return name, pool.size.nics if plugin == "sriov" else int(rdma.get("sharedSlots", SLOTS))


def read(path: Path) -> Meant:
    """Read a cluster file."""
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
    pools = []
    for row in spec["nodePools"]:
        size = facts.size(row["vmSize"])
        driver = row.get("nicDriver") or spec.get("nicDriver")
        if driver is None:
            off = spec.get("ofedDriver", {}).get("enabled")
            driver = "node-image" if size.grace and off is not True else "inbox" if off is False else "doca"
        gpu = row.get("gpuDriver") or spec.get("gpuDriver") or "gpu-operator"
        profile = row.get("profile") or spec.get("profile") or "sriov-device-plugin"
        pools.append(Pool(row["name"], size, row.get("count") or 1, profile, gpu, driver))
    return Meant(spec, tuple(pools))


def judge(api: Api, meant: Meant) -> list[str]:
    """What of the cluster is not as the file means it."""
    faults = []
    nodes: dict[str, list[Object]] = defaultdict(list)
    for node in api.items(f"{CORE}/nodes"):
        nodes[node["metadata"]["labels"]["kubernetes.azure.com/agentpool"]].append(node)
    for pool in meant.pools:
        here = nodes[pool.name]
        if len(here) != pool.count:
            faults.append(f"pool {pool.name}: {len(here)} nodes, and the file has {pool.count}")
        wanted = meant.resource(pool)
        got = [
            {name: int(value) for name, value in node["status"]["allocatable"].items() if "/" in name} for node in here
        ]
        for name in {name for one in got for name in one if name.startswith(("rdma/", "nvidia.com/mlnx"))} | {
            (wanted or ("",))[0]
        } - {""}:
            amount = wanted[1] if wanted and wanted[0] == name else 0
            other = Counter(one.get(name, 0) for one in got if one.get(name, 0) != amount)
            faults += [
                f"pool {pool.name}: {count} nodes have {name}: {value}, and {amount} is meant"
                for value, count in other.items()
            ]
        if pool.size.gpus and pool.gpu_driver != "none":
            other = Counter(
                one.get(pool.size.gpu_resource, 0)
                for one in got
                if one.get(pool.size.gpu_resource, 0) != pool.size.gpus
            )
            faults += [
                f"pool {pool.name}: {count} nodes have {pool.size.gpu_resource}: {value}, and {pool.size.gpus} is meant"
                for value, count in other.items()
            ]
    return faults + placed(api, meant)


def placed(api: Api, meant: Meant) -> list[str]:
    """DaemonSets of the operator that are on other nodes than those of the pools that are to have them."""
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    for pool in meant.pools:
        for part in pool.runs():
            wanted[part][pool.name] += pool.count
    pools = {
        node["metadata"]["name"]: node["metadata"]["labels"]["kubernetes.azure.com/agentpool"]
        for node in api.items(f"{CORE}/nodes")
    }
    found: dict[str, Counter[str]] = defaultdict(Counter)
    infiniband = {pool.name for pool in meant.pools if pool.infiniband}
    faults = set()
    for pod in api.items(f"{CORE}/namespaces/{meant.namespace}/pods"):
        maker = (pod["metadata"].get("ownerReferences") or [{}])[0]
        if maker.get("kind") != "DaemonSet" or "node-feature-discovery" in maker["name"]:
            continue
        place = pools.get(pod["spec"].get("nodeName", ""), "no node")
        image = pod["spec"]["containers"][0]["image"]
        what = next((what for part, what in WHAT.items() if part in image), None)
        if what in {"driver", "sriov", "shared"}:
            found[what][place] += 1
        elif place not in infiniband:
            faults.add(f"{maker['name']} runs on a node of {place}, which has no InfiniBand")
        elif what == "network":
            found[maker["name"]][place] += 1
    for one in ("driver", "sriov", "shared"):
        if found[one] != wanted[one]:
            faults.add(f"{one}: pods on {dict(found[one])}, and {dict(wanted[one])} is meant")
    networks = [name for name in found if name not in wanted]
    for place, count in wanted["network"].items():  # what several pools share runs on the others, too
        short = [name for name in networks if found[name][place] != count]
        faults |= {f"{name}: {found[name][place]} pods on {place}, which has {count} nodes" for name in short}
        if not networks:
            faults.add(f"nothing of the network runs on {place}, and the profile ipoib is meant")
    return sorted(faults)


def inventory(api: Api) -> set[str]:
    """Every object that is there, but for those that come and go by themselves."""
    found: set[str] = set()
    groups = [("", CORE)] + [
        (group["name"], f"/apis/{group['preferredVersion']['groupVersion']}") for group in api.get("/apis")["groups"]
    ]
    passing = {
        "events",
        "leases",
        "endpointslices",
        "endpoints",
        "ipaddresses",  # of Services, made by the API server some time after them
        "servicecidrs",
        "pods",
        "controllerrevisions",
        "componentstatuses",
        "apiservices",
    }
    for group, base in groups:
        for resource in (api.get(base) or {}).get("resources", []):
            if "list" not in resource["verbs"] or resource["name"] in passing or resource["name"] == "nodes":
                continue
            for one in api.items(f"{base}/{resource['name']}"):
                meta = one["metadata"]
                if (resource["name"], meta["name"]) in OF_EVERY_NAMESPACE:
                    continue
                name = "/".join(filter(None, (meta.get("namespace"), meta["name"])))
                found.add(f"{resource['name']}{'.' if group else ''}{group} {name}")
    return found


def node_labels(api: Api) -> set[str]:
    """Prefixes of the labels that nodes have."""
    return {label.split("/")[0] for node in api.items(f"{CORE}/nodes") for label in node["metadata"]["labels"]}
