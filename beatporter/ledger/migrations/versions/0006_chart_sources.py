"""Where charts come from: challenges of a source, charts that were read, and what Beatport says about a track since 2026."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("entries", sa.Column("sub_genre", sa.Text(), nullable=True))
    op.add_column("entries", sa.Column("is_dj_version", sa.Boolean(), nullable=True))
    op.add_column("entries", sa.Column("camelot", sa.Text(), nullable=True))
    op.create_table(
        "challenges",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("in_a_row", sa.BigInteger(), nullable=False),
    )
    op.create_index("challenges_by_source", "challenges", ["source", "at"])
    op.create_table(
        "chart_reads",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("genre_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
    )
    op.create_index("chart_reads_by_genre", "chart_reads", ["genre_id", "at"])
