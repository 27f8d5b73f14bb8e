"""Confidence intervals for shares that were counted on a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959964
"""Of 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{_percent(self.value)} (95 %: {_percent(self.low)} to {_percent(self.high)})"


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the population: its size, how many of it were asked, and how many of those said yes."""

    size: int
    asked: int
    yes: int


def wilson(yes: float, asked: float) -> Share | None:
    """The share of yes among those asked, with Wilson's interval; None if nobody was asked.

    It holds for shares near 0 and 1 and for small samples, where the usual interval does not (Wilson 1927).
    """
    if asked <= 0:
        return None
    share = yes / asked
    middle = (share + _Z**2 / (2 * asked)) / (1 + _Z**2 / asked)
    half = _Z / (1 + _Z**2 / asked) * math.sqrt(share * (1 - share) / asked + _Z**2 / (4 * asked**2))
    return Share(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def stratified(strata: Sequence[Stratum]) -> Share | None:
    """The share of yes over all strata, each weighted by its size; strata without a sample are left out.

    The interval is Wilson's for Kish's effective number of asked: (Σ size)² / Σ size² / asked.
    """
    asked = [stratum for stratum in strata if stratum.asked and stratum.size]
    whole = sum(stratum.size for stratum in asked)
    if not whole:
        return None
    share = sum(stratum.size * stratum.yes / stratum.asked for stratum in asked) / whole
    effective = whole**2 / sum(stratum.size**2 / stratum.asked for stratum in asked)
    return wilson(share * effective, effective)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 1 else f"{100 * share:.0f} %"
