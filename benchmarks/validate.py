"""Validation: every rule against kubeconform's schema check and against kubectl-validate, and growth with documents."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.measure import Measure, aksrdma_command, command, python, table

ROOT = Path(__file__).resolve().parent.parent
RELEASE = "v25.1.0"
FOLDERS = 5_000
KUBERNETES = "kubernetes-v1.34"
POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
  labels:
    team: team-{number}
spec:
  docaTelemetryService:
    image: doca_telemetry
    repository: nvcr.io/nvidia/doca
    version: 1.16.5-doca2.6.0-host
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions:
        - key: feature.node.kubernetes.io/pci-15b3.present
          operator: In
          values:
          - "true"
  ofedDriver:
    env:
    - name: OFED_BLACKLIST_MODULES_FILE
      value: /host/etc/modprobe.d/blacklist-ofed-modules.conf
    forcePrecompiled: false
    image: doca-driver
    livenessProbe:
      initialDelaySeconds: 30
      periodSeconds: {period}
    readinessProbe:
      initialDelaySeconds: 10
      periodSeconds: {period}
    repository: nvcr.io/nvidia/mellanox
    startupProbe:
      initialDelaySeconds: 10
      periodSeconds: 20
    upgradePolicy:
      autoUpgrade: true
      drain:
        deleteEmptyDir: true
        enable: true
        force: true
        timeoutSeconds: {seconds}
      maxParallelUpgrades: 1
    version: 25.01-0.6.0.0-0
  sriovDevicePlugin:
    config: |
      {{
        "resourceList": [
          {{
            "resourcePrefix": "rdma",
            "resourceName": "ib",
            "selectors": {{
              "vendors": ["15b3"],
              "linkTypes": ["infiniband"],
              "isRdma": true
            }}
          }}
        ]
      }}
    image: sriov-network-device-plugin
    repository: ghcr.io/k8snetworkplumbingwg
    version: v3.9.0
"""
"""The SR-IOV overlay of Azure/aks-rdma-infiniband at v25.1.0."""
FEATURE_RULE = """\
apiVersion: nfd.k8s-sigs.io/v1alpha1
kind: NodeFeatureRule
metadata:
  name: nfd-network-rule-{number}
spec:
   rules:
   - name: "nfd-network-rule-{number}"
     labels:
        "feature.node.kubernetes.io/pci-15b3.present": "true"
     matchFeatures:
        - feature: pci.device
          matchExpressions:
            vendor: {{op: In, value: ["15b3"]}}
            device: {{op: In, value: ["101c", "101e"]}}
"""
IPOIB = """\
apiVersion: mellanox.com/v1alpha1
kind: IPoIBNetwork
metadata:
  name: aks-infiniband-{number}
spec:
  ipam: |
    {{
      "type": "whereabouts",
      "datastore": "kubernetes",
      "kubernetes": {{
        "kubeconfig": "/etc/cni/net.d/whereabouts.d/whereabouts.kubeconfig"
      }},
      "range": "10.{net}.0.0/16",
      "exclude": [
       "10.{net}.0.0/32",
       "10.{net}.255.255/32"
      ],
      "log_file" : "/var/log/whereabouts.log",
      "log_level" : "info",
      "gateway": "10.{net}.0.1"
    }}
  master: ibP257p0s0
  networkNamespace: default
---
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
  labels:
    team: team-{number}
spec:
  docaTelemetryService:
    image: doca_telemetry
    repository: nvcr.io/nvidia/doca
    version: 1.16.5-doca2.6.0-host
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions:
        - key: feature.node.kubernetes.io/pci-15b3.present
          operator: In
          values:
          - "true"
  ofedDriver:
    env:
    - name: OFED_BLACKLIST_MODULES_FILE
      value: /host/etc/modprobe.d/blacklist-ofed-modules.conf
    forcePrecompiled: false
    image: doca-driver
    livenessProbe:
      initialDelaySeconds: 30
      periodSeconds: {period}
    readinessProbe:
      initialDelaySeconds: 10
      periodSeconds: {period}
    repository: nvcr.io/nvidia/mellanox
    startupProbe:
      initialDelaySeconds: 10
      periodSeconds: 20
    upgradePolicy:
      autoUpgrade: true
      drain:
        deleteEmptyDir: true
        enable: true
        force: true
        timeoutSeconds: {seconds}
      maxParallelUpgrades: 1
    version: 25.01-0.6.0.0-0
  rdmaSharedDevicePlugin:
    config: |
      {{
        "configList": [
          {{
            "resourceName": "shared_ib",
            "rdmaHcaMax": 63,
            "selectors": {{
              "vendors": ["15b3"],
              "linkTypes": ["infiniband"]
            }}
          }}
        ]
      }}
    image: k8s-rdma-shared-dev-plugin
    repository: ghcr.io/mellanox
    version: v1.5.2
  secondaryNetwork:
    cniPlugins:
      image: plugins
      repository: ghcr.io/k8snetworkplumbingwg
      version: v1.5.0
    ipamPlugin:
      image: whereabouts
      repository: ghcr.io/k8snetworkplumbingwg
      version: v0.7.0
    ipoib:
      image: ipoib-cni
      repository: ghcr.io/mellanox
      version: v1.2.1
    multus:
      image: multus-cni
      repository: ghcr.io/k8snetworkplumbingwg
      version: v4.1.0
"""
"""Its IPoIB overlay, as kustomize builds it: a policy and a network in whose JSON five things are wrong."""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: worker-{number}
  namespace: team-{number}
  labels:
    app: train
spec:
  restartPolicy: Never
  nodeSelector:
    kubernetes.azure.com/agentpool: ndh100
  tolerations:
  - key: sku
    operator: Equal
    value: gpu
    effect: NoSchedule
  containers:
  - name: worker
    image: registry.example.com/team-{number}/train:v{number}
    command: ["/bin/bash", "-c", "torchrun --nnodes 2 train.py --seed {number}"]
    env:
    - name: NCCL_DEBUG
      value: INFO
    - name: NCCL_IB_PCI_RELAXED_ORDERING
      value: "1"
    - name: NCCL_SOCKET_IFNAME
      value: eth0
    securityContext:
      capabilities:
        add: ["IPC_LOCK"]
    resources:
      requests:
        cpu: "90"
        memory: 1700Gi
        nvidia.com/gpu: 8
        rdma/ib: 8
      limits:
        memory: 1700Gi
        nvidia.com/gpu: 8
        rdma/ib: 8
    volumeMounts:
    - name: shm
      mountPath: /dev/shm
    - name: data
      mountPath: /data
  volumes:
  - name: shm
    emptyDir:
      medium: Memory
      sizeLimit: 64Gi
  - name: data
    persistentVolumeClaim:
      claimName: data-{number}
"""
PODS: Final = {"nic.yaml": POLICY, "pod.yaml": POD}
CORPORA: Final = {
    "clean": {"nic.yaml": POLICY, "nfr.yaml": FEATURE_RULE},
    "five findings a folder": {"ipoib.yaml": IPOIB},
    "a policy and a pod": PODS,
}


def main() -> None:
    """Print the figures of validation."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        against_kubeconform(root)
        against_kubectl_validate(root)
        cold(root)
        growth(root)


def corpus(root: Path, folders: int, files: Mapping[str, str]) -> Path:
    """Write files into each of a number of folders, no two with the same names, labels and numbers."""
    root.mkdir(parents=True, exist_ok=True)
    for number in range(folders):
        below = root / f"cluster-{number:06}"
        below.mkdir()
        values = {"number": number, "seconds": 300 + number, "period": 20 + number % 40, "net": number % 200 + 10}
        for name, text in files.items():
            (below / name).write_text(text.format(**values))
    return root


def validate(*arguments: str) -> list[str]:
    """Return the command that validates, with every rule."""
    return aksrdma_command("validate", "-q", "--release", RELEASE, "--fail-on", "never", *arguments)


def program(name: str) -> str | None:
    """Return the path of a tool on PATH or in the checkout."""
    return shutil.which(name) or shutil.which(name, path=ROOT / ".tools")


def against_kubeconform(root: Path) -> None:
    """10,000 resources in 5,000 folders, without findings, with five a folder, and with pods."""
    for title, files in CORPORA.items():
        folder = corpus(root / "many", FOLDERS, files)
        measures: list[Measure] = []
        if kubeconform := program("kubeconform"):
            template = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
            locations = [f"{ROOT / 'schemas' / name}/{template}" for name in (RELEASE, KUBERNETES)]
            options = [word for location in locations for word in ("-schema-location", location)]
            arguments = [kubeconform, "-strict", "-n", str(os.cpu_count() or 1), *options, str(folder)]
            measures.append(command("kubeconform -strict", arguments, runs=5, codes=(0, 1)))
        measures.append(command("aksrdma validate, every rule", validate(str(folder)), runs=5))
        measures.append(command("aksrdma validate, layer schema", validate("--select", "schema", str(folder)), runs=3))
        table(f"10,000 resources in 5,000 folders: {title}", measures, measures[0].name)
        shutil.rmtree(folder)


def against_kubectl_validate(root: Path) -> None:
    """10,000 resources with the CRDs of AKSRDMA_SHARED, which kubectl-validate needs."""
    judge, shared = program("kubectl-validate"), os.environ.get("AKSRDMA_SHARED")
    if not judge or not shared:
        print(
            "\nkubectl-validate is left out: it needs the program and AKSRDMA_SHARED, a folder with CRDs",
            file=sys.stderr,
        )
        return
    files = corpus(root / "judged", FOLDERS, PODS)
    options = ["--local-crds", f"{shared}/crds/{RELEASE}", "--local-schemas", f"{shared}/kubernetes/v1.34"]
    measures = [
        command("kubectl-validate", [judge, str(files), *options], runs=1, codes=(0, 1)),
        command("aksrdma validate, every rule", validate(str(files)), runs=3),
    ]
    table("10,000 resources, start included", measures, measures[0].name)
    shutil.rmtree(files)


def cold(root: Path) -> None:
    """One file, each time in a new process."""
    one = corpus(root / "one", 1, PODS) / "cluster-000000"
    measures = [command("python", python("-c", ""))]
    measures.append(command("aksrdma validate pod.yaml", validate(str(one / "pod.yaml"))))
    measures.append(command("aksrdma validate nic.yaml", validate(str(one / "nic.yaml"))))
    table("One file, cold", measures, "python")


def growth(root: Path) -> None:
    """From 100 to 100,000 documents."""
    print("\nGrowth with documents\n\n| documents | seconds | µs a document | peak MiB |")
    print("|----------:|--------:|--------------:|---------:|")
    for documents in (100, 1_000, 10_000, 100_000):
        files = corpus(root / f"growth-{documents}", documents // 2, PODS)
        measure = command("", validate(str(files)), runs=1)
        seconds = measure.wall_ms / 1e3
        print(f"| {documents:9,} | {seconds:7.2f} | {seconds / documents * 1e6:13.0f} | {measure.peak_mib:8.1f} |")
        shutil.rmtree(files)
