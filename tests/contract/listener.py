"""A person with playlists of several kinds of one genre, for the tests of kinds."""

from __future__ import annotations

from typing import Any

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.names import playlist_name
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.settings import load_settings
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Sandbox

SLUG = "dubstep"


class Listener:
    """A person with playlists of several kinds of one genre.

    Attributes:
        chart: of the last morning. found: its tracks, in order. added: by kind, what came in on the last morning.
    """

    def __init__(self, world: Sandbox, database: str, **settings: Any) -> None:
        self.world, self.database, self.given = world, database, settings
        self.person, self.days = world.spotify.person, 0
        self.chart: list[int] = []
        self.found: list[str] = []
        self.added: dict[PlaylistKind, list[str]] = {}

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.database)

    def workspace(self, **changes: Any) -> Workspace:
        settings = load_settings(database=self.database, **{**self.given, **changes})
        return Workspace(settings, self.ledger, run_key=f"run {self.days}", slug=SLUG, reserve=9)

    def kinds(self, **changes: Any) -> tuple[PlaylistKind, ...]:
        settings = load_settings(**{**self.given, **changes})
        return settings.playlist_options(settings.find_list(SLUG)).kinds

    def looks(self, **changes: Any) -> None:
        """The first two steps of a run, and the account's listing."""
        self.days += 1
        with self.workspace(**changes) as workspace:
            list_playlists(workspace)
            self.chart = scrape_chart(workspace, SLUG)
            self.found = match_tracks(workspace, SLUG, self.chart)

    def morning(self, **changes: Any) -> None:
        """A complete run."""
        self.looks(**changes)
        self.added = {}
        for kind in self.kinds(**changes):
            with self.workspace(**changes) as workspace:
                added = update_playlist(workspace, SLUG, self.chart, self.found, kind=kind)
                append_history(workspace, SLUG, added, kind)
                back_up_playlist(workspace, SLUG, kind)
            self.added[kind] = added

    def next_day(self, **changes: Any) -> None:
        self.world.world.advance_day()
        self.morning(**changes)

    def charted(self) -> list[str]:
        """Tracks of the present chart, in its order."""
        matches = self.ledger.matches.latest(self.chart)
        return [track_id for number in self.chart if number in matches and (track_id := matches[number].track_id)]

    def name(self, kind: PlaylistKind) -> str:
        settings = load_settings(**self.given)
        genre = settings.find_list(SLUG)
        return playlist_name(settings.playlist_options(genre), genre, kind)

    def playlist_id(self, kind: PlaylistKind) -> str:
        remembered = self.ledger.playlists.latest(playlist_number(load_settings().find_list(SLUG), kind))
        assert remembered is not None
        return remembered.playlist_id

    def held(self, kind: PlaylistKind) -> list[str]:
        """What the playlist holds, after a look at the ledger: its last backup shows the same, and its history has all of it."""
        playlist_id = self.playlist_id(kind)
        held = self.person.track_ids(playlist_id)
        backup = self.ledger.backups.latest(playlist_id)
        assert backup is not None
        sent = {listed: sent for sent, listed in self.world.spotify.listed_as.items()}
        shown = [sent.get(track_id or "", track_id) for track_id in self.ledger.backups.track_ids(playlist_id, backup.snapshot_id)]
        assert shown == held, f"the backup of the {kind} playlist shows something else"
        known = {sent.get(track_id, track_id) for track_id in self.ledger.history.track_ids(playlist_id)}
        assert set(held) <= known, f"the history of the {kind} playlist lacks something"
        return held

    def requests(self, kind: str = "playlist-items", method: str = "") -> int:
        return self.world.requests.count(kind=kind, method=method) if method else self.world.requests.count(kind=kind)
