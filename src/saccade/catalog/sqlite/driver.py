"""Connections to a SQLite file: settings, transactions, wiping, checks.

Settings: WAL, so that readers and the writer never wait for each other; `synchronous=FULL`, so that a
commit has reached the disk; foreign keys on; a schema of unknown origin is not trusted.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from saccade.catalog.dialect import OPTION

PAGE_SIZE = 8192
APPLICATION_ID = 0x53414343  # "SACC"
_WAIT_S = 30.0
_CACHE_KIB = 32 * 1024
_WAL_LIMIT = 64 * 1024 * 1024
_SETTINGS = (
    f"PRAGMA cache_size=-{_CACHE_KIB}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",  # without it a commit on macOS stays in the drive's cache
    "PRAGMA checkpoint_fullfsync=ON",
    f"PRAGMA journal_size_limit={_WAL_LIMIT}",
)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection to the file at `path`, opened "ro", "rw", "rwc" or "immutable"."""
    query = "immutable=1" if mode == "immutable" else f"mode={mode}"
    uri = f"file:{quote_from_bytes(os.fsencode(path))}?{query}"
    # isolation_level None: the driver begins nothing by itself, `_begin` says when.
    connection = sqlite3.connect(
        uri, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
    )
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        # Left to the garbage collector, it would delete the journal of whoever uses the file by then.
        connection.close()
        raise
    return connection


def make_file(path: Path) -> None:
    """An empty database with the page size and journal that a library has; one that exists is left alone."""
    with closing(connect(path, "rwc")) as connection:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode=WAL")


def open_engine(path: Path, dialect: object, *, read_only: bool) -> Engine:
    """An engine over the file; connections are made when first needed, and may be used by any thread."""
    mode = read_mode(path) if read_only else "rw"
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, mode),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=60,
        execution_options={OPTION: dialect},
    )
    event.listen(engine, "begin", _begin)
    return engine


def write_options() -> dict[str, Any]:
    """Options of a connection whose transactions write: they wait for their turn when they begin."""
    return {"saccade_begin": "BEGIN IMMEDIATE"}


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("saccade_begin", "BEGIN"))


def read_mode(path: Path) -> str:
    """How to read without writing: a WAL database on a read-only disk can only be opened as immutable."""
    if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
        return "ro"
    return "immutable"


@contextmanager
def wiping(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that overwrites all it deletes with zeros.

    References are not checked in it: only then does SQLite empty a whole table page by page.
    """
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def rewrite(connection: sqlite3.Connection) -> None:
    """Rewrite the database: pages keep fragments of rows that were moved within them."""
    connection.execute("VACUUM")


def empty_journal(connection: sqlite3.Connection) -> bool:
    """Write all of the journal into the database and cut it to nothing; False if readers keep it in use."""
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


class Watch:
    """Tells whether anyone has committed a change. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        # SQLite reports the changes of other connections only, and this one never makes any.
        self._connection = connect(path, read_mode(path))

    def version(self) -> int:
        """A number that changes when any other connection committed a change."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Release it."""
        self._connection.close()


def problems(connection: Connection, most: int = 100) -> list[str]:
    """What SQLite finds wrong with the file and its references, in its words; empty when sound."""
    found = [
        row[0] for row in connection.exec_driver_sql(f"PRAGMA integrity_check({most})") if row[0] != "ok"
    ]
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        if len(found) >= most:
            break
        found.append(f"row {row} of {table} refers to a row of {parent} that is not there")
    return found


def mark_file(connection: Connection) -> None:
    """Write saccade's number into the header, so that `file` and others can tell what it is."""
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
