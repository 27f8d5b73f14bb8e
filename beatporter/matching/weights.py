"""The weights of matching and the version of the rules: data, no logic.

Penalties are subtracted from 100. They follow from what each difference means; `make bench-matching` checks them (no fitting).
"""

from __future__ import annotations

from typing import Final

RULES: Final = "2026-11-3"
"""Version of the rules. A new version tries old misses again and keeps hits."""

ACCEPT: Final = 70.0
"""A candidate with fewer points is not taken."""
DOUBT: Final = 86.0
"""`match review` shows a decision with fewer points to the person."""

LENGTH_AGREES_MS: Final = 3_000
"""One recording on two services or releases: equal ISRCs in the real crowd lie at most 2.0 s apart."""
LENGTH_EQUAL_MS: Final = 1_000
"""Lengths this close support a track whose title or names differ slightly and whose ISRC is not known to be equal; real pairs of
equal ISRC have equal lengths to the millisecond."""
LENGTH_NEAR_MS: Final = 10_000
"""Further apart they are different cuts, whatever the words say. In between only an equal ISRC makes them the same."""
CUT_RATIO_MIN: Final = 0.3
CUT_RATIO_MAX: Final = 1 / CUT_RATIO_MIN
"""Length of the shortest radio edit as a share of its extended mix. Real ones: 0.36 ("Adagio For Strings"), 0.37 ("My Paradise")."""
CUT_SLACK: Final = 1.1
"""A cut that is named as the shorter may be longer by this much."""

LENGTH_IDENTICAL_MS: Final = 20
"""Lengths this close suggest one master, and support a track with a different ISRC."""

LINE_UP_MIN: Final = 0.6
"""Share of the main artists that another cut must name; the same recording (equal length or ISRC) may name fewer."""
LINE_UP_OF_CUT_MIN: Final = 0.5
"""The same if something else connects the cuts: the same named remixer, or ISRCs of one batch."""
ISRC_BATCH: Final = 30
"""ISRCs of one label and year with numbers this close mostly belong to one release."""

YES: Final[dict[str, float]] = {
    "another title": 0.1,
    "a title with no word in common": 0.02,
    "title not quite": 0.5,
    "bracket": 0.4,
    "another artist": 0.1,
    "no artist in common": 0.02,
    "artist not quite": 0.4,
    "another line-up": 0.4,
    "other words": 0.4,
    "another version": 0.03,
    "version on one side": 0.2,
    "piece of a DJ mix": 0.05,
    "impossible length": 0.2,
    "too few points": 0.3,
}
"""How often a person accepts a rejected candidate, by reason: estimates, which only sort `match review`. Several reasons multiply;
an equal length or ISRC takes the square root."""
YES_SHOWN: Final = 0.01
"""A miss with a less probable nearest candidate is not shown: neither its title nor its artist is the entry's."""

PENALTY: Final[dict[str, float]] = {
    "title spelled differently": 6.0,
    "title has other small words": 1.0,
    "subtitle missing": 6.0,
    "another title": 20.0,
    "artist spelled differently": 6.0,
    "another guest": 8.0,
    "artist missing": 12.0,
    "artist added": 2.0,
    "first artist unknown": 6.0,
    "only the remixer in common": 16.0,
    "no artist in common": 20.0,
    "artist not named": 8.0,
    "remixer named differently": 6.0,
    "version not named": 12.0,
    "another version": 35.0,
    "piece of a DJ mix": 35.0,
    "version named in other words": 16.0,
    "club mix for original": 15.0,
    "another cut": 4.0,
    "cut named otherwise": 15.0,
    "line-up of another cut": 10.0,
    "cut not named": 1.0,
    "length a little different": 4.0,
    "length unlike the named cut": 8.0,
    "ISRC differs": 2.0,
    "no ISRC behind it": 9.0,
    "remaster": 2.0,
    "other edition": 1.0,
}
"""Points by difference. "artist missing" counts once for all of them, "artist added" for each, up to three."""

RETRY_DAYS: Final = (2, 5, 14, 30, 60)
"""Days from a miss to the next try, by the number of misses in a row; the last is repeated.
Beatport's exclusives reach the streaming services two to four weeks later, so the first tries fall into that time."""
RETRY_EARLY_HOURS: Final = 2
"""A try may come this much early: otherwise a run that is minutes earlier in the day than the last one would leave it to the next day."""

RUNNERS_UP: Final = 3
