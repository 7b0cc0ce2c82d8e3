"""Reads a cluster file: text or data -> `Cluster`, with a line for each mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aksrdma.cluster import API_VERSION, KIND
from aksrdma.cluster.binding import INVALID, Problems, bind, known_list, shown, unbound
from aksrdma.cluster.model import Cluster
from aksrdma.errors import ClusterError, PlanError, ReadError
from aksrdma.findings import FieldPath, Problem
from aksrdma.nearest import advice

if TYPE_CHECKING:
    from aksrdma.documents import Document, Stream

_TOP = ("apiVersion", "kind", "metadata", "spec")


def load(path: str | Path) -> Cluster:
    """Read a cluster file.

    Raises:
        ReadError: it cannot be read or is no YAML.
        ClusterError: a field that cannot be right, with file, line and field path.
    """
    return from_document(document_of(Path(path)))


def loads(text: str | bytes, name: str = "-") -> Cluster:
    """Read the text of a cluster file; `name` stands for the file in messages.

    Raises:
        ReadError: it is no YAML.
        ClusterError: a field that cannot be right, with file, line and field path.
    """
    return from_document(only_document(text.encode() if isinstance(text, str) else text, name))


def document_of(path: Path) -> Document:
    """Return the one document of a cluster file.

    Raises:
        ReadError: it cannot be read, is no YAML, or holds another number of documents.
    """
    from aksrdma import documents

    return _one(documents.read_file(path))


def only_document(text: bytes, name: str) -> Document:
    """Return the one document of the text of a cluster file.

    Raises:
        ReadError: it is no YAML, or holds another number of documents.
    """
    from aksrdma import documents

    return _one(documents.read(text, name))


def _one(stream: Stream) -> Document:
    if stream.problems:
        raise ReadError("\n".join(stream.mistakes()))
    if len(stream.documents) != 1:
        raise ReadError(
            f"{stream.file}: a cluster file is one document of kind {KIND}, this has {len(stream.documents)}"
        )
    return stream.documents[0]


def from_document(document: Document) -> Cluster:
    """Make a `Cluster` of a parsed document; mistakes are named with file and line.

    Raises:
        ClusterError: a field that cannot be right.
    """
    problems: Problems = []
    cluster = bind_cluster(document.data, problems)
    if cluster is None:
        raise ClusterError(located(document, problems))
    return cluster


def located(document: Document, problems: Problems, above: FieldPath = ()) -> list[str]:
    """Return a line for each problem, with file, line and column of the field, or of the nearest one that is there.

    Args:
        document: the cluster file.
        problems: what is wrong with it.
        above: where their paths begin.
    """
    lines = []
    for problem in problems:
        placed = problem._replace(path=(*above, *problem.path))
        position = document.position(placed.path)
        lines.append(f"{document.file}:{position.line}:{position.column}: {placed}")
    return lines


@contextmanager
def placed(document: Document | None) -> Iterator[None]:
    """Give what no plan can serve the lines of the cluster file that asks for it; without a file it stays as it is.

    Raises:
        ClusterError: instead of a PlanError.
    """
    try:
        yield
    except PlanError as error:
        if document is None:
            raise
        raise ClusterError(located(document, error.problems, ("spec",))) from error


def from_data(data: Mapping[str, Any]) -> Cluster:
    """Make a `Cluster` of the data of a cluster file.

    Raises:
        ClusterError: a field that cannot be right.
    """
    problems: Problems = []
    cluster = bind_cluster(data, problems)
    if cluster is None:
        raise ClusterError([str(problem) for problem in problems])
    return cluster


def to_data(cluster: Cluster) -> dict[str, Any]:
    """Return the data of the cluster file that a `Cluster` would be, with its defaults written out."""
    spec = unbound(cluster)
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": spec.pop("name")}, "spec": spec}


def bind_cluster(data: Any, problems: Problems) -> Cluster | None:
    """Make a `Cluster` of the data of a cluster file; None where `problems` has grown."""
    if not isinstance(data, Mapping):
        problems.append(
            Problem(INVALID, (), f"a cluster file is a mapping with apiVersion: {API_VERSION} and kind: {KIND}")
        )
        return None
    before = len(problems)
    _check_envelope(data, problems)
    spec = data.get("spec") or {}
    if not isinstance(spec, Mapping):
        problems.append(Problem(INVALID, ("spec",), f"must be a mapping, not {shown(spec)}"))
        return None
    # The record has the name among its fields, the file in its metadata.
    fields = {key: value for key, value in spec.items() if key != "name"}
    if isinstance(data.get("metadata"), Mapping):
        fields["name"] = data["metadata"].get("name")
    found: Problems = []
    cluster = bind(Cluster, fields, ("spec",), found)
    problems += [one._replace(path=("metadata", "name")) if one.path == ("spec", "name") else one for one in found]
    return cluster if len(problems) == before else None


def _check_envelope(data: Mapping[Any, Any], problems: Problems) -> None:
    for field, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
        if data.get(field) != wanted:
            found = f"not {shown(data[field])}" if field in data else "but it is missing"
            problems.append(Problem(INVALID, (field,), f"must be {wanted}, {found}"))
    for key in data:
        if key not in _TOP:
            near = advice(str(key), _TOP) or known_list(dict.fromkeys(_TOP))
            problems.append(Problem(INVALID, (str(key),), "unknown field", near))
    metadata = data.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        problems.append(Problem(INVALID, ("metadata",), f"must be a mapping, not {shown(metadata)}"))
    if isinstance(data.get("spec"), Mapping) and "name" in data["spec"]:
        problems.append(Problem(INVALID, ("spec", "name"), "unknown field", "the name of the cluster is metadata.name"))
