"""Validation: every rule against kubeconform's schema check and against kubectl-validate, and growth with documents."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Measure, aksrdma_command, command, python, table

ROOT = Path(__file__).resolve().parent.parent
RELEASE = "v25.10.0"
FOLDERS = 5_000
FEW = 400
POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
spec:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions:
        - key: feature.node.kubernetes.io/pci-15b3.present
          operator: In
          values:
          - "true"
  tolerations:
  - key: sku
    operator: Equal
    value: gpu
    effect: NoSchedule
  ofedDriver:
    repository: nvcr.io/nvidia/mellanox
    image: doca-driver
    version: doca3.2.0-25.10-1.2.8.0-2
    forcePrecompiled: false
    upgradePolicy:
      autoUpgrade: true
      maxParallelUpgrades: {number}
      drain:
        enable: true
        force: true
        timeoutSeconds: 300
    startupProbe:
      initialDelaySeconds: 10
      periodSeconds: 20
  sriovDevicePlugin:
    repository: nvcr.io/nvidia/mellanox
    image: sriov-network-device-plugin
    version: network-operator-v25.10.0
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
"""
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


def main() -> None:
    """Print the figures of validation."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        against_kubeconform(root)
        against_kubectl_validate(root)
        cold(root)
        growth(root)


def corpus(root: Path, folders: int) -> Path:
    """Write a policy and a pod into each of a number of folders."""
    root.mkdir(parents=True, exist_ok=True)
    for number in range(folders):
        below = root / f"cluster-{number:06}"
        below.mkdir()
        (below / "nic.yaml").write_text(POLICY.format(number=number % 9))
        (below / "pod.yaml").write_text(POD.format(number=number))
    return root


def validate(*arguments: str) -> list[str]:
    """Return the command that validates, with every rule."""
    return aksrdma_command("validate", "-q", "--release", RELEASE, "--fail-on", "never", *arguments)


def program(name: str) -> str | None:
    """Return the path of a tool on PATH or in the checkout."""
    return shutil.which(name) or shutil.which(name, path=ROOT / ".tools")


def against_kubeconform(root: Path) -> None:
    """10,000 resources in 5,000 folders."""
    files = corpus(root / "many", FOLDERS)
    measures: list[Measure] = []
    if kubeconform := program("kubeconform"):
        template = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
        locations = [f"{ROOT / 'schemas' / name}/{template}" for name in (RELEASE, "kubernetes-v1.34")]
        options = [word for location in locations for word in ("-schema-location", location)]
        cores = str(os.cpu_count() or 1)
        arguments = [kubeconform, "-strict", "-n", cores, *options, str(files)]
        measures.append(command("kubeconform -strict", arguments, runs=3, codes=(0, 1)))
    measures.append(command("aksrdma validate, every rule", validate(str(files)), runs=3))
    measures.append(command("aksrdma validate, layer schema", validate("--select", "schema", str(files)), runs=3))
    table("10,000 resources in 5,000 folders", measures, measures[0].name)


def against_kubectl_validate(root: Path) -> None:
    """400 files, with the CRDs of AKSRDMA_SHARED, which kubectl-validate needs."""
    judge, shared = program("kubectl-validate"), os.environ.get("AKSRDMA_SHARED")
    if not judge or not shared:
        print(
            "\nkubectl-validate is left out: it needs the program and AKSRDMA_SHARED, a folder with CRDs",
            file=sys.stderr,
        )
        return
    files = corpus(root / "few", FEW // 2)
    options = ["--local-crds", f"{shared}/crds/{RELEASE}", "--local-schemas", f"{shared}/kubernetes/v1.34"]
    measures = [
        command("kubectl-validate", [judge, str(files), *options], runs=3, codes=(0, 1)),
        command("aksrdma validate, every rule", validate(str(files)), runs=3),
    ]
    table(f"{FEW} files", measures, measures[0].name)


def cold(root: Path) -> None:
    """One file, each time in a new process."""
    one = corpus(root / "one", 1) / "cluster-000000"
    measures = [command("python", python("-c", ""))]
    measures.append(command("aksrdma validate pod.yaml", validate(str(one / "pod.yaml"))))
    measures.append(command("aksrdma validate nic.yaml", validate(str(one / "nic.yaml"))))
    table("One file, cold", measures, "python")


def growth(root: Path) -> None:
    """From 100 to 100,000 documents."""
    print("\nGrowth with documents\n\n| documents | seconds | µs a document | peak MiB |")
    print("|----------:|--------:|--------------:|---------:|")
    for documents in (100, 1_000, 10_000, 100_000):
        files = corpus(root / f"growth-{documents}", documents // 2)
        measure = command("", validate(str(files)), runs=1)
        seconds = measure.wall_ms / 1e3
        print(f"| {documents:9,} | {seconds:7.2f} | {seconds / documents * 1e6:13.0f} | {measure.peak_mib:8.1f} |")
        shutil.rmtree(files)
