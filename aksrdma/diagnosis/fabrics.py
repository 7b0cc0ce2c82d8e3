"""What the names stand for that NCCL's network plugins, libfabric's providers and UCX's transports go by."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Fabric(Enum):
    """What carries the data."""

    VERBS = "InfiniBand or RoCE verbs"
    SOCKETS = "TCP sockets"
    OTHER = "another fabric"
    MEMORY = "memory of one host"
    UNKNOWN = "a network that aksrdma does not know"


_NETWORKS: Final = (
    (re.compile(r"IB(ext)?(_v\d+)?|SHARP|gIB|ROCE|ANP|AINIC|RDMA", re.IGNORECASE), Fabric.VERBS),
    (re.compile(r"Socket|FastSocket|GPUDirectTCPX.*|TCPX.*", re.IGNORECASE), Fabric.SOCKETS),
    (re.compile(r"(AWS )?Libfabric|FasTrak|OFI|CXI|PSM2|EFA|GNI", re.IGNORECASE), Fabric.OTHER),
)
_UCX: Final = (
    (re.compile(r"(rc|dc|ud|gga)(_(mlx5|verbs|x|v))?"), Fabric.VERBS),
    (re.compile(r"tcp"), Fabric.SOCKETS),
    (re.compile(r"ugni(_\w+)?|srd"), Fabric.OTHER),
    (re.compile(r"self|sysv|posix|cma|knem|xpmem|mm|(cuda|rocm|ze|gaudi)_\w+|gdr_copy"), Fabric.MEMORY),
)
_OMNI_PATH: Final = re.compile(r"hfi1_|opa")
_ETHERNET_FUNCTION: Final = re.compile(r"mlx5_an\d")
"""As Azure's HPC images name it (Azure/azhpc-images, azure_persistent_rdma_naming); elsewhere its name does not tell."""


def of_nccl(name: str, provider: str | None = None) -> Fabric:
    """Return what carries the data of an NCCL network (`IB`, `Socket`, `AWS Libfabric`).

    Args:
        name: As in `Using network NAME` and `via NET/NAME/0`.
        provider: libfabric's provider, where the network is libfabric.
    """
    fabric = next((fabric for pattern, fabric in _NETWORKS if pattern.fullmatch(name)), Fabric.UNKNOWN)
    if fabric is not Fabric.OTHER or provider is None:
        return fabric
    return of_provider(provider)


def of_provider(name: str) -> Fabric:
    """Return what carries the data of a libfabric provider (`verbs;ofi_rxm`, `efa`, `cxi`, `tcp`)."""
    core = name.lower().split(";")[0]
    if core == "verbs":
        return Fabric.VERBS
    return Fabric.SOCKETS if core in {"tcp", "sockets", "udp", "net"} else Fabric.OTHER


def of_ucx(transport: str) -> Fabric:
    """Return what carries the data of a UCX transport (`rc_mlx5`, `tcp`, `sysv`)."""
    return next((fabric for pattern, fabric in _UCX if pattern.fullmatch(transport)), Fabric.UNKNOWN)


def is_omni_path(device: str) -> bool:
    """Say whether a verbs device is Omni-Path, whose link layer NCCL prints as IB."""
    return _OMNI_PATH.match(device) is not None


def is_ethernet_function(device: str) -> bool:
    """Say whether a verbs device is the Ethernet function of accelerated networking; Azure routes no RoCE over it."""
    return _ETHERNET_FUNCTION.match(device) is not None
