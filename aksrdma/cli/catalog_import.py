"""`aksrdma catalog import`: a release of one's own from its chart, in one command."""

from __future__ import annotations

from pathlib import Path

import click

from aksrdma.cli.config import configured
from aksrdma.errors import OutputError, UsageError


@click.command("import")
@click.argument("chart", metavar="CHART|FOLDER", type=click.Path(path_type=Path, exists=True))
@click.option("--release", metavar="RELEASE", help="Its name, such as v26.7.0; left out: the chart's own.")
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of your catalog; left out: the one that the configuration names.",
)
def command(chart: Path, release: str | None, out_dir: Path | None) -> int:
    """Make the row and the schemas of a release from its chart, and say what a person must still decide.

    CHART is what `helm pull` brings, packed or unpacked; FOLDER may also be a checkout of the operator's repository, which
    has the images of all components and the CRDs that the operator brings. Nothing of it is run. The files go where
    `catalog = "DIR"` of the configuration looks, so that `render --release` and `validate --release` know it at once.

    \b
    helm pull network-operator --repo https://helm.ngc.nvidia.com/nvidia --version 26.7.0
    aksrdma catalog import network-operator-26.7.0.tgz --out-dir facts
    aksrdma catalog import network-operator/ --release v26.7.0 --out-dir facts
    """
    from aksrdma.rendering import disk
    from aksrdma.schemas.make import imported, read_chart

    own = configured().get("catalog")
    folder = out_dir or (Path(own) if own else None)
    if folder is None:
        raise UsageError('name the folder of your catalog with --out-dir, or as catalog = "DIR" in aksrdma.toml')
    made = imported(read_chart(chart), release)
    changed = [one.path for one in disk.stale(made.files, folder) if one.kind == "changed"]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise OutputError(
            f"{folder / changed[-1]}{more} is there and differs, perhaps by what you decided; move it away, or choose another "
            "--out-dir. Nothing was written"
        )
    done = disk.write(made.files, folder)
    click.echo(f"{made.name}: {len(done.written)} files written to {folder}, {len(done.unchanged)} unchanged")
    click.echo(f"Still to be decided in {folder / 'releases' / f'{made.name}.yaml'}:")
    for line in made.decide:
        click.echo(f"- {line}")
    if own is None or Path(own).resolve() != folder.resolve():
        click.echo(f'To use it, write catalog = "{folder}" into aksrdma.toml or [tool.aksrdma] of pyproject.toml')
    return 0
