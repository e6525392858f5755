"""The connections of one open catalog: transactions to read and to write, and its write lock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from saccade.catalog import places
from saccade.catalog.dialect import Changes, Dialect, Wiper
from saccade.catalog.lock import LibraryLock
from saccade.core.errors import ReadOnlyError, library_closed
from saccade.core.ports.files import Folder

LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """How a store reads and writes: each call is one transaction, or part of the current unit of work.

    Attributes:
        dialect: the kind of database.
        reading: as of one moment.
        storing: to write; durable when it ends, undone when it fails.
        wiping: to write through the driver so that nothing deleted remains on disk; never inside a unit of
            work.
        rewriting: the same, and the whole database is rewritten afterward.
        folders: the indexed folders, their paths absolute.
        check_open: for what does without a transaction; raises InputError once the catalog is closed.
    """

    dialect: Dialect
    reading: Callable[[], AbstractContextManager[Connection]]
    storing: Callable[[], AbstractContextManager[Connection]]
    wiping: Callable[[], AbstractContextManager[Wiper]]
    rewriting: Callable[[], AbstractContextManager[Wiper]]
    folders: Callable[[Connection], list[Folder]]
    check_open: Callable[[], None]


class Session:
    """What every store of a catalog stands on. Thread-safe; once closed, every use raises InputError.

    Args:
        path: the database.
        home: the folder that relative paths start from.
        relative: whether folders inside `home` are stored relative to it.
        wait_s: how long a writer waits for its turn, seconds, unless it says so itself.
    """

    def __init__(
        self,
        dialect: Dialect,
        engine: Engine,
        *,
        path: Path,
        home: str,
        relative: bool,
        read_only: bool,
        wait_s: float,
    ) -> None:
        self.path = path
        self.home = home
        self.relative = relative
        self.read_only = read_only
        self.transactions = Transactions(
            dialect=dialect,
            reading=self.reading,
            storing=self.storing,
            wiping=self.wiping,
            rewriting=partial(self.wiping, rewrite=True),
            folders=self.folders,
            check_open=self.check_open,
        )
        self._dialect = dialect
        self._engine = engine
        self._writer = dialect.writer(engine)
        self._folder = path.parent
        self._wait_s = wait_s
        self._lock = LibraryLock(self._folder / LOCK)
        self._unit = _Unit()
        self._watch: Changes | None = None
        self._watching = threading.Lock()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads; inside a unit of work it sees what the unit wrote."""
        self.check_open()
        if self._unit.connection is not None:
            yield self._unit.connection
            return
        if self._unit.moment is not None:
            with self._dialect.translated(self._folder):
                yield self._unit.moment.connection
            return
        with self._dialect.translated(self._folder), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[None]:
        """See `core.ports.catalog.Catalog.reading`; part of a moment or unit of work it is in."""
        self.check_open()
        if self._unit.connection is not None or self._unit.moment is not None:
            yield
            return
        # Before the transaction begins: what it sees is at least as new, so nobody takes it for newer.
        version = self.version()
        with self._dialect.translated(self._folder):
            connection = self._engine.connect()
        with connection:
            self._unit.moment = _Moment(connection=connection, version=version)
            try:
                yield
            finally:
                self._unit.moment = None

    @contextmanager
    def storing(self) -> Iterator[Connection]:
        """A transaction that writes; inside a unit of work it is undone alone if it fails."""
        self._check_writable()
        if self._unit.connection is not None:
            with self._dialect.translated(self._folder), self._unit.connection.begin_nested():
                yield self._unit.connection
            return
        with self._dialect.translated(self._folder), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def wiping(self, *, rewrite: bool = False) -> Iterator[Wiper]:
        """See `Transactions.wiping`, and with `rewrite`, `Transactions.rewriting`."""
        self._check_writable()
        if self._unit.connection is not None:
            raise RuntimeError("wiping is a separate transaction and cannot be part of a unit of work")
        with (
            self._dialect.translated(self._folder),
            self._dialect.wiping(self.path, rewrite=rewrite) as wiper,
        ):
            yield wiper

    def folders(self, connection: Connection) -> list[Folder]:
        """Every indexed folder with its absolute path."""
        return places.known_folders(connection, self.home)

    @contextmanager
    def writing(self, doing: str = "writing to it", *, wait_s: float | None = None) -> Iterator[None]:
        """See `core.ports.catalog.Catalog.writing`."""
        self._check_writable()
        with self._lock.held(doing, wait_s=self._wait_s if wait_s is None else wait_s):
            yield

    @contextmanager
    def unit(self, doing: str = "writing to it", *, wait_s: float | None = None) -> Iterator[None]:
        """See `core.ports.catalog.Catalog.unit`. A unit inside another one is a part of it."""
        self.check_open()
        if self._unit.connection is not None:
            with self._unit.connection.begin_nested():
                yield
            return
        with (
            self.writing(doing, wait_s=wait_s),
            self._dialect.translated(self._folder),
            self._writer.begin() as connection,
        ):
            self._unit.connection = connection
            try:
                yield
            finally:
                self._unit.connection = None

    def version(self) -> int:
        """A number that changes whenever anything in the catalog did, by any process.

        Meant for comparison within the life of this object only.
        """
        self.check_open()
        if self._unit.moment is not None:
            return self._unit.moment.version
        with self._dialect.translated(self._folder), self._watching:
            if self._watch is None:
                self._watch = self._dialect.changes(self.path)
            return self._watch.version()

    def close(self) -> None:
        """Release it; safe to call twice."""
        self._closed = True
        with self._dialect.translated(self._folder):
            try:
                with self._watching:
                    if self._watch is not None:
                        self._watch.close()
                        self._watch = None
            finally:
                self._engine.dispose()

    def check_open(self) -> None:
        """Raise InputError if it is closed: a connection made now would stay open."""
        if self._closed:
            raise library_closed()

    def _check_writable(self) -> None:
        """Raise InputError if it is closed, ReadOnlyError if opened to read, RuntimeError inside a moment."""
        self.check_open()
        if self.read_only:
            raise self._no_writing()
        if self._unit.moment is not None:
            raise RuntimeError("a moment is for reading: what is written inside could not be read there")

    def _no_writing(self) -> ReadOnlyError:
        return ReadOnlyError(
            f"the library in {str(self._folder)!r} was opened for reading only",
            hint="make its folder writable, or index into another --library",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """A transaction that several reads share, and the version of the catalog when it began."""

    connection: Connection
    version: int


class _Unit(threading.local):
    """What a thread is in: the transaction of a unit of work, or a shared one that reads."""

    connection: Connection | None = None
    moment: _Moment | None = None
