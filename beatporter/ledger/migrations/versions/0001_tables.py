"""The ledger's first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("calls_by_time", "calls", ["at"], unique=False)
    op.create_table(
        "charts",
        sa.Column("chart", ROW_ID, nullable=False),
        sa.Column("genre_id", sa.Integer(), nullable=False),
        sa.Column("scraped_at", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chart"),
    )
    op.create_index("charts_once", "charts", ["genre_id", "scraped_at", "fingerprint"], unique=True)
    op.create_table(
        "corrections",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("beatport_id", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.LargeBinary(), nullable=False),
        sa.Column("track_id", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("corrections_by_entry", "corrections", ["beatport_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("entry", ROW_ID, nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("beatport_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("artists", sa.Text(), nullable=True),
        sa.Column("mix_name", sa.Text(), nullable=True),
        sa.Column("remixers", sa.Text(), nullable=True),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("release", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("length_ms", sa.BigInteger(), nullable=True),
        sa.Column("bpm", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("publish_date", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index("entries_by_beatport_id", "entries", ["beatport_id"], unique=False)
    op.create_table(
        "ledger", sa.Column("key", sa.Text(), nullable=False), sa.Column("value", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("key")
    )
    op.create_table(
        "listings",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("listed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("listings_by_run", "listings", ["run_key"], unique=False)
    op.create_table(
        "matches",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("beatport_id", sa.BigInteger(), nullable=False),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("track_id", sa.LargeBinary(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("track_name", sa.Text(), nullable=True),
        sa.Column("track_artists", sa.Text(), nullable=True),
        sa.Column("track_isrc", sa.Text(), nullable=True),
        sa.Column("misses", sa.BigInteger(), nullable=False),
        sa.Column("runners_up", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("matches_by_track", "matches", ["track_id"], unique=False)
    op.create_index("matches_once", "matches", ["beatport_id", "fingerprint"], unique=True)
    op.create_table(
        "playlist_ids",
        sa.Column("playlist", sa.Integer(), nullable=False),
        sa.Column("playlist_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("playlist"),
        sa.UniqueConstraint("playlist_id"),
    )
    op.create_table(
        "playlists",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("genre_id", sa.BigInteger(), nullable=False),
        sa.Column("playlist_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("playlists_by_genre", "playlists", ["genre_id", "at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("genre_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("not_found", sa.BigInteger(), nullable=False),
        sa.Column("deferred", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("runs_by_genre", "runs", ["genre_id", "at"], unique=False)
    op.create_table(
        "tracks",
        sa.Column("track", ROW_ID, nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("track_id", sa.LargeBinary(), nullable=True),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("artists", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("track"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_table(
        "backups",
        sa.Column("backup", ROW_ID, nullable=False),
        sa.Column("playlist", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("base", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["playlist"],
            ["playlist_ids.playlist"],
        ),
        sa.PrimaryKeyConstraint("backup"),
    )
    op.create_index("backups_by_time", "backups", ["playlist", "taken_at"], unique=True)
    op.create_index("backups_once", "backups", ["playlist", "snapshot_id"], unique=True)
    op.create_table(
        "chart_entries",
        sa.Column("chart", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["chart"],
            ["charts.chart"],
        ),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["entries.entry"],
        ),
        sa.PrimaryKeyConstraint("chart", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("chart_entries_by_entry", "chart_entries", ["entry", "chart"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("playlist", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.LargeBinary(), nullable=False),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("beatport_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("track_key", sa.Integer(), nullable=False),
        sa.Column("isrc_key", sa.Integer(), nullable=True),
        sa.Column("recording_key", sa.Integer(), nullable=True),
        sa.Column("rest_key", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["playlist"],
            ["playlist_ids.playlist"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("history_by_isrc", "history", ["playlist", "isrc_key"], unique=False)
    op.create_index("history_by_recording", "history", ["playlist", "recording_key"], unique=False)
    op.create_index("history_once", "history", ["playlist", "track_key", "rest_key"], unique=True)
    op.create_table(
        "listed_playlists",
        sa.Column("listing", ROW_ID, nullable=False),
        sa.Column("playlist_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["listing"], ["listings.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("listing", "playlist_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshots",
        sa.Column("playlist", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("snapshot_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sending", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["playlist"],
            ["playlist_ids.playlist"],
        ),
        sa.PrimaryKeyConstraint("playlist"),
    )
    op.create_table(
        "backup_changes",
        sa.Column("backup", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("track", ROW_ID, nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["backup"],
            ["backups.backup"],
        ),
        sa.ForeignKeyConstraint(
            ["track"],
            ["tracks.track"],
        ),
        sa.PrimaryKeyConstraint("backup", "number"),
        sqlite_with_rowid=False,
    )
