"""What a run changes in a playlist of each kind, planned from a ledger in a file: no Spotify, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.records.ledger import BackupRow, HistoryRow, RememberedPlaylist
from beatporter.records.match import Match
from beatporter.records.track import PlaylistRef
from beatporter.settings import load_settings
from beatporter.spotify.plan import Plan
from beatporter.sync.candidates import never_had
from beatporter.sync.open_allocator import calls_beside_searches
from beatporter.sync.playlist_plan import list_playlist, plan_for, wanted_tracks
from beatporter.sync.playlist_reading import PlaylistReading
from beatporter.sync.workspace import Workspace

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
COLLECT, OWN = "C", "P"
HOUSE = 5


def match(track_id: str, beatport_id: int, isrc: str | None = None, title: str = "") -> Match:
    named = title or f"Title {track_id}"
    return Match(beatport_id, None, track_id, "search", 95.0, "same", "1", NOW, None, (), named, ("Ada",), isrc or f"I{track_id}")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = open_ledger(tmp_path / "ledger.db")
    yield made
    made.close()


class Case:
    """A list's playlist of one kind, and a chart of tracks named by letters.

    Args:
        holds: what it holds, from the top, as its last backup shows.
        held: what it ever held, besides.
    """

    def __init__(self, ledger: Ledger, kind: PlaylistKind, holds: str = "", held: str = "", **settings: Any) -> None:
        self.ledger, self.kind = ledger, kind
        chosen = load_settings(playlist_kinds=("collect", "daily", "mirror"), **settings)
        self.workspace = cast("Workspace", SimpleNamespace(ledger=ledger, settings=chosen, genre=chosen.find_list, now=lambda: NOW))
        ledger.matches.append([match(letter, ord(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"])
        self.target = list_playlist(self.workspace, "house", kind)
        self.remember(kind, OWN)
        self.back_up(OWN, dict.fromkeys(holds, 0))
        self.hold(OWN, holds + held)

    def remember(self, kind: PlaylistKind, playlist_id: str) -> None:
        genre = self.workspace.settings.find_list("house")
        self.ledger.playlists.append(RememberedPlaylist(playlist_number(genre, kind), playlist_id, kind, NOW))

    def back_up(self, playlist_id: str, days_ago: Mapping[str, int]) -> None:
        rows = [
            BackupRow(place, letter, f"I{letter}", f"Title {letter}", ("Ada",), NOW - timedelta(days=days))
            for place, (letter, days) in enumerate(days_ago.items())
        ]
        self.ledger.backups.append(playlist_id, "s", NOW, rows)

    def hold(self, playlist_id: str, letters: str) -> None:
        self.ledger.history.append(playlist_id, [HistoryRow(one, f"I{one}", "", None, "chart", NOW) for one in letters])

    def plan(
        self, chart: str, reading: PlaylistReading | None = None, found: Sequence[str] | None = None, total: int | None = None
    ) -> Plan:
        beatport_ids = [ord(letter) for letter in chart]
        wanted = wanted_tracks(self.workspace, self.target, beatport_ids, found if found is not None else list(chart))
        listed = len(self.ledger.backups.track_ids(OWN, "s")) if total is None else total
        playlist = PlaylistRef(OWN, "House", "s", listed, "me")
        return plan_for(self.workspace, self.target, playlist, reading or PlaylistReading(), wanted)


def test_a_daily_playlist_is_made_up_newest_first_whatever_the_order_of_the_collecting_one(ledger: Ledger) -> None:
    case = Case(ledger, "daily", holds="xy", held="c", daily_size=6)
    case.remember("collect", COLLECT)
    case.back_up(COLLECT, {"a": 9, "b": 9, "c": 5, "d": 7, "e": 1, "f": 3})
    assert case.plan("ey").add == ("e", "f", "d", "a"), "the chart's first, then by date; of one date the upper one first"


def test_what_the_person_added_or_removed_in_the_collecting_playlist_makes_nothing_up(ledger: Ledger) -> None:
    case = Case(ledger, "daily", daily_size=6)
    case.remember("collect", COLLECT)
    case.back_up(COLLECT, {"a": 1, "unknown to us": 0, "b": 2})
    case.hold(COLLECT, "abz")
    assert case.plan("").add == ("a", "b")


def test_what_the_person_ruled_out_makes_nothing_up(ledger: Ledger) -> None:
    case = Case(ledger, "daily", daily_size=6)
    case.remember("collect", COLLECT)
    case.back_up(COLLECT, {"a": 1, "b": 2, "c": 3})
    later = NOW + timedelta(days=1)
    never = replace(match("a", ord("a")), track_id=None, version="none", method="person", decided_at=later)
    machine = replace(match("z", ord("b")), decided_at=later)
    ledger.matches.append([never, machine])
    assert case.plan("").add == ("b", "c"), "a better match of the rules takes nothing away"


def test_one_recording_fills_one_place_of_a_daily_playlist(ledger: Ledger) -> None:
    case = Case(ledger, "daily", daily_size=6)
    ledger.matches.append([match("A", 1000, "Ia"), match("B", 1001, "other", "Title b")])
    case.remember("collect", COLLECT)
    case.back_up(COLLECT, {"A": 1, "b": 2, "B": 3})
    assert case.plan("a").add == ("a", "b")


def test_a_full_daily_playlist_gets_nothing(ledger: Ledger) -> None:
    assert Case(ledger, "daily", holds="abc", daily_size=3).plan("defg") == Plan()


def test_a_mirror_shows_only_the_present_chart_each_recording_once(ledger: Ledger) -> None:
    case = Case(ledger, "mirror", holds="ab")
    ledger.matches.append([match("A", 1000, "Ia")])
    found = ["b", "a", "A", "z"]
    wanted = wanted_tracks(case.workspace, case.target, [ord("b"), ord("a"), 1000], found)
    assert list(wanted) == ["b", "a"], "z left the chart, and A is a under another id"
    assert case.plan("ba", found=["b", "a"]).replace == ("b", "a")
    assert case.plan("ab") == Plan(), "it shows that already"
    assert case.plan("") == Plan(), "nothing known is no reason to empty it"


def test_a_mirror_recognises_what_a_read_showed_under_another_id(ledger: Ledger) -> None:
    case = Case(ledger, "mirror")
    ledger.backups.append(OWN, "read", NOW, [BackupRow(0, "listed", "Ia", "Title a", ("Ada",), NOW), BackupRow(1, "b", None, "", (), NOW)])
    wanted = wanted_tracks(case.workspace, case.target, [ord("a"), ord("b")], ["a", "b"])
    assert plan_for(case.workspace, case.target, PlaylistRef(OWN, "", "read", 2, "me"), PlaylistReading(), wanted) == Plan()


@pytest.mark.parametrize(("digging", "added"), [("off", "bcd"), ("playlist", "bd"), ("all", "d")])
def test_digging_decides_what_counts_as_known(ledger: Ledger, digging: str, added: str) -> None:
    case = Case(ledger, "collect", holds="a", held="c", playlist_digging=digging)
    case.hold("another list's", "b")
    case.remember("daily", "D")
    case.hold("D", "d")
    assert case.plan("abcd").add == tuple(added), "the list's own daily playlist does not count"
    read = PlaylistReading(present=frozenset("a"), order=("a",))
    assert case.plan("abcd", read).add == tuple(added), "the same after a read"


def test_a_daily_playlist_never_brings_back_what_was_heard_whatever_the_digging(ledger: Ledger) -> None:
    assert Case(ledger, "daily", held="a", playlist_digging="off").plan("ab").add == ("b",)


@pytest.mark.parametrize("kind", ["collect", "daily"])
def test_at_the_end_means_below_what_is_there(ledger: Ledger, kind: PlaylistKind) -> None:
    case = Case(ledger, kind, holds="abc", playlist_add_at="end")
    assert case.plan("de").position == 3
    assert case.plan("de", total=0).position == 3, "soon after a write a listing may name the new snapshot with the old number"
    read = PlaylistReading(present=frozenset(), order=("a", None, "b", "c"))
    assert case.plan("de", read).position == 4, "a local file has a place too"
    assert Case(ledger, kind, holds="abc").plan("de").position == 0


@pytest.mark.parametrize("kind", ["collect", "daily"])
def test_an_addition_to_the_end_is_known_as_one_whatever_is_there(ledger: Ledger, kind: PlaylistKind) -> None:
    assert Case(ledger, kind, playlist_add_at="end").plan("de").at_end, "in an empty playlist the first position is the last"
    assert Case(ledger, kind, holds="abc", playlist_add_at="end").plan("de").at_end
    assert not Case(ledger, kind, holds="abc").plan("de").at_end


@pytest.mark.parametrize(
    ("kinds", "waiting"),
    [(("collect", "daily", "mirror"), "bc"), (("mirror",), "c"), (("daily",), ""), (("daily", "mirror"), "c")],
)
def test_only_a_playlist_that_takes_everything_lets_a_found_track_wait(
    ledger: Ledger, kinds: tuple[PlaylistKind, ...], waiting: str
) -> None:
    case = Case(ledger, "collect", holds="a")
    case.remember("mirror", "M")
    case.hold("M", "ab")
    genre = case.workspace.settings.find_list("house")
    assert never_had(case.workspace, genre, [match(letter, ord(letter)) for letter in "abc"], kinds) == set(waiting)


def test_what_another_list_had_waits_for_nothing_when_all_counts(ledger: Ledger) -> None:
    case = Case(ledger, "collect", holds="a", playlist_digging="all")
    case.hold("another list's", "b")
    genre = case.workspace.settings.find_list("house")
    assert never_had(case.workspace, genre, [match(letter, ord(letter)) for letter in "abc"]) == {"c"}


def test_the_reserve_for_writes_grows_with_the_kinds() -> None:
    assert calls_beside_searches(load_settings(), "house") == 3
    assert calls_beside_searches(load_settings(playlist_kinds=("collect", "daily", "mirror")), "house") == 9
