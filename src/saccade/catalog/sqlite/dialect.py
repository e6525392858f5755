"""`SQLITE`: the dialect port over one file in WAL mode."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    Insert,
    Subquery,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from saccade.catalog.dialect import Changes, Wiper, Words
from saccade.catalog.lists import each
from saccade.catalog.sqlite import copying, driver, failures, words
from saccade.core.errors import LibraryBusyError

_NUMBERED = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")


@compiles(each, "sqlite")
def _each(element: each, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy passes them on
    return f"json_each({compiler.process(element.clauses, **options)})"


class _Sqlite:
    """See `catalog.dialect.Dialect`."""

    words: Words = words

    def translated(self, place: Path) -> AbstractContextManager[None]:
        """Turn errors of SQLite and of the file system into saccade's; `place` is the library's folder."""
        return failures.translated(place)

    def make(self, path: Path) -> None:
        """An empty database file; one that exists is left alone."""
        driver.make_file(path)

    def open(self, path: Path, *, read_only: bool) -> Engine:
        """An engine over the file; its connections may be used by any thread."""
        return driver.open_engine(path, self, read_only=read_only)

    def writer(self, engine: Engine) -> Engine:
        """The same; a transaction takes SQLite's one write lock when it begins, and holds it to its end."""
        return engine.execution_options(**driver.write_options())

    def changes(self, path: Path) -> Changes:
        """Watches for changes over a connection that never makes any."""
        return driver.Watch(path)

    def mark(self, connection: Connection) -> None:
        """Write saccade's number into the header of the file."""
        driver.mark_file(connection)

    def count_from(self, connection: Connection, table: Table, first: int) -> None:
        """Let a new table's rows be numbered from `first` up."""
        connection.execute(_NUMBERED, {"name": table.name, "last": first - 1})

    def problems(self, connection: Connection) -> list[str]:
        """What SQLite finds wrong, in its words, at most 100; reads the whole file."""
        return driver.problems(connection)

    def copy(
        self, source: Path, target: Path, *, overwrite: bool, report: Callable[[int, int], None] | None = None
    ) -> None:
        """Copy the database as of one moment."""
        copying.copy_database(source, target, overwrite=overwrite, report=report)

    @contextmanager
    def wiping(self, path: Path, *, rewrite: bool) -> Iterator[Wiper]:
        """Deletes with zeros written over, then empties the journal."""
        with closing(driver.connect(path, "rw")) as connection:
            with driver.wiping(connection):
                yield connection
            if rewrite:
                driver.rewrite(connection)
            if not driver.empty_journal(connection):
                raise LibraryBusyError(
                    "erased, but traces stay in the journal while another process reads the library",
                    hint="run the same command again when it is done",
                )

    def insert_missing(self, table: Table) -> Insert:
        """An insert that passes over rows that are already there."""
        return insert(table).prefix_with("OR IGNORE")

    def numbered_pairs(self, pairs: Sequence[tuple[int, int]]) -> Subquery:
        """A table with columns `position`, `a` and `b`."""
        given: BindParameter[str] = bindparam(None, "[" + ",".join(f"[{a},{b}]" for a, b in pairs) + "]")
        rows = func.json_each(given).table_valued("key", "value")
        a, b = (
            func.json_extract(rows.c.value, path).label(name) for name, path in (("a", "$[0]"), ("b", "$[1]"))
        )
        return select(rows.c.key.label("position"), a, b).subquery()


SQLITE = _Sqlite()
