"""The figures of matching and the version of the rules: data, no logic.

Points are taken from 100. They were set from what each difference means, and checked (not fitted) with `make bench-matching`.
"""

from __future__ import annotations

from typing import Final

RULES: Final = "2026-11-3"
"""Version of the rules. Old misses are tried again under a new one, hits stay."""

ACCEPT: Final = 70.0
"""A candidate with fewer points is not taken."""
DOUBT: Final = 86.0
"""A decision with fewer points is shown to the person by `match review`."""

LENGTH_AGREES_MS: Final = 3_000
"""One recording on two services or releases: equal ISRCs in the real crowd lie at most 2.0 s apart."""
LENGTH_EQUAL_MS: Final = 1_000
"""What speaks for a track whose title or names are not quite the entry's and whose ISRC is not known to be equal; real pairs of
equal ISRC have equal lengths to the millisecond."""
LENGTH_NEAR_MS: Final = 10_000
"""Further apart it is another cut, whatever the words say. In between only an equal ISRC makes it the same."""
CUT_RATIO_MIN: Final = 0.3
CUT_RATIO_MAX: Final = 1 / CUT_RATIO_MIN
"""Shortest radio edit by its extended mix. Real ones: 0.36 ("Adagio For Strings"), 0.37 ("My Paradise")."""
CUT_SLACK: Final = 1.1
"""A cut that calls itself shorter may be longer by this much."""

LENGTH_IDENTICAL_MS: Final = 20
"""One master: what speaks for a track whose ISRC is another."""

LINE_UP_MIN: Final = 0.6
"""Share of the main artists that another cut has to name; the same recording under an equal length or ISRC may name fewer."""
LINE_UP_OF_CUT_MIN: Final = 0.5
"""The same where something else ties the cuts together: the same named remixer, or ISRCs of one batch."""
ISRC_BATCH: Final = 30
"""ISRCs of one label and year whose numbers lie this close were mostly given to one release."""

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
"""How often a person says yes to a candidate, by what rules it out: estimates, which only put `match review` in order. Several multiply;
an equal length or ISRC takes the square root."""
YES_SHOWN: Final = 0.01
"""A miss whose nearest candidate is less probable is not shown: neither its title nor its artist is the entry's."""

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
"""Points by the name of the difference. "artist missing" is for all of them, "artist added" for each, up to three."""

RETRY_DAYS: Final = (2, 5, 14, 30, 60)
"""Days from a miss to the next try, by how many misses in a row; the last stands for all that follow.
Beatport's exclusives reach the streaming services two to four weeks later, so the first tries fall into that time."""

RUNNERS_UP: Final = 3
