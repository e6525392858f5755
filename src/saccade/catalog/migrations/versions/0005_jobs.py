"""The history of jobs: what ran on the library, how far it came, and how it ended.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; of what was there, only the runs of `duplicates --apply` get its name."""
    op.create_table(
        "jobs",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("started", sa.Text(), nullable=False),
        sa.Column("updated", sa.Text(), nullable=False),
        sa.Column("finished", sa.Text(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("cancel", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'failed', 'canceled', 'interrupted')", name=op.f("ck_jobs_state")
        ),
        sa.CheckConstraint("cancel IN (0, 1)", name=op.f("ck_jobs_cancel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_jobs_running", "jobs", ["id"], sqlite_where=sa.text("state = 'running'"))
    op.execute("UPDATE runs SET kind = 'apply' WHERE kind = 'clean'")
