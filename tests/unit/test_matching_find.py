"""The queries to the search, what is kept of the answer, and the time of the next try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from beatporter.errors import RateLimited
from beatporter.matching import RULES, Match, field_query, find_track, is_due, isrc_query, plain_query, weights
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

NOW = datetime(2026, 11, 2, 6, 0, 0, 123456, tzinfo=UTC)
ENTRY = ChartEntry(1, 7, "Return to Oz", ("Monolink",), "ARTBAT Remix", isrc="DETO31900005", length_ms=480_000)
TRACK = SpotifyTrack("right", "Return to Oz - ARTBAT Remix", ("Monolink", "ARTBAT"), "Return to Oz", "single", "DETO31900005", 480_000)


class Search:
    """Answers queries from a table and remembers them."""

    def __init__(self, **answers: Sequence[SpotifyTrack]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, query: str) -> Sequence[SpotifyTrack]:
        self.asked.append(query)
        kind = "isrc" if query.startswith("isrc:") else "field" if "track:" in query else "plain"
        return self.answers.get(kind, ())


def miss(misses: int = 1, rules: str = RULES) -> Match:
    return Match(7, None, None, "search", 0.0, None, rules, NOW, NOW + timedelta(days=2), misses=misses)


@pytest.mark.parametrize(
    ("name", "mix_name", "artists", "query"),
    [
        ("Return to Oz", "ARTBAT Remix", ("Monolink",), "artbat track:Return to Oz artist:Monolink"),
        ("Beside", "Extended Mix", ("Marsh",), "track:Beside artist:Marsh"),
        ("Get On My Level", "Dub", ("Sasha", "Franky Wah"), "dub track:Get On My Level artist:Sasha"),
        ("Like A Child feat. Marlo Rex", "Extended Mix", ("Armin van Buuren",), "track:Like A Child artist:Armin van Buuren"),
        ("Feel My Needs", "Original Mix", ("Weiss (UK)",), "track:Feel My Needs artist:Weiss"),
        (
            "Do It Again",
            "Massano Extended Remix",
            ("Massano", "The Chemical Brothers"),
            "massano track:Do It Again artist:The Chemical Brothers",
        ),
        ("Dreams", None, ("Prok x Fitch",), "track:Dreams artist:Prok"),
        ('Say "artist:Nobody"', None, ("A",), "track:Say artist Nobody artist:A"),
        ("Hidden (feat. Vey (UK))", "Original Mix", ("Zo",), "track:Hidden artist:Zo"),
    ],
)
def test_the_field_query(name: str, mix_name: str | None, artists: tuple[str, ...], query: str) -> None:
    assert field_query(ChartEntry(1, 1, name, artists, mix_name)) == query


def test_an_equal_isrc_in_the_answer_to_the_name_costs_one_search() -> None:
    search = Search(field=[TRACK])
    match = find_track(ENTRY, search, now=NOW)
    assert search.asked == [field_query(ENTRY)]
    assert (match.track_id, match.method, match.version, match.score, match.retry_at) == ("right", "isrc", "same", 100.0, None)
    assert match.decided_at == NOW.replace(microsecond=0)
    assert match.rules == RULES


def test_what_the_name_leaves_open_is_asked_by_isrc() -> None:
    search = Search(isrc=[TRACK])
    match = find_track(ENTRY, search, now=NOW)
    assert search.asked == [field_query(ENTRY), "isrc:DETO31900005"]
    assert isrc_query(ENTRY) == "isrc:DETO31900005"
    assert (match.track_id, match.method) == ("right", "isrc")


SHORT = replace(TRACK, track_id="short", isrc="XX1234567890", duration_ms=200_000)
NOISE = [SpotifyTrack(f"noise {number}", "Swallow", ("Monolink",), duration_ms=200_000) for number in range(9)]


@pytest.mark.parametrize(
    ("answer", "searches"),
    [
        ([replace(TRACK, isrc=None)], 1),  # a clear same
        ([replace(TRACK, isrc="XX1234567890")], 1),
        ([SHORT], 1),  # the answer is not full, so there is no other cut of that name
        ([SHORT, *NOISE], 1),  # it continues with other names
        ([replace(SHORT, track_id=str(number)) for number in range(10)], 2),
        ([replace(SHORT, artists=("Monolink", "ARTBAT", "One", "Two"))], 2),  # in doubt
        ([replace(TRACK, isrc=None, duration_ms=None)], 2),
        ([replace(TRACK, isrc=None, name="Retorn to Oz - ARTBAT Remix")], 2),  # a same in doubt
        ([replace(TRACK, is_playable=False)], 2),
        ([], 2),
    ],
)
def test_when_the_name_alone_settles_it(answer: list[SpotifyTrack], searches: int) -> None:
    search = Search(field=answer)
    find_track(ENTRY, search, now=NOW)
    assert len(search.asked) == searches


def test_an_isrc_that_belongs_to_another_version_is_named_without_a_call() -> None:
    other = replace(TRACK, track_id="other", name="Return to Oz - Massano Remix", artists=("Monolink", "Massano"), duration_ms=300_000)
    search = Search(field=[other, replace(TRACK, isrc="DETO31900006")])
    match = find_track(ENTRY, search, now=NOW)
    assert (match.track_id, search.asked) == ("right", [field_query(ENTRY)])
    assert "the chart's ISRC belongs to “Return to Oz - Massano Remix”, which is another version" in match.reasons
    assert "ISRC differs in one character" in match.reasons


def test_an_isrc_that_the_answer_leaves_out_is_the_one_that_was_asked_for() -> None:
    match = find_track(ENTRY, Search(isrc=[replace(TRACK, isrc=None)]), now=NOW)
    assert (match.track_isrc, match.method, match.version) == ("DETO31900005", "isrc", "same")


def test_a_wrong_isrc_hit_is_not_believed() -> None:
    wrong = SpotifyTrack("wrong", "Swallow", ("Somebody",), isrc="DETO31900005", duration_ms=480_000)
    search = Search(isrc=[wrong], field=[replace(TRACK, isrc="XX1234567890", duration_ms=None)])
    match = find_track(ENTRY, search, now=NOW)
    assert search.asked == [field_query(ENTRY), "isrc:DETO31900005"]
    assert (match.track_id, match.method) == ("right", "search")


def test_a_substitute_by_isrc_does_not_end_the_search() -> None:
    short = replace(TRACK, track_id="short", duration_ms=200_000)
    match = find_track(ENTRY, Search(isrc=[short], field=[TRACK]), now=NOW)
    assert (match.track_id, match.version) == ("right", "same")
    alone = find_track(ENTRY, Search(isrc=[short]), now=NOW)
    assert (alone.track_id, alone.version) == ("short", "substitute")


def test_an_unplayable_hit_does_not_end_the_search() -> None:
    match = find_track(ENTRY, Search(isrc=[replace(TRACK, is_playable=False)], field=[replace(TRACK, track_id="plays")]), now=NOW)
    assert match.track_id == "plays"


def test_without_an_isrc_there_are_two_questions() -> None:
    entry = replace(ENTRY, isrc=None)
    search = Search(plain=[TRACK])
    assert find_track(entry, search, now=NOW).track_id == "right"
    assert search.asked == [field_query(entry), plain_query(entry)]


def test_a_person_who_wants_another_cut_first_gets_it() -> None:
    entry = ChartEntry(1, 7, "Beside", ("Marsh",), "Extended Mix", isrc="GBEWA2601711", length_ms=378_000)
    own = SpotifyTrack("own", "Beside - Extended Mix", ("Marsh",), isrc="GBEWA2601711", duration_ms=378_000)
    radio = SpotifyTrack("radio", "Beside - Radio Edit", ("Marsh",), isrc="GBEWA2601712", duration_ms=200_000)
    search = Search(isrc=[own], field=[own, radio])
    assert find_track(entry, search, version_order=("radio", "own"), now=NOW).track_id == "radio"
    assert find_track(entry, search, version_order=("own", "radio"), now=NOW).track_id == "own"


def test_a_failed_search_is_never_a_miss() -> None:
    def fail(query: str) -> Sequence[SpotifyTrack]:
        raise RateLimited("Spotify asked to wait.")

    with pytest.raises(RateLimited):
        find_track(ENTRY, fail, now=NOW)


def test_a_search_that_fails_halfway_decides_nothing() -> None:
    def fail(query: str) -> Sequence[SpotifyTrack]:
        if query.startswith("isrc:"):
            return ()
        raise RateLimited("Spotify asked to wait.")

    with pytest.raises(RateLimited):
        find_track(ENTRY, fail, now=NOW)


def test_misses_are_tried_again_after_growing_intervals() -> None:
    match, waits = find_track(ENTRY, Search(), now=NOW), []
    for _ in range(len(weights.RETRY_DAYS) + 2):
        assert match.retry_at is not None
        waits.append((match.retry_at - match.decided_at).days)
        match = find_track(ENTRY, Search(), now=NOW, previous=match)
    assert waits[: len(weights.RETRY_DAYS)] == sorted(set(waits))
    assert waits[-1] == waits[-2] == weights.RETRY_DAYS[-1]
    assert match.misses == len(weights.RETRY_DAYS) + 3


def test_a_second_try_asks_in_another_way() -> None:
    first, second, third = Search(), Search(), Search()
    find_track(ENTRY, first, now=NOW)
    find_track(ENTRY, second, now=NOW, previous=miss(1))
    find_track(ENTRY, third, now=NOW, previous=miss(2))
    assert first.asked == third.asked == [field_query(ENTRY), "isrc:DETO31900005"]
    assert second.asked == [plain_query(ENTRY), "isrc:DETO31900005"]


def test_what_was_decided_before_a_miss_counts_only_if_it_was_one() -> None:
    hit = replace(miss(0), track_id="x", retry_at=None)
    assert find_track(ENTRY, Search(), now=NOW, previous=hit).misses == 1
    assert find_track(ENTRY, Search(), now=NOW, previous=replace(miss(0), method="forgotten")).misses == 1


def test_a_miss_keeps_the_candidates_for_a_person() -> None:
    remix = replace(TRACK, track_id="remix", name="Return to Oz - Massano Remix")
    match = find_track(ENTRY, Search(field=[remix]), now=NOW)
    assert match.track_id is None
    assert [other.track_id for other in match.runners_up] == ["remix"]
    assert "Massano" in match.runners_up[0].why


@pytest.mark.parametrize(
    ("match", "rules", "now", "due"),
    [
        (miss(), RULES, NOW, False),
        (miss(), RULES, NOW + timedelta(days=2), True),
        (miss(), RULES, NOW + timedelta(days=2, hours=-2), True),
        (miss(), RULES, NOW + timedelta(days=2, hours=-2, seconds=-1), False),
        (miss(), "other", NOW, True),
        (replace(miss(), track_id="x", retry_at=None), "other", NOW + timedelta(days=999), False),
        (replace(miss(), method="person", retry_at=None), "other", NOW + timedelta(days=999), False),
        (replace(miss(), method="person", track_id="x", retry_at=None), "other", NOW, False),
        (replace(miss(), method="forgotten", retry_at=None), RULES, NOW, True),
        (replace(miss(), method="forgotten", track_id="x", retry_at=None), RULES, NOW, True),
    ],
)
def test_what_is_due(match: Match, rules: str, now: datetime, due: bool) -> None:
    assert is_due(match, rules, now) is due
