"""The shape of a catalog file: made when new, checked at every opening, migrated when old.

Alembic is imported only when there is something to migrate.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select

from saccade.catalog.curation_tables import EVERY_TABLE
from saccade.catalog.dialect import Dialect
from saccade.catalog.tables import items, versions
from saccade.core.errors import CorruptLibraryError, LibraryTooNewError, ReadOnlyError
from saccade.core.items import FIRST_PART
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Progress

CURRENT = "0006"
"""The newest revision in `migrations/versions`."""
_FIRST = "0001"
"""The oldest one; between the two they are numbered without a gap."""
MIGRATIONS = Path(__file__).parent / "migrations"


def stored_version(connection: Connection) -> str | None:
    """The revision the database has; None if it has no tables of ours."""
    if not inspect(connection).has_table(versions.name):
        return None
    return connection.execute(select(versions.c.version_num)).scalar()


def is_blank(connection: Connection) -> bool:
    """Whether the database has no table at all."""
    return not inspect(connection).get_table_names()


def create(dialect: Dialect, engine: Engine) -> None:
    """Make all tables, unless another process just did, in one transaction."""
    with dialect.writer(engine).begin() as connection:
        if stored_version(connection) is None:
            dialect.mark(connection)
            versions.metadata.create_all(connection)
            EVERY_TABLE.create_all(connection)
            dialect.count_from(connection, items, FIRST_PART)  # whole images have their images' ids
            dialect.words.create(connection)
            connection.execute(insert(versions).values(version_num=CURRENT))


def upgrade(dialect: Dialect, engine: Engine, path: Path, *, report: ReportProgress | None = None) -> None:
    """Bring an older database to the current version in one transaction: all of it happens, or nothing.

    Before anything changes, the database is copied to `path` with ".before-" and the new version appended.
    The copy is what was there when the transaction began: nobody else can write from then on. A copy left by
    an attempt that was killed is replaced by a newer one, and never by one of an upgraded database.

    Args:
        path: the database of the engine.
    Raises:
        LibraryTooNewError, CorruptLibraryError: another process upgraded it further, or it is not a catalog.
    """
    from alembic import command  # noqa: PLC0415 - 0.2 s that opening a current library must not pay
    from alembic.config import Config  # noqa: PLC0415

    tell = report or (lambda _: None)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with dialect.writer(engine).begin() as connection:
        version = stored_version(connection)
        if version is not None:
            if not check(version, path.parent, read_only=False):
                return  # another process did it while this one waited
            copy = path.with_name(f"{path.name}.before-{CURRENT}")
            dialect.copy(path, copy, overwrite=True, report=_copied(tell))
        tell(Progress(stage="upgrade the library", done=0, total=None))
        config.attributes["connection"] = connection
        command.upgrade(config, CURRENT)


def _copied(tell: ReportProgress) -> Callable[[int, int], None]:
    """Progress of the copy, in megabytes."""
    return lambda done, total: tell(
        Progress(stage="back up the catalog (MB)", done=done // 1_000_000, total=total // 1_000_000)
    )


def check(version: str | None, path: Path, *, read_only: bool) -> bool:
    """Whether the database must be upgraded before use.

    Raises:
        LibraryTooNewError: a newer saccade wrote it.
        CorruptLibraryError: it holds no catalog, or a version that never was.
        ReadOnlyError: it must be upgraded and may not be written.
    """
    if version == CURRENT:
        return False
    if version is None or not (version.isdecimal() and len(version) == 4 and version >= _FIRST):
        raise CorruptLibraryError(
            f"the library in {str(path)!r} holds no catalog",
            hint="put a backup in its place, or move it out of the folder and index again",
        )
    if version > CURRENT:
        raise LibraryTooNewError(
            f"the library in {str(path)!r} was written by a newer saccade"
            f" (schema {version}; this one reads {CURRENT})",
            hint="upgrade saccade: pip install --upgrade saccade",
        )
    if read_only:
        raise ReadOnlyError(
            f"the library in {str(path)!r} is from an older saccade and cannot be upgraded: read-only",
            hint="make its folder writable and open it once",
        )
    return True
