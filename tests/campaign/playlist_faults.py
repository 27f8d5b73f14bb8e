"""The fault campaign for work on playlists: deduplicating and restoring under random faults, kills and edits by the person.

    python -m tests.campaign.playlist_faults --count 300 --seed 1
    python -m tests.campaign.playlist_faults --count 1 --seed 4711     # repeat one schedule

Each schedule makes a small playlist with repetitions and a local file, backs it up, changes it, and lets the work be done while requests
are spoilt, the process dies before or after a write, reads lag behind, and the person adds and removes tracks. Then the work is done
without faults. These *invariants* must hold afterwards:

1. Nothing that should be there is missing, except what the person removed; nothing is there more often than it should be, except what
   the person added. The local file is still there.
2. The order is that of the first occurrences (deduplicating) or of the backup (restoring).
3. The last backup shows what the playlist holds, or the next run reads it; no work is left open; every track is in the history.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from beatporter.care.dedupe import dedupe_playlist
from beatporter.care.restore import restore_playlist
from beatporter.errors import BeatporterError
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace
from sandbox.spotify.models import base62_id
from tests.contract.conftest import SpotifySandbox, track_id
from tests.contract.playlists import Killed, dies_at, workspace_on

FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("drop", {"when": "before"}),
    ("drop", {"when": "after"}),
    ("server_error", {"status": 502, "when": "after"}),
    ("server_error", {"status": 500, "when": "before"}),
    ("html", {}),
    ("truncated", {}),
    ("rate_limited", {"retry_after_s": 2}),
    ("token_expired", {}),
    ("quota_exceeded", {"retry_after_s": 50_000}),
)
ATTEMPTS = 3
"""Attempts with faults; then those without."""
MOST_CLEAN_RUNS = 6


@dataclass
class Play:
    """One schedule being played."""

    spotify: SpotifySandbox
    dice: random.Random
    playlist_id: str
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def edit(self, before: Sequence[str]) -> None:
        """The person adds a track on top or at the end, or removes one."""
        held = [one for one in self.spotify.held(self.playlist_id) if not one.startswith("spotify")]
        if self.dice.random() < 0.5:
            new = track_id(self.dice.randrange(200, 400))
            if new not in held and new not in before:
                self.spotify.state.person.add_track(self.playlist_id, new, self.dice.choice((0, None)))
                self.added.add(new)
                self.removed.discard(new)
        elif tracks := [one for one in held if one in self.spotify.state.tracks]:
            gone = self.dice.choice(tracks)
            self.spotify.state.person.remove_track(self.playlist_id, gone)
            self.removed.add(gone)
            self.added.discard(gone)
        self.spotify.clock.advance(2)  # an edit of the very second is not shown yet, by nobody's fault


def play(seed: int) -> list[str]:
    """Play a schedule; returns what is wrong, in words."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        spotify = SpotifySandbox(Path(folder), "new")
        with spotify.server:
            try:
                return list(_play(spotify, dice))
            finally:
                spotify.close()
                spotify.ledger.close()


def _play(spotify: SpotifySandbox, dice: random.Random) -> Iterator[str]:
    numbers = [dice.randrange(40) for _ in range(dice.randrange(5, 130))]
    playlist_id = spotify.playlist(holds=numbers)
    if dice.random() < 0.3:
        spotify.state.listed_as = {track_id(number): base62_id("listed", str(number)) for number in range(0, 40, 7)}
    spotify.state.person.add_local_file(playlist_id, "Ada", "Demo", dice.randrange(len(numbers)))
    at = spotify.clock() + timedelta(hours=1)
    _reconcile(spotify, playlist_id)
    spotify.clock.advance(86_400)
    playing = Play(spotify, dice, playlist_id)
    restoring = dice.random() < 0.5
    then = spotify.held(playlist_id)
    if restoring:
        _change(spotify, dice, playlist_id)
    before = spotify.held(playlist_id)
    keep_dates = dice.random() < 0.5

    def work(workspace: Workspace) -> None:
        playlist = workspace.spotify.playlist(playlist_id)
        if restoring:
            restore_playlist(workspace, playlist, at, keep_dates=keep_dates)
        else:
            dedupe_playlist(workspace, playlist, keep_dates=keep_dates)

    spotify.state.items_delay = timedelta(seconds=dice.choice((0, 0, 0.6, 1.5)))
    spotify.state.snapshot_delay = timedelta(seconds=dice.choice((0, 0, 30)))
    spotify.clock.advance(120)
    for _ in range(ATTEMPTS):
        _attempt(playing, work, [*then, *before])
    problem = _recover(spotify, work)
    if problem:
        yield problem
    wanted = then if restoring else list(dict.fromkeys(before))
    yield from _violations(playing, wanted, restoring=restoring)


def _attempt(playing: Play, work: Callable[[Workspace], None], before: Sequence[str]) -> None:
    """One run with a fault, a kill or an edit, whichever the dice give."""
    spotify, dice = playing.spotify, playing.dice
    spotify.server.faults.clear()
    for _ in range(dice.randrange(3)):
        fault, how = dice.choice(FAULTS)
        method = dice.choice(("GET", "PUT", "POST", "DELETE"))
        spotify.server.faults.add(service="spotify", kind="playlist-items", method=method, nth=dice.randrange(1, 5), fault=fault, **how)
    if dice.random() < 0.3:
        playing.edit(before)
    meanwhile = dice.randrange(6)
    pauses = len(spotify.slept)
    spotify.before_pause = lambda: playing.edit(before) if len(spotify.slept) - pauses == meanwhile else None
    try:
        if dice.random() < 0.5:
            dies_at(spotify, dice.randrange(1, 6), dice.choice(("before", "after")), work)
        else:
            with workspace_on(spotify) as workspace:
                work(workspace)
    except (BeatporterError, Killed):
        pass
    spotify.before_pause = lambda: None
    spotify.clock.advance(dice.choice((5, 60, 90_000)))


def _recover(spotify: SpotifySandbox, work: Callable[[Workspace], None]) -> str:
    """Run without faults until it ends well."""
    spotify.server.faults.clear()
    error = ""
    for number in range(MOST_CLEAN_RUNS):
        spotify.clock.advance(90_000)
        try:
            with workspace_on(spotify, f"clean {number}") as workspace:
                work(workspace)
        except BeatporterError as problem:
            error = f"the run without faults failed: {problem}"
        else:
            return ""
    return error


def _violations(playing: Play, wanted: Sequence[str], *, restoring: bool) -> Iterator[str]:
    spotify, playlist_id = playing.spotify, playing.playlist_id
    held = spotify.held(playlist_id)
    local = [one for one in held if one not in spotify.state.tracks]
    tracks = [one for one in held if one in spotify.state.tracks]
    if len(local) != 1:
        yield f"{len(local)} local files"
    aim = [one for one in wanted if one in spotify.state.tracks]
    counts, due = Counter(tracks), Counter(aim)
    if lost := {one for one in due if counts[one] < due[one]} - (playing.removed if not restoring else set()):
        yield f"lost: {sorted(lost)}"
    if double := {one for one in counts if counts[one] > max(due[one], 1 if one in playing.added else 0)} - _late(playing, restoring):
        yield f"too often: {sorted(double)}"
    ours = [one for one in tracks if one in due]
    expected = [one for one in aim if one in counts]
    if Counter(ours) == Counter(expected) and ours != expected:
        yield f"out of order: {ours} instead of {expected}"
    if spotify.ledger.rearrangements.begun():
        yield "work is left open"
    yield from _remembered(spotify, playlist_id, tracks)


def _late(playing: Play, restoring: bool) -> set[str]:
    """A restore that ends without faults leaves nothing that the person added before it began."""
    return playing.added if not restoring else set()


def _remembered(spotify: SpotifySandbox, playlist_id: str, tracks: Sequence[str]) -> Iterator[str]:
    listed = [spotify.state.listed_as.get(one, one) for one in tracks]
    known = set(spotify.ledger.history.track_ids(playlist_id))
    if missing := set(listed) - known:
        yield f"the history lacks {sorted(missing)}"
    backup = spotify.ledger.backups.latest(playlist_id)
    if backup is None:
        yield "there is no backup"
        return
    shown = [one for one in spotify.ledger.backups.track_ids(playlist_id, backup.snapshot_id) if one is not None]
    state = spotify.ledger.snapshots.latest(playlist_id)
    trusted = state is not None and state.snapshot_id == spotify.state.playlists[playlist_id].snapshot_id
    if trusted and shown != listed:
        yield "the last backup does not show what the playlist holds"


def _change(spotify: SpotifySandbox, dice: random.Random, playlist_id: str) -> None:
    """A month of changes: some tracks go, some come, some move."""
    playlist = spotify.state.playlists[playlist_id]
    for _ in range(dice.randrange(1, 8)):
        held = [item for item in playlist.items if item.kind == "track"]
        what = dice.randrange(3)
        if what == 0 and len(held) > 1:
            spotify.state.person.remove_track(playlist_id, dice.choice(held).uri.rpartition(":")[2])
        elif what == 1:
            spotify.state.person.add_track(playlist_id, track_id(dice.randrange(40, 80)), 0)
        else:
            start = dice.randrange(len(playlist.items))
            spotify.state.person.reorder(playlist_id, start, dice.randrange(len(playlist.items) + 1))


def _reconcile(spotify: SpotifySandbox, playlist_id: str) -> None:
    with workspace_on(spotify, "before") as workspace:
        PlaylistState(workspace, playlist_id).reconcile(workspace.spotify.playlist(playlist_id), {})


def main() -> int:
    """Play schedules; prints violations and how to repeat them; 1 when there were any."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.playlist_faults", description=str(__doc__).splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="schedules")
    parser.add_argument("--seed", type=int, default=1, help="number of the first")
    chosen = parser.parse_args()
    bad = 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        found = play(seed)
        if found:
            bad += 1
            print(f"schedule {seed}: " + "\n  ".join(found), flush=True)
    print(f"{chosen.count} schedules, {bad} with violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
