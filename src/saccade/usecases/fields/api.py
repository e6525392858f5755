"""`lib.fields`: facts about images that people import or use-cases compute, one value per image and name."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from saccade.core import paths
from saccade.core.errors import InputError
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.stores import Column
from saccade.core.tables import Cell, Table
from saccade.engine.context import LibraryContext
from saccade.usecases.fields.flow.exporting import export_table, values_of
from saccade.usecases.fields.flow.importing import import_table
from saccade.usecases.fields.rules import ImportReport, checked_key

_FORMULA = "=+-@'\t\r"
_EXACT = 2**53


class Fields:
    """Fields of the images of one library; filters use `data.NAME`."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def import_csv(
        self,
        table: Path | Mapping[str, Sequence[object]],
        *,
        key: str = "path",
        replace: bool = False,
        dry_run: bool = False,
    ) -> ImportReport:
        """Import facts about images from a table, for filters and other use-cases.

        A column of numbers is imported as numbers, any other as text. Columns named tags or keywords become
        labels (several in a cell, separated by ;), as if set by a person. Blank cells are ignored.
        Takes the library's write lock; the whole table is stored, or nothing.

        Args:
            table: a CSV file with a header, or its columns: {"path": [...], "price": [...]}.
            key: how rows identify their image: "path" (absolute, or relative to the CSV file or, without
                one, to the current folder), "id" (at least its first 8 digits) or "name" (the file's name).
                The column of that name is used, else the first one.
            replace: delete the values of these columns for other images, and the labels people gave to the
                images in the table; otherwise the table adds to both.
            dry_run: report what would happen, and store nothing.
        Returns:
            What was imported, and one entry for each row or cell left out, with the reason.
        Raises:
            PathNotFoundError: no such file.
            InputError: it is not a table, no row identifies an image, or a use-case owns one of the columns.
            LibraryBusyError: another process is writing.
        """
        checked = checked_key(key)
        catalog = self._context.catalog
        if isinstance(table, Mapping):
            place = partial(_place, os.getcwd())
            return import_table(
                catalog, _table(table), checked, place=place, replace=replace, dry_run=dry_run
            )
        path = os.path.abspath(os.fspath(table))
        with self._context.tools.tables.read(path) as read:
            place = partial(_place, os.path.dirname(path))
            return import_table(catalog, read, checked, place=place, replace=replace, dry_run=dry_run)

    def list(self) -> Sequence[Column]:
        """All fields, imported or computed, by name."""
        return self._context.catalog.columns.all()

    def values(self, name: str) -> Iterator[tuple[ImageId, float | str]]:
        """(image id, value) of a field, for each present image that has one.

        Raises:
            InvalidFilterError: no such field; the hint lists the existing ones.
        """
        return values_of(self._context.catalog, name)

    def of(self, image: Path | ImageId) -> Mapping[str, float | str]:
        """{field: value} of one image, by name. Raises ImageNotFoundError."""
        known = self._context.record(image).id
        return self._context.catalog.columns.of([known]).get(known, {})

    def remove(self, name: str) -> int:
        """Remove a field; the number of values removed. Takes the library's write lock.

        Raises:
            InvalidFilterError: no such field; the hint lists the existing ones.
            LibraryBusyError: another process is writing.
        """
        with self._context.catalog.writing("removing a field"):
            return self._context.catalog.columns.remove(name)

    def export(self, path: Path, *, overwrite: bool = False) -> int:
        """Write all fields and people's labels to a CSV file that `import_csv` reads; the number of images.

        Paths below the file's folder are relative to it. A ' is put before anything a spreadsheet would run
        as a formula; importing removes it.

        Raises:
            InputError: the file exists and `overwrite` is false.
            DiskFullError, ReadOnlyError: nothing was written.
        """
        target = os.path.abspath(os.fspath(path))
        header, rows = export_table(self._context.catalog, partial(_shown, os.path.dirname(target)))
        return self._context.tools.tables.write(target, header, rows, overwrite=overwrite)


def _place(folder: str, name: str) -> str:
    """The absolute path of an entry in a table."""
    return os.path.abspath(os.path.join(folder, name))


def _shown(folder: str, path: str) -> str:
    """The path as written in a table next to it."""
    inside = paths.relative(path, folder)
    if not inside:
        return path
    return f"./{inside}" if inside.startswith(tuple(_FORMULA)) else inside


def _table(columns: Mapping[str, Sequence[object]]) -> Table:
    """The table of these columns; its line numbers are those of an equivalent CSV file."""
    widths = {len(values) for values in columns.values()}
    if len(widths) != 1:
        raise InputError("the columns of the table differ in length", hint="give each image a value")
    rows = ((line, tuple(map(_cell, row))) for line, row in enumerate(zip(*columns.values(), strict=True), 2))
    return Table(header=[str(name) for name in columns], rows=rows)


def _cell(value: object) -> Cell:
    """A value of a user's table: a number, text, or anything else converted to text (a date: ISO 8601)."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= _EXACT else str(value)
    return str(value) if value == value else None  # noqa: PLR0124 - a value unequal to itself is absent (NaT)
