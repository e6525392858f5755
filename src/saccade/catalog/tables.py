"""The tables of the catalog, as SQLAlchemy Core sees them; `migrations/` brings a database to this shape.

A failure is a state of its file, not a separate row: it ends when the file is read or gone, and cannot
contradict the file.

Paths are bytes (`os.fsencode`), so a name that is not UTF-8 comes back as it was. What derives from other
columns (`images.present`, `files.name`, `texts`, the full-text table) is written in the same transaction
as what it derives from, and `saccade doctor` can check and rebuild it.
"""

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.types import TypeEngine

BIG = BigInteger().with_variant(Integer, "sqlite")
FLOAT: TypeEngine[float] = Double().with_variant(REAL, "sqlite")

INDEXED, FAILED, EXCLUDED, ARCHIVE, MISSING = "indexed", "failed", "excluded", "archive", "missing"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str) -> "Column[Any]":
    """A row number the database gives out, never twice (with `sqlite_autoincrement`)."""
    return Column(name, BIG, primary_key=True, autoincrement=True)


runs = Table(
    "runs",
    metadata,
    key("id"),
    Column("kind", Text, nullable=False),
    Column("started", Text, nullable=False, comment="UTC, ISO 8601"),
    Column("finished", Text, comment="absent: still running, or interrupted"),
    Column("summary", Text, comment="JSON"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

folders = Table(
    "folders",
    metadata,
    key("id"),
    Column("path", LargeBinary, nullable=False, unique=True, comment="absolute, or . for the home folder"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

images = Table(
    "images",
    metadata,
    key("id"),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("present", Integer, nullable=False, comment="1 if a file in state indexed holds it"),
    Column("run_id", ForeignKey("runs.id"), nullable=False, comment="the run that added it"),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", Text, nullable=False),
    Column("size_bytes", BIG, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("orientation", Integer, nullable=False),
    Column("taken_at", Text),
    Column("camera", Text),
    Column("lens", Text),
    Column("latitude", FLOAT),
    Column("longitude", FLOAT),
    Column("title", Text),
    Column("caption", Text),
    Column("keywords", Text, nullable=False, comment="JSON list"),
    Column("creator", Text),
    Column("rights", Text),
    CheckConstraint("present IN (0, 1)", name="present"),
    CheckConstraint("length(sha256) = 32", name="sha256"),
    # `present` makes each index answer a filter alone, without the wide rows.
    *(
        Index(None, name, "present")
        for name in ("taken_at", "width", "height", "size_bytes", "latitude", "longitude")
    ),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)
# Few images are absent and few files in another state, so asking for them reads only them. The conditions
# hold literals: an index over a part of a table is not used for a condition with a parameter.
ABSENT: ColumnElement[bool] = images.c.present == literal_column("0")
Index("ix_images_absent", images.c.present, sqlite_where=ABSENT)

files = Table(
    "files",
    metadata,
    Column("folder_id", ForeignKey("folders.id"), primary_key=True, autoincrement=False),
    Column("path", LargeBinary, primary_key=True, comment="relative to the folder"),
    Column("member", LargeBinary, primary_key=True, comment="name inside the archive at path, or empty"),
    Column("size", BIG, nullable=False),
    Column("mtime_ns", BIG, nullable=False),
    Column("state", Text, nullable=False),
    Column("image_id", ForeignKey("images.id"), comment="kept when missing"),
    Column("code", Text, comment="of a failure"),
    Column("reason", Text),
    Column("name", Text, nullable=False, comment="file name, folded for comparison"),
    Column("run_id", ForeignKey("runs.id"), nullable=False, comment="the run that last changed this row"),
    CheckConstraint("state IN ('indexed', 'failed', 'excluded', 'archive', 'missing')", name="state"),
    CheckConstraint("state != 'indexed' OR image_id IS NOT NULL", name="image"),
    Index(None, "image_id", "state"),
    Index(None, "name", "state", "image_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
NOT_INDEXED: ColumnElement[bool] = files.c.state != literal_column("'indexed'")
Index("ix_files_other", files.c.state, sqlite_where=NOT_INDEXED)

former_files = Table(
    "former_files",
    metadata,
    Column("folder_id", ForeignKey("folders.id"), primary_key=True, autoincrement=False),
    Column("path", LargeBinary, primary_key=True, comment="relative to the folder"),
    Column("member", LargeBinary, primary_key=True),
    Column("image_id", ForeignKey("images.id"), primary_key=True, comment="was in this file before"),
    Index(None, "image_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
"""Where images were whose file now contains something else: who forgets the file, forgets them too."""

spaces = Table(
    "spaces",
    metadata,
    key("id"),
    Column("role", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("active", Integer, nullable=False),
    UniqueConstraint("fingerprint", "role"),
    CheckConstraint("active IN (0, 1)", name="active"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)
Index("ix_spaces_active", spaces.c.role, unique=True, sqlite_where=spaces.c.active == 1)

items = Table(
    "items",
    metadata,
    key("id"),
    Column("image_id", ForeignKey("images.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("page", Integer, comment="from 1"),
    *(Column(f"box_{side}", FLOAT, comment="share in [0, 1]") for side in ("left", "top", "width", "height")),
    Column("start_s", FLOAT, comment="seconds from the beginning"),
    Column("end_s", FLOAT),
    CheckConstraint("kind IN ('image', 'region', 'page', 'shot')", name="kind"),
    # A whole image and its item have one id; parts have ids from core.items.FIRST_PART up.
    CheckConstraint("(kind = 'image') = (id = image_id)", name="whole"),
    Index(None, "image_id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

embeddings = Table(
    "embeddings",
    metadata,
    key("sequence"),
    Column("space_id", ForeignKey("spaces.id"), nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False),
    Column("checksum", BIG, nullable=False, comment="CRC-32 of vector"),
    Column("vector", LargeBinary, nullable=False, comment="little-endian float32"),
    UniqueConstraint("space_id", "item_id"),
    Index(None, "space_id", "sequence"),
    Index(None, "item_id"),  # without it, removing an item would read every row to see that none refers to it
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

jobs = Table(
    "jobs",
    metadata,
    key("id"),
    Column("kind", Text, nullable=False, comment="the name of a slice, or index"),
    Column("who", Text, nullable=False, comment="the principal"),
    Column("process", Text, nullable=False, comment="host, process id, when it began"),
    Column("state", Text, nullable=False),
    Column("code", Text, nullable=False, comment="of the error, or empty"),
    Column("started", Text, nullable=False, comment="UTC, ISO 8601"),
    Column("updated", Text, nullable=False),
    Column("finished", Text),
    Column("progress", Text, comment="JSON"),
    Column("summary", Text, nullable=False, comment="JSON: numbers"),
    Column("cancel", Integer, nullable=False, comment="1: somebody asked for it"),
    CheckConstraint("state IN ('running', 'done', 'failed', 'canceled', 'interrupted')", name="state"),
    CheckConstraint("cancel IN (0, 1)", name="cancel"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)
RUNNING: ColumnElement[bool] = jobs.c.state == literal_column("'running'")
Index("ix_jobs_running", jobs.c.id, sqlite_where=RUNNING)

texts = Table(
    "texts",
    metadata,
    key("id"),
    Column("field", Text, nullable=False, comment="a text field of core.filters.FIELDS"),
    Column("folded", Text, nullable=False, comment="the value, folded for comparison"),
    UniqueConstraint("field", "folded"),
    sqlite_strict=True,
)

image_texts = Table(
    "image_texts",
    metadata,
    Column("text_id", ForeignKey("texts.id"), primary_key=True, autoincrement=False),
    Column("image_id", ForeignKey("images.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

notes = Table(
    "notes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

# Alembic's own table, made here so that a new library needs no Alembic.
versions = Table(
    "alembic_version",
    MetaData(naming_convention={"pk": "alembic_version_pkc"}),
    Column("version_num", String(32), primary_key=True),
)
