"""How often each quirk of real life occurs in the invented catalogue. All such figures are here.

Counted figures come from the two stored Top 100s (house, October 2023; melodic house & techno, May 2026) and the stored
pairs; where nothing was counted the figure is an estimate and is marked as one.
"""

from __future__ import annotations

from typing import Final

# --- what a chart row is -----------------------------------------------------------------------------------------

CHART_VERSIONS: Final[dict[str, float]] = {
    # Counted over 200 rows: 78 Original Mix, 79 some Extended without a remixer, 36 by a remixer (16 of them without the word
    # Remix: Rework, "<name> Extended Mix"), the rest odd.
    "original": 0.385,
    "extended": 0.395,
    "remix": 0.155,
    "dub": 0.008,
    "instrumental": 0.008,
    "club": 0.012,
    "vip": 0.007,
    "acapella": 0.002,
    "live": 0.003,
    "odd": 0.025,
}
EXTENDED_WORDS: Final[dict[str, float]] = {"Extended Mix": 0.84, "Extended": 0.13, "Extended Version": 0.03}
REMIX_WORDS: Final[dict[str, float]] = {"Remix": 0.86, "Rework": 0.07, "Edit": 0.04, "Mix": 0.03}
REMIX_IS_EXTENDED: Final = 0.6
"""Counted: 10 of 15 in May 2026."""
SECOND_REMIXER: Final = 0.13
"""Counted: "Adam Beyer & Massano Remix", "Rampa &ME Remix", … 4 of 31."""
REMIXER_ONLY_IN_MIX: Final = 0.4
"""`remixers` empty though mix_name names one. Counted: 5 of 15 in May 2026, 0 of 10 in 2023; the facts page says 5 beside 11 filled."""
REMIXER_AMONG_ARTISTS: Final = 0.2
"""Beatport also lists the remixer among the artists. Counted: 5 of 30."""
SHARES_SONG: Final = 0.45
"""A dub, instrumental or remix whose original is, or was, in the same chart. Estimate."""
ARTIST_COUNTS: Final[dict[int, float]] = {1: 0.52, 2: 0.32, 3: 0.14, 4: 0.02}
"""Counted: 104, 63 and 28 of 200 with one, two and three, 5 with more."""
FEATURED: Final = 0.07
"""Counted: 11 of 200 rows have feat. in the title."""
WITH_IN_TITLE: Final = 0.015
"""Counted: "(with …)" in 3 of 200."""
CLASSIC: Final = 0.08
"""Published years before it charts. Counted: 9 of 100 in May 2026 are older than a year."""

# --- Beatport's side ---------------------------------------------------------------------------------------------

TRAILING_BLANK: Final = 0.07
"""Counted: 14 of 100 in 2026, 0 of 100 in 2023."""
ARTIST_SUFFIX: Final = 0.06
"""Artists with "(UK)", "(BE)", "(ofc)" on Beatport only. Counted: 13 of 325 credits."""
FEAT_TWICE: Final = 0.12
"""Of featured titles: "Only Now (feat. A) feat. A" as in the stored pairs."""
FEAT_ON_BEATPORT: Final[dict[str, float]] = {"both": 0.55, "title": 0.2, "artist": 0.25}
"""Where a guest is named: in title, artists or both. Counted: 8 of the 11 in titles are artists too; the last is an estimate."""
FEAT_AS_MIX: Final = 0.1
"""Of featured originals: mix_name is "feat. <guest>". Counted: 2 of 11."""
EXCLUSIVE: Final = 0.165
"""Counted: 33 of 200."""
JOINED_ARTISTS: Final = 0.03
"""Two artists as one on Beatport ("A & B", "A x B", "A vs B", "A pres. B"), two on Spotify. Counted: 5 of 325 credits."""
VERSION_IN_NAME: Final = 0.01
"""mix_name is null and the name says "Title (A Remix)", as some stored rows do."""
WRONG_ISRC: Final = 0.01
"""The ISRC is another recording's. Estimate; the facts say "sometimes"."""
NULL_ISRC: Final = 0.02
NULL_BPM: Final = 0.02
NULL_KEY: Final = 0.03
NULL_PUBLISH_DATE: Final = 0.005
NULL_LENGTH: Final = 0.01
NULL_CATALOG_NUMBER: Final = 0.01
NULL_IMAGE: Final = 0.01
"""The nulls were reported, not counted; these are estimates."""
LENGTH_IN_SECONDS: Final = 0.2
"""length_ms is a whole number of seconds. Counted: 25 of 200."""

# --- names -------------------------------------------------------------------------------------------------------

ARTIST_DIACRITICS: Final = 0.05
ARTIST_CASE_DIFFERS: Final = 0.03
ARTIST_NON_LATIN: Final = 0.012
TITLE_NON_LATIN: Final = 0.01
TITLE_APOSTROPHE: Final = 0.08
TITLE_VERSION_WORD: Final = 0.015
"""The title itself has a word that usually names a version: "Radio Harbour", "Live Signal". Estimate."""
TITLE_SHOUTED: Final = 0.05
"""Counted: MANTRA, SHHH, EVERYTHING IN ITS RIGHT PLACE and a few more of 100."""

# --- Spotify's side ----------------------------------------------------------------------------------------------

NOT_ON_SPOTIFY: Final = 0.05
LATE_ON_SPOTIFY: Final = 0.012
"""Arrives on Spotify 2 to 12 days after it charts. Estimate; counts as absent until then."""
EXTENDED_ON_SPOTIFY: Final[dict[str, float]] = {"both": 0.56, "radio": 0.34, "extended": 0.1}
"""Of recordings with an extended and a radio cut: which ones exist. Estimate; djsupport found 5 % more by dropping "(Extended)"."""
ORIGINAL_ON_SPOTIFY: Final[dict[str, float]] = {"original": 0.84, "both": 0.1, "radio": 0.06}
"""Of recordings whose charted cut is the original. Estimate."""
EDITIONS: Final[dict[int, float]] = {1: 0.58, 2: 0.27, 3: 0.1, 4: 0.05}
"""Spotify tracks that carry one cut's ISRC: single, album, compilations. Counted in the pairs: 5 of 23 are on two."""
UNPLAYABLE_DUPLICATE: Final = 0.04
FEAT_IN_SPOTIFY_TITLE: Final = 0.75
FEAT_SPOTIFY_ARTIST: Final = 0.9
REMIXER_ON_SPOTIFY: Final = 0.85
"""Remixer credited as artist. Counted in the pairs: 4 of 4; estimate lower since some labels do not."""
BRACKETS_ON_SPOTIFY: Final = 0.12
""" "(A Remix)" instead of " - A Remix". Counted in the stored crowd: 288 against 2,606."""
ORIGINAL_MIX_SAID: Final = 0.1
"""Spotify says "Title - Original Mix". Counted in the pairs: 2 of 23."""
EXTENDED_UNSAID: Final = 0.05
"""Spotify gives the extended cut the bare title. Estimate."""
ORIGINAL_WORDS: Final[dict[str, float]] = {"Original Mix": 0.7, "Original": 0.2, "Original Version": 0.1}
"""Counted in the stored crowd: "- Original mix" in 15, "- Original" in 43 of 32,213, as a shared ending of other names too."""
RADIO_SAID: Final = 0.35
"""Spotify names the short cut; otherwise it has the bare title. Estimate."""
RADIO_WORDS: Final[dict[str, float]] = {"Radio Edit": 0.82, "Edit": 0.08, "Radio Mix": 0.05, "Radio Version": 0.05}
ARTISTS_REORDERED: Final = 0.12
"""Counted in the pairs: 4 of 12 with more than one artist."""
ARTISTS_TRUNCATED: Final = 0.02
DIACRITICS_STRIPPED: Final = 0.3
"""Of names with diacritics: one side writes them without."""
TITLE_CASE_DIFFERS: Final = 0.05
TITLE_PUNCTUATION_DIFFERS: Final = 0.05
TYPOGRAPHIC_APOSTROPHE: Final = 0.4
"""Of titles with an apostrophe. Counted in the pairs: 2 of 8."""

# --- what else is in Spotify's catalogue, as expected tracks per recording (below 1: chance) -------------------

DISTRACTORS: Final[dict[str, float]] = {
    "other_track": 0.9,
    "other_remix": 0.4,
    "same_title": 0.25,
    "mixed": 0.12,
    "instrumental": 0.08,
    "sped_up": 0.06,
    "slowed": 0.05,
    "live": 0.06,
    "karaoke": 0.05,
    "tribute": 0.02,
    "cover": 0.04,
    "acapella": 0.03,
    "vip": 0.04,
    "dub": 0.03,
    "edit": 0.06,
    "acoustic": 0.03,
    "near_title": 0.05,
    "named_mix": 0.04,
    "intro": 0.02,
    "remixer_other": 0.1,
}
MIXED_UNSAID: Final = 0.08
"""Of DJ-mix cuts: named only by the show, "Title (NVR 312)". Counted in the stored crowd: about 80 beside 249 "Mixed"."""
ORIGINAL_OF_A_REMIX: Final = 0.75
"""The original is on Spotify beside a charted remix, dub or instrumental."""

# --- days --------------------------------------------------------------------------------------------------------

NEW_ENTRIES: Final[tuple[float, ...]] = (10.0, 7.6, 8.3, 9.4, 20.5, 14.0, 9.5)
"""Mean number of new entries of a genre's chart compared with the day before, Monday first. Four in a row were counted (7.6, 8.3, 9.4,
20.5); the other three are estimates between them."""
GENRE_SPREAD: Final = 0.2
"""A genre's pace relative to the mean, uniformly plus or minus."""
RETURNS: Final = 0.07
"""Of new entries: was in the chart within the last ten days. Estimate."""
GUESTS: Final = 0.034
"""Of new entries: is in the neighbour genre's chart too; gives the counted 3 % of tracks in two charts."""
