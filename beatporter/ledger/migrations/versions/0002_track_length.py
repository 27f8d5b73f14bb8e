"""The length of the chosen track: it distinguishes a track that Spotify lists under another id from another cut of the recording."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("matches", sa.Column("track_duration_ms", sa.BigInteger(), nullable=True))
