"""Errors cross processes like Prefect's results, and say what to do."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, UpstreamDown

UNTIL = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "error",
    [
        BeatporterError("A happened.", "Do B."),
        RateLimited("A happened.", "Do B.", retry_after_s=3.0),
        UpstreamDown("A happened.", "Do B.", outcome_unknown=False),
        QuotaExceeded("A happened.", "Do B.", until=UNTIL),
        RequestRefused("A happened.", "Do B.", status=403),
    ],
)
def test_an_error_survives_pickling_with_all_its_fields(error: BeatporterError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == "A happened. Do B."
