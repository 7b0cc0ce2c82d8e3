"""Whether a policy's nodeAffinity asks for labels that NFD gives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.features import LABEL_PREFIX, NIC_LABEL
from aksrdma.checks.plugins.views import node_feature_labels
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.policies_reach import affinity_terms
from aksrdma.findings import Problem, Severity
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.relation.facts_views import Policy
    from aksrdma.checks.sets import ManifestSet

# The prefixes of the labels that NFD's worker sets by itself, and its forms of PCI labels.
_WORKER: Final = re.compile(
    r"(?:cpu|kernel|memory|network|rdma|storage|system|usb)-.+|rdma\.(?:available|capable)"
    r"|pci-[0-9a-f]{4}(?:_[0-9a-f]{4})*\.(?:present|sriov\.capable)"
)
_TYPO: Final = 0.9
_PRESENT: Final = "true"


@rule("node-affinity-label-never-set", kinds={"NicClusterPolicy"})
def node_affinity(manifests: ManifestSet) -> Iterator[Problem]:
    """Find required node labels that no node ever gets."""
    given = _given(manifests)
    for policy in facts_of(manifests).cluster_policies:
        terms = list(affinity_terms(policy))
        wrong = [(index, list(_never(expressions, given))) for index, expressions in terms]
        hopeless = all(found for _, found in wrong)
        for index, found in wrong:
            for number, message, fix in found:
                yield _problem(policy, index, number, message, fix, hopeless=hopeless)


def _problem(policy: Policy, index: int, number: int, message: str, fix: str | None, *, hopeless: bool) -> Problem:
    path = ("spec", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", index)
    # The terms are alternatives: the policy still reaches nodes where another one can hold.
    severity: Severity | None = None if hopeless else "warning"
    where = (*path, "matchExpressions", number)
    return Problem(
        "node-affinity-label-never-set", where, message, fix=fix, severity=severity, document=policy.document
    )


def _given(manifests: ManifestSet) -> dict[str, set[str]]:
    """Return the values by label that the set's NodeFeatureRules give; a template or reference is any value."""
    labels: dict[str, set[str]] = defaultdict(set)
    for document in manifests.of("NodeFeatureRule"):
        for key, value, feature in node_feature_labels(document):
            labels[key].add(value)
            if feature.data.get("labelsTemplate"):
                labels[""].add("")
    return labels


def _never(
    expressions: list[Mapping[str, Any]], given: Mapping[str, set[str]]
) -> Iterator[tuple[int, str, str | None]]:
    for number, entry in enumerate(expressions):
        key, operator, values = entry.get("key"), entry.get("operator"), entry.get("values")
        if isinstance(key, str) and key.startswith(LABEL_PREFIX) and operator in ("In", "Exists"):
            asked = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
            found = _why(key, asked if operator == "In" else [], given)
            if found is not None:
                yield (number, *found)


def _why(key: str, asked: list[str], given: Mapping[str, set[str]]) -> tuple[str, str | None] | None:
    values = given.get(key) or ({_PRESENT} if key == NIC_LABEL else set())
    if values:
        wrong = bool(asked) and not any(value.startswith("@") for value in values) and not values & set(asked)
        message = f"no node has {key} with the value {' or '.join(asked)}: NFD sets it to {' or '.join(sorted(values))}"
        return (message, f"ask for {min(values)!r}") if wrong else None
    near = _near(key, given)
    if near is not None:
        return f"no node gets the label {key}: the one that is set is {near}", f"write {near}"
    own_form = _WORKER.fullmatch(key.removeprefix(LABEL_PREFIX))
    if given and "" not in given and not own_form:
        return f"no node gets the label {key}: no NodeFeatureRule of the set gives it", None
    return None


def _near(key: str, given: Mapping[str, set[str]]) -> str | None:
    if re.fullmatch(r"pci-[0-9a-f]{4}_15b3\.present", key.removeprefix(LABEL_PREFIX)):
        return NIC_LABEL  # NFD's own default form, which the operator's chart changes
    if _WORKER.fullmatch(key.removeprefix(LABEL_PREFIX)):
        return None
    known = [name for name in (NIC_LABEL, *given) if name.startswith(LABEL_PREFIX)]
    short = {name.removeprefix(LABEL_PREFIX): name for name in known}
    found = nearest(key.removeprefix(LABEL_PREFIX), short)
    return short[found[0]] if found and _alike(found[0], key.removeprefix(LABEL_PREFIX)) else None


def _alike(first: str, second: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, first, second).ratio() >= _TYPO
