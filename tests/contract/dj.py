"""A DJ in the sandbox: a home folder, commands, mornings, and what the playlists hold."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from beatporter.ledger.ledger import open_ledger
from beatporter.records.match import Match
from beatporter.settings import Settings, load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Sandbox
from tests.commands import run_command
from tests.contract.pseudo_terminal import Screen, run_in_terminal

GENRES = {"dubstep": 18, "amapiano": 98}


class Dj:
    """A person with a home folder and playlists of their own in the sandbox.

    Attributes:
        home: Beatporter's home folder; also where the commands run.
        environment: points the commands at both.
    """

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home = sandbox, home
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
        self.environment = {
            **inherited,
            **sandbox.environment(),
            "BEATPORTER_HOME": str(home),
            "BEATPORTER_PLAYLIST_NAME": f"{{genre}} of {home.name}",
            "BEATPORTER_SPOTIFY_DAILY_BUDGET": "20000",
            "BEATPORTER_SPOTIFY_RATE": "500",
        }
        self.ledger = open_ledger(home / "beatporter.db")
        self._mornings = 0

    def types(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`beatporter match …` in a pipe."""
        return run_command(("match", *arguments), self.environment, self.home)

    def says(self, *arguments: str) -> str:
        """The output of a command that must succeed."""
        done = self.types(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def answers(self, *answers: str, prompt: str = "> ") -> Screen:
        """`beatporter match review` at a terminal, with these answers."""
        return run_in_terminal(("match", "review", "dubstep"), self.environment, self.home, [(prompt, answer) for answer in answers])

    def settings(self) -> Settings:
        """The person's, from the environment."""
        return load_settings()

    def morning(self, slug: str = "dubstep", max_searches: int | None = None) -> list[int]:
        """The next run of a genre; returns its chart."""
        self._mornings += 1
        with Workspace(
            self.settings(), self.ledger, run_key=f"run {self._mornings}", slug=slug, reserve=3, max_searches=max_searches
        ) as workspace:
            chart = scrape_chart(workspace, slug)
            added = update_playlist(workspace, slug, chart, match_tracks(workspace, slug, chart))
            append_history(workspace, slug, added)
            back_up_playlist(workspace, slug)
        return chart

    def held(self, slug: str = "dubstep") -> list[str]:
        """The content of the genre's playlist on Spotify; the last backup must show the same."""
        remembered = self.ledger.playlists.latest(GENRES[slug])
        assert remembered is not None
        held = self.sandbox.spotify.person.track_ids(remembered.playlist_id)
        backup = self.ledger.backups.latest(remembered.playlist_id)
        assert backup is not None
        rows = self.ledger.backups.items(remembered.playlist_id, backup.snapshot_id)
        assert [row.track_id for row in rows] == held, "the backup shows another playlist than Spotify"
        return held

    def playlist_id(self, slug: str = "dubstep") -> str:
        remembered = self.ledger.playlists.latest(GENRES[slug])
        assert remembered is not None
        return remembered.playlist_id

    def taken(self, chart: Sequence[int]) -> list[Match]:
        """Decisions with a track, in chart order."""
        decided = self.ledger.matches.latest(chart)
        return [match for beatport_id in chart if (match := decided[beatport_id]).track_id]

    def missed(self, chart: Sequence[int]) -> list[Match]:
        return [match for match in self.ledger.matches.latest(chart).values() if not match.track_id]

    def strangers(self, chart: Sequence[int]) -> Iterator[str]:
        """Tracks that no entry has, each a different recording, none of them in the playlist."""
        held = set(self.held())
        isrcs = {self.sandbox.spotify.tracks[track_id].isrc for track_id in held}
        names = {self.sandbox.spotify.tracks[track_id].name.partition(" - ")[0] for track_id in held}
        for track in self.sandbox.spotify.tracks.values():
            name = track.name.partition(" - ")[0]
            if track.isrc not in isrcs and name not in names and "(" not in name:
                isrcs.add(track.isrc)
                names.add(name)
                yield track.track_id

    def doubt(self, matches: Sequence[Match]) -> None:
        """Mark decisions as doubtful, like a weak hit."""
        self.ledger.matches.append([replace(match, score=80.0, decided_at=match.decided_at + timedelta(seconds=1)) for match in matches])
