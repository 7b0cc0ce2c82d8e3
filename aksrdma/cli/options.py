"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from aksrdma.cluster import PROFILES

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


def say(quiet: bool, *notes: str) -> None:
    """Print notes to stderr, unless they are not wanted."""
    if not quiet:
        for note in notes:
            click.echo(f"note: {note}", err=True)
