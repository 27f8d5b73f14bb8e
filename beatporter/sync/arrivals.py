"""Plans second searches for missing tracks by what the ledger knows about late arrivals; `quota.arrivals` has the rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import groupby, takewhile

from beatporter.genres import Genre
from beatporter.matching import RULES, is_due
from beatporter.matching.weights import RETRY_DAYS
from beatporter.quota.arrivals import HORIZON_DAYS, Arrivals, Delay, is_owed
from beatporter.records.chart import ChartEntry, Release
from beatporter.records.match import Attempt, Match
from beatporter.sync.miss_rate import is_miss
from beatporter.sync.workspace import Workspace

LEARN_FROM = timedelta(days=120)
"""How far back late arrivals are counted: labels change their ways, and the answer must not take longer every year."""
NO_RELEASE = Release(None, None)


class SecondTries:
    """When each missing entry of a genre's run is searched again.

    Args:
        chart, earlier: the current chart's entries, and those that left it lately.
        decided: the current decisions.
    """

    def __init__(
        self, workspace: Workspace, genre: Genre, chart: Sequence[ChartEntry], earlier: Sequence[ChartEntry], decided: Mapping[int, Match]
    ) -> None:
        self._workspace, self._genre, self._decided = workspace, genre, decided
        self._chart, self._earlier = chart, earlier
        self._present = {entry.beatport_id for entry in chart}
        missed = [beatport_id for beatport_id, match in decided.items() if is_miss(match)]
        self._since = workspace.ledger.matches.missed_since(missed)

    @cached_property
    def _seen(self) -> dict[int, list[datetime]]:
        return self._workspace.ledger.charts.seen_at(self._genre.genre_id, self._since)

    @cached_property
    def _arrivals(self) -> Arrivals:
        """Read once, and only in a run that has something missing."""
        return read_arrivals(self._workspace)

    def due(self) -> list[ChartEntry]:
        """Missed entries to search again now, the likeliest first; with nothing learnt, those of the chart in its order.

        Entries that left the chart are among them only if a try was put off that the fixed rule would have made while they were in it.
        """
        now = self._workspace.now()
        due = [entry for entry in self._chart if self._is_due(entry, now)]
        left = [entry for entry in self._earlier if self._is_due(entry, now)]
        if not (due or left) or not self._arrivals.is_known:
            return due
        owed = [entry for entry in left if self._is_owed(entry)]
        return [*owed, *sorted(due, key=lambda entry: -self._chance(entry, now))]

    def plan(self, entry: ChartEntry, match: Match) -> Match:
        """The decision with the time of the next search, if it is a miss and something was learnt."""
        if not is_miss(match) or not self._arrivals.is_known:
            return match
        if entry.beatport_id not in self._present:  # by the fixed rule it would be searched as soon as it comes back into the chart
            return replace(match, retry_at=match.decided_at)
        since = self._since.get(entry.beatport_id, match.decided_at)
        age = age_in_days(entry.publish_date, since, match.decided_at)
        seen = _days_since(since, [*self._seen.get(entry.beatport_id, []), match.decided_at])
        days = self._arrivals.days_to_next_try(entry.label or "", age, _days(match.decided_at - since), seen, RETRY_DAYS)
        return replace(match, retry_at=match.decided_at + timedelta(days=days))

    def _is_due(self, entry: ChartEntry, now: datetime) -> bool:
        match = self._decided.get(entry.beatport_id)
        return match is not None and match.method != "forgotten" and is_due(match, RULES, now)

    def _chance(self, entry: ChartEntry, now: datetime) -> float:
        match = self._decided[entry.beatport_id]
        since = self._since.get(entry.beatport_id, match.decided_at)
        ages = age_in_days(entry.publish_date, since, match.decided_at), age_in_days(entry.publish_date, since, now)
        return self._arrivals.chance(entry.label or "", *ages)

    def _is_owed(self, entry: ChartEntry) -> bool:
        match = self._decided[entry.beatport_id]
        return put_off(match, self._since.get(entry.beatport_id), self._seen.get(entry.beatport_id, ()))


def put_off(match: Match, since: datetime | None, seen: Sequence[datetime]) -> bool:
    """Whether a try was put off that the fixed rule would have made while the entry was in the chart.

    Args:
        since: the first miss. seen: when charts that have the entry were read, oldest first.
    """
    begun = since or match.decided_at
    return is_owed(_days(match.decided_at - begun), _days_since(begun, seen), RETRY_DAYS)


def read_arrivals(workspace: Workspace) -> Arrivals:
    """What the last months' searches say about late arrivals."""
    attempts = workspace.ledger.matches.attempts_after_a_miss(workspace.now() - LEARN_FROM)
    return Arrivals(delays_of(attempts, workspace.ledger.charts.releases({one.beatport_id for one in attempts})))


def delays_of(attempts: Iterable[Attempt], releases: Mapping[int, Release]) -> Iterator[Delay]:
    """How long each missed entry was missing.

    Args:
        attempts: ordered by entry and time; an entry's first one found nothing.
        releases: label and day of release by Beatport id.
    """
    for beatport_id, rows in groupby(attempts, key=lambda attempt: attempt.beatport_id):
        release, searches = releases.get(beatport_id, NO_RELEASE), list(rows)
        found = next((one for one in searches if one.found), None)
        misses = list(takewhile(lambda one: not one.found, searches))
        since, last = misses[0].at, misses[-1]
        if found is not None and found.rules != last.rules:
            found = None  # the rules changed, so the track may have been there all the time
        yield Delay(
            release.label or "",
            age_in_days(release.publish_date, since, since),
            age_in_days(release.publish_date, since, last.at),
            age_in_days(release.publish_date, since, found.at) if found is not None else None,
        )


def age_in_days(publish_date: str | None, since: datetime, at: datetime) -> int:
    """A track's age in whole days: since its release on Beatport, or since it was first missed if that is unknown or long ago."""
    released = _midnight(publish_date)
    if released is not None and timedelta(0) <= since - released <= timedelta(days=HORIZON_DAYS):
        return (at - released).days
    return round(_days(at - since))


def _midnight(day: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(day or "").replace(tzinfo=UTC)
    except ValueError:
        return None


def _days(span: timedelta) -> float:
    return span / timedelta(days=1)


def _days_since(begun: datetime, times: Sequence[datetime]) -> list[float]:
    return [_days(at - begun) for at in times if at >= begun]
