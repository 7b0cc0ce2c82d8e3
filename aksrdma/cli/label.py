"""`aksrdma label`: which VM sizes, or nodes, NodeFeatureRules label, with what, and why not."""

from __future__ import annotations

from pathlib import Path

import click

from aksrdma.cli.options import output_option, quiet_option, release_option, say
from aksrdma.cli.table import printable, table, text_of
from aksrdma.errors import UsageError


@click.command("label")
@click.argument("paths", nargs=-1, metavar="[PATH ...]")
@click.option("--cluster", metavar="FILE", help="A cluster file: its rule, where PATH has none, and its VM sizes.")
@click.option("--chart", is_flag=True, help="With the rule that the operator's chart brings, beside those of PATH.")
@click.option("--vm-size", "vm_sizes", multiple=True, metavar="SIZE", help="Look at this VM size alone.")
@release_option
@output_option("table", "json")
@quiet_option
def command(
    paths: tuple[str, ...],
    cluster: str | None,
    chart: bool,
    vm_sizes: tuple[str, ...],
    release: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Say which VM sizes a NodeFeatureRule labels, with what, and why others not.

    PATH is a file, a folder (read with all below it) or `-` for stdin, with NodeFeatureRules. Without one, it is the rule
    that `aksrdma render` makes, of --cluster if there is one. Where PATH also has what `kubectl get nodefeatures -A -o json`
    prints, the nodes of that cluster are looked at, not the VM sizes.

    Rules are judged as the Node Feature Discovery of the release does. `depends` is what a VM size does not tell, such as
    the kernel of its nodes.

    Exit 1 where the rules match nothing at all, or where they give the label by which the operator selects nodes with
    InfiniBand, and something with InfiniBand that is not retired does not get it.

    \b
    aksrdma label                                     # the rule that aksrdma renders
    aksrdma label --chart                             # the rule of the operator's chart
    aksrdma label my-rule.yaml --vm-size Standard_ND40rs_v2
    kubectl get nodefeatures -A -o json | aksrdma label my-rule.yaml -
    """
    from aksrdma.documents import STDIN
    from aksrdma.labelling import label
    from aksrdma.labelling.report import tables

    if STDIN in paths and cluster == STDIN:
        raise UsageError("stdin cannot be both the cluster and the rules; give one of them as a file")
    if "" in paths:
        raise UsageError("a PATH is empty; a variable in the command may not be set")
    asked = None
    if cluster is not None:
        from aksrdma.cluster.read import document_of, from_document

        asked = from_document(document_of(Path(cluster)))
    report = label(
        [Path(path) for path in dict.fromkeys(paths)] or None,
        cluster=asked,
        release=release,
        chart=chart,
        vm_sizes=vm_sizes,
    )
    if output == "json":
        click.echo(text_of(report.to_dict(), output), nl=False)
    else:
        parts = (f"{printable(heading)}\n\n{table(head, rows)}" for heading, head, rows in tables(report))
        click.echo("\n".join(parts), nl=False)
    say(quiet, *map(printable, report.notes))
    return 0 if report.ok else 1
