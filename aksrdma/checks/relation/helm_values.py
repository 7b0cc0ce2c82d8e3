"""Helm values wherever they stand: in a file of their own, a HelmRelease, an Argo CD Application, a HelmChart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aksrdma import catalog
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import HELM_KINDS, POLICY_KINDS, kind_of
from aksrdma.kube.values import items, mapping, step, text

if TYPE_CHECKING:
    from aksrdma.catalog import HelmChart
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import Position, Severity

NETWORK_OPERATOR: Final = "network-operator"
GPU_OPERATOR: Final = "gpu-operator"
Keys: TypeAlias = "tuple[str | int, ...]"
"""Where a value stands among values: keys, and indexes of lists."""
_SHARED: Final = "nfd"
"""A first key of both charts, and hardly of another."""
_ANCHORS: Final = ("x-", "_", ".")
"""With these begin first keys that people make for YAML anchors."""


class ChartValues:
    """The values of one chart.

    Attributes:
        chart: The chart that they are for.
        document: The document in which they stand.
        path: Where in it; the finding of a `--set` parameter points at the parameter.
        data: The values.
        version: The chart's version as the installing object names it; empty where nothing does.
        is_part: Whether there are more values elsewhere, so that what these do not say is not known.
        without: Number of first keys that the document does not have: an NVIDIADriver is all of `driver`.
    """

    def __init__(
        self,
        chart: HelmChart,
        document: Document,
        path: FieldPath,
        data: Mapping[str, Any],
        version: str = "",
        *,
        text_of: Document | None = None,
        text_path: FieldPath | None = None,
        is_parameter: bool = False,
        is_part: bool = False,
        without: int = 0,
    ) -> None:
        self.chart = chart
        self.document = document
        self.path = path
        self.data = data
        self.version = version
        self.is_part = is_part or is_parameter
        self._text_of = text_of
        self._text_path = path if text_path is None else text_path
        self._is_parameter = is_parameter
        self._without = without

    @property
    def version_path(self) -> FieldPath:
        """Where the object that installs the chart names its version."""
        if self.document.kind == "HelmRelease":
            return ("spec", "chart", "spec", "version")
        if "helm" in self.path:
            return (*self.path[: self.path.index("helm")], "targetRevision")
        return ("spec", "version")

    def value(self, *keys: str | int) -> Any:
        """Return a value by its keys, or None."""
        return step(self.data, keys)

    def problem(
        self, rule: str, keys: Keys, message: str, fix: str | None = None, severity: Severity | None = None
    ) -> Problem:
        """Return a problem of a value, with its place in the file."""
        path = self.path if self._is_parameter else (*self.path, *keys[self._without :])
        return Problem(rule, path, message, fix, severity=severity, document=self.document, at=self._place(keys))

    def _place(self, keys: Keys) -> Position | None:
        """Return where a value stands that is YAML in a string; None for one that the document itself places."""
        if self._text_of is None:
            return None
        inside = tuple(str(key) for key in self.path[len(self._text_path) :])
        line, column = self._text_of.position((*inside, *keys))
        return self.document.position_inside(self._text_path, self._line_starts[line - 1] + column - 1)

    @cached_property
    def _line_starts(self) -> list[int]:
        lines = text(self.document.value(self._text_path)).split("\n")
        return [0, *accumulate(len(line) + 1 for line in lines)]

    @cached_property
    def exact_version(self) -> str | None:
        """The chart's version as a release, such as `v25.10.0`; None for a range of versions, or none."""
        parts = self.version.strip().removeprefix("v").split("-")[0].split("+")[0].split(".")
        whole = len(parts) in (2, 3) and all(part.isascii() and part.isdigit() for part in parts)
        return f"v{'.'.join(parts)}" if whole else None


def chart_of(data: Any) -> HelmChart | None:
    """Return the chart that values are of, by their keys alone; None where they may be another chart's.

    They have a value that no other chart has, and no more keys that the chart does not know than such that it does; or two
    first keys that hardly another one has, and fewer keys that it does not know.
    """
    if not isinstance(data, dict) or "kind" in data:
        return None
    best: tuple[int, HelmChart] | None = None
    for chart in catalog.helm_charts():
        marked = any(step(data, tuple(mark.split("."))) is not None for mark in chart.marks)
        words = len(data.keys() & set(chart.words))
        if not marked and (not words or words + (_SHARED in data) < 2):
            continue
        known = len(data.keys() & {*chart.keys.keys, *chart.words, *chart.policy, *chart.moved})
        unknown = len([key for key in data if not key.startswith(_ANCHORS)]) - known
        if unknown < known + marked and (best is None or known > best[0]):
            best = (known, chart)
    return best[1] if best else None


def values_in(document: Document) -> list[ChartValues]:
    """Return the values of our charts that a document holds; for a chart of another name none."""
    if not document.kind:
        return list(_of_file(document))
    if document.kind in HELM_KINDS and kind_of(document.api_version, document.kind) is not None:
        return list(_of_object(document))
    return []


def _of_file(document: Document) -> Iterator[ChartValues]:
    data = mapping(document.data)
    if (chart := chart_of(data)) is not None:
        yield ChartValues(chart, document, (), data)
        return
    for one, below in _sub_charts(data):
        yield ChartValues(one, document, (one.name,), below)


def _of_object(document: Document) -> Iterator[ChartValues]:
    found = list(_told_by(document))
    yield from found
    if not found and document.kind == "HelmRelease":  # the chart is installed with what it has by default
        spec = mapping(document.data.get("spec"))
        row = mapping(step(spec, ("chart", "spec")))
        if (chart := _named(text(row.get("chart")))) is not None:
            is_part = bool(spec.get("valuesFrom"))
            yield ChartValues(chart, document, ("spec",), {}, text(row.get("version")), is_part=is_part)


def _told_by(document: Document) -> Iterator[ChartValues]:
    spec = mapping(document.data.get("spec"))
    if document.kind == "HelmRelease":
        chart = mapping(step(spec, ("chart", "spec")))
        name, version = text(chart.get("chart")), text(chart.get("version"))
        yield from _values(document, ("spec", "values"), name, version, is_part=bool(spec.get("valuesFrom")))
    elif document.kind in ("HelmChart", "HelmChartConfig"):
        name, version = text(spec.get("chart")), text(spec.get("version"))
        is_part = document.kind == "HelmChartConfig" or bool(spec.get("valuesSecrets"))
        for key in ("valuesContent", "values"):
            yield from _values(document, ("spec", key), name, version, is_part=is_part)
    else:
        above: FieldPath = ("spec",) if document.kind == "Application" else ("spec", "template", "spec")
        sources = [((*above, "source"), mapping(document.value((*above, "source"))))]
        sources += items(document.value((*above, "sources")), (*above, "sources"))
        for path, source in sources:
            yield from _of_argo(document, path, source)


def _of_argo(document: Document, path: FieldPath, source: Mapping[str, Any]) -> Iterator[ChartValues]:
    name, version = text(source.get("chart")), text(source.get("targetRevision"))
    for key in ("values", "valuesObject"):
        is_part = bool(step(source, ("helm", "valueFiles")))
        yield from _values(document, (*path, "helm", key), name, version, is_part=is_part)
    named = _named(name)
    parameters = (*path, "helm", "parameters")
    for place, parameter in items(document.value(parameters), parameters):
        if named is not None and text(parameter.get("name")):
            yield ChartValues(named, document, (*place, "name"), _set(parameter), version, is_parameter=True)


_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}


def _set(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a parameter sets, as `helm --set` does, or `--set-string`; of an item of a list the list."""
    name, _, item = text(parameter.get("name")).partition("[")
    value = text(parameter.get("value"))
    made: Any = [] if item else value if parameter.get("forceString") is True else _BOOLEANS.get(value, value)
    first, *rest = name.split(".")
    for key in reversed(rest):
        made = {key: made}
    return {first: made}


def _values(document: Document, path: FieldPath, name: str, version: str, *, is_part: bool) -> Iterator[ChartValues]:
    data, text_of = document.value(path), None
    if isinstance(data, str) and data.strip():
        from aksrdma.documents import read  # most values are no text

        found = read(data, "").documents
        text_of = found[0] if len(found) == 1 else None
        data = text_of.data if text_of is not None else None
    if not isinstance(data, dict) or not data:
        return
    chart = _named(name) if name else chart_of(data)
    if chart is not None:
        yield ChartValues(chart, document, path, data, version, text_of=text_of, is_part=is_part)
    elif not name:
        for one, below in _sub_charts(data):
            at = (*path, one.name)
            yield ChartValues(one, document, at, below, text_of=text_of, text_path=path, is_part=is_part)


def _sub_charts(data: Mapping[str, Any]) -> Iterator[tuple[HelmChart, dict[str, Any]]]:
    """Yield our charts of which a chart has the values below their names, as one does that has them as sub-charts."""
    for chart in catalog.helm_charts():
        below = data.get(chart.name)
        if isinstance(below, dict) and chart_of(below) is chart:
            yield chart, below


def _named(name: str) -> HelmChart | None:
    """Return the chart of a name, of which an OCI repository may be part."""
    return next((one for one in catalog.helm_charts() if one.name == name.rpartition("/")[2]), None)


def chart_values(manifests: ManifestSet) -> tuple[ChartValues, ...]:
    """Return all values of our charts in a set: `manifests.derived(chart_values)`."""
    holders = [one for one in manifests.unknown if one.kind in HELM_KINDS]
    elsewhere = [found for one in holders for found in _from_config_maps(one, manifests)]
    return (*elsewhere, *(found for one in (*manifests.values, *holders) for found in values_in(one)))


def _from_config_maps(document: Document, manifests: ManifestSet) -> Iterator[ChartValues]:
    """Yield the values of a HelmRelease that stand in a ConfigMap of the set, each with those of the object to come."""
    spec = mapping(document.data.get("spec"))
    chart = mapping(step(spec, ("chart", "spec")))
    name, version = text(chart.get("chart")), text(chart.get("version"))
    for _, source in items(spec.get("valuesFrom"), ()) if _named(name) is not None else ():
        key = text(source.get("valuesKey")) or "values.yaml"
        for one in manifests.by_kind.get("ConfigMap", ()) if source.get("kind") == "ConfigMap" else ():
            if one.name == source.get("name") and one.namespace == document.namespace and not source.get("targetPath"):
                yield from _values(one, ("data", key), name, version, is_part=True)


class Told:
    """What a set tells one chart, by all the values for it: the last word counts.

    Args:
        values: Values of one chart, in the order of the set.
    """

    def __init__(self, values: Sequence[ChartValues]) -> None:
        self.values = values
        self.chart = values[0].chart
        self.is_part = any(one.is_part for one in values)

    def said(self, *keys: str | int) -> ChartValues | None:
        """Return the values that say a word about a key, or None where nothing does."""
        return next((one for one in reversed(self.values) if one.value(*keys) is not None), None)

    def value(self, *keys: str | int) -> Any:
        """Return what holds of a key: what is said, else the chart's default; None where neither is known."""
        if (found := self.said(*keys)) is not None:
            return found.value(*keys)
        return None if self.is_part else self.chart.defaults.get(".".join(map(str, keys)))

    def problem(
        self, rule: str, keys: Keys, message: str, fix: str | None = None, severity: Severity | None = None
    ) -> Problem:
        """Return a problem of a key, where it is said, or at the values that say nothing of it."""
        found = self.said(*keys)
        if found is not None:
            return found.problem(rule, keys, message, fix, severity)
        first = self.values[0]
        above = next(keys[:count] for count in range(len(keys), -1, -1) if first.value(*keys[:count]) is not None)
        return first.problem(rule, above, message, fix, severity)


def told_network_operator(manifests: ManifestSet) -> Told | None:
    """Return what the set tells Network Operator's chart: `manifests.derived(told_network_operator)`."""
    return _told(NETWORK_OPERATOR, manifests)


def told_gpu_operator(manifests: ManifestSet) -> Told | None:
    """Return what the set tells GPU Operator's chart; a ClusterPolicy is no part of it."""
    return _told(GPU_OPERATOR, manifests)


def _told(name: str, manifests: ManifestSet) -> Told | None:
    found = [one for one in manifests.derived(chart_values) if one.chart.name == name]
    return Told(found) if found else None


def switches_webhook_on(manifests: ManifestSet) -> ChartValues | None:
    """Return the values that switch the operator's webhook on, or None."""
    told = manifests.derived(told_network_operator)
    keys = ("operator", "admissionController", "enabled")
    return told.said(*keys) if told is not None and told.value(*keys) is True else None


def chart_names(manifests: ManifestSet) -> frozenset[str]:
    """Return the names of all charts that a set installs by HelmRelease, Application or HelmChart."""
    found: set[str] = set()
    for document in (one for one in manifests.unknown if one.kind in HELM_KINDS):
        spec = mapping(document.data.get("spec"))
        template = mapping(step(spec, ("template", "spec")))
        places = (spec, mapping(step(spec, ("chart", "spec"))), *_sources(spec), *_sources(template))
        found.update(text(one.get("chart")).rpartition("/")[2] for one in places)
    return frozenset(found - {""})


def _sources(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield mapping(spec.get("source"))
    yield from (one for _, one in items(spec.get("sources"), ()))


def release_of(values: ChartValues, manifests: ManifestSet) -> str | None:
    """Return the release of the chart, or None where nothing tells it."""
    if values.version:
        return values.exact_version
    if values.chart.name == GPU_OPERATOR and manifests.cluster is not None:
        asked = manifests.cluster.gpu_operator.version
        return (
            f"v{asked.removeprefix('v')}"
            if asked
            else catalog.gpu_operators()["nvidia"].version_for(manifests.cluster.release)
        )
    if values.chart.name != NETWORK_OPERATOR:
        return None
    settled = manifests.release_given or manifests.cluster is not None
    return manifests.release if settled or any(manifests.by_kind.get(kind) for kind in POLICY_KINDS) else None
