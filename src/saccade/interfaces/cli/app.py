"""The `saccade` command with its subcommands, and how a run ends: exit status and final message."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click
from click.shell_completion import shell_complete

import saccade
from saccade.doors.terminal.settings import Session
from saccade.interfaces.cli.completion import COMPLETE_VARIABLE, PROGRAM
from saccade.interfaces.cli.opener import LibraryOpener

_EPILOG = """\b
Examples:
  saccade index ~/Pictures
  saccade search "a dog on the beach"
  saccade search ./cat.jpg --less indoors --where "taken>=2024"
  saccade similar ./cat.jpg --copies
"""


_SLICES = "saccade.usecases."
_SHELL = "saccade.interfaces.cli."
COMMANDS = {
    "index": _SLICES + "indexing.cli.index:index",
    "search": _SLICES + "searching.cli.commands:search",
    "similar": _SLICES + "searching.cli.commands:similar",
    "duplicates": _SLICES + "duplicates.cli.finding:duplicates",
    "check": _SLICES + "duplicates.cli.checking:check",
    "leaks": _SLICES + "duplicates.cli.checking:leaks",
    "distinct": _SLICES + "duplicates.cli.checking:distinct",
    "undo": _SLICES + "duplicates.cli.finding:undo",
    "clusters": _SLICES + "clusters.cli.command:clusters",
    "tag": _SLICES + "tags.cli.tag:tag",
    "teach": _SLICES + "tags.cli.teach:teach",
    "outliers": _SLICES + "outliers.cli.command:outliers",
    "recommend": _SLICES + "recommendations.cli.recommend:recommend",
    "feedback": _SLICES + "recommendations.cli.feedback:feedback",
    "fields": _SLICES + "fields.cli:fields",
    "show": _SLICES + "searching.cli.show:show",
    "status": _SLICES + "indexing.cli.health:status",
    "doctor": _SLICES + "indexing.cli.health:doctor",
    "forget": _SLICES + "indexing.cli.forget:forget",
    "backup": _SLICES + "indexing.cli.health:backup",
    "demo": _SHELL + "demonstration:demo",
    "completion": _SHELL + "completion:completion",
}
"""{command: module:function}, most used first; each is imported on use."""


class _Lazy(click.Group):
    """A group that imports a command when it is used; listed in the order of `COMMANDS`."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names, most used first."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """A command by name."""
        place = COMMANDS.get(name)
        if place is None:
            return None
        module, _, function = place.partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command


@click.group(
    cls=_Lazy,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--library", envvar="SACCADE_LIBRARY", metavar="DIR", help="The library to use, or its folder.")
@click.option("--debug", is_flag=True, help="Show the full traceback of unexpected errors.")
@click.version_option(saccade.__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context, library: str | None, debug: bool) -> None:
    """Search any collection of images by text or by picture: offline, lightweight, and safe.

    A library lives in FOLDER/.saccade and is found from any folder below, like git's.
    """
    context.obj = Session(opener=LibraryOpener(), library=library or None, debug=debug)


def run_command(args: Sequence[str] | None) -> int:
    """Run one command line; its exit status. Usage errors are reported here, all others by the command.

    Not `app.main()`: that swallows closed pipes and prints its own message on Ctrl-C.
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
