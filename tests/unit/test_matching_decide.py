"""The choice among several candidates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from beatporter.matching import decide, runners_up
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

ENTRY = ChartEntry(1, 1, "Beside", ("Marsh",), "Extended Mix", isrc="GBEWA2601711", length_ms=378_000)
EXTENDED = SpotifyTrack("extended", "Beside - Extended Mix", ("Marsh",), "Beside", "single", "GBEWA2601711", 378_000, True, "2026-05-01")
ORIGINAL = SpotifyTrack("original", "Beside", ("Marsh",), "Beside", "single", "GBEWA2601710", 300_000, True, "2026-05-01")
RADIO = SpotifyTrack("radio", "Beside - Radio Edit", ("Marsh",), "Beside", "single", "GBEWA2601712", 200_000, True, "2026-05-01")
REMIX = SpotifyTrack(
    "remix", "Beside - Nox Vahn Remix", ("Marsh", "Nox Vahn"), "Beside", "single", "GBEWA2601713", 378_000, True, "2026-05-01"
)


def choose(candidates: list[SpotifyTrack], *order: str) -> str | None:
    best = decide(ENTRY, candidates, order or ("own", "extended", "original", "radio")).best
    return best.track.track_id if best else None


def test_the_charts_own_cut_comes_first() -> None:
    assert choose([RADIO, REMIX, ORIGINAL, EXTENDED]) == "extended"


def test_then_the_cuts_in_the_persons_order() -> None:
    assert choose([RADIO, REMIX, ORIGINAL]) == "original"
    assert choose([RADIO, ORIGINAL, EXTENDED], "radio", "own") == "radio"
    assert choose([RADIO, ORIGINAL], "own", "radio", "original") == "radio"


def test_an_equal_isrc_is_the_charts_cut_even_if_its_name_does_not_say_so() -> None:
    unnamed = replace(EXTENDED, name="Beside")
    assert choose([replace(ORIGINAL, track_id="0"), unnamed], "extended", "own") == "extended"


def test_a_cut_that_the_order_leaves_out_is_never_taken() -> None:
    assert choose([RADIO, ORIGINAL], "own", "extended") is None


def test_no_candidate_is_no_decision() -> None:
    assert decide(ENTRY, []).best is None
    assert choose([REMIX]) is None


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (EXTENDED, replace(EXTENDED, track_id="0", album_type="compilation")),
        (EXTENDED, replace(EXTENDED, track_id="0", album_type="album")),
        (EXTENDED, replace(EXTENDED, track_id="0", is_playable=False)),
        (replace(EXTENDED, album_type="compilation"), replace(EXTENDED, track_id="0", is_playable=False)),
        (replace(EXTENDED, album_type="compilation"), replace(EXTENDED, track_id="0", isrc="XX1234567890")),
        (EXTENDED, replace(EXTENDED, track_id="0", name="Beside (Remastered) - Extended Mix")),
        (EXTENDED, replace(EXTENDED, track_id="0", duration_ms=383_000)),
        (EXTENDED, replace(EXTENDED, track_id="0", release_date="2026-06-01")),
        (EXTENDED, replace(EXTENDED, track_id="zzzzzzzz")),
    ],
)
def test_among_several_right_ones(better: SpotifyTrack, worse: SpotifyTrack) -> None:
    assert choose([worse, better]) == choose([better, worse]) == better.track_id


def test_an_unplayable_own_cut_comes_before_a_substitute() -> None:
    """A greyed-out right track may become playable again; a wrong cut stays wrong."""
    assert choose([replace(EXTENDED, is_playable=False), RADIO]) == "extended"


def test_without_a_length_the_long_one_is_taken() -> None:
    entry = replace(ENTRY, mix_name="Original Mix", isrc=None, length_ms=None)
    long, short = (
        replace(ORIGINAL, track_id="z", isrc=None, duration_ms=400_000),
        replace(ORIGINAL, track_id="a", isrc=None, duration_ms=200_000),
    )
    best = decide(entry, [short, long]).best
    assert best is not None
    assert best.track is long


def test_runners_up_say_why_they_were_not_taken() -> None:
    others = runners_up(decide(ENTRY, [RADIO, REMIX, ORIGINAL, EXTENDED, replace(REMIX, track_id="other", artists=("Nobody",))]))
    assert [other.track_id for other in others][:2] == ["original", "radio"]
    assert len(others) == 3
    assert "another version" in others[2].why


def test_the_same_id_twice_is_one_candidate() -> None:
    assert len(decide(ENTRY, [EXTENDED, EXTENDED]).others) == 0
