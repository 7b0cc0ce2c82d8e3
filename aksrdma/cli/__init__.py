"""The command line: parses, calls the library, prints, exits. Each command is a module, imported when it is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from aksrdma._version import __version__
from aksrdma.errors import AksrdmaError

INTERRUPTED: Final = 130
COMMANDS: Final = {
    "catalog": "The facts: releases, VM sizes, profiles, images, rules.",
    "check-log": "Tell from a log whether a job really used RDMA.",
    "completion": "Print the completion script of a shell.",
    "explain": "Say why: a rule, a variable, a field, a profile, a VM size.",
    "fit": "How many replicas a cluster holds, and why one stays Pending.",
    "inject": "Add what RDMA needs to workloads that you have.",
    "images": "Every image of a cluster, and the commands that mirror them.",
    "init": "Print a commented cluster file for your VM sizes.",
    "label": "Which VM sizes or nodes a NodeFeatureRule labels, and why not.",
    "render": "Print or write the manifests of a cluster.",
    "schemas": "Find the JSON Schemas; import those of a new release.",
    "validate": "Judge any manifests, as those would who read them.",
    "workload": "Jobs that prove that RDMA works.",
}


NOT_YET: Final = {
    "doctor": (
        "it comes with a later version; until then `kubectl get nodes,pods -A -o json | aksrdma fit JOB --cluster -` says why"
        " pods stay Pending, and `kubectl get KIND -A -o yaml | aksrdma validate -` judges policies, plugins and pods"
    )
}
"""Commands that a message names and this version lacks, with what to use in their place."""


class _Commands(click.Group):
    """Knows the names and first lines of the commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"aksrdma.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from aksrdma.nearest import hint

            instead = f": {NOT_YET[name]}" if name in NOT_YET else hint(name, COMMANDS)
            ctx.fail(f"no command {name!r}{instead}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="aksrdma", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Make and check the Kubernetes manifests for RDMA over InfiniBand on AKS with NVIDIA Network Operator.

    \b
    aksrdma init --vm-size Standard_ND96isr_H100_v5 > cluster.yaml
    aksrdma render cluster.yaml --out-dir out
    aksrdma render cluster.yaml | kubectl apply --server-side -f -
    aksrdma validate manifests/
    aksrdma inject job.yaml --vm-size Standard_ND96isr_H100_v5 --diff
    aksrdma fit job.yaml --cluster cluster.yaml
    aksrdma check-log job.log --vm-size Standard_ND96isr_H100_v5
    """
    if ctx.invoked_subcommand != "catalog":  # which does so itself: its import makes the folder
        from aksrdma.cli.config import use_own_facts

        use_own_facts()


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code: never a traceback for a user's mistake."""
    stdout = sys.stdout
    try:
        code: int = cli.main(args=list(arguments), prog_name="aksrdma", standalone_mode=False)
    except AksrdmaError as error:
        for line in str(error).splitlines():
            click.echo(f"error: {line}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _closed_pipe()
    except SystemExit:
        if sys.stdout is not stdout:  # click answers a closed pipe with another stdout and exit code 1
            return _closed_pipe()
        raise
    return code


def _closed_pipe() -> int:
    """The reader of stdout has seen enough (`| head`): not an error, and nothing to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
