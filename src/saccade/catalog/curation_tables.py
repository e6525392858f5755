"""The tables of what people and pipelines say about images, in addition to those in `tables.py`.

Most of these tables have many small rows: a name (of a column, a label, a method, a user) gets one row, and
the rows that need it hold its number. Rows about an image stay when its files are gone.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from saccade.catalog.tables import BIG, FLOAT, key, metadata

ZERO_SHOT = "zero-shot"
"""The origin of labels that an encoder gave by itself. They tell nothing that its search does not know
already, so word search, which is there for what the picture does not show, leaves them out."""


def _part(name: str, target: str) -> "Column[Any]":
    """A part of a primary key that names a row of another table."""
    return Column(name, ForeignKey(target), primary_key=True, autoincrement=False)


columns = Table(
    "columns",
    metadata,
    key("id"),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False, comment="import, or the pipeline that wrote it"),
    CheckConstraint("kind IN ('number', 'text')", name="kind"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

column_numbers = Table(
    "column_numbers",
    metadata,
    _part("column_id", "columns.id"),
    _part("image_id", "images.id"),
    Column("value", FLOAT, nullable=False),
    Index(None, "column_id", "value"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

column_texts = Table(
    "column_texts",
    metadata,
    _part("column_id", "columns.id"),
    _part("image_id", "images.id"),
    Column("value", Text, nullable=False),
    Column("folded", Text, nullable=False, comment="the value, folded for comparison"),
    Index(None, "column_id", "folded"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

labels = Table(
    "labels",
    metadata,
    key("id"),
    Column("label", Text, nullable=False),
    Column("origin", Text, nullable=False, comment="person, zero-shot or taught:NAME"),
    Column("folded", Text, nullable=False, comment="the label, folded for comparison"),
    UniqueConstraint("label", "origin"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

tags = Table(
    "tags",
    metadata,
    _part("label_id", "labels.id"),
    _part("image_id", "images.id"),
    Column("score", FLOAT, nullable=False),
    CheckConstraint("score BETWEEN 0 AND 1", name="score"),
    Index(None, "image_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

pair_methods = Table(
    "pair_methods",
    metadata,
    key("id"),
    Column("name", Text, nullable=False, unique=True, comment="how pairs were compared, with its version"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

pairs = Table(
    "pairs",
    metadata,
    _part("method_id", "pair_methods.id"),
    _part("a", "images.id"),
    _part("b", "images.id"),
    Column("tier", Text, nullable=False),
    Column("score", FLOAT, nullable=False),
    Column("verdict", FLOAT, nullable=False),
    Column("evidence", Text, nullable=False, comment="JSON"),
    CheckConstraint("a < b", name="order"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

distinct_pairs = Table(
    "distinct_pairs",
    metadata,
    _part("a", "images.id"),
    _part("b", "images.id"),
    CheckConstraint("a < b", name="order"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

recipes = Table(
    "recipes",
    metadata,
    key("id"),
    Column(
        "name", Text, nullable=False, unique=True, comment="how a derived value was made, with its version"
    ),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

hashes = Table(
    "hashes",
    metadata,
    _part("image_id", "images.id"),
    Column("recipe_id", ForeignKey("recipes.id"), nullable=False),
    Column("phash", BIG, nullable=False, comment="64 bits, as a signed number"),
    sqlite_strict=True,
)

results = Table(
    "results",
    metadata,
    key("id"),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", BIG, nullable=False),
    Column("created", Text, nullable=False, comment="UTC, ISO 8601"),
    Column("facts", Text, nullable=False, comment="JSON"),
    Column("checksum", BIG, nullable=False, comment="CRC-32 of facts and arrays"),
    Column("arrays", LargeBinary, nullable=False, comment="numpy's npz, without objects"),
    Column("layout", Text, comment="JSON: name, type and shape of each array in its rows"),
    UniqueConstraint("kind", "name", "version"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

result_rows = Table(
    "result_rows",
    metadata,
    _part("result_id", "results.id"),
    Column("position", BIG, primary_key=True, autoincrement=False),
    Column("image_id", ForeignKey("images.id"), comment="absent: a picture outside the library"),
    Column("checksum", BIG, nullable=False, comment="CRC-32 of data"),
    Column("data", LargeBinary, nullable=False, comment="little-endian, as the layout says"),
    Index(None, "image_id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
"""What a result holds of one image, so that it can go with the image."""

forgotten = Table(
    "forgotten",
    metadata,
    Column("item_id", BIG, primary_key=True, autoincrement=False),
    Column("image_id", BIG, nullable=False),
    sqlite_strict=True,
)
"""Items being erased, or erased while an index may still hold them; their numbers are never given again."""

users = Table(
    "users",
    metadata,
    key("id"),
    Column("name", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

events = Table(
    "events",
    metadata,
    _part("user_id", "users.id"),
    _part("image_id", "images.id"),
    Column("kind", Text, primary_key=True),
    Column("at", FLOAT, primary_key=True, comment="UTC, seconds since 1970"),
    Column("value", FLOAT, nullable=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

sets = Table(
    "sets",
    metadata,
    key("id"),
    Column("name", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

set_images = Table(
    "set_images",
    metadata,
    _part("set_id", "sets.id"),
    _part("image_id", "images.id"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

EVERY_TABLE = metadata
"""Those of `tables.py` and these."""
