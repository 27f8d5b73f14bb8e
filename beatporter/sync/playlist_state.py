"""A playlist's state between runs: what the ledger says about it, when that can be trusted, and how it changes.

The history holds what a playlist ever held, the backups hold its states, and its row in `snapshots` names the Spotify snapshot that both
describe. While the account's listing shows that snapshot, nobody else has changed the playlist, and it is not read.
docs/decisions/playlist-state.md explains why each state is needed.

    recorded ──begin_write──▶ writing ──confirm_write──▶ written ──record──▶ recorded ──back_up──▶ recorded
        ▲                        │ outcome unknown                             tracks on top        backed up
        └───────reconcile────────┘ (the playlist is read)

A write to the playlist's end is `appending` instead of `writing`: its requests go in another order, see `crash_recovery`.

What was put on top is added to the last backup when the step for backups comes. Any other write is backed up together with its
confirmation, as the state does not say how to make its backup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Self

from beatporter.ledger.backups import Item
from beatporter.ledger.history import earliest_of
from beatporter.matching import recording_key
from beatporter.records.ledger import BackupInfo, BackupRow, HistoryRow, SnapshotRow, SnapshotState
from beatporter.records.match import Match
from beatporter.records.track import PlaylistItem, PlaylistRef
from beatporter.sync.candidates import KnownTracks, RecordingsSeen, candidate_of, history_row
from beatporter.sync.complete_history import completed
from beatporter.sync.crash_recovery import removed_by_user
from beatporter.sync.playlist_reading import PlaylistReading, ReadingNotes
from beatporter.sync.workspace import Workspace

LISTING_KEPT = timedelta(hours=12)
"""Longer than any run uses its listing of the account."""
ITEMS_AT_ONCE = 500
"""Items held in memory while a playlist is read: ten of Spotify's pages."""


class PlaylistState:
    """One playlist's state, loaded once per step. Only its methods change it.

    Args:
        workspace: of the step.
        playlist_id: the playlist.
        row: its row in the ledger; looked up when it is not given.
    """

    def __init__(self, workspace: Workspace, playlist_id: str, row: SnapshotRow | None = None) -> None:
        self._workspace, self._ledger = workspace, workspace.ledger
        self.playlist_id = playlist_id
        self._row = row or self._ledger.snapshots.latest(playlist_id)
        self._backup_shows_it = False
        self._before: SnapshotRow | None = None
        self._position: int | None = 0
        """Of what is being written: see `begin_write`."""

    @classmethod
    def of_list(cls, workspace: Workspace, number: int) -> Self | None:
        """The state of the playlist that was last remembered for a list; None when there is none.

        Args:
            number: the list's in the ledger's table `playlists`.
        """
        found = workspace.ledger.snapshots.of_list(number)
        return cls(workspace, *found) if found is not None else None

    @property
    def outcome_is_unknown(self) -> bool:
        """Whether a write may or may not have been carried out, or the snapshot after it is unknown: the playlist must be read."""
        return self._row is not None and self._row.snapshot_id is None

    def is_unchanged(self, playlist: PlaylistRef) -> bool:
        """Whether nobody has changed the playlist since history and backup were reconciled with it.

        Args:
            playlist: from the account's listing, which may be older than our last write.
        """
        return self._row is not None and self._row.state == "recorded" and self._row.snapshot_id == self._not_older(playlist).snapshot_id

    def present_of(self, playlist: PlaylistRef) -> PlaylistRef:
        """The playlist with its current snapshot: the run's listing may be older than what an earlier attempt wrote."""
        return self._workspace.spotify.playlist(self.playlist_id) if self.outcome_is_unknown else self._not_older(playlist)

    def _not_older(self, playlist: PlaylistRef) -> PlaylistRef:
        """The playlist as listed, or as our last write left it when the listing is older.

        A listing is older when it was made before that, or shows the snapshot of an earlier backup, as none comes back. Reading the
        playlist would not help: soon after a write Spotify may show what was there before, and what is read now does not belong to a
        snapshot of then. A listing that is still the same `LISTING_KEPT` later is believed.
        """
        row = self._row
        if row is None or row.state != "recorded" or row.snapshot_id in (None, playlist.snapshot_id):
            return playlist
        if self._workspace.now() - row.at > LISTING_KEPT:
            return playlist
        last, listed = (self._ledger.backups.of_snapshot(self.playlist_id, one) for one in (row.snapshot_id, playlist.snapshot_id))
        if last is None:
            return playlist
        was_before = playlist.listed_at is not None and playlist.listed_at < row.at
        if not was_before and (listed is None or last.taken_at < listed.taken_at):
            return playlist
        return replace(playlist, snapshot_id=last.snapshot_id, total=last.rows)

    def ids_in_order(self, playlist: PlaylistRef) -> list[str | None]:
        """The playlist's track ids from the top: from the last backup if that is current, otherwise from Spotify."""
        if self.is_unchanged(playlist):
            return self._ledger.backups.track_ids(self.playlist_id, playlist.snapshot_id)
        return [item.track.track_id if item.track else None for item in self._workspace.spotify.playlist_items(self.playlist_id)]

    def catch_up(self) -> list[str]:
        """Finish, from what the ledger knows, what an earlier attempt could not; returns the tracks that only it had added."""
        written: list[str] = []
        if self._row is not None and self._row.state == "written":
            known = self._ledger.history.known(self.playlist_id, track_ids=self._row.sending).track_ids
            written = [track_id for track_id in self.record(()) if track_id not in known]
        if self._is_ahead_of_backup:
            self.back_up()
        return written

    def begin(self, snapshot_id: str) -> None:
        """The playlist was just created: it is empty, need not be read, and this is its first backup."""
        with self._ledger.transaction():
            self._ledger.backups.keep(self.playlist_id, snapshot_id, self._workspace.now(), [])
            self._save("recorded", snapshot_id)

    def begin_write(self, sending: Sequence[str] = (), position: int | None = 0, *, at_end: bool = False) -> None:
        """Record that something is about to be sent.

        Args:
            sending: tracks to be put in, in order; empty for other changes.
            position: how many entries stay above them; None: they become the whole content.
            at_end: they are appended, the first request first.
        """
        self._backup_shows_it = self._row is not None and self._row.state == "recorded" and self._row.snapshot_id is not None
        self._before, self._position = self._row, position
        self._save("appending" if at_end else "writing", None, sending)

    def confirm_write(self, snapshot_id: str | None) -> None:
        """Record that Spotify has carried out what was sent.

        Args:
            snapshot_id: the snapshot after that. None: unknown, so the playlist is read before the next write, as it is when no
                backup shows what was there before.
        """
        row = self._row
        known = snapshot_id if self._backup_shows_it or self._position is None else None
        sent = (row.sending, row.sent_at) if row is not None else ()
        if self._position == 0 or known is None or row is None:
            self._save("written", known, *sent)
            return
        items = self._content_after(row)
        with self._ledger.transaction():
            self._ledger.backups.keep(self.playlist_id, known, self._workspace.now(), items)
            self._save("written", known, *sent)

    def record(self, track_ids: Iterable[str]) -> list[str]:
        """Record tracks in the history, including all that a confirmed write has put in; returns the ids recorded.

        Args:
            track_ids: further tracks that are in the playlist.
        """
        row = self._row
        written = row.sending if row is not None and row.state == "written" else ()
        rows = list(self._history_rows([*track_ids, *written]))
        with self._ledger.transaction():
            self._ledger.history.append(self.playlist_id, rows)
            if row is not None and row.state == "written":
                self._save("recorded", row.snapshot_id, row.sending, row.sent_at, at=row.at)
        return [row.track_id for row in rows]

    def back_up(self) -> BackupInfo | None:
        """The backup of the playlist's current state, made from the last one and what was put on top since.

        None while there is no backup; the last backup while the current state is unknown. A state that was backed up with its
        confirmation is not saved again.
        """
        row = self._row
        if row is None or not self._is_ahead_of_backup or row.snapshot_id is None:
            return self._ledger.backups.latest(self.playlist_id)
        on_top = self._backup_rows(row)
        with self._ledger.transaction():
            info = self._ledger.backups.put_on_top(self.playlist_id, row.snapshot_id, self._workspace.now(), on_top)
            self._save("recorded", row.snapshot_id, at=row.at)
        return info

    def keep_content(self, snapshot_id: str | None, rows: Sequence[BackupRow]) -> None:
        """Record what the playlist holds after a write that changed more than its top: history, backup and state.

        Args:
            snapshot_id: the snapshot after the write. None: unknown, so the playlist is read before the next write.
            rows: the whole content.
        """
        now = self._workspace.now()
        items = self._ledger.backups.items_of(rows)
        by_id = {row.track_id: row for row in rows if row.track_id is not None}
        known = self._ledger.history.known(self.playlist_id, track_ids=by_id).track_ids
        new = [
            HistoryRow(track_id, row.isrc, recording_key(row.name, row.artists), None, "playlist", now)
            for track_id, row in by_id.items()
            if track_id not in known
        ]
        with self._ledger.transaction():
            self._ledger.history.append(self.playlist_id, new)
            if snapshot_id is not None:
                self._ledger.backups.keep(self.playlist_id, snapshot_id, now, items)
            self._save("recorded", snapshot_id)

    def reconcile(
        self,
        playlist: PlaylistRef,
        wanted: Mapping[str, Match],
        *,
        recordings: bool = False,
        on_items: Callable[[Sequence[PlaylistItem]], None] = lambda items: None,
    ) -> PlaylistReading:
        """Read the playlist: put its unknown tracks into the history, its content into a backup, and record the state.

        For half a minute after a write Spotify may report an older snapshot for what is read. If there is a backup of that snapshot with
        other content, the snapshot is not trusted, and the next run reads again.

        Args:
            playlist: with its current snapshot.
            wanted: tracks to be added, with the decisions that found them.
            recordings: look for their recordings under other ids too.
            on_items: called with what was read, a part at a time.
        """
        ids: list[str | None] = []
        reading = self._new_reading(wanted, recordings)

        def rows() -> Iterator[BackupRow]:
            for chunk in self._chunks():
                found = self._take_in(chunk, reading)
                self._ledger.history.append(self.playlist_id, found)
                reading.learned.update(row.track_id for row in found)
                self._complete(chunk)
                ids.extend(item.track.track_id if item.track else None for item in chunk)
                on_items(chunk)
                yield from map(backup_row, chunk)

        items = self._ledger.backups.items_of(rows())
        gone = removed_by_user(self._row, reading.sent_there)
        with self._ledger.transaction():
            self._ledger.history.append(self.playlist_id, list(self._history_rows(gone)))
            kept = self._ledger.backups.keep(self.playlist_id, playlist.snapshot_id, self._workspace.now(), items)
            shown = self._ledger.backups.track_ids(self.playlist_id, kept.snapshot_id)
            self._save("recorded", playlist.snapshot_id if shown == ids else None)
        return reading.result(gone)

    def look(self, wanted: Mapping[str, Match], *, recordings: bool = False) -> PlaylistReading:
        """Read the playlist without changing the ledger."""
        reading = self._new_reading(wanted, recordings)
        for chunk in self._chunks():
            self._take_in(chunk, reading)
        return reading.result(removed_by_user(self._row, reading.sent_there))

    @property
    def _is_ahead_of_backup(self) -> bool:
        """Whether the last backup lacks what our last write put on top, and can be completed without a read."""
        row = self._row
        return row is not None and row.state == "recorded" and row.snapshot_id is not None and bool(row.sending)

    def _new_reading(self, wanted: Mapping[str, Match], recordings: bool) -> ReadingNotes:
        sent = self._row.sending if self._row else ()
        known = KnownTracks({**self._ledger.matches.that_took(sent), **wanted})
        return ReadingNotes(sent, wanted, known, RecordingsSeen(map(candidate_of, wanted.values())) if recordings else None)

    def _content_after(self, row: SnapshotRow) -> list[Item]:
        """The playlist's content after the write that was just confirmed, for a backup."""
        backups, items = self._ledger.backups, self._ledger.backups.items_of(self._backup_rows(row))
        before = self._before
        if self._position is None or before is None or before.snapshot_id is None:
            return items
        present = backups.state(self.playlist_id, before.snapshot_id)
        return [*present[: self._position], *items, *present[self._position :]]

    def _backup_rows(self, row: SnapshotRow) -> list[BackupRow]:
        """What was sent, as rows of a backup."""
        found = self._ledger.matches.that_took(row.sending)
        added_at = row.sent_at or self._workspace.now()
        return [_backup_row_of_match(position, track_id, found.get(track_id), added_at) for position, track_id in enumerate(row.sending)]

    def _chunks(self) -> Iterator[list[PlaylistItem]]:
        items = self._workspace.spotify.playlist_items(self.playlist_id)
        while chunk := list(islice(items, ITEMS_AT_ONCE)):
            yield chunk

    def _take_in(self, items: Sequence[PlaylistItem], reading: ReadingNotes) -> list[HistoryRow]:
        """Take note of some items; returns rows of tracks that are in no history yet."""
        listed = {item.track.track_id: item.track for item in items if item.track is not None}
        sent = {track_id: reading.known.id_of(track) for track_id, track in listed.items()}
        known = self._ledger.history.known(self.playlist_id, track_ids={*sent, *sent.values()}).track_ids
        there = reading.wanted.keys() & sent.values()
        reading.take_in(items, sent)
        reading.present.update(there)
        reading.left_behind.update(there - known)
        reading.sent_there.update(
            (sent[item.track.track_id], item.added_at) for item in items if item.track and sent[item.track.track_id] in reading.sent
        )
        now = self._workspace.now()
        found = [history_row(reading.wanted[track_id], now) for track_id in sorted(there - known)]
        return found + [
            HistoryRow(track_id, track.isrc, recording_key(track.name, track.artists), None, "playlist", now)
            for track_id, track in listed.items()
            if track_id not in known and track_id not in reading.wanted
        ]

    def _complete(self, items: Sequence[PlaylistItem]) -> None:
        """Complete imported rows that lack the ISRC or the title with what Spotify lists."""
        listed = {item.track.track_id: item.track for item in items if item.track is not None}
        rows = self._ledger.history.all_rows(self.playlist_id, listed)
        with_isrc = {row.track_id for row in rows if row.isrc}
        imported = earliest_of(row for row in rows if row.source == "import" and row.track_id not in with_isrc)
        new = [completed(row, listed[track_id]) for track_id, row in imported.items()]
        self._ledger.history.append(self.playlist_id, [row for row in new if row not in rows])

    def _history_rows(self, track_ids: Iterable[str]) -> Iterator[HistoryRow]:
        """Rows of tracks that were found for chart entries, each once."""
        wanted, now = list(dict.fromkeys(track_ids)), self._workspace.now()
        found = self._ledger.matches.that_took(wanted)
        for track_id in wanted:
            match = found.get(track_id)
            yield history_row(match, now) if match else HistoryRow(track_id, None, "", None, "chart", now)

    def _save(
        self,
        state: SnapshotState,
        snapshot_id: str | None,
        sending: Sequence[str] = (),
        sent_at: datetime | None = None,
        at: datetime | None = None,
    ) -> None:
        """Save the state.

        Args:
            at: when the playlist was like that; now for a write or a read that has just ended.
        """
        now = self._workspace.now()
        row = SnapshotRow(self.playlist_id, state, snapshot_id, at or now, tuple(sending), (sent_at or now) if sending else None)
        self._ledger.snapshots.save(row)
        self._row = row


def backup_row(item: PlaylistItem) -> BackupRow:
    """A backup's row for an entry that was read."""
    track = item.track
    if track is None:
        return BackupRow(item.position, None, None, "", (), item.added_at)
    return BackupRow(item.position, track.track_id, track.isrc, track.name, track.artists, item.added_at)


def _backup_row_of_match(position: int, track_id: str, match: Match | None, added_at: datetime) -> BackupRow:
    if match is None:
        return BackupRow(position, track_id, None, "", (), added_at)
    return BackupRow(position, track_id, match.track_isrc, match.track_name or "", match.track_artists, added_at)
