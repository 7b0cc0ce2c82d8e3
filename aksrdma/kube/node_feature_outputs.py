"""What nfd-master puts on a node for NodeFeatureRules: rule after rule, each of which later ones see, less what it drops.

Source: NFD pkg/apis/nfd/nodefeaturerule/rule.go (Execute), pkg/nfd-master/nfd-master.go (processNodeFeatureRule,
refreshNodeFeatures, addNsToMapKeys, getDynamicValue) and pkg/apis/nfd/validate/validate.go of v0.17.0 to v0.19.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma.kube import go_template, names, quantities
from aksrdma.kube.go_template_run import HOLE, UNKNOWN, ExecutionError, GoMap, Hole, NotRun, Some, run
from aksrdma.kube.labels import FEATURE_PREFIX
from aksrdma.kube.node_feature_rules import (
    FAILS,
    NO,
    YES,
    Element,
    FeatureRule,
    Term,
    full_label,
    match_term,
    rules_of,
    strings,
)
from aksrdma.kube.node_features import Features, Seen, Uncertain
from aksrdma.kube.values import mapping, sequence, text

_BACK_REFERENCE: Final = "rule.matched"
"""The feature by which a rule sees the labels and vars of those before it."""
_FEATURE: Final = FEATURE_PREFIX.removesuffix("/")
_PROFILE: Final = "profile.node.kubernetes.io"
LABELS_OF: Final = (_FEATURE, _PROFILE)
"""Namespaces of Kubernetes that labels may be in."""
OTHERS_OF: Final = (_FEATURE,)
"""Namespaces of Kubernetes that annotations, extended resources and taints may be in."""
_EFFECTS: Final = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_LONGEST_ANNOTATION: Final = 1024
"""Bytes of an annotation's value: FeatureAnnotationValueSizeLimit of NFD's API."""


@dataclass(frozen=True, slots=True)
class Version:
    """What an NFD knows that another does not."""

    comparisons: bool = True
    """Ge, Le, GeLe and type."""
    functions: frozenset[str] = frozenset()
    """Functions of templates beside Go's own."""


class RuleMatch(NamedTuple):
    """What one rule does on a node."""

    object_name: str
    """Name of its NodeFeatureRule."""
    rule: FeatureRule
    outcomes: int
    labels: Mapping[str, Seen]
    """What it labels a node with that it matches, as it is written; uncertain where a template decides it."""
    vars: Mapping[str, Seen]
    unknown: str
    """What a template depends on that is not known, or empty."""
    patterns: tuple[tuple[str, str], ...]
    """Keys and values of labels that a template makes of what nobody knows, with `HOLE` for each such text."""
    failure: str
    """Why a template fails, or empty."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What reaches a node, by key with its prefix."""

    rules: tuple[RuleMatch, ...]
    """Of each rule, in the order of nfd-master."""
    labels: Mapping[str, Seen]
    annotations: Mapping[str, Seen]
    extended_resources: Mapping[str, Seen]
    taints: tuple[tuple[Mapping[str, Any], bool], ...]
    """Each with whether it is certain; none of them is set unless nfd-master runs with enableTaints."""
    dropped: tuple[str, ...]
    """What nfd-master drops, with the reason."""

    @property
    def patterns(self) -> tuple[tuple[str, str], ...]:
        """Keys and values of labels of which a part is not known; they are taken to be other ones than those that are."""
        return tuple((full_label(key), value) for one in self.rules for key, value in one.patterns)


def execute(
    objects: Iterable[Any],
    features: Features,
    version: Version,
    each: Callable[[RuleMatch, Features], None] | None = None,
) -> Outputs:
    """Return what NodeFeatureRules do on a node.

    Args:
        objects: their JSON values, in any order: nfd-master takes them by name.
        features: those of the node.
        version: what its NFD knows.
        each: is told of each rule, with the features that it saw, which later rules change.
    """
    state = _State(features)
    for data in sorted(objects, key=lambda one: text(mapping(mapping(one).get("metadata")).get("name"))):
        name = text(mapping(mapping(data).get("metadata")).get("name"))
        for rule in rules_of(data):
            match = match_rule(rule, state.features, version, name)
            if each is not None:
                each(match, state.features)
            state.add(match)
    return state.finish()


# ----- One rule.


def match_terms(
    terms: Sequence[Term], features: Features, *, comparisons: bool = True
) -> tuple[int, list[tuple[Element, ...] | None]]:
    """Return whether terms match, which NFD judges one after the other, and what each matched."""
    found = 0
    elements: list[tuple[Element, ...] | None] = []
    for term in terms:
        match = match_term(term, features, comparisons=comparisons)
        found |= match.outcomes & (NO | FAILS)
        if not match.outcomes & YES:
            return found, elements
        elements.append(match.elements)
    return found | YES, elements


def match_rule(rule: FeatureRule, features: Features, version: Version, object_name: str = "") -> RuleMatch:
    """Return what a rule does on a node: Execute of NFD."""
    templates = _Templates(rule, version)
    found = _alternatives(rule, features, version, templates) if rule.alternatives else YES
    if found & YES and rule.terms:
        found &= ~YES
        of_terms, elements = match_terms(rule.terms, features, comparisons=version.comparisons)
        found |= of_terms & (NO | FAILS)
        if of_terms & YES:
            found |= templates.run(rule.terms, elements, certain=True)
    made = [
        {**templates.found[template], **strings(rule.data.get(key))}
        for template, key in (("labelsTemplate", "labels"), ("varsTemplate", "vars"))
    ]
    patterns = tuple(templates.patterns)
    return RuleMatch(object_name, rule, found, made[0], made[1], templates.unknown, patterns, templates.failure)


def _alternatives(rule: FeatureRule, features: Features, version: Version, templates: _Templates) -> int:
    """Return the outcomes of matchAny, whose templates run for each alternative that matches, and else for none."""
    found = 0
    # Whether it may be that none matched so far, that one did, and that one did and the others are not looked at.
    none, some, left = True, False, False
    for terms in rule.alternatives:
        outcome, elements = match_terms(terms, features, comparisons=version.comparisons)
        found |= outcome & FAILS
        ran = templates.run(terms, elements, certain=not outcome & NO) if outcome & YES else NO
        found |= ran & FAILS
        goes_on, matched = bool(outcome & NO), bool(ran & YES)
        if templates.there:
            some = (some and goes_on) or ((none or some) and matched)
        else:
            left = left or (none and matched)
        none = none and goes_on
        if not (none or some):
            break
    return found | (NO if none else 0) | (YES if some or left else 0)


_Lines: TypeAlias = list[tuple[str, str]]
"""Keys and values."""


class _Templates:
    """The templates of a rule, and the labels and vars that they made for the parts of it that match."""

    def __init__(self, rule: FeatureRule, version: Version) -> None:
        self._written = {key: text(rule.data.get(key)) for key in ("labelsTemplate", "varsTemplate")}
        self._functions = version.functions
        self.there = any(self._written.values())
        self.found: dict[str, dict[str, Seen]] = {key: {} for key in self._written}
        self.patterns: dict[tuple[str, str], None] = {}
        self.unknown = self.failure = ""

    def run(self, terms: Sequence[Term], elements: Sequence[Sequence[Element] | None], *, certain: bool) -> int:
        """Execute the templates for terms that match, and return YES, FAILS, or both.

        Args:
            terms: the terms.
            elements: of each term, what matched; None: nobody knows.
            certain: whether the terms match for certain.
        """
        if not self.there:
            return YES
        known = [() if one is None else one for one in elements]
        most, least = _data(terms, known), _data(terms, [[one for one in of_term if one.certain] for of_term in known])
        untold = next((term.feature for term, one in zip(terms, elements, strict=True) if one is None), "")
        outcome = YES
        for key, template in self._written.items():
            if not template:
                continue
            try:
                made = [self._expanded(template, data) for data in ([most] if least == most else [least, most])]
                failures = [one for one in made if isinstance(one, str)]
                if untold and not failures:
                    raise NotRun(untold)
            except NotRun as reason:
                self.unknown = f"{reason} in {key}"
                if key == "labelsTemplate":
                    self.patterns[HOLE, HOLE] = None
                outcome |= FAILS
                continue
            if failures:
                self.failure = f"{key} fails: {failures[0]}"
                if len(failures) == len(made):
                    return FAILS
                outcome |= FAILS
            self._add(key, [one for one in made if isinstance(one, list)], certain and not failures)
        return outcome

    def _add(self, key: str, made: Sequence[_Lines], certain: bool) -> None:
        """Add what a template printed, for the least that matches and for the most."""
        lasts = [dict(lines) for lines in made]
        for name, value in dict.fromkeys(line for lines in made for line in lines):
            if HOLE in f"{name}{value}":
                if key == "labelsTemplate":
                    self.patterns[name, value] = None
                self.unknown = self.unknown or f"values of the node in {key}"
                continue
            # Of lines with one key the last counts; which one is the last is sure where nothing more may match.
            sure = all(last.get(name) == value for last in lasts) and certain
            if len(made) > 1 or lasts[0][name] == value:
                self.found[key][name] = combined(self.found[key].get(name), value, sure=sure)

    def _expanded(self, template: str, data: GoMap) -> _Lines | str:
        """Return the lines that a template prints, or why it fails."""
        try:
            nodes, _ = go_template.parse(template, self._functions)
            printed = run(nodes, data, self._functions)
        except go_template.TooDeep:
            raise NotRun("a template that nests deep") from None
        except (go_template.TemplateError, ExecutionError) as error:
            return str(error)
        found: _Lines = []
        for line in printed.split("\n"):
            if trimmed := line.strip(_SPACE):
                key, equals, value = trimmed.partition("=")
                if not equals and HOLE in trimmed:
                    raise NotRun("values of the node")
                if not equals:
                    return f"the line {trimmed[:60]!r} is no key=value"
                found.append((key, value))
        return found


_SPACE: Final = " \t\n\v\f\r\x85\xa0"


def _data(terms: Sequence[Term], elements: Sequence[Sequence[Element]]) -> GoMap:
    """Return what the templates see of terms that matched: domain, name, list of elements."""
    domains: dict[str, dict[str, list[GoMap]]] = {}
    for term, matched in zip(terms, elements, strict=True):
        domain, dot, name = term.written.partition(".")
        named = domains.setdefault(domain if dot else term.feature, {})
        found = named.setdefault(name, [])
        if not all(one.certain for one in matched) and not isinstance(found, Some):
            found = named[name] = Some(found)
        for one in matched:
            found.append(GoMap({key: _shown(key, seen) for key, seen in one.attributes.items()}))
    return GoMap({domain: GoMap(named, []) for domain, named in domains.items()}, GoMap({}, []))


def _shown(key: str, seen: Seen) -> Any:
    return seen if isinstance(seen, str) else Hole(key) if seen.there else UNKNOWN


# ----- A node.


def combined(before: Seen | None, value: Seen, *, sure: bool) -> Seen:
    """Return what a key is that was known as something, or not there, and is now set.

    Args:
        before: what it was.
        value: what it is set to.
        sure: whether it is set for certain.
    """
    if sure and (isinstance(value, str) or value.there):
        return value
    values: list[str] = []
    for one in (before, value):
        if isinstance(one, Uncertain) and one.values is None:
            return Uncertain(there=False)
        values += () if one is None else (one,) if isinstance(one, str) else one.values or ()
    was_there = isinstance(before, str) or (before is not None and before.there)
    return Uncertain(tuple(dict.fromkeys(values)), there=was_there)


class _State:
    """What is known of a node while the rules are gone through."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self._matched: dict[str, Seen] = dict(features.attributes.get(_BACK_REFERENCE) or {})
        """What later rules see of earlier ones; the features hold it as it is, for there may be many rules."""
        self._rules: list[RuleMatch] = []
        self._set: dict[str, dict[str, Seen]] = {key: {} for key in ("labels", "annotations", "extendedResources")}
        self._taints: list[tuple[Mapping[str, Any], bool]] = []
        self._forgotten = False

    def add(self, match: RuleMatch) -> None:
        """Take in what one more rule did."""
        self._rules.append(match)
        if match.outcomes == FAILS:
            return
        sure = match.outcomes == YES
        if match.outcomes & YES:
            data = match.rule.data
            for key, value in (*match.labels.items(), *match.vars.items()):
                self._matched[key] = combined(self._matched.get(key), value, sure=sure)
            for what, values in (
                ("labels", match.labels),
                ("annotations", strings(data.get("annotations"))),
                ("extendedResources", strings(data.get("extendedResources"))),
            ):
                for key, value in _prefixed(values).items():
                    self._set[what][key] = combined(self._set[what].get(key), value, sure=sure)
            self._taints += [(one, sure) for one in sequence(data.get("taints")) if isinstance(one, dict)]
        if match.unknown and not self._forgotten:
            self._forgotten = True
            self.features = self.features.forgetting(_BACK_REFERENCE)
        if not self._forgotten:
            self.features = self.features.with_attributes(
                _BACK_REFERENCE, self._matched, certain=not match.outcomes & FAILS
            )

    def finish(self) -> Outputs:
        """Drop what nfd-master drops."""
        dropped: dict[str, None] = {}
        kept = {}
        for what, read, error in (
            ("labels", self._read, label_error),
            ("annotations", lambda value: value, annotation_error),
            ("extendedResources", self._read, extended_resource_error),
        ):
            kept[what] = self._kept(what, read, error, dropped)
        taints = []
        for taint, sure in self._taints:
            if reason := taint_error(taint):
                dropped[f"taint {text(taint.get('key'))!r}: {reason}"] = None
            else:
                taints.append((taint, sure))
        resources = kept["extendedResources"]
        return Outputs(
            tuple(self._rules), kept["labels"], kept["annotations"], resources, tuple(taints), tuple(dropped)
        )

    def _kept(
        self,
        what: str,
        read: Callable[[str], Seen | None],
        error: Callable[[str, str], str | None],
        dropped: dict[str, None],
    ) -> dict[str, Seen]:
        kept: dict[str, Seen] = {}
        for key, seen in self._set[what].items():
            written = (seen,) if isinstance(seen, str) else seen.values
            if written is None:
                kept[key] = seen
                continue
            found: list[Seen] = []
            there = isinstance(seen, str) or seen.there
            for value in written:
                known = read(value)
                if known is None:
                    reason: str | None = f"{value!r} is not there"
                else:
                    possible = (known,) if isinstance(known, str) else known.values
                    reasons = [error(key, one) for one in possible or ()]
                    reason = reasons[0] if reasons and all(reasons) else None
                    there = there and not any(reasons)
                if reason is None and known is not None:
                    found.append(known)
                    continue
                there = False
                dropped[f"{what.rstrip('s')} {key!r}: {reason}"] = None
            if found:
                kept[key] = _one_of(found, there)
        return kept

    def _read(self, value: str) -> Seen | None:
        """Return what a value with an @ asks for, which is an attribute of the node; None: it is not there."""
        if not value.startswith("@"):
            return value
        parts = value[1:].split(".", 2)
        if len(parts) != 3:
            return None
        feature = f"{parts[0]}.{parts[1]}"
        if (known := self.features.attributes.get(feature)) is not None:
            return known.get(parts[2])
        return Uncertain(there=False) if self.features.may_have(feature) else None


def _one_of(found: Sequence[Seen], there: bool) -> Seen:
    if len(found) == 1 and there:
        return found[0]
    values: dict[str, None] = {}
    for one in found:
        if isinstance(one, Uncertain):
            if one.values is None:
                return Uncertain(there=False)
            there = there and one.there
        values |= dict.fromkeys((one,) if isinstance(one, str) else one.values or ())
    return Uncertain(tuple(values), there=there)


def _prefixed(written: Mapping[str, Seen] | Mapping[str, str]) -> dict[str, Seen]:
    """Return keys with NFD's prefix; one that has it already goes before the same one without."""
    bare: dict[str, Seen] = {full_label(key): value for key, value in written.items() if "/" not in key}
    return bare | {key: value for key, value in written.items() if "/" in key}


# ----- What nfd-master drops.


def key_error(key: str, allowed: Sequence[str]) -> str | None:
    """Return why nfd-master drops what has a key, which is given with its prefix, or None."""
    if reason := names.qualified_name(key):
        return f"its key {reason}"
    return namespace_error(key, allowed)


def namespace_error(key: str, allowed: Sequence[str]) -> str | None:
    """Return why NFD may not use the prefix of a key, or None."""
    namespace = key.partition("/")[0]
    if namespace != "kubernetes.io" and not namespace.endswith(".kubernetes.io"):
        return None
    if any(namespace == name or namespace.endswith(f".{name}") for name in allowed):
        return None
    return f"{namespace} is kept for Kubernetes; of it NFD may use {' and '.join(allowed)}"


def label_error(key: str, value: str) -> str | None:
    """Return why nfd-master drops a label, or None."""
    if reason := key_error(key, LABELS_OF):
        return reason
    return f"{value!r} is no label value" if names.label_value(value) else None


def annotation_error(key: str, value: str) -> str | None:
    """Return why nfd-master drops an annotation, or None."""
    if reason := key_error(key, OTHERS_OF):
        return reason
    size = len(value.encode(errors="replace"))
    return f"its value has {size} bytes, more than {_LONGEST_ANNOTATION}" if size > _LONGEST_ANNOTATION else None


def extended_resource_error(key: str, value: str) -> str | None:
    """Return why nfd-master drops an extended resource, or None."""
    if reason := key_error(key, OTHERS_OF):
        return reason
    return None if quantities.parse(value) is not None else f"{value!r} is no quantity"


def taint_error(taint: Mapping[str, Any]) -> str | None:
    """Return why nfd-master drops a taint, or None."""
    key = text(taint.get("key"))
    if not key.partition("/")[0] or "/" not in key:
        return "its key has no prefix"
    if taint.get("effect") not in _EFFECTS:
        return f"its effect is {taint.get('effect')!r}, not one of {', '.join(_EFFECTS)}"
    return namespace_error(key, OTHERS_OF)
