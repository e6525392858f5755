"""`saccade search` and `saccade similar`."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from saccade.core.errors import InputError
from saccade.doors.terminal.opening import existing_library, library_to_search
from saccade.doors.terminal.output import note, print_json, print_paths
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import shown_path
from saccade.engine.names import named_image
from saccade.usecases.searching.cli.hits import say_hits
from saccade.usecases.searching.cli.query import parse_less, parse_near, parse_query

if TYPE_CHECKING:
    from saccade.core.hits import SearchResult
    from saccade.engine.context import LibraryContext

F = TypeVar("F", bound=Callable[..., object])


def _output_options(function: F) -> F:
    """Add the options for how hits are shown."""
    for option in (
        click.option("--sheet", metavar="FILE", help="Also write the hits with pictures to an HTML file."),
        click.option(
            "--pictures",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="Show the best hits in the terminal.",
        ),
        click.option("-0", "--null", is_flag=True, help="End paths with a zero byte; with --paths-only."),
        click.option(
            "-p", "--paths-only", is_flag=True, help="Print only the paths, one per line, byte for byte."
        ),
        json_option,
        library_option,
    ):
        function = option(function)
    return function


_top_option = click.option(
    "-k", "--top", type=int, default=20, show_default=True, metavar="N", help="Maximum number of hits."
)


@click.command()
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@click.option("--near", multiple=True, metavar="PHOTO", help="Also like this picture; repeatable.")
@click.option(
    "--less", multiple=True, metavar="WORDS", help="Less like these words or a ./PHOTO; repeatable."
)
@_top_option
@scope_options
@click.option("--no-index", is_flag=True, help="Do not index a folder that has no library yet.")
@_output_options
@click.pass_obj
def search(
    session: Session,
    *,
    query: tuple[str, ...],
    near: tuple[str, ...],
    less: tuple[str, ...],
    top: int,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    no_index: bool,
    as_json: bool,
    paths_only: bool,
    null: bool,
    pictures: str,
    sheet: str | None,
) -> None:
    """Find images by text, by picture, or both.

    A QUERY that begins with ./ or / is a picture. Words in a row are one phrase; quoted phrases count
    separately, optionally with a weight in front: "2:a beach" "at night". A folder without a library is
    indexed first.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        _check_output(as_json=as_json, paths_only=paths_only, null=null)
        asked = parse_query(query)
        wanted = [*asked.pictures, *parse_near(near)]
        unwanted = parse_less(less)
    quiet = as_json or paths_only
    with library_to_search(session, index_new=not no_index, quiet=quiet, as_json=as_json) as context:
        from saccade.usecases.searching.api import Searching

        result = Searching(context).search(
            list(asked.texts), image=wanted, less=unwanted, k=top, where=where, folders=folders
        )
        _write_sheet(context, result, sheet, [picture for picture, _ in wanted])
        _show(context, result, as_json=as_json, paths_only=paths_only, null=null, pictures=pictures)


@click.command(short_help="Find images similar to pictures, in content or in style; or copies.")
@click.argument("photos", nargs=-1, metavar="[PHOTO-OR-ID]...")
@click.option("--copies", is_flag=True, help="Only the same picture: resized, cropped or edited copies.")
@click.option("--style", is_flag=True, help="By color, light and composition, whatever the image shows.")
@click.option("--mood", default="", metavar="WORDS", help='By mood, such as "dark warm"; implies --style.')
@click.option(
    "--diverse",
    type=float,
    default=0.0,
    metavar="0..1",
    help="How different the hits should be from each other.",
)
@_top_option
@scope_options
@_output_options
@click.pass_obj
def similar(
    session: Session,
    *,
    photos: tuple[str, ...],
    copies: bool,
    style: bool,
    mood: str,
    diverse: float,
    top: int,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    as_json: bool,
    paths_only: bool,
    null: bool,
    pictures: str,
    sheet: str | None,
) -> None:
    """Find the images most similar to a picture, or to several together: files, or images by id."""
    with errors_reported(as_json=as_json, debug=session.debug):
        _check_output(as_json=as_json, paths_only=paths_only, null=null)
        styled = style or bool(mood)
        if styled and (copies or diverse):
            raise InputError("--style cannot be combined with --copies or --diverse", hint="choose one")
        if not photos and not mood:
            raise InputError(
                "no picture to compare with", hint="saccade similar PHOTO, or --mood 'dark warm'"
            )
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.searching.api import Searching

        searching = Searching(context)
        asked = [named_image(photo) for photo in photos]
        if styled:
            with progress_shown(quiet=as_json or paths_only) as progress:
                result = searching.style(
                    asked, mood=mood, k=top, where=where, folders=folders, progress=progress
                )
        else:
            result = searching.similar(
                asked, k=top, copies=copies, diverse=diverse, where=where, folders=folders
            )
        _write_sheet(context, result, sheet, photos)
        _show(context, result, as_json=as_json, paths_only=paths_only, null=null, pictures=pictures)


def _check_output(*, as_json: bool, paths_only: bool, null: bool) -> None:
    """Refuse options that contradict each other, before any work."""
    if as_json and paths_only:
        raise InputError("--json and --paths-only are mutually exclusive", hint="choose one")
    if null and not paths_only:
        raise InputError("--null needs --paths-only", hint="add --paths-only")


def _show(
    context: "LibraryContext",
    result: "SearchResult",
    *,
    as_json: bool,
    paths_only: bool,
    null: bool,
    pictures: str,
) -> None:
    """Print the hits in the requested form."""
    if as_json:
        from saccade.usecases.searching.wire import search_answer

        print_json(search_answer(result))
    elif paths_only:
        print_paths((hit.path for hit in result.hits), null=null)
    else:
        say_hits(context, result, pictures=pictures)


def _write_sheet(
    context: "LibraryContext", result: "SearchResult", path: str | None, queries: Sequence[str]
) -> None:
    """Write the contact sheet, if requested."""
    if path is None:
        return
    from saccade.usecases.searching.html import Section, write_sheet

    files = [query for query in queries if os.path.isfile(query)]
    write_sheet(path, [Section.of(context, result, query_pictures=files)])
    note(f"contact sheet: {shown_path(os.path.abspath(path))}")
