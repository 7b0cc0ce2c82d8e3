"""The resources of the two device plugins beside each other: names and devices that two of them claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import (
    HEX_ID,
    Resource,
    Selector,
    SharedResource,
    SriovResource,
    offered_resources,
    shared_resources,
    sriov_resources,
)
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.checks.relation.pods import Container, PodView, pods_of
from aksrdma.checks.relation.policies import reached
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.kinds import POLICY_KINDS, WORKLOADS
from aksrdma.kube.values import items, step, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

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


@rule("rdma-selector-misses-vm-size", kinds=POLICY_KINDS)
def ids_of_nodes(manifests: ManifestSet) -> Iterator[Problem]:
    """Find resources whose vendors and device ids are those of no InfiniBand NIC of the nodes that the policy reaches."""
    for policy in manifests.derived(Installed).policies:
        sizes = [one for one in reached(policy, manifests) if one.infiniband.sriov]
        nics = {(one.infiniband.vendor_id, one.infiniband.device_id): one for one in reversed(sizes)}
        # Of a size whose NIC is not known, any id may be right.
        resources = offered_resources(policy.document) if nics and all(device for _, device in nics) else ()
        for resource in resources:
            selectors = resource.selectors
            if not _for_rdma(resource) or any(_fits(one, *nic) for one in selectors for nic in nics):
                continue
            (vendor, device), size = next(iter(nics.items()))
            key = next((key for key in ("deviceIDs", "devices", "vendors") if selectors[0].get(key)), "vendors")
            asked, right = ", ".join(selectors[0].get(key)), vendor if key == "vendors" else device
            message = (
                f"{resource.full_name} selects the {key} {asked}, and the NICs of {size.name} are {vendor}:{device}"
            )
            unsure = any(catalog.unsure_of(one, "infiniband.device_id") for one in nics.values())
            yield Problem(
                "rdma-selector-misses-vm-size",
                selectors[0].at(key),
                message,
                f"add {right}",
                severity="warning" if unsure else None,
                document=policy.document,
            )


def _for_rdma(resource: Resource) -> bool:
    """Say whether a resource is to be one of InfiniBand NICs: that of the SR-IOV plugin may be any network device."""
    if isinstance(resource, SharedResource):
        return not resource.selector.empty
    return any(one.is_rdma or "infiniband" in one.get("linkTypes") for one in resource.selectors)


def _fits(selector: Selector, vendor: str | None, device: str | None) -> bool:
    """Say whether a NIC has the ids that a selector wants; what is no id at all is told where it stands."""
    vendors, devices = selector.get("vendors"), selector.get("deviceIDs") or selector.get("devices")
    if not all(map(HEX_ID.match, (*vendors, *devices))):
        return True
    return (not vendors or vendor in vendors) and (not devices or device in devices)


DEVICES: Final = "/dev/infiniband"
"""Where the device files of RDMA are."""


@rule("host-path-beside-rdma-resource", "host-path-instead-of-rdma-resource", kinds=WORKLOADS)
def host_paths(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers that get the device files of RDMA from their node's folder."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        for container in pod.containers:
            path = None if container.privileged else mounts_devices(pod, container)
            if path is None:
                continue
            taken = resources.taken(container)
            wanted = resources.wanted()
            if taken:
                name = next(iter(taken))
                few = resources.plugin_of(name) == "sriovDevicePlugin"
                what = "also files of NICs that it may not open" if few else "the same files once more"
                message = f"the device plugin of {name} brings the files of {DEVICES}, and this mount {what}"
                severity: Severity = "warning" if few else "info"
                rule_id = "host-path-beside-rdma-resource"
                yield Problem(rule_id, path, message, severity=severity, document=pod.document)
            elif not container.claims:
                message = f"{DEVICES} of the node shows devices that only a privileged container may open"
                fix = f"ask for {wanted[0]} instead, and take the volume out" if wanted else None
                yield Problem("host-path-instead-of-rdma-resource", path, message, fix, document=pod.document)


def mounts_devices(pod: PodView, container: Container) -> FieldPath | None:
    """Return where a container mounts the RDMA devices of its node by hostPath, or None."""
    volumes = {text(volume.get("name")): volume for _, volume in items(pod.spec.get("volumes"), ())}
    for path, mount in items(container.data.get("volumeMounts"), (*container.path, "volumeMounts")):
        place = text(step(volumes.get(text(mount.get("name"))), ("hostPath", "path"))).rstrip("/")
        if place == DEVICES or place.startswith(f"{DEVICES}/"):
            return path
    return None


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
