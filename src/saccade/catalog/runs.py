"""`SqlRuns` and `SqlNotes`: what was done to the library, and small texts under a key."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, or_, select, update

from saccade.catalog.session import Transactions
from saccade.catalog.tables import notes, runs

_READS_FILES = ("index", "record", "repair")
"""Kinds of runs after which files may be left to read. What `duplicates` moves, it recovers by itself."""


class SqlRuns:
    """See `core.ports.catalog.Runs`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def start(self, kind: str) -> int:
        """Note that a run began; a run without an end was interrupted."""
        with self._transactions.storing() as connection:
            made = connection.execute(insert(runs).returning(runs.c.id), {"kind": kind, "started": now()})
            return int(made.scalar_one())

    def finish(self, run: int, summary: Mapping[str, object]) -> None:
        """Note that it ended, with what it did (anything JSON holds)."""
        text = json.dumps(dict(summary), sort_keys=True)
        with self._transactions.storing() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(finished=now(), summary=text))

    def unfinished(self) -> list[int]:
        """See `core.ports.catalog.Runs.unfinished`."""
        later = runs.alias("later")
        settles = or_(later.c.kind == runs.c.kind, later.c.kind == "index")
        ended = select(func.max(later.c.id)).where(settles, later.c.finished.is_not(None))
        query = select(runs.c.id).where(
            runs.c.kind.in_(_READS_FILES),
            runs.c.finished.is_(None),
            runs.c.id > func.coalesce(ended.scalar_subquery(), 0),
        )
        with self._transactions.reading() as connection:
            return list(connection.execute(query.order_by(runs.c.id)).scalars())


class SqlNotes:
    """See `core.ports.catalog.Notes`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def get(self, key: str) -> str | None:
        """A small text kept under a key, None if there is none."""
        with self._transactions.reading() as connection:
            return connection.execute(select(notes.c.text).where(notes.c.key == key)).scalar()

    def save(self, key: str, text: str) -> None:
        """Keep a small text under a key, durably, in the place of what was there."""
        with self._transactions.storing() as connection:
            connection.execute(delete(notes).where(notes.c.key == key))
            connection.execute(insert(notes).values(key=key, text=text))


def now() -> str:
    """This moment, UTC, as the catalog writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
