"""A few schedules of the fault campaign for work on playlists; `python -m tests.campaign.playlist_faults` plays many."""

from __future__ import annotations

import pytest

from tests.campaign.playlist_faults import play


@pytest.mark.parametrize("seed", range(1001, 1021))
def test_nothing_is_lost_or_doubled_whatever_happens(seed: int) -> None:
    assert play(seed) == []
