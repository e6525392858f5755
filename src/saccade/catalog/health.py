"""`SqlHealth`: whether the catalog is whole, repairs, backup."""

from pathlib import Path

import numpy as np
from sqlalchemy import Connection, func, select

from saccade.catalog import documents, places, results
from saccade.catalog.dialect import dialect_of
from saccade.catalog.session import Transactions
from saccade.catalog.tables import (
    ABSENT,
    EXCLUDED,
    FAILED,
    MISSING,
    NOT_INDEXED,
    embeddings,
    files,
    images,
)
from saccade.core.status import Counts
from saccade.core.types import Ids


class SqlHealth:
    """See `core.ports.catalog.Health`."""

    def __init__(self, transactions: Transactions, *, path: Path, read_only: bool) -> None:
        self._transactions = transactions
        self._path = path
        self._read_only = read_only

    def counts(self) -> Counts:
        """How much it holds."""
        with self._transactions.reading() as connection:
            return _counts(connection)

    def problems(self) -> list[str]:
        """What is wrong with the database file itself and its references, at most 100; reads all of it."""
        with self._transactions.reading() as connection:
            # A damaged file is not read any further.
            return dialect_of(connection).problems(connection) or results.damaged(connection)

    def stale_images(self) -> Ids:
        """Sorted ids of the images whose full-text row or presence is not what their files say.

        All images, if the full-text table contradicts itself (not looked at when opened for reading only).
        """
        if not self._read_only:
            with self._transactions.storing() as connection:
                if not dialect_of(connection).words.sound(connection):
                    query = select(images.c.id).order_by(images.c.id)
                    return np.array(connection.execute(query).scalars().all(), dtype=np.int64)
        with self._transactions.reading() as connection:
            return np.array(documents.stale(connection), dtype=np.int64)

    def rebuild_derived(self) -> None:
        """Make the full-text table and every image's presence again from the files."""
        with self._transactions.storing() as connection:
            documents.rebuild(connection)

    def backup(self, path: str, *, overwrite: bool = False) -> None:
        """Write a consistent copy while others read and write; the file appears whole or not at all.

        To restore it, put the file as `catalog.db` into an empty library folder.

        Raises:
            InputError: `path` exists and `overwrite` is false, or the catalog is closed.
            DiskFullError, ReadOnlyError: it cannot be written there.
        """
        self._transactions.check_open()
        target = Path(places.plain(path))
        with self._transactions.dialect.translated(target.parent):
            self._transactions.dialect.copy(self._path, target, overwrite=overwrite)


def _counts(connection: Connection) -> Counts:
    """How much the catalog holds."""
    # Only the few rows in other states are grouped; the rest is counted on the smallest index.
    other = select(files.c.state, func.count()).where(NOT_INDEXED).group_by(files.c.state)
    states: dict[str, int] = dict(connection.execute(other).all())
    total = connection.execute(select(func.count()).select_from(files)).scalar_one()
    held = connection.execute(select(func.count()).select_from(images)).scalar_one()
    absent = connection.execute(select(func.count(images.c.id)).where(ABSENT)).scalar_one()
    spaces = select(embeddings.c.space_id, func.count()).group_by(embeddings.c.space_id)
    return Counts(
        images=held - absent,
        files=total - sum(states.values()),
        failed=states.get(FAILED, 0),
        excluded=states.get(EXCLUDED, 0),
        missing=states.get(MISSING, 0),
        embeddings=dict(connection.execute(spaces).all()),
    )
