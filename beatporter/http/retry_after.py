"""The header Retry-After (RFC 9110, 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from beatporter.http.limits import MAX_RETRY_AFTER_S

_SECONDS = re.compile(r"-?[0-9]{1,20}(\.[0-9]{0,20})?")


def retry_after_s(value: str | None, at: datetime) -> float | None:
    """Parse the header: seconds from a number or a date, 0 for the past, None when it is absent, invalid or above a week.

    Args:
        value: the header's value; None when there is none.
        at: when the answer arrived, aware.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - at).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):  # each is raised by some invalid date
            return None
    return max(0.0, seconds) if seconds <= MAX_RETRY_AFTER_S else None
