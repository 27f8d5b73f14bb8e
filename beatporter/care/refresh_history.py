"""Takes what the person added to playlists by hand into their histories: reads only the playlists that somebody changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Literal

from beatporter.errors import QuotaExceeded, RateLimited, RequestRefused, UpstreamDown
from beatporter.records.track import PlaylistRef
from beatporter.spotify.client import reads_of
from beatporter.sync.account_playlists import list_account
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace

Outcome = Literal["unchanged", "read", "deferred", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one playlist.

    Attributes:
        outcome: unchanged: it was not read. deferred: the day's calls were spent. gone: the ledger knows it, the account has it no more.
        learned: tracks that are new to its history.
        calls: for reading it; with a dry run those that reading it would take.
        why: what went wrong.
    """

    playlist: PlaylistRef
    outcome: Outcome
    learned: int = 0
    calls: int = 0
    why: str = ""


def refresh_histories(
    workspace: Workspace,
    *,
    max_calls: int | None = None,
    dry_run: bool = False,
    only_writer: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Refreshed]:
    """Yield the outcome of every playlist of the account, and of those in the ledger that it no longer has.

    Two calls tell which of fifty changed (the listing, and whose account this is); a changed one costs a call for every fifty entries. When
    the calls are spent, the others are deferred, and the next run continues with them.

    Args:
        max_calls: most calls for reading; at least one playlist is read. None for whatever the day's budget has left.
        only_writer: the lock of a playlist, by its id.

    Raises:
        QuotaExceeded, RateLimited, UpstreamDown: the account could not be listed.
    """
    account_id, listing = list_account(workspace)
    own = [playlist for playlist in listing if playlist.owner_id == account_id]
    yield from _gone(workspace, own, account_id)
    spent, used = "", 0
    for playlist in own:
        would = refresh_history(workspace, playlist, dry_run=True)
        if would.outcome == "read" and used and max_calls is not None and used + would.calls > max_calls:
            spent = spent or f"The {max_calls:,} calls for this run are spent; the next one continues here."
        if dry_run or would.outcome == "unchanged" or spent:
            yield would if would.outcome == "unchanged" or not spent else replace(would, outcome="deferred", why=spent)
            used += would.calls
            continue
        with only_writer(playlist.playlist_id):
            outcome = refresh_history(workspace, playlist)
        spent = outcome.why if outcome.outcome == "deferred" else ""
        used += outcome.calls
        yield outcome


def refresh_history(workspace: Workspace, playlist: PlaylistRef, *, dry_run: bool = False) -> Refreshed:
    """Take one playlist's unknown tracks into its history, and its content into a backup, if somebody changed it."""
    state = PlaylistState(workspace, playlist.playlist_id)
    try:
        if not dry_run:
            state.catch_up()
        if state.is_unchanged(playlist):
            return Refreshed(playlist, "unchanged")
        if dry_run:
            return Refreshed(playlist, "read", calls=state.outcome_is_unknown + reads_of(playlist.total))
        before = sum(workspace.spotify.calls.values())
        reading = state.reconcile(state.present_of(playlist), {})
        return Refreshed(playlist, "read", reading.learned, sum(workspace.spotify.calls.values()) - before)
    except (QuotaExceeded, RateLimited) as error:
        return Refreshed(playlist, "deferred", why=str(error))
    except (RequestRefused, UpstreamDown) as error:
        return Refreshed(playlist, "failed", why=str(error))


def _gone(workspace: Workspace, own: list[PlaylistRef], account_id: str) -> Iterator[Refreshed]:
    """The remembered playlists that the account no longer has; nothing can be learned from them."""
    names = workspace.ledger.playlists.names()
    for playlist_id in sorted(names.keys() - {playlist.playlist_id for playlist in own}):
        yield Refreshed(PlaylistRef(playlist_id, names[playlist_id], "", 0, account_id), "gone")
