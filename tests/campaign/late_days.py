"""Weeks in which some labels' tracks reach Spotify late: second searches by the fixed rule, and by what the ledger learns.

Both play the same world (`quota_world` with `late_labels`) through the steps that the tasks call, a run each morning. With the
estimate switched off the fixed rule is what runs, so the comparison is between the product with and without it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from sqlalchemy import select

from beatporter.ledger.ledger import Ledger
from beatporter.ledger.matches import BY_MACHINE
from beatporter.ledger.tables import MATCHES
from beatporter.quota.arrivals import Arrivals
from beatporter.sync import match, second_tries
from beatporter.sync.backlog import BACKLOG_KEPT_FOR
from sandbox.catalogue.catalogue import Catalogue
from sandbox.catalogue.label_delays import way_of
from tests.campaign.quota_days import Mornings
from tests.campaign.quota_world import QuotaWorld

FIRST_MORNING = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
DAYS = 70
LEARNT_BY = 28
"""Figures are of the days from this one on: before it there is little to learn from."""

Rule = Literal["fixed", "learnt"]


@dataclass(slots=True)
class Found:
    """A late track that was found.

    Attributes:
        way: how its label delivers. day: of the search that found it. late_days: from its arrival, or its first miss, to that day.
    """

    way: str
    day: int
    late_days: int


@dataclass(slots=True)
class Weeks:
    """What one rule did.

    Attributes:
        again: searches for entries that had been missed before, by the label's way.
        calls: all calls to Spotify, all days.
        found: by Beatport id.
    """

    rule: Rule
    seed: int
    again: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    found: dict[int, Found] = field(default_factory=dict)

    @property
    def mean_late_days(self) -> float:
        late = [one.late_days for one in self.found.values() if one.day >= LEARNT_BY]
        return sum(late) / len(late) if late else 0.0


def play(rule: Rule, slugs: Sequence[str], *, seed: int, budget: int, days: int = DAYS) -> Weeks:
    """Play the weeks under one rule; the same seed gives the same world."""
    weeks = Weeks(rule, seed)
    with ExitStack() as stack:
        stack.enter_context(patch.object(match, "SEARCHES_AT_ONCE", 1))  # several threads on one clock would not be reproducible
        if rule == "fixed":
            stack.enter_context(patch.object(second_tries, "read_arrivals", lambda _: Arrivals()))
        world = stack.enter_context(QuotaWorld(tuple(slugs), seed=seed, quota=budget, start=FIRST_MORNING, late_labels=True))
        home = stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))  # noqa: S108
        mornings = Mornings(world, Path(home), budget)
        for day in range(days):
            world.clock.set(FIRST_MORNING + timedelta(days=day))
            if day:
                world.next_day()
            weeks.calls += mornings.run().calls.total()
        count(weeks, mornings.ledger, world.calendar.catalogue)
    print(f"seed {seed}, {rule}: {weeks.again.total()} second tries, {weeks.mean_late_days:.1f} days late", file=sys.stderr, flush=True)
    return weeks


def count(weeks: Weeks, ledger: Ledger, catalogue: Catalogue) -> None:
    """Read from the ledger what was searched again, and what was found when."""
    by_machine = MATCHES.c.method.in_(BY_MACHINE)
    query = select(MATCHES.c.beatport_id, MATCHES.c.decided_at, MATCHES.c.track_id.is_not(None).label("found")).where(by_machine)
    with ledger.database.read() as connection:
        attempts = connection.execute(query.order_by(MATCHES.c.beatport_id, MATCHES.c.decided_at, MATCHES.c.id)).all()
    first: dict[int, int] = {}
    for one in attempts:
        key = catalogue.key_of(one.beatport_id)
        day = (one.decided_at - FIRST_MORNING).days
        if one.beatport_id not in first:
            if not one.found:
                first[one.beatport_id] = day
            continue
        way = way_of(catalogue.composer.recording(key).song.label, catalogue.seed)
        if day >= LEARNT_BY:
            weeks.again[way] += 1
        if one.found and one.beatport_id not in weeks.found:
            arrived = next((past for past in range(first[one.beatport_id], day + 1) if catalogue.is_on_spotify(key, past)), day)
            weeks.found[one.beatport_id] = Found(way, day, day - arrived)


def given_up(fixed: Weeks, learnt: Weeks, days: int = DAYS) -> list[int]:
    """Entries that only the fixed rule found, of those that the other had the time to find."""
    last = days - BACKLOG_KEPT_FOR.days
    return [beatport_id for beatport_id, one in fixed.found.items() if one.day < last and beatport_id not in learnt.found]


def days_won(fixed: Weeks, learnt: Weeks) -> int:
    """Days by which tracks that both found were found earlier, in all; lost days count against them."""
    both = [(fixed.found[one].day, learnt.found[one].day) for one in fixed.found.keys() & learnt.found.keys()]
    return sum(by_fixed - by_learnt for by_fixed, by_learnt in both if max(by_fixed, by_learnt) >= LEARNT_BY)
