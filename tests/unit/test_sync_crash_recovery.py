"""What an interrupted write left: distinguishes a track that never came in from one that the person removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from beatporter.records.ledger import SnapshotRow, SnapshotState
from beatporter.spotify import plan
from beatporter.sync.crash_recovery import LONGEST_WRITE, removed_by_user

AT = datetime(2026, 11, 24, 7, tzinfo=UTC)
SOON = AT + timedelta(seconds=2)


@pytest.fixture(autouse=True)
def _small_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "WRITE_LIMIT", 3)


def state(name: SnapshotState, *sending: str) -> SnapshotRow:
    return SnapshotRow("P", name, None, AT, sending, AT if sending else None)


def test_a_missing_track_that_came_in_with_others_was_removed() -> None:
    assert removed_by_user(state("writing", "a", "b", "c"), {"a": SOON, "c": SOON}) == ["b"]


def test_a_request_without_trace_counts_as_not_carried_out() -> None:
    sent = state("writing", "a", "b", "c", "d", "e")
    assert removed_by_user(sent, {"d": SOON}) == ["e"], "the lowest request goes first: it came in, the rest did not"
    assert removed_by_user(sent, {}) == []


def test_a_present_track_proves_all_earlier_requests() -> None:
    assert removed_by_user(state("writing", "a", "b", "c", "d"), {"a": SOON, "b": SOON}) == ["c", "d"]


def test_at_the_end_the_first_request_goes_first() -> None:
    sent = state("appending", "a", "b", "c", "d", "e", "f", "g")
    assert removed_by_user(sent, {"a": SOON, "c": SOON}) == ["b"], "the others were not sent yet"
    assert removed_by_user(sent, {"d": SOON}) == ["a", "b", "c", "e", "f"]
    assert removed_by_user(sent, {}) == []


@pytest.mark.parametrize("added_at", [AT + LONGEST_WRITE + timedelta(seconds=1), AT - timedelta(minutes=2), None])
def test_a_track_added_by_the_person_at_another_time_proves_nothing(added_at: datetime | None) -> None:
    assert removed_by_user(state("writing", "a", "b"), {"a": added_at}) == []


def test_recorded_or_unsent_tracks_leave_nothing_open() -> None:
    for confirmed in ("written", "recorded"):
        assert removed_by_user(state(confirmed, "a", "b"), {"a": SOON}) == [], "what Spotify confirmed is recorded without a read"
    assert removed_by_user(state("writing"), {}) == []
    assert removed_by_user(None, {}) == []
