"""Whether a chart reads the values that it is given: unknown keys, keys that are gone, values of the wrong type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from aksrdma import catalog
from aksrdma.catalog import ChartValue, load
from aksrdma.checks.register import rule
from aksrdma.checks.relation.helm_values import chart_values, release_of
from aksrdma.kube.kinds import CHART_VALUES, HELM_KINDS
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.relation.helm_values import ChartValues
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.findings import Problem, Severity

Keys: TypeAlias = "tuple[str, ...]"

_LAST_PATCH: Final = 999_999_999
"""A patch after all that a minor release will have."""
_OF_HELM: Final = ("global", "tags")
"""First keys that helm has for every chart."""
_ANCHORS: Final = ("x-", "_", ".")


@rule("chart-value-gone", "chart-value-type", "chart-value-unknown", kinds={CHART_VALUES, *HELM_KINDS})
def keys_of_values(manifests: ManifestSet) -> Iterator[Problem]:
    """Report the values that the chart does not read, or reads otherwise than they look."""
    for values in manifests.derived(chart_values):
        release = release_of(values, manifests)
        yield from _Reading(values, release).problems()


class _Reading:
    """How a chart of a release reads values.

    Args:
        values: The values.
        release: Release of the chart; None where it is not known, so that what any of them reads is right.
    """

    def __init__(self, values: ChartValues, release: str | None) -> None:
        self._values = values
        self._release = release
        self._chart = values.chart
        self._known = values.chart.keys
        oldest = self._known.releases[0].rpartition(".")[0]
        newest = ".".join(self._known.releases[-1].split(".")[:2])
        self._is_older = not catalog.holds_in(release, oldest, None)
        self._is_newer = release is not None and catalog.holds_in(release, f"{newest}.{_LAST_PATCH}", None)
        self._label = f"{values.chart.name} {release}" if release else f"the chart {values.chart.name}"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the values."""
        yield from self._of_policy()
        yield from self._below((), self._values.data, self._known.keys)

    def _of_policy(self) -> Iterator[Problem]:
        """Report the sections of which a NicClusterPolicy was made, in one finding: they went together."""
        found = [key for key in self._values.data if key in self._chart.policy and self._is_gone(key)]
        if not found:
            return
        names = ", ".join(found[:-1]) + (" and " if len(found) > 1 else "") + found[-1]
        verb = "are" if len(found) > 1 else "is"
        since = self._known.gone[found[0]]
        message = f"{names} {verb} no longer read: since {since} the chart makes no NicClusterPolicy of its values"
        fix = "write a NicClusterPolicy and apply it yourself (aksrdma render makes one)"
        if any(isinstance(self._values.value(key, "resources"), list) for key in found):
            fix += "; the resources of a device plugin belong in its config"
        yield self._values.problem("chart-value-gone", (found[0],), message, fix)

    def _is_gone(self, path: str) -> bool:
        """Whether the chart had a value that the release does not read."""
        return path in self._known.gone and catalog.holds_in(self._release, self._known.gone[path], None)

    def _below(self, above: Keys, data: Mapping[str, Any], keys: Mapping[str, Any]) -> Iterator[Problem]:
        for key, value in data.items():
            path = (*above, key)
            known = keys.get(key)
            if known is None:
                yield from self._unknown(path, keys)
                continue
            row = _row(known)
            if self._is_older:
                continue
            if not row.is_in(self._release) or (self._release is None and row.until):
                yield from self._of_other_release(path, row)
            elif not isinstance(known, Mapping):
                yield from self._typed(path, value, row) if value is not None else ()
            elif isinstance(value, dict):
                yield from self._below(path, value, known)
            elif value is not None:
                yield self._wrong(path, value, "a map", "error")

    def _unknown(self, path: Keys, beside: Mapping[str, Any]) -> Iterator[Problem]:
        name = ".".join(path)
        if path[0].startswith(_ANCHORS) or (len(path) == 1 and path[0] in (*_OF_HELM, *self._chart.policy)):
            return
        if name in self._known.gone:
            if self._is_gone(name):
                yield self._gone(path, self._known.gone[name])
            return
        if self._is_older:
            return
        message, fix = f"{self._label} does not read this value", None
        if (place := self._place_of(path, beside)) is not None:
            message += f"; {place.words}"
            fix = place.fix
        elif self._is_newer:
            return  # a release of the user's own, whose chart may have brought it
        yield self._values.problem("chart-value-unknown", path, message, fix)

    def _place_of(self, path: Keys, beside: Mapping[str, Any]) -> _Place | None:
        """Return where a value belongs that stands where the chart does not read it."""
        *above, key = path
        same = {_folded(one): one for one in beside}.get(_folded(key))
        if same is None:
            found = _places(self._chart.name).get(key, ())
            if found and (len(found) == 1 or len(found[0]) < len(found[1])):
                return _moved_to(found[0])
            if path[1:] in found or (len(path) == 2 and key in self._known.keys):
                return _moved_to(path[1:])
        if near := [same] if same is not None else nearest(key, beside):
            right = ".".join((*above, near[0]))
            return _Place(f"did you mean {right}?", f"write {right}")
        other = next((one.name for one in catalog.helm_charts() if one is not self._chart and key in one.words), None)
        if other is not None and not above:
            return _Place(f"it is a value of the chart {other}", f"move it into the values of {other}")
        return None

    def _gone(self, path: Keys, since: str, severity: Severity | None = None) -> Problem:
        name = ".".join(path)
        moved = self._chart.moved.get(name) or self._chart.moved.get(path[0])
        return self._values.problem(
            "chart-value-gone",
            path,
            f"no longer read: the chart {self._chart.name} has been without it since {since}",
            moved or "remove it",
            severity,
        )

    def _of_other_release(self, path: Keys, row: ChartValue) -> Iterator[Problem]:
        if row.until and catalog.holds_in(self._release, row.until, None):
            yield self._gone(path, row.until, "info" if self._release is None else None)
        elif self._release is not None:
            message = f"came with {self._chart.name} {row.since}, and {self._release} does not read it"
            yield self._values.problem("chart-value-unknown", path, message, f"use {row.since} or later, or remove it")

    def _typed(self, path: Keys, value: Any, row: ChartValue) -> Iterator[Problem]:
        """Report a value that the chart's templates cannot use, or that means something else to them."""
        schema_since = self._known.strict.get(path[0])
        is_strict = schema_since is not None and catalog.holds_in(self._release, schema_since, None)
        if row.type in _BOOLEANS:
            if isinstance(value, bool):
                return
            if isinstance(value, dict | list):
                yield self._wrong(path, value, "a boolean", "error")
            elif is_strict:
                yield self._wrong(path, value, "a boolean, and helm refuses anything else", "error")
            elif isinstance(value, str):
                yield from self._boolean_as_text(path, value, row.type)
        elif value in ("", [], {}, 0, False):
            return  # of which a template makes nothing
        elif row.type in ("list", "names") and not isinstance(value, list):
            yield self._wrong(path, value, "a list", "error")
        elif row.type == "names" and any(isinstance(item, dict | list) for item in value):
            message = f"is a list of maps where {self._label} wants a list of texts"
            yield self._values.problem("chart-value-type", path, message, "write the names alone")
        elif row.type == "map" and not isinstance(value, dict):
            yield self._wrong(path, value, "a map", "error")
        elif row.type in ("text", "number") and isinstance(value, dict | list):
            yield self._wrong(path, value, "one word" if row.type == "text" else "a number", "error")

    def _boolean_as_text(self, path: Keys, value: str, how: str) -> Iterator[Problem]:
        """Report a text for a boolean, where it means something else: a text that is not empty is true to a template."""
        says_no = value.strip().casefold() in ("false", "no", "off", "n", "0")
        if how == "condition":
            what = "the sub-chart is installed or not as by default"
            message = f"is the text {value!r}: helm takes nothing but a boolean here, and {what}"
        elif how == "switch" and says_no:
            message = f"is the text {value!r}, which the chart's templates take for true"
        else:
            return
        fix = f"write {'false' if says_no else 'true'} without quotes"
        yield self._values.problem("chart-value-type", path, message, fix, "warning")

    def _wrong(self, path: Keys, value: Any, wanted: str, severity: Severity) -> Problem:
        message = f"is {_shown(value)} where {self._label} wants {wanted}"
        return self._values.problem("chart-value-type", path, message, f"write {wanted.partition(',')[0]}", severity)


_BOOLEANS: Final = ("bool", "switch", "condition")


class _Place(NamedTuple):
    """What to say of the place where a value belongs."""

    words: str
    fix: str


@load.cached
def _places(chart: str) -> Mapping[str, list[Keys]]:
    """Return the values of a chart below its first keys by their last key, shortest path first."""
    found: dict[str, list[Keys]] = defaultdict(list)
    for path in sorted(_paths(catalog.chart_keys(chart).keys), key=len):
        if len(path) > 1:
            found[path[-1]].append(path)
    return found


def _moved_to(path: Keys) -> _Place:
    right = ".".join(path)
    return _Place(f"it belongs at {right}", f"move it to {right}")


def _row(known: Any) -> ChartValue:
    """Return what is known of a value; of a map the releases that have something below it, where they are the same."""
    if not isinstance(known, Mapping):
        return ChartValue.of(known)
    bounds = {_row(part)[1:] for part in known.values()}
    since, until = bounds.pop() if len(bounds) == 1 else (None, None)
    return ChartValue("map", since, until)


def _folded(key: str) -> str:
    return key.replace("-", "").replace("_", "").casefold()


def _paths(keys: Mapping[str, Any], above: Keys = ()) -> Iterator[Keys]:
    for key, value in keys.items():
        yield (*above, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, key))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return f"{value!r}".lower() if isinstance(value, bool) else f"the number {value!r}"
