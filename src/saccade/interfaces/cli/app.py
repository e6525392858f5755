"""The `saccade` command with its subcommands, and how a run ends: exit status and last words."""

import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

import saccade
from saccade.doors.terminal.settings import Settings
from saccade.interfaces.cli.completion import COMPLETE_VARIABLE, PROGRAM, completion
from saccade.interfaces.cli.demonstration import demo
from saccade.usecases.clusters.cli import command as clusters
from saccade.usecases.duplicates.cli import finding as duplicates
from saccade.usecases.fields import cli as data
from saccade.usecases.indexing.cli.health import backup, doctor, show, status
from saccade.usecases.indexing.cli.index import index
from saccade.usecases.outliers import cli as outliers
from saccade.usecases.recommendations.cli import recommend as recommending
from saccade.usecases.searching.cli.commands import search, similar
from saccade.usecases.tags.cli import tag as tagging

_EPILOG = """\b
Examples:
  saccade index ~/Pictures
  saccade search "a dog on the beach"
  saccade search ./cat.jpg --less indoors --where "taken>=2024"
  saccade similar ./cat.jpg --copies
"""


class _Ordered(click.Group):
    """A group that lists its commands as they were added: the most used first."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names in the order they were added."""
        return list(self.commands)


@click.group(
    cls=_Ordered,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--library", envvar="SACCADE_LIBRARY", metavar="DIR", help="The library to use, or its folder.")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an unexpected error.")
@click.version_option(saccade.__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context, library: str | None, debug: bool) -> None:
    """Search any pile of images by words or by picture: offline, light, nothing ever lost.

    A library lives in FOLDER/.saccade and is found from any folder below, like git's.
    """
    context.obj = Settings(library=library or None, debug=debug)


_CURATION = (
    command
    for area in (duplicates, clusters, tagging, outliers, recommending, data)
    for command in area.COMMANDS
)
for _command in (index, search, similar, *_CURATION, show, status, doctor, backup, demo, completion):
    app.add_command(_command)


def run_command(args: Sequence[str] | None) -> int:
    """Run one command line; its exit status. Usage errors are told here, all others by the command.

    Not `app.main()`: that swallows a closed pipe and turns Ctrl-C into words of its own.
    """
    wanted = os.environ.get(COMPLETE_VARIABLE)
    if wanted:
        return shell_complete(app, {}, PROGRAM, COMPLETE_VARIABLE, wanted)
    try:
        with app.make_context(PROGRAM, list(sys.argv[1:] if args is None else args)) as context:
            app.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return 0
