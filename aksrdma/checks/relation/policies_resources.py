"""The resources of the two device plugins beside each other, and those that a HostDeviceNetwork asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.views import SharedResource, SriovResource, shared_resources, sriov_resources
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.policies_selectors import SelectorIndex, shared_keys, sriov_keys
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.relation.facts import Facts
    from aksrdma.checks.relation.facts_views import Policy
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_HOST_DEVICE_PREFIX: Final = "nvidia.com/"
_NET_DEVICE: Final = "netDevice"


@rule("rdma-and-sriov-same-resource-name", "rdma-pools-overlap", kinds=POLICY_KINDS)
def pools(manifests: ManifestSet) -> Iterator[Problem]:
    """Find resources that take each other's devices or name."""
    facts = facts_of(manifests)
    for policy in facts.policies:
        entries = sriov_resources(policy.document)
        yield from _first_come(policy.document, entries)
        shared = [found for other in _beside(policy, facts) for found in shared_resources(other.document)]
        if entries and shared:
            yield from _both_plugins(policy.document, entries, shared)


def _beside(policy: Policy, facts: Facts) -> Iterator[Policy]:
    """Yield the policies whose plugins run on a node together with those of this one."""
    yield policy
    yield from facts.node_policies if policy.document.kind == "NicClusterPolicy" else facts.cluster_policies


def _first_come(document: Document, entries: tuple[SriovResource, ...]) -> Iterator[Problem]:
    indexes: dict[str, SelectorIndex[SriovResource]] = {}
    for entry in entries:
        index = indexes.setdefault(entry.device_type, SelectorIndex())
        earlier = next(filter(None, map(index.meeting, sriov_keys(entry))), None)
        if earlier is not None and earlier.full_name != entry.full_name:
            message = (
                f"{entry.full_name} can match devices that {earlier.full_name} matches: "
                "the plugin gives each device to the first resource of the list"
            )
            yield Problem("rdma-pools-overlap", entry.at("selectors"), message, document=document)
        for keys in sriov_keys(entry):
            index.add(keys, entry)


def _both_plugins(
    document: Document, entries: tuple[SriovResource, ...], shared: list[SharedResource]
) -> Iterator[Problem]:
    index: SelectorIndex[SharedResource] = SelectorIndex()
    names = {found.full_name for found in shared}
    for found in shared:
        index.add(shared_keys(found), found)
    for entry in entries:
        if entry.name and entry.full_name in names:
            message = f"both device plugins register {entry.full_name}; the kubelet heeds the one that comes last"
            yield Problem("rdma-and-sriov-same-resource-name", entry.at("resourceName"), message, document=document)
        other = next(filter(None, map(index.meeting, sriov_keys(entry))), None)
        if other is not None and entry.device_type == _NET_DEVICE:
            message = (
                f"{entry.full_name} can match devices of {other.full_name}: "
                "one device is handed out by both device plugins"
            )
            yield Problem("rdma-pools-overlap", entry.at("selectors"), message, document=document)


@rule("hostdevice-resource-prefix", kinds={"HostDeviceNetwork"})
def host_devices(manifests: ManifestSet) -> Iterator[Problem]:
    """Find HostDeviceNetworks whose resource no SR-IOV device plugin offers under the prefix that they get."""
    facts = facts_of(manifests)
    offered = {found.full_name: found for found in facts.exposed_resources if found.plugin == "sriovDevicePlugin"}
    if not offered:
        return
    by_name = {found.resource.name: name for name, found in offered.items()}
    for network in facts.all_networks:
        wanted = network.document.value(("spec", "resourceName"))
        if network.document.kind == "HostDeviceNetwork" and isinstance(wanted, str) and wanted:
            name = wanted.removeprefix(_HOST_DEVICE_PREFIX)
            if _HOST_DEVICE_PREFIX + name not in offered and name not in facts.node_policy_resources:
                yield _unoffered(network.document, name, by_name, sorted(offered))


def _unoffered(document: Document, name: str, by_name: dict[str, str], offered: list[str]) -> Problem:
    message = f"the operator asks for {_HOST_DEVICE_PREFIX}{name}, but the device plugin offers {', '.join(offered)}"
    fix = 'set "resourcePrefix": "nvidia.com" in the SR-IOV resource' if name in by_name else None
    return Problem("hostdevice-resource-prefix", ("spec", "resourceName"), message, fix=fix, document=document)
