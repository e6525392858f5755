"""Opening a library of release 0.2 upgrades it: the same answers, nothing embedded again, a copy kept.

`tests/data/library_0_2.py` made it, and recorded what release 0.2 answered.
"""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from saccade.catalog import open_catalog, schema
from saccade.catalog.sqlite import copying, driver
from saccade.core.errors import DiskFullError, LibraryTooNewError, ReadOnlyError, StorageError
from saccade.library import open_library
from tests.helpers.release_0_2 import unpack

if TYPE_CHECKING:
    from saccade.core.types import Progress

Answers = dict[str, Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the library, as release 0.2 left it, in another place."""
    place = tmp_path / "moved"
    place.mkdir()
    return unpack(place)


@pytest.fixture
def database(home: Path) -> Path:
    return home / ".saccade" / "catalog.db"


def dump(database: Path) -> list[str]:
    """Everything in a database."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


def version(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        (number,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(number)


def copy_of(database: Path) -> Path:
    return database.with_name(f"catalog.db.before-{schema.CURRENT}")


def made(folder: Path) -> list[str]:
    """The names in a folder, without the journal that SQLite needs to read."""
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm")))


def reopened(database: Path, **options: Any) -> None:
    open_catalog(str(database.parent), create=False, home=str(database.parents[1]), **options).close()


# --- what it keeps


def test_nothing_is_embedded_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexing afterward finds everything known: no picture is encoded or hashed."""
    for name in ("encode_pixels", "encode_texts"):
        monkeypatch.setattr(f"saccade.encoders.onnx.OnnxEncoder.{name}", None)
    with open_library(home) as lib:
        report = lib.index()
        assert (report.embedded, report.added, report.unchanged) == (0, 0, 18)
        catalog = lib.context.catalog
        assert catalog.hashes.missing().tolist() == []
        assert (catalog.health.problems(), catalog.health.stale_images().tolist()) == ([], [])


# --- the copy


def test_the_catalog_is_copied_before_it_changes(database: Path) -> None:
    """The copy is what release 0.2 left, and works as a library of it; opening again leaves it alone."""
    before = dump(database)
    steps: list[Progress] = []
    reopened(database, report=steps.append)
    copy = copy_of(database)
    assert (dump(copy), version(copy), version(database)) == (before, "0002", schema.CURRENT)
    assert [step.stage for step in steps[:: len(steps) - 1]] == [
        "back up the catalog (MB)",
        "upgrade the library",
    ]
    status = copy.stat()
    reopened(database, report=steps.append)
    assert copy.stat() == status
    assert not list(database.parent.glob(".*partial*"))


def test_the_copy_is_on_the_disk_before_the_catalog_changes(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are synced, then its name, then the upgrade begins: a power cut leaves one of the two."""
    steps: list[str] = []
    connect, sync = driver.connect, copying._sync

    def traced(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        if path == database:
            connection.set_trace_callback(lambda statement: steps.append(statement.split()[0]))
        return connection

    def synced(path: Path) -> None:
        steps.append("file" if path.is_file() else "folder")
        sync(path)

    monkeypatch.setattr(driver, "connect", traced)
    monkeypatch.setattr(copying, "_sync", synced)
    reopened(database)
    changes = ("CREATE", "ALTER", "INSERT", "UPDATE", "DELETE", "DROP")
    assert steps.index("file") < steps.index("folder") < min(map(steps.index, set(changes) & set(steps)))


def test_the_documentation_names_the_copy(database: Path) -> None:
    """Of the version that is current."""
    page = Path(__file__).parents[2] / "docs" / "how-to" / "backup.md"
    assert f"`.saccade/{copy_of(database).name}`" in page.read_text()


def test_a_copy_of_an_earlier_attempt_gives_way_to_a_newer_one(database: Path) -> None:
    """Release 0.2 may have written since; a copy is never older than what is upgraded."""
    reopened(database)
    copy_of(database).replace(database)
    for ending in ("-wal", "-shm"):
        Path(f"{database}{ending}").unlink(missing_ok=True)
    copy_of(database).write_bytes(b"an older copy")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO notes VALUES ('since', 'then')")
    before = dump(database)
    reopened(database)
    assert dump(copy_of(database)) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_without_room_for_the_copy_nothing_changes(
    database: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Neither the library nor an earlier copy; once there is room, it is upgraded."""
    before = dump(database)
    copy_of(database).write_bytes(b"an older copy")
    with monkeypatch.context() as patched:

        def full(_path: Path) -> None:
            raise OSError(code, os.strerror(code))

        patched.setattr(copying, "_sync", full)
        with pytest.raises(DiskFullError if code == errno.ENOSPC else StorageError):
            reopened(database)
    assert dump(database) == before
    assert copy_of(database).read_bytes() == b"an older copy"
    assert not list(database.parent.glob(".*partial*"))
    reopened(database)
    assert version(database) == schema.CURRENT


# --- who may open it


def test_a_library_that_cannot_be_written_is_refused(database: Path) -> None:
    """In one line that says what to do; nothing is made next to it."""
    before = made(database.parent)
    with pytest.raises(ReadOnlyError, match="older saccade") as caught:
        reopened(database, read_only=True)
    assert "writable" in caught.value.hint
    assert made(database.parent) == before
    assert version(database) == "0002"


def test_an_upgraded_library_is_newer_than_release_0_2_reads(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose check is the same as this one's: it refuses, and changes nothing."""
    reopened(database)
    before = dump(database)
    monkeypatch.setattr(schema, "CURRENT", "0002")
    with pytest.raises(LibraryTooNewError, match=r"schema 000\d; this one reads 0002") as caught:
        reopened(database)
    assert "upgrade saccade" in caught.value.hint
    assert dump(database) == before


def test_runs_bear_todays_names(database: Path) -> None:
    """What 0.2 called cleaning is `duplicates --apply`; each run is kept."""

    def kinds() -> list[str]:
        with closing(sqlite3.connect(database)) as connection:
            return [kind for (kind,) in connection.execute("SELECT kind FROM runs ORDER BY id")]

    before = kinds()
    assert "clean" in before
    open_catalog(str(database.parent), create=False).close()
    assert kinds() == ["apply" if kind == "clean" else kind for kind in before]
