"""The commented cluster file that `aksrdma init` prints, ready to edit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.cluster import API_VERSION, KIND
from aksrdma.cluster.model import Cluster, Ipoib, Profile, Rdma
from aksrdma.documents.writer import comment_lines, scalar
from aksrdma.errors import UsageError

if TYPE_CHECKING:
    from aksrdma.catalog import Release, VmSize

_SCHEMA: Final = "schemas/aksrdma.dev/rdmacluster_v1alpha1.json"
_SHORT: Final = re.compile(r"[^a-z0-9]")
_POOL_NAME_LENGTH: Final = 12


def starter(name: str, release: str, profile: Profile, vm_sizes: Sequence[str]) -> str:
    """Return the text of a cluster file for these VM sizes.

    Raises:
        UnknownNameError: a release or VM size that the catalog does not have.
        UsageError: a VM size that was retired; the text says which follow it.
    """
    sizes = [catalog.vm_size(size) for size in vm_sizes]
    for size in sizes:
        if size.state == "retired":
            raise UsageError(f"VM size {size.name} was retired on {size.retirement_date}; {size.instead}")
    lines = [
        *comment_lines(f"An RDMA cluster for `aksrdma render`. Schema for editors: {_SCHEMA}", ""),
        f"apiVersion: {API_VERSION}",
        f"kind: {KIND}",
        "metadata:",
        "  # The AKS cluster; INSTALL.md makes it where there is none of this name.",
        f"  name: {scalar(name)}",
        "spec:",
        f"  release: {catalog.release(release).name}",
        *comment_lines(f"{catalog.profile(profile).title}. `aksrdma catalog profiles` compares the four.", "  "),
        f"  profile: {profile}",
        "  nodePools:",
        *(line for pool, size in zip(_pool_names(sizes), sizes, strict=True) for line in _pool(pool, size)),
        *_ipoib(profile, sizes),
        *_options(catalog.release(release), sizes),
    ]
    return "\n".join(lines) + "\n"


def _pool_names(sizes: Sequence[VmSize]) -> Iterator[str]:
    """Yield a name of at most 12 letters and digits for each size, made from the size's series."""
    taken: set[str] = set()
    for size in sizes:
        stem = _SHORT.sub("", size.series.lower())
        name = stem[:_POOL_NAME_LENGTH]
        number = 2
        while name in taken:
            name = f"{stem[: _POOL_NAME_LENGTH - 1]}{number}"
            number += 1
        taken.add(name)
        yield name


_GPU_TAINT: Final = "sku=gpu:NoSchedule"
"""The taint that AKS's own guides give node pools with GPUs."""


def hardware(size: VmSize) -> str:
    """Return the NICs and GPUs of a size in words: `8 InfiniBand NICs of 400 Gb/s, 8 x H100`."""
    nics = f"{size.infiniband.nic_count} InfiniBand NIC{'s' if size.infiniband.nic_count > 1 else ''}"
    rate = f" of {size.infiniband.gbps_per_nic} Gb/s" if size.infiniband.gbps_per_nic else ""
    gpus = f", {size.gpu.count} x {size.gpu.model}" if size.gpu else ""
    return f"{nics}{rate}{gpus}"


def _pool(name: str, size: VmSize) -> Iterator[str]:
    yield from comment_lines(f"{hardware(size)}. One node pool is one InfiniBand fabric.", "  ")
    if size.retirement_date:
        yield from comment_lines(f"It retires on {size.retirement_date}: {size.instead}.", "  ")
    yield f"  - name: {name}"
    yield f"    vmSize: {size.name}"
    if size.os_sku:
        yield f"    osSku: {size.os_sku}"
    yield f"    count: {size.node_count_step or 2}"
    if size.gpu:
        yield f"    # Only if the nodes have it: az aks nodepool add --node-taints {_GPU_TAINT}"
        yield f'    # taints: ["{_GPU_TAINT}"]'


def _ipoib(profile: Profile, sizes: Sequence[VmSize]) -> Iterator[str]:
    """Yield the network; the interface's name is left open unless it was seen on nodes of these sizes."""
    if profile != "ipoib":
        return
    yield "  ipoib:"
    known = [names[0] for size in sizes if (names := size.infiniband.ipoib_altnames)]
    master = known[0] if known else catalog.defaults().ipoib_master
    if len({*known}) == 1 and all(size.infiniband.ipoib_altname_seen for size in sizes):
        yield "    # The altname of the first IPoIB interface, as nodes of this series showed it."
        yield f"    master: {master}"
    else:
        unseen = ", ".join(size.name for size in sizes if not size.infiniband.ipoib_altname_seen)
        guess = f"what follows from the PCI address, {master}, is a guess" if known else f"{master} is a guess"
        words = (
            f"Nobody has published the IPoIB interface of {unseen}; {guess}. INSTALL.md has it looked up on the nodes."
        )
        yield from comment_lines(words, "    ")
        yield f"    # master: {master}"
    yield "    # Addresses for all pods of all nodes; not in the pod, service and VNet ranges of the cluster."
    yield f"    range: {Ipoib.range}"


def _options(release: Release, sizes: Sequence[VmSize]) -> Iterator[str]:
    """Yield further fields, each with what it is where it is left out."""
    yield from _kubernetes(release)
    options = {
        f"operatorNamespace: {Cluster.operator_namespace}": "",
        **_nic_drivers(sizes),
        f"nodeFeatureRule: {Cluster.node_feature_rule}": "or device-list, chart",
        f"rdma: {{sharedSlots: {Rdma().shared_slots}}}": "pods a node that share its NICs (rdma-shared-device-plugin, ipoib)",
        "ofedDriver: {upgradePolicy: {autoUpgrade: true, maxParallelUpgrades: 1}}": "",
        **_gpu_drivers(sizes),
    }
    yield "  # More options, with their defaults:"
    for option, comment in options.items():
        yield f"  # {option:<34}# {comment}" if comment else f"  # {option}"


def _nic_drivers(sizes: Sequence[VmSize]) -> dict[str, str]:
    """Return the field for the NIC driver, with what else it may be; none where the default is not the same on all sizes."""
    brought = {size.driver_on_node_image for size in sizes}
    if brought == {True}:
        return {"nicDriver: node-image": ""}
    return {"nicDriver: doca": "or inbox; a pool may have its own"} if brought == {False} else {}


def _gpu_drivers(sizes: Sequence[VmSize]) -> dict[str, str]:
    """Return the field for the GPU driver, with what else it may be on every size that has GPUs; none as for the NIC's."""
    with_gpus = [(size, size.gpu) for size in sizes if size.gpu]
    brought = {bool(size.node_image and size.node_image.gpu_driver) for size, _ in with_gpus}
    if len(brought) != 1:
        return {}
    usual = "aks" if brought == {True} else "gpu-operator"
    kinds = {(gpu.vendor, "node-image" if size.driver_on_node_image else "doca") for size, gpu in with_gpus}
    rows = [row for row in catalog.driver_combinations() if row.verdict != "refused"]
    possible = {(row.gpu_vendor, row.nic_driver, row.gpu_driver) for row in rows}
    names = dict.fromkeys(row.gpu_driver for row in rows)
    others = [name for name in names if name != usual and all((*kind, name) in possible for kind in kinds)]
    return {f"gpuDriver: {usual}": f"or {', '.join(others)}; a pool may have its own" if others else ""}


def _kubernetes(release: Release) -> Iterator[str]:
    """Yield the version of Kubernetes that a new cluster may have."""
    offered = release.aks_versions
    if not offered:
        words = (
            f"{release.name} is documented for Kubernetes {release.kubernetes}, of which AKS offers nothing any more."
        )
        yield from comment_lines(words, "  ")
        return
    current = [row for row in offered if row.support == "community"]
    last = (current or offered)[-1].minor
    support = "" if current else ", with long-term support alone"
    words = (
        f"The newest Kubernetes of AKS that {release.name} is documented for{support}; `aksrdma catalog aks` has all."
    )
    yield from comment_lines(words, "  ")
    yield f'  # kubernetesVersion: "{last}"'
