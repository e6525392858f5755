"""The connections of one open catalog: transactions to read and to write, and its write lock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from saccade.catalog import places, sqlite
from saccade.catalog.lock import LibraryLock
from saccade.core.errors import LibraryBusyError, ReadOnlyError
from saccade.core.ports import Folder

LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """How a store reads and writes: each call begins one transaction, whole or not at all.

    Attributes:
        reading: as of one moment.
        storing: to write; durable when it ends, undone when it fails.
        wiping: to write with the driver itself so that nothing of what is deleted stays on the disk.
    """

    reading: Callable[[], AbstractContextManager[Connection]]
    storing: Callable[[], AbstractContextManager[Connection]]
    wiping: Callable[[], AbstractContextManager[sqlite.RawConnection]]


class SqlSession:
    """What every part of the catalog stands on. Thread-safe."""

    def __init__(self, engine: Engine, *, path: Path, home: str, relative: bool, read_only: bool) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**sqlite.write_options())
        self._path = path
        self._folder = path.parent
        self._home = home
        self._relative = relative
        self._read_only = read_only
        self._lock = LibraryLock(self._folder / LOCK)
        self._watch: sqlite.RawConnection | None = None
        self._watching = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with sqlite.translated(self._folder), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _storing(self) -> Iterator[Connection]:
        if self._read_only:
            raise _no_writing(self._folder)
        with sqlite.translated(self._folder), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _wiping(self) -> Iterator[sqlite.RawConnection]:
        if self._read_only:
            raise _no_writing(self._folder)
        with sqlite.translated(self._folder), closing(sqlite.connect(self._path, "rw")) as connection:
            with sqlite.wiping(connection):
                yield connection
            if not sqlite.empty_journal(connection):
                raise LibraryBusyError(
                    "erased, but traces stay in the journal while another process reads the library",
                    hint="run the same command again when it has ended",
                )

    @property
    def _transactions(self) -> Transactions:
        return Transactions(reading=self._reading, storing=self._storing, wiping=self._wiping)

    def _folders(self, connection: Connection) -> list[Folder]:
        return places.known_folders(connection, self._home)

    @contextmanager
    def writing(self, doing: str = "writing to it") -> Iterator[None]:
        """Hold the library's write lock; `doing` tells others: "process 123 is ...".

        Raises:
            LibraryBusyError: it is held; the message names the holder.
            ReadOnlyError: the library cannot be written.
        """
        if self._read_only:
            raise _no_writing(self._folder)
        with self._lock.held(doing):
            yield

    def version(self) -> int:
        """A number that changes whenever anything in the catalog did, by any process.

        Meant for comparison within the life of this object only.
        """
        with sqlite.translated(self._folder), self._watching:
            if self._watch is None:
                # SQLite reports the changes of other connections only, and this one never makes any.
                self._watch = sqlite.connect(self._path, sqlite.read_mode(self._path))
            return sqlite.data_version(self._watch)

    def close(self) -> None:
        """Release it; safe to call twice."""
        with sqlite.translated(self._folder):
            with self._watching:
                if self._watch is not None:
                    self._watch.close()
                    self._watch = None
            self._engine.dispose()


def _no_writing(folder: Path) -> ReadOnlyError:
    return ReadOnlyError(
        f"the library in {str(folder)!r} was opened for reading only",
        hint="make its folder writable, or index into another --library",
    )
