"""`aksrdma fit`: how many replicas fit, and why a pod stays Pending."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from aksrdma.cli.options import name_of, nothing_in, output_option, paths_beside, profile_option, quiet_option, say
from aksrdma.cli.table import text_of
from aksrdma.errors import ReadError

if TYPE_CHECKING:
    from aksrdma.documents import Document, Stream


@click.command("fit")
@click.argument("paths", nargs=-1, metavar="[PATH ...]")
@click.option(
    "--cluster", required=True, metavar="FILE", help="A cluster file, or what kubectl or az print of the nodes."
)
@profile_option
@output_option("table", "json")
@quiet_option
def command(paths: tuple[str, ...], cluster: str, profile: str | None, output: str, quiet: bool) -> int:
    """Say how many pods of workloads find a node, which resource runs out first, and why others stay Pending.

    PATH is a file, a folder (read with all below it) or `-` for stdin, which is also meant without PATH. --cluster is a
    cluster file, or the output of `kubectl get nodes -o json`, of `kubectl get nodes,pods -A -o json` (what runs there is
    then subtracted), or of `az aks nodepool list -o json`; `-` is stdin. Nothing is asked of the cluster itself. Exit 1
    where a pod stays Pending.

    \b
    aksrdma fit job.yaml --cluster cluster.yaml
    kubectl get nodes,pods -A -o json | aksrdma fit job.yaml --cluster -
    az aks nodepool list -g GROUP --cluster-name NAME -o json | aksrdma fit jobs/ --cluster - -o json
    """
    from aksrdma.documents import read_bytes
    from aksrdma.workloads.fit import fit, not_counted, read_nodes, read_workloads, render_table

    named = paths_beside(cluster, paths, "the nodes and the workloads")
    nodes = read_nodes(read_bytes(cluster), name_of(cluster), profile)
    documents = _documents(named)
    report = fit(nodes, read_workloads(documents))
    click.echo(text_of(report.to_dict(), output) if output == "json" else render_table(report), nl=False)
    unknown = list(not_counted(documents))
    say(quiet, *report.notes, *unknown)
    if not report.workloads and not unknown:
        say(quiet, f"none of the {len(documents)} documents is a workload, so there is nothing to place")
    return 0 if report.ok else 1


def _documents(paths: Sequence[str]) -> list[Document]:
    """Return the documents of paths in order, those of a kustomization as it is built.

    Raises:
        ReadError: a file that cannot be read, is no YAML, or cannot be built; or there is no document at all.
    """
    from aksrdma.documents import read_file
    from aksrdma.validation.sources import sources_of

    found: list[Document] = []
    templates = 0
    for source in sources_of(paths):
        streams = [read_file(file) for file in source.files]
        streams += [_built(folder) for folder in source.kustomizations]
        for stream in streams:
            # A template of Helm is no YAML before it is rendered; a folder with a chart in it can be read all the same.
            if stream.problems and not stream.is_template:
                raise ReadError("\n".join(stream.mistakes()))
            found += stream.documents
            templates += stream.is_template
    if not found and not templates:
        raise nothing_in(paths)
    return found


def _built(folder: str) -> Stream:
    from aksrdma.validation.kustomizations import KustomizeError, build

    try:
        stream = build(folder)
    except KustomizeError as error:
        raise ReadError(f"{folder}: kustomize cannot build this: {error}") from error
    if stream is None:
        raise ReadError(f"{folder} has a kustomization; put kustomize or kubectl on PATH, or pipe the build in")
    return stream
