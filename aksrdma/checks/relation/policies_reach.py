"""Which of the set's VM sizes a policy reaches, as far as its node selector names what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.checks.relation.facts_views import Policy
    from aksrdma.checks.sets import ManifestSet

_ARCHITECTURES: Final = {"arm64": "arm64", "x86_64": "amd64"}
_AFFINITY: Final = ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")


def known_sizes(manifests: ManifestSet) -> tuple[VmSize, ...]:
    """Return the rows of the set's VM sizes; empty where they are not known."""
    known = frozenset(catalog.vm_sizes()) if manifests.vm_sizes else frozenset()
    return tuple(catalog.vm_size(name) for name in manifests.vm_sizes if name in known)


def reached(policy: Policy, manifests: ManifestSet) -> tuple[VmSize, ...]:
    """Return the VM sizes of the set whose nodes the policy can select."""
    terms = list(_terms(policy))
    return tuple(size for size in known_sizes(manifests) if _selected(terms, _labels(size, manifests)))


def affinity_terms(policy: Policy) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """Yield the index and the expressions of each term that a NicClusterPolicy's `nodeAffinity` requires."""
    terms = (policy.section(*_AFFINITY) or {}).get("nodeSelectorTerms")
    for index, term in enumerate(terms if isinstance(terms, list) else ()):
        found = term.get("matchExpressions") if isinstance(term, dict) else None
        yield index, [entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict)]


def _terms(policy: Policy) -> Iterator[list[Mapping[str, Any]]]:
    selector = policy.section("nodeSelector")
    if policy.document.kind == "NicNodePolicy":
        yield [{"key": key, "operator": "In", "values": [value]} for key, value in (selector or {}).items()]
    else:
        yield from (expressions for _, expressions in affinity_terms(policy))


def _labels(size: VmSize, manifests: ManifestSet) -> dict[str, frozenset[str]]:
    labels = {
        "kubernetes.io/arch": frozenset({_ARCHITECTURES[size.arch]}),
        "node.kubernetes.io/instance-type": frozenset({size.name.lower()}),
    }
    pools = manifests.cluster.node_pools if manifests.cluster is not None else ()
    if pools:
        named = (pool.name for pool in pools if pool.vm_size.lower() == size.name.lower())
        labels["kubernetes.azure.com/agentpool"] = frozenset(named)
    return labels


def _selected(terms: list[list[Mapping[str, Any]]], labels: Mapping[str, frozenset[str]]) -> bool:
    return not terms or any(all(_holds(entry, labels) for entry in expressions) for expressions in terms)


def _holds(expression: Mapping[str, Any], labels: Mapping[str, frozenset[str]]) -> bool:
    own = labels.get(str(expression.get("key")))
    values = expression.get("values")
    if own is None or not isinstance(values, list):
        return True
    wanted = {value.lower() for value in values if isinstance(value, str)}
    if expression.get("operator") == "In":
        return bool(own & wanted)
    return expression.get("operator") != "NotIn" or bool(own - wanted)
