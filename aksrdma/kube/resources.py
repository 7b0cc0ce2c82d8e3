"""Names of resources that a container may ask for: Kubernetes' own, huge pages, and extended ones.

Source: pkg/apis/core/helper/helpers.go and pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from aksrdma.kube import names
from aksrdma.kube.labels import GPUS
from aksrdma.kube.quantities import Quantity, parse
from aksrdma.nearest import hint

HUGE_PAGES: Final = "hugepages-"
"""Before the page size in the name of a resource."""
NIC_VENDORS: Final = ("amd.com", "intel.com", "mellanox.com", "nvidia.com", "openshift.io")
"""Prefixes under which there are NICs and other things, so that the name has to tell."""
_NIC: Final = re.compile(
    r"mlnx|hostdev|sriov|rdma|roce|infiniband|hca|(?:\A|[_-])(?:ib|nic|vf)s?(?:\Z|[_-]|\d)|nics?\Z"
)
_NATIVE: Final = ("cpu", "ephemeral-storage", "memory")


def is_native(name: str) -> bool:
    """Say whether a resource is Kubernetes' own and not an extended one."""
    return "/" not in name or "kubernetes.io/" in name


@lru_cache(maxsize=1024)
def is_extended(name: str) -> bool:
    """Say whether a resource is an extended one, such as `rdma/ib`, whose amounts are whole numbers."""
    return not is_native(name) and not name.startswith("requests.") and not names.qualified_name(f"requests.{name}")


def is_gpu(name: str) -> bool:
    """Say whether a resource is a GPU, or a slice of one."""
    return name in GPUS or name.startswith("nvidia.com/mig-")


def is_rdma(name: str) -> bool:
    """Say whether a resource has a name under which NICs are handed out: `rdma/ib`, `nvidia.com/mlnxnics`."""
    prefix, _, short = name.partition("/")
    return prefix == "rdma" or (prefix in NIC_VENDORS and _NIC.search(short) is not None)


def overcommits(name: str) -> bool:
    """Say whether a request of the resource may be below its limit."""
    return is_native(name) and not name.startswith(HUGE_PAGES)


@lru_cache(maxsize=1024)
def name_problem(name: str) -> str | None:
    """Say why a container cannot ask for a resource of this name, or None."""
    if reason := names.qualified_name(name):
        return reason
    if "/" not in name:
        if name in _NATIVE or name.startswith(HUGE_PAGES):
            return None
        return f"is no resource of a container{hint(name, _NATIVE)}; an extended resource has a domain and '/'"
    if is_native(name):
        return None
    if name.startswith("requests."):
        return "starts with 'requests.', which only quotas use"
    return None if is_extended(name) else "is too long for a quota"


def extended_problem(name: str) -> str | None:
    """Say why a name is none of an extended resource, which a node offers and a container asks for, or None."""
    if "/" not in name:
        return "has no prefix"
    if is_native(name):
        return "has a prefix that is kept for Kubernetes' own resources"
    return name_problem(name)


def are_whole_pages(name: str, amount: Quantity) -> bool:
    """Say whether an amount of `hugepages-SIZE` is a multiple of the size, which is a whole number of bytes."""
    size = parse(name.removeprefix(HUGE_PAGES))
    if size is None or size.nano <= 0 or size.milli_int64 % 1000 or not size.int64:
        return False
    return amount.int64 % size.int64 == 0
