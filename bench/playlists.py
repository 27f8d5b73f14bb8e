"""Looking after 20 playlists of 6,000 tracks: calls and seconds, side by side with the old way. Writes bench/playlists.md.

    python -m bench.playlists             # what `make bench-playlists` does
    python -m bench.playlists --count 3   # fewer playlists

The old way is that of the script before Beatporter, played here with the same client: read every playlist whole, every time; to
deduplicate, remove every occurrence and append the tracks at the end (the order is lost); to restore, which it could not, replace
everything. Calls are counted at the sandbox; seconds are with immediate answers, so they are our own and the sandbox's time. What a
person waits for is mostly the calls: Spotify gets five a second.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from beatporter.backup_choice import BackupChoice
from beatporter.care.dedupe import dedupe_playlist
from beatporter.care.playlist_backups import back_up_playlists
from beatporter.care.refresh_history import refresh_histories
from beatporter.care.restore import restore_playlist
from beatporter.ledger.ledger import open_ledger
from beatporter.records.track import SpotifyTrack
from beatporter.settings import load_settings
from beatporter.spotify.client import SpotifyClient
from beatporter.spotify.plan import WRITE_LIMIT
from beatporter.sync.workspace import Workspace
from sandbox.clock import SandboxClock
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.routes import spotify_server

TRACKS = 6_000
EXTRA = 1_000
"""Tracks that come in later."""
START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
CALLS_A_SECOND = 5
BUDGET = 800
REPORT = Path(__file__).with_suffix(".md")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    what: str
    calls: int
    seconds: float
    old_calls: int | None
    note: str = ""


class World:
    """An account with long playlists, and a ledger."""

    def __init__(self, count: int, stack: ExitStack) -> None:
        self.clock = SandboxClock(START, manual=True)
        self.tracks = [_track(number) for number in range(TRACKS + EXTRA)]
        self.state = SpotifyState(self.tracks, clock=self.clock)
        self.server = stack.enter_context(spotify_server(self.state))
        self.home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.ledger = open_ledger(self.home / "beatporter.db")
        self.settings = load_settings(
            home=self.home,
            spotify_api_url=f"{self.server.url}/v1",
            spotify_accounts_url=self.server.url,
            spotify_client_id=self.state.accounts.client_id,
            spotify_client_secret=SecretStr(self.state.accounts.client_secret),
            spotify_refresh_token=SecretStr(self.state.accounts.sign_in()),
            spotify_rate=1000.0,
            spotify_daily_budget=1_000_000,
        )
        self.playlists = [self.make(f"Long {number}", range(TRACKS)) for number in range(count)]

    def make(self, name: str, numbers: Sequence[int]) -> str:
        """A playlist of the account with these tracks."""
        made = self.state.create_playlist(name)
        self.fill(made.playlist_id, numbers)
        return made.playlist_id

    def fill(self, playlist_id: str, numbers: Sequence[int]) -> None:
        """The person makes these the content."""
        items = [self.state.make_item(f"spotify:track:{self.tracks[number].track_id}") for number in numbers]
        self.state.playlists[playlist_id].change(self.clock(), items)

    def measured(self, what: str, old_calls: int | None, work: Callable[[Workspace], object], note: str = "") -> Row:
        """Do the work, counting the calls that reach the sandbox."""
        self.clock.advance(120)
        before, since = self._calls(), time.perf_counter()
        with Workspace(self.settings, self.ledger, run_key=f"{what} {since}", now=self.clock, sleep=self.clock.advance) as workspace:
            work(workspace)
        return Row(what, self._calls() - before, time.perf_counter() - since, old_calls, note)

    def counted(self, work: Callable[[SpotifyClient], object]) -> int:
        """Calls of the old way."""
        before = self._calls()
        with Workspace(self.settings, self.ledger, run_key=f"old {before}", now=self.clock, sleep=self.clock.advance) as workspace:
            work(workspace.spotify)
        return self._calls() - before

    def _calls(self) -> int:
        return sum(entry.path.startswith("/v1/") for entry in self.server.log.entries())


def old_read_all(client: SpotifyClient) -> None:
    """Read every playlist whole."""
    for playlist in client.playlists():
        list(client.playlist_items(playlist.playlist_id))


def old_dedupe(client: SpotifyClient, playlist_id: str) -> None:
    """Remove every occurrence of what is there twice, and append it."""
    ids = [item.track.track_id for item in client.playlist_items(playlist_id) if item.track]
    twice = [track_id for track_id, count in Counter(ids).items() if count > 1]
    for start in range(0, len(twice), WRITE_LIMIT):
        client.remove_items(playlist_id, twice[start : start + WRITE_LIMIT])
    length = len(ids) - sum(count for count in Counter(ids).values() if count > 1)
    for start in range(0, len(twice), WRITE_LIMIT):
        client.add_items(playlist_id, twice[start : start + WRITE_LIMIT], position=length + start)


def old_restore(client: SpotifyClient, playlist_id: str, wanted: Sequence[str]) -> None:
    """Replace everything."""
    list(client.playlist_items(playlist_id))
    client.replace_items(playlist_id, wanted[:WRITE_LIMIT])
    for start in range(WRITE_LIMIT, len(wanted), WRITE_LIMIT):
        client.add_items(playlist_id, wanted[start : start + WRITE_LIMIT], position=start)


def measure(count: int) -> list[Row]:
    """Every line."""
    with ExitStack() as stack:
        world = World(count, stack)
        return [*_refresh_rows(world, count), *_backup_rows(world, count), *_dedupe_rows(world), *_restore_rows(world)]


def _refresh_rows(world: World, count: int) -> list[Row]:
    old = world.counted(old_read_all)
    first = world.measured(f"refresh the history of {count}, first time", old, lambda workspace: list(refresh_histories(workspace)))
    same = world.measured("the same, nothing changed", old, lambda workspace: list(refresh_histories(workspace)))
    for playlist_id in world.playlists[:3]:
        world.state.person.add_track(playlist_id, world.tracks[TRACKS].track_id, 0)
    changed = world.measured("the same, a track added by hand to three", old, lambda workspace: list(refresh_histories(workspace)))
    return [first, same, changed]


def _backup_rows(world: World, count: int) -> list[Row]:
    choices = {playlist_id: BackupChoice(playlist=playlist_id) for playlist_id in world.playlists}
    old = world.counted(old_read_all)
    same = world.measured(f"back up {count}, nothing changed", old, lambda workspace: list(back_up_playlists(workspace, choices)))
    weekly = world.make("Weekly", range(TRACKS, TRACKS + 30))
    into = {"weekly": BackupChoice(playlist=weekly, into="Weekly, kept")}
    world.measured("", None, lambda workspace: list(back_up_playlists(workspace, into)))
    world.fill(weekly, range(TRACKS + 30, TRACKS + 60))
    kept = world.state.person.find("Weekly, kept").playlist_id

    def old_accumulate(client: SpotifyClient) -> None:
        client.playlists()
        new = [item.track.track_id for item in client.playlist_items(weekly) if item.track]
        list(client.playlist_items(kept))
        client.add_items(kept, new)

    line = world.measured(
        "a weekly playlist of 30 into an accumulating one", None, lambda workspace: list(back_up_playlists(workspace, into))
    )
    world.fill(kept, range(TRACKS, TRACKS + 30))
    return [same, replace(line, old_calls=world.counted(old_accumulate))]


def _dedupe_rows(world: World) -> list[Row]:
    dice = random.Random(7)
    again = [*range(TRACKS), *(dice.randrange(TRACKS) for _ in range(30))]
    scattered = list(range(TRACKS - 300))
    for _ in range(300):
        scattered.insert(dice.randrange(len(scattered)), dice.randrange(TRACKS - 300))
    twice = [*range(TRACKS // 2), *range(TRACKS // 2)]
    cases = (("30 added a second time, at the end", again), ("300 repetitions, scattered", scattered), ("the same 3,000 twice over", twice))
    rows = []
    for name, numbers in cases:
        for known in (False, True):
            playlist_id = world.make(f"{name} {known}", numbers)
            if known:
                world.measured("", None, lambda workspace: list(refresh_histories(workspace)))

            def work(workspace: Workspace, one: str = playlist_id) -> None:
                dedupe_playlist(workspace, workspace.spotify.playlist(one))

            row = world.measured(
                f"deduplicate 6,000: {name}" + (", backed up" if known else ""), None, work, "order kept; the old way loses it"
            )
            world.state.person.delete(playlist_id)
            other = world.make(name, numbers)
            rows.append(replace(row, old_calls=world.counted(lambda client, one=other: old_dedupe(client, one))))  # type: ignore[misc]
            world.state.person.delete(other)
    return rows


def _restore_rows(world: World) -> list[Row]:
    dice = random.Random(8)
    rows = []
    month = [*range(TRACKS + 100, TRACKS + 200), *(number for number in range(TRACKS) if number % 300)]
    for _ in range(5):
        month.insert(dice.randrange(len(month)), month.pop(dice.randrange(len(month))))
    shuffled = list(range(TRACKS))
    dice.shuffle(shuffled)
    for name, numbers in (("a month's changes: 100 came, 20 went, 5 moved", month), ("shuffled", shuffled)):
        playlist_id = world.make(f"Restored {name}", range(TRACKS))
        world.measured("", None, lambda workspace: list(refresh_histories(workspace)))
        at = world.clock()
        world.clock.advance(timedelta(days=30).total_seconds())
        world.fill(playlist_id, numbers)
        world.measured("", None, lambda workspace: list(refresh_histories(workspace)))

        def work(workspace: Workspace, one: str = playlist_id, at: datetime = at) -> None:
            restore_playlist(workspace, workspace.spotify.playlist(one), at)

        row = world.measured(f"restore 6,000: {name}", None, work)
        world.fill(playlist_id, numbers)
        wanted = [world.tracks[number].track_id for number in range(TRACKS)]
        old = world.counted(lambda client, one=playlist_id, aim=wanted: old_restore(client, one, aim))  # type: ignore[misc]
        rows.append(replace(row, old_calls=old, note="old way: read, then replace everything"))
        world.state.person.delete(playlist_id)
    return rows


def _track(number: int) -> SpotifyTrack:
    return SpotifyTrack(
        base62_id("track", str(number)), f"Night Bus {number}", (f"Ada {number}",), isrc=f"XXABC26{number:05d}", duration_ms=300_000
    )


def report(rows: Sequence[Row], count: int) -> str:
    """The page."""
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        "# Looking after playlists: calls, side by side with the old way",
        "",
        f"`make bench-playlists`: {count} playlists of {TRACKS:,} tracks at the sandbox. Spotify gives about {BUDGET} calls a day, so",
        "more than that takes several days. `bench/playlists.py` describes the old way. Seconds are with immediate answers, on a machine",
        f"that was busy with other work; at {CALLS_A_SECOND} calls a second the calls alone take the time in the last column.",
        "",
        "| | calls | old way | seconds | at 5 calls/s, ours and the old way's | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        old = f"{row.old_calls:,}" if row.old_calls is not None else "–"
        waits = f"{row.calls / CALLS_A_SECOND:,.0f} s, {(row.old_calls or 0) / CALLS_A_SECOND:,.0f} s"
        lines.append(f"| {row.what} | {row.calls:,} | {old} | {row.seconds:.1f} | {waits} | {row.note} |")
    lines += ["", f"Peak memory of the process, sandbox with its {TRACKS + EXTRA:,} tracks and request log included: {peak_mb:.0f} MB.", ""]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.playlists", description=str(__doc__).splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="playlists")
    count = parser.parse_args().count
    page = report(measure(count), count)
    print(page)
    if count == 20:
        REPORT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
