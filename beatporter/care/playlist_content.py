"""What a playlist of one's own holds now, with as few calls as possible: from its last backup if nobody changed it since, else read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from beatporter.errors import UpstreamDown
from beatporter.records.ledger import BackupRow
from beatporter.records.track import PlaylistItem, PlaylistRef
from beatporter.spotify.client import PAGE_SIZE
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


@dataclass(slots=True)
class Content:
    """A playlist's content, a few small values for each entry.

    Attributes:
        rows: from the top.
        lengths_ms: of the tracks whose length is known, by id.
        was_read: whether Spotify was asked.
    """

    rows: list[BackupRow]
    lengths_ms: dict[str, int] = field(default_factory=dict)
    was_read: bool = False

    @property
    def ids(self) -> list[str | None]:
        return [row.track_id for row in self.rows]


def content_of(workspace: Workspace, playlist: PlaylistRef, state: PlaylistState) -> tuple[PlaylistRef, Content]:
    """The playlist with its current snapshot, and its content; history and backup are brought up to date on the way.

    Raises:
        UpstreamDown: Spotify still names an older state than the one that it shows; half a minute later it does not.
    """
    state.catch_up()
    playlist = state.present_of(playlist)
    lengths: dict[str, int] = {}
    was_read = not state.is_unchanged(playlist)
    if was_read:
        state.reconcile(playlist, {}, on_items=lambda items: _note_lengths(items, lengths))
        if not state.is_unchanged(playlist):
            raise UpstreamDown(
                f"Spotify shows another content of {playlist.name!r} than its state {playlist.snapshot_id} had before.",
                "A change takes half a minute to settle: try again.",
                outcome_unknown=False,
            )
    rows = list(workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id))
    return playlist, Content(rows, lengths, was_read)


def add_lengths(workspace: Workspace, playlist: PlaylistRef, content: Content, positions: Iterable[int]) -> None:
    """Find the lengths of the tracks at some positions: from decisions in the ledger, else by reading only the pages with them."""
    wanted = {position: track_id for position in positions if (track_id := content.rows[position].track_id) is not None}
    unknown = set(wanted.values()) - content.lengths_ms.keys()
    for track_id, match in workspace.ledger.matches.that_took(unknown).items():
        if match.track_duration_ms is not None:
            content.lengths_ms[track_id] = match.track_duration_ms
    for position in sorted(wanted):
        if wanted[position] not in content.lengths_ms:
            start = position - position % PAGE_SIZE
            _note_lengths(workspace.spotify.items_from(playlist.playlist_id, start), content.lengths_ms)


def rows_of(ids: Sequence[str | None], known: Iterable[BackupRow], sent: Iterable[str], workspace: Workspace) -> list[BackupRow]:
    """Rows for a content of known tracks; what was sent was added now.

    Args:
        known: rows of all of them, in any order; of several for one track the first counts, and occurrences are taken in order.
    """
    now, again = workspace.now(), frozenset(sent)
    by_id: dict[str | None, list[BackupRow]] = {}
    for row in known:
        by_id.setdefault(row.track_id, []).append(row)
    taken: dict[str | None, int] = {}
    rows = []
    for position, track_id in enumerate(ids):
        of_track = by_id.get(track_id) or [BackupRow(position, track_id, None, "", (), None)]
        row = of_track[min(taken.get(track_id, 0), len(of_track) - 1)]
        taken[track_id] = taken.get(track_id, 0) + 1
        rows.append(BackupRow(position, track_id, row.isrc, row.name, row.artists, now if track_id in again else row.added_at))
    return rows


def _note_lengths(items: Sequence[PlaylistItem], lengths: dict[str, int]) -> None:
    for item in items:
        if item.track is not None and item.track.duration_ms is not None:
            lengths[item.track.track_id] = item.track.duration_ms
