"""`aksrdma validate`: judges any YAML."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from aksrdma import reports
from aksrdma.cli.config import configured
from aksrdma.cli.options import nothing_in, output_option, quiet_option, release_option, say
from aksrdma.documents import STDIN
from aksrdma.validation import Options, Report, prepared
from aksrdma.validation.run import run
from aksrdma.validation.sources import sets_with, sources_of


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH ...]")
@release_option
@click.option(
    "--kubernetes-version", metavar="VERSION", help="Version of Kubernetes by which its own kinds are judged, as 1.36."
)
@click.option(
    "--admission-controller", is_flag=True, default=None, help="The operator's webhook is on: judge as it does."
)
@click.option("--vm-size", "vm_sizes", multiple=True, metavar="SIZE", help="VM size of the nodes; repeat it.")
@click.option("--nodes", type=click.IntRange(0), metavar="N", help="Number of nodes.")
@click.option("--together", is_flag=True, default=None, help="All that is named is one set, for one cluster.")
@click.option(
    "--changed",
    is_flag=True,
    help="The paths are files below this folder: judge the sets that they belong to, report what stands in them.",
)
@click.option("--select", multiple=True, metavar="RULE,...", help="Report only these rules or layers.")
@click.option("--ignore", multiple=True, metavar="RULE,...", help="Do not report these rules or layers.")
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "info", "never"]), help="Least severity that fails [error]."
)
@click.option("--strict", is_flag=True, default=None, help="What is no manifest, and unknown kinds, are errors.")
@click.option(
    "--schema-location",
    "schema_locations",
    multiple=True,
    metavar="TEMPLATE",
    help="Your JSON Schemas of further kinds, local files, named as for kubeconform; repeat it.",
)
@click.option(
    "--max-file-size", type=click.IntRange(1), metavar="BYTES", help="Bytes of a file beyond which it is refused."
)
@output_option(*reports.FORMATS)
@quiet_option
def command(paths: tuple[str, ...], output: str, quiet: bool, changed: bool, **given: Any) -> int:
    """Judge manifests, ours or not; exit 1 where something is wrong.

    PATH is a file, a folder (read with all below it) or `-` for stdin, which is also meant without PATH. The files of
    a folder are a set, which goes to one cluster; a folder with a kustomization is built with your own kustomize or
    kubectl. The release is --release, or that of a cluster file in the set, or the one that the image versions name.

    \b
    aksrdma validate manifests/
    aksrdma render cluster.yaml | aksrdma validate -
    aksrdma validate manifests/ --release v25.10.0 --admission-controller --vm-size Standard_ND96isr_H100_v5
    aksrdma validate manifests/ --schema-location 'crds/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json'
    aksrdma validate manifests/ -o sarif > aksrdma.sarif
    git diff --name-only main -- '*.yaml' | xargs aksrdma validate --changed
    """
    options = prepared(_options(given))
    named = paths or (STDIN,)
    sources = (
        sets_with(paths, together=options.together)
        if changed
        else sources_of(named, together=options.together, completed=True)
    )
    report = run(sources, options)
    if report.is_empty and not changed:
        raise nothing_in(named)
    click.echo(_text(report, output), nl=False)
    say(quiet, *report.notes)
    if output == "text" and not quiet:
        from aksrdma.reports.text import summary_line

        click.echo(summary_line(report), err=True)
    return 0 if report.ok else 1


def _options(given: dict[str, Any]) -> Options:
    """Join flags and configuration: a flag that is given goes over the file."""
    fields = configured()
    for name, value in given.items():
        if value is None or value == ():
            continue
        if name in ("select", "ignore"):
            value = tuple(word.strip() for one in value for word in one.split(",") if word.strip())
        fields[name] = value
    return Options(**fields)


def _text(report: Report, output: str) -> str:
    if output != "text":
        return reports.write(report, output)
    from aksrdma.reports.text import write

    terminal = sys.stdout.isatty()
    return write(report, terminal=terminal, color=terminal and not os.environ.get("NO_COLOR"))
