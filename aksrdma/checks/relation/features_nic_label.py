"""Whether the set's NodeFeatureRules give the label that the operator selects, to nodes of the set's VM sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma.checks.plugins.features import LABEL_PREFIX, NIC_LABEL, FeatureRule, feature_rules, full_label
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.features_nics import concerns_nics, labels_size, nic_expression
from aksrdma.checks.relation.policies_reach import affinity_terms, known_sizes
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.kinds import RULE_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_PRESENT: Final = "true"
_CHART: Final = "chart"
_TYPO: Final = 0.9
_SELECTING: Final = ("docaTelemetryService", "ofedDriver", "rdmaSharedDevicePlugin", "sriovDevicePlugin")


class _Rule(NamedTuple):
    document: Document
    rule: FeatureRule

    def label_path(self, label: str) -> FieldPath:
        """Return where a label was written, with or without NFD's prefix."""
        written = self.rule.data.get("labels")
        keys = [key for key in (written if isinstance(written, dict) else ()) if full_label(str(key)) == label]
        return (*self.rule.path, "labels", *keys[:1])


@rule("nfr-chart-rule-still-on", "nfr-device-list-misses-vm-size", "nfr-label-not-the-one-selected", kinds=RULE_KINDS)
def nic_label(manifests: ManifestSet) -> Iterator[Problem]:
    """Find rules that do not label the nodes which the operator is to find."""
    rules = [_Rule(found, rule) for found in manifests.of("NodeFeatureRule") for rule in feature_rules(found)]
    setting = [found for found in rules if NIC_LABEL in found.rule.labels]
    if any(_sets_it(found.rule) for found in rules):
        yield from _chart_rule(setting, manifests)
        yield from _sizes(setting, manifests)
    else:
        yield from _not_set(rules, setting, manifests)


def _sets_it(rule: FeatureRule) -> bool:
    value = rule.labels.get(NIC_LABEL, "")
    return value == _PRESENT or value.startswith("@") or NIC_LABEL in str(rule.data.get("labelsTemplate", ""))


def _not_set(rules: list[_Rule], setting: list[_Rule], manifests: ManifestSet) -> Iterator[Problem]:
    rule_id = "nfr-label-not-the-one-selected"
    for found in setting:
        message = f"the operator's DaemonSets select {NIC_LABEL}: 'true', not {found.rule.labels[NIC_LABEL]!r}"
        yield Problem(rule_id, found.label_path(NIC_LABEL), message, document=found.document)
    about_nics = [found for found in rules if concerns_nics(found.rule)]
    misspelt = [(found, label) for found in about_nics for label in found.rule.labels if _misspelt(label)]
    for found, label in () if setting else misspelt:
        message = f"the operator's DaemonSets select {NIC_LABEL}, not {label}"
        yield Problem(rule_id, found.label_path(label), message, fix=f"write {NIC_LABEL}", document=found.document)
    if about_nics and not setting and not misspelt and (severity := _expected(manifests)):
        message = f"no rule sets {NIC_LABEL}, which the operator's DaemonSets select"
        found = about_nics[0]
        yield Problem(rule_id, (*found.rule.path, "labels"), message, severity=severity, document=found.document)


def _misspelt(label: str) -> bool:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, label.removeprefix(LABEL_PREFIX), NIC_LABEL.removeprefix(LABEL_PREFIX))
    return matcher.ratio() >= _TYPO


def _expected(manifests: ManifestSet) -> Severity | None:
    """Say how bad it is that no rule sets the label: only the cluster file knows whether the chart's rule is on."""
    if manifests.cluster is not None:
        return None if manifests.cluster.node_feature_rule == _CHART else "error"
    facts = facts_of(manifests)
    if not any(facts.deploys(section) for section in _SELECTING):
        return None
    given = {
        label for found in manifests.of("NodeFeatureRule") for rule in feature_rules(found) for label in rule.labels
    }
    terms = (entry for policy in facts.cluster_policies for _, term in affinity_terms(policy) for entry in term)
    # A policy that selects by a label of the set's own rules is likely to leave the other to the chart.
    return None if any(str(entry.get("key")) in given for entry in terms) else "warning"


def _chart_rule(setting: list[_Rule], manifests: ManifestSet) -> Iterator[Problem]:
    if manifests.cluster is None or manifests.cluster.node_feature_rule != _CHART:
        return
    for found in setting[:1]:
        message = (
            f"the cluster file leaves the chart's own rule on, which gives {NIC_LABEL} to more nodes than this one"
        )
        yield Problem("nfr-chart-rule-still-on", found.label_path(NIC_LABEL), message, document=found.document)


def _sizes(setting: list[_Rule], manifests: ManifestSet) -> Iterator[Problem]:
    by_id = [(found, where) for found in setting if (where := nic_expression(found.rule)) is not None]
    for size in known_sizes(manifests) if by_id else ():
        nic = size.infiniband
        if nic.sriov and nic.device_id and not any(labels_size(found.rule, nic) for found in setting):
            found, where = by_id[0]
            message = (
                f"nodes of {size.name} do not get the label: their NIC is {nic.vendor_id}:{nic.device_id} "
                f"of class {nic.pci_class}"
            )
            yield Problem("nfr-device-list-misses-vm-size", where, message, document=found.document)
