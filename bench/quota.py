"""The first fill and the days after it under Spotify's quota: calls a day by kind, and what came of them.

    python -m bench.quota                              # what `make bench-quota` does; writes bench/quota.md
    python -m bench.quota --genres 6 --budget 130      # a smaller world, written nowhere

Two stories, each on a clock of its own (`quota_world`), one run a day at the same time through the steps that the tasks call
(`quota_days`), with a budget equal to the quota that the sandbox enforces: one call too many would be seen.

*standing*: the charts stay until every genre is filled, then five ordinary days follow. *moving*: the charts move from the first day
on, as they do for a person. Exit code 1 when an aim (`broken_aims`) is not met.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, get_args
from unittest.mock import patch

from beatporter.genres import all_genres
from beatporter.spotify.call import CALL_KINDS
from beatporter.sync import match
from tests.campaign.quota_days import Day, Mornings
from tests.campaign.quota_world import QuotaWorld

FIRST_MORNING = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
FILL_DAYS = 6
ORDINARY_DAYS = 5
QUIET_DAY = 500
"""New tracks over 36 genres below which nothing may be deferred."""
MOST_DAYS = 21
"""A fill that takes longer is given up."""
SOONEST_DEPTH = 10
"""Chart position down to which the first day has to fill every genre."""

Story = Literal["standing", "moving"]


@dataclass(frozen=True, slots=True)
class Told:
    """A story's days; `filled_on` is the number of the first on which nothing was deferred, None when there was none."""

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
    """Play a story to its end; the same seed tells the same.

    Args:
        quota: what Spotify allows, where that is not the budget.
    """
    days: list[Day] = []
    filled_on: int | None = None
    with (
        patch.object(match, "SEARCHES_AT_ONCE", 1),  # on a clock that threads share, several would not be the same twice
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
    """What a story has that it should not have, in words."""
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


def table(told: Told) -> list[str]:
    """A story in Markdown, a line a day."""
    head = (
        "day",
        *CALL_KINDS,
        "calls",
        "new",
        "searched",
        "placed",
        "deferred",
        "wasted",
        "filled down to",
        "new searched",
        "open for",
        "waited",
    )
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(['---:'] * len(head))}|"]
    for number, day in enumerate(told.days, 1):
        again = f" + {day.again}" if day.again else ""
        cells = (
            number,
            *(day.calls[kind] for kind in CALL_KINDS),
            day.calls.total(),
            day.new,
            f"{day.searched - day.again}{again}",
            day.placed,
            day.deferred,
            day.wasted,
            f"{min(day.depth.values())} to {max(day.depth.values())}",
            f"{100 * day.new_decided / day.new:.0f} %" if day.new else "",
            f"{day.longest_open} d" if day.longest_open else "",
            f"{day.waited_s / 60:.1f} min" if day.waited_s else "",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def report(stories: Sequence[Told]) -> str:
    """Both stories as bench/quota.md has them."""
    first = stories[0]
    lines = [
        "# The day's quota in figures",
        "",
        f"`make bench-quota`: {first.genres} genres, Spotify's quota and the person's budget at {first.budget} calls in any 24 hours,",
        "one run a day at the same time, in the sandbox on a clock of its own; the steps are the product's, the requests real HTTP.",
        "",
        "Columns: calls by kind and in all; tracks that no chart had before; entries searched (+ earlier misses searched again);",
        "tracks placed; entries deferred, of this chart and of the last ones; calls wasted (answers not kept, entries searched twice,",
        "calls refused); the position down to which all is decided, in the genre where that is least and where it is most; how many of",
        "the day's new tracks were searched the same day; for how many mornings the longest open entry of a chart has been so; the wait.",
    ]
    for told in stories:
        days = f"{told.filled_on} days" if told.filled_on else "not finished"
        title = "Charts stand still until all is filled" if told.story == "standing" else "Charts move from the first day on"
        lines += [
            "",
            f"## {title}",
            "",
            f"First fill: {days}. Most calls in any 24 hours, as Spotify saw them: {told.most_in_24_hours}.",
            "",
        ]
        lines += table(told)
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.quota", description="The first fill under Spotify's quota, and the days after it."
    )
    parser.add_argument("--genres", type=int, default=36, help="how many")
    parser.add_argument("--budget", type=int, default=800, help="calls in any 24 hours")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    slugs = tuple(all_genres())[: chosen.genres]
    since = time.monotonic()
    with ProcessPoolExecutor(len(get_args(Story)), initializer=_say_no_deferrals) as pool:
        stories = list(pool.map(partial(tell, slugs=slugs, budget=chosen.budget, seed=chosen.seed), get_args(Story)))
    print(f"{sum(len(told.days) for told in stories)} days in {time.monotonic() - since:.0f} s", file=sys.stderr)
    text = report(stories)
    print(text)
    if (chosen.genres, chosen.budget, chosen.seed) == (36, 800, 1):
        Path(__file__).with_suffix(".md").write_text(text)
    broken = [f"{told.story}: {what}" for told in stories for what in broken_aims(told)]
    print("\n".join(broken) or "Every aim is met.")
    return 1 if broken else 0


def _say_no_deferrals() -> None:
    """They are in the table."""
    logging.getLogger("beatporter").setLevel(logging.ERROR)


def _fast_folder() -> str | None:
    """A folder in memory where there is one: this is about calls, not about disks."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


if __name__ == "__main__":
    sys.exit(main())
