"""A morning's run in the quota benchmark, made of the steps that the tasks call, and statistics of its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs

from beatporter.ledger.ledger import open_ledger
from beatporter.matching import RULES, is_due
from beatporter.matching.find import queries
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.settings import load_settings
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import is_undecided, match_tracks
from beatporter.sync.open_allocator import CALLS_BESIDE_SEARCHES, open_allocator
from beatporter.sync.outcome import entry_outcomes, genre_outcome
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace, calls_key
from sandbox.log import LogEntry
from tests.campaign.quota_world import QuotaWorld

OK, TOO_MANY = HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS


@dataclass(slots=True)
class Day:
    """The statistics of a morning's run.

    Attributes:
        calls: by kind, from the ledger.
        new: tracks that no chart had before. new_decided: those of them that were searched the same morning.
        placed: tracks added to playlists. searched: entries that got a decision. again: those that had been missed before.
        deferred: chart entries left for a later run.
        not_kept: searches whose answer was lost. repeated: entries searched despite a decision.
        refused: calls that Spotify refused.
        depth: by genre, the chart position down to which every entry is decided.
        longest_open: mornings that the oldest undecided entry of a current chart has been undecided.
        waited_s: time spent waiting for calls to leave the window. lasted_s: from the first step to the last.
    """

    calls: Counter[str] = field(default_factory=Counter)
    new: int = 0
    new_decided: int = 0
    placed: int = 0
    searched: int = 0
    again: int = 0
    deferred: int = 0
    not_kept: int = 0
    repeated: int = 0
    refused: int = 0
    depth: dict[str, int] = field(default_factory=dict)
    longest_open: int = 0
    waited_s: float = 0.0
    lasted_s: float = 0.0

    @property
    def wasted(self) -> int:
        return self.not_kept + self.repeated + self.refused


class Mornings:
    """Runs the world's genres each morning with one budget and one ledger, like the flow `sync-genres`."""

    def __init__(self, world: QuotaWorld, home: Path, budget: int) -> None:
        self._world = world
        self._settings = load_settings(**world.settings(home), spotify_daily_budget=budget)
        self._pace = world.pace()
        self.ledger = open_ledger(self._settings.ledger_address())
        self._runs = 0
        self._seen: set[int] = set()
        self._open: Counter[int] = Counter()
        """For each undecided entry of a current chart, the number of mornings so far."""

    def run(self) -> Day:
        """One morning: the listing, then one genre after the other with its share."""
        self._runs += 1
        self.ledger = open_ledger(self._settings.ledger_address())  # a new process remembers nothing
        world, day = self._world, Day()
        begun_at, waited_s, after = world.now(), world.waited_s, world.log.last_number
        with self._workspace() as workspace:
            list_playlists(workspace)
        with self._workspace() as workspace:
            allocator = open_allocator(workspace, world.slugs)
        charts: dict[str, list[int]] = {}
        for slug in allocator.order:
            charts[slug] = self._genre(slug, allocator.grant(slug), day)
            calls = self._calls_of(slug)
            allocator.settle(slug, calls.total())
            day.calls += calls
        day.calls += self._calls_of("")
        day.refused = sum(entry.status == TOO_MANY for entry in world.log.entries(after=after, service="spotify"))
        day.waited_s, day.lasted_s = world.waited_s - waited_s, (world.now() - begun_at).total_seconds()
        self._look(charts, day)
        return day

    def _genre(self, slug: str, max_searches: int, day: Day) -> list[int]:
        """The five steps, each with its own workspace, like each task; returns the chart."""
        with self._workspace(slug) as workspace:
            chart = scrape_chart(workspace, slug)
        entries = self._entries(slug)
        before, after = self.ledger.matches.latest(entries), self._world.log.last_number
        with self._workspace(slug, max_searches) as workspace:
            found = match_tracks(workspace, slug, chart)
        asked = Counter(query_of(entry) for entry in self._world.log.entries(after=after, kind="search", status=OK))
        account(day, asked, entries, before, self.ledger.matches.latest(entries))
        with self._workspace(slug) as workspace:
            added = update_playlist(workspace, slug, chart, found)
        with self._workspace(slug) as workspace:
            append_history(workspace, slug, added)
        with self._workspace(slug) as workspace:
            back_up_playlist(workspace, slug)
        with self._workspace(slug) as workspace:
            outcome = genre_outcome(entry_outcomes(workspace, slug, chart, added), added=len(added), spotify_calls=0)
        day.placed += outcome.added
        day.deferred += outcome.deferred
        return chart

    def _look(self, charts: Mapping[str, Sequence[int]], day: Day) -> None:
        """Record the state after the morning, genre by genre."""
        present = {beatport_id for chart in charts.values() for beatport_id in chart}
        decided = {beatport_id for beatport_id, match in self.ledger.matches.latest(present).items() if not is_undecided(match)}
        day.depth = {
            slug: next((place for place, beatport_id in enumerate(chart) if beatport_id not in decided), len(chart))
            for slug, chart in charts.items()
        }
        new = present - self._seen
        day.new, day.new_decided = len(new), len(new & decided)
        self._seen |= present
        self._open = Counter({beatport_id: self._open[beatport_id] + 1 for beatport_id in present - decided})
        day.longest_open = max(self._open.values(), default=0)

    def _entries(self, slug: str) -> dict[int, ChartEntry]:
        """Every entry that was ever in the genre's charts."""
        genre_id = self._settings.all_genres()[slug].genre_id
        return {entry.beatport_id: entry for entry in self.ledger.charts.since(genre_id, datetime.min.replace(tzinfo=UTC))}

    def _calls_of(self, slug: str) -> Counter[str]:
        key = calls_key(self._run_key, slug)
        return Counter(self.ledger.calls.by_kind(self._world.now() - timedelta(days=1), key))

    @property
    def _run_key(self) -> str:
        return f"morning-{self._runs}"

    def _workspace(self, slug: str = "", max_searches: int | None = None) -> Workspace:
        return Workspace(
            self._settings,
            self.ledger,
            run_key=self._run_key,
            slug=slug,
            max_searches=max_searches,
            reserve=0 if max_searches is None else CALLS_BESIDE_SEARCHES,
            acquire=self._pace,
            now=self._world.now,
            sleep=self._world.sleep,
        )


def query_of(entry: LogEntry) -> str:
    """The query of a search."""
    return parse_qs(entry.query).get("q", [""])[0]


def account(
    day: Day, asked: Counter[str], entries: Mapping[int, ChartEntry], before: Mapping[int, Match], after: Mapping[int, Match]
) -> None:
    """Add the results of a genre's searches to the day.

    Args:
        asked: searches by query. entries: those they may have been for.
        before, after: the decisions before and after them.
    """
    answered: Counter[str] = Counter()
    for beatport_id, match in after.items():
        earlier = before.get(beatport_id)
        if match == earlier:
            continue
        day.searched += 1
        misses = earlier.misses if earlier is not None else 0
        answered.update(query for query in queries(entries[beatport_id], misses) if query in asked)
        if earlier is not None:
            day.again += 1
            day.repeated += not is_due(earlier, RULES, match.decided_at)
    day.not_kept += (asked - answered).total()
