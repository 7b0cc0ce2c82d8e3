"""What a node of a VM size is: labels, devices, features, as AKS and Node Feature Discovery show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import aksrdma
from tools.rehearsal.api import Object

SIZES = Path(aksrdma.__file__).parent / "catalog" / "vm_sizes"
INFINIBAND, ETHERNET = "0207", "0200"
"""PCI classes."""
GPU_CLASSES = {"nvidia": ("10de", "0302"), "amd": ("1002", "1200")}
GPU_DEVICES = {"nvidia": "2330", "amd": "74b5"}
"""H100 SXM; MI300X as a virtual function."""
ACCELERATED_NETWORKING = "1016"
"""Device of the Ethernet function that most hosts show: a ConnectX-4 Lx, which is of the same vendor as InfiniBand NICs."""


@dataclass(frozen=True)
class System:
    """An operating system of a node."""

    sku: str
    """As `--os-sku` and the label of AKS have it, with its version."""
    os_id: str
    version: str
    kernel: str


# Kernels of node images 202607.09.0 (Azure/AKS vhd-notes/aks-ubuntu) and, for GB, of AgentBaker's gb-mai-bom.json.
UBUNTU_22 = System("Ubuntu2204", "ubuntu", "22.04", "5.15.0-1116-azure")
UBUNTU_24 = System("Ubuntu2404", "ubuntu", "24.04", "6.8.0-1059-azure")
UBUNTU_GB = System("Ubuntu2404", "ubuntu", "24.04", "6.14.0-1007-azure-nvidia")
AZURE_LINUX = System("AzureLinux3", "azurelinux", "3.0", "6.6.130.1-3.azl3")


@dataclass(frozen=True)
class Size:
    """A VM size; what is no InfiniBand size is any small machine."""

    name: str
    row: Object

    @property
    def nics(self) -> int:
        """InfiniBand NICs."""
        return int(self.row.get("infiniband", {}).get("nic_count", 0))

    @property
    def gpus(self) -> int:
        """GPUs."""
        return int((self.row.get("gpu") or {}).get("count", 0))

    @property
    def gpu_vendor(self) -> str | None:
        """`nvidia`, `amd` or none."""
        return (self.row.get("gpu") or {}).get("vendor")

    @property
    def gpu_resource(self) -> str:
        """What pods ask for."""
        return str((self.row.get("gpu") or {}).get("resource"))

    @property
    def arch(self) -> str:
        """As the node label has it."""
        return "arm64" if self.row.get("arch") in {"aarch64", "arm64"} else "amd64"

    @property
    def grace(self) -> bool:
        """GB200 and GB300: a node image of its own, with DOCA-OFED and the GPU driver in it."""
        return self.arch == "arm64" and self.nics > 0

    def devices(self, netdevs: bool) -> list[Object]:
        """PCI functions of the network; `netdevs`: whether IPoIB interfaces are there, without which no link type shows."""
        row = self.row.get("infiniband", {})
        addresses = row.get("pci_addresses") or []
        found: list[Object] = [
            {
                "vendor": row.get("vendor_id"),
                "device": row.get("device_id") or "101e",
                "class": row.get("pci_class") or INFINIBAND,
                "driver": row.get("driver") or "mlx5_core",
                "linkType": "infiniband" if netdevs else "",
                "ifName": self.netdev(index) if netdevs else "",
                "address": addresses[index] if index < len(addresses) else f"{0x101 + index:04x}:00:00.0",
                "rdma": True,
                "name": f"mlx5_{index}",
            }
            for index in range(self.nics)
        ]
        if self.row.get("accelerated_networking", True):
            ethernet = {"vendor": "15b3", "device": ACCELERATED_NETWORKING, "class": ETHERNET, "driver": "mlx5_core"}
            found.append(
                ethernet
                | {"linkType": "ether", "ifName": "eth1", "address": "a1b2:00:02.0", "rdma": True, "name": "mlx5_an0"}
            )
        return found

    def netdev(self, index: int) -> str:
        """Name of an IPoIB interface."""
        names = self.row.get("infiniband", {}).get("ipoib_altnames") or []
        return str(names[index]) if index < len(names) else f"ibP{257 + index}p0s0"


@cache
def size(name: str) -> Size:
    """The size of a name, in any case."""
    for path in SIZES.glob("*.yaml"):
        if path.stem.lower() == name.lower():
            return Size(path.stem, yaml.safe_load(path.read_text(encoding="utf-8")))
    return Size(name, {"vcpus": 8, "memory_gib": 32})


def system(size: Size, sku: str, kubernetes: str) -> System:
    """The operating system that AKS gives a node; `Ubuntu` is 24.04 from Kubernetes 1.35 on."""
    sku = sku.lower()
    if sku.startswith("azurelinux"):
        return AZURE_LINUX
    minor = int(kubernetes.split(".")[1])
    if sku == "ubuntu2204" or (sku in {"", "ubuntu"} and minor < 35):
        return UBUNTU_22
    return UBUNTU_GB if size.grace else UBUNTU_24


def node(name: str, pool: Object, size: Size, port: int) -> Object:
    """A Node as AKS makes it; `pool` is what `az aks nodepool add` was asked for."""
    os = system(size, pool["os_sku"], pool["kubernetes"])
    labels = {
        "kubernetes.azure.com/agentpool": pool["name"],
        "agentpool": pool["name"],
        "kubernetes.azure.com/mode": pool["mode"].lower(),
        "kubernetes.azure.com/os-sku": pool["os_sku"] or "Ubuntu",
        "kubernetes.azure.com/os-sku-effective": os.sku,
        "kubernetes.azure.com/cluster": f"MC_{pool['cluster']}",
        "kubernetes.azure.com/role": "agent",
        "kubernetes.io/arch": size.arch,
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "node.kubernetes.io/instance-type": pool["vm_size"],
        "beta.kubernetes.io/instance-type": pool["vm_size"],
        "topology.kubernetes.io/region": "swedencentral",
        **pool["labels"],
    }
    if size.gpu_vendor:
        labels["kubernetes.azure.com/accelerator"] = size.gpu_vendor
    resources: dict[str, Any] = {
        "cpu": str(max(2, int(size.row["vcpus"]) - 1)),
        "memory": f"{max(4, int(float(size.row['memory_gib']) * 0.93))}Gi",
        "ephemeral-storage": "110Gi",
        "pods": str(pool["max_pods"]),
    }
    status = {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "nodeInfo": {
            "architecture": size.arch,
            "kernelVersion": os.kernel,
            "osImage": f"{os.os_id} {os.version}",
            "operatingSystem": "linux",
            "containerRuntimeVersion": "containerd://2.1.0",
            "kubeletVersion": f"v{pool['kubernetes']}",
            "kubeProxyVersion": "",
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
        },
    }
    spec = {"providerID": f"azure:///{name}", "taints": pool["taints"]}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": status,
    }


def features(size: Size, os: System) -> Object:
    """What NFD's worker finds on a node: the part that rules here ask for (NFD v0.18, source/pci, kernel, system)."""
    pci = [{key: device[key] for key in ("vendor", "device", "class")} for device in size.devices(netdevs=True)]
    if size.gpu_vendor:
        vendor, kind = GPU_CLASSES[size.gpu_vendor]
        pci += [{"vendor": vendor, "device": GPU_DEVICES[size.gpu_vendor], "class": kind}] * size.gpus
    major, minor = os.kernel.split(".")[:2]
    attributes = {
        "kernel.version": {"elements": {"full": os.kernel, "major": major, "minor": minor}},
        "system.osrelease": {"elements": {"ID": os.os_id, "VERSION_ID": os.version}},
    }
    return {
        "flags": {"kernel.loadedmodule": {"elements": {}}},
        "attributes": attributes,
        "instances": {"pci.device": {"elements": [{"attributes": one} for one in pci]}},
    }


def feature_labels(size: Size, os: System) -> dict[str, str]:
    """Labels that NFD gives by itself, with the PCI classes 0300 and 0302 by vendor, as the chart's values have it."""
    prefix = "feature.node.kubernetes.io/"
    major, _, minor = os.version.partition(".")
    labels = {
        "kernel-version.full": os.kernel,
        "kernel-version.major": os.kernel.split(".")[0],
        "system-os_release.ID": os.os_id,
        "system-os_release.VERSION_ID": os.version,
        "system-os_release.VERSION_ID.major": major,
        "system-os_release.VERSION_ID.minor": minor,
    }
    if size.gpu_vendor == "nvidia":  # an MI300X has class 1200, which the list leaves out
        labels["pci-10de.present"] = "true"
    return {prefix + key: value for key, value in labels.items()}
