"""Any manifests -> a report: reads them into sets, settles the release of each, judges, and counts what was skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from aksrdma.errors import UnknownNameError, UsageError
from aksrdma.findings import Layer
from aksrdma.nearest import hint
from aksrdma.validation.report import FailOn, Options, Report, Summary, joined

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Stream
    from aksrdma.models import K8sObject

__all__ = ["FailOn", "Options", "Report", "Summary", "validate"]

Manifests: TypeAlias = "Path | str | Mapping[str, Any] | K8sObject | Cluster"


def validate(source: Manifests | Sequence[Manifests], *, options: Options | None = None, **fields: Any) -> Report:
    """Judge manifests as the API server, the operator's webhook, the plugins and AKS would.

    Args:
        source: a Path (file or folder), YAML text, a mapping, a typed object, a Cluster (judged as its file would be), or a
            list of those, which is one set.
        options: how to judge; or give its fields as keywords (`release`, `admission_controller`, `vm_sizes`, ...).
        fields: fields of `Options`.

    Raises:
        UnknownNameError: a release, VM size or rule that does not exist.
        UsageError: a source of another type, or a schema location that is no template of local files.
        ReadError: a file that cannot be read, or a schema of yours that cannot be used.
    """
    from aksrdma.validation.run import judge_set, run
    from aksrdma.validation.sources import sources_of

    asked = prepared(options or Options(**fields))
    if isinstance(source, Path):
        return run(sources_of([str(source)], together=asked.together, completed=True), asked)
    items = source if isinstance(source, list | tuple) else [source]
    paths = [str(item) for item in items if isinstance(item, Path)]
    streams = [stream_of(item, number) for number, item in enumerate(items, 1) if not isinstance(item, Path)]
    sources = sources_of(paths, together=True, completed=not streams)
    return joined(judge_set(sources, streams, asked), asked)


def prepared(options: Options) -> Options:
    """Return options with canonical names, once what they bring is loaded: plugins, and facts of the user's.

    Raises:
        UnknownNameError: a release, version of Kubernetes, VM size or rule that does not exist.
        UsageError: a schema location that is no template of local files, a plugin that fails, a catalog that is none.
    """
    load_own(options)
    from dataclasses import replace

    from aksrdma import catalog
    from aksrdma.schemas.store import kubernetes_version

    for name in (*options.select, *options.ignore):
        if name not in (known := {*catalog.rules(), *get_args(Layer)}):
            raise UnknownNameError(f"no rule or layer named {name!r}{hint(name, known, most=None)}")
    release = catalog.release_name(options.release) if options.release else None
    kubernetes = kubernetes_version(options.kubernetes_version) if options.kubernetes_version else None
    sizes = tuple(vm_size_name(size) for size in options.vm_sizes)
    locations = tuple(options.schema_locations)
    if locations:
        from aksrdma.schemas.judge.foreign import locations_of  # with it comes jsonschema

        locations_of(locations)
    return replace(options, release=release, kubernetes_version=kubernetes, vm_sizes=sizes, schema_locations=locations)


def load_own(options: Options) -> None:
    """Load the facts and the rules that the user brings.

    Raises:
        UsageError: a plugin that fails, a catalog that is none.
    """
    if options.catalog is not None:
        from aksrdma import catalog
        from aksrdma.schemas import store

        catalog.use(Path(options.catalog))
        store.use(Path(options.catalog, "schemas"))
    for plugin in options.plugins:
        from aksrdma.checks.register import load_plugin

        load_plugin(plugin)


def vm_size_name(size: str) -> str:
    """Return the canonical name of a VM size; one without InfiniBand is a size too, which rules have words for.

    Raises:
        UnknownNameError: nobody knows such a size.
    """
    from aksrdma import catalog

    try:
        return catalog.vm_size(size).name
    except UnknownNameError:
        without = catalog.not_infiniband(size)
        if without is None or without.name == "*":
            raise
        return without.name


def stream_of(item: Any, number: int, function: str = "validate") -> Stream:
    """Return the documents of what is no Path: YAML text, a mapping, a typed object or a Cluster.

    Args:
        item: the object.
        number: its place among the arguments, by which a text is called.
        function: who takes it, for the message.

    Raises:
        UsageError: an object of another type.
    """
    from aksrdma.documents import Document, Stream, read

    if isinstance(item, str | bytes):
        return read(item, f"<text {number}>")
    data = item.wire() if hasattr(item, "wire") else item
    if not isinstance(data, Mapping):
        from aksrdma.cluster import Cluster  # with the records, which sets without a cluster do without
        from aksrdma.cluster.read import to_data

        data = to_data(data) if isinstance(data, Cluster) else data
    if not isinstance(data, Mapping):
        kind = type(item).__name__
        raise UsageError(
            f"{function} takes a Path, YAML text, a mapping, a typed object, a Cluster or a list of those, not {kind}"
        )
    return Stream("", [Document.from_data(dict(data), "", number)])
