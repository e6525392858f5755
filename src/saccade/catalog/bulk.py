"""Many rows at once, in bounded memory, and what all stores of curation check."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import IntegrityError

from saccade.catalog.dialect import dialect_of
from saccade.catalog.lists import among, among_texts, plain_rows
from saccade.catalog.places import batches
from saccade.catalog.tables import ABSENT, images
from saccade.catalog.text import storable
from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.types import Ids

Row: TypeAlias = tuple[int | float | str | bytes | None, ...]

_BATCH = 20_000


def run_many(connection: Connection, statement: str, rows: Iterable[Row]) -> int:
    """Run a statement of the driver's own SQL for each row; number of rows of the table it changed."""
    return sum(connection.exec_driver_sql(statement, batch).rowcount for batch in batches(rows, _BATCH))


@contextmanager
def images_known(connection: Connection, ids: Iterable[int]) -> Iterator[None]:
    """Turn the database's refusal of an unknown image into ImageNotFoundError; `ids`: all that were given."""
    try:
        yield
    except IntegrityError as error:
        # Only now are the ids looked up: the database has checked each already.
        wanted = sorted(set(ids))
        for batch in batches(wanted, _BATCH):
            known = set(connection.execute(select(images.c.id).where(among(images.c.id, batch))).scalars())
            for image in batch:
                if image not in known:
                    raise ImageNotFoundError(f"the library has no image {image}") from error
        raise


def numbers_of(connection: Connection, table: Table, names: Iterable[str]) -> dict[str, int]:
    """{name: its row's number} in a table of names; missing rows are added."""
    wanted = list(dict.fromkeys(names))
    numbers: dict[str, int] = {}
    for batch in batches(wanted, _BATCH):
        connection.execute(dialect_of(connection).insert_missing(table), [{"name": name} for name in batch])
        query = select(table.c.name, table.c.id).where(among_texts(table.c.name, batch))
        numbers.update(connection.execute(query).all())
    return numbers


def absent_ids(connection: Connection) -> Ids:
    """Sorted ids of the images without a file."""
    rows = plain_rows(connection, select(images.c.id).where(ABSENT))
    return np.unique(np.fromiter((row[0] for row in rows), np.int64, count=len(rows)))


def are_present(connection: Connection, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the images have a file."""
    return ~np.isin(ids, absent_ids(connection))


def checked_name(text: str, what: str, most: int) -> str:
    """The text as the database takes it. Raises InputError if it is blank or longer than `most`."""
    if not text.strip():
        raise InputError(f"{what} is empty", hint=f"name {what}")
    if len(text) > most:
        raise InputError(f"{what} has {len(text):,} characters", hint=f"at most {most:,} are kept")
    return storable(text)
