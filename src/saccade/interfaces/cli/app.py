"""The `saccade` command with its subcommands, and how a run ends: exit status and last words."""

from collections.abc import Sequence

import click

import saccade
from saccade.interfaces.cli.completion import completion
from saccade.interfaces.cli.demonstration import demo
from saccade.interfaces.cli.indexing import index
from saccade.interfaces.cli.inspecting import backup, doctor, show, status
from saccade.interfaces.cli.searching import search, similar
from saccade.interfaces.cli.settings import Settings

_EPILOG = """\b
Examples:
  saccade index ~/Pictures
  saccade search "a dog on the beach"
  saccade search ./cat.jpg --less indoors --where "taken>=2024"
  saccade similar ./cat.jpg --copies
"""


@click.group(
    epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--library", envvar="SACCADE_LIBRARY", metavar="DIR", help="The library to use, or its folder.")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an unexpected error.")
@click.version_option(saccade.__version__, prog_name="saccade", message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context, library: str | None, debug: bool) -> None:
    """Search any pile of images by words or by picture: offline, light, nothing ever lost.

    A library lives in FOLDER/.saccade and is found from any folder below, like git's.
    """
    context.obj = Settings(library=library or None, debug=debug)


for _command in (index, search, similar, show, status, doctor, backup, demo, completion):
    app.add_command(_command)


def run_command(args: Sequence[str] | None) -> int:
    """Run one command line; its exit status. Usage errors are told here, all others by the command."""
    try:
        outcome = app.main(
            args=list(args) if args is not None else None, prog_name="saccade", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as error:  # click turns Ctrl-C into this
        raise KeyboardInterrupt from error
    return outcome if isinstance(outcome, int) else 0
