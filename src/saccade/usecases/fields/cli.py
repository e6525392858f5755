"""`saccade data`: bring facts about images along, list them, forget them, take them out again."""

import os
from typing import TYPE_CHECKING

import click

from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.reporting import errors_told
from saccade.doors.terminal.settings import Settings, json_option, library_option
from saccade.doors.words import counted, harmless, number, shown_path
from saccade.usecases.fields.wire import of_columns, of_export, of_import, of_removal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.ports.stores import Column
    from saccade.core.tables import ImportReport
_MOST_TOLD = 20
_EPILOG = """\b
Examples:
  saccade data import prices.csv
  saccade search "a red dress" --where "data.price<20"
"""


@click.group(short_help="Bring prices, ratings, labels ... along from a table.", epilog=_EPILOG)
def data() -> None:
    """Facts about images from a table of yours: prices, clicks, ratings, labels."""


@data.command("import", short_help="Keep what a CSV file says of images.")
@click.argument("file", metavar="FILE.csv")
@click.option(
    "--key",
    type=click.Choice(["path", "id", "name"]),
    default="path",
    show_default=True,
    help="How rows name their image: by path (from the CSV file's folder), by id or by file name.",
)
@click.option("--replace", is_flag=True, help="Forget what these columns held before.")
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
@json_option
@library_option
@click.pass_obj
def import_(settings: Settings, *, file: str, key: str, replace: bool, dry_run: bool, as_json: bool) -> None:
    """Keep what a CSV file says of images: one row for each, with a header.

    The column called path, id or name (see --key) names the image, else the first column. A column of
    numbers becomes numbers, any other text; tags or keywords give labels, with ; between them. Rows that do
    not fit are told with their line, the others are imported.
    """
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        report = library.import_data(file, key=key, replace=replace, dry_run=dry_run)
        _tell_problems(report)
        if as_json:
            print_json(of_import(report))
        else:
            _say_import(report)


@data.command("list", short_help="List the facts there are.")
@json_option
@library_option
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the facts there are about images, imported or computed; filters call them data.NAME."""
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        columns = library.columns()
        if as_json:
            print_json(of_columns(columns))
        elif columns:
            _say_columns(columns)
        else:
            note("no facts yet: bring some with `saccade data import FILE.csv`")


@data.command(short_help="Forget a column.")
@click.argument("name", metavar="NAME")
@json_option
@library_option
@click.pass_obj
def remove(settings: Settings, *, name: str, as_json: bool) -> None:
    """Forget a column; the images and your table stay as they are."""
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        removed = library.remove_column(name.removeprefix("data."))
        if as_json:
            print_json(of_removal(name.removeprefix("data."), removed))
        else:
            say(f"forgotten: {harmless(name)} of {counted(removed, 'image')}")


@data.command(short_help="Write all facts and labels to a CSV file.")
@click.argument("file", metavar="FILE.csv")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@json_option
@library_option
@click.pass_obj
def export(settings: Settings, *, file: str, overwrite: bool, as_json: bool) -> None:
    """Write all facts and people's labels to a CSV file that `saccade data import` reads."""
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        images = library.export_data(file, overwrite=overwrite)
        if as_json:
            print_json(of_export(os.path.abspath(file), images))
        else:
            say(f"exported: {shown_path(file)} ({counted(images, 'image')})")


COMMANDS: tuple[click.Command, ...] = (data,)


def _tell_problems(report: "ImportReport") -> None:
    """One line on stderr for each row or cell left out, the first of them."""
    for problem in report.problems[:_MOST_TOLD]:
        note(f"line {problem.line}: {harmless(problem.reason)}")
    if len(report.problems) > _MOST_TOLD:
        note(f"and {number(len(report.problems) - _MOST_TOLD)} more: --json tells them all")


def _say_import(report: "ImportReport") -> None:
    """What each column became, and how much was imported."""
    width = max((len(column.name) for column in report.columns), default=0)
    for column in report.columns:
        kind = "numbers" if column.kind == "number" else "text"
        why = f" (no numbers: {harmless(column.why)})" if column.why else ""
        say(f"data.{column.name:<{width}}  {kind} of {counted(column.values, 'image')}{why}")
    if report.labels:
        say(f"{counted(report.labels, 'label')} put on images: --where tag=LABEL")
    done = "would be imported" if report.dry_run else "imported"
    say(f"{counted(report.rows, 'row')} read, {counted(report.images, 'image')} {done}")


def _say_columns(columns: "Sequence[Column]") -> None:
    """A line for each."""
    width = max(len(column.name) for column in columns)
    for column in columns:
        kind = "numbers" if column.kind == "number" else "text"
        say(
            f"data.{column.name:<{width}}  {kind:<7}  {counted(column.count, 'image'):>14}"
            f"  {harmless(column.origin)}"
        )
