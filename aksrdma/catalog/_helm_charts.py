"""Helm charts whose values are judged: `catalog/helm_charts.yaml`, and the keys of each in `catalog/helm_charts/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aksrdma.catalog import load
from aksrdma.catalog._releases import holds_in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefusedValues:
    """Two values of a chart by which its templates fail."""

    key: str
    """Dotted path of a switch that is true."""
    beside: str
    """Dotted path of the other value."""
    value: bool | None
    """What it is; None: not there, or empty."""
    unless: str | None
    """Dotted path of a value beside which both are right."""
    since: str | None
    """The first release with the template."""
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonitorSwitch:
    """A switch that asks for a ServiceMonitor or a PodMonitor, kinds of Prometheus Operator."""

    key: str
    """Its dotted path."""
    beside: str
    """Dotted path of a switch without which it does nothing."""
    labels: str
    """Dotted path of the labels by which a Prometheus takes the monitor."""
    until: str | None
    """The first release that goes on without the kinds."""
    what: str
    """What becomes of it without the kinds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HelmChart:
    """A chart, and what its values are known by."""

    name: str
    marks: tuple[str, ...]
    """Dotted paths of values that no other chart has."""
    words: tuple[str, ...]
    """First keys that other charts may have, too."""
    policy: tuple[str, ...]
    """First keys of which older releases made a NicClusterPolicy."""
    moved: Mapping[str, str]
    """Dotted path of a value that is gone to what is to be done instead, as a fix says it."""
    defaults: Mapping[str, bool]
    """Dotted path of a switch to what holds where nothing is said."""
    nfd_tolerations: tuple[Mapping[str, str], ...]
    """Tolerations of Node Feature Discovery's worker, which a list of the user's replaces."""
    daemonset_tolerations: tuple[Mapping[str, str], ...]
    """Tolerations of the DaemonSets that the operator makes, where the chart has a list of them."""
    monitors: tuple[MonitorSwitch, ...] = field(metadata={"row": MonitorSwitch})
    refused: tuple[RefusedValues, ...] = field(metadata={"row": RefusedValues})
    source: str
    """Where that is to be seen: repository, file and tags."""
    checked: str

    @property
    def keys(self) -> ChartKeys:
        """Its values in every release that is known; a file of its own, read when it is asked for."""
        return chart_keys(self.name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChartKeys:
    """The values of a chart, made from its files by tools/helm_charts.py."""

    releases: tuple[str, ...]
    """The releases that were read, oldest first."""
    keys: Mapping[str, Any]
    """By key: a mapping of what is below, or the word of `ChartValue.of`."""
    strict: Mapping[str, str]
    """Sub-charts with a schema, by which helm refuses a value of the wrong type, and since which release."""
    gone: Mapping[str, str]
    """Dotted path of a value that none of these releases has to the first that lacks it."""


class ChartValue(NamedTuple):
    """What is known of one value."""

    type: str
    """`text`, `number`, `list`, `names` (texts), `map` (of any keys), `any`; or how a boolean is read: `bool`, `switch` (any text is
    true), `condition` (a text is ignored)."""
    since: str | None
    """The minor release that it came with; None: the oldest of `ChartKeys.releases` has it."""
    until: str | None
    """The first minor release without it; None: the newest has it."""

    @classmethod
    def of(cls, word: str) -> ChartValue:
        """Read `bool`, `list since v25.7` or `number until v25.10`."""
        kind, *bounds = word.split()
        found = dict(zip(bounds[::2], bounds[1::2], strict=True))
        return cls(kind, found.get("since"), found.get("until"))

    def is_in(self, release: str | None) -> bool:
        """Whether a release has it; None: whether any has."""
        return release is None or holds_in(release, self.since, self.until)


@load.cached
def helm_charts() -> tuple[HelmChart, ...]:
    """Return the charts whose values are judged."""
    return load.rows(HelmChart, "helm_charts.yaml")


@load.cached
def chart_keys(name: str) -> ChartKeys:
    """Return the values of a chart of `helm_charts`."""
    return load.row(ChartKeys, f"helm_charts/{name}.yaml")
