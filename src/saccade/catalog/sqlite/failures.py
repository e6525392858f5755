"""What SQLite's error codes come down to."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from saccade.catalog.failures import Trouble, storage_error
from saccade.catalog.text import AlteredError

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_TROUBLES = {
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNREACHABLE,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into saccade's; `path` is the library's folder."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError, JSONDecodeError, UnicodeDecodeError, AlteredError) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise storage_error(cause, path, _trouble(cause)) from error


def _trouble(error: BaseException) -> Trouble | None:
    """What it comes down to; None if it is not an error of SQLite."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    return Trouble.FULL if code in _FULL else _TROUBLES.get(code & 0xFF, Trouble.OTHER)


def is_damage(error: DBAPIError) -> bool:
    """Whether it says that what is stored is wrong or missing, and not that it cannot be reached just now."""
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}
