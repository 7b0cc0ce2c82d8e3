"""The images that a chart pulls with given values, and the values that take them from another registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.kube.image_names import mirrored, parsed

if TYPE_CHECKING:
    from aksrdma.catalog import ChartImage, Release

_ABSENT: Final = object()


class Pulled(NamedTuple):
    """An image that a chart pulls with its values."""

    image: ChartImage
    reference: str
    """Without what an operator adds to the tag for each node."""


def of_network_operator(release: Release, values: Mapping[str, Any], *, driver: bool) -> tuple[Pulled, ...]:
    """Return what Network Operator's chart pulls, its own values beside the given ones.

    Args:
        release: whose chart it is.
        values: those of the cluster.
        driver: whether the driver container is deployed anywhere.
    """
    chart = catalog.operator_chart(release.chart.name)
    rows = (release.operator, *release.helm_images.values(), release.nfd.image)
    references = {row.path: row.reference for row in rows}
    # The operator's own image is three values side by side, as all `parts` are.
    references[release.operator.name] = references.pop(release.operator.path)
    switches = {key: value for key, value in release.helm_defaults.items() if isinstance(value, bool)}
    images = [one for one in chart.images if driver or not one.with_driver]
    return tuple(_pulled(images, references, {**chart.switches, **switches}, values))


def of_chart(name: str, version: str, values: Mapping[str, Any]) -> tuple[Pulled, ...]:
    """Return what another chart pulls, its own values beside the given ones.

    Raises:
        UnknownNameError: a version whose images are not known.
    """
    chart = catalog.operator_chart(name)
    return tuple(_pulled(chart.images, chart.references(version), chart.switches, values))


def _pulled(
    images: Sequence[ChartImage], references: Mapping[str, str], switches: Mapping[str, bool], values: Mapping[str, Any]
) -> Iterator[Pulled]:
    for image in images:
        known = references.get(image.value)
        if known and all(_value(values, key, switches[key]) is True for key in image.when):
            yield Pulled(image, _as_set(values, image, known))


def _as_set(values: Mapping[str, Any], image: ChartImage, known: str) -> str:
    """Return the reference that values make of an image; what they leave out is the chart's."""
    written = _value(values, image.value, {})
    if image.form == "whole" or not isinstance(written, Mapping):
        return written if isinstance(written, str) else known
    name = parsed(known)
    folder, _, last = name.repository.rpartition("/")
    if image.form == "parts":
        repository = f"{written.get('repository', folder)}/{written.get('image', last)}"
        return f"{repository}:{written.get('version', written.get('tag', name.tag))}"
    return f"{written.get('repository', name.repository)}:{written.get('tag', name.tag)}"


def from_registry(pulled: Sequence[Pulled], registry: str | None, secrets: Sequence[str]) -> dict[str, Any]:
    """Return the values that take images from a registry, and give their pods the pull secrets.

    Args:
        pulled: what the chart pulls.
        registry: host and path; None: images stay where they are.
        secrets: names of pull secrets.
    """
    values: dict[str, Any] = {}
    for image, reference in pulled:
        if registry:
            name = parsed(reference)
            repository = mirrored(name.repository, registry)
            match image.form:
                case "parts":
                    _set(values, f"{image.value}.repository", repository.rpartition("/")[0])
                case "repository-and-tag":
                    # With the tag, because one in the chart may move.
                    _set(values, f"{image.value}.repository", repository)
                    _set(values, f"{image.value}.tag", name.tag)
                case "whole":
                    _set(values, image.value, mirrored(reference, registry))
        if secrets and image.secrets:
            named = [{"name": one} for one in secrets] if image.secret_form == "objects" else list(secrets)
            _set(values, image.secrets, secrets[0] if image.secret_form == "name" else named)
    return values


def _value(values: Mapping[str, Any], path: str, default: Any) -> Any:
    found: Any = values
    for key in path.split("."):
        found = found.get(key, _ABSENT) if isinstance(found, Mapping) else _ABSENT
        if found is _ABSENT:
            return default
    return found


def _set(values: dict[str, Any], path: str, value: Any) -> None:
    *folders, last = path.split(".")
    for key in folders:
        values = values.setdefault(key, {})
    values[last] = value
