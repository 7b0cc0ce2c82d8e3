"""What NodeFeatureRules do, as records, as JSON values and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from aksrdma import catalog
from aksrdma.findings import format_path
from aksrdma.kube.go_template_run import HOLE
from aksrdma.kube.labels import FEATURE_PREFIX, NIC_LABEL
from aksrdma.kube.node_feature_outputs import RuleMatch, Version, execute
from aksrdma.kube.node_feature_reasons import reason
from aksrdma.kube.node_feature_rules import YES, FeatureRule, full_label
from aksrdma.kube.node_features import Features, Seen, Uncertain

Answer: TypeAlias = Literal["yes", "no", "depends"]
_PCI: Final = "pci.device"
_SELECTED: Final = "true"
"""The value of the NIC label by which the operator's DaemonSets select nodes."""
_SETS: Final = ("labelsTemplate", "annotations", "extendedResources", "taints", "vars", "varsTemplate")
_HOLE: Final = "?"
_MOST: Final = 6
"""Names that a note lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRule:
    """One rule, in the order in which nfd-master goes through them."""

    object: str
    """Name of its NodeFeatureRule."""
    name: str
    file: str
    """Where it was read; empty for a rule that aksrdma renders, or the chart's."""
    labels: Mapping[str, str]
    """The labels that it writes out, with NFD's prefix; a template may make more."""
    sets: tuple[str, ...]
    """What else it sets, by field."""

    @classmethod
    def of(cls, rule: FeatureRule, name: str, file: str) -> LabelRule:
        """Return the record of a rule."""
        sets = tuple(key for key in _SETS if rule.data.get(key))
        return cls(object=name, name=rule.name, file=file, labels=MappingProxyType(rule.labels), sets=sets)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        labels, sets = dict(self.labels), list(self.sets)
        return {"object": self.object, "name": self.name, "file": self.file, "labels": labels, "sets": sets}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAnswer:
    """Whether a rule matches."""

    matches: Answer
    labels: Mapping[str, str | None]
    """What it labels with, `?` for what nobody knows; None: the value is not known, or not whether it is set."""
    term: str
    """Path of the term that decides that it does not match, or that nobody can tell."""
    why: str
    """Why not; empty where it matches."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"matches": self.matches, "labels": dict(self.labels), "term": self.term, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """What reaches a node, after all rules and without what nfd-master drops."""

    name: str
    nic: str | None
    """PCI ids of the InfiniBand NIC, `15b3:101e`; None: there is none on PCI."""
    rules: tuple[RuleAnswer, ...]
    """Of each rule of the report."""
    labels: Mapping[str, str]
    """Labels that are set for certain."""
    possible_labels: Mapping[str, tuple[str, ...]]
    """Labels that may be set, or may have one of some values; no value: it is not known which."""
    annotations: Mapping[str, str]
    extended_resources: Mapping[str, str]
    taints: tuple[Mapping[str, Any], ...]
    """Ignored unless nfd-master runs with enableTaints, which the chart leaves off."""
    dropped: tuple[str, ...]
    """What a rule sets and nfd-master drops, with the reason."""

    @property
    def has_infiniband(self) -> bool:
        """Whether the operator is to find it."""
        return self.nic is not None

    @property
    def has_none(self) -> bool:
        """Whether it has no InfiniBand at all."""
        return self.nic is None

    @property
    def selected(self) -> Answer:
        """Whether the operator's DaemonSets select it: whether it has the label of a NIC, with the value that they want."""
        if self.labels.get(NIC_LABEL) == _SELECTED:
            return "yes"
        possible = self.possible_labels.get(NIC_LABEL)
        return "depends" if possible is not None and (not possible or _SELECTED in possible) else "no"

    def _dict(self) -> dict[str, Any]:
        return {
            "labels": dict(self.labels),
            "possible_labels": {key: list(values) for key, values in self.possible_labels.items()},
            "annotations": dict(self.annotations),
            "extended_resources": dict(self.extended_resources),
            "taints": [dict(one) for one in self.taints],
            "dropped": list(self.dropped),
            "rules": [one.to_dict() for one in self.rules],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSize(_Labelled):
    """A node of a VM size."""

    state: str | None
    """`available`, `retirement announced` or `retired`; None for sizes without InfiniBand."""
    usable: bool
    """Whether a node pool of it can run RDMA with Network Operator."""
    nic_confidence: str | None
    """How the PCI ids are known: `observed` on a VM, or `inferred` from the NIC's model."""

    @property
    def has_infiniband(self) -> bool:
        """Whether the operator is to find it."""
        return self.usable

    @property
    def has_none(self) -> bool:
        """Whether it has no InfiniBand at all."""
        return self.state is None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        head = {"name": self.name, "state": self.state, "usable": self.usable, "nic": self.nic}
        return {**head, "nic_confidence": self.nic_confidence, **self._dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledNode(_Labelled):
    """A node of a running cluster."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"name": self.name, "nic": self.nic, **self._dict()}


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What rules do on VM sizes, or on nodes."""

    release: str
    """The Network Operator release whose Node Feature Discovery is meant."""
    rules: tuple[LabelRule, ...]
    vm_sizes: tuple[LabelledSize, ...]
    """Empty where nodes were given."""
    nodes: tuple[LabelledNode, ...]
    read_notes: tuple[str, ...] = ()
    """What is to be said of how the sources were read."""

    @property
    def looked_at(self) -> tuple[LabelledSize, ...] | tuple[LabelledNode, ...]:
        """The nodes, or the VM sizes where no nodes were given."""
        return self.nodes or self.vm_sizes

    @property
    def missed(self) -> tuple[str, ...]:
        """Names of what has InfiniBand and does not get the label that rules give, by which the operator selects nodes."""
        written = any(NIC_LABEL in rule.labels for rule in self.rules)
        if not written and not any(NIC_LABEL in {**one.labels, **one.possible_labels} for one in self.looked_at):
            return ()
        return tuple(one.name for one in self.looked_at if one.has_infiniband and one.selected == "no")

    @property
    def idle(self) -> tuple[int, ...]:
        """Indexes of the rules that match nothing of what was looked at."""
        return tuple(
            index for index in range(len(self.rules)) if all(one.rules[index].matches == "no" for one in self.looked_at)
        )

    @property
    def ok(self) -> bool:
        """Whether a rule matches something, and nothing with InfiniBand is missed."""
        return len(self.idle) < len(self.rules) and not self.missed

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, a sentence each."""
        return (*self.read_notes, *_notes(self))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        nfd = catalog.release(self.release).nfd.upstream_commit
        found = {"release": self.release, "node_feature_discovery": nfd, "rules": [one.to_dict() for one in self.rules]}
        many = "nodes" if self.nodes else "vm_sizes"
        return {**found, many: [one.to_dict() for one in self.looked_at], "missed": list(self.missed)}


def labelled(rules: Sequence[Any], features: Features, version: Version) -> dict[str, Any]:
    """Return the fields of a record: what NodeFeatureRules do on a node with some features."""
    answers: list[RuleAnswer] = []
    outputs = execute(rules, features, version, lambda match, seen: answers.append(_answer(match, seen, version)))
    return {
        "rules": tuple(answers),
        "labels": _certain(outputs.labels),
        "possible_labels": MappingProxyType(
            {key: one.values or () for key, one in outputs.labels.items() if isinstance(one, Uncertain)}
        ),
        "annotations": _certain(outputs.annotations),
        "extended_resources": _certain(outputs.extended_resources),
        "taints": tuple(taint for taint, sure in outputs.taints if sure),
        "dropped": outputs.dropped,
    }


def _certain(found: Mapping[str, Seen]) -> Mapping[str, str]:
    return MappingProxyType({key: one for key, one in found.items() if isinstance(one, str)})


def _answer(match: RuleMatch, features: Features, version: Version) -> RuleAnswer:
    path, why = reason(match, features, version)
    matches: Answer = "yes" if match.outcomes == YES else "depends" if match.outcomes & YES else "no"
    labels: dict[str, str | None] = {}
    if match.outcomes & YES:
        labels = {full_label(key): one if isinstance(one, str) else None for key, one in match.labels.items()}
        partly = ((key, value) for key, value in match.patterns if key != HOLE)
        labels |= {full_label(key).replace(HOLE, _HOLE): value.replace(HOLE, _HOLE) for key, value in partly}
    return RuleAnswer(matches=matches, labels=MappingProxyType(labels), term=format_path(path), why=why)


def nodes_nic(features: Features) -> str | None:
    """Return the PCI ids of the InfiniBand NIC of a node, or None where it has none."""
    known = catalog.defaults()
    for one in features.instances.get(_PCI, ()):
        if (one.get("vendor"), one.get("class")) == (known.vendor_id, known.infiniband_class):
            return f"{known.vendor_id}:{one.get('device')}"
    return None


# ----- As text.


def _notes(report: LabelReport) -> Iterator[str]:
    what = "nodes" if report.nodes else "VM sizes"
    if report.missed:
        all_of = sum(one.has_infiniband for one in report.looked_at)
        yield f"{NIC_LABEL} does not go to {len(report.missed)} of {all_of} {what} with InfiniBand: {_listed(report.missed)}"
    idle = [f"{report.rules[index].name!r} of {report.rules[index].object}" for index in report.idle]
    if idle:
        yield f"{'this rule matches' if len(idle) == 1 else 'these rules match'} none of the {what}: {_listed(idle)}"
    unsure = [one.name for one in report.looked_at if one.has_infiniband and one.selected == "depends"]
    if unsure:
        yield f"whether {NIC_LABEL} goes to {what} with InfiniBand depends on what they do not tell: {_listed(unsure)}"
    more = [one.name for one in report.looked_at if one.has_none and one.selected != "no"]
    if more:
        yield f"{NIC_LABEL} also goes, or may go, to {what} without InfiniBand: {_listed(more)}"
    yield from dict.fromkeys(f"nfd-master drops the {line}" for one in report.looked_at for line in one.dropped)
    if any("taints" in rule.sets for rule in report.rules):
        yield "nfd-master ignores taints unless it runs with enableTaints, which the chart leaves off"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown


def tables(report: LabelReport) -> Iterator[tuple[str, list[str], list[list[str | None]]]]:
    """Yield of each rule its heading, the names of the columns and the rows."""
    for index, rule in enumerate(report.rules):
        given = [dict(one.rules[index].labels) for one in report.looked_at if one.rules[index].matches != "no"]
        # Labels that are the same wherever the rule matches stand in its heading, others in a column.
        alike = all(one == rule.labels for one in given)
        head = ["NODE" if report.nodes else "VM SIZE", *([] if report.nodes else ["STATE"]), "NIC", "MATCHES"]
        rows = [_row(one, index, alike) for one in report.looked_at]
        yield _heading(rule), [*head, *([] if alike else ["LABELS"]), "WHY"], rows


def _heading(rule: LabelRule) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in rule.labels.items())
    sets = ", ".join(part for part in (labels, *rule.sets) if part)
    return f"NodeFeatureRule {rule.object}, rule {rule.name}: {sets or 'sets nothing'}"


def _row(one: LabelledSize | LabelledNode, index: int, alike: bool) -> list[str | None]:
    answer = one.rules[index]
    cells: list[str | None] = [one.name]
    nic = one.nic
    if isinstance(one, LabelledSize):
        cells.append(one.state)
        nic = f"{nic} ({one.nic_confidence})" if nic and one.nic_confidence else nic
    cells += [nic, answer.matches]
    if not alike:
        # NFD's own prefix goes without saying.
        labels = ((key.removeprefix(FEATURE_PREFIX), value) for key, value in answer.labels.items())
        pairs = (f"{key}={_HOLE if value is None else value}" for key, value in labels)
        cells.append(", ".join(pairs) or None)
    return [*cells, answer.why]
