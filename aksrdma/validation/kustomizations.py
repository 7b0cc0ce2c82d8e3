"""Kustomizations: what they list, what the user's own kustomize makes of them, and where the user wrote a field of that."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from aksrdma.documents import Document, read, read_file
from aksrdma.errors import AksrdmaError, ReadError
from aksrdma.findings import Position
from aksrdma.kube.values import mapping, sequence, text

if TYPE_CHECKING:
    from aksrdma.documents import Stream
    from aksrdma.findings import FieldPath

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_BUILD_SECONDS: Final = 120
Role: TypeAlias = Literal["object", "patch", "data"]
"""What a file is for: objects, a change of them, or something that kustomize alone reads."""
_LISTS: Final[dict[str, Role]] = {
    "resources": "object", "bases": "object", "components": "object", "patchesStrategicMerge": "patch", "crds": "data",
    "configurations": "data", "generators": "data", "transformers": "data", "validators": "data",
}  # fmt: skip
_WITH_PATH: Final[dict[str, Role]] = {"patches": "patch", "patchesJson6902": "patch", "replacements": "data"}
_GENERATORS: Final = ("configMapGenerator", "secretGenerator")


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
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if _TELLING.search(line)]
        raise KustomizeError(_said(lines[-1]) if lines else "kustomize failed and said nothing")
    return read(done.stdout, kustomization_of(folder))


_TELLING: Final = re.compile(r"\A(?!\s*: exit status \d+\s*\Z).*\w", re.DOTALL)
"""A line with a reason: that of a program which kustomize runs stands before the line with its exit status."""
_FETCH: Final = re.compile(r"failed to run '[^']*\bgit fetch\b[^']*': fatal: ")
"""What stands before git's own words where kustomize fetches a base; before it, what it tried first."""
_LOGGED: Final = re.compile(r'[IWEF]\d{4} [\d:.]+ +\d+ [^\]]+\] (?:"command failed" err="(.*)"\Z)?')
"""How klog begins a line: kubectl's dispatcher logs what fails, with time and process, which no two runs share."""


def _said(line: str) -> str:
    logged = _LOGGED.match(line)
    if logged is not None:
        line = logged[1].replace('\\"', '"') if logged[1] else line[logged.end() :]
    if fetch := _FETCH.search(line):
        return f"git fetch failed: {line[fetch.end() :].strip()}"
    return re.sub(r"\A(?:[Ee]rror|`): ", "", line.strip()).strip()  # after a configuration of several lines: `: why


def kustomization_of(folder: str) -> str:
    """Return the kustomization file of a folder that has one."""
    return next(name for name in _in(folder) if os.path.lexists(name))


def is_kustomization(folder: str) -> bool:
    """Whether a folder has a kustomization, even a link that leads nowhere."""
    return any(map(os.path.lexists, _in(folder)))


_COMPONENT: Final = re.compile(rb"^kind:[ \t]*[\"']?Component\b", re.MULTILINE)


def is_component(folder: str) -> bool:
    """Whether the kustomization of a folder is a Component: it changes what builds on it, and is never built alone."""
    try:
        return _COMPONENT.search(Path(kustomization_of(folder)).read_bytes()) is not None
    except OSError:
        return False  # whoever builds it says why


def _in(folder: str) -> Iterator[str]:
    return (str(Path(folder, name)) for name in NAMES)


class Listed(NamedTuple):
    """A file or folder that a kustomization names."""

    path: str
    """Spelt as the folder of the kustomization is."""
    role: Role

    @property
    def real(self) -> str:
        """Its real path."""
        return os.path.realpath(self.path)


def listed(folder: str) -> Iterator[Listed]:
    """Yield the files and folders that the kustomization of a folder names itself, in its order."""
    try:
        documents = read_file(kustomization_of(folder)).documents
    except ReadError:
        return  # whoever builds it says why
    for role, name in _names(mapping(documents[0].data if documents else None)):
        path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118 (resolves `..`, as kustomize does)
        # A text of several lines is a patch itself, and a URL is no path.
        if name and "\n" not in name and os.path.exists(path):  # noqa: PTH110 (a string throughout)
            yield Listed(path, role)


def _names(data: dict[str, Any]) -> Iterator[tuple[Role, str]]:
    """Yield all that a kustomization names. Source: kubernetes-sigs/kustomize api/types/kustomization.go v5.8.2."""
    for key, role in _LISTS.items():
        yield from ((role, text(item)) for item in sequence(data.get(key)))
    for key, role in _WITH_PATH.items():
        yield from ((role, text(mapping(item).get("path"))) for item in sequence(data.get(key)))
    for maker in (mapping(item) for key in _GENERATORS for item in sequence(data.get(key))):
        # Each may be key=path.
        files = (text(file).rpartition("=")[2] for file in sequence(maker.get("files")))
        yield from (
            ("data", file) for file in (*files, *map(text, sequence(maker.get("envs"))), text(maker.get("env")))
        )
    for chart in map(mapping, sequence(data.get("helmCharts"))):
        values = (chart.get("valuesFile"), *sequence(chart.get("additionalValuesFiles")))
        yield from (("data", text(file)) for file in values)
    yield "data", text(mapping(data.get("openapi")).get("path"))


def roots(folders: Sequence[str]) -> tuple[list[str], set[str]]:
    """Return the kustomizations on which no other builds, in their order, and the real paths of what all of them name.

    Of some that build on each other in a circle, which kustomize refuses, it is the first.
    """
    named: dict[str, set[str]] = {}
    waiting = list(folders)
    while waiting:
        folder = waiting.pop()
        if (real := os.path.realpath(folder)) not in named:
            found = list(listed(folder))
            named[real] = {one.real for one in found} - {real}
            waiting += (one.path for one in found if is_kustomization(one.path))
    below = {path for paths in named.values() for path in paths}
    reached: set[str] = set()
    tops: list[str] = []
    for folder in sorted(folders, key=lambda one: os.path.realpath(one) in below):
        if os.path.realpath(folder) in reached:
            continue
        tops.append(folder)
        ahead = [os.path.realpath(folder)]
        while ahead:
            if (real := ahead.pop()) not in reached:
                reached.add(real)
                ahead += named.get(real, ())
    return tops, below


def references(folder: str) -> set[str]:
    """Return the real paths of the files and folders that a kustomization names, with all that those name."""
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        for one in listed(waiting.pop()):
            if one.real not in found:
                found.add(one.real)
                if is_kustomization(one.path):
                    waiting.append(one.path)
    return found


def all_of(folder: str) -> set[str]:
    """Return the real paths of a kustomization and of all that it builds on: files, folders, and their kustomizations."""
    found = references(folder)
    folders = (folder, *filter(is_kustomization, found))
    return found | {os.path.realpath(kustomization_of(one)) for one in folders}


def files_in_order(folder: str) -> Iterator[Listed]:
    """Yield the files with the objects and patches of a kustomization, what it builds on first, each once."""
    seen: set[str] = set()
    waiting = [listed(folder)]
    while waiting:
        one = next(waiting[-1], None)
        if one is None:
            waiting.pop()
        elif one.role != "data" and one.real not in seen:
            seen.add(one.real)
            if is_kustomization(one.path):
                waiting.append(listed(one.path))
            elif os.path.isfile(one.path):  # noqa: PTH113 (a string throughout)
                yield one


_LEVELS: Final = 6
"""Folders above a file in which a kustomization that lists it is looked for; `overlays/x/patches/` needs two."""


class Listings:
    """Which kustomization lists a file, each kustomization read once."""

    def __init__(self) -> None:
        self._above: dict[str, dict[str, frozenset[str]]] = {}

    def folder_of(self, file: str) -> str | None:
        """Return the nearest folder at or above a file whose kustomization names it, up to that of the repository."""
        folder = os.path.dirname(file) or os.curdir  # noqa: PTH120 (keeps the user's own spelling)
        if folder not in self._above:
            self._above[folder] = {
                one: frozenset(found.real for found in listed(one) if found.role != "data")
                for one in _at_or_above(folder)
                if is_kustomization(one) and not is_component(one)
            }
        real = os.path.realpath(file) if self._above[folder] else ""
        return next((one for one, files in self._above[folder].items() if real in files), None)


def _at_or_above(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, no further than a repository goes."""
    for _ in range(_LEVELS):
        yield folder
        above = os.path.normpath(os.path.join(folder, os.pardir))  # noqa: PTH118
        if os.path.lexists(os.path.join(folder, ".git")) or os.path.realpath(above) == os.path.realpath(folder):  # noqa: PTH118
            return
        folder = above


def unbuilt(folder: str, names: Mapping[str, str]) -> tuple[list[Stream], list[Document]]:
    """Return what the files of a kustomization hold where nobody builds it, and those documents that are no whole object.

    Such are the patches, and what they change: in both may be missing what the other one has.

    Args:
        folder: where the kustomization is.
        names: how files are to be called, by their real path; the others by the kustomization's own words.
    """
    read_of = [(read_file(one.path, name=names.get(one.real)), one.role == "patch") for one in files_in_order(folder)]
    patches = [document for stream, is_patch in read_of if is_patch for document in stream.documents]
    changed = {(one.api_version, one.kind, one.name) for one in patches}
    documents = (document for stream, _ in read_of for document in stream.documents)
    partial = [one for one in documents if (one.api_version, one.kind, one.name) in changed]
    return [stream for stream, _ in read_of], partial


def _is_made_of(built: str, name: str) -> bool:
    return built.startswith(name) or built.endswith(name) or f"-{name}-" in built


Kind: TypeAlias = tuple[str, str]
"""apiVersion and kind."""


class Origins:
    """The source documents of kustomizations, by which a field of a built object is found where the user wrote it."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        """How files are to be called, by their real path; the others by the kustomization's own words."""
        self._folders: dict[str, str] = {}
        self._sources: dict[str, dict[Kind, list[Document]]] = {}

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that were built."""
        return tuple(self._folders.values())

    def add(self, folder: str) -> None:
        """Note that the documents whose file is the kustomization of a folder were built from it."""
        self._folders[kustomization_of(folder)] = folder

    def locate(self, document: Document, path: FieldPath) -> tuple[Document, Position]:
        """Return where a field stands: of a built object in the last patch or resource that has most of it."""
        folder = self._folders.get(document.file)
        if folder is None:
            return document, document.position(path)
        best: tuple[int, Document] | None = None
        for source in self._same(folder, document):
            steps = next((count for count in range(len(path), 0, -1) if source.value(path[:count]) is not None), 0)
            if best is None or steps >= best[0]:
                best = steps, source
        return (document, Position(1, 1)) if best is None else (best[1], best[1].position(path))

    def _same(self, folder: str, document: Document) -> Collection[Document]:
        """Return the documents that became an object; kustomize may have put something before or behind their name."""
        alike = self._by_kind(folder).get((document.api_version, document.kind), [])
        same = [one for one in alike if one.name == document.name]
        if same or not document.name:
            return same
        longer = (one.name for one in alike if one.name and _is_made_of(document.name, one.name))
        name = max(longer, key=len, default=None)
        return [one for one in alike if one.name == name]

    def _by_kind(self, folder: str) -> dict[Kind, list[Document]]:
        if folder not in self._sources:
            found = self._sources[folder] = {}
            for document in self.documents(folder):
                found.setdefault((document.api_version, document.kind), []).append(document)
        return self._sources[folder]

    def documents(self, folder: str) -> Iterator[Document]:
        """Yield the documents of the files that a kustomization refers to."""
        for one in files_in_order(folder):
            yield from read_file(one.path, name=self._names.get(one.real)).documents
