"""Backs up any playlist that an app may read: into the ledger, and if wanted into an accumulating playlist under another name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Literal

from beatporter.backup_choice import BackupChoice
from beatporter.care.accumulate import accumulate, would_accumulate
from beatporter.care.playlist_content import content_of
from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, SettingsError, UpstreamDown
from beatporter.records.ledger import BackupRow
from beatporter.records.track import PlaylistRef
from beatporter.spotify.client import reads_of
from beatporter.spotify.playlist_text import find_playlist_by_text, playlist_id_of
from beatporter.sync.account_playlists import list_account
from beatporter.sync.playlist_state import PlaylistState, backup_row
from beatporter.sync.workspace import Workspace

SPOTIFYS_OWN = "spotify"
"""The account that owns what Spotify makes."""
MADE_BY_SPOTIFY = (
    "Spotify makes this playlist itself (Discover Weekly, Release Radar, editorial ones), and since November 2024 no app may read those. "
    "Copy its tracks into a playlist of your own, and back that up."
)
NOT_YOURS = "It belongs to {owner}. Since February 2026 an app may only read playlists that you own or are a collaborator of."
NOT_THERE = "Spotify does not have it, or makes it itself: no app may read those since November 2024."


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What became of one of the person's choices.

    Attributes:
        name: the person's name for it, and the playlist's.
        outcome: unchanged: its last backup still shows it. unreadable: `why` says the reason. deferred: the day's calls were spent.
        entries: of the playlist.
        added: how many tracks came into the accumulating playlist; with a dry run those that would.
        calls: made for it; with a dry run those that it would take.
    """

    name: str
    playlist: str
    outcome: Literal["backed up", "unchanged", "unreadable", "deferred", "failed"]
    entries: int = 0
    into: str = ""
    added: int = 0
    calls: int = 0
    why: str = ""


OnlyWriter = Callable[[str], AbstractContextManager[object]]
"""The lock of a playlist, by its id."""


def back_up_playlists(
    workspace: Workspace, choices: Mapping[str, BackupChoice], *, dry_run: bool = False, only_writer: OnlyWriter = nullcontext
) -> Iterator[BackedUp]:
    """Yield the outcome of each choice; one that cannot be read does not stop the others.

    Raises:
        QuotaExceeded, RateLimited, UpstreamDown: the account could not be listed.
    """
    account_id, listing = list_account(workspace)
    for name, choice in choices.items():
        before = sum(workspace.spotify.calls.values())
        try:
            playlist = _find(workspace, listing, choice.playlist)
            outcome = _back_up(workspace, name, playlist, choice, listing, account_id, only_writer, dry_run=dry_run)
        except (QuotaExceeded, RateLimited) as error:
            outcome = BackedUp(name, choice.playlist, "deferred", why=str(error))
        except (RequestRefused, UpstreamDown, SettingsError) as error:
            outcome = BackedUp(name, choice.playlist, "failed", why=str(error))
        except _Unreadable as error:
            outcome = BackedUp(name, error.playlist, "unreadable", why=error.what)
        if not dry_run:
            outcome = replace(outcome, calls=sum(workspace.spotify.calls.values()) - before)
        yield outcome


class _Unreadable(BeatporterError):
    """Spotify lets no app, or not this one, read the playlist."""

    def __init__(self, what: str, playlist: str) -> None:
        super().__init__(what)
        self.playlist = playlist


def _find(workspace: Workspace, listing: Sequence[PlaylistRef], text: str) -> PlaylistRef:
    """The playlist that a text names: one of the account's library, or any other by its link."""
    wanted = playlist_id_of(text)
    if wanted is None or any(one.playlist_id == wanted or one.name.strip() == text.strip() for one in listing):
        return find_playlist_by_text(listing, text)
    try:
        return workspace.spotify.playlist(wanted)
    except RequestRefused as error:
        if error.status != 404:
            raise
    raise _Unreadable(NOT_THERE, text)


def _back_up(
    workspace: Workspace,
    name: str,
    playlist: PlaylistRef,
    choice: BackupChoice,
    listing: list[PlaylistRef],
    account_id: str,
    only_writer: OnlyWriter,
    *,
    dry_run: bool,
) -> BackedUp:
    backup = workspace.ledger.backups.latest(playlist.playlist_id)
    is_own = playlist.owner_id == account_id
    unchanged = _is_unchanged(workspace, playlist, is_own=is_own)
    if dry_run and not unchanged:
        pages = reads_of(playlist.total)
        return BackedUp(name, playlist.name, "backed up", playlist.total, choice.into, calls=pages)
    try:
        with only_writer(playlist.playlist_id):
            rows = _rows(workspace, playlist, is_own=is_own, unchanged=unchanged)
    except RequestRefused as error:
        if error.status not in (403, 404):
            raise
        made_by_spotify = playlist.owner_id == SPOTIFYS_OWN
        raise _Unreadable(MADE_BY_SPOTIFY if made_by_spotify else NOT_YOURS.format(owner=playlist.owner_id), playlist.name) from None
    done = BackedUp(name, playlist.name, "unchanged" if unchanged and backup else "backed up", len(rows), choice.into)
    if not choice.into:
        return done
    if dry_run:
        added, calls = would_accumulate(workspace, playlist, rows, choice, listing, account_id)
        return replace(done, added=added, calls=calls)
    return replace(done, added=accumulate(workspace, playlist, rows, choice, listing, account_id, only_writer))


def _is_unchanged(workspace: Workspace, playlist: PlaylistRef, *, is_own: bool) -> bool:
    """Whether the last backup shows the playlist; another's playlist has no state of ours, its snapshot alone decides."""
    if is_own:
        return PlaylistState(workspace, playlist.playlist_id).is_unchanged(playlist)
    latest = workspace.ledger.backups.latest(playlist.playlist_id)
    return latest is not None and latest.snapshot_id == playlist.snapshot_id


def _rows(workspace: Workspace, playlist: PlaylistRef, *, is_own: bool, unchanged: bool) -> list[BackupRow]:
    """The playlist's content, which is in a backup afterwards. Another's playlist gets no history: that is of what ours held."""
    backups = workspace.ledger.backups
    if is_own:
        return content_of(workspace, playlist, PlaylistState(workspace, playlist.playlist_id))[1].rows
    if not unchanged:
        read = map(backup_row, workspace.spotify.playlist_items(playlist.playlist_id))
        backups.append(playlist.playlist_id, playlist.snapshot_id, workspace.now(), read)
    return list(backups.items(playlist.playlist_id, playlist.snapshot_id))
