"""The playlist's state: each transition and each condition alone, with a ledger in a file and a playlist in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import BackupRow, HistoryRow, Known, SnapshotRow
from beatporter.records.match import Match
from beatporter.records.track import PlaylistItem, PlaylistRef, SpotifyTrack
from beatporter.sync.playlist_state import PlaylistState

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
P = "P"


class Spotify:
    """A playlist whose content the test sets."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.reads = 0

    def playlist_items(self, _playlist_id: str) -> Iterator[PlaylistItem]:
        self.reads += 1
        for position, track_id in enumerate(self.held):
            yield PlaylistItem(
                position, SpotifyTrack(track_id, f"Title {track_id}", ("Ada",), isrc=f"I{track_id}"), NOW + timedelta(seconds=2)
            )

    def playlist(self, playlist_id: str) -> PlaylistRef:
        return PlaylistRef(playlist_id, "House", "fresh", 0, "me")


def listed(snapshot_id: str) -> PlaylistRef:
    return PlaylistRef(P, "House", snapshot_id, 0, "me")


def match(track_id: str, beatport_id: int = 1) -> Match:
    return Match(
        beatport_id, None, track_id, "search", 95.0, "same", "1", NOW, None, (), f"Title {track_id}", ("Ada",), f"I{track_id}"
    )  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = open_ledger(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def workspace(ledger: Ledger) -> Any:
    ledger.matches.append([match(track_id, number) for number, track_id in enumerate("abcdef", 1)])
    return SimpleNamespace(ledger=ledger, spotify=Spotify(), now=lambda: NOW)


def in_state(workspace: Any, state: str, snapshot_id: str | None, sending: Sequence[str] = ()) -> PlaylistState:
    row = SnapshotRow(P, state, snapshot_id, NOW, tuple(sending), NOW if sending else None)  # type: ignore[arg-type]
    workspace.ledger.snapshots.save(row)
    return PlaylistState(workspace, P)


def back_up(workspace: Any, snapshot_id: str, *track_ids: str) -> None:
    rows = [BackupRow(position, track_id, None, "", (), NOW) for position, track_id in enumerate(track_ids)]
    workspace.ledger.backups.append(P, snapshot_id, NOW, rows)


def last_backup(workspace: Any) -> tuple[str, list[str | None]]:
    info = workspace.ledger.backups.latest(P)
    return info.snapshot_id, workspace.ledger.backups.track_ids(P, info.snapshot_id)


def history(workspace: Any) -> set[str]:
    return set(workspace.ledger.history.track_ids(P))


@pytest.mark.parametrize(
    ("state", "snapshot_id", "unknown", "unchanged"),
    [
        ("writing", None, True, False),
        ("written", "s", False, False),
        ("written", None, True, False),
        ("recorded", "s", False, True),
        ("recorded", "older", False, False),
        ("recorded", None, True, False),
    ],
)
def test_when_it_must_be_read(workspace: Any, state: str, snapshot_id: str | None, unknown: bool, unchanged: bool) -> None:
    found = in_state(workspace, state, snapshot_id)
    assert found.outcome_is_unknown is unknown
    assert found.is_unchanged(listed("s")) is unchanged
    assert found.present_of(listed("s")).snapshot_id == ("fresh" if unknown else "s")


@pytest.mark.parametrize(
    ("shown", "state", "hours", "present"),
    [
        ("s0", "recorded", 0, "s1"),
        ("s0", "recorded", 12, "s1"),
        ("s0", "recorded", 13, "s0"),
        ("of the person", "recorded", 0, "of the person"),
        ("s2", "recorded", 0, "s2"),
        ("s0", "written", 0, "s0"),
    ],
)
def test_a_listing_from_before_our_last_write_says_nothing_new(workspace: Any, shown: str, state: str, hours: int, present: str) -> None:
    """Another run's write, or an earlier attempt's: Spotify may still show the content from before it, so a read would not help."""
    for number in range(3):
        back_up(workspace, f"s{number}", *"abc"[: number + 1])
    found = in_state(workspace, state, "s1")
    workspace.now = lambda: NOW + timedelta(hours=hours)
    playlist = found.present_of(listed(shown))
    assert playlist.snapshot_id == present
    assert playlist.total == (2 if present == "s1" else 0)
    assert found.is_unchanged(listed(shown)) is found.is_unchanged(playlist) is (present == "s1")


@pytest.mark.parametrize(("seconds", "snapshot_id"), [(-1, "s1"), (0, "between two requests"), (1, "between two requests")])
def test_a_listing_made_while_another_run_wrote_says_nothing_new(workspace: Any, seconds: int, snapshot_id: str) -> None:
    back_up(workspace, "s1", "a", "b")
    during = replace(listed("between two requests"), listed_at=NOW + timedelta(seconds=seconds))
    assert in_state(workspace, "recorded", "s1").present_of(during).snapshot_id == snapshot_id


@pytest.mark.parametrize(("state", "sending"), [("written", ()), ("written", "a"), ("recorded", "a")])
def test_what_is_recorded_later_is_as_old_as_the_write(workspace: Any, state: str, sending: str) -> None:
    """A dead run's write is recorded by the next run, whose listing is from before that and shows what the person did since."""
    back_up(workspace, "s0", "x")
    if not sending:
        back_up(workspace, "s1", "x", "y")
    found = in_state(workspace, state, "s1", sending)
    workspace.now = lambda: NOW + timedelta(hours=1)
    found.catch_up()
    since = replace(listed("of the person"), listed_at=NOW + timedelta(minutes=59))
    assert PlaylistState(workspace, P).present_of(since).snapshot_id == "of the person"


def test_a_listing_is_believed_when_no_backup_shows_our_last_write(workspace: Any) -> None:
    back_up(workspace, "s0", "a")
    assert in_state(workspace, "recorded", "s1").present_of(listed("s0")).snapshot_id == "s0"


def test_a_playlist_never_seen_is_neither_unchanged_nor_unconfirmed(workspace: Any) -> None:
    found = PlaylistState(workspace, P)
    assert not found.outcome_is_unknown
    assert not found.is_unchanged(listed("s"))
    assert found.catch_up() == []
    assert found.back_up() is None


def test_a_playlist_that_was_just_made_is_empty_backed_up_and_recorded(workspace: Any) -> None:
    PlaylistState(workspace, P).begin("s0")
    assert last_backup(workspace) == ("s0", [])
    assert PlaylistState(workspace, P).is_unchanged(listed("s0"))
    assert workspace.spotify.reads == 0


def test_a_write_goes_through_its_states_and_costs_no_read(workspace: Any) -> None:
    state = PlaylistState(workspace, P)
    state.begin("s0")
    state.begin_write(["b", "a"])
    assert PlaylistState(workspace, P).outcome_is_unknown, "part of what is about to be sent may be there when the process dies"
    state.confirm_write("s1")
    assert history(workspace) == set()
    assert PlaylistState(workspace, P).record(["b", "a"]) == ["b", "a"]
    assert history(workspace) == {"a", "b"}
    assert last_backup(workspace)[0] == "s0"
    PlaylistState(workspace, P).back_up()
    assert last_backup(workspace) == ("s1", ["b", "a"])
    assert PlaylistState(workspace, P).is_unchanged(listed("s1"))
    assert workspace.spotify.reads == 0


def test_a_lost_answer_leaves_the_snapshot_unknown(workspace: Any) -> None:
    state = PlaylistState(workspace, P)
    state.begin("s0")
    state.begin_write(["a"])
    state.confirm_write(None)
    state = PlaylistState(workspace, P)
    assert state.record(()) == ["a"], "the tracks were seen to be there"
    assert PlaylistState(workspace, P).outcome_is_unknown
    state.back_up()
    assert last_backup(workspace)[0] == "s0", "no backup under an unknown snapshot"


def test_a_write_on_a_state_without_backup_is_not_backed_up_from_the_last_one(workspace: Any) -> None:
    back_up(workspace, "old", "x")
    state = in_state(workspace, "recorded", None)
    state.begin_write(["a"])
    state.confirm_write("s1")
    state.record(())
    state.back_up()
    assert last_backup(workspace) == ("old", ["x"])
    assert PlaylistState(workspace, P).outcome_is_unknown


@pytest.mark.parametrize("state", ["writing", "recorded"])
def test_only_a_confirmed_write_is_recorded_from_the_ledger(workspace: Any, state: str) -> None:
    found = in_state(workspace, state, "s" if state == "recorded" else None, ["a", "b"])
    assert found.record(["c"]) == ["c"]
    assert history(workspace) == {"c"}
    row = workspace.ledger.snapshots.latest(P)
    assert (row.state, row.sending) == (state, ("a", "b"))


def test_a_dead_runs_confirmed_write_is_finished_without_spotify(workspace: Any) -> None:
    back_up(workspace, "s0", "x")
    assert in_state(workspace, "written", "s1", ["b", "a"]).catch_up() == ["b", "a"]
    assert history(workspace) == {"a", "b"}
    assert last_backup(workspace) == ("s1", ["b", "a", "x"])
    assert PlaylistState(workspace, P).is_unchanged(listed("s1"))
    assert workspace.spotify.reads == 0


def test_a_dead_runs_missing_backup_is_made_without_spotify(workspace: Any) -> None:
    back_up(workspace, "s0", "x")
    assert in_state(workspace, "recorded", "s1", ["a"]).catch_up() == []
    assert last_backup(workspace) == ("s1", ["a", "x"])
    rows = list(workspace.ledger.backups.items(P, "s1"))
    assert (rows[0].name, rows[0].isrc, rows[0].added_at) == ("Title a", "Ia", NOW)


def test_an_unconfirmed_write_does_not_count_as_done(workspace: Any) -> None:
    back_up(workspace, "s0", "x")
    assert in_state(workspace, "writing", None, ["a"]).catch_up() == []
    assert history(workspace) == set()
    assert last_backup(workspace) == ("s0", ["x"])


def test_a_write_that_is_not_recorded_yet_is_not_backed_up(workspace: Any) -> None:
    back_up(workspace, "s0", "x")
    in_state(workspace, "written", "s1", ["a"]).back_up()
    assert last_backup(workspace) == ("s0", ["x"])
    assert PlaylistState(workspace, P).catch_up() == ["a"], "the history still gets it"


def test_reading_records_what_is_there_and_whose_it_is(workspace: Any) -> None:
    state = in_state(workspace, "writing", None, ["a", "b", "c"])
    workspace.ledger.history.append(P, [HistoryRow("d", None, "r", None, "chart", NOW)])
    workspace.spotify.held = ["hand", "a", "c", "d"]
    reading = state.reconcile(listed("s1"), {track_id: match(track_id) for track_id in "abcde"})
    assert reading.present == {"a", "c", "d"}
    assert reading.left_behind == {"a", "c"}, "d was in the history before"
    assert reading.removed_by_user == {"b"}, "it came in with the others and is gone"
    assert history(workspace) == {"hand", "a", "b", "c", "d"}
    assert last_backup(workspace) == ("s1", ["hand", "a", "c", "d"])
    assert PlaylistState(workspace, P).is_unchanged(listed("s1"))


def test_a_write_to_the_end_that_was_interrupted_is_recognised_as_one(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beatporter.spotify.plan.WRITE_LIMIT", 2)
    in_state(workspace, "recorded", "s0").begin_write("abcd", 1, at_end=True)
    workspace.spotify.held = ["x", "a"]
    reading = PlaylistState(workspace, P).look({track_id: match(track_id) for track_id in "abcd"})
    assert reading.removed_by_user == {"b"}, "c and d were not sent yet"


def test_looking_leaves_the_ledger_unchanged(workspace: Any) -> None:
    state = in_state(workspace, "writing", None, ["a", "b"])
    workspace.spotify.held = ["a"]
    reading = state.look({track_id: match(track_id) for track_id in "ab"})
    assert (reading.present, reading.removed_by_user) == ({"a"}, {"b"})
    assert history(workspace) == set()
    assert workspace.ledger.backups.latest(P) is None
    assert PlaylistState(workspace, P).outcome_is_unknown


def test_a_snapshot_whose_backup_differs_is_not_trusted(workspace: Any) -> None:
    back_up(workspace, "s1", "x")
    state = in_state(workspace, "writing", None, ["a"])
    workspace.spotify.held = ["a", "x"]
    state.reconcile(listed("s1"), {})
    assert last_backup(workspace) == ("s1", ["x"])
    assert PlaylistState(workspace, P).outcome_is_unknown, "the next run reads again"


def test_the_order_is_known_from_the_backup_or_from_spotify(workspace: Any) -> None:
    back_up(workspace, "s", "x", "y")
    state = in_state(workspace, "recorded", "s")
    workspace.spotify.held = ["z"]
    assert state.ids_in_order(listed("s")) == ["x", "y"]
    assert state.ids_in_order(listed("changed")) == ["z"]


def test_what_is_put_at_the_end_is_backed_up_with_its_confirmation(workspace: Any) -> None:
    state = PlaylistState(workspace, P)
    state.begin("s0")
    state.begin_write(["b", "a"])
    state.confirm_write("s1")
    state.record(())
    state.back_up()
    state.begin_write(["d", "c"], position=2)
    state.confirm_write("s2")
    assert last_backup(workspace) == ("s2", ["b", "a", "d", "c"]), "the state does not say later where they went"
    again = PlaylistState(workspace, P)
    assert again.catch_up() == ["d", "c"]
    assert history(workspace) == {"a", "b", "c", "d"}
    assert last_backup(workspace) == ("s2", ["b", "a", "d", "c"]), "it was put on top as well"
    assert PlaylistState(workspace, P).is_unchanged(listed("s2"))
    assert workspace.spotify.reads == 0


def test_a_whole_content_is_known_even_after_an_unknown_one(workspace: Any) -> None:
    back_up(workspace, "older", "f")
    state = in_state(workspace, "writing", None, ["f"])
    state.begin_write(["a", "b"], position=None)
    state.confirm_write("s1")
    state.record(())
    state.back_up()
    assert last_backup(workspace) == ("s1", ["a", "b"])
    assert PlaylistState(workspace, P).is_unchanged(listed("s1"))


def test_a_content_with_only_removals_or_another_order_is_backed_up_too(workspace: Any) -> None:
    state = PlaylistState(workspace, P)
    state.begin("s0")
    for number, content in enumerate((["a", "b", "c"], ["c", "a"], []), 1):
        state.begin_write(content, position=None)
        state.confirm_write(f"s{number}")
        state.record(())
        state.back_up()
        assert last_backup(workspace) == (f"s{number}", content)


@pytest.mark.parametrize("position", [2, None])
def test_a_lost_answer_leaves_the_backup_to_the_next_read(workspace: Any, position: int | None) -> None:
    state = PlaylistState(workspace, P)
    state.begin("s0")
    state.begin_write(["a", "b"], position=position)
    state.confirm_write(None)
    assert last_backup(workspace) == ("s0", [])
    assert PlaylistState(workspace, P).outcome_is_unknown


def test_only_what_was_in_no_history_counts_as_added_by_an_earlier_attempt(workspace: Any) -> None:
    workspace.ledger.history.append(P, [HistoryRow("a", None, "", None, "chart", NOW)])
    assert in_state(workspace, "written", "s1", ["b", "a"]).catch_up() == ["b"]


def test_a_read_shows_the_order_and_the_recordings_that_are_there_under_another_id(workspace: Any) -> None:
    workspace.spotify.held = ["x", "b", "y"]
    wanted = {track_id: match(track_id, number) for number, track_id in enumerate("ab", 1)}
    state = PlaylistState(workspace, P)
    assert state.look(wanted).recordings == Known(), "nobody asked"
    twin = {"a": replace(match("a"), track_isrc="Ix", track_name="Title y")}
    reading = state.reconcile(listed("s1"), wanted | twin, recordings=True)
    assert reading.order == ("a", "b", "y"), "a wanted track is shown under the id under which it is wanted"
    assert reading.recordings.isrcs == {"Ix", "Ib"}
    assert len(reading.recordings.recordings) == 2
