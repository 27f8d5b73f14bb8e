"""The domain's clock, passed in wherever time matters so that tests and simulations can set their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current time, aware, UTC, at the ledger's resolution of one second."""
    return datetime.now(UTC).replace(microsecond=0)
