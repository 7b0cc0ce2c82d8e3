"""`aksrdma completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of a shell.

    \b
    source <(aksrdma completion bash)
    aksrdma completion zsh > "${fpath[1]}/_aksrdma"
    aksrdma completion fish > ~/.config/fish/completions/aksrdma.fish
    """
    from aksrdma.cli import cli

    completion = get_completion_class(shell)
    assert completion is not None  # click has all three
    click.echo(completion(cli, {}, "aksrdma", "_AKSRDMA_COMPLETE").source())
    return 0
