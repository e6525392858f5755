"""Where images were whose file was replaced, so that they are forgotten with it.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table. What was replaced before is not known."""
    op.create_table(
        "former_files",
        sa.Column("folder_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("member", sa.LargeBinary(), nullable=False),
        sa.Column("image_id", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name=op.f("fk_former_files_folder_id")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_former_files_image_id")),
        sa.PrimaryKeyConstraint("folder_id", "path", "member", "image_id", name=op.f("pk_former_files")),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_former_files_image_id"), "former_files", ["image_id"], unique=False)
