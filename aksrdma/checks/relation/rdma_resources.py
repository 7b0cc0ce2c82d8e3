"""RDMA resources that pods ask for: which extended resources they are, who serves them, and whether anybody does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import (
    Plugin,
    SharedResource,
    SriovResource,
    shared_configs,
    sriov_configs,
)
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Exposed, Installed
from aksrdma.checks.relation.pods import Amount, Container, PodView, pods_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.labels import GPUS
from aksrdma.kube.resources import NIC_VENDORS, is_rdma
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

OTHER_EXPOSERS: Final = frozenset(
    {"NetworkConfig", "SriovNetworkNodePolicy", "SriovNetworkPoolConfig", "SriovOperatorConfig"}
)
"""Kinds of other operators that let nodes offer RDMA resources in ways unknown here."""

_PLUGINS: Final[tuple[Plugin, ...]] = ("rdmaSharedDevicePlugin", "sriovDevicePlugin")
_NEAR: Final = 0.8
_LISTED: Final = 5
"""Names that a fix lists at most."""


class Resources:
    """What is known of RDMA resources in one set: `manifests.derived(Resources)`.

    Attributes:
        exposed: what the policies of the set expose, and the ConfigMaps of device plugins, by full name.
    """

    def __init__(self, manifests: ManifestSet) -> None:
        installed = manifests.derived(Installed)
        self._cluster = manifests.cluster
        self._policies = installed.policies
        self._others = bool(manifests.unknown_kinds & OTHER_EXPOSERS or installed.policy_patches)
        self.exposed: dict[str, list[Exposed]] = defaultdict(list)
        for one in installed.exposed_resources:
            self.exposed[one.resource.full_name].append(one)
        self._short_names = frozenset(name.partition("/")[2] for name in self.exposed)
        self._prefixes = frozenset(name.partition("/")[0] for name in self.exposed)
        # A resource of the SR-IOV plugin may be a plain network device; one of the shared plugin never is.
        self._known = {
            name: is_rdma(name)
            or any(
                not isinstance(one.resource, SriovResource) or any(by.is_rdma for by in one.resource.selectors)
                for one in found
            )
            for name, found in self.exposed.items()
        }

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
        return self._by_profile.get(name)

    def wanted(self) -> tuple[str, Plugin] | None:
        """Return a resource that a pod should ask for, and who serves it; None where pods get RDMA without one."""
        served = ((name, self.plugin_of(name)) for name in self.exposed if self.is_rdma(name))
        found = [(name, plugin) for name, plugin in served if plugin is not None]
        return next(iter(found or self._by_profile.items()), None)

    @property
    def all_known(self) -> bool:
        """Whether what the set exposes is all there is: it has policies, all can be read, and nobody else exposes."""
        readers = (("rdmaSharedDevicePlugin", shared_configs), ("sriovDevicePlugin", sriov_configs))
        configs = [
            next(iter(read(policy.document)), None)
            for policy in self._policies
            for section, read in readers
            if policy.section(section) is not None
        ]
        read = all(config is not None and config.error is None for config in configs)
        return bool(self._policies) and not self._others and read

    def _looks_like_rdma(self, name: str) -> bool:
        prefix, _, short = name.partition("/")
        if is_rdma(name) or short in self._short_names:
            return True
        if prefix not in self._prefixes:
            return False
        if prefix not in NIC_VENDORS:
            return True
        import difflib  # only a name that nobody knows pays for it

        return bool(difflib.get_close_matches(short, self._short_names, n=1, cutoff=_NEAR))

    @cached_property
    def _by_profile(self) -> dict[str, Plugin]:
        """Device plugins by the resource that the cluster's profile offers, or that each of them does."""
        cluster, found = self._cluster, {}
        for name in catalog.profiles():
            profile = catalog.profile(name)
            plugin = next((one for one in _PLUGINS if one in profile.components), None)
            if plugin and profile.resource and (cluster is None or name in cluster.profiles):
                resource = profile.resource.name
                if cluster is not None:
                    short = cluster.rdma.resource_name or profile.resource.short_name
                    resource = f"{cluster.rdma.resource_prefix}/{short}"
                found[resource] = plugin
        return found


@rule("pod-rdma-resource-unexposed", kinds=WORKLOADS)
def unexposed(manifests: ManifestSet) -> Iterator[Problem]:
    """Find RDMA resources that no policy of the set exposes."""
    resources = manifests.derived(Resources)
    if not resources.all_known:
        return
    for pod in pods_of(manifests):
        for container in pod.containers:
            for name, amount in resources.taken(container).items():
                if name not in resources.exposed and not _in_a_config_map(manifests, name):
                    message = f"no policy of the set exposes {name}, so the pod stays Pending"
                    fix = _expose_or_rename(name, resources)
                    yield Problem("pod-rdma-resource-unexposed", amount.path, message, fix, document=pod.document)


def _in_a_config_map(manifests: ManifestSet, name: str) -> bool:
    """Say whether a ConfigMap may be the config of a device plugin that the operator does not manage."""
    word = f'"{name.partition("/")[2]}"'
    return any(document.mentions(word) for document in manifests.by_kind.get("ConfigMap", ()))


def _expose_or_rename(name: str, resources: Resources) -> str:
    known = sorted(resources.exposed)
    if not known:
        return "add rdmaSharedDevicePlugin or sriovDevicePlugin with this resource to the policy"
    near = nearest(name, known) or known[:1]
    if len(known) == 1:
        return f"ask for {near[0]}, the only exposed one, or add the resource to the policy"
    others = [other for other in known if other not in near]
    return f"ask for an exposed one ({', '.join((near + others)[:_LISTED])}), or add the resource to the policy"


@rule("shared-rdma-count-above-hcamax", "shared-rdma-count-above-one", kinds=WORKLOADS)
def shared_counts(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that ask for several units of a resource of which one unit opens every device."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        for name in resources.names_in(pod):
            if resources.plugin_of(name) != "rdmaSharedDevicePlugin":
                continue
            exposed = [one.resource for one in resources.exposed.get(name, ())]
            most = max((one.hca_max for one in exposed if isinstance(one, SharedResource)), default=None)
            total = pod.total(name)
            if most is not None and total.units > most:
                message = f"the pod asks for {total.units} of {name}, and no node has more than {most} (rdmaHcaMax)"
                yield Problem("shared-rdma-count-above-hcamax", total.path, message, document=pod.document)
                continue
            for container in pod.containers:
                amount = container.amounts.get(name)
                if amount is not None and amount.units > 1:
                    message = f"one {name} opens every device of its pool; {amount.units} only use up slots of the node"
                    yield Problem("shared-rdma-count-above-one", amount.path, message, document=pod.document)


@rule("trainjob-drops-rdma-resource", kinds={"TrainJob"})
def dropped_by_train_jobs(manifests: ManifestSet) -> Iterator[Problem]:
    """Find TrainJobs that set the resources of their nodes and leave out the RDMA resource of the runtime."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        if pod.trained is None or not pod.trained.labeled or resources.names_in(pod):
            continue
        depth = len(pod.path)
        for before in (Container((), one.before) for one in pod.trained.resized if one.path[:depth] == pod.path):
            lost = next(iter(resources.taken(before)), None)
            if lost is not None:
                message = f"resourcesPerNode takes the place of the runtime's resources, so {lost} is lost"
                fix = f"add {lost} to resourcesPerNode"
                yield Problem("trainjob-drops-rdma-resource", pod.path, message, fix, document=pod.document)
                break
