"""How charts move: each genre's Top 100 of each day, a pure function of (seed, genre, day).

Day 0 is a Monday. The number of new entries follows the weekday (`rates.NEW_ENTRIES`), with most after Friday's releases; the weakest
leave, some return, the rest move by strength, age and chance. A chart here holds keys only: moving it composes no recording.
"""

from __future__ import annotations

import math
import random
import threading
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.catalogue import rates
from sandbox.catalogue.compose import BACK_CATALOGUE
from sandbox.catalogue.ids import Key

SIZE: Final = 100
BURN_IN: Final = 21
"""Days before day 0 on which the charts have already moved, so that day 0 looks like any other."""
RETURN_WITHIN: Final = 10
CLIMB: Final = 0.7
"""Strength that a track gains in its first days."""
CLIMB_DAYS: Final = 2.5
CHANCE: Final = 0.05
"""Standard deviation of the daily luck."""
DECAYS: Final = (0.004, 0.02, 0.05, 0.09, 0.14)
"""Strength lost per day, one value for each track: some stay for months, most for days."""

Slot = Literal["native", "guest", "return"]

NEIGHBOURS: Final = (
    (11, 5),
    (90, 15),
    (6, 92),
    (7, 99),
    (89, 93),
    (12, 14),
    (50, 81),
    (91, 85),
    (1, 18),
    (86, 9),
    (39, 96),
    (37, 3),
    (2, 8),
    (98, 101),
    (63, 100),
    (95, 38),
    (94, 16),
    (97, 13),
    (102, 103),
    (104, 109),
    (105, 108),
    (106, 107),
)
"""Pairs of genres whose charts share tracks."""
NEIGHBOUR: Final = dict(NEIGHBOURS) | {b: a for a, b in NEIGHBOURS} | {111: 106}
"""Each genre's neighbour, whose new tracks may enter its chart too. 111 is one too many for a pair."""


@dataclass(slots=True)
class Standing:
    """A track's life in one genre's charts."""

    key: Key
    strength: float
    entered: int
    """Day of its first entry."""
    decay: float
    """Strength lost per day."""

    def score(self, day: int) -> float:
        """The value that the chart ranks by, without the daily luck."""
        age = day - self.entered
        return self.strength + CLIMB * (1 - math.exp(-age / CLIMB_DAYS)) - self.decay * age


@dataclass(slots=True)
class _State:
    ranked: list[Standing]
    gone: list[tuple[int, Standing]]
    """(day it left, what)."""


class Days:
    """Every genre's chart on every day; caches results. Thread-safe."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._plans: dict[tuple[int, int], tuple[Slot, ...]] = {}
        self._firsts: dict[int, list[int]] = {}
        self._states: dict[int, _State] = {}
        self._charts: dict[tuple[int, int], tuple[Key, ...]] = {}
        self._lock = threading.RLock()

    def chart(self, genre_id: int, day: int) -> tuple[Key, ...]:
        """The Top 100 in order.

        Raises:
            ValueError: the day is before 0.
        """
        if day < 0:
            raise ValueError(f"charts begin on day 0, not {day}")
        with self._lock:
            if (genre_id, day) not in self._charts:
                self._move_to(genre_id, day)
            return self._charts[genre_id, day]

    def overall(self, day: int, genre_ids: tuple[int, ...]) -> tuple[Key, ...]:
        """The Top 100 over all genres: their best, interleaved."""
        weights = {genre_id: random.Random(f"{self.seed}:weight:{genre_id}").uniform(0.6, 1.8) for genre_id in genre_ids}
        places = [(place * weights[genre_id], key) for genre_id in genre_ids for place, key in enumerate(self.chart(genre_id, day))]
        return tuple(dict.fromkeys(key for _, key in sorted(places)))[:SIZE]

    def entry_day(self, key: Key) -> int:
        """The day on which the recording with this number was released: if it charts, it charts that day. Negative before day 0."""
        with self._lock:
            firsts = self._first_numbers(key.genre_id, 0)
            while firsts[-1] <= key.number < BACK_CATALOGUE:
                firsts = self._first_numbers(key.genre_id, len(firsts) - BURN_IN)
            return bisect_right(firsts, key.number) - 1 - BURN_IN

    def charted_through(self, genre_id: int, day: int) -> tuple[Key, ...]:
        """Everything that was in the genre's charts from day 0 to this day, in order of appearance."""
        return tuple(dict.fromkeys(key for past in range(day + 1) for key in self.chart(genre_id, past)))

    def _plan(self, genre_id: int, day: int) -> tuple[Slot, ...]:
        """The kinds of the day's new entries."""
        if (genre_id, day) not in self._plans:
            pace = 1 + random.Random(f"{self.seed}:pace:{genre_id}").uniform(-rates.GENRE_SPREAD, rates.GENRE_SPREAD)
            rng = random.Random(f"{self.seed}:plan:{genre_id}:{day}")
            mean = rates.NEW_ENTRIES[day % 7] * pace
            wanted = SIZE if day == -BURN_IN else max(1, min(40, round(rng.gauss(mean, math.sqrt(mean) * 0.7))))
            kinds: tuple[Slot, ...] = ("return", "guest", "native")
            odds = (0.0 if day == -BURN_IN else rates.RETURNS, rates.GUESTS, 1 - rates.RETURNS - rates.GUESTS)
            self._plans[genre_id, day] = tuple(rng.choices(kinds, odds, k=wanted))
        return self._plans[genre_id, day]

    def _first_numbers(self, genre_id: int, day: int) -> list[int]:
        """First numbers of all days from -BURN_IN to at least the given one."""
        firsts = self._firsts.setdefault(genre_id, [0])
        while len(firsts) <= day + BURN_IN:
            firsts.append(firsts[-1] + len(self._plan(genre_id, len(firsts) - 1 - BURN_IN)))
        return firsts

    def _newcomers(self, genre_id: int, day: int) -> list[tuple[Slot, Key]]:
        first = self._first_numbers(genre_id, day)[day + BURN_IN]
        neighbour = NEIGHBOUR[genre_id]
        there = self._first_numbers(neighbour, day)[day + BURN_IN]
        natives = iter([Key(neighbour, there + place) for place, slot in enumerate(self._plan(neighbour, day)) if slot == "native"])
        return [
            (slot, next(natives, Key(genre_id, first + place)) if slot == "guest" else Key(genre_id, first + place))
            for place, slot in enumerate(self._plan(genre_id, day))
        ]

    def _move_to(self, genre_id: int, day: int) -> None:
        """Compute the charts in order, up to the given day."""
        reached = max((past for genre, past in self._charts if genre == genre_id), default=-BURN_IN - 1)
        for today in range(reached + 1, day + 1):
            self._states[genre_id] = state = self._move(genre_id, today, self._states.get(genre_id, _State([], [])))
            if today >= 0:
                self._charts[genre_id, today] = tuple(standing.key for standing in state.ranked)

    def _move(self, genre_id: int, day: int, before: _State) -> _State:
        rng = random.Random(f"{self.seed}:move:{genre_id}:{day}")
        new = self._newcomers(genre_id, day)
        scored = sorted(((standing.score(day) + rng.gauss(0, CHANCE), standing) for standing in before.ranked), key=lambda pair: -pair[0])
        stay, leave = scored[: SIZE - len(new)], scored[SIZE - len(new) :]
        gone = [(left, standing) for left, standing in before.gone if day - left <= RETURN_WITHIN]
        scores = [score for score, _ in stay]
        for slot, key in new:
            standing = self._enter(slot, key, day, gone, scores)
            stay.append((standing.score(day) + rng.gauss(0, CHANCE), standing))
        stay.sort(key=lambda pair: -pair[0])
        return _State([standing for _, standing in stay], gone + [(day, standing) for _, standing in leave])

    def _enter(self, slot: Slot, key: Key, day: int, gone: list[tuple[int, Standing]], scores: list[float]) -> Standing:
        """A new standing, or one of those that left; removes the latter from `gone`.

        Args:
            scores: of those that stay, best first. A newcomer's place among them is a property of the recording, so that it does
                equally well in two genres' charts.
        """
        traits = random.Random(f"{self.seed}:traits:{key.genre_id}:{key.number}")
        place = traits.betavariate(1.9, 0.9)
        decay = traits.choice(DECAYS)
        if not scores:
            return Standing(key, traits.gauss(0, 1), day - traits.randrange(30), decay)
        score = scores[min(int(place * len(scores)), len(scores) - 1)]
        if slot == "return" and gone:
            _, back = gone.pop(int(traits.random() * len(gone)))
            back.strength += score - back.score(day)
            return back
        return Standing(key, score, day, decay)
