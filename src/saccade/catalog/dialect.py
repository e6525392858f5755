"""`Dialect`: what differs from one database to another; `catalog/sqlite` implements it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Engine, Insert, Subquery, Table

from saccade.core.ports.images import WordMatches
from saccade.core.types import Ids

OPTION = "saccade_dialect"
"""The option of a connection that holds its dialect."""


class Changes(Protocol):
    """Tells whether anyone, in any process, has committed a change. Not thread-safe."""

    def version(self) -> int:
        """A number that differs from an earlier one if anyone committed in between; it has no order."""
        ...

    def close(self) -> None:
        """Release it."""
        ...


class Outcome(Protocol):
    """What a statement came to: a cursor of the driver."""

    @property
    def rowcount(self) -> int:
        """Rows changed."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - a row is what its statement selects
        """The next row; None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...


class Wiper(Protocol):
    """A transaction whose statements run as written; a question mark stands for each value."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Outcome:
        """Run it."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run it once for each row of values."""
        ...


class Words(Protocol):
    """Full-text search: one row of words per present image, and one per label."""

    def create(self, connection: Connection) -> None:
        """Make its empty tables."""
        ...

    def reset(self, connection: Connection) -> None:
        """Make its tables again and empty, whatever state they were in."""
        ...

    def find(
        self, connection: Connection, words: Sequence[str], limit: int, among: Ids | None
    ) -> WordMatches:
        """At most `limit` images with all the words; only in sorted `among`."""
        ...

    def replace_rows(
        self, connection: Connection, gone: Iterable[int], rows: Sequence[dict[str, str | int]]
    ) -> None:
        """Drop the rows of the images `gone`, then add `rows` (id, names, title, caption, keywords)."""
        ...

    def rows(self, connection: Connection, first: int, last: int) -> dict[int, dict[str, str | int]]:
        """The stored rows with ids in [first, last], by id."""
        ...

    def beyond(self, connection: Connection, last: int) -> list[int]:
        """Ids of stored rows above `last`."""
        ...

    def add_labels(self, connection: Connection, labels: Mapping[int, str]) -> None:
        """Let these labels, {number: label}, be found by their words."""
        ...

    def remove_labels(self, connection: Connection, numbers: Iterable[int]) -> None:
        """Let these labels not be found anymore."""
        ...

    def stale_labels(self, connection: Connection, labels: Mapping[int, str]) -> list[int]:
        """Numbers of labels whose words are not those of `labels`, all that should be found."""
        ...

    def sound(self, connection: Connection) -> bool:
        """Whether the words found are those of their rows; the connection must be one that writes."""
        ...

    def wipe_forgotten(self, wiper: Wiper) -> None:
        """Delete the words of the images in the table `forgotten`, and all trace of deleted words."""
        ...


class Dialect(Protocol):
    """One kind of database. It also says how `catalog.lists.each` is compiled."""

    @property
    def words(self) -> Words:
        """Its full-text search."""
        ...

    def translated(self, place: Path) -> AbstractContextManager[None]:
        """Turn its errors and the file system's into saccade's; `place` is the library's folder."""
        ...

    def make(self, path: Path) -> None:
        """An empty database; one that exists is left alone."""
        ...

    def open(self, path: Path, *, read_only: bool) -> Engine:
        """An engine over it, whose connections have `OPTION`; they are made when first needed."""
        ...

    def writer(self, engine: Engine) -> Engine:
        """The same, for transactions that write: each waits for its turn when it begins.

        Only one of them runs at a time, so sequence numbers are in the order of commits:
        a reader that has seen a row numbered n never finds a new one below n later.
        """
        ...

    def changes(self, path: Path) -> Changes:
        """Watches for changes."""
        ...

    def mark(self, connection: Connection) -> None:
        """Note in a new database that it is saccade's."""
        ...

    def count_from(self, connection: Connection, table: Table, first: int) -> None:
        """Let a new table's rows be numbered from `first` up."""
        ...

    def problems(self, connection: Connection) -> list[str]:
        """What is wrong with the database and its references, at most 100; empty when sound."""
        ...

    def copy(
        self, source: Path, target: Path, *, overwrite: bool, report: Callable[[int, int], None] | None = None
    ) -> None:
        """Copy it as of one moment to `target`, which appears whole and synced, or not at all.

        Args:
            report: called with the bytes copied so far, and all; then nobody else may write meanwhile.
        Raises:
            InputError: `target` exists and `overwrite` is false, or is a folder.
        """
        ...

    def wiping(self, path: Path, *, rewrite: bool) -> AbstractContextManager[Wiper]:
        """A durable transaction after which nothing that it deleted is left on the disk.

        Args:
            rewrite: write the whole database again afterward.
        Raises:
            LibraryBusyError: it is deleted, but traces stay until other processes stop reading.
        """
        ...

    def insert_missing(self, table: Table) -> Insert:
        """An insert that passes over rows that are already there."""
        ...

    def numbered_pairs(self, pairs: Sequence[tuple[int, int]]) -> Subquery:
        """A table with columns `position` (from 0), `a` and `b`, given as one parameter."""
        ...


def dialect_of(connection: Connection) -> Dialect:
    """The dialect of a connection of an engine that a dialect opened."""
    options: Mapping[str, Any] = connection.get_execution_options()
    return cast("Dialect", options[OPTION])
