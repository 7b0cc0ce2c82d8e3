"""What Node Feature Discovery knows of a node: flags, attributes and instances of features, certain ones and others.

Source: NFD api/nfd/v1alpha1/types.go and feature.go, pkg/nfd-master/nfd-master.go (getAndMergeNodeFeatures) of v0.17.0 to v0.19.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from aksrdma.kube.values import mapping, sequence, text

NODE_NAME: Final = "nfd.node.kubernetes.io/node-name"
"""Label of a NodeFeature with the name of its node."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A value that is not known as one: what it may be."""

    values: tuple[str, ...] | None = None
    """What it is one of; None: it may be anything."""
    never: frozenset[str] = frozenset()
    """What it is not, where it may be anything."""
    there: bool = True
    """Whether it is there for certain."""


Seen: TypeAlias = "str | Uncertain"
"""The value of an attribute."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One of many, such as a PCI device."""

    attributes: Mapping[str, Seen]
    what: str = ""
    """What it is, with its article, as a message names it."""
    there: bool = True
    """Whether each such node has it."""
    always: frozenset[str] = frozenset()
    """Attributes that it has beside these, with values that nobody knows."""
    further: frozenset[str] = frozenset()
    """Attributes that it may have, with values that nobody knows."""

    def get(self, attribute: str) -> Seen | None:
        """Return an attribute; None: it is not there."""
        found = self.attributes.get(attribute)
        if found is None and (attribute in self.always or attribute in self.further):
            return Uncertain(there=attribute in self.always)
        return found

    @property
    def every(self) -> Mapping[str, Seen]:
        """All attributes that it has or may have."""
        if not (self.further or self.always):
            return self.attributes
        unknown = {name: Uncertain(there=name in self.always) for name in sorted(self.further | self.always)}
        return {**unknown, **self.attributes}


def _no(feature: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a node, by `domain.name` in lower case; null elements are none to Go, empty ones are."""

    flags: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, Seen] | None] = field(default_factory=dict)
    instances: Mapping[str, Sequence[Instance]] = field(default_factory=dict)
    may_have: Callable[[str], bool] = _no
    """Whether it may have a feature that is not listed."""
    uncertain: frozenset[str] = frozenset()
    """Those of the listed features that may be missing as a whole."""

    def has(self, feature: str) -> bool | None:
        """Say whether a feature is there; None where that is not known."""
        if feature in self.flags or feature in self.attributes or feature in self.instances:
            return None if feature in self.uncertain else True
        return None if self.may_have(feature) else False

    def with_attributes(self, feature: str, values: Mapping[str, Seen], *, certain: bool) -> Features:
        """Return these with a feature that has the given attributes.

        Args:
            feature: the feature.
            values: the attributes, which may change later.
            certain: whether the feature is there for certain now, be it was not before.
        """
        doubtful = self.uncertain - {feature} if certain else self.uncertain
        if not certain and self.has(feature) is False:
            doubtful = self.uncertain | {feature}
        if self.attributes.get(feature) is values and doubtful == self.uncertain:
            return self
        return Features(self.flags, {**self.attributes, feature: values}, self.instances, self.may_have, doubtful)

    def forgetting(self, feature: str) -> Features:
        """Return these without what is known of the attributes of a feature, of which it may have any."""
        attributes = {name: values for name, values in self.attributes.items() if name != feature}
        before = self.may_have

        def may_have(name: str) -> bool:
            return name == feature or before(name)

        return Features(self.flags, attributes, self.instances, may_have, self.uncertain)


def features_of(spec: Mapping[str, Any]) -> Features:
    """Return the features of `spec.features` of a NodeFeature."""
    flags: dict[str, frozenset[str] | None] = {}
    for name, holder in mapping(spec.get("flags")).items():
        elements = mapping(holder).get("elements")
        flags[name] = None if elements is None else frozenset(mapping(elements))
    attributes: dict[str, Mapping[str, Seen] | None] = {}
    for name, holder in mapping(spec.get("attributes")).items():
        elements = mapping(holder).get("elements")
        attributes[name] = None if elements is None else _texts(elements)
    instances: dict[str, Sequence[Instance]] = {}
    for name, holder in mapping(spec.get("instances")).items():
        elements = sequence(mapping(holder).get("elements"))
        instances[name] = tuple(Instance(_texts(mapping(one).get("attributes"))) for one in elements)
    return Features(flags, attributes, instances)


def _texts(value: Any) -> dict[str, Seen]:
    return {key: one for key, one in mapping(value).items() if isinstance(one, str)}


def by_node(objects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Features]]:
    """Yield each node that NodeFeature objects are about, with the features of all of them, by name."""
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for data in objects:
        metadata = mapping(data.get("metadata"))
        name, namespace = text(metadata.get("name")), text(metadata.get("namespace"))
        node = text(mapping(metadata.get("labels")).get(NODE_NAME)) or name
        found.setdefault(node, []).append((name, namespace, mapping(mapping(data.get("spec")).get("features"))))
    for node in sorted(found):
        # nfd-master takes those of its own namespace first, where the worker's is: it is named as the node.
        own = {namespace for name, namespace, _ in found[node] if name == node}
        ordered = sorted(found[node], key=lambda one: (one[1] not in own, one[0], one[1]))
        merged = Features()
        for _, _, spec in ordered:
            merged = _merged(merged, features_of(spec))
        yield node, merged


def _merged(first: Features, second: Features) -> Features:
    flags, attributes, instances = dict(first.flags), dict(first.attributes), dict(first.instances)
    for name, elements in second.flags.items():
        before = flags.get(name)
        flags[name] = before if elements is None else (before or frozenset()) | elements
    for name, values in second.attributes.items():
        known = attributes.get(name)
        attributes[name] = known if values is None else {**(known or {}), **values}
    for name, devices in second.instances.items():
        instances[name] = (*instances.get(name, ()), *devices)
    return Features(flags, attributes, instances)
