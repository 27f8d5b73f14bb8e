"""Removes what playlists of one's own hold twice: the first stays where it is, the order is kept, and a break loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from beatporter.care.duplicates import Duplicate, find_duplicates, suspects, without
from beatporter.care.playlist_content import add_lengths
from beatporter.care.rearrangement import carry_out, open_playlist, planned
from beatporter.errors import BeatporterError
from beatporter.records.ledger import BackupRow
from beatporter.records.track import PlaylistRef
from beatporter.spotify.arrangement import calls_of
from beatporter.spotify.playlist_text import find_playlist_by_text
from beatporter.sync.account_playlists import list_account
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Deduped:
    """What became of one playlist.

    Attributes:
        rows: what it held.
        duplicates: entries that were removed; with `dry_run` those that would be.
        calls: Spotify calls made; with `dry_run` those that removing them would take.
        sent_again: entries that lose the date of their addition.
        operations: the calls by kind.
        refused: tracks that Spotify refused to remove.
        gone: tracks that it no longer takes; a backup has them.
        finished: an earlier run's work that was, or would be, finished first.
    """

    playlist: PlaylistRef
    rows: Sequence[BackupRow]
    duplicates: Sequence[Duplicate]
    calls: int
    sent_again: int
    operations: dict[str, int]
    refused: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    finished: str | None = None
    error: str = ""
    """What went wrong; the other playlists are still done."""


def dedupe_playlists(
    workspace: Workspace,
    texts: Sequence[str],
    *,
    any_cut: bool = False,
    keep_dates: bool = False,
    dry_run: bool = False,
    only_writer: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Deduped]:
    """Yield the result for each playlist that a text names; one that fails does not stop the others.

    Args:
        texts: links, URIs, ids or names.
        any_cut, keep_dates, dry_run: see `dedupe_playlist`.
        only_writer: the lock of a playlist, by its id.

    Raises:
        SettingsError: a text names no playlist of the account.
        QuotaExceeded, RateLimited, UpstreamDown: the account could not be listed.
    """
    _, listing = list_account(workspace)
    found = [find_playlist_by_text(listing, text) for text in texts]
    for playlist in dict.fromkeys(found):
        try:
            with only_writer(playlist.playlist_id):
                yield dedupe_playlist(workspace, playlist, any_cut=any_cut, keep_dates=keep_dates, dry_run=dry_run)
        except BeatporterError as error:
            yield Deduped(playlist, (), (), 0, 0, {}, error=str(error))


def dedupe_playlist(
    workspace: Workspace, playlist: PlaylistRef, *, any_cut: bool = False, keep_dates: bool = False, dry_run: bool = False
) -> Deduped:
    """Remove duplicates from one playlist.

    A playlist that nobody changed since its last backup is not read. What costs calls besides the changes: a read of it otherwise, and a
    page for each track whose length decides and is not known.

    Args:
        any_cut: see `find_duplicates`.
        keep_dates: see `plan_arrangement`.
        dry_run: change nothing on Spotify.

    Raises:
        SettingsError: the playlist belongs to another account.
        UpstreamDown, QuotaExceeded, RateLimited: the next run continues there.
    """
    calls_before = sum(workspace.spotify.calls.values())
    opened = open_playlist(workspace, playlist, dry_run=dry_run)
    rows = opened.content.rows
    if not any_cut:
        add_lengths(workspace, opened.playlist, opened.content, suspects(rows))
    duplicates = find_duplicates(rows, opened.content.lengths_ms, any_cut=any_cut)
    wanted = without(rows, duplicates)
    plan, calls = planned(opened.content, wanted, keep_dates=keep_dates)
    refused: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    if duplicates and not dry_run:
        done = carry_out(workspace, opened, "dedupe", wanted, rows, keep_dates=keep_dates)
        refused, gone = done.refused, done.gone
    if not dry_run:
        calls = sum(workspace.spotify.calls.values()) - calls_before
    operations = calls_of(plan.operations)
    return Deduped(opened.playlist, rows, duplicates, calls, plan.sent_again, operations, refused, gone, opened.finished)
