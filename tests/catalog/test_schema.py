# ruff: noqa: ANN001, ANN201 - the fixtures' class lives in conftest.py, which no test file can import
"""Versions of the schema: new, current, older, newer, interrupted."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Select, func, select

from saccade.catalog import open_catalog, schema
from saccade.catalog.places import below
from saccade.catalog.sqlite import SQLITE, driver
from saccade.catalog.tables import ABSENT, NOT_INDEXED, embeddings, files, images, items, metadata
from saccade.core.errors import (
    CorruptLibraryError,
    LibraryNotFoundError,
    LibraryTooNewError,
    ReadOnlyError,
    StorageError,
)

_NEWEST = schema.CURRENT
_NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9000", "{current}", None, None
def upgrade():
    op.add_column("runs", sa.Column("host", sa.Text()))
    {more}
"""


def _shape(database: Path) -> set[str]:
    """Every CREATE statement without its spacing and the order of its parts."""
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {" ".join(sorted(sql.replace(",", " ").replace(")", " ) ").split())) for (sql,) in rows}


def _migrated(folder: Path) -> Path:
    """A database made by the migrations alone."""
    folder.mkdir()
    SQLITE.make(folder / "catalog.db")
    engine = SQLITE.open(folder / "catalog.db", read_only=False)
    schema.upgrade(SQLITE, engine, folder / "catalog.db")
    engine.dispose()
    return folder / "catalog.db"


def _set_version(database: Path, version: str) -> None:
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()
    connection.close()


def test_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    """Statement by statement, and by Alembic's own comparison."""
    open_catalog(str(tmp_path / "new"), create=True).close()
    migrated = _migrated(tmp_path / "old")
    assert _shape(migrated) == _shape(tmp_path / "new" / "catalog.db")
    engine = SQLITE.open(migrated, read_only=False)
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("search")}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_current_is_the_newest_migration() -> None:
    """And there is one line of them, numbered in order."""
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    numbers = [script.revision for script in scripts.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True)
    assert scripts.get_heads() == [schema.CURRENT]


def test_opening_a_current_library_does_not_import_alembic(library) -> None:
    """It costs more than half of a cold search."""
    code = (
        "import sys; from saccade.catalog import open_catalog;"
        f"open_catalog({library.folder_path!r}, create=False).health.counts();"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_newer_library_is_refused_unchanged(library) -> None:
    """With what to do about it."""
    library.catalog.close()
    _set_version(library.database, "9001")
    before = library.database.read_bytes()
    with pytest.raises(LibraryTooNewError, match="9001") as caught:
        library.open(create=True)
    assert "upgrade" in caught.value.hint
    assert library.database.read_bytes() == before


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make this saccade one version newer than the library; the text is what its migration does last."""

    def install(more: str) -> None:
        scripts = tmp_path / "migrations"
        if not scripts.exists():
            shutil.copytree(schema.MIGRATIONS, scripts)
        (scripts / "versions" / "9000_next.py").write_text(_NEXT.format(more=more, current=_NEWEST))
        monkeypatch.setattr(schema, "MIGRATIONS", scripts)
        monkeypatch.setattr(schema, "CURRENT", "9000")

    return install


def _columns(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT name FROM pragma_table_info('runs')").fetchall()
    connection.close()
    return [name for (name,) in rows]


@pytest.mark.parametrize("version", ["002", "0000", "\x10002", ""])
def test_a_version_that_never_was_is_damage(library, version: str) -> None:
    """A bit flipped in it; nothing is upgraded on its word."""
    library.catalog.close()
    _set_version(library.database, version)
    with pytest.raises(CorruptLibraryError):
        library.open(create=True)


def test_an_older_library_is_upgraded_with_all_it_holds(library, next_version) -> None:
    """Once; reading alone cannot do it."""
    (image,) = library.record(library.picture("a.jpg", b"x"))
    library.catalog.close()
    next_version("pass")
    with pytest.raises(ReadOnlyError, match="older"):
        library.open(read_only=True)
    for _ in range(2):
        library.catalog = library.open()
        assert library.catalog.images.get([image])[0].id == image
        library.catalog.close()
    assert "host" in _columns(library.database)


def test_an_upgrade_that_fails_leaves_the_old_library(library, next_version) -> None:
    """Its first step is undone with the rest."""
    library.catalog.close()
    next_version("op.execute('INSERT INTO nowhere VALUES (1)')")
    with pytest.raises(StorageError):
        library.open()
    assert "host" not in _columns(library.database)
    next_version("pass")
    library.open().close()
    assert "host" in _columns(library.database)


@pytest.mark.parametrize("content", [b"x" * 100, b"SQLite format 3\0" + b"\xff" * 5000, b"\0" * 8192])
def test_a_file_that_is_no_catalog_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    """One line with what to do; the file is left as it is."""
    folder = tmp_path / ".saccade"
    folder.mkdir()
    (folder / "catalog.db").write_bytes(content)
    with pytest.raises(CorruptLibraryError) as caught:
        open_catalog(str(folder), create=False)
    assert "backup" in caught.value.hint
    assert (folder / "catalog.db").read_bytes() == content


@pytest.mark.parametrize("create", [False, True])
def test_an_interrupted_making_is_made_again(tmp_path: Path, create: bool) -> None:
    """A kill between making the file and its tables leaves nothing in the way, whoever comes next."""
    folder = tmp_path / ".saccade"
    folder.mkdir()
    (folder / "catalog.db").touch()
    with open_catalog(str(folder), create=create) as made:
        assert made.health.counts().images == 0
    with sqlite3.connect(folder / "catalog.db") as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (driver.PAGE_SIZE,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.parametrize("create", [False, True])
def test_a_library_that_is_not_there_is_not_made_by_reading(tmp_path: Path, create: bool) -> None:
    """Nor a folder for it."""
    with pytest.raises(LibraryNotFoundError):
        open_catalog(str(tmp_path / "none" / ".saccade"), create=create, read_only=create)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (select(images.c.id).where(ABSENT), "ix_images_absent"),
        (select(func.count(images.c.id)).where(ABSENT), "ix_images_absent"),
        (select(files.c.state, func.count()).where(NOT_INDEXED).group_by(files.c.state), "ix_files_other"),
        (select(images.c.id).where(images.c.present == 1, images.c.taken_at < "2020"), "ix_images_taken_at"),
        (select(files.c.image_id).where(files.c.folder_id == 1, below(b"a")[1]), "PRIMARY KEY"),
        (select(func.max(embeddings.c.sequence)).where(embeddings.c.space_id == 1), "space_id_sequence"),
        (
            select(items.c.id).where(items.c.image_id.in_(select(images.c.id).where(ABSENT))),
            "ix_images_absent",
        ),
        (select(items.c.id, items.c.image_id).where(items.c.id >= 1 << 40), "PRIMARY KEY"),
        (select(embeddings.c.sequence).where(embeddings.c.item_id == 1), "ix_embeddings_item_id"),
    ],
    ids=[
        "absent",
        "count-absent",
        "count-states",
        "taken",
        "folder",
        "last-sequence",
        "absent-items",
        "parts",
        "of-item",
    ],
)
def test_frequent_questions_are_answered_by_an_index(library, query: Select[Any], index: str) -> None:
    """Without statistics, as every library has none; at a million images a scan is felt."""
    with library.catalog._session.reading() as connection:
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
    assert index in plan[0][3] or index in plan[-1][3]
    assert all("SCAN" not in row[3] or index in row[3] for row in plan)
