"""Collects the tracks of a backed-up playlist in another one, which only grows: what Spotify replaces every week stays there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from beatporter.backup_choice import BackupChoice
from beatporter.care.playlist_content import content_of
from beatporter.errors import SettingsError
from beatporter.playlist_kinds import Digging
from beatporter.records.ledger import BackupRow, Known
from beatporter.records.track import PlaylistRef
from beatporter.spotify.apply import apply_update
from beatporter.spotify.client import reads_of
from beatporter.spotify.plan import PLAYLIST_LIMIT, Candidate, batches, plan_collect, select_new
from beatporter.spotify.playlists import ensure_playlist, find_playlist
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


def accumulate(
    workspace: Workspace,
    source: PlaylistRef,
    rows: Sequence[BackupRow],
    choice: BackupChoice,
    listing: list[PlaylistRef],
    account_id: str,
    only_writer: Callable[[str], AbstractContextManager[object]],
) -> int:
    """Put the source's new tracks on top of the accumulating playlist, in the source's order; returns how many.

    It is created when there is something to put in, and not read while nobody else changes it.

    Args:
        rows: what the source holds.
        listing: the account's playlists; the accumulating one is brought up to date in it, so that the next source finds it.
        only_writer: the lock of a playlist, by its id.

    Raises:
        SettingsError: it is the source itself, or it is full.
        UpstreamDown, QuotaExceeded, RateLimited: the next run adds what is missing.
    """
    target = _find(source, choice, listing, account_id)
    if target is None:
        if not _new(workspace, "", source, rows, choice.digging):
            return 0
        target = ensure_playlist(
            workspace.spotify, listing, account_id, None, choice.into, public=workspace.settings.playlist_public, sleep=workspace.sleep
        )
        if target.total == 0:
            PlaylistState(workspace, target.playlist_id).begin(target.snapshot_id)
    with only_writer(target.playlist_id):
        added, after = _put_on_top(workspace, target, source, rows, choice)
    listing[:] = [after, *(one for one in listing if one.playlist_id != after.playlist_id)]
    return added


def _put_on_top(
    workspace: Workspace, target: PlaylistRef, source: PlaylistRef, rows: Sequence[BackupRow], choice: BackupChoice
) -> tuple[int, PlaylistRef]:
    """How many tracks were added, and the playlist after that."""
    state = PlaylistState(workspace, target.playlist_id)
    target, content = content_of(workspace, target, state)
    plan = plan_collect(_new(workspace, target.playlist_id, source, rows, choice.digging, content.rows), content.ids)
    if not plan.add:
        return 0, target
    if len(content.rows) + len(plan.add) > PLAYLIST_LIMIT:
        raise SettingsError(
            f"{choice.into!r} holds {len(content.rows):,} entries, near Spotify's limit of {PLAYLIST_LIMIT:,}.", "Name another in `into`."
        )
    state.begin_write()
    applied = apply_update(workspace.spotify, target.playlist_id, plan, sleep=workspace.sleep)
    state.keep_content(applied.snapshot_id, _with_on_top(workspace, content.rows, rows, plan.add))
    after = replace(target, snapshot_id=applied.snapshot_id or target.snapshot_id, total=len(content.rows) + len(plan.add))
    return len(plan.add), after


def would_accumulate(
    workspace: Workspace,
    source: PlaylistRef,
    rows: Sequence[BackupRow],
    choice: BackupChoice,
    listing: Sequence[PlaylistRef],
    account_id: str,
) -> tuple[int, int]:
    """How many tracks `accumulate` would add, and how many calls it would make; calls nothing.

    The target's content is that of its last backup: where the person changed it since, the figure is an estimate.
    """
    target = _find(source, choice, listing, account_id)
    target_id = target.playlist_id if target is not None else ""
    backup = workspace.ledger.backups.latest(target_id)
    there = list(workspace.ledger.backups.items(target_id, backup.snapshot_id)) if backup is not None else []
    added = _new(workspace, target_id, source, rows, choice.digging, there)
    pages = 0
    if target is not None and not PlaylistState(workspace, target_id).is_unchanged(target):
        pages = reads_of(target.total)
    return len(added), pages + len(list(batches(added))) + (target is None and bool(added))


def _find(source: PlaylistRef, choice: BackupChoice, listing: Sequence[PlaylistRef], account_id: str) -> PlaylistRef | None:
    target = find_playlist(listing, account_id, None, choice.into)
    if target is not None and target.playlist_id == source.playlist_id:
        raise SettingsError(f"The playlist {source.name!r} cannot accumulate into itself.", "Name another in `into`.")
    return target


def _new(
    workspace: Workspace,
    target_id: str,
    source: PlaylistRef,
    rows: Sequence[BackupRow],
    digging: Digging,
    there: Sequence[BackupRow] = (),
) -> tuple[str, ...]:
    """Tracks of the source that are neither in the target nor in a history that counts, in the source's order.

    Compared by id and ISRC alone: another cut of a recording is a track of its own here, as a backup must not lose one.
    """
    candidates = [Candidate(row.track_id, row.isrc, "") for row in rows if row.track_id is not None]
    ids, isrcs = {row.track_id for row in there if row.track_id}, {row.isrc for row in there if row.isrc}
    here = Known(frozenset(ids), frozenset(isrcs), frozenset())
    return select_new(candidates, here, _held(workspace, target_id, source, candidates, digging))


def _held(workspace: Workspace, target_id: str, source: PlaylistRef, candidates: Sequence[Candidate], digging: Digging) -> Known:
    """Which candidates the histories that count hold.

    off: none counts; playlist: the target's; all: those of every playlist but the source, whose tracks these are.
    """
    if digging == "off":
        return Known()
    ids, isrcs = [one.track_id for one in candidates], [one.isrc for one in candidates if one.isrc]
    if digging == "playlist":
        return workspace.ledger.history.known(target_id, ids, isrcs)
    return workspace.ledger.history.known(None, ids, isrcs, except_for=[source.playlist_id])


def _with_on_top(workspace: Workspace, below: Sequence[BackupRow], source: Sequence[BackupRow], added: Sequence[str]) -> list[BackupRow]:
    by_id = {row.track_id: row for row in reversed(source)}
    now = workspace.now()
    on_top = [replace(by_id[track_id], position=place, added_at=now) for place, track_id in enumerate(added)]
    return [*on_top, *(replace(row, position=row.position + len(on_top)) for row in below)]
