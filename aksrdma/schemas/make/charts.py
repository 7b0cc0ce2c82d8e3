"""Reads a chart of Network Operator, packed or unpacked, or a checkout of the operator's repository: bounded, in memory.

Nothing of it is run or unpacked to disk. A checkout has the chart in `deployment/network-operator`, the images in
`hack/release.yaml`, and in `manifests/` the CRDs that the operator itself brings.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from aksrdma import documents
from aksrdma.errors import ReadError

NAME: Final = "network-operator"
_CRD: Final = b"kind: CustomResourceDefinition"
_FILES: Final = 20_000
"""Members of an archive, or files of a folder, that are looked at; the operator's repository has a quarter of that."""
_BYTES: Final = 64 * 1024 * 1024
"""Of all members of an archive once they are unpacked; the operator's chart has 2 MiB."""
_FILE_BYTES: Final = 8 * 1024 * 1024
"""Of one file; the largest CRD has 0.5 MiB."""
_READ: Final = ("Chart.yaml", "values.yaml", "release.yaml")


@dataclass(frozen=True, kw_only=True)
class OperatorChart:
    """What a chart says of its release."""

    origin: str
    """The file or folder, as the user named it, without what leads to it."""
    metadata: Mapping[str, Any]
    """`Chart.yaml`."""
    own: Mapping[str, Any]
    """The chart's own `values.yaml`."""
    values: Mapping[str, Any]
    """Its values as helm has them: with the defaults of its sub-charts below their names."""
    images: Mapping[str, tuple[str, str]]
    """Image to repository and version, of `hack/release.yaml`; empty for a chart alone."""
    crds: Mapping[str, bytes]
    """File to content, of every CRD of the chart, its sub-charts and, in a checkout, the operator's manifests."""

    @property
    def app_version(self) -> str:
        """The release that the chart was made for, `v26.7.0` or `v26.7.0-rc.2`."""
        return str(self.metadata.get("appVersion", ""))


def read_chart(path: Path) -> OperatorChart:
    """Return what a chart or a checkout says of its release.

    Args:
        path: a `.tgz`, an unpacked chart, or a checkout of the operator.

    Raises:
        ReadError: there is no chart of Network Operator, a file cannot be read, or there is more than one expects.
    """
    files = _of_folder(path) if path.is_dir() else _of_archive(path)
    charts = [file for file in files if file.name == "Chart.yaml" and _mapping(files, file).get("name") == NAME]
    if not charts:
        raise ReadError(f"{path}: no chart of Network Operator (a Chart.yaml with name: {NAME})")
    top = min(charts, key=lambda file: len(file.parts)).parent
    checkout = top.parent.parent if top.parts[-2:] == ("deployment", NAME) else None
    own = _mapping(files, top / "values.yaml")
    values = dict(own)
    for sub in sorted(
        file.parent for file in files if file.parent.parent == top / "charts" and file.name == "Chart.yaml"
    ):
        values[sub.name] = _over(_mapping(files, sub / "values.yaml"), values.get(sub.name))
    release = _mapping(files, checkout / "hack" / "release.yaml") if checkout is not None else {}
    rows = [row for row in release.values() if isinstance(row, dict)]
    roots = [top, *([checkout / "manifests"] if checkout is not None else [])]
    return OperatorChart(
        origin=path.resolve().name,
        metadata=_mapping(files, top / "Chart.yaml"),
        own=own,
        values=values,
        images={str(row.get("image")): (str(row.get("repository")), str(row.get("version"))) for row in rows},
        crds={
            file.name: content
            for file, content in sorted(files.items())
            if _CRD in content and b"{{" not in content and any(root in file.parents for root in roots)
        },
    )


def _of_folder(folder: Path) -> dict[PurePosixPath, bytes]:
    """Return the files of a folder that matter, without those that a link leads to."""
    found: dict[PurePosixPath, bytes] = {}
    count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(root, name)
            count += 1
            if count > _FILES:
                raise ReadError(
                    f"{folder}: more than {_FILES:,} files; name the chart or the operator's checkout itself"
                )
            if _matters(PurePosixPath(name)) and not file.is_symlink() and file.is_file():
                content = documents.read_bytes(file, documents.Limits(max_bytes=_FILE_BYTES))
                found[PurePosixPath(file.relative_to(folder).as_posix())] = _bounded(str(file), content)
    return found


def _of_archive(path: Path) -> dict[PurePosixPath, bytes]:
    """Return the members of an archive that matter; links, devices and names that lead out of it are refused."""
    found: dict[PurePosixPath, bytes] = {}
    try:
        with gzip.open(path) as unpacked, tarfile.open(fileobj=_Bounded(unpacked), mode="r|") as archive:
            for number, member in enumerate(archive):
                if number >= _FILES:
                    raise ReadError(f"{path}: more than {_FILES:,} members, which no chart has")
                name = PurePosixPath(member.name)
                if name.is_absolute() or ".." in name.parts or "\\" in member.name:
                    raise ReadError(f"{path}: the member {member.name!r} leads out of the archive")
                if member.isfile() and _matters(name) and (content := archive.extractfile(member)) is not None:
                    found[name] = _bounded(f"{path}: {name}", content.read(_FILE_BYTES + 1))
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise ReadError(f"{path}: cannot be read as a packed chart: {error}") from error
    return found


class _Bounded(io.RawIOBase):
    """What is unpacked of an archive, up to a bound: no size that it names is believed."""

    def __init__(self, unpacked: gzip.GzipFile) -> None:
        super().__init__()
        self._unpacked = unpacked
        self._left = _BYTES

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        content = self._unpacked.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            raise ValueError(f"more than {_BYTES:,} bytes, which no chart has")
        return content


def _matters(name: PurePosixPath) -> bool:
    return name.name in _READ or (name.suffix in (".yaml", ".yml") and "templates" not in name.parts)


def _bounded(name: str, content: bytes) -> bytes:
    if len(content) > _FILE_BYTES:
        raise ReadError(f"{name}: more than {_FILE_BYTES:,} bytes, which no file of a chart has")
    return content


def _mapping(files: Mapping[PurePosixPath, bytes], file: PurePosixPath) -> Mapping[str, Any]:
    """Return the YAML of a file; of one that is not there nothing."""
    stream = documents.read(files.get(file, b""), str(file))
    if stream.problems:
        raise ReadError(stream.mistakes()[0])
    data = stream.documents[0].data if stream.documents else {}
    return data if isinstance(data, dict) else {}


def _over(below: Mapping[str, Any], own: Any) -> dict[str, Any]:
    """Return the values of a sub-chart with those that its parent sets over them, as helm does."""
    made = dict(below)
    for key, value in own.items() if isinstance(own, dict) else ():
        old = made.get(key)
        made[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return made


def paths_of(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the dotted path of each value that is no mapping, and the value."""
    for key, value in values.items():
        path = (*above, str(key))
        if isinstance(value, dict) and value:
            yield from paths_of(value, path)
        else:
            yield ".".join(path), value
