"""What people and pipelines say about images: facts, labels, pairs, results, feedback, hashes.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Make the new tables; nothing that was there is touched."""
    _facts()
    _labels()
    _pairs()
    _results()
    _feedback()


def _named(table: str, *more: "sa.schema.SchemaItem") -> None:
    """A table of numbered names."""
    op.create_table(
        table,
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def _keyed(table: str, *more: "sa.schema.SchemaItem", **references: str) -> None:
    """A table without row numbers, whose key begins with columns that refer to rows of other tables."""
    op.create_table(
        table,
        *(sa.Column(name, _BIG, autoincrement=False, nullable=False) for name in references),
        *(
            sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
            for name, target in references.items()
        ),
        *more,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))


def _facts() -> None:
    _named(
        "columns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('number', 'text')", name=op.f("ck_columns_kind")),
        sa.UniqueConstraint("name", name=op.f("uq_columns_name")),
    )
    for table, values in (
        ("column_numbers", [sa.Column("value", _REAL, nullable=False)]),
        (
            "column_texts",
            [sa.Column("value", sa.Text(), nullable=False), sa.Column("folded", sa.Text(), nullable=False)],
        ),
    ):
        key = _key(table, "column_id", "image_id")
        _keyed(table, *values, key, column_id="columns", image_id="images")
    op.create_index(op.f("ix_column_numbers_column_id_value"), "column_numbers", ["column_id", "value"])
    op.create_index(op.f("ix_column_texts_column_id_folded"), "column_texts", ["column_id", "folded"])
    op.create_table(
        "hashes",
        sa.Column("image_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("phash", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_hashes_image_id")),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_hashes")),
        sqlite_strict=True,
    )


def _labels() -> None:
    _named(
        "labels",
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.UniqueConstraint("label", "origin", name=op.f("uq_labels_label_origin")),
    )
    _keyed(
        "tags",
        sa.Column("score", _REAL, nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 1", name=op.f("ck_tags_score")),
        _key("tags", "label_id", "image_id"),
        label_id="labels",
        image_id="images",
    )
    op.create_index(op.f("ix_tags_image_id"), "tags", ["image_id"])
    op.execute(
        "CREATE VIRTUAL TABLE search_labels USING fts5(label,"
        " tokenize = 'porter unicode61 remove_diacritics 2')"
    )


def _pairs() -> None:
    _named(
        "pair_methods",
        sa.Column("name", sa.Text(), nullable=False),
        sa.UniqueConstraint("name", name=op.f("uq_pair_methods_name")),
    )
    _keyed(
        "pairs",
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("score", _REAL, nullable=False),
        sa.Column("verdict", _REAL, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_pairs_order")),
        _key("pairs", "method_id", "a", "b"),
        method_id="pair_methods",
        a="images",
        b="images",
    )
    _keyed(
        "distinct_pairs",
        sa.CheckConstraint("a < b", name=op.f("ck_distinct_pairs_order")),
        _key("distinct_pairs", "a", "b"),
        a="images",
        b="images",
    )


def _results() -> None:
    _named(
        "results",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("checksum", _BIG, nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("kind", "name", "version", name=op.f("uq_results_kind_name_version")),
    )


def _feedback() -> None:
    for table in ("users", "sets"):
        _named(
            table,
            sa.Column("name", sa.Text(), nullable=False),
            sa.UniqueConstraint("name", name=op.f(f"uq_{table}_name")),
        )
    _keyed(
        "events",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", _REAL, nullable=False),
        sa.Column("value", _REAL, nullable=False),
        _key("events", "user_id", "image_id", "kind", "at"),
        user_id="users",
        image_id="images",
    )
    _keyed("set_images", _key("set_images", "set_id", "image_id"), set_id="sets", image_id="images")
