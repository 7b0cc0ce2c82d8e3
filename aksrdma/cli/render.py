"""`aksrdma render`: the objects as one stream, or the kustomize tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from aksrdma import catalog
from aksrdma.cli.clusters import plan_of
from aksrdma.cli.options import profile_option, quiet_option, release_option, say
from aksrdma.errors import UsageError
from aksrdma.plan import Plan
from aksrdma.rendering import stream, tree_of


@click.command("render")
@click.argument("cluster", required=False, metavar="[CLUSTER]")
@release_option
@profile_option
@click.option(
    "--vm-size", "vm_sizes", multiple=True, metavar="SIZE", help="VM size of the nodes, without a CLUSTER file."
)
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), help="Write the kustomize tree here.")
@click.option(
    "--check",
    "--dry-run",
    "--diff",
    "check",
    is_flag=True,
    help="Write nothing; show a diff and exit 1 where --out-dir is stale.",
)
@click.option("--prune", is_flag=True, help="Remove files of an earlier render that this one does not have.")
@quiet_option
def command(
    cluster: str | None,
    release: str | None,
    profile: str | None,
    vm_sizes: tuple[str, ...],
    out_dir: Path | None,
    check: bool,
    prune: bool,
    quiet: bool,
) -> int:
    """Print the objects of a cluster in the order in which to apply them, or write its kustomize tree.

    CLUSTER is a file as `aksrdma init` prints it, or `-` for stdin. Without it, the options describe a cluster
    without node pools, which is what upstream's overlays are.

    \b
    aksrdma render --release v26.4.1 --profile ipoib
    aksrdma render cluster.yaml | kubectl apply --server-side -f -
    aksrdma render cluster.yaml --out-dir out --prune
    aksrdma render cluster.yaml --out-dir out --check     # in CI
    """
    if out_dir is None and (check or prune):
        flag = "--check (--dry-run, --diff), which compares a folder," if check else "--prune"
        raise UsageError(f"{flag} needs --out-dir; without it, render only prints")
    plan = plan_of(cluster, release, profile, vm_sizes)
    if not cluster and not release:
        guides, newest = catalog.defaults().release, catalog.newest()
        say(quiet, f"release {guides}, that of the AKS guide; --release {newest} is the newest")
    say(quiet, *plan.notes)
    if out_dir is None:
        say(quiet, *_apart(plan))
        click.echo(stream(plan), nl=False)
        return 0
    return _check(plan, out_dir, quiet) if check else _write(plan, out_dir, prune, quiet)


def _apart(plan: Plan) -> Iterator[str]:
    """Say what the cluster needs besides the stream: a pool would have no NICs or no GPUDirect without it, silently."""
    if not plan.decisions.per_pool:
        return
    needed = [f"{one.data['kind']} {one.data['metadata']['name']}" for one in plan.on_nodes]
    if needed:
        yield f"needed too, and not printed: {', '.join(needed)}; --out-dir writes all, and INSTALL.md says when to apply it"


def _check(plan: Plan, folder: Path, quiet: bool) -> int:
    differences = tree_of(plan).stale(folder)
    for difference in differences:
        click.echo(difference.diff(), nl=False)
    say(quiet, *(f"{folder / one.path} is {one.kind}" for one in differences))
    return 1 if differences else 0


def _write(plan: Plan, folder: Path, prune: bool, quiet: bool) -> int:
    done = tree_of(plan).write(folder, prune=prune)
    say(
        quiet,
        f"{len(done.written)} files written to {folder}, {len(done.unchanged)} unchanged; next: {folder / 'INSTALL.md'}",
    )
    say(quiet, *(f"{folder / path} is left over from an earlier render; --prune removes it" for path in done.left_over))
    say(quiet, *(f"{folder / path} was removed" for path in done.removed))
    return 0
