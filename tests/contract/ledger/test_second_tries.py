"""Second searches by what the ledger knows about late arrivals, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatporter.genres import Genre
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.matches import Matches
from beatporter.matching import RULES
from beatporter.quota.arrivals import Delay
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.match import LateEntry, Match
from beatporter.settings import load_settings
from beatporter.sync.second_tries import SecondTries, age_in_days, delay_of, read_arrivals
from beatporter.sync.workspace import Workspace

T0 = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUSE = Genre("house", 5, "House")
TRACK = f"{1:022}"


def entry(number: int, label: str | None = "Fortnight", released: str | None = "2026-11-02") -> ChartEntry:
    return ChartEntry(number % 100 or 100, number, f"Title {number}", ("Ada",), label=label, publish_date=released)


def miss(number: int, at: datetime, **more: object) -> Match:
    values: dict[str, object] = {"misses": 1, "retry_at": at + 2 * DAY} | more
    return Match(number, None, None, "search", 0.0, None, RULES, at, **values)  # type: ignore[arg-type]


def hit(number: int, at: datetime, rules: str = RULES) -> Match:
    return Match(number, None, TRACK, "search", 95.0, "same", rules, at, None)


def at_s(days: int) -> int:
    return int((T0 + days * DAY).timestamp())


def workspace(ledger: Ledger, tmp_path: Path, at: datetime) -> Workspace:
    return Workspace(load_settings(home=tmp_path), ledger, run_key="x", slug="house", now=lambda: at)


def learn(ledger: Ledger, label: str, days: int, tracks: int = 15, first: int = 1_000) -> None:
    """Tracks of a label that were missed daily and found after so many days."""
    ledger.charts.append(Chart(6, tuple(replace(entry(first + n, label), position=n + 1) for n in range(tracks)), T0))
    for n in range(tracks):
        ledger.matches.append([miss(first + n, T0 + day * DAY) for day in range(days)])
        ledger.matches.append([hit(first + n, T0 + days * DAY)])


class TestTheLedger:
    def test_since_when_an_entry_is_missing(self, ledger: Ledger) -> None:
        ledger.matches.append([miss(1, T0), miss(1, T0 + DAY)])
        ledger.matches.append([miss(2, T0), hit(2, T0 + DAY), miss(2, T0 + 2 * DAY), miss(2, T0 + 3 * DAY)])
        ledger.matches.append([miss(3, T0), replace(miss(3, T0 + DAY), method="person")])
        ledger.matches.append([hit(4, T0)])
        assert ledger.matches.missed_since([1, 2, 3, 4, 5]) == {1: T0, 2: T0 + 2 * DAY}

    def test_entries_that_were_missed_lately_and_searched_again(self, ledger: Ledger) -> None:
        ledger.charts.append(Chart(5, (entry(1, "Old"), entry(2)), T0))
        ledger.charts.append(Chart(5, (entry(1, "New", None),), T0 + DAY))
        ledger.matches.append([miss(1, T0 + DAY), hit(1, T0 + 3 * DAY), replace(hit(1, T0 + 4 * DAY), method="person")])
        ledger.matches.append([hit(2, T0 + DAY)])
        ledger.matches.append([miss(3, T0 - DAY), hit(3, T0 + DAY)])
        ledger.matches.append([hit(4, T0 + DAY), miss(4, T0 + 2 * DAY), miss(4, T0 + 4 * DAY)])
        ledger.matches.append([miss(5, T0 + DAY), hit(5, T0 + 2 * DAY), miss(5, T0 + 3 * DAY)])
        ledger.matches.append([miss(6, T0 + DAY)])
        assert sorted(ledger.matches.late_entries(T0), key=lambda one: one.missed_s) == [
            LateEntry("New", None, at_s(1), at_s(1), at_s(3)),
            LateEntry(None, None, at_s(2), at_s(4), None),
        ]

    def test_a_hit_by_other_rules_proves_nothing_about_the_arrival(self, ledger: Ledger) -> None:
        ledger.matches.append([miss(1, T0), miss(1, T0 + DAY), hit(1, T0 + 2 * DAY, "other rules")])
        ledger.matches.append([replace(miss(2, T0), rules="other rules"), miss(2, T0 + 2 * DAY), hit(2, T0 + 3 * DAY)])
        found = sorted(ledger.matches.late_entries(T0), key=lambda one: one.missing_s)
        assert [(one.missing_s, one.found_s) for one in found] == [(at_s(1), None), (at_s(2), at_s(3))]

    def test_the_charts_of_a_genre_that_have_an_entry(self, ledger: Ledger) -> None:
        ledger.charts.append(Chart(5, (entry(1), entry(2)), T0))
        ledger.charts.append(Chart(5, (entry(1, "Other"),), T0 + DAY))
        ledger.charts.append(Chart(6, (entry(2),), T0 + 2 * DAY))
        assert ledger.charts.seen_at(5, [1, 2, 3]) == {1: [T0, T0 + DAY], 2: [T0]}


class TestDelays:
    def test_from_the_first_miss_to_the_first_hit(self) -> None:
        assert delay_of(LateEntry("A", "2026-11-01", at_s(0), at_s(2), at_s(7))) == Delay("A", 1, 3, 8)
        assert delay_of(LateEntry(None, None, at_s(0), at_s(2), None)) == Delay("", 0, 2, None)

    @pytest.mark.parametrize(
        ("released", "age"),
        [("2026-11-02", 3), ("2026-10-30", 6), ("2026-08-01", 3), ("2026-11-20", 3), (None, 3), ("soon", 3)],
    )
    def test_a_tracks_age(self, released: str | None, age: int) -> None:
        """Counted from the first miss where the release is long ago, still to come, or unknown."""
        assert age_in_days(released, T0, T0 + 3 * DAY) == age


class TestTries:
    def tries(self, place: Workspace, chart: list[ChartEntry], earlier: list[ChartEntry] | None = None) -> SecondTries:
        ids = [one.beatport_id for one in [*chart, *(earlier or [])]]
        return SecondTries(place, HOUSE, chart, earlier or [], place.ledger.matches.latest(ids))

    def test_without_late_arrivals_the_fixed_rule_stands(self, ledger: Ledger, tmp_path: Path) -> None:
        chart = [entry(1), entry(2)]
        ledger.matches.append([miss(1, T0), miss(2, T0)])
        place = workspace(ledger, tmp_path, T0 + 2 * DAY)
        tries = self.tries(place, chart, [entry(3)])
        assert [one.beatport_id for one in tries.due()] == [1, 2]
        again = miss(1, T0 + 2 * DAY)
        assert tries.plan(chart[0], again) == again

    def test_genres_of_a_run_read_late_arrivals_once(self, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        since: list[datetime] = []
        late_entries = Matches.late_entries

        def counted(matches: Matches, at: datetime) -> list[LateEntry]:
            since.append(at)
            return late_entries(matches, at)

        monkeypatch.setattr(Matches, "late_entries", counted)
        house = workspace(ledger, tmp_path, T0 + 20 * DAY)
        trance = Workspace(house.settings, ledger, run_key=house.run_key, slug="trance", now=house.now)
        assert read_arrivals(house) is read_arrivals(trance)
        assert len(since) == 1
        read_arrivals(Workspace(house.settings, ledger, run_key="another", slug="house", now=house.now))
        read_arrivals(workspace(ledger, tmp_path, T0 + 21 * DAY))
        assert len(since) == 3, "another run, or the same on the next day, did not look again"

    def test_a_fortnight_is_learnt_and_a_try_is_planned_for_it(self, ledger: Ledger, tmp_path: Path) -> None:
        learn(ledger, "Fortnight", 14)
        now = T0 + 20 * DAY
        place = workspace(ledger, tmp_path, now)
        assert read_arrivals(place).is_known
        one = entry(1, released=f"{now:%Y-%m-%d}")
        tries = self.tries(place, [one])
        planned = tries.plan(one, miss(1, now))
        assert planned.retry_at == now + 8 * DAY, "as late as the fixed rule allows"
        for day in range(9):
            ledger.charts.append(Chart(5, (one,), now + day * DAY))
        ledger.matches.append([miss(1, now), miss(1, now + 8 * DAY)])
        later = self.tries(workspace(ledger, tmp_path, now + 8 * DAY), [one])
        assert later.plan(one, miss(1, now + 8 * DAY)).retry_at == now + 14 * DAY, "a week before the fixed rule's third try"

    def test_hits_and_other_labels_tracks_are_left_alone(self, ledger: Ledger, tmp_path: Path) -> None:
        learn(ledger, "Fortnight", 14)
        place = workspace(ledger, tmp_path, T0 + 20 * DAY)
        found = hit(1, place.now())
        assert self.tries(place, [entry(1)]).plan(entry(1), found) == found

    def test_the_likeliest_come_first(self, ledger: Ledger, tmp_path: Path) -> None:
        learn(ledger, "Fortnight", 14)
        learn(ledger, "Quick", 2, first=2_000)
        now = T0 + 20 * DAY
        chart = [entry(1, "Fortnight", None), entry(2, "Quick", None), entry(3, "Quick", None)]
        ledger.matches.append([miss(one.beatport_id, now - 3 * DAY) for one in chart])
        due = self.tries(workspace(ledger, tmp_path, now), chart).due()
        assert [one.beatport_id for one in due] == [2, 3, 1]

    def test_an_entry_that_left_is_searched_only_if_a_try_was_put_off(self, ledger: Ledger, tmp_path: Path) -> None:
        learn(ledger, "Fortnight", 14)
        now = T0 + 30 * DAY
        left = [entry(1), entry(2)]
        ledger.charts.append(Chart(5, (left[0], left[1]), now - 8 * DAY))
        ledger.charts.append(Chart(5, (left[0],), now - 5 * DAY))
        ledger.matches.append([miss(one.beatport_id, now - 8 * DAY, retry_at=now) for one in left])
        tries = self.tries(workspace(ledger, tmp_path, now), [], left)
        assert [one.beatport_id for one in tries.due()] == [1], "the second one left before the fixed rule would have tried again"

    def test_an_entry_that_comes_back_is_searched_at_once(self, ledger: Ledger, tmp_path: Path) -> None:
        learn(ledger, "Fortnight", 14)
        now = T0 + 30 * DAY
        place = workspace(ledger, tmp_path, now)
        assert self.tries(place, [], [entry(1)]).plan(entry(1), miss(1, now)).retry_at == now

    def test_a_persons_decision_is_not_searched_again(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.matches.append([replace(miss(1, T0), method="person", retry_at=None), replace(miss(2, T0), method="forgotten")])
        assert self.tries(workspace(ledger, tmp_path, T0 + 9 * DAY), [entry(1), entry(2), entry(3)]).due() == []
