"""A year in the ledger for `bench.ledger`: daily backups of playlists that grow to 10,000 tracks, and daily charts of every genre.

Names, titles and the charts' changes come from the sandbox's catalogue. Sampled days are read back.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path

from beatporter.genres import KNOWN
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow
from bench.ledger_methods import Figures, fresh_database, timed
from bench.ledger_rows import playlist_id
from sandbox.catalogue.beatport_side import BeatportTrack
from sandbox.catalogue.catalogue import Catalogue
from sandbox.catalogue.compose import ORDER
from sandbox.catalogue.names import Artist, invent_artists, invent_title

FIRST_DAY = datetime(2026, 1, 1, 6, tzinfo=UTC)
TRACKS = 10_000
"""The length that each playlist reaches."""
REMOVAL_ODDS, REORDER_ODDS = 0.3, 0.1
"""Probability that a person changes a playlist on a day."""
Place = tuple[int, int]
"""A track's number in its playlist, and the day on which it was added."""


class GrowingPlaylist:
    """A playlist over the days. `places` is its content, from the top."""

    def __init__(self, number: int, days: int) -> None:
        self.number, self.playlist_id = number, playlist_id(number)
        self.places: list[Place] = []
        self._dice, self._days, self._made = random.Random(f"playlist {number}"), days, 0
        genre = KNOWN[number % len(KNOWN)]
        self._artists = _artists(genre.genre_id)

    def move_on(self, day: int) -> list[Place]:
        """Add a day's new tracks on top; now and then remove some others, or move a few."""
        due = TRACKS * (day + 1) // self._days - len(self.places)
        if self.places and self._dice.random() < REMOVAL_ODDS:
            for _ in range(self._dice.randint(1, 3)):
                del self.places[self._dice.randrange(len(self.places))]
        if self.places and self._dice.random() < REORDER_ODDS:
            start = self._dice.randrange(len(self.places))
            moved, self.places[start : start + 20] = self.places[start : start + 20], []
            start = self._dice.randint(0, len(self.places))
            self.places[start:start] = moved
        new = [(self._made + place, day) for place in range(due)]
        self._made += due
        self.places[:0] = new
        return new

    def rows(self, places: Iterable[Place]) -> Iterator[BackupRow]:
        """Tracks as Spotify returns them."""
        for position, (number, day) in enumerate(places):
            dice = random.Random(f"track {self.number} {number}")
            artists = [artist.on_spotify for artist in dice.sample(self._artists, dice.choice((1, 1, 1, 2, 2, 3)))]
            version = dice.choice(("", "", " - Extended Mix", " - Radio Edit", f" - {artists[0]} Remix"))
            title = f"{invent_title(dice, number, self.number * 100)}{version}"
            isrc = f"GB{dice.choice('ABCD')}{self.number:02}{dice.randrange(15, 27)}{number:05}"
            track_id = f"0{self.number:02}{number:06}{dice.randrange(10**13):013}"
            yield BackupRow(position, track_id, isrc, title, tuple(artists), FIRST_DAY + timedelta(days=day))


@lru_cache
def _artists(genre_id: int) -> tuple[Artist, ...]:
    return invent_artists(1, genre_id, ORDER[genre_id])


def year_of_backups(folder: Path, playlists: int, days: int) -> Figures:
    """A backup a day, as the product makes it: from what a run put on top, or complete for a playlist that a person changed."""
    ledger, made = open_ledger(fresh_database(folder)), [GrowingPlaylist(number, days) for number in range(playlists)]
    sampled: dict[tuple[int, int], list[Place]] = {}
    times: list[float] = []
    for day in range(days):
        times += [_back_up(ledger, playlist, day) for playlist in made]
        sampled |= {(one.number, day): list(one.places) for one in made if (day + one.number) % 61 == 0 or day == days - 1}
        ledger.database.settle()
    size = _disk_mb(ledger)
    wrong = sum(not _is_exact(ledger, made[number], day, places) for (number, day), places in sampled.items())
    read = statistics.median(timed(partial(ledger.backups.track_ids, playlist.playlist_id, f"day {days - 1}")) for playlist in made)
    whole = statistics.median(_keep_whole(ledger, playlist) for playlist in made[:3])
    figures = {"one_ms": statistics.median(times), "longest_ms": max(times), "whole_ms": whole, "read_ms": read}
    return figures | {"disk_mb": size, "kept": playlists * days, "checked": len(sampled), "wrong": wrong}


def _back_up(ledger: Ledger, playlist: GrowingPlaylist, day: int) -> float:
    """Milliseconds for the backup."""
    before, new = list(playlist.places), playlist.move_on(day)
    rows, about = list(playlist.rows(new)), (playlist.playlist_id, f"day {day}", FIRST_DAY + timedelta(days=day))
    if playlist.places == [*new, *before]:
        return timed(lambda: ledger.backups.put_on_top(*about, rows))
    state = ledger.backups.state(playlist.playlist_id, f"day {day - 1}")
    items = dict(zip(before, state, strict=True)) | dict(zip(new, ledger.backups.items_of(rows), strict=True))
    return timed(lambda: ledger.backups.keep(*about, [items[place] for place in playlist.places]))


def _is_exact(ledger: Ledger, playlist: GrowingPlaylist, day: int, places: Sequence[Place]) -> bool:
    return list(ledger.backups.items(playlist.playlist_id, f"day {day}")) == list(playlist.rows(places))


def _keep_whole(ledger: Ledger, playlist: GrowingPlaylist) -> float:
    """Milliseconds for a playlist that was read from Spotify, as after a person's change."""
    del playlist.places[7]
    rows, at = list(playlist.rows(playlist.places)), FIRST_DAY + timedelta(days=1_000)
    return timed(lambda: ledger.backups.append(playlist.playlist_id, "read whole", at, rows))


def year_of_charts(folder: Path, genres: int, days: int) -> Figures:
    """A chart per day and genre, with about ten new entries each; then the newest are read."""
    ledger, catalogue = open_ledger(fresh_database(folder)), Catalogue(seed=1)
    times: list[float] = []
    chosen = [genre.genre_id for genre in KNOWN[:genres]]
    charts: list[Chart] = []
    for day in range(days):
        at = FIRST_DAY + timedelta(days=day)
        charts = [chart_of(genre_id, catalogue.chart(genre_id, day), at) for genre_id in chosen]
        times += [timed(partial(ledger.charts.append, chart)) for chart in charts]
        ledger.database.settle()
    assert all(ledger.charts.latest(chart.genre_id) == chart for chart in charts), "another chart came back"
    a_fortnight_ago = FIRST_DAY + timedelta(days=days - 14)
    latest = statistics.median(timed(partial(ledger.charts.latest, genre_id)) for genre_id in chosen)
    since = statistics.median(timed(partial(ledger.charts.since, genre_id, a_fortnight_ago)) for genre_id in chosen)
    figures = {"one_ms": statistics.median(times), "longest_ms": max(times), "latest_ms": latest, "since_ms": since}
    return figures | {"disk_mb": _disk_mb(ledger), "kept": genres * days}


def chart_of(genre_id: int, tracks: Iterable[BeatportTrack], at: datetime) -> Chart:
    """A day's chart as the catalogue has it."""
    return Chart(genre_id, tuple(_entry(position, track) for position, track in enumerate(tracks, 1)), at)


def _entry(position: int, track: BeatportTrack) -> ChartEntry:
    return ChartEntry(
        position,
        track.track_id,
        track.name.strip(),
        tuple(credit.name for credit in track.artists),
        track.mix_name,
        tuple(credit.name for credit in track.remixers),
        track.isrc,
        track.release,
        track.label.name,
        track.length_ms if track.says_length else None,
        track.bpm,
        track.key,
        track.publish_date.isoformat() if track.says_publish_date else None,
    )


def _disk_mb(ledger: Ledger) -> float:
    """Megabytes of the whole database, after SQLite's log is emptied into it."""
    path = ledger.database.path
    if path is not None:
        ledger.close()
        return path.stat().st_size / 1e6
    with ledger.database.read() as connection:
        return float(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()) / 1e6


YEARS = {"backups": year_of_backups, "charts": year_of_charts}
