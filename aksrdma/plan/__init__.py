"""The plan: cluster and catalog -> typed objects, with the reason of each value; pure, and the only place that decides.

Deciding loads no models: who counts, injects or validates asks a plan for its decisions and pays for no object.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from aksrdma.cluster import PROFILES, Cluster
from aksrdma.plan import limits
from aksrdma.plan.decisions import Decisions, decide, refuse
from aksrdma.plan.planned import Planned, Reason, judged

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

    @cached_property
    def namespace(self) -> Planned:
        """The operator's namespace."""
        from aksrdma.plan import policy

        return self._judged(policy.namespace(self.decisions.cluster.operator_namespace))

    @cached_property
    def ipoib_namespace(self) -> Planned | None:
        """The namespace of the pods on the IPoIB network; None where it is there by itself."""
        cluster = self.decisions.cluster
        if cluster.profile != "ipoib" or cluster.ipoib.namespace in ("default", cluster.operator_namespace):
            return None
        from aksrdma.plan import policy

        return self._judged(policy.ipoib_namespace(cluster.ipoib.namespace))

    @cached_property
    def node_feature_rule(self) -> Planned | None:
        """The NodeFeatureRule; None where the chart's own is used."""
        source = self.decisions.cluster.node_feature_rule
        if source == "chart":
            return None
        from aksrdma.plan import policy

        return self._judged(policy.node_feature_rule(by_class=source == "infiniband-class"))

    def policy_layer(self, profile: str) -> Planned:
        """The NicClusterPolicy of `base`, or what a profile patches into the one that it builds on."""
        from aksrdma.plan import policy

        return self._judged(policy.layer(self.decisions, profile))

    @cached_property
    def policy(self) -> Planned:
        """The NicClusterPolicy with all its layers."""
        from aksrdma.plan import policy

        return self._judged(policy.joined(self.decisions))

    @cached_property
    def ipoib_network(self) -> Planned | None:
        """The IPoIBNetwork of the `ipoib` profile."""
        if self.decisions.cluster.profile != "ipoib":
            return None
        from aksrdma.plan import networks

        return self._judged(networks.ipoib_network(self.decisions))

    @cached_property
    def ip_pool(self) -> Planned | None:
        """The IPPool of the `ipoib` profile; None with whereabouts."""
        if self.decisions.cluster.profile != "ipoib" or self.decisions.whereabouts:
            return None
        from aksrdma.plan import networks

        return self._judged(networks.ip_pool(self.decisions))

    @cached_property
    def network_operator_values(self) -> Planned:
        """Helm values of Network Operator."""
        from aksrdma.plan import values

        return values.network_operator(self.decisions)

    @cached_property
    def gpu_operator_values(self) -> Planned | None:
        """Helm values of GPU Operator; None where nothing is left for it to do."""
        from aksrdma.plan import values

        return values.gpu_operator(self.decisions)

    @cached_property
    def peermem_reloader(self) -> Planned | None:
        """The DaemonSet that loads nvidia-peermem; None where GPU Operator does, or no node has an NVIDIA GPU.

        A cluster without node pools stands for any cluster, so it has the DaemonSet.
        """
        decisions = self.decisions
        if decisions.pools and (not decisions.nvidia_gpus or decisions.cluster.gpu_driver != "aks"):
            return None
        from aksrdma.plan import pods

        return self._judged(pods.peermem_reloader(decisions.tolerations))

    def example_pod(self, profile: str) -> Planned:
        """The example pod of the cluster's profile, or of one that it builds on."""
        return self._example_pods[profile]

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

    @cached_property
    def _example_pods(self) -> dict[str, Planned]:
        from aksrdma.plan import pods

        return {name: self._judged(pods.example_pod(self.decisions, name)) for name in self.decisions.layers}

    def _judged(self, planned: Planned) -> Planned:
        return judged(planned, self.decisions.release.name)


def make_plan(cluster: Cluster) -> Plan:
    """Decide what a cluster needs.

    Raises:
        UnknownNameError: a release that the catalog does not have.
        PlanError: what no release, profile or VM size can serve; each mistake is one line.
    """
    decisions = decide(cluster)
    refuse(limits.problems(decisions))
    return Plan(decisions, tuple(limits.notes(decisions)))
