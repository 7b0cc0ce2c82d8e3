"""The features that Node Feature Discovery finds on nodes, and the attributes that each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from aksrdma.catalog import load
from aksrdma.catalog._releases import holds_in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodeFeature:
    """A feature of NFD's own worker, as a NodeFeatureRule names it."""

    feature: str
    """`domain.name`, in lower case."""
    instances: bool = False
    """Whether a node has many of it, each with its own attributes: devices."""
    since: str | None = None
    """The first release whose NFD has it; null: all have it."""
    attributes: str = ""
    """The names of its attributes or flags, with blanks between them."""
    always: str = ""
    """Those of the attributes that each instance has, with blanks between them; others may be missing."""
    pattern: str | None = None
    """What further names look like; null: there are none."""
    fix: str = ""
    """What to do about a name that the pattern does not fit."""
    newer: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Those of the attributes that came later, by the first release whose NFD has them."""
    grows: bool = False
    """Whether each version of NFD brings further names, so that an unknown one may be of a later version."""
    source: str

    def knows(self, attribute: str) -> bool:
        """Say whether any version of NFD has an attribute of this name."""
        import re  # the catalog is read by commands that judge no rule

        return attribute in self.attributes.split() or bool(self.pattern and re.fullmatch(self.pattern, attribute))

    def began(self, attribute: str) -> str | None:
        """Return the first release whose NFD has an attribute, or None where all that have the feature do."""
        return next((release for release, names in self.newer.items() if attribute in names.split()), None)

    def is_in(self, release: str) -> bool:
        """Say whether the NFD of a release has the feature."""
        return holds_in(release, self.since, None)


@load.cached
def node_features() -> Mapping[str, NodeFeature]:
    """Return the features that NFD's own worker finds, by name."""
    return {row.feature: row for row in load.rows(NodeFeature, "node_features.yaml")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TemplateFunctions:
    """Functions of a library that NFD's templates know."""

    library: str
    since: str | None = None
    """The first release whose NFD has them; null: all have them."""
    until: str | None = None
    """The first release whose NFD has them no more; null: all have them from `since` on."""
    functions: str
    """Their names, with blanks between them."""
    source: str


@load.cached
def _template_functions() -> tuple[tuple[TemplateFunctions, frozenset[str]], ...]:
    rows = load.rows(TemplateFunctions, "nfd_template_functions.yaml")
    return tuple((row, frozenset(row.functions.split())) for row in rows)


def template_functions(release: str) -> frozenset[str]:
    """Return the functions, beside Go's own, of the templates of NodeFeatureRules."""
    found = (names for row, names in _template_functions() if holds_in(release, row.since, row.until))
    return frozenset[str]().union(*found)


def template_functions_of(name: str) -> TemplateFunctions | None:
    """Return the row of a function of templates, which says the releases whose NFD knows it, or None where none does."""
    return next((row for row, names in _template_functions() if name in names), None)
