"""Opening a library's catalog: find it, make it, check its version."""

from pathlib import Path

from saccade.catalog import places, schema
from saccade.catalog.lock import LibraryLock
from saccade.catalog.session import LOCK, Session
from saccade.catalog.sql import SqlCatalog
from saccade.catalog.sqlite import SQLITE
from saccade.core.errors import LibraryNotFoundError
from saccade.core.ports.decoders import ReportProgress

DATABASE = "catalog.db"
WAIT_S = 10.0
"""How long a writer waits for its turn, unless it says so itself."""
UPGRADE_WAIT_S = 600.0
"""How long to wait at least, seconds, while another process upgrades the library."""


def open_catalog(
    folder: str,
    *,
    create: bool,
    home: str | None = None,
    read_only: bool = False,
    wait_s: float = WAIT_S,
    report: ReportProgress | None = None,
) -> SqlCatalog:
    """The catalog in the library folder `folder`.

    Args:
        folder: the library folder itself (PHOTOS/.saccade).
        create: make it if it is not there.
        home: folder whose files are stored relative to it, so that both can move together; without it
            every folder is stored by its absolute path.
        read_only: never write; several processes may read while one writes.
        wait_s: how long a writer waits while another one holds the write lock, seconds.
        report: called while a library of an older release is upgraded, if it is one.

    Raises:
        LibraryNotFoundError: it is not there and `create` is false.
        LibraryTooNewError: a newer saccade wrote it.
        CorruptLibraryError: it is not a catalog, or damaged.
        ReadOnlyError, DiskFullError: it cannot be made, upgraded or opened.
    """
    place = Path(places.plain(folder))
    path = place / DATABASE
    with SQLITE.translated(place):
        if not path.exists():
            if not create or read_only:
                raise LibraryNotFoundError(
                    f"no library in {str(place)!r}", hint="create one with: saccade index DIR"
                )
            place.mkdir(parents=True, exist_ok=True)
            SQLITE.make(path)
        engine = SQLITE.open(path, read_only=read_only)
        try:
            with engine.connect() as connection:
                version = schema.stored_version(connection)
                unfinished = version is None and schema.is_blank(connection)
            if unfinished and not read_only:
                # New, or its making was interrupted: whoever opens it next makes it, `create` or not.
                SQLITE.make(path)
                schema.create(SQLITE, engine)
            elif schema.check(version, place, read_only=read_only):
                with LibraryLock(place / LOCK).held("upgrading it", wait_s=max(wait_s, UPGRADE_WAIT_S)):
                    schema.upgrade(SQLITE, engine, path, report=report)
        except BaseException:
            engine.dispose()
            raise
    return SqlCatalog(
        Session(
            SQLITE,
            engine,
            path=path,
            home=str(place.parent) if home is None else places.plain(home),
            relative=home is not None,
            read_only=read_only,
            wait_s=wait_s,
        )
    )
