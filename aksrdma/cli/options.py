"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from aksrdma.cluster import PROFILES
from aksrdma.documents import STDIN
from aksrdma.errors import ReadError, UsageError

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


def output_option(*formats: str) -> Decorated:
    """Add `-o` with these formats, the first of them by default."""
    choice = click.Choice(formats)
    return click.option("--output", "-o", type=choice, default=formats[0], show_default=True, help="Format.")


def name_of(file: str) -> str:
    """Return how a file is called in messages."""
    return "<stdin>" if file == STDIN else file


def paths_beside(cluster: str | None, paths: Sequence[str], both: str) -> Sequence[str]:
    """Return the paths, or stdin where there is none.

    Args:
        cluster: the file of `--cluster`, which may be stdin too.
        paths: the paths that were given.
        both: what the two files are, for the message.

    Raises:
        UsageError: stdin is asked for twice.
    """
    named = paths or (STDIN,)
    if cluster == STDIN and STDIN in named:
        raise UsageError(f"stdin cannot be both {both}; give one of them as a file")
    return named


def nothing_in(paths: Sequence[str]) -> ReadError:
    """Return the error for paths that hold no object at all, which kubectl refuses as well.

    Args:
        paths: files, folders, or `-`.
    """
    names = ", ".join(map(name_of, paths))
    if all(map(os.path.isdir, paths)):
        return ReadError(f"{names}: no manifest in it: there is no .yaml, .yml or .json file with an object below it")
    return ReadError(f"{names}: no manifest in it: it is empty; what was to write it may have failed")


def say(quiet: bool, *notes: str) -> None:
    """Print notes to stderr, unless they are not wanted."""
    if not quiet:
        for note in notes:
            click.echo(f"note: {note}", err=True)
