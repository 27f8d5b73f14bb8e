"""Decisions in plain words, and which of them a person sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from beatporter.matching import Match, RunnerUp, confidence, explain, find_track, is_doubtful
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
ENTRY = ChartEntry(1, 7, "Beside", ("Marsh",), "Extended Mix", isrc="GBEWA2601711", length_ms=378_000)
RADIO = SpotifyTrack("radio", "Beside - Radio Edit", ("Marsh",), isrc="GBEWA2601712", duration_ms=200_000)


def find(*tracks: SpotifyTrack, entry: ChartEntry = ENTRY) -> Match:
    return find_track(
        entry, lambda query: [track for track in tracks if not query.startswith("isrc:") or track.isrc == entry.isrc], now=NOW
    )


def test_a_hit_says_what_agrees() -> None:
    match = find(replace(RADIO, name="Beside (Extended Mix)", isrc=ENTRY.isrc, duration_ms=378_400))
    assert explain(match) == "ISRC agrees; length agrees"
    assert confidence(match) == "sure"


def test_a_substitute_says_what_it_stands_for() -> None:
    assert explain(find(RADIO)) == (
        "found by title and artist; substitute: radio edit instead of the extended mix, 2:58 shorter; ISRC differs (-2); another cut (-4)"
    )


def test_a_miss_says_what_came_closest_and_when_it_is_tried_again() -> None:
    match = find(replace(RADIO, name="Beside - Nox Vahn Remix"))
    assert explain(match) == (
        "not on Spotify: 1 candidate, none right; closest: “Beside - Nox Vahn Remix” by Marsh: "
        "another version: “Nox Vahn Remix” instead of “Extended Mix”; tried again from 2026-11-04"
    )
    assert explain(find()) == "not on Spotify: Spotify found nothing; tried again from 2026-11-04"


def test_a_persons_word_is_named_and_sure() -> None:
    chosen = replace(find(RADIO), method="person")
    never = replace(chosen, track_id=None, reasons=())
    assert explain(chosen).startswith("chosen by a person")
    assert explain(never) == "ruled out by a person"
    assert confidence(chosen) == confidence(never) == "sure"
    assert explain(replace(chosen, method="forgotten")) == "forgotten: the next run decides again"


def test_a_person_is_shown_what_is_doubtful() -> None:
    low = replace(find(RADIO), score=80.0)
    close = replace(find(), runners_up=(RunnerUp("x", "Beside", ("Marsh",), 92.0, "another cut by other artists"),))
    far = replace(find(), runners_up=(RunnerUp("x", "Other", ("Somebody",), 40.0, "another title"),))
    assert is_doubtful(find(replace(RADIO, name="Beside - Dub Mix"))), "every miss that has a candidate of its title"
    other = find(replace(RADIO, name="Other", artists=("Somebody",)))
    assert other.runners_up
    assert not is_doubtful(other), "neither title nor artist is the entry's"
    assert is_doubtful(low)
    assert is_doubtful(close)
    assert not is_doubtful(far)
    assert not is_doubtful(find(RADIO))
    assert not is_doubtful(find())
