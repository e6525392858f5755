"""`saccade duplicates` and `saccade undo`."""

import os
from dataclasses import dataclass
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
    check_top,
    html_option,
    show_overlap,
    verify_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.engine.context import LibraryContext
    from saccade.usecases.duplicates.rules.applying import ApplyReport
    from saccade.usecases.duplicates.rules.reports import DuplicateReport, OverlapReport
    from saccade.usecases.duplicates.rules.savings import PriceTable

_TIERS = (*PICTURE_TIERS, "burst", "scene")
_RULES = ("folder", "resolution", "quality", "metadata", "name", "date", "path")


@click.command(short_help="Find duplicate files; --apply moves the spare ones away.")
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    type=click.Choice(_TIERS),
    help="How files must match; repeatable. [default: bytes, pixels, picture]",
)
@click.option("--prefer", multiple=True, metavar="FOLDER", help="Keep the files in FOLDER; repeatable.")
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(_RULES),
    help="Rules for which file to keep, most important first.",
)
@verify_option
@click.option(
    "--burst-seconds",
    type=float,
    default=10.0,
    show_default=True,
    help="Maximum seconds between pictures of a burst.",
)
@scope_options
@click.option("-k", "--top", type=int, default=10, show_default=True, metavar="N", help="Groups to show.")
@click.option("--apply", is_flag=True, help="Move the spare files to the quarantine. Nothing is deleted.")
@click.option("--to", metavar="DIR", help="Folder for the quarantine; may be on another disk.")
@click.option("--prices", metavar="FILE", help="Your price table, to estimate what the space is worth.")
@click.option("--across", metavar="DIR", help="List pictures that another library (or its folder) also has.")
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
    """Find duplicates: files with the same bytes, the same pixels, or the same picture, edited.

    Each group shows which file to keep, and why. Without --apply nothing is changed. With it, the
    spare files move to a quarantine, and `saccade undo` puts them back, byte for byte. Bursts and scenes are
    different pictures: they are found and moved only with --tier burst or --tier scene.

    With --across, it lists pictures that another library also has, and exits with 7 if there are any.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        check_top(top)
        if across is not None and (apply or where or folders or prefer or keep):
            raise InputError("--across only compares whole libraries", hint="leave out the other options")
        table = _read_prices(prices)
    wanted = tiers or PICTURE_TIERS
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.duplicates.api import Duplicates

        duplicates = Duplicates(context)
        if across is not None:
            with session.opener.opened(across, create=False) as other:
                both = _overlap(context, other, across, wanted, verify=verify, quiet=quiet)
                names = (_home(context), _home(other))
                show_overlap(context, both, names, top=top, html=html, as_json=as_json)
            return
        with progress_shown(quiet=quiet) as progress:
            found = duplicates.find(
                tiers=wanted,
                where=where,
                folders=folders,
                prefer=prefer,
                keep=keep,
                burst_seconds=burst_seconds,
                verify=verify,
                progress=progress,
            )
            if html is not None:  # before anything moves, while the pictures are still there
                plan = duplicates.apply(found, dry_run=True, to=to, tiers=wanted, prices=table)
                _write_html(context, found, plan, html)
            applied = duplicates.apply(
                found, dry_run=not apply, to=to, tiers=wanted, prices=table, progress=progress
            )
        report_failures(found.failed)
        _show(found, applied, top=top, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Other:
    """Another library, open."""

    context: "LibraryContext"


def _overlap(
    context: "LibraryContext",
    other: "LibraryContext",
    name: str,
    tiers: "Sequence[str]",
    *,
    verify: str,
    quiet: bool,
) -> "OverlapReport":
    """What this library and another one share."""
    from saccade.usecases.duplicates.api import Duplicates

    if other.folder == context.folder:
        raise InputError(f"{name} is this library itself", hint="name another one")
    with progress_shown(quiet=quiet) as progress:
        return Duplicates(context).overlap(_Other(other), tiers=tiers, verify=verify, progress=progress)


@click.command(short_help="Put back files that `duplicates --apply` moved.")
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--list", "listed", is_flag=True, help="List all runs and what is in their quarantine.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def undo(session: Session, *, run: str | None, listed: bool, quiet: bool, as_json: bool) -> None:
    """Put back what a RUN moved, byte for byte, with times and permissions; default: the newest.

    Nothing is overwritten: if a path is taken, the file is put next to it. Exits with 7 when a file
    could not be put back.
    """
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.duplicates.api import Duplicates
        from saccade.usecases.duplicates.cli.finding_text import say_runs, say_undo
        from saccade.usecases.duplicates.wire.groups import RunList

        duplicates = Duplicates(context)
        if listed:
            runs = duplicates.runs()
            if as_json:
                print_json(RunList(runs=tuple(runs)))
            else:
                say_runs(runs)
            return
        with progress_shown(quiet=quiet) as progress:
            report = duplicates.undo(run, progress=progress)
        if as_json:
            print_json(report)
        else:
            say_undo(report)
    if report.failed:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


def _home(context: "LibraryContext") -> str:
    """The folder a library covers, or the library's own if that is elsewhere."""
    home, name = os.path.split(context.folder)
    return home if name == ".saccade" else context.folder


def _read_prices(path: str | None) -> "PriceTable | None":
    """The price table, read first so that a mistake in it wastes no work."""
    if path is None:
        return None
    from saccade.usecases.duplicates.flow.prices import price_table

    return price_table(path)


def _show(found: "DuplicateReport", applied: "ApplyReport", *, top: int, as_json: bool) -> None:
    from saccade.usecases.duplicates.cli.finding_text import say_duplicates
    from saccade.usecases.duplicates.wire.groups import duplicates_answer

    if as_json:
        print_json(duplicates_answer(found, applied))
    else:
        say_duplicates(found, applied, top=top)


def _write_html(
    context: "LibraryContext", found: "DuplicateReport", applied: "ApplyReport", path: str
) -> None:
    from saccade.doors.page.report import write_report
    from saccade.usecases.duplicates.html.finding import duplicates_report

    write_report(path, duplicates_report(context, found, applied))
    note(f"report: {shown_path(os.path.abspath(path))}")
