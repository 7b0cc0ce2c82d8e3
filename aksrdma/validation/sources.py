"""What a user names on the command line, as sets of files: a folder is a set, a kustomization is one of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aksrdma.errors import ReadError
from aksrdma.validation.kustomization import KUSTOMIZATIONS, references

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one set."""

    files: tuple[str, ...] = ()
    """Paths, or `-` for stdin."""
    kustomization: str | None = None
    """A folder that kustomize builds; its objects belong to the set."""


def sources_of(paths: Sequence[str], *, together: bool = False) -> list[Source]:
    """Return the sets that paths name, in a fixed order.

    Args:
        paths: files, folders (read with all below them), or `-` for stdin.
        together: whether all of them are one set.

    Raises:
        ReadError: a path that does not exist.
    """
    folders: dict[str, dict[str, None]] = {}
    built: dict[str, None] = {}
    for path in paths:
        if path == STDIN or not Path(path).is_dir():
            _require(path)
            folders.setdefault(os.path.dirname(path), {})[path] = None  # noqa: PTH120 (keeps the user's own spelling)
        else:
            _walk(path, folders, built)
    if together:
        return _together(folders, built)
    sets = [Source(tuple(files)) for files in folders.values() if files]
    return sets + [Source(kustomization=folder) for folder in built]


def _together(folders: dict[str, dict[str, None]], built: dict[str, None]) -> list[Source]:
    files = tuple(file for found in folders.values() for file in found)
    return [Source(files)] * bool(files) + [Source(kustomization=folder) for folder in built]


def _require(path: str) -> None:
    if path != STDIN and not os.path.lexists(path):
        raise ReadError(f"{path}: there is no such file or folder")


def _unreadable(error: OSError) -> None:
    raise ReadError(
        f"{error.filename}: cannot be read: {error.strerror}; make it readable, or name what is to be judged"
    )


def _walk(root: str, folders: dict[str, dict[str, None]], built: dict[str, None]) -> None:
    """Add the files of a folder and of all below it, less those that a kustomization there refers to."""
    kustomizations: list[str] = []
    found: dict[str, list[str]] = {}
    for folder, below, names in os.walk(root, onerror=_unreadable):
        below[:] = sorted(name for name in below if not name.startswith(".") and name != "node_modules")
        wanted = sorted(name for name in names if os.path.splitext(name)[1] in SUFFIXES)  # noqa: PTH122 (much faster)
        kustomization = next((name for name in KUSTOMIZATIONS if name in names), None)
        if kustomization:
            kustomizations.append(folder)
            wanted = [name for name in wanted if name != kustomization]
        found[folder] = [os.path.join(folder, name) for name in wanted]  # noqa: PTH118 (much faster)
    referred = {path for folder in kustomizations for path in references(folder)}
    for folder, files in found.items():
        left = [file for file in files if not referred or os.path.realpath(file) not in referred]
        folders.setdefault(folder, {}).update(dict.fromkeys(left))
    built.update(dict.fromkeys(folder for folder in kustomizations if os.path.realpath(folder) not in referred))


def iter_files(sources: Sequence[Source]) -> Iterator[str]:
    """Yield every file of some sets."""
    for source in sources:
        yield from source.files
