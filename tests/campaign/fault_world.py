"""The world in which a fault schedule is played: charts of a few rows, Spotify, and a record of every state of every playlist.

The music (catalogue, charts, search index) is made once for many schedules; a `Place` is one account's Spotify and one Beatport for it.
Here nothing arrives late on Spotify, so the match of a chart entry does not depend on the day of the search.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from beatporter.genres import all_genres
from sandbox.beatport.models import API_TOKEN, BeatportState, Listing
from sandbox.catalogue import Catalogue
from sandbox.http import Route
from sandbox.messages import Request, Response
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.search import SearchIndex
from tests.campaign.fault_runs import SharedClock
from tests.campaign.services import StandIns

SLUGS: Final = ("house", "afro-house")
ROWS: Final = 10
"""Rows of each chart."""
CHART_DAYS: Final = (0, 4)
"""The catalogue's days for the schedule's first and second day: four days apart, so that a third of the rows is new."""
DAILY_SIZE: Final = 4
SETTLED_DAY: Final = 60
"""A day by which everything has arrived on Spotify."""
SECRETS: Final = ("AQsandbox", "BQsandbox", "sandbox-client-secret", API_TOKEN)
"""Prefixes of everything that must not appear in a log, a ledger file, a saved result or an error's text."""


class Music:
    """The charts and tracks; the same for every schedule of a seed."""

    def __init__(self, seed: int, slugs: tuple[str, ...] = SLUGS) -> None:
        self.seed, self.slugs = seed, slugs
        self.genre_ids = tuple(all_genres()[slug].genre_id for slug in slugs)
        self.catalogue = Catalogue(seed)
        charts = [self.catalogue.days.chart(genre_id, day) for genre_id in self.genre_ids for day in CHART_DAYS]
        keys = dict.fromkeys(key for chart in charts for key in chart[:ROWS])
        self.tracks = self.catalogue.spotify_tracks_of(keys, SETTLED_DAY)
        self.index = SearchIndex(self.tracks, seed=seed)


class _ShortCharts(BeatportState):
    """A Beatport whose complete charts have a few rows."""

    def top_100(self, genre_id: int) -> Listing:
        tracks = super().top_100(genre_id).tracks[:ROWS]
        return Listing(tracks, len(tracks))


class Place(StandIns):
    """One account's Spotify and one Beatport, over HTTP; a context manager.

    Attributes:
        day: 0 or 1, the schedule's day.
        states: every state that a playlist had: (playlist id, snapshot id) to track ids from the top.
        held: every track that a playlist ever held, by playlist id.
    """

    def __init__(self, music: Music, clock: SharedClock) -> None:
        self.music, self.clock = music, clock
        self.day = 0
        self.states: dict[tuple[str, str], tuple[str, ...]] = {}
        self.held: dict[str, set[str]] = {}
        beatport = _ShortCharts(
            music.catalogue, day=lambda: CHART_DAYS[self.day], clock=clock, genre_ids=music.genre_ids, on_label=lambda label: None
        )
        spotify = SpotifyState(music.tracks, clock=clock, index=music.index, seed=music.seed)
        super().__init__(spotify, beatport, clock, spotify_route=self._recording)

    def relink(self, share: float, removable_by: Literal["either", "listed", "sent"]) -> None:
        """Make playlists list that fraction of the tracks under other ids than those that are sent."""
        ids = sorted(self.spotify.tracks)
        self.spotify.listed_as = {track_id: base62_id("listed", track_id) for track_id in ids[: int(share * len(ids))]}
        self.spotify.removable_by = removable_by

    def sent_id(self, track_id: str) -> str:
        """The id under which a listed track was sent."""
        return next((sent for sent, listed in self.spotify.listed_as.items() if listed == track_id), track_id)

    def record(self) -> None:
        """Record what every playlist holds now."""
        with self.spotify.lock:
            for playlist in self.spotify.playlists.values():
                ids = tuple(item.uri.rpartition(":")[2] for item in playlist.items)
                self.states[playlist.playlist_id, playlist.snapshot_id] = ids
                self.held.setdefault(playlist.playlist_id, set()).update(ids)

    def _recording(self, route: Route) -> Route:
        """The same route; if it may change a playlist, every state is recorded before it answers."""
        if route.method == "GET":
            return route

        def handle(request: Request) -> Response:
            response = route.handler(request)
            self.record()
            return response

        return replace(route, handler=handle)
