"""Work on a playlist's order or content, from the plan to the ledger: what it aims at is saved before the first request is sent.

So a run that dies between two requests loses nothing: the next one finishes the work first, with everything that the person did
meanwhile. See docs/decisions/playlist-arrangement.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from beatporter.care.playlist_content import Content, content_of, rows_of
from beatporter.errors import SettingsError
from beatporter.records.ledger import BackupRow, RearrangementKind, RearrangementRow
from beatporter.records.track import PlaylistRef
from beatporter.spotify.arrangement import Arrangement, merge_edits, plan_arrangement
from beatporter.spotify.plan import Present
from beatporter.spotify.rearrange import CHECK_CALLS, Rearranged, rearrange
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Opened:
    """A playlist that is ready to be worked on.

    Attributes:
        playlist: with its current snapshot.
        content: what it holds.
        finished: work of an earlier run that was finished first.
    """

    playlist: PlaylistRef
    state: PlaylistState
    content: Content
    finished: RearrangementKind | None = None


def open_playlist(workspace: Workspace, playlist: PlaylistRef, *, dry_run: bool = False) -> Opened:
    """Find out what a playlist of one's own holds; work that an earlier run began is finished first, unless this is a dry run.

    Raises:
        SettingsError: the playlist belongs to another account.
    """
    if playlist.owner_id != (workspace.ledger.listings.last_owner() or workspace.account_id):
        raise SettingsError(f"The playlist {playlist.name!r} belongs to {playlist.owner_id}.", "Name one of your own.")
    state = PlaylistState(workspace, playlist.playlist_id)
    playlist, content = content_of(workspace, playlist, state)
    begun = workspace.ledger.rearrangements.of(playlist.playlist_id)
    if begun is None or dry_run:
        return Opened(playlist, state, content, begun.kind if begun else None)
    order_stays = begun.kind == "dedupe"
    wanted = merge_edits(_entries(begun.wanted), _entries(begun.before), content.ids, begun.sent, current_order=order_stays)
    known = [*content.rows, *_last_known(workspace, playlist.playlist_id, begun)]
    work = Opened(playlist, state, content)
    done = carry_out(workspace, work, begun.kind, wanted, known, sent_before=begun.sent)
    rows = rows_of(done.content, known, done.sent, workspace)
    finished = replace(playlist, snapshot_id=done.snapshot_id or playlist.snapshot_id, total=len(rows))
    if done.snapshot_id is None:
        finished, again = content_of(workspace, workspace.spotify.playlist(playlist.playlist_id), state)
        return Opened(finished, state, again, begun.kind)
    return Opened(finished, state, Content(rows, content.lengths_ms, content.was_read), begun.kind)


def carry_out(
    workspace: Workspace,
    opened: Opened,
    kind: RearrangementKind,
    wanted: Present,
    known: Iterable[BackupRow],
    *,
    keep_dates: bool = False,
    sent_before: Sequence[str] = (),
) -> Rearranged:
    """Make the playlist hold what is wanted, and record it.

    Args:
        known: rows of every wanted track, for the backup of the result.
        keep_dates: see `plan_arrangement`.
        sent_before: what interrupted work had sent already.

    Raises:
        UpstreamDown, QuotaExceeded, RateLimited: the next run continues there.
    """
    playlist_id, ledger = opened.playlist.playlist_id, workspace.ledger
    content, now = opened.content, workspace.now()
    before = tuple(track_id or "" for track_id in content.ids)
    aim = tuple(track_id or "" for track_id in wanted)

    def remember(sent: frozenset[str]) -> None:
        together = tuple(sorted(sent.union(sent_before)))
        ledger.rearrangements.save(RearrangementRow(playlist_id, kind, before, aim, together, now))

    opened.state.begin_write()
    done = rearrange(
        workspace.spotify,
        playlist_id,
        content.ids,
        wanted,
        snapshot_id=opened.playlist.snapshot_id,
        current_order=kind == "dedupe",
        keep_dates=keep_dates,
        on_sending=remember,
        sleep=workspace.sleep,
    )
    with ledger.transaction():
        opened.state.keep_content(done.snapshot_id, rows_of(done.content, known, done.sent, workspace))
        ledger.rearrangements.end(playlist_id)
    return done


def planned(content: Content, wanted: Present, *, keep_dates: bool = False) -> tuple[Arrangement, int]:
    """The plan, and how many calls it takes if nothing goes wrong."""
    plan = plan_arrangement(content.ids, wanted, keep_dates=keep_dates)
    return plan, len(plan.operations) + (CHECK_CALLS if plan.operations else 0)


def _entries(texts: Sequence[str]) -> list[str | None]:
    return [text or None for text in texts]


def _last_known(workspace: Workspace, playlist_id: str, begun: RearrangementRow) -> list[BackupRow]:
    """Rows of the wanted tracks that are not in the playlist now, from its backups, the newest first."""
    missing = set(begun.wanted) - {""}
    found: list[BackupRow] = []
    for backup in reversed(workspace.ledger.backups.all(playlist_id)):
        if not missing:
            break
        rows = [row for row in workspace.ledger.backups.items(playlist_id, backup.snapshot_id) if row.track_id in missing]
        found += rows
        missing -= {row.track_id for row in rows if row.track_id is not None}
    return found
