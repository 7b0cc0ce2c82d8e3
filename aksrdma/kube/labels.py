"""Labels, annotations and resources that have a name: each stands here once."""

from __future__ import annotations

from typing import Final

AGENT_POOL: Final = ("kubernetes.azure.com/agentpool", "agentpool")
"""Labels with the name of the AKS node pool; the second is the old one."""
ACCELERATOR: Final = "kubernetes.azure.com/accelerator"
"""Label with the vendor of the GPUs, nvidia or amd."""
INSTANCE_TYPE: Final = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
"""Labels with the VM size, in whatever case."""
HOSTNAME: Final = "kubernetes.io/hostname"
ZONE: Final = "topology.kubernetes.io/zone"
ARCHITECTURE: Final = "kubernetes.io/arch"
FEATURE_PREFIX: Final = "feature.node.kubernetes.io/"
"""Before the labels that Node Feature Discovery sets by itself."""
NIC_LABEL: Final = "feature.node.kubernetes.io/pci-15b3.present"
"""Set on a node with an NVIDIA (Mellanox) NIC; what the operator selects nodes by."""
NETWORKS: Final = "k8s.v1.cni.cncf.io/networks"
"""Annotation that asks Multus for secondary networks."""

NVIDIA_GPU: Final = "nvidia.com/gpu"
AMD_GPU: Final = "amd.com/gpu"
GPUS: Final = (NVIDIA_GPU, AMD_GPU)
"""Resources that are a whole GPU."""
