"""`SqlColumns`: facts about images, one value per image and name."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Literal

import numpy as np
import sqlalchemy
from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select

from saccade.catalog.bulk import Row, are_present, images_known, run_many
from saccade.catalog.curation_tables import column_numbers, column_texts, columns
from saccade.catalog.lists import among, plain_rows
from saccade.catalog.session import Transactions
from saccade.catalog.tables import ABSENT, images
from saccade.catalog.text import fold, storable
from saccade.core.errors import InputError, InvalidFilterError
from saccade.core.ports.stores import Column, Numbers
from saccade.core.types import Ids

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONGEST_NAME = 100
_LONGEST_TEXT = 10_000
_TABLES: Mapping[str, Table] = {"number": column_numbers, "text": column_texts}
_SET_NUMBER = (
    "INSERT INTO column_numbers (column_id, image_id, value) VALUES (?, ?, ?)"
    " ON CONFLICT (column_id, image_id) DO UPDATE SET value = excluded.value"
)
_SET_TEXT = (
    "INSERT INTO column_texts (column_id, image_id, value, folded) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (column_id, image_id) DO UPDATE SET value = excluded.value, folded = excluded.folded"
)


class SqlColumns:
    """See `core.ports.stores.Columns`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def all(self) -> list[Column]:
        """Every column, by name; the count is of present images."""
        with self._transactions.reading() as connection:
            counts = _counts(connection)
            rows = connection.execute(select(columns).order_by(columns.c.name)).all()
        return [
            Column(name=row.name, kind=row.kind, origin=row.origin, count=counts.get(row.id, 0))
            for row in rows
        ]

    def write(
        self, name: str, values: Mapping[int, float] | Mapping[int, str], *, origin: str, replace: bool
    ) -> int:
        """Set values, {image id: value}; number written.

        Raises:
            InputError: a bad name, a number that is not finite, text in a column of numbers (or reverse),
                text of more than 10,000 characters, or a column of another origin.
            ImageNotFoundError: an unknown id.
        """
        return self.write_all({name: values}, origin=origin, replace=replace)

    def write_all(
        self, columns: Mapping[str, Mapping[int, float] | Mapping[int, str]], *, origin: str, replace: bool
    ) -> int:
        """The same for several columns, {name: values}: all of them are written, or none."""
        kinds = {name: _kind(name, values) for name, values in columns.items()}
        with self._transactions.storing() as connection:
            written = 0
            for name, values in columns.items():
                number = _ready(connection, name, kinds[name], origin=origin, replace=replace)
                if number is not None:
                    with images_known(connection, values):
                        written += _set(connection, number, values)
            return written

    def numbers(self, name: str, ids: Ids | None = None) -> tuple[Ids, Numbers]:
        """Sorted ids of the present images that have it (among sorted `ids`, if given), and their values."""
        with self._transactions.reading() as connection:
            found, values = _values(connection, name, "number", ids)
        return found, np.array(values, np.float64)

    def texts(self, name: str, ids: Ids | None = None) -> tuple[Ids, list[str]]:
        """The same of a column of text."""
        with self._transactions.reading() as connection:
            found, values = _values(connection, name, "text", ids)
        return found, [str(value) for value in values]

    def of(self, ids: Sequence[int]) -> dict[int, dict[str, float | str]]:
        """{image: {column: value}} of each image that has any, columns by name."""
        wanted = [int(image) for image in ids]
        found: defaultdict[int, dict[str, float | str]] = defaultdict(dict)
        with self._transactions.reading() as connection:
            rows = [
                row
                for table in _TABLES.values()
                for row in connection.execute(
                    select(table.c.image_id, columns.c.name, table.c.value)
                    .join_from(table, columns, columns.c.id == table.c.column_id)
                    .where(among(table.c.image_id, wanted))
                )
            ]
        for image, name, value in sorted(rows, key=lambda row: (row[0], row[1])):
            found[image][name] = value
        return dict(found)

    def remove(self, name: str) -> int:
        """Forget the column; number of values removed.

        Raises:
            InvalidFilterError: no such column; the hint lists those there are.
        """
        with self._transactions.storing() as connection:
            return _remove(connection, column_row(connection, name))


_PLURALS = {"number": "numbers", "text": "text"}


def column_row(connection: Connection, name: str) -> sqlalchemy.Row[int, str, str, str]:
    """The row of the column. Raises InvalidFilterError with the known ones if there is none."""
    row = connection.execute(select(columns).where(columns.c.name == name)).first()
    if row is None:
        known = list(connection.execute(select(columns.c.name).order_by(columns.c.name)).scalars())
        listed = (
            f"known columns: {', '.join(known)}" if known else "bring some: saccade fields import FILE.csv"
        )
        raise InvalidFilterError(f"the library has no column {name!r}", hint=listed)
    return row


def _values(
    connection: Connection, name: str, kind: Literal["number", "text"], ids: Ids | None
) -> tuple[Ids, list[float] | list[str]]:
    row = column_row(connection, name)
    if row.kind != kind:
        raise InvalidFilterError(
            f"the column {name!r} holds {_PLURALS[row.kind]}, not {_PLURALS[kind]}",
            hint=f"columns of {_PLURALS[kind]}: {', '.join(_of_kind(connection, kind)) or 'none'}",
        )
    table = _TABLES[kind]
    here: list[ColumnElement[bool]] = [table.c.column_id == row.id]
    if ids is not None:
        here.append(among(table.c.image_id, ids.tolist()))
    query = select(table.c.image_id, table.c.value).where(*here).order_by(table.c.image_id)
    rows = plain_rows(connection, query)
    found = np.fromiter((one[0] for one in rows), np.int64, count=len(rows))
    kept = are_present(connection, found)
    return found[kept], [one[1] for one, keep in zip(rows, kept.tolist(), strict=True) if keep]


def _of_kind(connection: Connection, kind: str) -> list[str]:
    query = select(columns.c.name).where(columns.c.kind == kind).order_by(columns.c.name)
    return list(connection.execute(query).scalars())


def _ready(connection: Connection, name: str, kind: str | None, *, origin: str, replace: bool) -> int | None:
    """The number of a column that takes values of the kind; None if there are no values to take."""
    known = connection.execute(select(columns).where(columns.c.name == name)).first()
    if known is not None and known.origin != origin:
        raise InputError(
            f"the column {name!r} already exists, written by {known.origin!r}",
            hint=f"choose another name, or remove it first: saccade fields remove {name}",
        )
    if replace and known is not None:
        _remove(connection, known)
        known = None
    if kind is None:
        return None
    if known is not None and known.kind != kind:
        raise InputError(
            f"the column {name!r} holds {_PLURALS[known.kind]}, not {_PLURALS[kind]}",
            hint="replace the whole column, or choose another name",
        )
    return int(known.id) if known is not None else _add(connection, name, kind, origin)


def _check_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:_LONGEST_NAME]!r} cannot be the name of a column",
            hint="letters, digits and _, not beginning with a digit",
        )


def _kind(name: str, values: Mapping[int, float] | Mapping[int, str]) -> Literal["number", "text"] | None:
    """What the values are, every one of them checked; None if there are none."""
    _check_name(name)
    texts = 0
    for image, value in values.items():
        if isinstance(value, str):
            texts += 1
            if len(value) > _LONGEST_TEXT:
                raise InputError(
                    f"the {name} of image {image} has {len(value):,} characters",
                    hint=f"at most {_LONGEST_TEXT:,} are kept",
                )
        elif not _finite(value):
            raise InputError(
                f"the {name} of image {image} is {value!r}", hint="give a finite number, or text"
            )
    if texts not in {0, len(values)}:
        raise InputError(f"the values of {name!r} mix numbers and text", hint="make all of them text")
    return None if not values else "text" if texts else "number"


def _finite(value: float) -> bool:
    try:
        return isfinite(value)
    except (TypeError, OverflowError):  # users' own code is not type-checked; 10**400 is no float
        return False


def _add(connection: Connection, name: str, kind: str, origin: str) -> int:
    row = {"name": name, "kind": kind, "origin": origin}
    return int(connection.execute(insert(columns).returning(columns.c.id), row).scalar_one())


def _set(connection: Connection, column: int, values: Mapping[int, float] | Mapping[int, str]) -> int:
    """Write values of one kind; number written."""
    numbers: list[Row] = []
    texts: list[Row] = []
    for image in sorted(values):
        value: float | str = values[image]
        if isinstance(value, str):
            texts.append((column, int(image), storable(value), fold(value)))
        else:
            numbers.append((column, int(image), float(value)))
    return run_many(connection, _SET_NUMBER, numbers) + run_many(connection, _SET_TEXT, texts)


def _remove(connection: Connection, row: sqlalchemy.Row[int, str, str, str]) -> int:
    table = _TABLES[row.kind]
    removed = connection.execute(delete(table).where(table.c.column_id == row.id)).rowcount
    connection.execute(delete(columns).where(columns.c.id == row.id))
    return removed


def _counts(connection: Connection) -> dict[int, int]:
    """{column: present images that have it}: all that have it, less the few that are absent."""
    counts: dict[int, int] = {}
    for table in _TABLES.values():
        every = select(table.c.column_id, func.count()).group_by(table.c.column_id)
        counts.update(connection.execute(every).all())
        gone = every.where(table.c.image_id.in_(select(images.c.id).where(ABSENT)))
        for column, absent in connection.execute(gone):
            counts[column] -= absent
    return counts
