"""Network Operator releases by name."""

from __future__ import annotations

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog.rows.releases import Image, Release
from aksrdma.errors import UnknownNameError


@load.cached
def releases() -> tuple[str, ...]:
    """Return the names of all releases, oldest first."""
    return tuple(sorted(load.names("releases"), key=_numbers))


def newest() -> str:
    """Return the name of the newest release."""
    return releases()[-1]


def release_name(name: str) -> str:
    """Return a release's name as the catalog writes it, from the folder's listing alone (`25.1.0` is `v25.1.0`).

    Raises:
        UnknownNameError: No such release.
    """
    return _known(name)


def release(name: str) -> Release:
    """Return a release; `25.1.0` is taken as `v25.1.0`.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    return _read(_known(name))


def previous(name: str) -> str | None:
    """Return the release before `name`, or None for the oldest.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    index = releases().index(_known(name))
    return releases()[index - 1] if index else None


def next_release(name: str) -> str | None:
    """Return the release after `name`, or None for the newest.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    following = releases()[releases().index(_known(name)) + 1 :]
    return following[0] if following else None


def images(name: str) -> tuple[Image, ...]:
    """Return every image of a release: operator, components, chart images, Node Feature Discovery.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    row = release(name)
    return (row.operator, *row.components.values(), *row.helm_images.values(), row.nfd.image)


@load.cached
def _read(name: str) -> Release:
    file = f"releases/{name}.yaml"
    return load.build(Release, load.read(file), file)


def _known(name: str) -> str:
    wanted = f"v{name.strip().removeprefix('v').removeprefix('V')}"
    if wanted in releases():
        return wanted
    more, fix = _advice(wanted)
    raise UnknownNameError(f"no release named {name!r} in the catalog{more}", fix)


def _advice(wanted: str) -> tuple[str, str | None]:
    """Return what else is to be said of an unknown release, and what to use instead."""
    known = f" (known: {', '.join(releases())})"
    if wanted in (minors := {name.rpartition(".")[0]: name for name in releases()}):
        return "", f"did you mean {minors[wanted]}?"
    for same_minor in (name for name in releases() if name.rpartition(".")[0] == wanted.rpartition(".")[0]):
        for patch in _read(same_minor).other_patches:
            if patch.name == wanted:
                return "", f"use {same_minor}, the newest patch of the same minor: {wanted} differs in {patch.differs}"
        return "", f"use {same_minor} of the same minor{known}"
    if _numbers(wanted) > _numbers(newest()):
        return f": it is newer than {newest()}, the newest that aksrdma knows{known}", None
    if -1 not in _numbers(wanted) and _numbers(wanted) < _numbers(releases()[0]):
        return f": it is older than {releases()[0]}, the oldest that aksrdma knows{known}", None
    near = nearest.advice(wanted, releases())
    return ("", f"{near}{known}") if near else (known, None)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else -1 for part in name.removeprefix("v").split("."))
