"""Work on playlists that a break must not lose, and how many changes a backup holds since others before it were dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("backups", sa.Column("merged", sa.Integer(), nullable=True))
    op.create_table(
        "rearrangements",
        sa.Column("playlist", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("sent", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["playlist"], ["playlist_ids.playlist"]),
        sa.PrimaryKeyConstraint("playlist"),
    )
