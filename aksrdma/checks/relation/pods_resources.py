"""Which extended resources are RDMA, and which device plugin serves them."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from aksrdma import catalog
from aksrdma.checks.plugins.configs import SriovResource, shared_config, sriov_config
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.facts_views import Exposed, Plugin, Policy
from aksrdma.checks.relation.pods_view import Amount, Container, PodView

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster

RDMA_PREFIX: Final = "rdma"
GPUS: Final = ("amd.com/gpu", "nvidia.com/gpu")
"""Whole GPUs, as the vendors' device plugins name them."""
OTHER_EXPOSERS: Final = frozenset(
    {"NetworkConfig", "SriovNetworkNodePolicy", "SriovNetworkPoolConfig", "SriovOperatorConfig"}
)
"""Kinds of other operators that let nodes offer RDMA resources in ways unknown here."""

_VENDORS: Final = ("amd.com", "intel.com", "mellanox.com", "nvidia.com", "openshift.io")
"""Prefixes under which there are NICs and other things, so that the name has to tell."""
_NIC = re.compile(r"mlnx|hostdev|sriov|rdma|roce|infiniband|hca|(?:\A|[_-])(?:ib|nic|vf)s?(?:\Z|[_-]|\d)|nics?\Z")
_NEAR: Final = 0.8
_PLUGINS: Final[dict[str, Plugin]] = {
    "ipoib": "rdmaSharedDevicePlugin",
    "rdma-shared-device-plugin": "rdmaSharedDevicePlugin",
    "sriov-device-plugin": "sriovDevicePlugin",
}


class Resources:
    """What is known of RDMA resources in one set.

    Attributes:
        exposed: what the policies of the set expose, by full name.
    """

    def __init__(self, manifests: ManifestSet) -> None:
        self._cluster = manifests.cluster
        self._policies = facts_of(manifests).policies
        self._others = bool(manifests.unknown_kinds & OTHER_EXPOSERS)
        self.exposed: dict[str, list[Exposed]] = defaultdict(list)
        for one in facts_of(manifests).exposed_resources:
            self.exposed[one.full_name].append(one)
        self._short_names = frozenset(name.partition("/")[2] for name in self.exposed)
        self._prefixes = frozenset(name.partition("/")[0] for name in self.exposed)
        self._known = {name: _is_named_so(name) or any(map(_is_rdma, found)) for name, found in self.exposed.items()}

    def is_rdma(self, name: str) -> bool:
        """Say whether an extended resource is one of RDMA: by a policy, by its prefix, or by a name in common use."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = name not in GPUS and self._looks_like_rdma(name)
        return known

    def taken(self, container: Container) -> dict[str, Amount]:
        """Return the RDMA resources that a container asks for."""
        return {name: amount for name, amount in container.amounts.items() if self.is_rdma(name)}

    def names_in(self, pod: PodView) -> list[str]:
        """Return the names of the RDMA resources that a pod asks for, sorted."""
        return sorted(filter(self.is_rdma, pod.resources))

    def plugin_of(self, name: str) -> Plugin | None:
        """Return which device plugin serves a resource, or None where that is not known.

        Where no policy of the set exposes anything, the cluster file says, or the names of the AKS guide do.
        """
        if self.exposed:
            plugins = {one.plugin for one in self.exposed.get(name, ())}
            return plugins.pop() if len(plugins) == 1 else None
        return self._by_name.get(name)

    @property
    def all_known(self) -> bool:
        """Whether what the set exposes is all there is: it has policies, all can be read, and nobody else exposes."""
        return bool(self._policies) and not self._others and all(map(_is_read, self._policies))

    def _looks_like_rdma(self, name: str) -> bool:
        prefix, _, short = name.partition("/")
        if _is_named_so(name) or short in self._short_names:
            return True
        return prefix in self._prefixes and (prefix not in _VENDORS or self._is_near(short))

    def _is_near(self, short: str) -> bool:
        import difflib  # only names that nobody knows pay for it

        return bool(difflib.get_close_matches(short, self._short_names, n=1, cutoff=_NEAR))

    @cached_property
    def _by_name(self) -> dict[str, Plugin]:
        profiles = _PLUGINS if self._cluster is None else _PLUGINS.keys() & {self._cluster.profile}
        return {_resource_name(profile, self._cluster): _PLUGINS[profile] for profile in profiles}


def _is_named_so(name: str) -> bool:
    prefix, _, short = name.partition("/")
    return prefix == RDMA_PREFIX or (prefix in _VENDORS and bool(_NIC.search(short)))


def _is_rdma(exposed: Exposed) -> bool:
    resource = exposed.resource
    return not isinstance(resource, SriovResource) or any(selector.is_rdma for selector in resource.selectors)


def _resource_name(profile: str, cluster: Cluster | None) -> str:
    resource = catalog.profile(profile).resource
    assert resource is not None  # the profiles of `_PLUGINS` have one
    if cluster is None:
        return resource.name
    return f"{cluster.rdma.resource_prefix}/{cluster.rdma.resource_name or resource.name.partition('/')[2]}"


def _is_read(policy: Policy) -> bool:
    readers = (("rdmaSharedDevicePlugin", shared_config), ("sriovDevicePlugin", sriov_config))
    configs = [read(policy.document) for section, read in readers if policy.section(section) is not None]
    return all(config is not None and config.error is None for config in configs)


_RESOURCES: WeakKeyDictionary[ManifestSet, Resources] = WeakKeyDictionary()


def resources_of(manifests: ManifestSet) -> Resources:
    """Return what is known of the RDMA resources of a set, the same object at every call."""
    resources = _RESOURCES.get(manifests)
    if resources is None:
        resources = _RESOURCES[manifests] = Resources(manifests)
    return resources
