"""Decides whether memory grows, and whether a run needs more than earlier ones, by rules that tolerate a single outlier.

The slope is Theil and Sen's: the median of the slopes between all pairs of values, with the 95 % interval from
Kendall's rank statistic (Sen 1968, J. Am. Stat. Assoc. 63).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Literal

GROWS_FROM_MB = 0.1
"""Growing if even the low end of the slope's interval is above this."""
FLAT_BELOW_MB = 0.5
"""Flat if the high end of the interval is below this."""
FEWEST = 5
"""Values that a slope needs; with fewer the interval is meaningless."""
EARLIER = 3
"""Earlier runs that a comparison needs."""
_NORMAL_95 = 1.96
_MAD_TO_DEVIATION = 1.4826
"""Turns the median absolute deviation into a standard deviation, for normally distributed values."""
_SPREADS, _SHARE = 3.0, 0.05
Growing = Literal["flat", "growing", "unclear"]
Compared = Literal["as usual", "worse", "better", "too few runs"]


@dataclass(frozen=True, slots=True)
class Slope:
    """A robust slope with its 95 % interval, in the values' unit per unit of their positions."""

    estimate: float
    low: float
    high: float
    values: int


@dataclass(frozen=True, slots=True)
class Usual:
    """Memory of earlier runs, in MB."""

    runs: int
    median_mb: float
    spread_mb: float
    limit_mb: float
    """A run above this is worse."""


def robust_slope(values: Sequence[float], positions: Sequence[float] | None = None) -> Slope | None:
    """The slope over the positions (default 0, 1, 2, …); None for fewer values than `FEWEST`."""
    where = list(positions) if positions is not None else [float(number) for number in range(len(values))]
    count = len(values)
    pairs = [(first, second) for first in range(count) for second in range(first + 1, count) if where[first] != where[second]]
    if count < FEWEST or not pairs:
        return None
    slopes = sorted((values[second] - values[first]) / (where[second] - where[first]) for first, second in pairs)
    reach = _NORMAL_95 * sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(round((len(slopes) - reach) / 2), 0)
    high = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
    return Slope(median(slopes), slopes[low], slopes[high], count)


def growth(slope: Slope | None) -> Growing:
    """The verdict on a slope in MB per genre or per day."""
    if slope is None:
        return "unclear"
    if slope.low > GROWS_FROM_MB:
        return "growing"
    return "flat" if slope.high < FLAT_BELOW_MB else "unclear"


def usual(earlier_mb: Sequence[float]) -> Usual | None:
    """The usual memory of comparable runs; None for fewer than `EARLIER`."""
    if len(earlier_mb) < EARLIER:
        return None
    middle = median(earlier_mb)
    spread = _MAD_TO_DEVIATION * median(abs(value - middle) for value in earlier_mb)
    return Usual(len(earlier_mb), middle, spread, middle + max(_SPREADS * spread, _SHARE * middle))


def compared(peak_mb: float, known: Usual | None) -> Compared:
    """The verdict on a run's peak."""
    if known is None:
        return "too few runs"
    if peak_mb > known.limit_mb:
        return "worse"
    return "better" if peak_mb < known.median_mb - (known.limit_mb - known.median_mb) else "as usual"


RULE_GROWTH = (
    f"Rule: the median slope between all pairs (Theil–Sen) with its interval of 95 %; growing when the whole interval is above "
    f"{GROWS_FROM_MB:g} MB, flat when it is below {FLAT_BELOW_MB:g} MB, otherwise unclear."
)
RULE_USUAL = (
    f"Rule: worse when the peak is above the median of earlier runs like it by more than {_SPREADS:g} times their spread "
    f"(median absolute deviation × {_MAD_TO_DEVIATION}) and {_SHARE:.0%} of the median."
)
