"""Memory of each genre's run and its steps, so that a run can be compared with earlier ones."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "memory",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("genre_id", sa.BigInteger(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("shared_process", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("before_bytes", sa.BigInteger(), nullable=True),
        sa.Column("peak_bytes", sa.BigInteger(), nullable=True),
        sa.Column("after_bytes", sa.BigInteger(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("history_rows", sa.BigInteger(), nullable=True),
        sa.Column("searches", sa.BigInteger(), nullable=True),
        sa.Column("holders", sa.Text(), nullable=False),
        sa.Column("capture", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("memory_by_genre", "memory", ["genre_id", "at"], unique=False)
    op.create_index("memory_by_time", "memory", ["at"], unique=False)
