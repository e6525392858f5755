"""Facts about images that people bring along: this part of the facade."""

import os
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from saccade.core.errors import InputError
from saccade.core.ports.stores import Column
from saccade.core.tables import KEYS, Cell, ImportReport, Key, Table
from saccade.library.csv_files import table_read, write_csv
from saccade.library.parts import LibraryParts, Path
from saccade.usecases.fields.flow.exporting import export_table, values_of
from saccade.usecases.fields.flow.importing import import_table

_FORMULA = "=+-@'\t\r"


class DataTools(LibraryParts):
    """See `Library`."""

    def import_data(
        self,
        table: Path | Mapping[str, Sequence[object]],
        *,
        key: str = "path",
        replace: bool = False,
        dry_run: bool = False,
    ) -> ImportReport:
        """Keep what a table says of images, so that filters and other commands can use it.

        A column of numbers becomes a number for each image, any other column text; search by them with
        `data.NAME`. A column called tags or keywords gives labels (several in a cell with ; between them),
        as a person would. Blank cells say nothing.

        Args:
            table: a CSV file with a header, or its columns: {"path": [...], "price": [...]}.
            key: how rows name their image: "path" (absolute, or relative to the CSV file or, without one, to
                the current folder), "id" (at least its first 8 digits) or "name" (the file's name). The
                column called so does; else the first.
            replace: forget what those columns held of other images, and those labels of people that the
                images of the table had; else both are added to.
            dry_run: only tell what would happen.
        Returns:
            What was imported, and one line for each row or cell left out and why.
        Raises:
            PathNotFoundError: no such file.
            InputError: no table, no row of it names an image, or a column was written by a pipeline.
        """
        checked = _key(key)
        if isinstance(table, Mapping):
            return import_table(
                self._catalog,
                _table(table),
                checked,
                place=partial(_place, os.getcwd()),
                replace=replace,
                dry_run=dry_run,
            )
        path = os.path.abspath(os.fspath(table))
        with table_read(path) as read:
            return import_table(
                self._catalog,
                read,
                checked,
                place=partial(_place, os.path.dirname(path)),
                replace=replace,
                dry_run=dry_run,
            )

    def columns(self) -> list[Column]:
        """Facts there are about images, imported or computed, by name."""
        return list(self._catalog.columns.all())

    def values(self, name: str) -> dict[str, float | str]:
        """{image id: value} of a column, for the images present.

        Raises:
            InvalidFilterError: no such column; the hint lists those there are.
        """
        return values_of(self._catalog, name)

    def facts(self, image: Path) -> dict[str, float | str]:
        """{column: value} of one image, by name. Raises ImageNotFoundError."""
        ids = self._ids([image])
        found: dict[str, float | str] = {}
        for column in self._catalog.columns.all():
            if column.kind == "number":
                values: list[float | str] = [*self._catalog.columns.numbers(column.name, ids)[1].tolist()]
            else:
                values = [*self._catalog.columns.texts(column.name, ids)[1]]
            found |= dict(zip([column.name], values, strict=False))  # no value: the image lacks the fact
        return found

    def remove_column(self, name: str) -> int:
        """Forget a column; number of values removed.

        Raises:
            InvalidFilterError: no such column; the hint lists those there are.
        """
        return self._catalog.columns.remove(name)

    def export_data(self, path: Path, *, overwrite: bool = False) -> int:
        """Write all facts and people's labels to a CSV file that `import_data` reads; number of images.

        Paths below the file's folder are relative to it. What a spreadsheet would run as a formula has '
        before it, which importing takes away again.

        Raises:
            InputError: the file exists and `overwrite` is false.
            DiskFullError, ReadOnlyError: nothing was written.
        """
        target = os.path.abspath(os.fspath(path))
        header, rows = export_table(self._catalog, partial(_shown, os.path.dirname(target)))
        return write_csv(target, header, rows, overwrite=overwrite)


def _key(key: str) -> Key:
    for known in KEYS:
        if key == known:
            return known
    raise InputError(f"images are not looked up by {key!r}", hint=f"one of: {', '.join(KEYS)}")


def _place(folder: str, name: str) -> str:
    """The absolute path that a table means."""
    return os.path.abspath(os.path.join(folder, name))


def _shown(folder: str, path: str) -> str:
    """The path as a table beside it has it."""
    inside = os.path.join(folder, "")
    if not path.startswith(inside):
        return path
    name = path[len(inside) :]
    return f"./{name}" if name.startswith(tuple(_FORMULA)) else name


def _table(columns: Mapping[str, Sequence[object]]) -> Table:
    """The table of these columns; its lines are those that a CSV file of it would have."""
    widths = {len(values) for values in columns.values()}
    if len(widths) != 1:
        raise InputError("the columns of the table are not of one length", hint="give each image a value")
    rows = ((line, tuple(map(_cell, row))) for line, row in enumerate(zip(*columns.values(), strict=True), 2))
    return Table(header=[str(name) for name in columns], rows=rows)


def _cell(value: object) -> Cell:
    """A value of a user's own table: a number, text, or anything else as its text (a date: ISO 8601)."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= 2**53 else str(value)
    return str(value) if value == value else None  # noqa: PLR0124 - what is not itself is absent (NaT)
