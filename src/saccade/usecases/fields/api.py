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
    """Fields of the images of one library; filters call them `data.NAME`."""

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
        """Store what a table says about images, for filters and for other use-cases.

        A column of numbers becomes a number for each image, any other column text. A column called tags or
        keywords gives labels (several in a cell, separated by ;), as a person would. Blank cells say nothing.
        Takes the library's write lock; all of the table is stored, or nothing.

        Args:
            table: a CSV file with a header, or its columns: {"path": [...], "price": [...]}.
            key: how rows name their image: "path" (absolute, or relative to the CSV file or, without one, to
                the current folder), "id" (at least its first 8 digits) or "name" (the file's name). The
                column of that name is used, else the first one.
            replace: forget the values that these columns hold for other images, and the labels people gave to
                the images in the table; otherwise the table adds to both.
            dry_run: report what would happen, and store nothing.
        Returns:
            What was imported, and one line for each row or cell that was left out, with the reason.
        Raises:
            PathNotFoundError: no such file.
            InputError: it is no table, no row names an image, or a use-case owns one of the columns.
            LibraryBusyError: another process writes.
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
        """The fields there are, imported or computed, by name."""
        return self._context.catalog.columns.all()

    def values(self, name: str) -> Iterator[tuple[ImageId, float | str]]:
        """(image id, value) of a field, for each image that is present and has one.

        Raises:
            InvalidFilterError: no such field; the hint lists those there are.
        """
        return values_of(self._context.catalog, name)

    def of(self, image: Path | ImageId) -> Mapping[str, float | str]:
        """{field: value} of one image, by name. Raises ImageNotFoundError."""
        known = self._context.record(image).id
        return self._context.catalog.columns.of([known]).get(known, {})

    def remove(self, name: str) -> int:
        """Forget a field; the number of values removed. Takes the library's write lock.

        Raises:
            InvalidFilterError: no such field; the hint lists those there are.
            LibraryBusyError: another process writes.
        """
        with self._context.catalog.writing("removing a field"):
            return self._context.catalog.columns.remove(name)

    def export(self, path: Path, *, overwrite: bool = False) -> int:
        """Write all fields and people's labels to a CSV file that `import_csv` reads; the number of images.

        Paths below the file's folder are relative to it. A ' is put before what a spreadsheet would run as a
        formula; importing takes it away again.

        Raises:
            InputError: the file exists and `overwrite` is false.
            DiskFullError, ReadOnlyError: nothing was written.
        """
        target = os.path.abspath(os.fspath(path))
        header, rows = export_table(self._context.catalog, partial(_shown, os.path.dirname(target)))
        return self._context.tools.tables.write(target, header, rows, overwrite=overwrite)


def _place(folder: str, name: str) -> str:
    """The absolute path that a table means."""
    return os.path.abspath(os.path.join(folder, name))


def _shown(folder: str, path: str) -> str:
    """The path as a table beside it has it."""
    inside = paths.relative(path, folder)
    if not inside:
        return path
    return f"./{inside}" if inside.startswith(tuple(_FORMULA)) else inside


def _table(columns: Mapping[str, Sequence[object]]) -> Table:
    """The table of these columns; its lines are those that a CSV file of it would have."""
    widths = {len(values) for values in columns.values()}
    if len(widths) != 1:
        raise InputError("the columns of the table differ in length", hint="give each image a value")
    rows = ((line, tuple(map(_cell, row))) for line, row in enumerate(zip(*columns.values(), strict=True), 2))
    return Table(header=[str(name) for name in columns], rows=rows)


def _cell(value: object) -> Cell:
    """A value of a user's own table: a number, text, or anything else as its text (a date: ISO 8601)."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= _EXACT else str(value)
    return str(value) if value == value else None  # noqa: PLR0124 - what is not itself is absent (NaT)
