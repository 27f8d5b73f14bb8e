"""A first fill and the days after it, day by day, against a Spotify that counts by itself: played here, shown by `make bench-quota`.

Two stories, each on a simulated clock (`quota_world`), one run a day at the same time through the steps that the tasks call
(`quota_days`), with a budget equal to the quota that the sandbox enforces: one call too many would be noticed.

*standing*: the charts stay the same until every genre is filled, then five ordinary days follow. *moving*: the charts move from the first
day on, as in real life.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from beatporter.sync import match
from tests.campaign.quota_days import Day, Mornings
from tests.campaign.quota_world import QuotaWorld

FIRST_MORNING = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
FILL_DAYS = 6
ORDINARY_DAYS = 5
QUIET_DAY = 500
"""New tracks over 36 genres, up to which nothing may be deferred."""
MOST_DAYS = 21
"""A fill that takes longer is given up."""
SOONEST_DEPTH = 10
"""Chart position down to which the first day must fill every genre."""

Story = Literal["standing", "moving"]


@dataclass(frozen=True, slots=True)
class Told:
    """A story's days; `filled_on` is the number of the first day on which nothing was deferred, None when there was none."""

    story: Story
    genres: int
    budget: int
    days: Sequence[Day]
    filled_on: int | None
    most_in_24_hours: int

    @property
    def fill(self) -> Sequence[Day]:
        return self.days[: self.filled_on]

    @property
    def ordinary(self) -> Sequence[Day]:
        return self.days[len(self.fill) :]


def tell(story: Story, slugs: Sequence[str], *, budget: int, seed: int, quota: int | None = None) -> Told:
    """Play a story to its end; the same seed gives the same story.

    Args:
        quota: Spotify's limit, if it differs from the budget.
    """
    days: list[Day] = []
    filled_on: int | None = None
    with (
        patch.object(match, "SEARCHES_AT_ONCE", 1),  # several threads on one clock would not be reproducible
        QuotaWorld(tuple(slugs), seed=seed, quota=budget if quota is None else quota, start=FIRST_MORNING) as world,
        tempfile.TemporaryDirectory(dir=_fast_folder()) as home,
    ):
        mornings = Mornings(world, Path(home), budget)
        while len(days) < MOST_DAYS and (filled_on is None or len(days) < filled_on + ORDINARY_DAYS):
            world.clock.set(FIRST_MORNING + timedelta(days=len(days)))
            if days and (story == "moving" or filled_on is not None):
                world.next_day()
            days.append(mornings.run())
            if filled_on is None and not days[-1].deferred:
                filled_on = len(days)
            print(f"{story}, day {len(days)}: {days[-1].deferred} deferred", file=sys.stderr, flush=True)
        return Told(story, len(slugs), budget, days, filled_on, world.most_calls_in_a_day())


def broken_aims(told: Told) -> list[str]:
    """The aims that a story misses, in words."""
    found = []
    if told.filled_on is None:
        found.append(f"after {len(told.days)} days something is deferred still")
    elif told.story == "standing" and told.filled_on > FILL_DAYS:
        found.append(f"the first fill took {told.filled_on} days, {FILL_DAYS} are the aim")
    if told.most_in_24_hours > told.budget:
        found.append(f"{told.most_in_24_hours} calls within 24 hours, the budget is {told.budget}")
    if min(told.days[0].depth.values()) < SOONEST_DEPTH:
        found.append(f"the first day left a genre with less than its first {SOONEST_DEPTH} entries")
    for number, day in enumerate(told.days, 1):
        if day.wasted:
            kinds = f"{day.not_kept} answers not kept, {day.repeated} entries searched twice, {day.refused} calls refused"
            found.append(f"day {number} wasted {day.wasted} calls: {kinds}")
    for number, day in enumerate(told.ordinary, len(told.fill) + 1):
        if day.deferred and day.new < QUIET_DAY * told.genres / 36:
            found.append(f"day {number} deferred {day.deferred} entries with {day.new} new tracks only")
    return found


def _fast_folder() -> str | None:
    """A folder in memory if there is one: this tests calls, not disks."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
