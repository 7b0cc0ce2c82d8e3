"""`aksrdma images`: every image and chart of a cluster, or the commands that bring them into its registry."""

from __future__ import annotations

from dataclasses import asdict, replace

import click

from aksrdma import api
from aksrdma.cli.clusters import plan_of
from aksrdma.cli.options import output_option, profile_option, quiet_option, release_option, say
from aksrdma.cli.table import table, text_of


@click.command("images")
@click.argument("cluster", required=False, metavar="[CLUSTER]")
@release_option
@profile_option
@click.option(
    "--vm-size", "vm_sizes", multiple=True, metavar="SIZE", help="VM size of the nodes, without a CLUSTER file."
)
@click.option("--registry", metavar="HOST[/PATH]", help="Registry to bring them to; spec.registry unless told.")
@output_option("table", "json", "acr-import", "acr-cache", "skopeo")
@quiet_option
def command(
    cluster: str | None,
    release: str | None,
    profile: str | None,
    vm_sizes: tuple[str, ...],
    registry: str | None,
    output: str,
    quiet: bool,
) -> int:
    """List every image and chart of a cluster, with digests, or print the commands that mirror them.

    CLUSTER is a file as `aksrdma init` prints it, or `-` for stdin. A registry keeps each image below the whole name that
    it has elsewhere: nvcr.io/nvidia/driver is REGISTRY/nvcr.io/nvidia/driver. With spec.registry in the cluster file,
    `render` takes all of them from there.

    \b
    aksrdma images cluster.yaml
    aksrdma images cluster.yaml -o acr-import > fill.sh && sh -e fill.sh
    aksrdma images cluster.yaml -o acr-cache --registry contoso.azurecr.io
    aksrdma images cluster.yaml -o json | jq -r '.images[].reference'
    """
    asked = plan_of(cluster, release, profile, vm_sizes).decisions.cluster
    if registry is not None:
        asked = replace(asked, registry=registry)
    found = api.images(asked)
    say(quiet, *found.notes)
    if output == "json":
        click.echo(text_of(asdict(found), "json"), nl=False)
        return 0
    if output != "table":
        from aksrdma.delivery import FORMATS  # most ask for the list

        commands = FORMATS[output](found)
        say(quiet, *commands.notes)
        click.echo("\n".join(commands.lines))
        return 0
    charts = [(f"{one.name} {one.version}", one.repository, one.mirror) for one in found.charts]
    images = [(one.reference, "; ".join(one.needed_by), one.digest) for one in found.images]
    click.echo(table(["CHART", "REPOSITORY", "IN THE REGISTRY"], charts))
    click.echo(table(["IMAGE", "NEEDED BY", "DIGEST"], images), nl=False)
    return 0
