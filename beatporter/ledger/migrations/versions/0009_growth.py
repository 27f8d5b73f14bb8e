"""Indices for what each run asks: the misses of the last months, and Spotify's refusals that have not ended."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.drop_index("matches_by_track", table_name="matches")
    op.create_index("matches_by_track", "matches", ["track_id", "decided_at"], unique=False)
    op.create_index("calls_by_until", "calls", ["until"], unique=False)
