"""What a genre's run came to, in full: its parent on another machine reads it here, and a person finds the run that changed a playlist."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXTS = ("run_key", "run_id", "playlist_id", "error_type")
COUNTS = ("chart", "matched", "spotify_calls", "dry_run")
FIGURES = ("peak_memory_mb", "memory_before_mb", "memory_after_mb", "duration_s")


def upgrade() -> None:
    for names, kind in ((TEXTS, sa.Text()), (COUNTS, sa.BigInteger()), (FIGURES, sa.Double())):
        for name in names:
            op.add_column("runs", sa.Column(name, kind, nullable=True))
    op.create_index("runs_by_key", "runs", ["run_key"])
