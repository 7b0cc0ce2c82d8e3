"""What a user names, as sets of files: a folder is a set, a kustomization is one, all below a cluster file is one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aksrdma.cluster import KIND as CLUSTER_FILE
from aksrdma.documents import STDIN, read, read_bytes
from aksrdma.documents.reading import STDIN_NAME
from aksrdma.errors import ReadError
from aksrdma.validation.kustomizations import NAMES, Listings, all_of, is_component, roots

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_NAMED: Final = 3
"""Files by which a set is called that has no folder."""


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one set."""

    files: tuple[str, ...] = ()
    """Paths, or `-` for stdin."""
    kustomizations: tuple[str, ...] = ()
    """Folders that kustomize builds; their objects belong to the set."""
    shown: Mapping[str, str] | None = None
    """The files whose findings are wanted, where a set has more than what was named, by real path; None: all."""
    name: str = ""
    """What the set is called: the folder or the one file that it is."""


def sources_of(paths: Sequence[str], *, together: bool = False, completed: bool = False) -> list[Source]:
    """Return the sets that paths name, in a fixed order.

    Args:
        paths: files, folders (read with all below them), or `-` for stdin.
        together: whether all of them are one set.
        completed: whether a file that a kustomization lists is seen in the set that this builds, with findings of the
            files that are named alone.

    Raises:
        ReadError: a path that does not exist.
    """
    found = _Found(one_path=len(paths) == 1)
    for path in paths:
        if path == STDIN or (os.path.lexists(path) and not os.path.isdir(path)):  # noqa: PTH112 (takes any text)
            found.add_file(path, completed)
        elif os.path.lexists(path):
            found.add_folder(path)
        else:
            raise ReadError(f"{path}: there is no such file or folder")
    return found.together() if together else found.apart()


def sets_with(paths: Sequence[str], *, together: bool = False) -> list[Source]:
    """Return the sets of the working folder, and of all below it, that have some files, with findings of these alone.

    So it does not matter which files are named together, as a commit hook does. Files that are in no such set are judged
    as `sources_of` has them; one that is gone is passed over, for changes list what they remove.

    Args:
        paths: files.
        together: whether all below the working folder is one set.
    """
    found = _Found(one_path=True)
    found.add_folder(os.curdir)
    named = {os.path.realpath(path): path for path in paths if os.path.lexists(path)}
    sets, rest = [], dict(named)
    for source in found.together() if together else found.apart():
        files = tuple(map(os.path.normpath, source.files))
        built = tuple(map(os.path.normpath, source.kustomizations))
        there = {os.path.realpath(file) for file in files} if rest else set()
        for folder in built:
            there |= all_of(folder)
        if not named.keys().isdisjoint(there):
            sets.append(Source(files, built, named, source.name and os.path.normpath(source.name)))
        for file in there:
            rest.pop(file, None)
    return sets + sources_of(list(rest.values()), completed=True)


def iter_files(sources: Sequence[Source]) -> Iterator[str]:
    """Yield every file of some sets."""
    for source in sources:
        yield from source.files


class _Found:
    """What was found of the paths, before it is parted into sets."""

    def __init__(self, *, one_path: bool) -> None:
        self._spelt: Callable[[str], str] = str if one_path else os.path.abspath
        """A folder as all of them are spelt: below one path they are already, and there may be thousands."""
        self._files: dict[str, dict[str, None]] = {}
        """By folder, spelt as the user does."""
        self._built: dict[str, None] = {}
        self._completed: dict[str, None] = {}
        """Kustomizations that are there for the files of theirs that were named."""
        self._named: list[str] = []
        self._listings = Listings()

    def add_file(self, path: str, completed: bool) -> None:
        folder, name = os.path.split(path)
        if completed and path != STDIN:
            self._named.append(path)
            if name in NAMES and not is_component(folder or os.curdir):
                self._built[folder or os.curdir] = None
                return
            if listing := self._listings.folder_of(path):
                self._completed[listing] = None
                return
        self._files.setdefault(folder, {})[path] = None

    def add_folder(self, root: str) -> None:
        """Add the files of a folder and of all below it, less those that a kustomization there refers to."""
        kustomizations: list[str] = []
        found: dict[str, list[str]] = {}
        for folder, below, names in os.walk(root, onerror=_unreadable):
            below[:] = sorted(name for name in below if not name.startswith(".") and name != "node_modules")
            wanted = sorted(name for name in names if os.path.splitext(name)[1] in SUFFIXES)  # noqa: PTH122 (much faster)
            kustomization = next((name for name in NAMES if name in names), None)
            if kustomization:
                if not is_component(folder):
                    kustomizations.append(folder)
                wanted = [name for name in wanted if name != kustomization]
            found[folder] = [os.path.join(folder, name) for name in wanted]  # noqa: PTH118 (much faster)
        built, referred = roots(kustomizations)
        for folder, files in found.items():
            left = [file for file in files if not referred or os.path.realpath(file) not in referred]
            if left:
                self._files.setdefault(folder, {}).update(dict.fromkeys(left))
        self._built |= dict.fromkeys(built)

    def together(self) -> list[Source]:
        """Return all of it as one set."""
        source = self._source(
            "", tuple(file for files in self._files.values() for file in files), self._kustomizations()
        )
        return [source] if source.files or source.kustomizations else []

    def apart(self) -> list[Source]:
        """Return the sets: those of folders, then those that are built; below a cluster file all is one."""
        folders = [folder for folder in self._files if self._files[folder]]
        clusters = self._cluster_roots(folders)
        sets: dict[str, tuple[list[str], list[str]]] = {}
        apart: list[Source] = []
        for folder in folders:
            files = self._files[folder]
            if (root := _nearest(self._spelt(folder), clusters)) is not None:
                sets.setdefault(root, ([], []))[0].extend(files)
            else:
                apart.append(self._source(folder, tuple(files), ()))
        for folder in self._kustomizations():
            if (root := _nearest(self._spelt(folder), clusters)) is not None:
                sets.setdefault(root, ([], []))[1].append(folder)
            else:
                apart.append(self._source(folder, (), (folder,)))
        return [self._source(root, tuple(files), tuple(built)) for root, (files, built) in sets.items()] + apart

    def _kustomizations(self) -> tuple[str, ...]:
        return tuple(self._built | self._completed)

    def _source(self, folder: str, files: tuple[str, ...], built: tuple[str, ...]) -> Source:
        if len(built) > 1:
            built = tuple(roots(built)[0])  # of those that build on each other, the last has all
        name = folder
        if not built and (len(files) == 1 or not folder):
            more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
            name = ", ".join(STDIN_NAME if file == STDIN else file for file in files[:_NAMED]) + more
        completed = self._built.keys().isdisjoint(built) and not self._completed.keys().isdisjoint(built)
        shown = {os.path.realpath(file): file for file in self._named} if completed else {}
        only_named = completed and all(os.path.realpath(file) in shown for file in files)
        return Source(files, built, shown if only_named else None, name)

    def _cluster_roots(self, folders: Iterable[str]) -> dict[str, str]:
        """Return the folders that hold a cluster file and have more below, by how they are spelt.

        Only files of folders that have more below are looked into: most trees are leaves.
        """
        built = self._kustomizations()
        with_more = set(map(self._spelt, built))
        for folder in (*folders, *built):
            above = os.path.dirname(self._spelt(folder))  # noqa: PTH120 (much faster)
            while above not in with_more:
                with_more.add(above)
                above = os.path.dirname(above)  # noqa: PTH120
        candidates = ((self._spelt(folder), folder) for folder in folders)
        return {
            path: folder
            for path, folder in candidates
            if path in with_more and any(map(_is_cluster_file, self._files[folder]))
        }


def _nearest(folder: str, roots: dict[str, str]) -> str | None:
    """Return the nearest of some folders in which a folder lies, or which it is."""
    while roots and folder not in roots:
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return None
        folder = above
    return roots.get(folder)


def _is_cluster_file(file: str) -> bool:
    if not os.path.isfile(file):  # noqa: PTH113 (a pipe can be read but once)
        return False
    try:
        content = read_bytes(file)
    except ReadError:
        return False  # whoever reads it to judge it says why
    # Only what mentions the kind is worth to be parsed twice.
    return CLUSTER_FILE.encode() in content and any(one.kind == CLUSTER_FILE for one in read(content, file).documents)


def _unreadable(error: OSError) -> None:
    raise ReadError(
        f"{error.filename}: cannot be read: {error.strerror}; make it readable, or name what is to be judged"
    )
