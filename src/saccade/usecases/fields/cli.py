"""`saccade fields`: import facts about images, list them, remove them, export them."""

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


@click.group(short_help="Import prices, ratings, labels ... from a table.", epilog=_EPILOG)
def fields() -> None:
    """Facts about images from your own tables: prices, clicks, ratings, labels."""


@fields.command("import", short_help="Store what a CSV file says about images.")
@click.argument("file", metavar="FILE.csv")
@click.option(
    "--key",
    type=click.Choice(["path", "id", "name"]),
    default="path",
    show_default=True,
    help="How rows name their image: by path (from the CSV file's folder), by id or by file name.",
)
@click.option("--replace", is_flag=True, help="Forget what these columns held before.")
@click.option("--dry-run", is_flag=True, help="Only report what would happen.")
@json_option
@library_option
@click.pass_obj
def import_(session: Session, *, file: str, key: str, replace: bool, dry_run: bool, as_json: bool) -> None:
    """Store what a CSV file says about images: one row each, with a header.

    The column called path, id or name (see --key) names the image, else the first column does. A column of
    numbers is imported as numbers, any other as text; tags or keywords give labels, separated by ;. Rows
    that do not fit are reported with their line number, the others are imported.
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


@fields.command(short_help="Forget a field.")
@click.argument("name", metavar="NAME")
@json_option
@library_option
@click.pass_obj
def remove(session: Session, *, name: str, as_json: bool) -> None:
    """Forget a field; the images and your table stay as they are."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.fields.api import Fields
        from saccade.usecases.fields.wire import Removal

        removed = Fields(library).remove(name.removeprefix("data."))
        if as_json:
            print_json(Removal(removed=name.removeprefix("data."), images=removed))
        else:
            say(f"forgotten: {harmless(name)} of {counted(removed, 'image')}")


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


