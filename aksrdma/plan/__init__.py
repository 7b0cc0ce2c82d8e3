"""The plan: cluster and catalog -> objects, with the reason of each value; pure, and the only place that decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from aksrdma.cluster import PROFILES, Cluster
from aksrdma.plan import limits, nodes, peermem, pods, policy, values
from aksrdma.plan.decisions import Decisions, decide, refuse
from aksrdma.plan.notes import notes
from aksrdma.plan.planned import Planned, Reason, merged

__all__ = ["PROFILES", "Decisions", "Plan", "Planned", "Reason", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """Everything that a cluster needs, before it becomes text."""

    decisions: Decisions
    notes: tuple[str, ...]
    """What is unsure or unusual, a sentence each, for the user."""

    @cached_property
    def namespace(self) -> Planned:
        """The operator's namespace."""
        return nodes.namespace(self.decisions)

    @cached_property
    def ipoib_namespace(self) -> Planned | None:
        """The namespace of the pods on the IPoIB network; None where it is there by itself."""
        return nodes.ipoib_namespace(self.decisions)

    @cached_property
    def node_feature_rule(self) -> Planned | None:
        """The NodeFeatureRule; None where the chart's own is used."""
        return nodes.node_feature_rule(self.decisions)

    def policy_layer(self, profile: str) -> Planned:
        """The NicClusterPolicy of `base`, or what a profile patches into the one that it builds on."""
        return policy.layer(self.decisions, profile)

    @cached_property
    def policy(self) -> Planned:
        """The NicClusterPolicy with all its layers."""
        return merged([self.policy_layer(profile) for profile in self.decisions.layers])

    @cached_property
    def ipoib_network(self) -> Planned | None:
        """The IPoIBNetwork of the `ipoib` profile."""
        if not self._ipoib:
            return None
        from aksrdma.plan.networks import ipoib_network  # with it comes ipaddress, which the others do without

        return ipoib_network(self.decisions)

    @cached_property
    def ip_pool(self) -> Planned | None:
        """The IPPool of the `ipoib` profile; None with whereabouts."""
        if not self._ipoib or self.decisions.whereabouts:
            return None
        from aksrdma.plan.networks import ip_pool

        return ip_pool(self.decisions)

    @cached_property
    def network_operator_values(self) -> Planned:
        """Helm values of Network Operator."""
        return values.network_operator(self.decisions)

    @cached_property
    def gpu_operator_values(self) -> Planned | None:
        """Helm values of GPU Operator; None where nothing is left for it to do."""
        return values.gpu_operator(self.decisions)

    @cached_property
    def peermem_reloader(self) -> Planned | None:
        """The DaemonSet that loads nvidia-peermem; None where something else does."""
        return peermem.peermem_reloader(self.decisions)

    def example_pod(self, profile: str) -> Planned:
        """The example pod of a profile."""
        return pods.example_pod(self.decisions, profile)

    @cached_property
    def objects(self) -> tuple[Planned, ...]:
        """The objects in the order in which to apply them: what is looked for comes before what looks for it."""
        wanted = (
            self.namespace,
            self.ipoib_namespace,
            self.node_feature_rule,
            self.policy,
            self.ip_pool,
            self.ipoib_network,
        )
        return tuple(one for one in wanted if one is not None)

    @property
    def _ipoib(self) -> bool:
        return self.decisions.cluster.profile == "ipoib"


def make_plan(cluster: Cluster) -> Plan:
    """Decide what a cluster needs.

    Raises:
        UnknownNameError: a release that the catalog does not have.
        PlanError: what no release, profile or VM size can serve; each mistake is one line.
    """
    decisions = decide(cluster)
    refuse(limits.problems(decisions))
    return Plan(decisions, tuple(notes(decisions)))
