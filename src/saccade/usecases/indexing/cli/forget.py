"""`saccade forget`: erases images and lets go of folders."""

import sys
from typing import TYPE_CHECKING

import click

from saccade.core.errors import InputError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import is_terminal, note, print_json, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import counted, shown_path
from saccade.engine.names import named_image

if TYPE_CHECKING:
    from saccade.core.status import ForgetReport


@click.command(short_help="Erase images, or whole folders, from the library.")
@click.argument("targets", nargs=-1, required=True, metavar="PHOTO-OR-FOLDER...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would be forgotten.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def forget(
    session: Session, *, targets: tuple[str, ...], yes: bool, dry_run: bool, quiet: bool, as_json: bool
) -> None:
    """Erase images from the library with everything known about them: embeddings, tags, feedback, fields.

    Takes photos (files, ids, or an id's first 8 digits), folders or archives, even ones that no longer exist.
    An image with several files is forgotten with all of them; a folder takes only the images found nowhere
    else. Files on disk are never touched, so a photo in a folder that is still indexed comes back with the
    next `saccade index`.

    Shows what would be forgotten, then asks. In scripts and with --json, pass --yes.
    """
    with existing_library(session, as_json=as_json) as library:
        if not (yes or dry_run) and (as_json or not _can_ask()):
            raise InputError(
                "nothing was changed: nobody can be asked here",
                hint="pass --yes to forget it, or --dry-run to see what would go",
            )
        from saccade.usecases.indexing.api import Indexing

        indexing, named = Indexing(library), [named_image(target) for target in targets]
        sure = yes and not dry_run
        if not sure:
            report = indexing.forget(*named, dry_run=True)
            if not as_json:
                _say(report)
            sure = not dry_run and _agreed()
        if sure:
            with progress_shown(quiet=quiet) as progress:
                report = indexing.forget(*named, progress=progress)
        if as_json:
            print_json(report)
        elif sure:
            _say(report)
        else:
            note("nothing was changed")


def _can_ask() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and is_terminal(error=True)


def _agreed() -> bool:
    """Whether a person says yes."""
    note("forget this for good? [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(report: "ForgetReport") -> None:
    """Print the output of `forget`."""
    what = f"{counted(report.images, 'image')} in {counted(report.files, 'file')}"
    if report.folders:
        what += f" and {counted(report.folders, 'folder')}"
    if not report.done:
        say(f"would forget {what}")
        for copy in report.copies:
            say(f"would delete {shown_path(copy)}, a copy from before an upgrade")
        return
    if report.resumed:
        say("finished forgetting what an interrupted run had begun")
    say(f"forgot {what}")
    for copy in report.copies:
        say(f"deleted {shown_path(copy)}, a copy from before an upgrade")
    if report.originals:
        note(f"{shown_path(report.originals)} still holds pictures as they were before tags were written")
    note("the files are where they were; backups you made still hold what was forgotten")
