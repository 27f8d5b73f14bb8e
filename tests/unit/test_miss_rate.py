"""What becomes of sudden misses when no call is left to check the search."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from beatporter.errors import BeatporterError, QuotaExceeded, UpstreamDown
from beatporter.records.match import Match
from beatporter.sync.miss_rate import BELIEVED, doubtful_misses

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


def misses(count: int) -> list[Match]:
    return [Match(number, None, None, "search", 0.0, "none", "1", NOW, NOW) for number in range(count)]


def doubt(error: BeatporterError, count: int) -> BeatporterError | None:
    def search(_: str) -> None:
        raise error

    ledger = SimpleNamespace(matches=SimpleNamespace(recent_isrcs=lambda count: ["I1"][:count]))
    workspace: Any = SimpleNamespace(ledger=ledger, spotify=SimpleNamespace(search=search))
    return doubtful_misses(workspace, misses(count), {})


@pytest.mark.parametrize(("count", "believed"), [(1, True), (BELIEVED, True), (BELIEVED + 1, False)])
def test_the_end_of_the_quota_wastes_no_searches_of_a_batch_that_it_cut_short(count: int, believed: bool) -> None:
    spent = QuotaExceeded("Spotify's quota is spent.", "Wait.", until=NOW)
    assert doubt(spent, count) is (None if believed else spent)


def test_a_search_that_does_not_answer_leaves_even_one_miss_undecided() -> None:
    down = UpstreamDown("Spotify is down.", "Try again.")
    assert doubt(down, 1) is down


@pytest.mark.parametrize(("lost", "believed"), [((), True), (("I1",), True), (("I1", "I3"), False)])
def test_a_recording_that_has_left_spotify_is_no_fault_of_the_search_and_most_of_them_are(lost: tuple[str, ...], believed: bool) -> None:
    ledger = SimpleNamespace(matches=SimpleNamespace(recent_isrcs=lambda count: ["I1", "I2", "I3"][:count]))
    spotify = SimpleNamespace(search=lambda query: [] if query.removeprefix("isrc:") in lost else ["a track"])
    workspace: Any = SimpleNamespace(ledger=ledger, spotify=spotify)
    assert (doubtful_misses(workspace, misses(20), {}) is None) is believed
