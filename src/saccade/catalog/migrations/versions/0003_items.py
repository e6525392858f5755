"""Embeddings belong to items (whole images, and parts of images); hashes name the recipe that made them.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
_RECIPE = "INSERT INTO recipes (id, name) VALUES (1, 'phash-1')"
"""The recipe of every hash that release 0.2 made."""


def upgrade() -> None:
    """Keep every row; vectors, which are most of a library, are not copied."""
    _recipes()
    _items()
    _embeddings()


def _items() -> None:
    """Every image gets an item with its own id."""
    op.create_table(
        "items",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("image_id", _BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True, comment="from 1"),
        *(
            sa.Column(f"box_{side}", _REAL, nullable=True, comment="share in [0, 1]")
            for side in ("left", "top", "width", "height")
        ),
        sa.Column("start_s", _REAL, nullable=True, comment="seconds from the beginning"),
        sa.Column("end_s", _REAL, nullable=True),
        sa.CheckConstraint("kind IN ('image', 'region', 'page', 'shot')", name=op.f("ck_items_kind")),
        sa.CheckConstraint("(kind = 'image') = (id = image_id)", name=op.f("ck_items_whole")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_items_image_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_items_image_id"), "items", ["image_id"], unique=False)
    op.execute("INSERT INTO items (id, image_id, kind) SELECT id, id, 'image' FROM images")
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'items'")
    op.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('items', 1099511627775)")


def _embeddings() -> None:
    """Let the column that named an image name an item: the numbers stay, since an image's item has its id.

    No statement of SQLite's can change what a column refers to, and copying gigabytes of vectors would take
    minutes and twice the space. So the definition is edited in place, as SQLite's documentation describes for
    changes that leave the rows as they are ("Making Other Kinds Of Table Schema Changes").
    """
    op.execute("PRAGMA writable_schema = ON")
    op.execute(
        "UPDATE sqlite_master SET sql = replace(replace(sql, 'image_id', 'item_id'),"
        " 'REFERENCES images', 'REFERENCES items') WHERE type = 'table' AND name = 'embeddings'"
    )
    op.execute("PRAGMA writable_schema = RESET")
    op.create_index(op.f("ix_embeddings_item_id"), "embeddings", ["item_id"], unique=False)


def _recipes() -> None:
    op.create_table(
        "recipes",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipes")),
        sa.UniqueConstraint("name", name=op.f("uq_recipes_name")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.execute(_RECIPE)
    op.rename_table("hashes", "hashes_before")
    op.create_table(
        "hashes",
        sa.Column("image_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("recipe_id", _BIG, nullable=False),
        sa.Column("phash", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_hashes_image_id")),
        sa.ForeignKeyConstraint(["recipe_id"], ["recipes.id"], name=op.f("fk_hashes_recipe_id")),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_hashes")),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO hashes SELECT image_id, 1, phash FROM hashes_before")
    op.drop_table("hashes_before")
