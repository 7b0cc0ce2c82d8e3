"""A kustomization: which files it refers to, what the user's own kustomize makes of it, and where its fields stand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aksrdma.documents import Document, read_file
from aksrdma.errors import AksrdmaError
from aksrdma.findings import Position

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath

KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_BUILD_SECONDS: Final = 120
_LISTS: Final = ("resources", "components", "bases", "patchesStrategicMerge", "crds", "configurations", "generators",
                 "transformers", "validators")  # fmt: skip
_WITH_PATH: Final = ("patches", "patchesJson6902", "replacements")


class KustomizeError(AksrdmaError):
    """kustomize cannot build a folder; the text is its own."""


def file_of(folder: str) -> str:
    """Return the kustomization file of a folder."""
    return next(str(Path(folder, name)) for name in KUSTOMIZATIONS if Path(folder, name).exists())


def references(folder: str) -> set[str]:
    """Return the real paths of the files and folders that a kustomization refers to, with all that those refer to."""
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        for path in _direct(waiting.pop()):
            if path not in found:
                found.add(path)
                if _is_kustomization(path):
                    waiting.append(path)
    return found


def _direct(folder: str) -> Iterator[str]:
    for reference in _named(_data(file_of(folder))):
        path = os.path.realpath(os.path.join(folder, reference))  # noqa: PTH118 (resolves `..` as kustomize does)
        if os.path.exists(path):  # noqa: PTH110 (a string throughout); a URL is not a path
            yield path


def _named(data: Any) -> Iterator[str]:
    if not isinstance(data, dict):
        return
    for key in _LISTS:
        yield from (item for item in _items(data, key) if isinstance(item, str) and "\n" not in item)
    for key in _WITH_PATH:
        yield from (item["path"] for item in _items(data, key) if isinstance(item, dict) and _text(item.get("path")))


def _items(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _data(file: str) -> Any:
    documents = read_file(file).documents
    return documents[0].data if documents else None


def _is_kustomization(path: str) -> bool:
    return any(Path(path, name).is_file() for name in KUSTOMIZATIONS)


def builder() -> list[str] | None:
    """Return the command that builds a folder, of what the user has on PATH; None where there is none."""
    import shutil

    if kustomize := shutil.which("kustomize"):
        return [kustomize, "build"]
    kubectl = shutil.which("kubectl")
    return [kubectl, "kustomize"] if kubectl else None


def build(folder: str, command: list[str]) -> bytes:
    """Return the YAML stream that kustomize makes of a folder.

    Raises:
        KustomizeError: it cannot.
    """
    import subprocess  # a few milliseconds that sets without a kustomization do without

    try:
        done = subprocess.run([*command, folder], capture_output=True, check=False, timeout=_BUILD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise KustomizeError(f"no result after {_BUILD_SECONDS} seconds") from error
    if done.returncode:
        raise KustomizeError(_last_words(done.stderr.decode("utf-8", "replace")))
    return done.stdout


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ").strip() if lines else "kustomize failed and said nothing"


Identity: TypeAlias = tuple[str, str, str]
"""apiVersion, kind and name."""


class Origins:
    """The source documents of kustomizations, by which a field of a built object is found where the user wrote it."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._sources: dict[str, dict[Identity, list[Document]]] = {}

    def add(self, folder: str) -> None:
        """Note that the documents whose file is the kustomization of a folder were built from it."""
        self._folders[file_of(folder)] = folder

    def locate(self, document: Document, path: FieldPath) -> tuple[str, Position]:
        """Return file and position of a field: of a built object in the last patch or resource that has most of it."""
        folder = self._folders.get(document.file)
        if folder is None:
            return document.file, document.position(path)
        best: tuple[int, Document] | None = None
        for source in self._of(folder).get(_identity(document), []):
            depth = _depth(source, path)
            if best is None or depth >= best[0]:
                best = depth, source
        if best is None:
            return document.file, Position(1, 1)
        return best[1].file, best[1].position(path)

    def _of(self, folder: str) -> dict[Identity, list[Document]]:
        if folder not in self._sources:
            found: dict[Identity, list[Document]] = {}
            for file in _files_in_order(folder):
                for document in read_file(file).documents:
                    found.setdefault(_identity(document), []).append(document)
            self._sources[folder] = found
        return self._sources[folder]


def _files_in_order(folder: str) -> Iterator[str]:
    """Yield the files that a kustomization refers to, what it builds on first."""
    for path in _direct(folder):
        if _is_kustomization(path):
            yield from _files_in_order(path)
        elif os.path.isfile(path):  # noqa: PTH113 (a string throughout)
            yield os.path.relpath(path)


def _identity(document: Document) -> Identity:
    return document.api_version, document.kind, document.name


def _depth(document: Document, path: FieldPath) -> int:
    """Return how many steps of a path a document has."""
    return next((depth for depth in range(len(path), 0, -1) if document.value(path[:depth]) is not None), 0)
