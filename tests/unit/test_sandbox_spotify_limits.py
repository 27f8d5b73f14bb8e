"""The stand-in's rolling windows, on a clock moved by the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.spotify.exceptions import SpotifyRefusal
from sandbox.spotify.limits import CallLimits

START = datetime(2026, 11, 2, 6, tzinfo=UTC)


def refusal(limits: CallLimits, at: datetime) -> SpotifyRefusal:
    with pytest.raises(SpotifyRefusal) as refused:
        limits.take(at)
    return refused.value


def test_the_quota_rolls_instead_of_resetting_at_midnight() -> None:
    limits = CallLimits(per_day=3)
    for hour in (0, 10, 20):
        limits.take(START + timedelta(hours=hour))
    refused = refusal(limits, START + timedelta(hours=23))
    assert (refused.status, refused.reason, refused.retry_after_s) == (429, "QUOTA_EXCEEDED", 3600)
    limits.take(START + timedelta(hours=24))
    assert refusal(limits, START + timedelta(hours=25)).retry_after_s == 9 * 3600, "the second call leaves the window ten hours later"


def test_refused_calls_do_not_keep_the_window_full() -> None:
    limits = CallLimits(per_day=1)
    limits.take(START)
    for hour in range(1, 24):
        refusal(limits, START + timedelta(hours=hour))
    limits.take(START + timedelta(hours=24))


def test_the_rate_counts_thirty_seconds_and_has_no_reason() -> None:
    limits = CallLimits(per_30_s=2)
    limits.take(START)
    limits.take(START + timedelta(seconds=10))
    refused = refusal(limits, START + timedelta(seconds=11))
    assert (refused.status, refused.reason, refused.retry_after_s) == (429, None, 19)
    limits.take(START + timedelta(seconds=30))


def test_a_fixed_retry_after_is_sent_as_on_real_accounts() -> None:
    limits = CallLimits(per_day=0, retry_after_s=48_925)
    assert refusal(limits, START).retry_after_s == 48_925


def test_used_forgets_what_is_a_day_old() -> None:
    limits = CallLimits()
    limits.take(START)
    limits.take(START + timedelta(hours=1))
    assert [limits.used(START + timedelta(hours=hour)) for hour in (1, 24, 25)] == [2, 1, 0]
