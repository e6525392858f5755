"""`saccade fields`: import, list, remove and export facts about images."""

import os
from typing import TYPE_CHECKING

import click

from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import counted, harmless, number, shown_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.ports.stores import Column
    from saccade.usecases.fields.rules import ImportReport

_MOST_TOLD = 20
_EPILOG = """\b
Examples:
  saccade fields import prices.csv
  saccade search "a red dress" --where "data.price<20"
"""


@click.group(short_help="Import prices, ratings, labels and more from a table.", epilog=_EPILOG)
def fields() -> None:
    """Import facts about images from your tables: prices, clicks, ratings, labels."""


@fields.command("import", short_help="Import a CSV file about images.")
@click.argument("file", metavar="FILE.csv")
@click.option(
    "--key",
    type=click.Choice(["path", "id", "name"]),
    default="path",
    show_default=True,
    help="How rows identify images: by path (relative to the CSV file), id, or file name.",
)
@click.option("--replace", is_flag=True, help="Discard earlier values of these columns.")
@click.option("--dry-run", is_flag=True, help="Only report what would happen.")
@json_option
@library_option
@click.pass_obj
def import_(session: Session, *, file: str, key: str, replace: bool, dry_run: bool, as_json: bool) -> None:
    """Import a CSV file with a header and one row per image.

    The image is identified by the column named path, id or name (see --key), else by the first column. A
    column of numbers is imported as numbers, any other as text; the columns tags and keywords become labels,
    separated by ;. Rows with errors are reported by line number; the others are imported.
    """
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.fields.api import Fields

        report = Fields(library).import_csv(file, key=key, replace=replace, dry_run=dry_run)
        _tell_problems(report)
        if as_json:
            print_json(report)
        else:
            _say_import(report)


@fields.command("list", short_help="List the fields.")
@json_option
@library_option
@click.pass_obj
def list_(session: Session, *, as_json: bool) -> None:
    """List the fields of images, imported or computed; filters call them data.NAME."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.fields.api import Fields
        from saccade.usecases.fields.wire import field_list

        columns = Fields(library).list()
        if as_json:
            print_json(field_list(columns))
        elif columns:
            _say_columns(columns)
        else:
            note("no fields yet: import some with `saccade fields import FILE.csv`")


@fields.command(short_help="Remove a field.")
@click.argument("name", metavar="NAME")
@json_option
@library_option
@click.pass_obj
def remove(session: Session, *, name: str, as_json: bool) -> None:
    """Remove a field; the images and your table are unchanged."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.fields.api import Fields
        from saccade.usecases.fields.wire import Removal

        removed = Fields(library).remove(name.removeprefix("data."))
        if as_json:
            print_json(Removal(removed=name.removeprefix("data."), images=removed))
        else:
            say(f"removed: {harmless(name)} of {counted(removed, 'image')}")


@fields.command(short_help="Write all fields and labels to a CSV file.")
@click.argument("file", metavar="FILE.csv")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@json_option
@library_option
@click.pass_obj
def export(session: Session, *, file: str, overwrite: bool, as_json: bool) -> None:
    """Write all fields and people's labels to a CSV file that `saccade fields import` reads."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.fields.api import Fields
        from saccade.usecases.fields.wire import Export

        images = Fields(library).export(file, overwrite=overwrite)
        if as_json:
            print_json(Export(path=os.path.abspath(file), images=images))
        else:
            say(f"exported: {shown_path(file)} ({counted(images, 'image')})")


def _tell_problems(report: "ImportReport") -> None:
    """One line on stderr for each of the first rows or cells left out."""
    for problem in report.problems[:_MOST_TOLD]:
        note(f"line {problem.line}: {harmless(problem.reason)}")
    if len(report.problems) > _MOST_TOLD:
        note(f"and {number(len(report.problems) - _MOST_TOLD)} more: --json lists them all")


def _say_import(report: "ImportReport") -> None:
    """Print what each column became, and how much was imported."""
    width = max((len(column.name) for column in report.columns), default=0)
    for column in report.columns:
        kind = "numbers" if column.kind == "number" else "text"
        why = f" (not numbers: {harmless(column.why)})" if column.why else ""
        say(f"data.{column.name:<{width}}  {kind} of {counted(column.values, 'image')}{why}")
    if report.labels:
        say(f"{counted(report.labels, 'label')} added: --where tag=LABEL")
    done = "would be imported" if report.dry_run else "imported"
    say(f"{counted(report.rows, 'row')} read, {counted(report.images, 'image')} {done}")


def _say_columns(columns: "Sequence[Column]") -> None:
    """Print a line per field."""
    width = max(len(column.name) for column in columns)
    for column in columns:
        kind = "numbers" if column.kind == "number" else "text"
        say(
            f"data.{column.name:<{width}}  {kind:<7}  {counted(column.count, 'image'):>14}"
            f"  {harmless(column.origin)}"
        )
