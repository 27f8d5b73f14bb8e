"""An installation of the script that Beatporter replaces, as it may be found: config.py, history, and playlists in the sandbox's account.

The script ran on the sandbox's first days. Meanwhile the person removed some tracks and added others by hand. Everything is derived from
the seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beatporter.records.track import SpotifyTrack
from sandbox.spotify.models import base62_id
from sandbox.spotify.playlist import Playlist
from sandbox.world import Sandbox

NAMES = {
    "house": ("House", "house/5"),
    "trance-main-floor": ("Trance", "trance/7"),
    "techno-peak-time-driving": ("Techno (Peak Time / Driving / Hard)", "techno-peak-time-driving-hard/6"),
    "psy-trance": ("Psy Trance", "psy-trance/13"),
    "dubstep": ("Dubstep", "dubstep/18"),
    "breaks-breakbeat-uk-bass": ("Breaks", "breaks/9"),
    "dance-pop": ("Dance / Electro Pop", "dance/39"),
    "electronica": ("Electronica / Downtempo", "electronica-downtempo/3"),
    "funky-house": ("Funky / Groove / Jackin' House", "funky-groove-jackin-house/81"),
    "uk-garage-bassline": ("Garage / Bassline / Grime", "garage-bassline-grime/86"),
    "hard-dance-hardcore-neo-rave": ("Hard Dance / Hardcore", "hard-dance-hardcore/8"),
    "hard-techno": ("Hardcore / Hard Techno", "hardcore-hard-techno/2"),
    "indie-dance": ("Indie Dance / Nu Disco", "indie-dance-nu-disco/37"),
    "bass-club": ("Leftfield Bass", "leftfield-bass/85"),
    "melodic-house-techno": ("Melodic House & Techno", "melodic-house-and-techno/90"),
    "organic-house": ("Organic House / Downtempo", "organic-house-downtempo/93"),
    "tech-house": ("Tech House", "tech-house/11"),
    "afro-house": ("Afro House", "afro-house/89"),
    "deep-house": ("Deep House", "deep-house/12"),
    "drum-bass": ("Drum & Bass", "drum-and-bass/1"),
}
"""Names and paths that the script used, by our slug; most differ from Beatport's of today."""
PREFIX = "Beatport: "
REMOVED = 0.15
PLAIN_ARTIST = 0.6
"""Shares of the collected tracks: removed by the person, recorded with the artist only."""
FIRST = datetime(2021, 3, 1, 6, 0, tzinfo=UTC)


@dataclass(slots=True)
class OldGenre:
    """A genre of the installation.

    Attributes:
        removed: Beatport ids of the recordings that the person removed.
        kept: tracks in the collecting playlist, from the top, hand additions included.
        by_hand: Beatport ids of recordings that the person added and that may enter the chart.
        heard: Beatport ids of recordings that the daily playlist once held.
    """

    slug: str
    playlist: Playlist
    daily: Playlist
    removed: set[int] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)
    by_hand: set[int] = field(default_factory=set)
    heard: set[int] = field(default_factory=set)


class OldInstallation:
    """The installation on disk and in the account.

    Args:
        sandbox: running; moved on by `days`.
        folder: becomes the script's folder.
        slugs: genres, of `NAMES`.
        rows: of the history.
        days: on which the script ran.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, slugs: Sequence[str], *, rows: int, days: int, seed: int = 1) -> None:
        self.sandbox, self.folder = sandbox, folder
        self._random = random.Random(seed)
        self._rows: list[tuple[str, str, str, str, str]] = []
        self._clock = FIRST
        self.genres = [self._genre(slug) for slug in slugs]
        collected: dict[str, dict[int, str]] = {slug: {} for slug in slugs}
        for _ in range(days):
            for genre in self.genres:
                self._run(genre, collected[genre.slug])
            sandbox.next_day()
            self._clock += timedelta(days=1)
        for genre in self.genres:
            self._person(genre, collected[genre.slug])
        self.backup = sandbox.spotify.create_playlist("BKP Discover Weekly")
        self._backup_rows()
        self._fill(rows)
        self._write()

    def truth(self, beatport_id: int) -> set[str]:
        """Every Spotify id of a recording, in any cut."""
        truth = self.sandbox.world.truth(beatport_id)
        return {*truth.same, *truth.substitutes}

    def _genre(self, slug: str) -> OldGenre:
        name = NAMES[slug][0]
        make = self.sandbox.spotify.create_playlist
        return OldGenre(slug, make(f"{PREFIX}{name} - Top 100"), make(f"{PREFIX}{name} - Daily Top"))

    def _run(self, genre: OldGenre, collected: dict[int, str]) -> None:
        """A day's run of the script: new entries on top, some with the title in the history, most with the artist only."""
        daily = []
        for entry in self.sandbox.world.chart(genre.slug):
            found = sorted(one for one in self.truth(entry.track_id) if one in self.sandbox.spotify.tracks)
            if entry.track_id in collected or not found:
                continue
            collected[entry.track_id] = self._random.choice(found)
            track = self.sandbox.spotify.tracks[collected[entry.track_id]]
            self._record(genre.playlist, track, plain=self._random.random() < PLAIN_ARTIST)
            daily.append((entry.track_id, track))
        for beatport_id, track in daily[:15]:
            genre.heard.add(beatport_id)
            self._record(genre.daily, track, plain=True)
        self._set(genre.daily, [track.track_id for _, track in daily[:5]])

    def _person(self, genre: OldGenre, collected: dict[int, str]) -> None:
        """The person removes some tracks, and adds strangers and tracks that are about to enter the chart."""
        for beatport_id, track_id in collected.items():
            if self._random.random() < REMOVED:
                genre.removed.add(beatport_id)
            elif track_id not in genre.kept:
                genre.kept.append(track_id)
        gone = {one for beatport_id in genre.removed for one in self.truth(beatport_id)}
        genre.kept = [one for one in reversed(genre.kept) if one not in gone]
        coming = [entry.track_id for entry in self.sandbox.world.chart(genre.slug) if entry.track_id not in collected]
        for beatport_id in coming[:3]:
            ids = sorted(one for one in self.truth(beatport_id) if one in self.sandbox.spotify.tracks)
            if ids and not set(ids) & gone:
                genre.by_hand.add(beatport_id)
                genre.kept.insert(self._random.randrange(len(genre.kept)), ids[-1])
        strangers = [one for one in self.sandbox.spotify.tracks if one not in gone and one not in genre.kept]
        genre.kept += self._random.sample(strangers, 3)
        self._set(genre.playlist, genre.kept)

    def _set(self, playlist: Playlist, track_ids: Sequence[str]) -> None:
        spotify = self.sandbox.spotify
        with spotify.lock:
            playlist.change(spotify.clock(), [spotify.make_item(f"spotify:track:{track_id}") for track_id in track_ids])

    def _record(self, playlist: Playlist, track: SpotifyTrack, *, plain: bool) -> None:
        text = track.artists[0] if plain else f"{track.artists[0]} - {track.name}"
        self._rows.append((playlist.playlist_id, playlist.name, track.track_id, f"{self._clock:%Y-%m-%d %H:%M:%S}", text))

    def _backup_rows(self) -> None:
        tracks = self._random.sample(list(self.sandbox.spotify.tracks.values()), 30)
        self._set(self.backup, [track.track_id for track in tracks])
        at = f"{self._clock:%Y-%m-%d %H:%M:%S}"
        self._rows += [
            (self.backup.playlist_id, self.backup.name, track.track_id, at, f"{track.name} by {', '.join(track.artists)}")
            for track in tracks
        ]

    def _fill(self, rows: int) -> None:
        """Years of other playlists, which the account no longer has."""
        for number in range(len(self._rows), rows):
            playlist = number % 40
            at = f"{FIRST - timedelta(hours=number % 20_000):%Y-%m-%d %H:%M:%S}"
            text = f"Artist {number % 997} - Title {number}" if number % 3 else f"Artist {number % 997}"
            self._rows.append((base62_id("old", str(playlist)), f"Old mix {playlist}", base62_id("gone", str(number)), at, text))

    def _write(self) -> None:
        for name in ("src", "data"):
            (self.folder / name).mkdir(parents=True)
        columns = ("playlist_id", "playlist_name", "track_id", "datetime_added", "artist_name")
        table = pa.table(dict(zip(columns, map(list, zip(*self._rows, strict=True)), strict=True)))
        pq.write_table(table, self.folder / "data" / "hist_playlists_tracks.parquet.gz", compression="gzip")
        (self.folder / "src" / "config.py").write_text("\n".join(self._config()), encoding="utf-8")

    def _config(self) -> Iterator[str]:
        yield '"""Settings."""'
        yield "import os"
        yield f"username = {self.sandbox.spotify.user_id!r}"
        yield 'client_secret = os.environ["SECRET"]'
        yield 'ROOT_PATH = os.path.join("..", "")'
        yield 'folder_path = f"{ROOT_PATH}data/"'
        yield "add_at_top_playlist = True"
        yield "daily_mode = True"
        yield "daily_n_track = 15"
        yield "shuffle_label = False"
        yield 'digging_mode = "playlist"'
        yield "overwrite_label = False"
        yield "use_gcp = False"
        yield f"playlist_prefix = {PREFIX[:-2]!r} + ': '"
        yield 'playlist_description = ""'
        yield "genres = {"
        for genre in self.genres:
            name, path = NAMES[genre.slug]
            yield f"    {name!r}: {path!r},"
        yield '    "Big Room": "big-room/79",'
        yield "}"
        yield "charts = {}"
        yield "labels = {}"
        yield f'spotify_bkp = {{"BKP Discover Weekly": {base62_id("discover")!r}}}'
        yield ""
