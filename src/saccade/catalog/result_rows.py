"""The rows of results: what a result holds of one image is one row of a table, packed as its layout says."""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from saccade.catalog.bulk import Row, images_known, run_many
from saccade.catalog.curation_tables import result_rows
from saccade.catalog.lists import plain_rows
from saccade.core.errors import CorruptLibraryError, InputError
from saccade.core.ports.results import Arrays, ImageRows

_NUMBERS = "biufc"
_ADD = "INSERT INTO result_rows (result_id, position, image_id, checksum, data) VALUES (?, ?, ?, ?, ?)"


def layout_of(rows: ImageRows) -> str:
    """JSON text that says what a row looks like: [[name, type, shape], ...].

    Raises:
        InputError: arrays of anything but numbers, or not one row for each id.
    """
    parts = []
    for name, given in rows.arrays.items():
        array = np.asarray(given)
        if array.dtype.kind not in _NUMBERS:
            raise InputError(f"the array {name!r} holds {array.dtype}, not numbers")
        if array.shape[:1] != rows.ids.shape:
            raise InputError(f"the array {name!r} has {array.shape[:1]} rows for {len(rows.ids)} images")
        parts.append([name, array.dtype.newbyteorder("<").str, list(array.shape[1:])])
    return json.dumps(parts)


def add(connection: Connection, result: int, layout: str, rows: ImageRows) -> None:
    """Store the rows after those the result has. Raises ImageNotFoundError for an unknown image."""
    query = select(func.max(result_rows.c.position)).where(result_rows.c.result_id == result)
    newest = connection.execute(query).scalar()
    first = 0 if newest is None else int(newest) + 1
    known = (image for image in rows.ids.tolist() if image)
    with images_known(connection, known):
        run_many(connection, _ADD, _packed(result, first, _type(layout), rows))


def load(connection: Connection, result: int, layout: str | None) -> ImageRows:
    """All rows of a result, in order. Raises CorruptLibraryError."""
    if layout is None:
        return ImageRows()
    kind = _type(layout)
    wanted = (result_rows.c.image_id, result_rows.c.checksum, result_rows.c.data)
    query = select(*wanted).where(result_rows.c.result_id == result).order_by(result_rows.c.position)
    found = plain_rows(connection, query)
    if any(len(data) != kind.itemsize or zlib.crc32(data) != checksum for _, checksum, data in found):
        raise CorruptLibraryError("a row of a stored result is damaged", hint="compute the result again")
    table = np.frombuffer(b"".join(data for _, _, data in found), kind)
    ids = np.fromiter((image or 0 for image, _, _ in found), np.int64, count=len(found))
    return ImageRows(ids=ids, arrays=_arrays(table))


def _type(layout: str) -> np.dtype[np.void]:
    return np.dtype([(name, kind, tuple(shape)) for name, kind, shape in json.loads(layout)])


def _arrays(table: NDArray[np.void]) -> Arrays:
    """The columns of a table, each in one piece and in this machine's byte order."""
    names: tuple[str, ...] = table.dtype.names or ()
    columns: Mapping[str, NDArray[Any]] = {name: table[name] for name in names}
    return {name: np.array(column, column.dtype.newbyteorder("=")) for name, column in columns.items()}


def _packed(result: int, first: int, kind: np.dtype[np.void], rows: ImageRows) -> Iterator[Row]:
    table = np.zeros(len(rows.ids), kind)
    for name, array in rows.arrays.items():
        table[name] = array
    whole, size = table.tobytes(), kind.itemsize
    for number, image in enumerate(rows.ids.tolist()):
        data = whole[number * size : (number + 1) * size]
        yield result, first + number, image or None, zlib.crc32(data), data
