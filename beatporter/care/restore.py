"""Restores a playlist as it was at a time, in order: in place, or into a new playlist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from beatporter.care.changes import Changes, changes_between_rows
from beatporter.care.playlist_content import Content
from beatporter.care.rearrangement import Opened, carry_out, open_playlist, planned
from beatporter.errors import SettingsError
from beatporter.ledger.ledger import Ledger
from beatporter.records.ledger import BackupInfo, BackupRow
from beatporter.records.track import PlaylistRef
from beatporter.spotify.arrangement import calls_of, reachable
from beatporter.spotify.playlists import ensure_playlist
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of it.

    Attributes:
        backup: the state that was restored.
        changes: from what the playlist held to that state.
        calls: Spotify calls made; with a dry run those that restoring would take.
        sent_again: entries that lose the date of their addition.
        operations: the calls by kind.
        unsendable: entries of the backup that an app cannot put back: local files, episodes, and what had no id then.
        gone: tracks that Spotify no longer has.
        refused: tracks that it refuses to remove.
    """

    playlist: PlaylistRef
    backup: BackupInfo
    changes: Changes
    calls: int
    sent_again: int
    operations: dict[str, int]
    unsendable: int
    gone: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    finished: str | None = None


def backup_at(ledger: Ledger, playlist_id: str, name: str, at: datetime) -> BackupInfo:
    """The last backup that was taken at a time or before it.

    Raises:
        SettingsError: there is none, naming the first.
    """
    backups = ledger.backups.all(playlist_id)
    if not backups:
        raise SettingsError(
            f"There is no backup of {name!r}.", "`beatporter back-up-playlists` makes one; so does every sync of its chart."
        )
    found = [backup for backup in backups if backup.taken_at <= at]
    if not found:
        raise SettingsError(
            f"The first backup of {name!r} is of {backups[0].taken_at:%Y-%m-%d %H:%M} UTC.", "Name that day or a later one."
        )
    return found[-1]


def restore_playlist(
    workspace: Workspace, playlist: PlaylistRef, at: datetime, *, into: str = "", keep_dates: bool = False, dry_run: bool = False
) -> Restored:
    """Make a playlist hold what it held at a time.

    Args:
        playlist: known to the ledger; its current state is asked for.
        at: aware; the last backup until then is restored.
        into: name of a new playlist; empty: in place.
        keep_dates: see `plan_arrangement`.
        dry_run: change nothing on Spotify.

    Raises:
        SettingsError: there is no such backup, the playlist belongs to another account, or `into` names one with other content.
        UpstreamDown, QuotaExceeded, RateLimited: the next run continues there.
    """
    backup = backup_at(workspace.ledger, playlist.playlist_id, playlist.name, at)
    rows = list(workspace.ledger.backups.items(playlist.playlist_id, backup.snapshot_id))
    calls_before = sum(workspace.spotify.calls.values())
    opened = _open_new(workspace, into, rows, dry_run=dry_run) if into else _open_in_place(workspace, playlist, dry_run=dry_run)
    wanted = [row.track_id for row in rows]
    plan, calls = planned(opened.content, wanted, keep_dates=keep_dates)
    changes = changes_between_rows(opened.content.rows, rows)
    gone: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    if plan.operations and not dry_run:
        aim = reachable(opened.content.ids, wanted)
        done = carry_out(workspace, opened, "restore", aim, [*rows, *opened.content.rows], keep_dates=keep_dates)
        gone, refused = done.gone, done.refused
    calls = calls + _is_new(opened) if dry_run else sum(workspace.spotify.calls.values()) - calls_before
    unsendable = max(0, wanted.count(None) - opened.content.ids.count(None))
    return Restored(
        opened.playlist, backup, changes, calls, plan.sent_again, calls_of(plan.operations), unsendable, gone, refused, opened.finished
    )


def _open_in_place(workspace: Workspace, playlist: PlaylistRef, *, dry_run: bool) -> Opened:
    return open_playlist(workspace, workspace.spotify.playlist(playlist.playlist_id), dry_run=dry_run)


def _open_new(workspace: Workspace, name: str, rows: list[BackupRow], *, dry_run: bool) -> Opened:
    """The new playlist, which an earlier, interrupted run may have created."""
    listing = workspace.spotify.playlists()
    own = [one for one in listing if one.owner_id == workspace.account_id and one.name == name]
    if dry_run and not own:
        nowhere = PlaylistRef("", name, "", 0, workspace.account_id)
        return Opened(nowhere, PlaylistState(workspace, ""), Content([]))
    playlist = ensure_playlist(
        workspace.spotify, listing, workspace.account_id, None, name, public=workspace.settings.playlist_public, sleep=workspace.sleep
    )
    begun = workspace.ledger.rearrangements.of(playlist.playlist_id)
    if playlist.total == 0 and begun is None:
        state = PlaylistState(workspace, playlist.playlist_id)
        state.begin(playlist.snapshot_id)
        return Opened(playlist, state, Content([]))
    opened = open_playlist(workspace, playlist, dry_run=dry_run)
    if begun is None and opened.content.ids != [row.track_id for row in rows if row.track_id is not None]:
        raise SettingsError(
            f"You already have a playlist {name!r}, with {len(opened.content.rows):,} other entries.",
            "Name one that does not exist yet, or restore in place.",
        )
    return opened


def _is_new(opened: Opened) -> int:
    """The call that creates the playlist, where it does not exist yet."""
    return int(not opened.playlist.playlist_id)
