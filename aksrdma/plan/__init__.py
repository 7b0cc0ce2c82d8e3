"""The plan: cluster and catalog -> typed objects, with the reason of each value; pure, and the only place that decides.

Deciding loads no models: who counts, injects or validates asks a plan for its decisions and pays for no object.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from aksrdma import catalog
from aksrdma.cluster import PROFILES, Cluster
from aksrdma.findings import Problem
from aksrdma.plan import limits, notes
from aksrdma.plan.decisions import Decisions, decide, refuse
from aksrdma.plan.planned import Planned, Reason, judged

if TYPE_CHECKING:
    from aksrdma.catalog import DriverCombination
    from aksrdma.plan.amd import AmdStack

__all__ = ["PROFILES", "Decisions", "Plan", "Planned", "Reason", "make_plan"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that a cluster needs, before it becomes text.

    Each object is built and judged by the schemas of its release when it is first asked for.

    Raises:
        ModelError: an object that the API server of the release would refuse.
    """

    decisions: Decisions
    notes: tuple[str, ...]
    """What is unsure or unusual, a sentence each, for the user."""
    warnings: tuple[Problem, ...] = ()
    """What may not come up as the cluster file has it, with its rule and the path below `spec`; told in `notes`, too."""

    @cached_property
    def namespace(self) -> Planned:
        """The operator's namespace."""
        from aksrdma.plan import policy

        return self._planned(policy.namespace(self.decisions.cluster.operator_namespace))

    @cached_property
    def ipoib_namespace(self) -> Planned | None:
        """The namespace of the pods on the IPoIB network; None where it is there by itself."""
        cluster = self.decisions.cluster
        if not self._ipoib or cluster.ipoib.namespace in ("default", cluster.operator_namespace):
            return None
        from aksrdma.plan import policy

        return self._planned(policy.ipoib_namespace(cluster.ipoib.namespace))

    @cached_property
    def node_feature_rule(self) -> Planned | None:
        """The NodeFeatureRule; None where the chart's own is used."""
        source = self.decisions.cluster.node_feature_rule
        if source == "chart":
            return None
        from aksrdma.plan import policy

        return self._planned(policy.node_feature_rule(by_class=source == "infiniband-class"))

    def policy_layer(self, profile: str) -> Planned:
        """The NicClusterPolicy of `base`, or what a profile patches into the one that it builds on; without `patches`."""
        from aksrdma.plan import policy

        return judged(self._in_registry(policy.layer(self.decisions, profile)), self.decisions.release.name)

    @cached_property
    def policy(self) -> Planned | None:
        """The NicClusterPolicy with all its layers; None where it would deploy nothing."""
        from aksrdma.plan import policy

        found = policy.joined(self.decisions)
        return self._planned(found) if found else None

    @cached_property
    def node_policies(self) -> tuple[Planned, ...]:
        """A NicNodePolicy for each pool, where pools want different things of the operator."""
        if not self.decisions.apart:
            return ()
        from aksrdma.plan import policy

        return tuple(self._planned(policy.node_policy(self.decisions, one)) for one in self.decisions.served)

    @cached_property
    def serves(self) -> bool:
        """Whether Network Operator deploys anything."""
        return bool(self.policy or self.node_policies)

    @cached_property
    def needs_network_operator(self) -> bool:
        """Whether Network Operator is installed: for what it deploys, or for its NFD, which the operators of GPUs read."""
        return self.serves or self.gpu_operator_values is not None or self.amd is not None

    @cached_property
    def ipoib_network(self) -> Planned | None:
        """The IPoIBNetwork of the `ipoib` profile."""
        if not self._ipoib:
            return None
        from aksrdma.plan import networks

        return self._planned(networks.ipoib_network(self.decisions))

    @cached_property
    def ip_pool(self) -> Planned | None:
        """The IPPool of the `ipoib` profile; None with whereabouts."""
        if not self._ipoib or self.decisions.whereabouts:
            return None
        from aksrdma.plan import networks

        return self._planned(networks.ip_pool(self.decisions))

    @property
    def _ipoib(self) -> bool:
        return "ipoib" in self.decisions.profiles

    @cached_property
    def network_operator_values(self) -> Planned:
        """Helm values of Network Operator."""
        from aksrdma.plan import values

        return values.network_operator(self.decisions)

    @cached_property
    def gpu_operator_values(self) -> Planned | None:
        """Helm values of NVIDIA's GPU Operator; None where no pool has its GPU driver from it."""
        from aksrdma.plan import values

        return values.gpu_operator(self.decisions)

    @cached_property
    def amd(self) -> AmdStack | None:
        """What AMD GPUs need: driver, values of AMD GPU Operator, DeviceConfig; None where no pool has it from there."""
        if not self.decisions.operated("amd"):
            return None
        from aksrdma.plan import amd

        found = amd.stack(self.decisions)
        return replace(
            found,
            driver_script=self._planned(found.driver_script),
            driver=self._planned(found.driver),
            device_config=self._planned(found.device_config),
        )

    @cached_property
    def peermem_reloader(self) -> Planned | None:
        """The DaemonSet that loads nvidia-peermem; None where something else does, or no node has an NVIDIA GPU.

        A cluster without node pools that does not say who installs the GPU driver stands for any, so it has the DaemonSet.
        """
        pools = [one for one in self.decisions.per_pool if one.drivers and one.drivers.gpudirect == "reloader"]
        row = self._of_any_gpus
        any_cluster = not self.decisions.per_pool and (row.gpudirect == "reloader" if row else self.decisions.driver)
        if not pools and not any_cluster:
            return None
        from aksrdma.plan import pods

        return self._planned(pods.peermem_reloader(self.decisions, tuple(pools)))

    @cached_property
    def nvidia_device_plugin(self) -> Planned | None:
        """The DaemonSet of NVIDIA's device plugin, for pools where AKS installs the driver alone."""
        pools = [one for one in self.decisions.per_pool if one.drivers and one.drivers.device_plugin == "rendered"]
        row = self._of_any_gpus
        if not pools and not (row and row.device_plugin == "rendered"):
            return None
        from aksrdma.plan import pods

        return self._planned(pods.nvidia_device_plugin(self.decisions, tuple(pools)))

    @property
    def _of_any_gpus(self) -> DriverCombination | None:
        """What is known of the drivers that a cluster without node pools asks for, whose nodes may have NVIDIA GPUs."""
        asked = self.decisions.cluster.gpu_driver
        if self.decisions.per_pool or asked is None:
            return None
        return catalog.driver_combination("nvidia", asked, "doca" if self.decisions.driver else "inbox")

    @cached_property
    def module_loader(self) -> Planned | None:
        """The DaemonSet that loads what device plugins ask for, on pools whose NICs have the kernel's own driver."""
        pools = [one for one in self.decisions.served if one.nic_driver == "inbox"]
        if not pools:
            return None
        from aksrdma.plan import pods

        return self._planned(pods.module_loader(self.decisions, tuple(pools)))

    def example_pod(self, profile: str) -> Planned:
        """The example pod of a profile in use, or of one that it builds on."""
        return self._example_pods[profile]

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """The profiles with an example pod: those in use and what they build on, lowest first."""
        from aksrdma.plan.decisions import layers_of

        built = [layer for profile in self.decisions.profiles for layer in layers_of(profile)]
        return tuple(dict.fromkeys(built))

    @cached_property
    def objects(self) -> tuple[Planned, ...]:
        """The objects in the order in which to apply them: what is looked for comes before what looks for it."""
        wanted = (
            self.namespace if self.needs_network_operator else None,
            self.ipoib_namespace,
            self.node_feature_rule if self.serves else None,
            self.policy,
            *self.node_policies,
            self.ip_pool,
            self.ipoib_network,
        )
        return tuple(one for one in wanted if one is not None)

    @cached_property
    def on_nodes(self) -> tuple[Planned, ...]:
        """The objects that load modules and offer GPUs on nodes, each applied when its step comes."""
        daemons = (self.module_loader, self.peermem_reloader, self.nvidia_device_plugin)
        amd = (self.amd.driver_script, self.amd.driver, self.amd.device_config) if self.amd else ()
        return (*filter(None, daemons), *amd)

    @cached_property
    def further(self) -> tuple[Planned, ...]:
        """The objects that are applied on their own: those on nodes, and the example pods."""
        return (*self.on_nodes, *self._example_pods.values())

    @cached_property
    def _example_pods(self) -> dict[str, Planned]:
        from aksrdma.plan import pods

        return {name: self._planned(pods.example_pod(self.decisions, name)) for name in self.examples}

    def _planned(self, planned: Planned) -> Planned:
        """Return an object with the cluster's registry and the user's patches, once the schemas have taken it."""
        planned = self._in_registry(planned)
        if patches := self.decisions.cluster.patches:
            from aksrdma.plan.patches import patched  # few clusters have any

            planned = patched(planned, patches, self.decisions.release.name)
        return judged(planned, self.decisions.release.name)

    def _in_registry(self, planned: Planned) -> Planned:
        if not (self.decisions.cluster.registry or self.decisions.cluster.image_pull_secrets):
            return planned
        from aksrdma.plan.registry import in_registry  # most clusters pull from the publishers

        return in_registry(planned, self.decisions.cluster)


def make_plan(cluster: Cluster) -> Plan:
    """Decide what a cluster needs.

    Raises:
        UnknownNameError: a release that the catalog does not have.
        PlanError: what no release, profile or VM size can serve; each mistake is one line.
    """
    decisions = decide(cluster)
    refuse(limits.problems(decisions))
    plan = Plan(decisions, tuple(notes.notes(decisions)), tuple(notes.warnings(decisions)))
    if cluster.patches:
        from aksrdma.plan import patches  # few clusters have any

        refuse(list(patches.malformed(cluster.patches)))
        refuse(list(patches.unmatched(cluster.patches, [*plan.objects, *plan.further])))
    return plan
