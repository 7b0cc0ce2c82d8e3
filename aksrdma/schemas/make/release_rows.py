"""Makes the row and the schemas of a release from its chart, and tells what a person must still decide.

What a chart does not say is taken from the newest older release of the catalog, and told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from aksrdma import catalog, documents
from aksrdma.catalog import ChartValue, Image, Release
from aksrdma.documents.writer import dump
from aksrdma.errors import ReadError, UsageError
from aksrdma.kube.values import step
from aksrdma.schemas import store
from aksrdma.schemas.make.charts import NAME, OperatorChart, paths_of
from aksrdma.schemas.make.crds import made_of
from aksrdma.schemas.make.files import schema_text, sources_text
from aksrdma.schemas.store import Schema

_RELEASE: Final = re.compile(r"v\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[a-z]{1,16}\.\d{1,4})?")
_LEAST: Final = re.compile(r">= ?v?(\d{1,3}\.\d{1,3})\.")
_REFERENCE: Final = re.compile(r"([\w.-]{1,200}(?:/[\w.-]{1,200}){0,8})/([\w.-]{1,200}):([\w.-]{1,128})")
_IMAGE: Final = frozenset({"image", "repository", "version"})
_NFD: Final = "node-feature-discovery"
_OWN_TAG: Final = "network-operator-"
_BESIDE: Final = "initContainer"
"""An image of the chart that has stood where those of the components stand."""
_HARDENED: Final = "-stig-fips"
"""Ending of images that stand beside the usual ones and that no policy here names."""
_SOURCE: Final = "catalog-import"
_MOST: Final = 12
"""Names that a line lists."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A release as files of a catalog, not yet written."""

    name: str
    files: Mapping[str, str]
    """Path below the catalog's folder to text: the schemas, and last the row."""
    decide: tuple[str, ...]
    """What a person must still decide, a line each."""


def imported(chart: OperatorChart, release: str | None = None) -> Imported:
    """Make the row and the schemas of a release.

    Args:
        chart: what `read_chart` read.
        release: its name; left out: the chart's own `appVersion`. A chart of `v26.7.0-rc.2` may be taken as `v26.7.0`.

    Raises:
        UsageError: a name that is none, or not that of the chart.
        ReadError: a chart without the CRD of NicClusterPolicy, or a file that is broken.
    """
    name = _name(chart, release)
    older = [one for one in catalog.releases() if not catalog.holds_in(one, name, None)]
    before = catalog.release(older[-1] if older else catalog.releases()[0])
    schemas, texts, carried = _schemas(chart, before, f"schemas/{name}")
    policy = next((one for file, one in schemas.items() if "/nicclusterpolicy_" in file), None)
    if policy is None:
        raise ReadError(f"{chart.origin}: no CRD of NicClusterPolicy in it")
    maker = _Row(name, chart, before, policy)
    row = maker.data()
    decide = [*maker.decide, *_fields(schemas, before)]
    if carried:
        decide.append(f"schemas: the chart has no CRDs of {_listed(carried)}; those of {before.name} were taken")
    head = f"# Network Operator {name}, read from {chart.origin} by `aksrdma catalog import`. Still to be decided:\n"
    text = head + "".join(f"# - {line}\n" for line in decide) + dump(row)
    return Imported(name=name, files={**texts, f"releases/{name}.yaml": text}, decide=tuple(decide))


def _name(chart: OperatorChart, release: str | None) -> str:
    if not chart.app_version:
        raise UsageError(
            f"{chart.origin}: its Chart.yaml has no appVersion, which says of which release the chart is; add it"
        )
    own = f"v{chart.app_version.removeprefix('v')}"
    name = own if release is None else f"v{release.strip().removeprefix('v')}"
    if not _RELEASE.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a release; name one such as {catalog.newest()} with --release")
    if own != name and not own.startswith(f"{name}-"):
        raise UsageError(f"{chart.origin} is the chart of {own!r}, not of {name}; leave --release out")
    return name


def _schemas(chart: OperatorChart, before: Release, folder: str) -> tuple[dict[str, Schema], dict[str, str], list[str]]:
    """Return the schemas by file, the texts of a release's folder, and the kinds that the release before lends.

    The operator itself brings some CRDs, so that a chart alone lacks them; those of its sub-charts that no policy is
    about are left out.
    """
    rows_before = store.source_rows(before.name)
    groups = {kind["group"] for row in rows_before for kind in row["kinds"]}
    for file, content in chart.crds.items():
        if problems := documents.read(content, file).problems:  # before it is read without bounds
            raise ReadError(f"{chart.origin}: {file}: {problems[0].message}")
    made, rows = made_of((PurePosixPath(file), content) for file, content in chart.crds.items())
    schemas = {file: schema for file, schema in sorted(made.items()) if file.partition("/")[0] in groups}
    rows = [row for row in rows if any(kind["group"] in groups for kind in row["kinds"])]
    texts = {f"{folder}/{file}": schema_text(schema) for file, schema in schemas.items()}
    carried = []
    for row in rows_before:
        files = [store.Kind(kind["group"], kind["version"], kind["kind"]).file for kind in row["kinds"]]
        if row["kinds"][0]["group"] != _OPERATOR and not any(file in schemas for file in files):
            rows.append(row)
            carried += [kind["kind"] for kind in row["kinds"]]
            known = store.schema_folder(before.name)
            texts |= {f"{folder}/{file}": (known / file).read_text(encoding="utf-8") for file in files}
    return schemas, {**texts, f"{folder}/SOURCES.yaml": sources_text(rows)}, carried


_OPERATOR: Final = "mellanox.com"
"""The group of the operator's own kinds, whose CRDs each chart has: one that is not there is gone."""


class _Row:
    """Makes the row of a release, and collects what is left open."""

    def __init__(self, name: str, chart: OperatorChart, before: Release, policy: Schema) -> None:
        self.decide: list[str] = []
        self._name, self._chart, self._before, self._policy = name, chart, before, policy
        self._unsure: dict[str, str] = {}
        self._published: list[str] = []
        self._guessed: list[str] = []
        self._private: dict[str, list[str]] = {}

    def data(self) -> dict[str, Any]:
        """Return the row as plain data, with the keys that a row has to have."""
        metadata, before = self._chart.metadata, self._before
        constraint = str(metadata.get("kubeVersion") or before.chart.kube_version)
        least = _LEAST.match(constraint)
        operator = {"name": before.operator.name, **self._image("operator", before.operator)}
        row: dict[str, Any] = {
            "name": self._name,
            "date": None,
            "support": None,
            "chart": {
                "name": NAME,
                "version": self._name.removeprefix("v"),
                "app_version": self._name,
                "kube_version": constraint,
                "repository": before.chart.repository,
            },
            "operator": operator,
            "components": self._components(),
            "helm_images": self._helm_images(),
            "nfd": self._nfd(),
            "helm_defaults": self._helm_defaults(),
            "kubernetes": {"min": least[1] if least else before.kubernetes.min, "max": None, "documented": None},
            "driver_tags": None,
            "precompiled_azure_driver_tags": None,
            "lts_driver": None,
            "other_patches": [],
        }
        self._left_open()
        read = ("chart", "operator", "components", "helm_images", "nfd", "helm_defaults", "kubernetes")
        return {**row, "unsure": self._unsure, "sources": {key: [_SOURCE] for key in read}, "checked": None}

    def _left_open(self) -> None:
        """Say what no chart says, in the order in which one asks for it."""
        own, name = self._chart.app_version, self._name
        lines = [
            f"support: the state of {name} and the day since which it holds; a new minor changes that of the others, too",
            "date: the day of the release",
            "kubernetes: max and documented, the last version that the documentation names; min is the chart's own constraint",
            "digests: none is in a chart; the documentation's page of images has them",
            "driver_tags, precompiled_azure_driver_tags, lts_driver, driver_versions: the same page has them",
            "nfd.upstream_commit: which commit of NFD the sub-chart is",
        ]
        if self._published:
            lines.append(
                f"images: {len(self._published)} are written as those of {name} in the public registry, where the chart has "
                f"{own}; see that they are published"
            )
        if self._guessed:
            lines.append(
                f"components: the chart has no image of {_listed(self._guessed)}; written as {_OWN_TAG}{name}, as "
                f"{self._before.name} has its own"
            )
        lines += [
            f"images: from {repository}, which is not public: {_listed(fields)}; see where they are published"
            for repository, fields in self._private.items()
        ]
        self.decide[:0] = lines

    def _image(self, field: str, before: Image) -> dict[str, Any]:
        """Return an image of the row: as `hack/release.yaml` or the chart's values have it, else as it was before."""
        repository, image, version = before.repository, before.image, before.version
        own, doubt = self._chart.app_version, None
        if found := self._found(before):
            repository, image, version = found
            if own != self._name and own and own in version:
                repository, version = before.repository, version.replace(own, self._name)
                self._published.append(field)
        elif version.startswith(_OWN_TAG):
            beside = self._before.helm_images[_BESIDE]
            if repository == beside.repository and (found := self._found(beside)):  # and is not renamed, as its tag
                repository = found[0] if own == self._name else repository
            version = f"{_OWN_TAG}{self._name}"
            self._guessed.append(before.name)
        else:
            doubt = f"the chart does not name it; {version} is of {self._before.name}"
        row: dict[str, Any] = {"path": before.path, "repository": repository, "image": image, "version": version}
        if private := catalog.private_registry(repository):
            named = field if version.startswith(_OWN_TAG) else f"{field} ({version})"
            self._private.setdefault(repository, []).append(named)
            self._unsure[field] = f"{version} is named only on {repository}, which is not public"
            row |= {"public": False, "note": f"named only on {private.what}, so it cannot be pulled"}
        if doubt:
            self._unsure[field] = doubt
            self.decide.append(f"{field}: {doubt}")
        left_out = not before.default and step(self._chart.own, tuple(before.path.split("."))) is None
        return {**row, "default": False} if left_out else row

    def _found(self, before: Image) -> tuple[str, str, str] | None:
        """Return repository, name and version of an image."""
        if before.image in self._chart.images:
            repository, version = self._chart.images[before.image]
            return repository, before.image, version
        values = self._chart.values
        if before.path == self._before.operator.path:
            repository = step(values, ("operator", "repository"))
            return (repository, before.image, self._chart.app_version) if isinstance(repository, str) else None
        value = step(values, tuple(before.path.split(".")))
        if isinstance(value, str):
            reference = _REFERENCE.fullmatch(value)
            return (reference[1], reference[2], reference[3]) if reference else None
        parts = value if isinstance(value, dict) else {}
        repository, version = str(parts.get("repository") or ""), str(parts.get("version") or parts.get("tag") or "")
        image = str(parts.get("image") or parts.get("name") or "")
        if not image:  # Node Feature Discovery's repository is the whole name
            repository, _, image = repository.rpartition("/")
        return (repository, image, version) if repository and image and version else None

    def _components(self) -> dict[str, Any]:
        """Return the images of a policy's sections: those that its CRD has."""
        found = {}
        for key, image in self._before.components.items():
            if _schema_at(self._policy, image.path.split(".")) is None:
                self.decide.append(f"components.{key}: {image.path} is gone; say in field_notes what takes its place")
            else:
                found[key] = self._image(f"components.{key}", image)
        known = {image.path for image in self._before.components.values()}
        names = {image.image for image in catalog.images(self._before.name)}
        others = [
            f"{repository}/{image}:{version}"
            for image, (repository, version) in self._chart.images.items()
            if image not in names and not image.endswith(_HARDENED)
        ]
        more = f"; hack/release.yaml has besides {_listed(others)}" if others else ""
        for path in _images_of(self._policy):
            if path not in known:
                self.decide.append(f"components: {path} has an image that no row names; add it{more}")
        return found

    def _helm_images(self) -> dict[str, Any]:
        found = {}
        for key, image in self._before.helm_images.items():
            if self._found(image) is None and image.default:
                self.decide.append(f"helm_images.{key}: the chart has no {image.path} with an image any more")
            else:
                found[key] = self._image(f"helm_images.{key}", image)
        known = {image.image for image in catalog.images(self._before.name)}
        for path, value in paths_of(self._chart.values):
            reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
            if reference and reference[2] not in known and self._is_new(path):
                self.decide.append(f"helm_images: {path} is {value}, which no row names; add it where it matters")
        return found

    def _nfd(self) -> dict[str, Any]:
        before, dependencies = self._before.nfd, self._chart.metadata.get("dependencies")
        rows = [row for row in dependencies if isinstance(row, dict)] if isinstance(dependencies, list) else []
        version = next((str(row.get("version")) for row in rows if row.get("name") == _NFD), before.subchart_version)
        return {
            "subchart_version": version,
            "image": {"name": before.image.name, **self._image("nfd.image", before.image)},
            "upstream_commit": None,
            "crd_same_as_upstream": self._same_nfd_crd(),
        }

    def _same_nfd_crd(self) -> str | None:
        """Return the releases of NFD with the same CRD file, as a release of the catalog with the same bytes has them."""
        own = {hashlib.sha256(content).hexdigest() for content in self._chart.crds.values()}
        for name in reversed(catalog.releases()):
            for row in store.source_rows(name):
                if row["sha256"] in own and any(kind["kind"] == "NodeFeatureRule" for kind in row["kinds"]):
                    return catalog.release(name).nfd.crd_same_as_upstream
        return None

    def _helm_defaults(self) -> dict[str, Any]:
        """Return the defaults that the release before has a row of, and those of values that it had not at all."""
        values, found, gone = self._chart.values, {}, []
        for path in self._before.helm_defaults:
            value = step(values, tuple(path.split(".")))
            if value is None:
                gone.append(path)
            else:
                found[path] = value
        if gone:
            self.decide.append(
                f"helm_defaults: the chart has no {_listed(gone)} any more; `moved` of helm_charts.yaml says what to do"
            )
        new = {path: value for path, value in paths_of(values) if path not in found and _says_something(value)}
        new = {path: value for path, value in new.items() if self._is_new(path)}
        below = [path for path in new if step(self._chart.own, tuple(path.split("."))) is None]
        if below:
            self.decide.append(f"helm_defaults: new in the sub-charts: {_listed(below)}; add what matters")
        return found | {path: value for path, value in new.items() if path not in below}

    def _is_new(self, path: str) -> bool:
        """Say whether the release before had no such value, as the keys of the charts tell."""
        keys: Any = catalog.chart_keys(NAME).keys
        for key in path.split("."):
            if not isinstance(keys, Mapping):
                return False  # below a map of any keys
            if key not in keys:
                return True
            keys = keys[key]
        return not isinstance(keys, Mapping) and not ChartValue.of(keys).is_in(self._before.name)


def _says_something(value: Any) -> bool:
    """Say whether a default is one to tell: a switch, a number, a text that is no image, a list of texts."""
    if isinstance(value, str):
        return bool(value) and _REFERENCE.fullmatch(value) is None
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return isinstance(value, bool | int)


def _fields(schemas: Mapping[str, Schema], before: Release) -> Iterator[str]:
    """Say which kinds and fields came and went."""
    known = {kind.file: kind for kind in store.kinds(before.name)}
    came = [str(one["properties"]["kind"]["const"]) for file, one in schemas.items() if file not in known]
    went = [kind.kind for file, kind in known.items() if file not in schemas and kind.group == _OPERATOR]
    for kind in (kind for file, kind in known.items() if file in schemas):
        old = set(_paths(store.load(before.name, kind.group, kind.kind, kind.version)))
        new = set(_paths(schemas[kind.file]))
        came += [f"{kind.kind}.{path}" for path in _topmost(new - old)]
        went += [f"{kind.kind}.{path}" for path in _topmost(old - new)]
    if came:
        yield f"field_notes: new since {before.name}: {_listed(came)}"
    if went:
        yield f"field_notes: gone since {before.name}: {_listed(went)}"


def _paths(schema: Schema) -> Iterator[str]:
    """Yield the path of each field of a schema, items of lists by the name of their list; what holds itself once."""
    definitions = schema.get("$defs", {})
    waiting: list[tuple[tuple[str, ...], Schema, frozenset[str]]] = [((), schema, frozenset())]
    while waiting:
        above, one, inside = waiting.pop()
        if name := one.get("$ref", "").rpartition("/")[2]:
            if name in inside:
                continue
            inside |= {name}
        one = store.definition(one, definitions)
        for keyword in ("items", "additionalProperties"):
            if isinstance(one.get(keyword), dict):
                waiting.append((above, one[keyword], inside))
        for name, child in one.get("properties", {}).items():
            if above or name != "metadata":
                yield ".".join((*above, name))
                waiting.append(((*above, name), child, inside))


def _topmost(paths: set[str]) -> list[str]:
    return sorted(path for path in paths if path.rpartition(".")[0] not in paths)


def _schema_at(schema: Schema, path: Sequence[str]) -> Schema | None:
    definitions, one = schema.get("$defs", {}), schema
    for name in path:
        found = store.definition(one, definitions).get("properties", {}).get(name)
        if found is None:
            return None
        one = found
    return one


def _images_of(policy: Schema) -> list[str]:
    """Return the paths of the sections of a policy that have an image."""
    fields = set(_paths(policy))
    holders = {path.rpartition(".")[0] for path in fields if path.startswith("spec.")}
    return sorted(one for one in holders if all(f"{one}.{name}" in fields for name in _IMAGE))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")
