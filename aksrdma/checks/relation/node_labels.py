"""Labels by which policies select nodes: that some rule gives them, and to the nodes with InfiniBand of the set."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.features import feature_rules
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.checks.relation.policies import known_sizes
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.kinds import HELM_KINDS, RULE_KINDS
from aksrdma.kube.labels import FEATURE_PREFIX, NIC_LABEL
from aksrdma.kube.node_feature_outputs import Version, match_rule
from aksrdma.kube.node_feature_rules import FAILS, YES, FeatureRule, full_label
from aksrdma.kube.scheduling import REQUIRED
from aksrdma.kube.values import mapping, sequence
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.catalog import Infiniband
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_PRESENT: Final = "true"
_ALIKE: Final = 0.9
"""How much two labels are the same if one is a slip of the pen."""
_PCI: Final = "pci.device"
_SELECTING: Final = ("docaTelemetryService", "ofedDriver", "rdmaSharedDevicePlugin", "sriovDevicePlugin")
"""Sections whose DaemonSets select nodes by `NIC_LABEL`."""
_WORKER: Final = re.compile(
    r"(?:cpu|kernel|memory|network|rdma|storage|system|usb)-.+|rdma\.(?:available|capable)"
    r"|pci-[0-9a-f]{4}(?:_[0-9a-f]{4})*\.(?:present|sriov\.capable)"
)
"""Labels, without their prefix, that NFD's worker sets by itself."""
_NFD_DEFAULT: Final = re.compile(r"pci-[0-9a-f]{4}_15b3\.present")
"""NFD's own default form of the NIC label, which the operator's chart changes."""


@rule("node-affinity-label-never-set", kinds={"NicClusterPolicy"})
def node_affinity(manifests: ManifestSet) -> Iterator[Problem]:
    """Find required node labels that no node ever gets."""
    given: dict[str, set[str]] = defaultdict(set)
    any_label = False  # where a template makes labels, nobody knows which
    for document in manifests.of("NodeFeatureRule"):
        for found in feature_rules(document):
            any_label = any_label or bool(found.data.get("labelsTemplate"))
            for key, value in found.labels.items():
                given[key].add(value)
    for policy in manifests.derived(Installed).cluster_policies:
        wrong: list[tuple[int, int, str, str | None]] = []
        hopeful = False
        for index, expressions in _terms(policy):
            before = len(wrong)
            for number, entry in expressions:
                why = _never_set(entry, given, any_label)
                if why is not None:
                    wrong.append((index, number, *why))
            hopeful = hopeful or len(wrong) == before
        # The terms are alternatives: the policy still reaches nodes where another one can hold.
        severity: Severity | None = "warning" if hopeful else None
        for index, number, message, fix in wrong:
            path = ("spec", "nodeAffinity", REQUIRED, "nodeSelectorTerms", index, "matchExpressions", number)
            rule_id = "node-affinity-label-never-set"
            yield Problem(rule_id, path, message, fix=fix, severity=severity, document=policy.document)


def _terms(policy: Policy) -> Iterator[tuple[int, list[tuple[int, Mapping[str, Any]]]]]:
    """Yield each term that a NicClusterPolicy's `nodeAffinity` requires, and its expressions, with their indexes."""
    required = policy.section("nodeAffinity", REQUIRED) or {}
    for index, term in enumerate(sequence(required.get("nodeSelectorTerms"))):
        expressions = enumerate(sequence(mapping(term).get("matchExpressions")))
        yield index, [(number, entry) for number, entry in expressions if isinstance(entry, dict)]


def _never_set(
    entry: Mapping[str, Any], given: Mapping[str, set[str]], any_label: bool
) -> tuple[str, str | None] | None:
    """Return why an expression never holds, and what to write instead where that is known; None where it can hold."""
    key, operator = entry.get("key"), entry.get("operator")
    if not isinstance(key, str) or not key.startswith(FEATURE_PREFIX) or operator not in ("In", "Exists"):
        return None
    named = sequence(entry.get("values")) if operator == "In" else []
    asked = [value for value in named if isinstance(value, str)]
    values = given.get(key) or ({_PRESENT} if key == NIC_LABEL else set())
    if values:
        # A value with an @ is copied from what NFD finds on the node.
        if not asked or values & set(asked) or any(value.startswith("@") for value in values):
            return None
        set_to = " or ".join(sorted(values))
        return (
            f"no node has {key} with the value {' or '.join(asked)}: NFD sets it to {set_to}",
            f"ask for {min(values)!r}",
        )
    near = _meant(key, given)
    if near is not None:
        return f"no node gets the label {key}: the one that is set is {near}", f"write {near}"
    if given and not any_label and not _WORKER.fullmatch(key.removeprefix(FEATURE_PREFIX)):
        return f"no node gets the label {key}: no NodeFeatureRule of the set gives it", None
    return None


def _meant(key: str, given: Mapping[str, set[str]]) -> str | None:
    """Return the label that a label which nobody sets is a slip of, or None where there is none."""
    name = key.removeprefix(FEATURE_PREFIX)
    if _NFD_DEFAULT.fullmatch(name):
        return NIC_LABEL
    if _WORKER.fullmatch(name):
        return None
    short = {one.removeprefix(FEATURE_PREFIX): one for one in (NIC_LABEL, *given) if one.startswith(FEATURE_PREFIX)}
    found = nearest(name, short)
    return short[found[0]] if found and _is_slip(found[0], name) else None


def _is_slip(first: str, second: str) -> bool:
    from difflib import SequenceMatcher  # only labels that nobody sets pay for it

    return SequenceMatcher(None, first, second).ratio() >= _ALIKE


class _Rule(NamedTuple):
    document: Document
    rule: FeatureRule

    def label_path(self, label: str) -> FieldPath:
        """Return where a label was written, with or without NFD's prefix."""
        written = mapping(self.rule.data.get("labels"))
        keys = [key for key in written if full_label(str(key)) == label]
        return (*self.rule.path, "labels", *keys[:1])


@rule("nfr-chart-rule-still-on", "nfr-device-list-misses-vm-size", "nfr-label-not-the-one-selected", kinds=RULE_KINDS)
def nic_label(manifests: ManifestSet) -> Iterator[Problem]:
    """Find rules that do not label the nodes which the operator is to find."""
    rules = [_Rule(found, one) for found in manifests.of("NodeFeatureRule") for one in feature_rules(found)]
    setting = [found for found in rules if NIC_LABEL in found.rule.labels]
    if not any(_sets_it(found.rule) for found in rules):
        yield from _not_set(rules, setting, manifests)
        return
    chart_rule = _chart_rule(manifests) if setting else None
    if chart_rule is not None and chart_rule[0]:
        message = f"{chart_rule[1]} the chart's own rule on, which gives {NIC_LABEL} to more nodes than this one"
        path = setting[0].label_path(NIC_LABEL)
        yield Problem("nfr-chart-rule-still-on", path, message, document=setting[0].document)
    by_id = [(found, where) for found in setting if (where := _nic_expression(found.rule)) is not None]
    version = Version(comparisons=catalog.capability("nfd-comparisons").holds_in(manifests.release))
    for size in known_sizes(manifests) if by_id else ():
        nic = size.infiniband
        if nic.sriov and nic.device_id and not any(_may_match(found.rule, nic, version) for found in setting):
            found, where = by_id[0]
            message = (
                f"nodes of {size.name} do not get the label: their NIC is {nic.vendor_id}:{nic.device_id} "
                f"of class {nic.pci_class}"
            )
            yield Problem("nfr-device-list-misses-vm-size", where, message, document=found.document)


def _sets_it(rule: FeatureRule) -> bool:
    value = rule.labels.get(NIC_LABEL, "")
    return value == _PRESENT or value.startswith("@") or NIC_LABEL in str(rule.data.get("labelsTemplate", ""))


def _chart_rule(manifests: ManifestSet) -> tuple[bool, str] | None:
    """Return whether the rule of Network Operator's chart is on, and who leaves it so; None where nobody tells."""
    if manifests.values or manifests.unknown_kinds & HELM_KINDS:
        from aksrdma.checks.relation.helm_values import told_network_operator  # few sets have such values

        told = manifests.derived(told_network_operator)
        if told is not None and isinstance(is_on := told.value("nfd", "deployNodeFeatureRules"), bool):
            return is_on, "the chart's values leave"
    cluster = manifests.cluster
    return (cluster.node_feature_rule == "chart", "the cluster file leaves") if cluster is not None else None


def _not_set(rules: list[_Rule], setting: list[_Rule], manifests: ManifestSet) -> Iterator[Problem]:
    rule_id = "nfr-label-not-the-one-selected"
    for found in setting:
        message = f"the operator's DaemonSets select {NIC_LABEL}: 'true', not {found.rule.labels[NIC_LABEL]!r}"
        yield Problem(rule_id, found.label_path(NIC_LABEL), message, document=found.document)
    if setting:
        return
    about_nics = [found for found in rules if _concerns_nics(found.rule)]
    name = NIC_LABEL.removeprefix(FEATURE_PREFIX)
    misspelt = [
        (found, label)
        for found in about_nics
        for label in found.rule.labels
        if _is_slip(label.removeprefix(FEATURE_PREFIX), name)
    ]
    for found, label in misspelt:
        message = f"the operator's DaemonSets select {NIC_LABEL}, not {label}"
        yield Problem(
            rule_id, found.label_path(label), message, f"write {NIC_LABEL}", NIC_LABEL, document=found.document
        )
    if about_nics and not misspelt and (severity := _severity_where_unset(rules, manifests)):
        message = f"no rule sets {NIC_LABEL}, which the operator's DaemonSets select"
        found = about_nics[0]
        yield Problem(rule_id, (*found.rule.path, "labels"), message, severity=severity, document=found.document)


def _severity_where_unset(rules: list[_Rule], manifests: ManifestSet) -> Severity | None:
    """Say how bad it is that no rule sets the label, which the chart's own rule may do."""
    if (chart_rule := _chart_rule(manifests)) is not None:
        return None if chart_rule[0] else "error"
    installed = manifests.derived(Installed)
    if not any(installed.deploys(section) for section in _SELECTING):
        return None
    given = {label for found in rules for label in found.rule.labels}
    terms = (term for policy in installed.cluster_policies for _, term in _terms(policy))
    # A policy that selects by a label of the set's own rules is likely to leave the other to the chart.
    return None if any(entry.get("key") in given for term in terms for _, entry in term) else "warning"


def _concerns_nics(rule: FeatureRule) -> bool:
    """Say whether a rule looks for InfiniBand NICs: by class, by NVIDIA's vendor id, or by device ids alone."""
    ids = catalog.defaults()
    for term in (term for term in rule.every_term if term.feature == _PCI):
        vendor, kind = term.get("vendor"), term.get("class")
        if vendor is not None:
            found = ids.vendor_id in vendor.allows()
        else:
            found = term.get("device") is not None or (kind is not None and ids.infiniband_class in kind.allows())
        if found:
            return True
    return False


def _nic_expression(rule: FeatureRule) -> FieldPath | None:
    """Return where a rule names devices or classes, or None where it names none."""
    terms = [term for term in rule.every_term if term.feature == _PCI]
    found = [term.get(attribute) for attribute in ("device", "class") for term in terms]
    return next((expression.path for expression in found if expression is not None), None)


def _may_match(rule: FeatureRule, nic: Infiniband, version: Version) -> bool:
    """Say whether a rule matches a node with this NIC, or would but for what is told by other findings.

    Of the node its InfiniBand NICs are known; what a rule asks of other features is taken to hold.
    """
    row = catalog.node_features()[_PCI]
    asked = (one.attribute for term in rule.every_term if term.feature == _PCI for one in term.expressions)
    outcomes = match_rule(rule, catalog.nic_features(nic), version).outcomes
    return bool(outcomes & (YES | FAILS)) or not all(map(row.knows, asked))
