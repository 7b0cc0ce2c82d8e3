"""`aksrdma init`: a cluster file to start from."""

from __future__ import annotations

import click

from aksrdma import catalog
from aksrdma.cli.options import profile_option, release_option
from aksrdma.cluster import Cluster
from aksrdma.cluster.model import Profile
from aksrdma.cluster.starter import starter


@click.command("init")
@click.option(
    "--vm-size", "vm_sizes", multiple=True, required=True, metavar="SIZE", help="VM size of a node pool; repeat it."
)
@profile_option
@release_option
@click.option("--name", default="aks-rdma", show_default=True, help="Name of the AKS cluster.")
def command(vm_sizes: tuple[str, ...], profile: Profile | None, release: str | None, name: str) -> int:
    """Print a commented cluster file for these VM sizes, ready to edit; it pins the newest release unless told.

    \b
    aksrdma init --vm-size Standard_ND96isr_H100_v5 > cluster.yaml
    aksrdma init --vm-size Standard_HB176rs_v4 --profile ipoib --release v25.10.0
    """
    asked = Cluster(name=name, release=release or catalog.newest())
    click.echo(starter(asked.name, asked.release, profile or asked.profile, vm_sizes), nl=False)
    return 0
