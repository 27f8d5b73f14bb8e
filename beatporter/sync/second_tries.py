"""Plans second searches for missing tracks by what the ledger knows about late arrivals; `quota.arrivals` has the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache

from beatporter.genres import Genre
from beatporter.matching import RULES, is_due
from beatporter.matching.weights import RETRY_DAYS
from beatporter.quota.arrivals import HORIZON_DAYS, Arrivals, Delay, is_owed
from beatporter.records.chart import ChartEntry
from beatporter.records.match import LateEntry, Match
from beatporter.sync.miss_rate import is_miss
from beatporter.sync.workspace import Workspace

LEARN_FROM = timedelta(days=120)
"""How far back late arrivals are counted: labels change their ways, and the answer must not take longer every year."""
_DAY_S = 86_400


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


_read: tuple[object, Arrivals] | None = None


def read_arrivals(workspace: Workspace) -> Arrivals:
    """What the last months' searches say about late arrivals. Genres of one run in one process share it: reading grows with the months."""
    global _read
    now = workspace.now()
    run = workspace.ledger.database.name, workspace.run_key, now.date()
    if _read is None or _read[0] != run:
        _read = run, Arrivals(map(delay_of, workspace.ledger.matches.late_entries(now - LEARN_FROM)))
    return _read[1]


def delay_of(entry: LateEntry) -> Delay:
    """How long an entry was missing."""
    since_s, released_s = entry.missed_s, _midnight_s(entry.publish_date)
    found_at = _age(released_s, since_s, entry.found_s) if entry.found_s is not None else None
    return Delay(entry.label or "", _age(released_s, since_s, since_s), _age(released_s, since_s, entry.missing_s), found_at)


def age_in_days(publish_date: str | None, since: datetime, at: datetime) -> int:
    """A track's age in whole days: since its release on Beatport, or since it was first missed if that is unknown or long ago."""
    return _age(_midnight_s(publish_date), since.timestamp(), at.timestamp())


def _age(released_s: float | None, since_s: float, at_s: float) -> int:
    if released_s is not None and 0 <= since_s - released_s <= HORIZON_DAYS * _DAY_S:
        return int((at_s - released_s) // _DAY_S)
    return round((at_s - since_s) / _DAY_S)


@lru_cache(maxsize=1_000)
def _midnight_s(day: str | None) -> float | None:
    """A day's beginning in seconds since 1970; cached, because many tracks come out on the same day."""
    try:
        return datetime.fromisoformat(day or "").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _days(span: timedelta) -> float:
    return span / timedelta(days=1)


def _days_since(begun: datetime, times: Sequence[datetime]) -> list[float]:
    return [_days(at - begun) for at in times if at >= begun]
