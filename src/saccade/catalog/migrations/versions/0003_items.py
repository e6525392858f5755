"""Hashes name the recipe that made them.

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
_RECIPE = "INSERT INTO recipes (id, name) VALUES (1, 'phash-1')"
"""The recipe of every hash that release 0.2 made."""


def upgrade() -> None:
    """Keep every row."""
    _recipes()


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
