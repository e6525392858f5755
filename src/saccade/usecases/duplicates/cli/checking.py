"""`saccade check`, `saccade leaks` and `saccade distinct`: known pictures, and what two folders share."""

import os
from typing import TYPE_CHECKING

import click

from saccade.core.errors import EXIT_PROBLEMS, InputError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import counted, shown_path
from saccade.engine.names import named_image

if TYPE_CHECKING:
    from saccade.engine.context import LibraryContext
    from saccade.usecases.duplicates.rules.reports import OverlapReport

PICTURE_TIERS = ("bytes", "pixels", "picture")
verify_option = click.option(
    "--verify",
    type=click.Choice(["base", "sift"]),
    default="base",
    show_default=True,
    help="How pixels are compared; sift needs the extra `verify`.",
)
top_option = click.option(
    "-k", "--top", type=int, default=20, show_default=True, metavar="N", help="Pairs to show."
)
html_option = click.option(
    "--html", metavar="FILE", help="Also write the pairs side by side to an HTML file."
)
_tier_option = click.option(
    "--tier",
    "tiers",
    multiple=True,
    type=click.Choice(PICTURE_TIERS),
    help="How pictures must match; repeatable. [default: all]",
)


@click.command(short_help="Check whether the library already has a picture.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_tier_option
@verify_option
@json_option
@library_option
@click.pass_obj
def check(
    session: Session, *, files: tuple[str, ...], tiers: tuple[str, ...], verify: str, as_json: bool
) -> None:
    """Check whether the library already has each FILE: the same bytes, pixels, or an edited picture.

    Nothing is added to the library. Exits with 0 when every file is new, with 7 when one is known or cannot
    be read: `saccade check new.jpg && cp new.jpg ~/Pictures`.
    """
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.duplicates.api import Duplicates
        from saccade.usecases.duplicates.cli.checking_text import say_check
        from saccade.usecases.duplicates.wire.checks import check_answer

        results = Duplicates(context).check(*files, tiers=tiers or PICTURE_TIERS, verify=verify)
        if as_json:
            print_json(check_answer(results))
        else:
            say_check(results)
    if any(result.matches or result.failure for result in results):
        raise click.exceptions.Exit(EXIT_PROBLEMS)


@click.command(short_help="Find pictures that two folders share, such as training and test images.")
@click.argument("first", metavar="TRAIN")
@click.argument("second", metavar="TEST")
@click.option("--field", metavar="NAME", help="TRAIN and TEST are values of this field, not folders.")
@_tier_option
@verify_option
@top_option
@html_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def leaks(
    session: Session,
    *,
    first: str,
    second: str,
    field: str | None,
    tiers: tuple[str, ...],
    verify: str,
    top: int,
    html: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Find images of the folder TEST that are also in the folder TRAIN, edited or not.

    A model tested on its own training images looks better than it is. Both folders must be indexed.
    With --field split, TRAIN and TEST are values of an imported field. Exits with 7 when they share a
    picture.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        check_top(top)
        if first == second:
            raise InputError(f"both are {first}", hint="name two folders, or two values of --field")
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.duplicates.api import Duplicates

        with progress_shown(quiet=quiet) as progress:
            found = Duplicates(context).leaks(
                first,
                second,
                field=field,
                tiers=tiers or PICTURE_TIERS,
                verify=verify,
                progress=progress,
            )
        show_overlap(context, found, (first, second), top=top, html=html, as_json=as_json)


def show_overlap(
    context: "LibraryContext",
    found: "OverlapReport",
    names: tuple[str, str],
    *,
    top: int,
    html: str | None,
    as_json: bool,
) -> None:
    """Report what two sets of images share; exit with 7 if they share any."""
    from saccade.usecases.duplicates.cli.checking_text import say_overlap
    from saccade.usecases.duplicates.wire.checks import overlap_answer

    report_failures(found.failed)
    if html is not None:
        from saccade.doors.page.report import write_report
        from saccade.usecases.duplicates.html.checking import overlap_report

        write_report(html, overlap_report(context, found, names))
        note(f"report: {shown_path(os.path.abspath(html))}")
    if as_json:
        print_json(overlap_answer(found, names))
    else:
        say_overlap(found, names, top=top)
    if found.pairs:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


def check_top(top: int) -> None:
    """Refuse a --top below 1."""
    if top < 1:
        raise InputError(f"--top is {top}; it must be at least 1", hint="-k 10")


@click.command(short_help="Mark pictures as not duplicates of each other.")
@click.argument("images", nargs=-1, required=True, metavar="PHOTO-OR-ID...")
@click.option("--forget", is_flag=True, help="Undo an earlier `distinct`.")
@json_option
@library_option
@click.pass_obj
def distinct(session: Session, *, images: tuple[str, ...], forget: bool, as_json: bool) -> None:
    """Mark pictures as not the same, however similar: they are never grouped again."""
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.duplicates.wire.checks import DistinctAnswer

        changed = _set_distinct(context, images, distinct=not forget)
        if as_json:
            print_json(DistinctAnswer(pairs_changed=changed, distinct=not forget))
        elif not changed:
            say("not marked as distinct" if forget else "already marked as distinct")
        else:
            outcome = "may be duplicates again" if forget else "will not be called duplicates again"
            say(f"{counted(changed, 'pair')} {outcome}")


def _set_distinct(context: "LibraryContext", images: tuple[str, ...], *, distinct: bool) -> int:
    if len(images) < 2:
        raise InputError("one picture alone cannot be distinct", hint="name two or more")
    from saccade.usecases.duplicates.api import Duplicates

    one, other, *more = map(named_image, images)
    return Duplicates(context).mark_distinct(one, other, *more, distinct=distinct)
