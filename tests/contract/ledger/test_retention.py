"""Thinning backups: which stay, that each is exactly as before, and that the archive keeps what was archived."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from beatporter.ledger.archive import archive
from beatporter.ledger.check import check
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.maintain import maintain
from beatporter.ledger.rebuild import rebuild
from beatporter.ledger.retention import kept, thin_backups, thinned_to
from beatporter.records.ledger import BackupRow
from tests.contract.ledger.archive_cases import folder_place
from tests.contract.ledger.conftest import NewDatabase

T0 = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
numbers = count()


def rows(ids: list[str | None]) -> list[BackupRow]:
    return [BackupRow(place, track_id, None, f"Name {track_id}", ("A",), T0) for place, track_id in enumerate(ids)]


def write_days(
    ledger: Ledger, playlist_id: str, days: int, seed: int, first: int = 0, held: list[str | None] | None = None
) -> dict[str, list[str | None]]:
    """A state for each day: tracks come on top, others go or move; returns them by snapshot."""
    dice, states = random.Random(seed), {}
    held = list(held or [])
    for day in range(first, first + days):
        held = [*(f"{playlist_id[-3:]}{day:04}{number}" for number in range(dice.randrange(3))), *held]
        if held and dice.random() < 0.4:
            del held[dice.randrange(len(held))]
        if len(held) > 2 and dice.random() < 0.3:
            held.insert(dice.randrange(len(held)), held.pop())
        if dice.random() < 0.03:
            held = []
        ledger.backups.append(playlist_id, f"s{day}", T0 + day * DAY, rows(held))
        states[f"s{day}"] = list(held)
    return states


def assert_states(ledger: Ledger, playlist_id: str, states: dict[str, list[str | None]]) -> None:
    for info in ledger.backups.all(playlist_id):
        assert ledger.backups.track_ids(playlist_id, info.snapshot_id) == states[info.snapshot_id], info.snapshot_id
        assert info.rows == len(states[info.snapshot_id])
    for info, items in ledger.backups.states(playlist_id):
        assert len(items) == info.rows
        assert items == ledger.backups.state(playlist_id, info.snapshot_id)


def test_all_stay_for_a_month_a_week_for_a_year_a_month_after_that_and_the_last_always() -> None:
    now = T0 + 800 * DAY
    times = [T0 + day * DAY for day in range(700)]
    stay = [times[place] for place in sorted(kept(times, now))]
    ages = [(now - at).days for at in stay]
    assert [age for age in ages if age <= 365][-1] == 101
    weeks = [at.isocalendar()[:2] for at in stay if (now - at).days <= 365]
    assert len(weeks) == len(set(weeks)) == 38
    months = [(at.year, at.month) for at in stay if (now - at).days > 365]
    assert len(months) == len(set(months)) == 15
    assert kept([T0], T0 + 5_000 * DAY) == {0}
    assert kept([], now) == set()
    assert kept([now - day * DAY for day in range(30, -1, -1)], now) == set(range(31)), "thirty days"
    assert len(kept([now - timedelta(days=30, seconds=1), now - timedelta(days=30)], now)) == 2


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), steps=st.lists(st.integers(1, 80), min_size=2, max_size=3))
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_every_state_that_stays_is_exactly_as_before(ledger: Ledger, seed: int, steps: list[int]) -> None:
    """Days of backups and thinning in turn; further backups follow the thinned ones."""
    playlist_id = f"{next(numbers):022}"
    states: dict[str, list[str | None]] = {}
    day = 0
    for step, days in enumerate(steps):
        held = states[f"s{day - 1}"] if day else []
        states |= write_days(ledger, playlist_id, days, seed + step, day, held)
        day += days
        before = {info.snapshot_id for info in ledger.backups.all(playlist_id)}
        now = T0 + (day + 40 * step) * DAY
        thin_backups(ledger, now)
        assert_states(ledger, playlist_id, states)
        left = {info.snapshot_id for info in ledger.backups.all(playlist_id)}
        infos = ledger.backups.all(playlist_id)
        assert infos[-1].snapshot_id == f"s{day - 1}", "the last is never dropped"
        assert left <= before
        assert thin_backups(ledger, now) == 0, "a second time drops nothing"
    assert check(ledger).problems == []


def test_the_archive_keeps_what_was_archived(ledger: Ledger, tmp_path: Path, new_database: NewDatabase) -> None:
    storage = folder_place(tmp_path)
    states = write_days(ledger, "P", 120, 5)
    archive(ledger, storage, T0 + 120 * DAY)
    report = maintain(ledger, storage, T0 + 125 * DAY)
    assert report.problems == []
    assert report.dropped["backups"] > 60
    assert len(ledger.backups.all("P")) + report.dropped["backups"] == 120
    assert check(ledger, storage).problems == []
    states |= write_days(ledger, "P", 40, 6, 120, states["s119"])
    archive(ledger, storage, T0 + 160 * DAY)
    assert maintain(ledger, storage, T0 + 200 * DAY).problems == []
    assert_states(ledger, "P", states)
    rebuilt = open_ledger(new_database())
    rebuild(storage, rebuilt)
    assert len(rebuilt.backups.all("P")) == 160, "all that was ever archived"
    assert_states(rebuilt, "P", states)
    assert thinned_to(rebuilt.database) == 0
    assert check(rebuilt, storage).problems == []
    states |= write_days(rebuilt, "P", 5, 7, 160, states["s159"])
    archive(rebuilt, storage, T0 + 170 * DAY)
    assert check(rebuilt, storage).problems == []
    assert_states(rebuilt, "P", states)
    rebuilt.close()


def test_what_is_not_archived_yet_stays(ledger: Ledger, tmp_path: Path) -> None:
    storage = folder_place(tmp_path)
    states = write_days(ledger, "P", 60, 5)
    archive(ledger, storage, T0 + 60 * DAY)
    write_days(ledger, "P", 60, 6, 60, states["s59"])
    maintain(ledger, storage, T0 + 300 * DAY)
    left = [info.snapshot_id for info in ledger.backups.all("P")]
    assert left[-60:] == [f"s{day}" for day in range(60, 120)]
    assert len(left) < 80


def test_an_archive_begun_after_thinning_can_be_rebuilt_and_checked(ledger: Ledger, tmp_path: Path, new_database: NewDatabase) -> None:
    storage = folder_place(tmp_path)
    states = write_days(ledger, "P", 200, 9)
    assert maintain(ledger, None, T0 + 210 * DAY).dropped["backups"] > 100
    states |= write_days(ledger, "P", 3, 10, 200, states["s199"])
    archive(ledger, storage, T0 + 211 * DAY)
    assert maintain(ledger, storage, T0 + 212 * DAY).problems == []
    rebuilt = open_ledger(new_database())
    rebuild(storage, rebuilt)
    assert_states(rebuilt, "P", states)
    assert check(rebuilt, storage).problems == []
    rebuilt.close()


def test_a_state_that_differs_from_the_archives_is_found(ledger: Ledger, tmp_path: Path) -> None:
    """Digests of thinned rows say nothing any more; the states do."""
    storage = folder_place(tmp_path)
    write_days(ledger, "P", 120, 5)
    archive(ledger, storage, T0 + 120 * DAY)
    maintain(ledger, storage, T0 + 125 * DAY)
    with ledger.database.transaction() as connection:
        thinned = "(SELECT max(backup) FROM backups WHERE merged IS NOT NULL)"
        change = f"UPDATE backup_changes SET track = (SELECT min(track) FROM tracks) WHERE backup = {thinned} AND number = 0"
        connection.execute(text(change))
    problems = maintain(ledger, storage, T0 + 126 * DAY).problems
    assert any("held something else" in problem for problem in problems), problems


def test_a_lost_change_is_found_in_a_thinned_chain(ledger: Ledger) -> None:
    write_days(ledger, "P", 120, 5)
    thin_backups(ledger, T0 + 125 * DAY)
    assert check(ledger).problems == []
    with ledger.database.transaction() as connection:
        connection.execute(text("UPDATE backups SET merged = merged + 1 WHERE merged IS NOT NULL"))
    assert any("do not follow each other" in problem for problem in check(ledger).problems)
