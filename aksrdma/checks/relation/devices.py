"""The resources of the two device plugins beside each other: names and devices that two of them claim.

A HostDeviceNetwork asks for one of them, too, by a prefix that it cannot choose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from aksrdma.checks.plugins.device_plugin_configs import (
    Selector,
    SharedResource,
    SriovResource,
    shared_resources,
    sriov_resources,
)
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_HOST_DEVICE_PREFIX: Final = "nvidia.com/"
"""What the operator writes before the resource of a HostDeviceNetwork."""

Keys: TypeAlias = Mapping[str, frozenset[str]]
"""Values by selector key, without the lists that select nothing."""

_SAME: Final = {"deviceIDs": "devices"}
"""Keys of the shared plugin that the SR-IOV plugin calls otherwise."""
_NAMING: Final = frozenset({"acpiIndexes", "auxTypes", "ddpProfiles", "ifNames", "pKeys", "pciAddresses", "pfNames"})
"""Each of these names single devices in its own way: what one of them matches cannot be compared with another."""
_FUNCTIONS: Final = 256
"""Virtual functions that one InfiniBand or Ethernet port can have at most; longer ranges are cut there."""

_Owner = TypeVar("_Owner")


@rule("rdma-and-sriov-same-resource-name", "rdma-pools-overlap", kinds=POLICY_KINDS)
def pools(manifests: ManifestSet) -> Iterator[Problem]:
    """Find resources that take each other's devices or name."""
    installed = manifests.derived(Installed)
    for policy in installed.policies:
        entries = sriov_resources(policy.document)
        yield from _first_come(policy.document, entries)
        shared = [
            found for other in _on_the_same_nodes(policy, installed) for found in shared_resources(other.document)
        ]
        if entries and shared:
            yield from _both_plugins(policy.document, entries, shared)


def _on_the_same_nodes(policy: Policy, installed: Installed) -> Iterator[Policy]:
    """Yield the policies whose plugins may run on a node together with those of this one, itself included."""
    yield policy
    yield from installed.node_policies if policy.document.kind == "NicClusterPolicy" else installed.cluster_policies


def _first_come(document: Document, entries: tuple[SriovResource, ...]) -> Iterator[Problem]:
    indexes: dict[str, SelectorIndex[SriovResource]] = {}
    for entry in entries:
        index = indexes.setdefault(entry.device_type, SelectorIndex())
        selectors = [_keys(one) for one in entry.selectors]
        earlier = next(filter(None, map(index.meeting, selectors)), None)
        if earlier is not None and earlier.full_name != entry.full_name:
            message = (
                f"{entry.full_name} can match devices that {earlier.full_name} matches: "
                "the plugin gives each device to the first resource of the list"
            )
            yield Problem("rdma-pools-overlap", entry.at("selectors"), message, document=document)
        for keys in selectors:
            index.add(keys, entry)


def _both_plugins(
    document: Document, entries: tuple[SriovResource, ...], shared: list[SharedResource]
) -> Iterator[Problem]:
    index: SelectorIndex[SharedResource] = SelectorIndex()
    names = {found.full_name for found in shared}
    for found in shared:
        keys = _keys(found.selector)
        # `devices` is the old form of ifNames.
        index.add({**keys, "ifNames": frozenset(found.devices)} if found.devices else keys, found)
    for entry in entries:
        if entry.name and entry.full_name in names:
            message = f"both device plugins register {entry.full_name}; the kubelet heeds the one that comes last"
            yield Problem("rdma-and-sriov-same-resource-name", entry.at("resourceName"), message, document=document)
        other = next(filter(None, (index.meeting(_keys(one)) for one in entry.selectors)), None)
        if other is not None and entry.device_type == "netDevice":
            message = (
                f"{entry.full_name} can match devices of {other.full_name}: "
                "one device is handed out by both device plugins"
            )
            yield Problem("rdma-pools-overlap", entry.at("selectors"), message, document=document)


@rule("hostdevice-resource-prefix", kinds={"HostDeviceNetwork"})
def host_devices(manifests: ManifestSet) -> Iterator[Problem]:
    """Find HostDeviceNetworks whose resource no SR-IOV device plugin offers under the prefix that they get."""
    installed = manifests.derived(Installed)
    sriov = [one.resource for one in installed.exposed_resources if one.plugin == "sriovDevicePlugin"]
    offered = {resource.full_name for resource in sriov}
    for network in installed.all_networks if offered else ():
        wanted = network.document.value(("spec", "resourceName"))
        if network.document.kind != "HostDeviceNetwork" or not isinstance(wanted, str) or not wanted:
            continue
        name = wanted.removeprefix(_HOST_DEVICE_PREFIX)
        asked = _HOST_DEVICE_PREFIX + name
        if asked in offered or name in installed.node_policy_resources:
            continue
        message = f"the operator asks for {asked}, but the device plugin offers {', '.join(sorted(offered))}"
        named_so = any(resource.name == name for resource in sriov)
        fix = 'set "resourcePrefix": "nvidia.com" in the SR-IOV resource' if named_so else None
        path = ("spec", "resourceName")
        yield Problem("hostdevice-resource-prefix", path, message, fix=fix, document=network.document)


class SelectorIndex(Generic[_Owner]):
    """Selectors that were seen, found by their values, so that not each is compared with each."""

    def __init__(self) -> None:
        self._groups: dict[frozenset[str], _Group[_Owner]] = {}

    def add(self, keys: Keys, owner: _Owner) -> None:
        """Keep a selector."""
        self._groups.setdefault(frozenset(keys), _Group()).add(keys, owner)

    def meeting(self, keys: Keys) -> _Owner | None:
        """Return the owner of a selector that can match a device which this one matches, too."""
        naming = _NAMING & keys.keys()
        for own, group in self._groups.items():
            theirs = _NAMING & own
            if not naming or not theirs or naming & theirs:
                found = group.meeting(keys, own & keys.keys())
                if found is not None:
                    return found
        return None


class _Group(Generic[_Owner]):
    """Selectors with the same keys."""

    def __init__(self) -> None:
        self._members: list[tuple[Keys, _Owner]] = []
        self._by_value: dict[tuple[str, str], list[tuple[Keys, _Owner]]] = defaultdict(list)

    def add(self, keys: Keys, owner: _Owner) -> None:
        member = (keys, owner)
        self._members.append(member)
        for key, values in keys.items():
            for name in {_interface(value) for value in values}:
                self._by_value[key, name].append(member)

    def meeting(self, keys: Keys, common: frozenset[str]) -> _Owner | None:
        # By the key for which fewest come into question: a thousand resources of one vendor are not all compared.
        found = [
            [
                member
                for name in {_interface(value) for value in keys[key]}
                for member in self._by_value.get((key, name), ())
            ]
            for key in common
        ]
        for theirs, owner in min(found, key=len) if found else self._members:
            if all(_meet(keys[key], theirs[key]) for key in common):
                return owner
        return None


def _keys(selector: Selector) -> Keys:
    return {_SAME.get(key, key): frozenset(values) for key, values in selector.lists.items() if values}


def _meet(first: frozenset[str], second: frozenset[str]) -> bool:
    if first & second:
        return True
    for one, other in product(first, second):
        # `ens1f0#0-3` are the virtual functions 0 to 3 of ens1f0, `ens1f0` all of them.
        if "#" in one + other and _interface(one) == _interface(other):
            some, others = _functions(one), _functions(other)
            if some is None or others is None or some & others:
                return True
    return False


def _functions(value: str) -> frozenset[int] | None:
    """Return the virtual functions that a value names, or None for all of them."""
    _, mark, ranges = value.partition("#")
    parts = [part.partition("-") for part in ranges.split(",")]
    if not mark or not all(first.isdecimal() and (last.isdecimal() or not last) for first, _, last in parts):
        return None
    found: set[int] = set()
    for first, _, last in parts:
        found.update(range(int(first), min(int(last or first), int(first) + _FUNCTIONS - 1) + 1))
    return frozenset(found)


def _interface(value: str) -> str:
    return value.partition("#")[0]
