"""Refreshing histories, backing up and restoring playlists on the stand-in: what comes of it, and how many calls it takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from beatporter.backup_choice import BackupChoice
from beatporter.care.playlist_backups import BackedUp, back_up_playlists
from beatporter.care.refresh_history import Refreshed, refresh_histories
from beatporter.care.restore import Restored, restore_playlist
from beatporter.care.restore_drill import drill
from beatporter.errors import SettingsError
from beatporter.records.ledger import HistoryRow, RememberedPlaylist
from beatporter.sync.workspace import Workspace
from tests.contract.conftest import START, track_id
from tests.contract.playlists import dies_at, workspace_on

if TYPE_CHECKING:
    from tests.contract.conftest import SpotifySandbox


def refresh(spotify: SpotifySandbox, run_key: str = "refresh", **options: Any) -> dict[str, Refreshed]:
    changes = {name: options.pop(name) for name in list(options) if name.startswith("spotify_")}
    with workspace_on(spotify, run_key, **changes) as workspace:
        return {one.playlist.name: one for one in refresh_histories(workspace, **options)}


def ids(*numbers: int) -> list[str]:
    return [track_id(number) for number in numbers]


class TestRefresh:
    def test_what_the_person_added_by_hand_is_history(self, spotify: SpotifySandbox) -> None:
        house, own = spotify.playlist("House", (1, 2)), spotify.playlist("My own", (3,))
        assert {name: (one.outcome, one.learned) for name, one in refresh(spotify).items()} == {"House": ("read", 2), "My own": ("read", 1)}
        spotify.state.person.add_track(house, track_id(9))
        done = refresh(spotify, "next")
        assert (done["House"].outcome, done["House"].learned, done["My own"].outcome) == ("read", 1, "unchanged")
        assert set(spotify.ledger.history.track_ids(house)) == set(ids(1, 2, 9))
        assert set(spotify.ledger.history.track_ids(own)) == set(ids(3))

    def test_only_changed_playlists_are_read(self, spotify: SpotifySandbox) -> None:
        playlists = [spotify.playlist(f"List {number}", range(60)) for number in range(4)]
        refresh(spotify)
        before = spotify.sent()
        refresh(spotify, "second")
        assert spotify.sent() - before == 2, "the listing, and whose account this is"
        spotify.state.person.add_track(playlists[2], track_id(70))
        before = spotify.sent()
        would = refresh(spotify, "dry", dry_run=True)
        assert (spotify.sent() - before, would["List 2"].calls) == (2, 2)
        before = spotify.sent()
        refresh(spotify, "third")
        assert spotify.sent() - before == 2 + 2

    def test_a_spent_budget_defers_the_rest_to_the_next_day(self, spotify: SpotifySandbox) -> None:
        for number in range(4):
            spotify.playlist(f"List {number}", range(120))
        done = refresh(spotify, spotify_daily_budget=8)
        assert [one.outcome for one in done.values()] == ["read", "read", "deferred", "deferred"]
        spotify.clock.advance(90_000)
        assert [one.outcome for one in refresh(spotify, "next", spotify_daily_budget=9).values()] == [
            "unchanged",
            "unchanged",
            "read",
            "read",
        ]

    def test_other_peoples_are_left_alone_and_those_that_are_gone_are_named(self, spotify: SpotifySandbox) -> None:
        spotify.state.add_foreign_playlist("Theirs", [f"spotify:track:{track_id(1)}"])
        gone = spotify.playlist("Gone", (1,))
        spotify.ledger.playlists.append(RememberedPlaylist(5, gone, "Gone", START))
        spotify.state.person.delete(gone)
        assert {name: one.outcome for name, one in refresh(spotify).items()} == {"Gone": "gone"}


def back_up(spotify: SpotifySandbox, choices: Mapping[str, BackupChoice], run_key: str = "back up", **options: Any) -> dict[str, BackedUp]:
    with workspace_on(spotify, run_key) as workspace:
        return {one.name: one for one in back_up_playlists(workspace, choices, **options)}


class TestBackUp:
    def test_what_no_app_may_read_is_named_and_the_others_are_done(self, spotify: SpotifySandbox) -> None:
        spotify.state.add_foreign_playlist("Discover Weekly", algorithmic=True)
        spotify.state.add_foreign_playlist("Theirs", [f"spotify:track:{track_id(1)}"])
        shared = spotify.state.add_foreign_playlist("Shared", [f"spotify:track:{track_id(2)}"], collaborative=True)
        own = spotify.playlist("Own", (1, 2))
        texts = ("Discover Weekly", "Theirs", "Shared", "No such", f"spotify:playlist:{'9' * 22}", own)
        done = back_up(spotify, {str(number): BackupChoice(playlist=text) for number, text in enumerate(texts)})
        assert [one.outcome for one in done.values()] == ["unreadable", "unreadable", "backed up", "failed", "unreadable", "backed up"]
        assert "no app may read" in done["0"].why
        assert "somebody-else" in done["1"].why
        assert "No playlist in your account is named 'No such'" in done["3"].why
        assert spotify.ledger.backups.playlists() == sorted([shared.playlist_id, own])
        assert spotify.ledger.history.playlists() == [own], "another's playlist is no history of ours"

    def test_an_unchanged_playlist_costs_no_read(self, spotify: SpotifySandbox) -> None:
        spotify.state.add_foreign_playlist("Shared", [f"spotify:track:{track_id(2)}"], collaborative=True)
        spotify.playlist("Own", range(120))
        choices = {"a": BackupChoice(playlist="Own"), "b": BackupChoice(playlist="Shared")}
        back_up(spotify, choices)
        before = spotify.sent()
        assert [one.outcome for one in back_up(spotify, choices, "again").values()] == ["unchanged", "unchanged"]
        assert spotify.sent() - before == 2

    def test_an_accumulating_playlist_keeps_what_the_source_loses(self, spotify: SpotifySandbox) -> None:
        source = spotify.playlist("Weekly", (1, 2))
        choices = {"weekly": BackupChoice(playlist="Weekly", into="Weekly, kept")}
        assert back_up(spotify, choices)["weekly"].added == 2
        for number in (1, 2):
            spotify.state.person.remove_track(source, track_id(number))
        for number in (4, 3):
            spotify.state.person.add_track(source, track_id(number), 0)
        would = back_up(spotify, choices, "dry", dry_run=True)["weekly"]
        assert (would.outcome, would.calls) == ("backed up", 1), "it must be read before anything can be said about it"
        done = back_up(spotify, choices, "next")["weekly"]
        assert (done.added, spotify.state.person.track_ids("Weekly, kept")) == (2, ids(3, 4, 1, 2))
        before = spotify.sent()
        assert back_up(spotify, choices, "third")["weekly"].added == 0
        assert spotify.sent() - before == 2, "neither is read"

    @pytest.mark.parametrize(("digging", "added"), [("off", [1, 2, 3]), ("playlist", [2, 3]), ("all", [3])])
    def test_digging(self, spotify: SpotifySandbox, digging: Any, added: list[int]) -> None:
        """The accumulating playlist once had 1, another playlist once had 2."""
        kept, other = spotify.playlist("Kept"), spotify.playlist("Other")
        for playlist_id, number in ((kept, 1), (other, 2)):
            spotify.ledger.history.append(playlist_id, [HistoryRow(track_id(number), None, "", None, "chart", START)])
        spotify.playlist("Weekly", (1, 2, 3))
        choice = {"weekly": BackupChoice(playlist="Weekly", into="Kept", digging=digging)}
        back_up(spotify, choice)
        assert spotify.held(kept) == ids(*added)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_break_adds_nothing_twice(self, spotify: SpotifySandbox, when: str) -> None:
        spotify.playlist("Weekly", (1, 2, 3))
        choices = {"weekly": BackupChoice(playlist="Weekly", into="Kept")}
        for nth in (1, 2):
            dies_at(spotify, nth, when, lambda workspace: list(back_up_playlists(workspace, choices)))
        back_up(spotify, choices)
        assert [one.name for one in spotify.state.library()].count("Kept") == 1
        assert spotify.state.person.track_ids("Kept") == ids(1, 2, 3)

    def test_two_sources_accumulate_into_one_new_playlist(self, spotify: SpotifySandbox) -> None:
        spotify.playlist("A", (1, 2))
        spotify.playlist("B", (2, 3))
        back_up(spotify, {name: BackupChoice(playlist=name, into="Both") for name in ("A", "B")})
        assert [one.name for one in spotify.state.library()].count("Both") == 1
        assert spotify.state.person.track_ids("Both") == ids(3, 1, 2)

    def test_the_person_may_change_the_accumulating_playlist(self, spotify: SpotifySandbox) -> None:
        source = spotify.playlist("Weekly", (1, 2, 3))
        choices = {"weekly": BackupChoice(playlist="Weekly", into="Kept")}
        back_up(spotify, choices)
        spotify.state.person.remove_track("Kept", track_id(2))
        spotify.state.person.add_track(source, track_id(4))
        back_up(spotify, choices, "next")
        assert spotify.state.person.track_ids("Kept") == ids(4, 1, 3), "what they threw out stays out"


def restore(workspace: Workspace, playlist_id: str, at: datetime, **options: Any) -> Restored:
    playlist = workspace.spotify.playlist(playlist_id)
    return restore_playlist(workspace, playlist, at, **options)


def restore_now(spotify: SpotifySandbox, playlist_id: str, at: datetime, run_key: str = "restore", **options: Any) -> Restored:
    with workspace_on(spotify, run_key) as workspace:
        return restore(workspace, playlist_id, at, **options)


THEN = (1, 2, 3, 4, 5, 6)


@pytest.fixture
def changed(spotify: SpotifySandbox) -> str:
    """A playlist that was backed up as `THEN`; since then 2 and 5 went, 9 and 8 came, and 6 moved to the top."""
    playlist_id = spotify.playlist("House", THEN)
    refresh(spotify, "then")
    spotify.clock.advance(86_400)
    for number in (2, 5):
        spotify.state.person.remove_track(playlist_id, track_id(number))
    spotify.state.person.add_track(playlist_id, track_id(9), 0)
    spotify.state.person.add_track(playlist_id, track_id(8))
    spotify.state.person.reorder(playlist_id, 4, 0)
    return playlist_id


class TestRestore:
    def test_it_comes_back_in_order_and_the_dates_of_what_stayed_are_kept(self, spotify: SpotifySandbox, changed: str) -> None:
        done = restore_now(spotify, changed, START + timedelta(hours=1), keep_dates=True)
        assert spotify.held(changed) == ids(*THEN)
        dates = [(item.added_at - START).days for item in spotify.state.playlists[changed].items]
        assert dates == [0, 1, 0, 0, 1, 0]
        assert (len(done.changes.came), len(done.changes.left), len(done.changes.moved)) == (2, 2, 1)
        assert done.operations == {"removals": 1, "moves": 1, "insertions": 2}

    def test_a_dry_run_shows_the_difference_and_the_calls_and_writes_nothing(self, spotify: SpotifySandbox, changed: str) -> None:
        held = spotify.held(changed)
        would = restore_now(spotify, changed, START + timedelta(hours=1), "dry", dry_run=True)
        assert spotify.held(changed) == held
        writes = [spotify.sent(method=method, kind="playlist-items") for method in ("PUT", "POST", "DELETE")]
        assert writes == [0, 0, 0]
        restore_now(spotify, changed, START + timedelta(hours=1))
        assert sum(spotify.sent(method=method, kind="playlist-items") for method in ("PUT", "POST", "DELETE")) == 1
        assert would.calls == 2, "the write, and whether it was disturbed"

    def test_into_a_new_playlist(self, spotify: SpotifySandbox, changed: str) -> None:
        held = spotify.held(changed)
        would = restore_now(spotify, changed, START + timedelta(hours=1), "dry", into="As it was", dry_run=True)
        assert would.calls == 3, "creating it, filling it, and whether that was disturbed"
        restore_now(spotify, changed, START + timedelta(hours=1), into="As it was")
        assert spotify.state.person.track_ids("As it was") == ids(*THEN)
        assert spotify.held(changed) == held
        restore_now(spotify, changed, START + timedelta(hours=1), "again", into="As it was")
        assert [one.name for one in spotify.state.library()].count("As it was") == 1
        spotify.playlist("Other", (7,))
        with pytest.raises(SettingsError, match="already have a playlist 'Other'"):
            restore_now(spotify, changed, START + timedelta(hours=1), "third", into="Other")

    def test_a_deleted_playlist_comes_back_as_a_new_one(self, spotify: SpotifySandbox, changed: str) -> None:
        spotify.state.person.delete(changed)
        restore_now(spotify, changed, START + timedelta(hours=1), into="House")
        assert spotify.state.person.track_ids("House") == ids(*THEN)

    @pytest.mark.parametrize("into", ["", "As it was"])
    @pytest.mark.parametrize("keep_dates", [False, True])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_break_at_any_call_is_continued(self, spotify: SpotifySandbox, changed: str, when: str, keep_dates: bool, into: str) -> None:
        at, held = START + timedelta(hours=1), spotify.held(changed)
        for nth in range(1, 6):
            spotify.state.replace_items(changed, [f"spotify:track:{one}" for one in held])
            if into and into in [one.name for one in spotify.state.library()]:
                spotify.state.person.delete(into)
            dies_at(spotify, nth, when, lambda workspace: restore(workspace, changed, at, keep_dates=keep_dates, into=into))
            restore_now(spotify, changed, at, f"after {nth}", keep_dates=keep_dates, into=into)
            assert spotify.state.person.track_ids(into or changed) == ids(*THEN), f"died {when} write {nth}"

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    @pytest.mark.parametrize("fault", [{"fault": "drop", "when": "after"}, {"fault": "drop", "when": "before"}, {"fault": "html"}])
    @pytest.mark.parametrize("keep_dates", [False, True])
    def test_a_lost_answer_loses_nothing(
        self, spotify: SpotifySandbox, changed: str, fault: dict[str, Any], method: str, keep_dates: bool
    ) -> None:
        spotify.server.faults.add(service="spotify", method=method, kind="playlist-items", **fault)
        restore_now(spotify, changed, START + timedelta(hours=1), keep_dates=keep_dates)
        assert spotify.held(changed) == ids(*THEN)

    def test_what_an_app_cannot_send_stays_and_is_counted(self, spotify: SpotifySandbox) -> None:
        playlist_id = spotify.playlist("House", (1, 2))
        spotify.state.person.add_local_file(playlist_id, "Ada", "Demo", 1)
        refresh(spotify, "then")
        spotify.clock.advance(86_400)
        spotify.state.person.reorder(playlist_id, 1, 3)
        assert restore_now(spotify, playlist_id, START + timedelta(hours=1)).operations == {"moves": 1}
        assert [item.kind for item in spotify.state.playlists[playlist_id].items] == ["track", "local", "track"]
        playlist = spotify.state.playlists[playlist_id]
        playlist.change(spotify.clock(), [item for item in playlist.items if item.kind == "track"])
        assert restore_now(spotify, playlist_id, START + timedelta(hours=1), "again").unsendable == 1

    def test_a_time_before_the_first_backup_is_refused(self, spotify: SpotifySandbox, changed: str) -> None:
        with pytest.raises(SettingsError, match="first backup of 'House' is of 2026-11-02"):
            restore_now(spotify, changed, START - timedelta(days=1))

    def test_the_drill_restores_every_playlist_on_paper(self, spotify: SpotifySandbox, changed: str) -> None:
        refresh(spotify, "now")
        before = spotify.sent()
        found = list(drill(spotify.ledger))
        assert [(one.name, one.entries, one.calls, one.problem) for one in found] == [("House", 6, 1, ""), ("House", 6, 0, "")]
        assert spotify.sent() == before, "nothing is sent"
