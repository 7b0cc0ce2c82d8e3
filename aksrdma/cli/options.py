"""Options that several commands have, and how they make a cluster."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.cluster.binding import Problems
from aksrdma.cluster.read import document_of, from_document, located, only_document
from aksrdma.errors import ClusterError, PlanError, UsageError
from aksrdma.plan import PROFILES, Plan, make_plan

if TYPE_CHECKING:
    from aksrdma.documents import Document

Decorated = Callable[..., Any]


def release_option(function: Decorated) -> Decorated:
    """Add `--release`."""
    text = "Network Operator release, such as v26.4.1; `aksrdma catalog releases` lists them."
    return click.option("--release", "-r", envvar="AKSRDMA_RELEASE", metavar="RELEASE", help=text)(function)


def profile_option(function: Decorated) -> Decorated:
    """Add `--profile`."""
    text = "How pods get RDMA; `aksrdma catalog profiles` compares them."
    return click.option("--profile", "-p", envvar="AKSRDMA_PROFILE", type=click.Choice(PROFILES), help=text)(function)


def quiet_option(function: Decorated) -> Decorated:
    """Add `--quiet`."""
    return click.option("--quiet", "-q", is_flag=True, help="No notes on stderr.")(function)


def output_option(function: Decorated) -> Decorated:
    """Add `-o table|json|yaml`."""
    choice = click.Choice(["table", "json", "yaml"])
    return click.option("--output", "-o", type=choice, default="table", show_default=True, help="Format.")(function)


def plan_of(file: str | None, release: str | None, profile: str | None, vm_sizes: Sequence[str]) -> Plan:
    """Plan for the cluster that the arguments name: flags over environment over the file over defaults.

    Raises:
        AksrdmaError: a file or a value that cannot be right; with the line, where it stands in a file.
    """
    if file is not None and vm_sizes:
        raise UsageError(f"--vm-size describes a cluster without a file; {file} names the VM sizes in spec.nodePools")
    document = _document(file) if file is not None else None
    cluster = from_document(document) if document else Cluster(node_pools=pools_of(vm_sizes))
    try:
        return make_plan(_given(cluster, release, profile))
    except PlanError as error:
        if document is None:
            raise
        problems: Problems = [(("spec", *path), wrong) for path, wrong in error.problems]
        raise ClusterError(located(document, problems)) from error


def _given(cluster: Cluster, release: str | None, profile: str | None) -> Cluster:
    fields: dict[str, Any] = {"release": release and catalog.release(release).name, "profile": profile}
    return dataclasses.replace(cluster, **{name: value for name, value in fields.items() if value})


def _document(file: str) -> Document:
    return only_document(sys.stdin.buffer.read(), "<stdin>") if file == "-" else document_of(Path(file))


def pools_of(vm_sizes: Sequence[str]) -> list[NodePool]:
    """Return a node pool for each VM size, under a name that says nothing: the user has named none."""
    return [NodePool(name=f"rdma{number}", vm_size=size) for number, size in enumerate(vm_sizes, start=1)]


def say(quiet: bool, *notes: str) -> None:
    """Print notes to stderr, unless they are not wanted."""
    if not quiet:
        for note in notes:
            click.echo(f"note: {note}", err=True)
