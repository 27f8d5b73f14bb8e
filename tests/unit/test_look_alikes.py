"""Playlists that look like a list's own, and the old script's playlists that belong to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from beatporter.genres import all_genres
from beatporter.look_alikes import FORMER_NAMES, looks_like
from beatporter.old_script.adoption import PlannedPlaylist, plan_adoption
from beatporter.old_script.settings import MovedList
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.records.ledger import OldPlaylist
from beatporter.records.track import PlaylistRef
from beatporter.subscriptions import make_subscription

GENRES = all_genres()
AT = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind", "slug"),
    [
        ("Beatport: Psy Trance - Top 100", "collect", "psy-trance"),
        ("BP Psytrance top 100", "collect", "psy-trance"),
        ("beatport – trance – TOP 100", "collect", "trance-main-floor"),
        ("Beatport: Trance (Main Floor) - Top 100", "collect", "trance-main-floor"),
        ("House Top 100", "collect", "house"),
        ("Drum and Bass Top 100", "collect", "drum-bass"),
        ("Beatport: House - Daily Top", "daily", "house"),
        ("Beatport: House - Top 100 today", "mirror", "house"),
        ("my  HOUSE!", "collect", "house"),
    ],
)
def test_a_look_alike(name: str, kind: PlaylistKind, slug: str) -> None:
    assert looks_like(name, kind, GENRES[slug], "My House")


@pytest.mark.parametrize(
    ("name", "kind", "slug"),
    [
        ("House", "collect", "house"),
        ("Beatport: Tech House - Top 100", "collect", "house"),
        ("Beatport: Deep House - Top 100", "collect", "house"),
        ("Beatport: House - Daily Top", "collect", "house"),
        ("Beatport: House - Top 100", "daily", "house"),
        ("Beatport: Trance - Top 100", "collect", "trance-raw-deep-hypnotic"),
        ("Beatport: Techno (Raw / Deep / Hypnotic) - Top 100", "collect", "techno-peak-time-driving"),
        ("Top 100", "collect", "house"),
    ],
)
def test_another_playlist(name: str, kind: PlaylistKind, slug: str) -> None:
    assert not looks_like(name, kind, GENRES[slug], "My genre")


def test_a_charts_playlist_is_not_mistaken_for_a_genres() -> None:
    hype = make_subscription("hype", 5, "house", name="House")
    assert not looks_like("Beatport: House - Top 100", "collect", hype, "Beatport: House - Hype 100")
    assert looks_like("beatport house hype 100", "collect", hype, "Beatport: House - Hype 100")


def test_no_former_name_is_another_genres_name_today() -> None:
    today = {genre.name: genre.genre_id for genre in GENRES.values()}
    wrong = [(number, name) for number, names in FORMER_NAMES.items() for name in names if today.get(name, number) != number]
    assert wrong == []
    assert FORMER_NAMES.keys() <= set(today.values())


def ref(playlist_id: str, name: str, total: int = 10) -> PlaylistRef:
    return PlaylistRef(playlist_id, name, "s", total, "me")


def old(playlist_id: str, name: str, days: int = 0) -> OldPlaylist:
    return OldPlaylist(playlist_id, name, 5, AT + timedelta(days=days))


def plan(
    own: list[PlaylistRef], history: list[OldPlaylist], *lists: MovedList, remembered: dict[int, str] | None = None
) -> PlannedPlaylist:
    house = MovedList(GENRES["house"], {"collect": "Old House"}, 1)
    [planned] = plan_adoption(lists or (house,), own, {one.playlist_id: one for one in history}, remembered or {})
    return planned


def test_a_playlist_is_adopted_by_its_old_name() -> None:
    found = plan([ref("a", "old  house"), ref("b", "Other")], [])
    assert (found.state, found.playlist) == ("adopt", ref("a", "old  house"))


def test_a_renamed_playlist_is_adopted_by_its_id_in_the_history() -> None:
    found = plan([ref("a", "My own name")], [old("a", "Old House")])
    assert (found.state, found.name, found.playlist) == ("adopt", "My own name", ref("a", "My own name"))


def test_of_several_the_one_written_last_is_adopted() -> None:
    found = plan([ref("a", "Old House", 900), ref("b", "Old House", 5)], [old("a", "Old House"), old("b", "Old House", days=1)])
    assert (found.state, found.playlist, found.others) == ("adopt", ref("b", "Old House", 5), (ref("a", "Old House", 900),))


def test_of_several_without_a_difference_the_person_chooses() -> None:
    both = [ref("a", "Old House"), ref("b", "Old House")]
    found = plan(both, [])
    assert (found.state, found.playlist, list(found.others)) == ("ambiguous", None, both)
    assert plan(both, [old("a", "Old House"), old("b", "Old House")]).state == "ambiguous"
    assert plan(both, [old("b", "Old House")]).playlist == both[1]


def test_what_is_not_there_is_made() -> None:
    found = plan([ref("a", "Other")], [old("gone", "Old House")])
    assert (found.state, found.name, found.playlist) == ("make", "Old House", None)


def test_what_is_remembered_stays() -> None:
    found = plan([ref("a", "Old House"), ref("b", "Mine")], [], remembered={5: "b"})
    assert (found.state, found.playlist) == ("adopted", ref("b", "Mine"))
    assert plan([ref("a", "Old House")], [], remembered={5: "deleted"}).state == "adopt"


def test_two_names_of_one_genre_share_the_playlist_written_last() -> None:
    first, second = (MovedList(GENRES["bass-club"], {"collect": name}, 1) for name in ("Bass/Club", "Leftfield Bass"))
    own = [ref("a", "Bass/Club"), ref("b", "Leftfield Bass")]
    found = plan(own, [old("a", "Bass/Club"), old("b", "Leftfield Bass", days=30)], first, second)
    assert (found.playlist, found.others) == (own[1], (own[0],))


def test_each_kind_has_its_own_playlist() -> None:
    house = MovedList(GENRES["house"], {"collect": "H", "daily": "D"}, 1)
    remembered = {playlist_number(GENRES["house"], "daily"): "d"}
    planned = plan_adoption([house], [ref("c", "H"), ref("d", "renamed"), ref("e", "D")], {}, remembered)
    assert [(one.kind, one.state, one.playlist and one.playlist.playlist_id) for one in planned] == [
        ("collect", "adopt", "c"),
        ("daily", "adopted", "d"),
    ]


def test_a_playlist_for_each_week_is_none_of_them() -> None:
    weekly = replace(make_subscription("chart", None, "picks-%U"), name="Picks", playlist="Beatport: Picks")
    found = plan([ref("a", "Picks 46"), ref("b", "Picks 47")], [], MovedList(weekly, {"collect": "Picks %U"}, 1, dated=True))
    assert (found.state, found.name, len(found.others)) == ("make", "Beatport: Picks", 2)
