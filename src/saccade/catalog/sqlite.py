"""Everything about SQLite itself: connections, errors, lists of ids, backup, checks.

Settings: WAL, so that readers and the writer never wait for each other; `synchronous=FULL`, so that a
commit has reached the disk; foreign keys on; the schema of an untrusted file is not trusted.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote_from_bytes

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.selectable import TableValuedAlias

from saccade.catalog.text import AlteredError
from saccade.core.errors import (
    CorruptLibraryError,
    DiskFullError,
    InputError,
    LibraryBusyError,
    ReadOnlyError,
    StorageError,
)

RawConnection: TypeAlias = sqlite3.Connection

PAGE_SIZE = 8192
_STEP_PAGES = 4096
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
_DISK_FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_DISK_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY_ERRNO = {errno.EACCES, errno.EPERM, errno.EROFS}


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


def open_engine(path: Path, *, read_only: bool) -> Engine:
    """An engine over the file; connections are made when first needed, and may be used by any thread."""
    mode = read_mode(path) if read_only else "rw"
    engine = create_engine(
        "sqlite://", creator=lambda: connect(path, mode), poolclass=QueuePool, pool_size=4, max_overflow=60
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
def translated(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into saccade's; `path` is the library's folder."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError, JSONDecodeError, UnicodeDecodeError, AlteredError) as error:
        raise storage_error(error, path) from error


def storage_error(error: BaseException, path: Path) -> StorageError | LibraryBusyError:
    """The error of saccade's tree that says what happened to the library at `path`, and what to do."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    full = getattr(cause, "sqlite_errorcode", 0) or 0
    code = full & 0xFF
    number = cause.errno if isinstance(cause, OSError) else None
    if full in _DISK_FULL_CODES or number in _DISK_FULL_ERRNO:
        return DiskFullError(
            f"no space left to write to {str(path)!r}",
            hint="free some space (or raise the quota) and run the same command again: it resumes",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM} or number in _READ_ONLY_ERRNO:
        return ReadOnlyError(
            f"no permission to write to {str(path)!r}",
            hint="change its permissions, or name another --library",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return ReadOnlyError(
            f"the library in {str(path)!r} cannot be opened",
            hint="check the permissions of the folder and of catalog.db in it",
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or isinstance(cause, ValueError):
        return CorruptLibraryError(
            f"the catalog in {str(path)!r} is damaged: {cause}",
            hint="put a backup in its place as catalog.db, or remove the folder and index again",
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LibraryBusyError(
            f"the library in {str(path)!r} is locked by another process", hint="try again when it is done"
        )
    return StorageError(f"the library in {str(path)!r} failed: {cause}", hint="run `saccade doctor`")


def is_damage(error: DBAPIError) -> bool:
    """Whether it says that what is stored is wrong or missing, and not that it cannot be reached just now."""
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}


def plain_rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them, twice as fast for long answers; for columns of plain types only."""
    cursor = connection.execute(query).cursor
    assert cursor is not None
    return list(cursor.fetchall())


def listed(ids: Sequence[int]) -> TableValuedAlias:
    """A table whose column `value` holds these numbers, given as one parameter however many there are."""
    return func.json_each(bindparam(None, f"[{','.join(map(str, ids))}]")).table_valued("value")


def among(column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """`column IN ids`, however many there are."""
    return column.in_(select(listed(ids).c.value))


@contextmanager
def wiping(connection: RawConnection) -> Iterator[None]:
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


def rewrite(connection: RawConnection) -> None:
    """Rewrite the database: pages keep fragments of rows that were moved within them."""
    connection.execute("VACUUM")


def empty_journal(connection: RawConnection) -> bool:
    """Write all of the journal into the database and cut it to nothing; False if readers keep it in use."""
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


def data_version(connection: sqlite3.Connection) -> int:
    """A number that changes when any other connection committed a change."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def copy_database(
    source: Path, target: Path, *, overwrite: bool, report: Callable[[int, int], None] | None = None
) -> None:
    """Copy the database as of one moment to `target`, which appears whole and synced, or not at all.

    Args:
        report: called with the bytes copied so far, and all. With it the copy is made in steps, and a change
            by another process between two of them starts it over: hold the right to write.
    Raises:
        InputError: `target` exists and `overwrite` is false, or is a folder.
    """
    partial = target.with_name(f".{target.name}.partial")
    _refuse_existing(target, overwrite=overwrite)
    with _alone_in(target.parent):
        _remove(partial)  # a killed copy leaves one, and SQLite would read what it holds
        try:
            with (
                closing(connect(source, read_mode(source))) as original,
                closing(connect(partial, "rwc")) as copy,
            ):
                copy.execute("PRAGMA journal_mode=OFF")  # a partial copy is never read
                copy.execute("PRAGMA synchronous=OFF")  # synced as a whole below
                if report is None:
                    original.backup(copy)
                else:
                    original.backup(copy, pages=_STEP_PAGES, progress=_stepped(report))
            _sync(partial)
            _refuse_existing(target, overwrite=overwrite)
            partial.replace(target)
        finally:
            _remove(partial)
        _sync(target.parent)


def _stepped(report: Callable[[int, int], None]) -> Callable[[int, int, int], None]:
    """What SQLite calls after each step of a copy: with a status, and the pages left of all."""
    return lambda _, left, pages: report((pages - left) * PAGE_SIZE, pages * PAGE_SIZE)


def _remove(database: Path) -> None:
    """Delete a database and the files SQLite puts next to it, if they exist."""
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{database}{ending}").unlink()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread copies into the folder: two copies would share a partial file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if target.is_dir() or (os.path.lexists(target) and not overwrite):
        raise InputError(f"{str(target)!r} already exists", hint="name a new file")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
