"""The stand-in's search: what it finds, what it does not, and that its order differs from ours."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.records.track import SpotifyTrack
from sandbox.spotify.models import base62_id
from sandbox.spotify.query import parse_query
from sandbox.spotify.search import SearchIndex
from sandbox.spotify.text import fold, words

CROWD = Path(__file__).parents[2] / ".." / "shared" / "real" / "spotify-tracks-edm.jsonl"


def track(name: str, *artists: str, album: str | None = None, isrc: str | None = None, date: str | None = None) -> SpotifyTrack:
    track_id = base62_id(name, *artists, album or "")
    return SpotifyTrack(track_id, name, artists, album=album, isrc=isrc, duration_ms=200_000, release_date=date)


TRACKS = [
    track("Ropes", "Dirty Palm", "Chandler Jewels", album="Ropes", isrc="GB2LD2110301", date="2021-03-05"),
    track("Ropes", "Dirty Palm", "Chandler Jewels", album="Best of 2021", isrc="GB2LD2110301", date="2021-12-01"),
    track("Ropes - Kölsch Remix", "Dirty Palm", "Kölsch", album="Ropes (Remixes)", isrc="GB2LD2110399", date="2022-01-14"),
    track("Dirty Palm Angels", "Morlandpurp", album="Back Door City"),
    track("Testify", "Rage Parade"),
    track("Don't Wanna Let Go", "Taiki Nulight"),
    track("Signal", "D.O.D"),
    track("Ночь", "Север"),
    track('The "Quoted" One (Live)', "AC/DC-ish"),
]


def make_index(
    tracks: list[SpotifyTrack] = TRACKS, *, lenient_rate: float = 0, noise_rate: float = 0, isrc_miss_rate: float = 0
) -> SearchIndex:
    return SearchIndex(tracks, seed=1, lenient_rate=lenient_rate, noise_rate=noise_rate, isrc_miss_rate=isrc_miss_rate)


def names(index: SearchIndex, query: str) -> set[str]:
    return {found.name for found in index.search(query).tracks}


def test_an_isrc_finds_every_track_that_carries_it() -> None:
    index = make_index()
    for query in ("isrc:GB2LD2110301", "isrc:gb2ld2110301", 'isrc:"GB-2LD-21-10301"', "isrc: GB2LD2110301"):
        page = index.search(query)
        assert (page.total, {found.album for found in page.tracks}) == (2, {"Ropes", "Best of 2021"}), query


def test_two_isrcs_joined_by_or_find_nothing() -> None:
    assert make_index().search("isrc:GB2LD2110301 OR isrc:GB2LD2110399").total == 0


def test_some_isrcs_are_never_found_and_always_the_same_ones() -> None:
    many = [track(f"Song {number}", "Somebody", isrc=f"GBAAA26{number:05}") for number in range(2000)]
    lost = [
        {one.isrc for one in many if not index.search(f"isrc:{one.isrc}").tracks} for index in [make_index(many, isrc_miss_rate=0.05)] * 2
    ]
    assert lost[0] == lost[1]
    assert 60 <= len(lost[0]) <= 140, f"{len(lost[0])} of 2,000 were lost at a rate of 5 %"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('track:"Ropes" artist:"Dirty Palm"', {"Ropes", "Ropes - Kölsch Remix"}),
        ("track:Ropes artist:Kolsch", {"Ropes - Kölsch Remix"}),
        ("artist:Dirty Palm track:Ropes Remix", {"Ropes - Kölsch Remix"}),
        ('track:"Ropes Remix"', set()),
        ("track:Ropes artist:Morlandpurp", set()),
        ("track:Ropes year:2021", {"Ropes"}),
        ("track:Ropes year:2022-2024", {"Ropes - Kölsch Remix"}),
        ("track:Ropes album:remixes", {"Ropes - Kölsch Remix"}),
        ("remix artist:Dirty Palm", {"Ropes - Kölsch Remix"}),
        ('artist:"Dirty Palm" remix', {"Ropes - Kölsch Remix"}),
        ("track:dont wanna", {"Don't Wanna Let Go"}),
        ("track:Don’t Wanna Let Go", {"Don't Wanna Let Go"}),
        ("artist:D.O.D", {"Signal"}),
        ("artist:DOD", {"Signal"}),
        ("track:ночь artist:СЕВЕР", {"Ночь"}),
        ("genre:techno track:Ropes", set()),
    ],
)
def test_filters_restrict(query: str, expected: set[str]) -> None:
    assert names(make_index(), query) == expected


@pytest.mark.parametrize(
    "query", ["Dirty Palm - Ropes", "dirty palm (ropes", 'ropes "dirty palm', "-ropes dirty palm!", "ROPES & Dirty Palm"]
)
def test_punctuation_is_harmless(query: str) -> None:
    assert names(make_index(), query) == {"Ropes", "Ropes - Kölsch Remix"}


@pytest.mark.parametrize("query", ['"', "()", "track:", 'track:""', "isrc:", "   ", "-", "artist:- track:&"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    assert make_index().search(query).total == 0


def test_the_last_word_matches_as_a_beginning_and_typing_errors_do_not() -> None:
    index = make_index()
    assert names(index, "test") == {"Testify"}
    assert names(index, "Dirty Palmm Ropes") == set()


def test_a_word_that_the_title_lacks_costs_the_hit_unless_the_search_is_lenient() -> None:
    query = "Dirty Palm Ropes Extended"
    assert names(make_index(), query) == set()
    assert names(make_index(lenient_rate=1), query) == {"Ropes", "Ropes - Kölsch Remix"}


def test_noise_comes_after_what_was_asked_for() -> None:
    found = [one.name for one in make_index(noise_rate=1).search("Dirty Palm - Ropes").tracks]
    assert found[-1] == "Dirty Palm Angels"
    assert set(found[:-1]) == {"Ropes", "Ropes - Kölsch Remix"}


def test_a_wrong_version_often_ranks_first() -> None:
    many = [one for number in range(200) for one in (track(f"Song{number}", "Band"), track(f"Song{number} - Live", "Band"))]
    index = make_index(many)
    first = [index.search(f"Band Song{number}").tracks[0].name for number in range(200)]
    wrong = sum(name.endswith("Live") for name in first)
    assert 20 < wrong < 120, f"{wrong} of 200 queries put the live version first"


def test_pages_join_without_gap_or_repeat() -> None:
    index = make_index([track(f"Song {number}", "Band") for number in range(35)])
    pages = [index.search("band song", limit=10, offset=offset) for offset in (0, 10, 20, 30)]
    assert [page.total for page in pages] == [35] * 4
    assert len({one.track_id for page in pages for one in page.tracks}) == 35


@given(order=st.randoms(use_true_random=False))
def test_the_order_of_the_catalogue_does_not_matter(order: random.Random) -> None:
    mixed = list(TRACKS)
    order.shuffle(mixed)
    for query in ("ropes", "track:ropes artist:dirty palm", "dirty"):
        assert make_index(mixed, noise_rate=1).search(query) == make_index(noise_rate=1).search(query)


@given(text=st.text(max_size=40))
def test_any_text_is_a_query(text: str) -> None:
    make_index(lenient_rate=1, noise_rate=1).search(text)
    parse_query(text)


@given(text=st.text(max_size=30))
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(" ".join(words(text))) == words(text)


@pytest.mark.skipif(not CROWD.exists(), reason="the shared crowd of real tracks is not here")
def test_real_tracks_are_found_under_their_own_names() -> None:
    rows = [json.loads(line) for line in CROWD.read_text(encoding="utf-8").splitlines()[:6000]]
    crowd = [SpotifyTrack(row["id"], row["name"], tuple(row["artists"]), album=row["album"], isrc=row["isrc"]) for row in rows]
    index = SearchIndex(crowd, seed=1)
    sample = random.Random(7).sample(crowd, 300)
    missing = [
        one.name
        for one in sample
        if one.track_id not in {found.track_id for found in index.search(f'track:"{one.name}" artist:"{one.artists[0]}"').tracks}
    ]
    assert len(missing) <= 3, f"a track's own title and artist did not find it among ten: {missing}"
