"""NicNodePolicies beside the NicClusterPolicy and beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.releases import before
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.facts_views import Policy
from aksrdma.checks.webhook import conflicts, policies
from aksrdma.findings import Problem, format_path

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_SINCE: Final = "v26.4"


@rule("nic-policy-section-in-both", kinds={"NicNodePolicy"})
def sections_in_both(manifests: ManifestSet) -> Iterator[Problem]:
    """Find sections that a NicNodePolicy shares with the NicClusterPolicy, where the webhook does not say so."""
    if manifests.admission_controller:
        return
    documents = manifests.of("NicClusterPolicy", "NicNodePolicy")
    for document, refusal in conflicts.judge(documents, manifests.release):
        if document.kind == "NicNodePolicy":
            message = f"{format_path(refusal.path)} stands in the NicClusterPolicy as well: the operator takes neither"
            yield Problem("nic-policy-section-in-both", refusal.path, message, document=document)


@rule("nicnodepolicy-name-length", kinds={"NicNodePolicy"})
def node_policy_names(manifests: ManifestSet) -> Iterator[Problem]:
    """Find names of NicNodePolicies that are too long, where the webhook does not say so."""
    if manifests.admission_controller:
        return
    for policy in facts_of(manifests).node_policies:
        for refusal in policies.verdict(policy.document.data, manifests.release):
            if refusal.rule == "webhook-nicnodepolicy-name":
                name = policy.document.name
                message = f"{name!r} has {len(name)} characters; the operator's admission webhook refuses more than 30"
                yield Problem("nicnodepolicy-name-length", refusal.path, message, document=policy.document)


@rule("nicnodepolicy-selectors-overlap", kinds={"NicNodePolicy"})
def node_selectors(manifests: ManifestSet) -> Iterator[Problem]:
    """Find NicNodePolicies that can select one and the same node."""
    if before(manifests, _SINCE):
        return
    selected = _Selectors()
    for policy in facts_of(manifests).node_policies:
        other = selected.meeting(_selector(policy))
        if other is not None:
            message = f"a node can match this nodeSelector and that of NicNodePolicy {other.document.name!r}"
            path = ("spec", "nodeSelector")
            yield Problem("nicnodepolicy-selectors-overlap", path, message, document=policy.document)
        selected.add(policy)


class _Selectors:
    """Node selectors by their keys, so that each is compared with few others."""

    def __init__(self) -> None:
        self._by_keys: dict[frozenset[str], list[tuple[Mapping[str, str], Policy]]] = defaultdict(list)
        self._indexes: dict[tuple[frozenset[str], frozenset[str]], dict[frozenset[tuple[str, str]], Policy]] = {}

    def add(self, policy: Policy) -> None:
        """Keep the selector of a policy."""
        selector = _selector(policy)
        keys = frozenset(selector)
        self._by_keys[keys].append((selector, policy))
        for (own, common), index in self._indexes.items():
            if own == keys:
                index.setdefault(_values(selector, common), policy)

    def meeting(self, selector: Mapping[str, str]) -> Policy | None:
        """Return a policy whose selector differs from this one in the value of no key."""
        for keys in self._by_keys:
            common = keys & selector.keys()
            found = self._index(keys, frozenset(common)).get(_values(selector, common))
            if found is not None:
                return found
        return None

    def _index(self, keys: frozenset[str], common: frozenset[str]) -> dict[frozenset[tuple[str, str]], Policy]:
        if (keys, common) not in self._indexes:
            index = self._indexes[keys, common] = {}
            for selector, policy in self._by_keys[keys]:
                index.setdefault(_values(selector, common), policy)
        return self._indexes[keys, common]


def _selector(policy: Policy) -> Mapping[str, str]:
    found = policy.section("nodeSelector") or {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _values(selector: Mapping[str, str], keys: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset((key, selector[key]) for key in keys)
