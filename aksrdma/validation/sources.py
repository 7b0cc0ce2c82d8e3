"""What a user names, as sets of files: a folder is a set, a kustomization is one of its own, built by the user's kustomize."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from aksrdma.documents import STDIN, Document, read, read_file
from aksrdma.errors import AksrdmaError, ReadError
from aksrdma.findings import Position
from aksrdma.kube.values import mapping, sequence, text

if TYPE_CHECKING:
    from aksrdma.documents import Stream
    from aksrdma.findings import FieldPath

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_BUILD_SECONDS: Final = 120
_LISTS: Final = ("resources", "components", "bases", "patchesStrategicMerge", "crds", "configurations", "generators",
                 "transformers", "validators")  # fmt: skip
_WITH_PATH: Final = ("patches", "patchesJson6902", "replacements")


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
        if path != STDIN and Path(path).is_dir():
            _walk(path, folders, built)
        elif path == STDIN or os.path.lexists(path):
            folders.setdefault(os.path.dirname(path), {})[path] = None  # noqa: PTH120 (keeps the user's own spelling)
        else:
            raise ReadError(f"{path}: there is no such file or folder")
    sets = [tuple(files) for files in folders.values()]
    if together:
        sets = [tuple(file for files in sets for file in files)]
    return [Source(files) for files in sets if files] + [Source(kustomization=folder) for folder in built]


def _walk(root: str, folders: dict[str, dict[str, None]], built: dict[str, None]) -> None:
    """Add the files of a folder and of all below it, less those that a kustomization there refers to."""
    kustomizations: list[str] = []
    found: dict[str, list[str]] = {}
    for folder, below, names in os.walk(root, onerror=_unreadable):
        below[:] = sorted(name for name in below if not name.startswith(".") and name != "node_modules")
        wanted = sorted(name for name in names if os.path.splitext(name)[1] in SUFFIXES)  # noqa: PTH122 (much faster)
        kustomization = next((name for name in _KUSTOMIZATIONS if name in names), None)
        if kustomization:
            kustomizations.append(folder)
            wanted = [name for name in wanted if name != kustomization]
        found[folder] = [os.path.join(folder, name) for name in wanted]  # noqa: PTH118 (much faster)
    referred = {path for folder in kustomizations for path in references(folder)}
    for folder, files in found.items():
        left = [file for file in files if not referred or os.path.realpath(file) not in referred]
        folders.setdefault(folder, {}).update(dict.fromkeys(left))
    built.update(dict.fromkeys(folder for folder in kustomizations if os.path.realpath(folder) not in referred))


def _unreadable(error: OSError) -> None:
    raise ReadError(
        f"{error.filename}: cannot be read: {error.strerror}; make it readable, or name what is to be judged"
    )


def iter_files(sources: Sequence[Source]) -> Iterator[str]:
    """Yield every file of some sets."""
    for source in sources:
        yield from source.files


class KustomizeError(AksrdmaError):
    """kustomize cannot build a folder; the text is its own."""


def build(folder: str) -> Stream | None:
    """Return what the user's own kustomize makes of a folder, or None where neither it nor kubectl is on PATH.

    Raises:
        KustomizeError: it cannot build the folder.
    """
    import shutil
    import subprocess  # a few milliseconds that sets without a kustomization do without

    if kustomize := shutil.which("kustomize"):
        command = [kustomize, "build", folder]
    elif kubectl := shutil.which("kubectl"):
        command = [kubectl, "kustomize", folder]
    else:
        return None
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_BUILD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise KustomizeError(f"no result after {_BUILD_SECONDS} seconds") from error
    if done.returncode:
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        said = lines[-1].removeprefix("Error: ").strip() if lines else "kustomize failed and said nothing"
        raise KustomizeError(said)
    return read(done.stdout, kustomization_of(folder))


def kustomization_of(folder: str) -> str:
    """Return the kustomization file of a folder."""
    return next(str(Path(folder, name)) for name in _KUSTOMIZATIONS if Path(folder, name).exists())


def references(folder: str) -> set[str]:
    """Return the real paths of the files and folders that a kustomization refers to, with all that those refer to."""
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        for path in _named_by(waiting.pop()):
            if path not in found:
                found.add(path)
                if _is_kustomization(path):
                    waiting.append(path)
    return found


def _named_by(folder: str) -> Iterator[str]:
    """Yield the real paths of the files and folders that a kustomization names itself, in its order."""
    documents = read_file(kustomization_of(folder)).documents
    data = mapping(documents[0].data if documents else None)
    # A text of several lines is a patch itself, and no path of one.
    named = [text(item) for key in _LISTS for item in sequence(data.get(key)) if "\n" not in text(item)]
    named += [text(mapping(item).get("path")) for key in _WITH_PATH for item in sequence(data.get(key))]
    for name in filter(None, named):
        path = os.path.realpath(os.path.join(folder, name))  # noqa: PTH118 (resolves `..` as kustomize does)
        if os.path.exists(path):  # noqa: PTH110 (a string throughout); a URL is not a path
            yield path


def _is_kustomization(path: str) -> bool:
    return any(Path(path, name).is_file() for name in _KUSTOMIZATIONS)


Identity: TypeAlias = tuple[str, str, str]
"""apiVersion, kind and name."""


class Origins:
    """The source documents of kustomizations, by which a field of a built object is found where the user wrote it."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._sources: dict[str, dict[Identity, list[Document]]] = {}

    def add(self, folder: str) -> None:
        """Note that the documents whose file is the kustomization of a folder were built from it."""
        self._folders[kustomization_of(folder)] = folder

    def locate(self, document: Document, path: FieldPath) -> tuple[str, Position]:
        """Return file and position of a field: of a built object in the last patch or resource that has most of it."""
        folder = self._folders.get(document.file)
        if folder is None:
            return document.file, document.position(path)
        best: tuple[int, Document] | None = None
        for source in self._sources_of(folder).get(_identity(document), []):
            steps = next((count for count in range(len(path), 0, -1) if source.value(path[:count]) is not None), 0)
            if best is None or steps >= best[0]:
                best = steps, source
        if best is None:
            return document.file, Position(1, 1)
        return best[1].file, best[1].position(path)

    def _sources_of(self, folder: str) -> dict[Identity, list[Document]]:
        if folder not in self._sources:
            found = self._sources[folder] = {}
            for file in _files_in_order(folder):
                for document in read_file(file).documents:
                    found.setdefault(_identity(document), []).append(document)
        return self._sources[folder]


def _files_in_order(folder: str) -> Iterator[str]:
    """Yield the files that a kustomization refers to, what it builds on first."""
    for path in _named_by(folder):
        if _is_kustomization(path):
            yield from _files_in_order(path)
        elif os.path.isfile(path):  # noqa: PTH113 (a string throughout)
            yield os.path.relpath(path)


def _identity(document: Document) -> Identity:
    return document.api_version, document.kind, document.name
