"""`saccade duplicates` and `saccade undo`."""

import os
from typing import TYPE_CHECKING

import click

from saccade.core.errors import EXIT_PROBLEMS, InputError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import shown_path
from saccade.usecases.duplicates.cli.checking import (
    PICTURE_TIERS,
    check,
    check_top,
    distinct,
    html_option,
    leaks,
    show_overlap,
    verify_option,
)

if TYPE_CHECKING:
    from saccade.library import Library
    from saccade.usecases.duplicates.rules.applying import CleaningReport
    from saccade.usecases.duplicates.rules.reports import DuplicateReport
    from saccade.usecases.duplicates.rules.savings import PriceTable

_TIERS = (*PICTURE_TIERS, "burst", "scene")
_RULES = ("folder", "resolution", "quality", "metadata", "name", "date", "path")


@click.command(short_help="Find files that are the same; --apply puts the spare ones away.")
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    type=click.Choice(_TIERS),
    help="How files must be the same; repeatable. [default: bytes, pixels, picture]",
)
@click.option("--prefer", multiple=True, metavar="FOLDER", help="Keep the files in it; repeatable.")
@click.option(
    "--keep", multiple=True, type=click.Choice(_RULES), help="What makes a keeper, first things first."
)
@verify_option
@click.option(
    "--burst-seconds", type=float, default=10.0, show_default=True, help="Time between pictures of a burst."
)
@scope_options
@click.option("-k", "--top", type=int, default=10, show_default=True, metavar="N", help="Groups to show.")
@click.option("--apply", is_flag=True, help="Put the spare files into the quarantine. Nothing is deleted.")
@click.option("--to", metavar="DIR", help="A folder for the quarantine, also on another disk.")
@click.option("--prices", metavar="FILE", help="Your price table, to tell what the space is worth.")
@click.option("--across", metavar="DIR", help="Which pictures another library, or its folder, holds too.")
@html_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def duplicates(
    session: Session,
    *,
    tiers: tuple[str, ...],
    prefer: tuple[str, ...],
    keep: tuple[str, ...],
    verify: str,
    burst_seconds: float,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    top: int,
    apply: bool,
    to: str | None,
    prices: str | None,
    across: str | None,
    html: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Find files that are the same: the same bytes, the same pixels, or the same picture, edited.

    Each group says which file is worth keeping, and why. Without --apply nothing is changed. With it the
    spare files move to a quarantine, and `saccade undo` puts them back, byte for byte. Bursts and scenes
    are other pictures: they are looked for, and put away, only with --tier burst or --tier scene.

    With --across it tells which pictures another library holds too, and exits with 7 when there are any.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        check_top(top)
        wanted = tiers or PICTURE_TIERS
        table = _read_prices(prices)
        with existing_library(session.library) as library:
            if across is not None:
                if apply or where or folders or prefer or keep:
                    raise InputError("--across only compares whole libraries", hint="leave the rest out")
                with existing_library(across) as other:
                    if other.folder == library.folder:
                        raise InputError(f"{across} is this library itself", hint="name another one")
                    with progress_shown(quiet=quiet) as progress:
                        both = library.shared_with(other, tiers=wanted, verify=verify, progress=progress)
                    names = (_home(library), _home(other))
                    show_overlap(library, both, names, top=top, html=html, as_json=as_json)
                return
            with progress_shown(quiet=quiet) as progress:
                found = library.duplicates(
                    tiers=wanted,
                    where=where,
                    folders=folders,
                    prefer=prefer,
                    keep=keep,
                    burst_seconds=burst_seconds,
                    verify=verify,
                    progress=progress,
                )
                if html is not None:  # before anything moves: the pictures are still where they were
                    plan = library.clean(found, to=to, tiers=wanted, prices=table)
                    _write_html(library, found, plan, html)
                cleaning = library.clean(
                    found, apply=apply, to=to, tiers=wanted, prices=table, progress=progress
                )
            report_failures(found.failed)
            _show(found, cleaning, top=top, as_json=as_json)


@click.command(short_help="Put files back that `duplicates --apply` put away.")
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--list", "listed", is_flag=True, help="Tell all runs, and what their quarantine holds.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def undo(session: Session, *, run: str | None, listed: bool, quiet: bool, as_json: bool) -> None:
    """Put back what a RUN put away, byte for byte, with times and permissions; default: the newest.

    Nothing is overwritten: a file whose place is taken comes to lie beside it. Exits with 7 when a file
    could not be put back.
    """
    from saccade.usecases.duplicates.cli.finding_text import say_cleanings, say_undo
    from saccade.usecases.duplicates.wire.finding import of_cleanings, of_undo

    with (
        errors_reported(as_json=as_json, debug=session.debug),
        existing_library(session.library) as library,
    ):
        if listed:
            runs = library.cleanings()
            if as_json:
                print_json(of_cleanings(runs))
            else:
                say_cleanings(runs)
            return
        with progress_shown(quiet=quiet) as progress:
            report = library.undo(run, progress=progress)
        if as_json:
            print_json(of_undo(report))
        else:
            say_undo(report)
    if report.failed:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


def _home(library: "Library") -> str:
    """The folder a library is for, or its own where that lies elsewhere."""
    home, name = os.path.split(library.folder)
    return home if name == ".saccade" else library.folder


def _read_prices(path: str | None) -> "PriceTable | None":
    """The price table, read before any work so that a mistake in it costs none."""
    if path is None:
        return None
    from saccade.library.cleaning import read_prices

    return read_prices(path)


def _show(found: "DuplicateReport", cleaning: "CleaningReport", *, top: int, as_json: bool) -> None:
    from saccade.usecases.duplicates.cli.finding_text import say_duplicates
    from saccade.usecases.duplicates.wire.finding import of_duplicates

    if as_json:
        print_json(of_duplicates(found, cleaning))
    else:
        say_duplicates(found, cleaning, top=top)


def _write_html(library: "Library", found: "DuplicateReport", cleaning: "CleaningReport", path: str) -> None:
    from saccade.doors.page.report import write_report
    from saccade.usecases.duplicates.html.finding import duplicates_report

    write_report(path, duplicates_report(library, found, cleaning))
    note(f"report: {shown_path(os.path.abspath(path))}")


COMMANDS: tuple[click.Command, ...] = (duplicates, check, undo, distinct, leaks)
