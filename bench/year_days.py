"""The mornings between the measured ones of `bench.year`, written as runs would, through the ledger's own functions.

Charts, and what Spotify has of them, come from the sandbox's catalogue. Decisions are made like those of a real morning's searches: the
same reasons and runners-up, so that a row is as long as a real one. Nothing is sent over HTTP, and nothing is searched.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from beatporter.genres import all_genres
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.maintain import drop_old
from beatporter.matching import RULES, is_due
from beatporter.matching.weights import RETRY_DAYS
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, ChartReadRow, ListedPlaylist, MemoryRow, RunRow, SnapshotRow
from beatporter.records.match import Match
from beatporter.sync.candidates import history_row
from bench.ledger_year import chart_of
from sandbox.spotify.playlist import Playlist
from tests.campaign.quota_world import QuotaWorld

STEPS = ("run", "scrape-chart", "match-tracks", "update-playlist", "append-history", "back-up-playlist")
HOLDERS = json.dumps({"held": [["read_csv", "some/library/module.py:123", 1_234_567, False]] * 6})
"""About as long as what a run's row says about memory."""


class Between:
    """Writes mornings into a ledger and the playlists of a world, after a real first one.

    Args:
        world: its clock and its charts are moved on.
    """

    def __init__(self, world: QuotaWorld, ledger: Ledger) -> None:
        self._world, self._ledger = world, ledger
        self._dice = random.Random("between")
        self._genres = [all_genres()[slug].genre_id for slug in world.slugs]
        self._playlists: dict[int, Playlist] = {}
        self._held: dict[int, set[str]] = {}
        for genre_id in self._genres:
            remembered = ledger.playlists.latest(genre_id)
            assert remembered is not None, "the first morning makes every playlist"
            self._playlists[genre_id] = world.spotify.playlists[remembered.playlist_id]
        made = [match for some in ledger.matches.all_standing() for match in some.values()]
        self._found = [match for match in made if match.track_id]
        self._missed = [match for match in made if not match.track_id]

    def write(self, day: int, at: datetime) -> None:
        """A morning of every genre, in one transaction, which is quicker; once a week what is too old goes, as maintenance has it."""
        with self._ledger.transaction():
            self._morning(day, at)
        if day % 7 == 6:
            drop_old(self._ledger, None, at)
            with self._ledger.database.read() as connection:
                connection.exec_driver_sql("ANALYZE")
        self._ledger.database.settle()

    def _morning(self, day: int, at: datetime) -> None:
        run_key = f"day {day}"
        rows = [
            ListedPlaylist(run_key, one.playlist_id, one.name, one.snapshot_id, len(one.items), one.owner_id, at)
            for one in self._playlists.values()
        ]
        self._ledger.listings.append(run_key, at, rows)
        for genre_id in self._genres:
            self._genre(genre_id, day, at, run_key)

    def rest(self) -> None:
        """Close the ledger for a while: SQLite's log goes into its file, and real runs add to the playlists."""
        self._ledger.close()
        self._held.clear()

    def _genre(self, genre_id: int, day: int, at: datetime, run_key: str) -> None:
        ledger, playlist = self._ledger, self._playlists[genre_id]
        chart = chart_of(genre_id, self._world.calendar.catalogue.chart(genre_id, day), at)
        with ledger.transaction():
            ledger.charts.append(chart)
            ledger.chart_reads.append(ChartReadRow(genre_id, "website", at, len(chart.entries)))
        standing = ledger.matches.latest([entry.beatport_id for entry in chart.entries])
        made = list(self._searched(chart.entries, standing, day, at))
        ledger.calls.append([CallRow(at, "search", len(made) * 2, f"{run_key}/{genre_id}")])
        ledger.matches.append(made)
        self._add(playlist, [*standing.values(), *made], at)
        ledger.calls.append([CallRow(at, "write", 1, f"{run_key}/{genre_id}")])
        row = RunRow(genre_id, "completed", len(made), 5, 0, None, at, run_key, f"{day:036}", playlist.playlist_id, 100, 95, len(made) * 2)
        ledger.runs.append(replace(row, peak_memory_mb=120.0, memory_before_mb=100.0, memory_after_mb=101.0, duration_s=2.5))
        about = (genre_id, run_key, at)
        figures = ("completed", 0, "Linux x86_64, Python 3.11", "1.0", 10**8, 10**8, 10**8, 2.5, 10**5, len(made), HOLDERS, "a-capture.bin")
        ledger.memory.append([MemoryRow(*about, step, *figures) for step in STEPS])

    def _searched(self, entries: Iterable[ChartEntry], standing: dict[int, Match], day: int, at: datetime) -> Iterable[Match]:
        """A decision for each entry that has none, or whose miss is due again."""
        for entry in entries:
            before = standing.get(entry.beatport_id)
            if before is not None and not is_due(before, RULES, at):
                continue
            truth = self._world.calendar.catalogue.truth(entry.beatport_id, day)
            common = {"beatport_id": entry.beatport_id, "isrc": entry.isrc, "decided_at": at}
            if track_id := min(truth.same or truth.substitutes, default=None):
                names = {"track_name": entry.name, "track_artists": entry.artists, "track_isrc": entry.isrc}
                yield replace(self._dice.choice(self._found), track_id=track_id, **common, **names)
            else:
                misses = (before.misses if before is not None else 0) + 1
                due = at + timedelta(days=RETRY_DAYS[min(misses, len(RETRY_DAYS)) - 1])
                yield replace(self._dice.choice(self._missed), misses=misses, retry_at=due, **common)

    def _add(self, playlist: Playlist, matches: Sequence[Match], at: datetime) -> None:
        """Put what the playlist never held on top, in Spotify and in the ledger, state by state."""
        held = self._held.setdefault(id(playlist), {uri.rpartition(":")[2] for uri in playlist.uris})
        new = {match.track_id: match for match in matches if match.track_id and match.track_id not in held}
        if not new:
            return
        ledger, playlist_id, sending = self._ledger, playlist.playlist_id, tuple(new)
        held.update(new)
        ledger.snapshots.save(SnapshotRow(playlist_id, "writing", None, at, sending, at))
        items = [self._world.spotify.make_item(f"spotify:track:{track_id}") for track_id in new]
        snapshot_id = playlist.insert(at, items, 0)
        ledger.snapshots.save(SnapshotRow(playlist_id, "written", snapshot_id, at, sending, at))
        with ledger.transaction():
            ledger.history.append(playlist_id, [history_row(match, at) for match in new.values()])
            ledger.snapshots.save(SnapshotRow(playlist_id, "recorded", snapshot_id, at, sending, at))
        rows = [
            BackupRow(place, track_id, match.track_isrc, match.track_name or "", match.track_artists, at)
            for place, (track_id, match) in enumerate(new.items())
        ]
        with ledger.transaction():
            ledger.backups.put_on_top(playlist_id, snapshot_id, at, rows)
            ledger.snapshots.save(SnapshotRow(playlist_id, "recorded", snapshot_id, at))
