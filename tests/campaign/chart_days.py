"""Fourteen mornings of a signed-in person while the website shows only challenges: played here, on a simulated clock.

36 genres, three charts (the overall Top 100, a genre's Hype 100, the first ten of a weekly DJ chart) and two labels, one of them
complete, with the steps that the tasks call, against a Spotify that counts by itself. One morning Beatport refuses to renew the sign-in;
the person signs in again at noon. `python -m tests.campaign.chart_days` prints the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from beatporter.beatport.sign_in import AccountFile, account_path, read_pasted
from beatporter.errors import BeatporterError, ChartNotYet
from beatporter.genres import KNOWN
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.progress import Progress, listening
from beatporter.settings import Settings, load_settings
from beatporter.sync import match
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.open_allocator import CALLS_BESIDE_SEARCHES, open_allocator
from beatporter.sync.outcome import entry_outcomes, genre_outcome
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import CHALLENGED, scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.beatport.account import CLIENT_ID
from tests.campaign.quota_world import QuotaWorld

FIRST_MORNING = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
DAYS = 14
REFUSED_ON = 6
"""The day, counted from 1, on whose morning Beatport refuses to renew the sign-in."""
BUDGET = 800
GENRES = tuple(genre.slug for genre in KNOWN)


@dataclass(slots=True)
class Morning:
    """The statistics of a morning's run.

    Attributes:
        states: the final state of each list's run.
        sources: where their charts came from.
        pages: requests to the website. answers: to the API. renewals: of the sign-in.
        calls: to Spotify. added: tracks added to playlists. deferred: entries left for a later run.
        failures: the messages of failed lists.
    """

    states: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    answers: int = 0
    renewals: int = 0
    calls: int = 0
    added: int = 0
    deferred: int = 0
    failures: list[str] = field(default_factory=list)


class ChartWorld(QuotaWorld):
    """The quota benchmark's world with a website that shows challenges, and a person signed in to its API.

    Attributes:
        label_ids: of the two labels: of one only new tracks are wanted, of the other all.
    """

    def __init__(self, slugs: Sequence[str], *, seed: int, quota: int) -> None:
        super().__init__(tuple(slugs), seed=seed, quota=quota, start=FIRST_MORNING)
        self.beatport.challenges = True
        genre_id = next(iter(self.beatport.genres))
        self.label_ids = [label.label_id for label in self.beatport.labels(genre_id)[:2]]

    def chart_settings(self, home: Path, budget: int, **more: Any) -> Settings:
        return load_settings(
            **self.settings(home),
            beatport_api_url=f"{self.beatport_url}/v4",
            genres=self.slugs,
            charts={
                "Overall": "overall",
                "Hype": f"hype:{self.slugs[0]}",
                "Weekend": {"chart": "chart:weekend-picks-%Y-week-%V", "top": 10},
            },
            labels={"New": f"any/{self.label_ids[0]}", "Whole": {"label": f"any/{self.label_ids[1]}", "tracks": "all", "shuffle": True}},
            spotify_daily_budget=budget,
            stale_chart_days=3,
            **more,
        )

    @property
    def beatport_url(self) -> str:
        return self._beatport.url

    def sign_in(self, settings: Settings) -> None:
        """The person signs in at the documentation page and pastes what it received."""
        pasted = json.dumps(self.beatport.account.sign_in())
        AccountFile(account_path(settings)).save(read_pasted(pasted, CLIENT_ID, self.now()))


class Mornings:
    """Runs a person's lists each morning with one budget and one ledger, like the flow `sync-genres`."""

    def __init__(self, world: QuotaWorld, settings: Settings) -> None:
        self._world, self.settings, self._pace = world, settings, world.pace()
        self._runs = 0

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.settings.ledger_address())

    def run(self) -> Morning:
        self._runs += 1
        morning, log = Morning(), self._world.log
        after, renewals = log.last_number, self._world.beatport.account.refreshes
        slugs = self.settings.enabled_lists()
        with self._workspace() as workspace:
            list_playlists(workspace)
        with self._workspace() as workspace:
            allocator = open_allocator(workspace, slugs)
        for slug in allocator.order:
            before = log.last_number
            try:
                self._sync(slug, allocator.grant(slug), morning)
            except ChartNotYet:
                morning.states["waiting"] += 1
            except BeatporterError as error:
                morning.states["failed"] += 1
                morning.failures.append(f"{slug}: {error}")
            allocator.settle(slug, len(log.entries(after=before, service="spotify")))
        morning.pages = len(log.entries(after=after, service="beatport"))
        morning.answers = len(log.entries(after=after, service="beatport-api"))
        morning.renewals = self._world.beatport.account.refreshes - renewals
        morning.calls = len(log.entries(after=after, service="spotify"))
        return morning

    def _sync(self, slug: str, max_searches: int, morning: Morning) -> None:
        """The five steps, each with its own workspace, like each task."""
        told: list[Progress] = []
        with listening(told.append), self._workspace(slug) as workspace:
            chart = scrape_chart(workspace, slug)
        with self._workspace(slug, max_searches) as workspace:
            found = match_tracks(workspace, slug, chart)
        with self._workspace(slug) as workspace:
            added = update_playlist(workspace, slug, chart, found)
        with self._workspace(slug) as workspace:
            append_history(workspace, slug, added)
        with self._workspace(slug) as workspace:
            back_up_playlist(workspace, slug)
        with self._workspace(slug) as workspace:
            outcome = genre_outcome(entry_outcomes(workspace, slug, chart, added), added=len(added), spotify_calls=0)
            row = workspace.ledger.chart_reads.latest(workspace.genre(slug).genre_id)
        challenged = any(one.step == CHALLENGED for one in told)
        morning.states["challenged" if challenged else outcome.state] += 1
        morning.sources["none" if challenged or row is None else row.source] += 1
        morning.added += outcome.added
        morning.deferred += outcome.deferred

    def _workspace(self, slug: str = "", max_searches: int | None = None) -> Workspace:
        return Workspace(
            self.settings,
            self.ledger,
            run_key=f"morning-{self._runs}",
            slug=slug,
            max_searches=max_searches,
            reserve=0 if max_searches is None else CALLS_BESIDE_SEARCHES,
            acquire=self._pace,
            now=self._world.now,
            sleep=self._world.sleep,
        )


@dataclass(frozen=True, slots=True)
class Fortnight:
    """All mornings, and the final content of the playlists by name."""

    mornings: Sequence[Morning]
    playlists: dict[str, list[str]]
    lists: int


def play(slugs: Sequence[str] = GENRES, *, seed: int = 1, budget: int = BUDGET) -> Fortnight:
    """Play the fortnight; the same seed gives the same."""
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - in memory if possible: this tests charts, not disks
    mornings: list[Morning] = []
    with (
        patch.object(match, "SEARCHES_AT_ONCE", 1),  # several threads on one clock would not be reproducible
        ChartWorld(slugs, seed=seed, quota=budget) as world,
        tempfile.TemporaryDirectory(dir=folder) as home,
    ):
        settings = world.chart_settings(Path(home), budget)
        runs = Mornings(world, settings)
        world.sign_in(settings)
        for day in range(DAYS):
            world.clock.set(FIRST_MORNING + timedelta(days=day))
            if day:
                world.next_day()
            world.beatport.account.refuses = day + 1 == REFUSED_ON
            mornings.append(runs.run())
            if day + 1 == REFUSED_ON:
                world.clock.set(FIRST_MORNING + timedelta(days=day, hours=5))
                world.sign_in(settings)
            print(f"day {day + 1}: {told(mornings[-1])}", file=sys.stderr, flush=True)
        playlists = {one.name: world.spotify.person.track_ids(one.playlist_id) for one in world.spotify.library()}
        return Fortnight(mornings, playlists, len(settings.enabled_lists()))


def told(morning: Morning) -> str:
    """A morning in one line."""
    states = ", ".join(f"{count} {state}" for state, count in sorted(morning.states.items()))
    return (
        f"{states}; {morning.pages} pages and {morning.answers} API answers asked of Beatport, {morning.renewals} renewals; "
        f"{morning.calls} Spotify calls, {morning.added} added, {morning.deferred} deferred"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--genres", type=int, default=len(GENRES), help="how many")
    parser.add_argument("--budget", type=int, default=BUDGET)
    chosen = parser.parse_args()
    fortnight = play(GENRES[: chosen.genres], seed=chosen.seed, budget=chosen.budget)
    print(json.dumps({"lists": fortnight.lists, "playlists": {name: len(held) for name, held in fortnight.playlists.items()}}, indent=1))


if __name__ == "__main__":
    main()
