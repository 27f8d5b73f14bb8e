"""Harmonic order: each track mixes into the next one, by key and tempo. Pure and deterministic.

The rule. A transition costs its steps on the Camelot wheel, squared, because two small steps mix and one large one clashes; plus a point
for each 2 % of tempo, squared, where half and double tempo count as equal (87 and 174). The set begins with the chart's first track. From
each track the cheapest of the rest follows, of equal ones the higher in the chart; then stretches of the set are turned round as long as
that makes the whole cheaper (2-opt). Tracks without key or tempo come last, in chart order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from beatporter.exports.camelot import Camelot, camelot_of, steps_between
from beatporter.records.chart import ChartEntry

PERCENT_A_POINT: Final = 2.0
"""A pitch change of two percent passes unnoticed."""
Placed = tuple[Camelot, float]


def harmonic_order(entries: Sequence[ChartEntry]) -> list[ChartEntry]:
    """The entries in harmonic order.

    Args:
        entries: in chart order, at most a few hundred.
    """
    placed = {number: place for number, entry in enumerate(entries) if (place := _place(entry)) is not None}
    rest = [entry for number, entry in enumerate(entries) if number not in placed]
    return [entries[number] for number in _improved(_greedy(placed), placed)] + rest


def cost(one: Placed, other: Placed) -> float:
    """What the transition between two tracks costs, the same in both directions."""
    steps = steps_between(one[0], other[0])
    return steps**2 + (_tempo_change(one[1], other[1]) / PERCENT_A_POINT) ** 2


def _place(entry: ChartEntry) -> Placed | None:
    key = camelot_of(entry.key, entry.camelot)
    return (key, float(entry.bpm)) if key is not None and entry.bpm else None


def _tempo_change(one: float, other: float) -> float:
    """In percent, to the nearest of the tempo, its half and its double."""
    return min(abs(one * factor - other) / max(one * factor, other) for factor in (0.5, 1.0, 2.0)) * 100


def _greedy(placed: dict[int, Placed]) -> list[int]:
    left = sorted(placed)
    order = left[:1]
    left = left[1:]
    while left:
        here = placed[order[-1]]
        nearest = min(left, key=lambda number: (cost(here, placed[number]), number))
        left.remove(nearest)
        order.append(nearest)
    return order


def _improved(order: list[int], placed: dict[int, Placed]) -> list[int]:
    """Turn stretches round while that makes the whole cheaper; the first track stays."""
    better = True
    while better:
        better = False
        for begin in range(1, len(order) - 1):
            for end in range(begin + 1, len(order)):
                if _saves(order, placed, begin, end) > 1e-9:
                    order[begin : end + 1] = reversed(order[begin : end + 1])
                    better = True
    return order


def _saves(order: Sequence[int], placed: dict[int, Placed], begin: int, end: int) -> float:
    """What turning the stretch from `begin` to `end` round saves."""
    before, first, last = (placed[order[place]] for place in (begin - 1, begin, end))
    saved = cost(before, first) - cost(before, last)
    if end + 1 < len(order):
        after = placed[order[end + 1]]
        saved += cost(last, after) - cost(first, after)
    return saved
