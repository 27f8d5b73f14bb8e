"""The clock of the domain, handed in wherever time matters so that tests and simulations bring their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, aware, UTC, at the ledger's resolution of a second."""
    return datetime.now(UTC).replace(microsecond=0)
