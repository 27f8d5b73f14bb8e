"""Retry-After in both of its forms, and nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.http.limits import MAX_RETRY_AFTER_S
from beatporter.http.retry_after import retry_after_s

AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


def test_it_is_read_as_number_and_as_date() -> None:
    assert retry_after_s("2.5", AT) == 2.5
    assert retry_after_s(" 48925 ", AT) == 48_925
    assert retry_after_s("-3", AT) == 0
    assert retry_after_s(format_datetime(AT + timedelta(seconds=90), usegmt=True), AT) == 90
    assert retry_after_s("Mon, 02 Nov 2026 06:01:00 -0000", AT) == 60
    assert retry_after_s(format_datetime(AT - timedelta(days=9), usegmt=True), AT) == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "nan",
        "inf",
        "1e999",
        "tomorrow",
        "9" * 20,
        "9" * 5_000,
        "-" * 5_000,
        str(MAX_RETRY_AFTER_S + 1),
        "Mon, 02 Nov 2099 06:00:00 GMT",
        "Mon, 02 Nov 9999 06:00:00 -2359",
        "Mon, 99 Nov 2026 99:99:99 GMT",
        "Mon, 02 Nov 99999999999 06:00:00 GMT",
        "Mon, 02 Nov 2026 06:00:00 +99999999999999",
        "1_000",
        "²",
    ],
)
def test_nonsense_is_ignored(value: str | None) -> None:
    assert retry_after_s(value, AT) is None


@given(st.text(max_size=80) | st.from_regex(r"[A-Z][a-z]{2}, -?\d{1,9} [A-Z][a-z]{2} \d{1,9} [\d:]{0,12} ?[-+A-Z\d]{0,9}", fullmatch=True))
def test_whatever_it_says_is_a_time_within_a_week_or_none(value: str) -> None:
    seconds = retry_after_s(value, AT)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S
