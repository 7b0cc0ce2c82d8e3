"""A tree on disk: what is stale, and the only code that writes files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from aksrdma.errors import OutputError
from aksrdma.rendering.tree import FOLDERS, MARK

_FIRST_LINE: Final = 400
"""Bytes of a file that are read to see whether aksrdma wrote it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file of a folder that is not what a render would make it."""

    path: str
    """Relative to the folder, with `/`."""
    kind: Literal["missing", "changed", "left-over"]
    """`left-over`: an earlier render wrote it, this one does not."""
    have: str
    want: str

    def diff(self) -> str:
        """Return the unified diff from what is there to what a render would write."""
        import difflib

        names = (f"{self.path} (on disk)", f"{self.path} (rendered)")
        lines = difflib.unified_diff(self.have.splitlines(), self.want.splitlines(), *names, lineterm="")
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did; paths are relative to the folder."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    left_over: tuple[str, ...]
    """Files of an earlier render that are still there."""
    removed: tuple[str, ...]
    """Files of an earlier render that were removed."""


def stale(tree: Mapping[str, str], folder: str | Path) -> list[Difference]:
    """Return where `folder` is not what `write` would make it.

    Raises:
        OutputError: a folder or file that cannot be read.
    """
    root = Path(folder)
    differences = []
    for path, want in tree.items():
        have = _read(_inside(root, path))
        if have is None:
            differences.append(Difference(path, "missing", "", want))
        elif have != want:
            differences.append(Difference(path, "changed", have, want))
    left = [Difference(path, "left-over", _read(root / path) or "", "") for path in _left_over(tree, root)]
    return differences + left


def write(tree: Mapping[str, str], folder: str | Path, *, prune: bool = False) -> Written:
    """Write what differs, each file atomically: after a failure each file is the old one or the new one.

    Raises:
        OutputError: a file that cannot be written (the text says which were), or one that aksrdma did not write.
    """
    root = Path(folder)
    changed = [path for path, want in tree.items() if _read(_inside(root, path)) != want]
    foreign = [path for path in changed if (root / path).exists() and not _ours(root / path)]
    if foreign:
        raise OutputError(
            f"{root}: {', '.join(foreign)} would be overwritten, but aksrdma did not write it; "
            "move it away or choose another --out-dir. Nothing was written"
        )
    for done, path in enumerate(changed):
        try:
            _replace(_inside(root, path), tree[path])
        except OSError as error:
            state = f"written: {', '.join(changed[:done]) or 'nothing'}; as before: {', '.join(changed[done:])}"
            raise OutputError(f"{root / path}: cannot be written: {error.strerror or error}. {state}") from error
    left = tuple(_left_over(tree, root))
    if prune:
        _remove(root, left)
    unchanged = tuple(path for path in tree if path not in set(changed))
    return Written(tuple(changed), unchanged, () if prune else left, left if prune else ())


def _inside(root: Path, path: str) -> Path:
    """Return the file of a relative path, refusing one that leads out of the folder, by `..` or by a link."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute():
        raise OutputError(f"{path}: leads out of the output folder {root}")
    target = root.joinpath(*parts)
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise OutputError(f"{target}: a link leads out of the output folder {root}; remove the link")
    return target


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{file}: cannot be read: {error.strerror}") from error


def _ours(file: Path) -> bool:
    if file.is_symlink() or not file.is_file():  # a link is never ours, whatever it leads to
        return False
    try:
        with file.open("rb") as opened:
            return MARK.encode() in opened.read(_FIRST_LINE).split(b"\n", 1)[0]
    except OSError:
        return False


def _left_over(tree: Mapping[str, str], root: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.suffix in (".yaml", ".md") and path not in tree and _ours(file):
                yield path


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as opened:  # noqa: PTH123 (an open descriptor)
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())  # or a crash may leave the new name with no content
        temporary.chmod(_mode(file))
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(file: Path) -> int:
    """Return the mode of the file that is replaced, else what the umask leaves of 0666, as open() would."""
    if file.exists():
        return file.stat().st_mode & 0o777
    umask = os.umask(0)  # there is no way to read it without setting it
    os.umask(umask)
    return 0o666 & ~umask


def _remove(root: Path, paths: tuple[str, ...]) -> None:
    """Remove files, and the folders that this empties."""
    for path in paths:
        file = _inside(root, path)
        try:
            file.unlink()
        except OSError as error:
            raise OutputError(f"{file}: cannot be removed: {error.strerror}") from error
        folder = file.parent
        while folder != root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
