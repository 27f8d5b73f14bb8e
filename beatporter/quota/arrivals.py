"""When a missing track is worth another search: learnt for each label from how long its tracks took to reach Spotify. Pure.

The estimate is a daily rate of arrival by a track's age, in three steps, each of which leans on the one before while it has little to go
by (empirical Bayes): the rate of all labels at all ages; of all labels at this age; of this label at this age. While next to nothing is
known there is no estimate, and the fixed rule stands.

The fixed rule also limits what is learnt: each of its tries is made, if not at its time then at most `GRACE_DAYS` later, even when the
entry has left the chart by then. So nothing that the fixed rule would have found is given up. Why, and measurements:
docs/decisions/late-arrivals.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

HORIZON_DAYS: Final = 60
"""Older tracks count as this old."""
LEAST_ARRIVALS: Final = 10
"""Late arrivals, of all labels together, that must have been seen before anything is concluded."""
OWN_AFTER: Final = 6.0
"""Tracks with which a label's own rate weighs as much as everybody's."""
WORTH_A_TRY: Final = 0.3
"""A search is worth it once the chance that the track has arrived since the last one reaches this."""
GRACE_DAYS: Final = 6
"""How much later than by the fixed rule a try may come: less than the week for which an entry that left the chart is kept."""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long one track was missing. Ages are whole days since its release.

    Attributes:
        missed_at: age at the first search that found nothing. missing_at: at the last one.
        found_at: age at the search that found it; None: none has.
    """

    label: str
    missed_at: int
    missing_at: int
    found_at: int | None


class Arrivals:
    """What was seen of late arrivals.

    Args:
        delays: of all labels, in any order.
    """

    def __init__(self, delays: Iterable[Delay] = ()) -> None:
        everybody = _Counts()
        self._seen = 0
        self._delays = defaultdict[str, list[Delay]](list)
        for delay in delays:
            self._seen += delay.found_at is not None
            everybody.add(delay)
            self._delays[delay.label].append(delay)
        mean = sum(everybody.arrived) / max(1.0, sum(everybody.at_risk))
        self._everybody = everybody.rates([mean] * (HORIZON_DAYS + 1))
        self._labels: dict[str, list[float]] = {}

    def _rates_of(self, label: str) -> list[float]:
        """A label's rates, worked out when they are first asked for: a run has few of the labels."""
        if label not in self._delays:
            return self._everybody
        if label not in self._labels:
            self._labels[label] = self._own_rates(self._delays[label])
        return self._labels[label]

    def _own_rates(self, delays: Iterable[Delay]) -> list[float]:
        """Everybody's rates, times how much faster or slower the label is on the whole, and then its own days."""
        counts = _Counts()
        for delay in delays:
            counts.add(delay)
        expected = sum(risk * rate for risk, rate in zip(counts.at_risk, self._everybody, strict=True))
        pace = (sum(counts.arrived) + 1.0) / (expected + 1.0)
        return counts.rates([min(1.0, pace * rate) for rate in self._everybody])

    @property
    def is_known(self) -> bool:
        """Whether enough was seen to conclude anything."""
        return self._seen >= LEAST_ARRIVALS

    def chance(self, label: str, missing_at: int, age: int) -> float:
        """The chance that a track which was missing at one age has arrived by another."""
        rates = self._rates_of(label)
        missing = 1.0
        for day in range(missing_at + 1, age + 1):
            missing *= 1.0 - rates[min(day, HORIZON_DAYS)]
        return 1.0 - missing

    def days_to_next_try(self, label: str, age: int, missing_for: float, seen: Sequence[float], fixed_days: Sequence[int]) -> float:
        """Days from a search that found nothing to the next one.

        Args:
            age: of the track at that search.
            missing_for: days from the first search that found nothing to this one.
            seen, fixed_days: see `fixed_tries`; this search's day is the last one seen.
        """
        latest = fixed_tries(seen, fixed_days)[1] + GRACE_DAYS - missing_for
        for days in range(1, int(latest) + 1):
            if self.chance(label, age, age + days) >= WORTH_A_TRY:
                return days
        return latest


class _Counts:
    """Tracks that arrived, and that could have arrived, at each age."""

    def __init__(self) -> None:
        self.arrived = [0.0] * (HORIZON_DAYS + 1)
        self.at_risk = [0.0] * (HORIZON_DAYS + 1)

    def add(self, delay: Delay) -> None:
        """Count a track. Found between two searches, it is taken to have arrived on any of the days between them with equal chance."""
        for age in range(delay.missed_at + 1, delay.missing_at + 1):
            self.at_risk[min(age, HORIZON_DAYS)] += 1.0
        if delay.found_at is None:
            return
        days = range(delay.missing_at + 1, max(delay.found_at, delay.missing_at + 1) + 1)
        for number, age in enumerate(days):
            self.arrived[min(age, HORIZON_DAYS)] += 1.0 / len(days)
            self.at_risk[min(age, HORIZON_DAYS)] += 1.0 - number / len(days)

    def rates(self, otherwise: Sequence[float]) -> list[float]:
        """The rate at each age, leaning on another rate where few tracks were at risk."""
        return [
            (arrived + OWN_AFTER * other) / (at_risk + OWN_AFTER)
            for arrived, at_risk, other in zip(self.arrived, self.at_risk, otherwise, strict=True)
        ]


def fixed_tries(seen: Sequence[float], fixed_days: Sequence[int]) -> tuple[list[int], int]:
    """The days on which the fixed rule searches again for an entry that stays missing, and the day on which it is due next.

    Runs come once a day, not always at the same hour; so days are rounded.

    Args:
        seen: days since its first miss on which a chart had it, ascending; the rule searches only then.
        fixed_days: days from a miss to the next try, by the number of misses; the last one is repeated.
    """
    tries: list[int] = []
    due = fixed_days[0]
    for day in map(round, seen):
        if day >= due:
            tries.append(day)
            due = day + fixed_days[min(len(tries), len(fixed_days) - 1)]
    return tries, due


def is_owed(missing_for: float, seen: Sequence[float], fixed_days: Sequence[int]) -> bool:
    """Whether the fixed rule would have searched for an entry since its last search.

    Args:
        missing_for: days from the first miss to the last search.
        seen: see `fixed_tries`.
    """
    return any(day > round(missing_for) for day in fixed_tries(seen, fixed_days)[0])
