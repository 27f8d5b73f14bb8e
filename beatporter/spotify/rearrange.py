"""Sends an arrangement so that nothing is lost or doubled, whatever happens to an answer, and whatever the person does meanwhile.

After an unknown outcome the playlist is read, and a new plan leads from what is there to what is wanted. Positions depend on what is
there, so at the end of longer work the playlist's total is asked for, one call; if it is not what we left, the playlist is read, too.
The caller keeps what is wanted in the ledger until this has returned: after a crash the same work starts from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from beatporter.errors import RequestRefused, UpstreamDown
from beatporter.spotify.apply import MAX_ROUNDS, SETTLE_S
from beatporter.spotify.arrangement import (
    Insert,
    Move,
    Operation,
    Remove,
    Replace,
    carried_out,
    merge_edits,
    plan_arrangement,
    tokens,
    woven,
)
from beatporter.spotify.client import SpotifyClient
from beatporter.spotify.plan import Present

CHECK_CALLS = 1
"""Calls that ask, after the last write, whether the playlist's length is what we left."""
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What became of it.

    Attributes:
        content: what the playlist holds.
        snapshot_id: its state after our last write; None when it was read since then, so that it must be read again.
        sent: every track that was sent.
        gone: wanted tracks that Spotify no longer has.
        refused: tracks that Spotify refuses to remove; they stay as they were.
    """

    content: tuple[str | None, ...]
    snapshot_id: str | None
    sent: frozenset[str]
    gone: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def rearrange(
    client: SpotifyClient,
    playlist_id: str,
    present: Present,
    wanted: Present,
    *,
    snapshot_id: str | None = None,
    current_order: bool = False,
    keep_dates: bool = False,
    on_sending: Callable[[frozenset[str]], None] = lambda sent: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Rearranged:
    """Make the playlist hold what is wanted.

    Args:
        client: of the account that owns the playlist.
        present: what it holds.
        wanted: what it should hold, in order.
        snapshot_id: of `present`.
        current_order: see `merge_edits`.
        keep_dates: see `plan_arrangement`.
        on_sending: called with the tracks that may be missing after a break, before the first request that could cause it.
        sleep: called with seconds, before reading after an unknown outcome.

    Raises:
        UpstreamDown: with outcome_unknown=True when it is unknown what was carried out.
        QuotaExceeded, RateLimited, RequestRefused, SignInExpired: as the client raises them.
    """
    work = _Work(client, playlist_id, list(present), snapshot_id)
    before, sent, doubt = list(present), frozenset[str](), False
    for number in range(MAX_ROUNDS):
        try:
            if doubt:
                sleep(SETTLE_S * 2 ** (number - 1))
                work.read()
                wanted = merge_edits(wanted, before, work.state, sent, current_order=current_order)
            plan = plan_arrangement(work.state, work.attainable(wanted), keep_dates=keep_dates)
            sent |= plan.sent
            on_sending(sent)
            if work.carry_out(plan.operations):
                doubt = bool(plan.operations) and not work.is_undisturbed(sleep)
                if not doubt:
                    return work.done(sent)
            else:
                doubt = False
        except UpstreamDown as error:
            if not error.outcome_unknown and not work.has_written:
                raise
            doubt = True
    raise UpstreamDown(
        f"Spotify did not confirm {MAX_ROUNDS} attempts to arrange playlist {playlist_id}.",
        "The same command continues there.",
        outcome_unknown=True,
    )


@dataclass(slots=True)
class _Work:
    """One playlist being arranged, and what it holds by now."""

    client: SpotifyClient
    playlist_id: str
    state: list[str | None]
    snapshot_id: str | None
    has_written: bool = False
    gone: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def read(self) -> None:
        """Read what it holds; under which snapshot is not known, since for half a minute Spotify may name an older one."""
        self.snapshot_id = None
        self.state = [item.track.track_id if item.track else None for item in self.client.playlist_items(self.playlist_id)]

    def attainable(self, wanted: Present) -> list[str | None]:
        """What is wanted, without tracks that Spotify no longer has, and with those that it refuses to remove where they are."""
        base = [token for token in tokens(wanted) if token[0] not in self.gone | self.refused]
        there = tokens(self.state)
        return [track_id for track_id, _ in woven(base, there, {token for token in there if token[0] in self.refused})]

    def carry_out(self, operations: Sequence[Operation]) -> bool:
        """Send the operations; False when Spotify refused a removal, so that the rest needs another plan."""
        refused = len(self.refused)
        for operation in operations:
            if isinstance(operation, Remove):
                self._remove(operation.track_ids)
            elif len(self.refused) > refused:
                return False
            elif isinstance(operation, Insert):
                self._insert(min(operation.position, len(self.state)), operation.track_ids)
            elif isinstance(operation, Replace):
                self._replace(operation.track_ids)
            else:
                self._move(operation)
        return len(self.refused) == refused

    def is_undisturbed(self, sleep: Callable[[float], None]) -> bool:
        """Whether the playlist's length is what we left; asked when the last write shows."""
        sleep(SETTLE_S)
        return self.client.playlist(self.playlist_id).total == len(self.state)

    def done(self, sent: frozenset[str]) -> Rearranged:
        return Rearranged(tuple(self.state), self.snapshot_id, sent - self.gone, tuple(sorted(self.gone)), tuple(sorted(self.refused)))

    def _remove(self, track_ids: tuple[str, ...]) -> None:
        try:
            self._note(self.client.remove_items(self.playlist_id, track_ids), Remove(track_ids))
        except RequestRefused as error:
            if error.status != _BAD_REQUEST:
                raise
            if len(track_ids) == 1:  # a track that is listed under another id than the one that was added
                self.refused.update(track_ids)
                return
            for track_id in track_ids:
                self._remove((track_id,))

    def _insert(self, position: int, track_ids: tuple[str, ...]) -> None:
        try:
            self._note(self.client.add_items(self.playlist_id, track_ids, position), Insert(position, track_ids))
        except RequestRefused as error:
            if error.status != _BAD_REQUEST:
                raise
            if len(track_ids) == 1:  # Spotify no longer has it
                self.gone.update(track_ids)
                return
            half = len(track_ids) // 2
            self._insert(position, track_ids[half:])
            self._insert(position, track_ids[:half])

    def _replace(self, track_ids: tuple[str, ...]) -> None:
        try:
            self._note(self.client.replace_items(self.playlist_id, track_ids), Replace(track_ids))
        except RequestRefused as error:
            if error.status != _BAD_REQUEST:
                raise
            self._note(self.client.replace_items(self.playlist_id, ()), Replace(()))
            self._insert(0, track_ids)

    def _move(self, move: Move) -> None:
        snapshot_id = self.client.move_items(self.playlist_id, move.start, move.before, move.length, self.snapshot_id)
        self._note(snapshot_id, move)

    def _note(self, snapshot_id: str, operation: Operation) -> None:
        self.snapshot_id, self.state, self.has_written = snapshot_id, carried_out(self.state, operation), True
