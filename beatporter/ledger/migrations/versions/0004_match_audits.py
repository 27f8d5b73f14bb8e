"""Answers of `beatporter match audit`, and more about the chosen track, so that a decision can be judged again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("track_album", "track_album_type", "track_release_date"):
        op.add_column("matches", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "audits",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("beatport_id", sa.BigInteger(), nullable=False),
        sa.Column("track_id", sa.LargeBinary(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("stratum_size", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
