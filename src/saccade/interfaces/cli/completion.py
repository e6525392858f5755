"""`saccade completion`: shell completion of commands and options."""

import click
from click.shell_completion import get_completion_class

from saccade.doors.terminal.output import say

PROGRAM = "saccade"
COMPLETE_VARIABLE = "_SACCADE_COMPLETE"
"""The environment variable with which a shell requests completions."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: saccade completion bash >> ~/.bashrc
    zsh:  saccade completion zsh >> ~/.zshrc
    fish: saccade completion fish > ~/.config/fish/completions/saccade.fish
    """  # noqa: D301, click keeps lines as they are after this character
    found = get_completion_class(shell)
    assert found is not None
    say(found(context.find_root().command, {}, PROGRAM, COMPLETE_VARIABLE).source())
