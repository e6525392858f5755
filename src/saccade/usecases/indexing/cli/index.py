"""`saccade index`."""

import os
import sys

import click

from saccade.core.errors import EXIT_PROBLEMS, InputError
from saccade.doors.terminal.opening import library_to_index, summary
from saccade.doors.terminal.output import print_json, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import shown_path

_STDIN = "-"


@click.command(short_help="Read folders, archives and files into the library.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Skip files that match; repeatable.")
@click.option(
    "--from-stdin",
    is_flag=True,
    help="Read more paths from stdin, one per line or zero-terminated (also: -).",
)
@click.option("--allow-empty", is_flag=True, help="Accept that a folder that had images is now empty.")
@click.option(
    "--kind",
    type=click.Choice(["auto", "flat", "ivf", "hnsw"]),
    help="Rebuild the search indexes as this kind, and keep using it.",
)
@click.option("--strict", is_flag=True, help=f"Exit with {EXIT_PROBLEMS} if a file could not be read.")
@click.option("-q", "--quiet", is_flag=True, help="Report failures only.")
@json_option
@library_option
@click.pass_obj
def index(
    session: Session,
    *,
    paths: tuple[str, ...],
    exclude: tuple[str, ...],
    from_stdin: bool,
    allow_empty: bool,
    kind: str | None,
    strict: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Bring the library up to date with folders, archives (zip, tar) and picture files.

    Without a PATH: everything the library covers, or the current folder if it has no library yet. Only new
    and changed files are read; an interrupted run resumes where it stopped.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        named = [path for path in paths if path != _STDIN]
        piped = from_stdin or _STDIN in paths
        listed = _paths_on_stdin() if piped else []
        if piped and not named and not listed:
            raise InputError("no paths on stdin", hint="e.g. find . -name '*.jpg' | saccade index -")
    with library_to_index(session, named or listed, as_json=as_json) as (library, places):
        from saccade.usecases.indexing.api import Indexing
        from saccade.usecases.indexing.wire import index_answer

        with progress_shown(quiet=quiet) as progress:
            report = session.opener.index(
                library,
                named if piped else places,
                exclude=exclude,
                files=listed,
                allow_empty=allow_empty,
                progress=progress,
            )
            if kind is not None:
                Indexing(library).build_indexes(kind, progress=progress)
        report_failures(report.failed)
        if as_json:
            print_json(index_answer(report, library.folder))
        elif not quiet:
            say(summary(report))
            say(f"library: {shown_path(library.folder)}")
    if strict and report.failed:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


def _paths_on_stdin() -> list[str]:
    """The paths on stdin, byte for byte: zero-terminated if there is a zero byte, else one per line."""
    data = sys.stdin.buffer.read()
    items = data.split(b"\0") if b"\0" in data else data.split(b"\n")
    return [os.fsdecode(item) for item in items if item]
