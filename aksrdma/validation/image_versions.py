"""What the version of one component's image says of the release that it is of."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from aksrdma import catalog

if TYPE_CHECKING:
    from aksrdma.catalog import Image

_DRIVER: Final = "ofedDriver"
_OF_OPERATOR: Final = re.compile(r"network-operator-v?(\d+)\.(\d+)\.\d")
_OF_DRIVER: Final = re.compile(r"(?:doca\d[\d.]*-)?(\d+)\.(\d+)-")
_OF_PROJECT: Final = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?![\d.])")
_Numbers: TypeAlias = tuple[int, ...]


def named(image: str, version: str) -> tuple[str, ...]:
    """Return the releases of the catalog whose image this is; betas and patches are of their minor release."""
    of_operator = _OF_OPERATOR.match(version)
    if of_operator is None:
        return _by_image().get((image, version), ())
    release = _by_minor().get((int(of_operator[1]), int(of_operator[2])))
    return (release,) if release else ()


def nearest(component: str, version: str) -> str | None:
    """Return the oldest or the newest release for a version from before or after all of the catalog.

    Args:
        component: name of the component in the catalog, such as `ofedDriver`; of `global` the operator's versions.
        version: version of its image.
    """
    of_operator = _OF_OPERATOR.match(version)
    if of_operator is not None:
        return _by_date(int(of_operator[1]), int(of_operator[2]))
    if component == _DRIVER:
        of_driver = _OF_DRIVER.match(version)
        return _by_date(int(of_driver[1]), int(of_driver[2])) if of_driver else None
    numbers, known = _numbers(version), _known(component)
    return catalog.releases()[0] if numbers and known and numbers < known[0] else None


def _by_date(year: int, month: int) -> str | None:
    """Return the release of a month, or that at the end of the catalog beyond which the month lies."""
    first, last = min(_by_minor()), max(_by_minor())
    return _by_minor().get(max(first, min(last, (year, month))))


def _numbers(version: str) -> _Numbers | None:
    found = _OF_PROJECT.match(version)
    return tuple(int(part or 0) for part in found.groups()) if found else None


@cache
def _known(component: str) -> tuple[_Numbers, ...]:
    """Return the component's versions of its own numbering, lowest first."""
    images = (catalog.release(name).components.get(component) for name in catalog.releases())
    return tuple(sorted({numbers for image in images if image and (numbers := _numbers(image.version))}))


@cache
def _by_minor() -> dict[_Numbers, str]:
    return {_minor(name): name for name in catalog.releases()}


def _minor(release: str) -> _Numbers:
    return tuple(int(part) for part in release.removeprefix("v").split(".")[:2])


@cache
def _by_image() -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in catalog.releases():
        for image in catalog.release(name).components.values():
            for version in filter(None, (image.version, image.digest)):
                key = (image.image, version)
                found[key] = (*found.get(key, ()), name)
    return found


@cache
def components() -> dict[str, Image]:
    """Return every component of the oldest and the newest release by its path, such as `spec.secondaryNetwork.multus`."""
    ends = (catalog.releases()[0], catalog.newest())  # no component came after the one and went before the other
    return {image.path: image for name in ends for image in catalog.release(name).components.values()}
