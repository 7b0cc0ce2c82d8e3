"""`aksrdma schemas`: where the JSON Schemas lie, and how to add those of a new release."""

from __future__ import annotations

from pathlib import Path

import click

from aksrdma.paths import SCHEMAS


@click.group("schemas")
def command() -> None:
    """Find the JSON Schemas of each release, and import the CRDs of a new one.

    \b
    kubeconform -strict -schema-location \\
      "$(aksrdma schemas path v25.1.0)/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json" nic.yaml
    """


@command.command("path")
@click.argument("release", required=False, metavar="[RELEASE]")
def path(release: str | None) -> int:
    """Print the folder of the schemas, or that of one release."""
    from aksrdma import catalog

    click.echo(SCHEMAS / catalog.release_name(release) if release else SCHEMAS)
    return 0


@command.command("import")
@click.argument("crds", nargs=-1, required=True, metavar="CRD...", type=click.Path(path_type=Path, exists=True))
@click.option("--release", required=True, metavar="RELEASE", help="Name of the folder, such as v26.7.0.")
@click.option(
    "--out-dir", type=click.Path(path_type=Path, file_okay=False), default=SCHEMAS, help="Folder of all schemas."
)
def import_(crds: tuple[Path, ...], release: str, out_dir: Path) -> int:
    """Make JSON Schemas of CRD files (or folders of them), strict as the API server is with strict field validation.

    \b
    aksrdma schemas import network-operator/crds --release v26.7.0 --out-dir schemas
    """
    from aksrdma.schemas.make import import_crds

    for written in import_crds(crds, release, out_dir):
        click.echo(written)
    return 0
