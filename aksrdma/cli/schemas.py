"""`aksrdma schemas`: where the JSON Schemas lie, and how to add those of a new release."""

from __future__ import annotations

from pathlib import Path

import click

from aksrdma.paths import SCHEMAS


@click.group("schemas")
def command() -> None:
    """Find the JSON Schemas of each release, and import the CRDs of a new one.

    \b
    template='{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json'
    kubeconform -strict -schema-location "$(aksrdma schemas path v25.1.0)/$template" \\
      -schema-location "$(aksrdma schemas path --kubernetes-version 1.36)/$template" manifests/
    """


@command.command("path")
@click.argument("release", required=False, metavar="[RELEASE]")
@click.option(
    "--kubernetes-version", metavar="VERSION", help="Of the kinds of Kubernetes, as a version such as 1.36 has them."
)
def path(release: str | None, kubernetes_version: str | None) -> int:
    """Print the folder of the schemas, or that of one release or of one version of Kubernetes."""
    from aksrdma import catalog
    from aksrdma.schemas import store

    if release and kubernetes_version:
        raise click.UsageError("name a release or --kubernetes-version: each has a folder of its own")
    folder = store.schema_folder(catalog.release_name(release)) if release else SCHEMAS
    if kubernetes_version:
        folder = store.schema_folder(store.builtin_folder(store.kubernetes_version(kubernetes_version)))
    click.echo(folder)
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
