"""The first schema.

Revision ID: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "folders",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False, comment="absolute, or . for the home folder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
        sa.UniqueConstraint("path", name=op.f("uq_folders_path")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "notes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notes")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "runs",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started", sa.Text(), nullable=False, comment="UTC, ISO 8601"),
        sa.Column("finished", sa.Text(), nullable=True, comment="absent: still running, or interrupted"),
        sa.Column("summary", sa.Text(), nullable=True, comment="JSON"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "spaces",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.CheckConstraint("active IN (0, 1)", name=op.f("ck_spaces_active")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spaces")),
        sa.UniqueConstraint("fingerprint", "role", name=op.f("uq_spaces_fingerprint_role")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_spaces_active", "spaces", ["role"], unique=True, sqlite_where=sa.text("active = 1"))
    op.create_table(
        "texts",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="a text field of core.filters.FIELDS"),
        sa.Column("folded", sa.Text(), nullable=False, comment="the value, folded for comparison"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texts")),
        sa.UniqueConstraint("field", "folded", name=op.f("uq_texts_field_folded")),
        sqlite_strict=True,
    )
    op.create_table(
        "images",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False, comment="1 if a file in state indexed holds it"),
        sa.Column("run_id", _BIG, nullable=False, comment="the run that added it"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("size_bytes", _BIG, nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("orientation", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.Text(), nullable=True),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("lens", sa.Text(), nullable=True),
        sa.Column("latitude", _REAL, nullable=True),
        sa.Column("longitude", _REAL, nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("keywords", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column("creator", sa.Text(), nullable=True),
        sa.Column("rights", sa.Text(), nullable=True),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_images_sha256")),
        sa.CheckConstraint("present IN (0, 1)", name=op.f("ck_images_present")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_images_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
        sa.UniqueConstraint("sha256", name=op.f("uq_images_sha256")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_images_absent", "images", ["present"], unique=False, sqlite_where=sa.text("present = 0")
    )
    op.create_index(op.f("ix_images_height_present"), "images", ["height", "present"], unique=False)
    op.create_index(op.f("ix_images_latitude_present"), "images", ["latitude", "present"], unique=False)
    op.create_index(op.f("ix_images_longitude_present"), "images", ["longitude", "present"], unique=False)
    op.create_index(op.f("ix_images_size_bytes_present"), "images", ["size_bytes", "present"], unique=False)
    op.create_index(op.f("ix_images_taken_at_present"), "images", ["taken_at", "present"], unique=False)
    op.create_index(op.f("ix_images_width_present"), "images", ["width", "present"], unique=False)
    op.create_table(
        "embeddings",
        sa.Column("sequence", _BIG, autoincrement=True, nullable=False),
        sa.Column("space_id", _BIG, nullable=False),
        sa.Column("image_id", _BIG, nullable=False),
        sa.Column("checksum", _BIG, nullable=False, comment="CRC-32 of vector"),
        sa.Column("vector", sa.LargeBinary(), nullable=False, comment="little-endian float32"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_embeddings_image_id")),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_embeddings_space_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_embeddings")),
        sa.UniqueConstraint("space_id", "image_id", name=op.f("uq_embeddings_space_id_image_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_embeddings_space_id_sequence"), "embeddings", ["space_id", "sequence"], unique=False
    )
    op.create_table(
        "files",
        sa.Column("folder_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False, comment="relative to the folder"),
        sa.Column(
            "member", sa.LargeBinary(), nullable=False, comment="name inside the archive at path, or empty"
        ),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("mtime_ns", _BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("image_id", _BIG, nullable=True, comment="kept when missing"),
        sa.Column("code", sa.Text(), nullable=True, comment="of a failure"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False, comment="file name, folded for comparison"),
        sa.Column("run_id", _BIG, nullable=False, comment="the run that last changed this row"),
        sa.CheckConstraint("state != 'indexed' OR image_id IS NOT NULL", name=op.f("ck_files_image")),
        sa.CheckConstraint(
            "state IN ('indexed', 'failed', 'excluded', 'archive', 'missing')", name=op.f("ck_files_state")
        ),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name=op.f("fk_files_folder_id")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_files_image_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_files_run_id")),
        sa.PrimaryKeyConstraint("folder_id", "path", "member", name=op.f("pk_files")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_files_image_id_state"), "files", ["image_id", "state"], unique=False)
    op.create_index(
        op.f("ix_files_name_state_image_id"), "files", ["name", "state", "image_id"], unique=False
    )
    op.create_index(
        "ix_files_other", "files", ["state"], unique=False, sqlite_where=sa.text("state != 'indexed'")
    )
    op.create_table(
        "image_texts",
        sa.Column("text_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("image_id", _BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_image_texts_image_id")),
        sa.ForeignKeyConstraint(["text_id"], ["texts.id"], name=op.f("fk_image_texts_text_id")),
        sa.PrimaryKeyConstraint("text_id", "image_id", name=op.f("pk_image_texts")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.execute(
        "CREATE VIRTUAL TABLE search USING fts5(names, title, caption, keywords,"
        " tokenize = 'porter unicode61 remove_diacritics 2')"
    )
