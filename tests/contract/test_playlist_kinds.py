"""Kinds of playlist against the sandbox, on SQLite and on PostgreSQL: what each holds, what it costs, and what a crash leaves."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from beatporter.errors import UpstreamDown
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.names import playlist_name
from beatporter.playlist_kinds import KINDS, PlaylistKind, in_order, playlist_number
from beatporter.progress import Progress, listening
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import COVER_SCOPE, SCOPES, FileStore, SignIn, sign_in_path
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.outcome import entry_outcomes, genre_outcome
from beatporter.sync.overrides import never_match, set_match
from beatporter.sync.playlist import update_playlist
from beatporter.sync.preview import Preview, preview_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.spotify.models import base62_id
from sandbox.world import Sandbox
from tests.contract.conftest import SLUG, sandbox_in_use
from tests.postgres import NoPostgres, running_postgres


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "sqlite":
        yield None
        return
    try:
        with running_postgres() as running:
            yield running
    except NoPostgres as reason:
        pytest.skip(str(reason))


class Listener:
    """A person with playlists of several kinds of one genre.

    Attributes:
        chart: of the last morning. found: its tracks, in order. added: by kind, what came in on the last morning.
    """

    def __init__(self, world: Sandbox, database: str, **settings: Any) -> None:
        self.world, self.database, self.given = world, database, settings
        self.person, self.days = world.spotify.person, 0
        self.chart: list[int] = []
        self.found: list[str] = []
        self.added: dict[PlaylistKind, list[str]] = {}

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.database)

    def workspace(self, **changes: Any) -> Workspace:
        settings = load_settings(database=self.database, **{**self.given, **changes})
        return Workspace(settings, self.ledger, run_key=f"run {self.days}", slug=SLUG, reserve=9)

    def kinds(self, **changes: Any) -> tuple[PlaylistKind, ...]:
        settings = load_settings(**{**self.given, **changes})
        return settings.playlist_options(settings.find_list(SLUG)).kinds

    def looks(self, **changes: Any) -> None:
        """The first two steps of a run, and the account's listing."""
        self.days += 1
        with self.workspace(**changes) as workspace:
            list_playlists(workspace)
            self.chart = scrape_chart(workspace, SLUG)
            self.found = match_tracks(workspace, SLUG, self.chart)

    def morning(self, **changes: Any) -> None:
        """A complete run."""
        self.looks(**changes)
        self.added = {}
        for kind in self.kinds(**changes):
            with self.workspace(**changes) as workspace:
                added = update_playlist(workspace, SLUG, self.chart, self.found, kind=kind)
                append_history(workspace, SLUG, added, kind)
                back_up_playlist(workspace, SLUG, kind)
            self.added[kind] = added

    def next_day(self, **changes: Any) -> None:
        self.world.world.advance_day()
        self.morning(**changes)

    def charted(self) -> list[str]:
        """Tracks of the present chart, in its order."""
        matches = self.ledger.matches.latest(self.chart)
        return [track_id for number in self.chart if number in matches and (track_id := matches[number].track_id)]

    def name(self, kind: PlaylistKind) -> str:
        settings = load_settings(**self.given)
        genre = settings.find_list(SLUG)
        return playlist_name(settings.playlist_options(genre), genre, kind)

    def playlist_id(self, kind: PlaylistKind) -> str:
        remembered = self.ledger.playlists.latest(playlist_number(load_settings().find_list(SLUG), kind))
        assert remembered is not None
        return remembered.playlist_id

    def held(self, kind: PlaylistKind) -> list[str]:
        """What the playlist holds, after a look at the ledger: its last backup shows the same, and its history has all of it."""
        playlist_id = self.playlist_id(kind)
        held = self.person.track_ids(playlist_id)
        backup = self.ledger.backups.latest(playlist_id)
        assert backup is not None
        sent = {listed: sent for sent, listed in self.world.spotify.listed_as.items()}
        shown = [sent.get(track_id or "", track_id) for track_id in self.ledger.backups.track_ids(playlist_id, backup.snapshot_id)]
        assert shown == held, f"the backup of the {kind} playlist shows something else"
        known = {sent.get(track_id, track_id) for track_id in self.ledger.history.track_ids(playlist_id)}
        assert set(held) <= known, f"the history of the {kind} playlist lacks something"
        return held

    def requests(self, kind: str = "playlist-items", method: str = "") -> int:
        return self.world.requests.count(kind=kind, method=method) if method else self.world.requests.count(kind=kind)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox_in_use(tmp_path) as running:
        yield running


@pytest.fixture
def listener(world: Sandbox, server: Any, tmp_path: Path) -> Listener:
    database = str(tmp_path / "beatporter.db") if server is None else server.new_database()
    return Listener(world, database, playlist_kinds=KINDS, daily_size=10)


def test_three_kinds_come_from_one_chart_for_one_write_each_and_no_read(listener: Listener) -> None:
    listener.morning()
    chart = listener.charted()
    assert listener.held("collect") == listener.held("mirror") == chart
    assert listener.held("daily") == chart[:10]
    searches = listener.requests("search")
    assert searches < 1.5 * len(listener.chart), "the kinds share one match"
    assert (listener.requests(method="POST"), listener.requests(method="PUT"), listener.requests(method="GET")) == (2, 1, 0)
    listener.next_day()
    collected = listener.held("collect")
    assert listener.held("mirror") == listener.charted()
    assert set(listener.charted()) <= set(collected)
    assert len(collected) > len(listener.charted())
    assert (listener.requests(method="POST"), listener.requests(method="PUT"), listener.requests(method="GET")) == (3, 2, 0)
    assert listener.requests("my-playlists") == 2 + 3, "each run lists the account once, and once more before each playlist is made"


def test_a_mirror_that_shows_the_chart_is_neither_read_nor_written(listener: Listener) -> None:
    listener.morning()
    calls = listener.requests()
    listener.morning()
    assert listener.added == {"collect": [], "daily": [], "mirror": []}
    assert listener.requests() == calls


def test_a_mirror_takes_the_charts_order_and_forgets_nothing(listener: Listener) -> None:
    listener.morning(playlist_kinds=("mirror",))
    first = listener.held("mirror")
    stranger = next(track_id for track_id in listener.world.spotify.tracks if track_id not in first)
    listener.person.add_track(listener.playlist_id("mirror"), stranger, 3)
    listener.person.reorder(listener.playlist_id("mirror"), 0, 9)
    listener.morning(playlist_kinds=("mirror",))
    assert listener.held("mirror") == first
    assert listener.added["mirror"] == [], "nothing was new to it"
    assert listener.requests(method="GET") == -(-(len(first) + 1) // 50), "it was read once"
    listener.next_day(playlist_kinds=("mirror",))
    assert listener.held("mirror") == listener.charted()
    history = set(listener.ledger.history.track_ids(listener.playlist_id("mirror")))
    assert history == {*first, stranger, *listener.charted()}, "what it held is in its history, also what the person put in"
    assert set(listener.added["mirror"]) == set(listener.charted()) - set(first)


def test_the_daily_playlist_is_refilled_with_what_it_never_held_then_with_what_was_collected(listener: Listener) -> None:
    listener.morning()
    chart, heard = listener.charted(), set[str]()
    daily = listener.playlist_id("daily")
    for start in range(0, len(chart), 10):
        held = listener.held("daily")
        assert held == chart[start : start + 10], "chart order, and nothing that was heard"
        heard |= set(held)
        for track_id in held:
            listener.person.remove_track(daily, track_id)
        listener.morning()
    assert listener.held("daily") == [], "everything was heard, and nothing comes back"
    listener.next_day()
    new = [track_id for track_id in listener.added["collect"] if track_id not in heard]
    assert listener.held("daily") == new[:10]


def test_too_few_new_ones_are_made_up_from_what_was_collected_newest_first(listener: Listener) -> None:
    listener.morning(playlist_kinds=("collect",))
    old = listener.charted()
    listener.next_day(playlist_kinds=("collect",))
    gone = [track_id for track_id in old if track_id not in listener.charted()]
    assert gone
    size = len(listener.charted()) + len(gone) - 1
    removed = gone.pop(0)
    listener.person.remove_track(listener.playlist_id("collect"), removed)
    stranger = next(track_id for track_id in listener.world.spotify.tracks if track_id not in old)
    listener.person.add_track(listener.playlist_id("collect"), stranger, 0)
    listener.morning(playlist_kinds=("collect", "daily"), daily_size=min(size, 100))
    made_up = listener.held("daily")[len(listener.charted()) :]
    assert made_up == gone[: len(made_up)], "below the chart's, the newest of what it collected, without what the person removed or added"


def test_a_daily_playlist_that_the_person_filled_gets_nothing_and_loses_nothing(listener: Listener) -> None:
    listener.morning()
    daily, held = listener.playlist_id("daily"), listener.held("daily")
    stranger = next(track_id for track_id in listener.world.spotify.tracks if track_id not in listener.charted())
    listener.person.add_track(daily, stranger, 0)
    listener.next_day()
    assert listener.held("daily") == [stranger, *held]
    listener.person.remove_track(daily, stranger)
    listener.person.remove_track(daily, held[0])
    listener.next_day()
    after = listener.held("daily")
    assert after[1:] == held[1:]
    assert after[0] not in {stranger, held[0]}, "what was heard came back"


def test_new_entries_can_go_to_the_end(listener: Listener) -> None:
    listener.morning(playlist_add_at="end")
    first, calls = listener.held("collect"), listener.requests(method="GET")
    listener.person.remove_track(listener.playlist_id("daily"), first[0])
    listener.next_day(playlist_add_at="end")
    new = listener.added["collect"]
    assert new
    assert listener.held("collect") == [*first, *new]
    assert listener.held("daily") == [*first[1:10], *listener.added["daily"]]
    assert listener.requests(method="GET") == calls + 1, "only the daily playlist was changed by somebody else"
    listener.next_day(playlist_add_at="end")
    assert listener.held("collect") == [*first, *new, *listener.added["collect"]]
    assert listener.requests(method="GET") == calls + 1, "our own writes cost no read"


@pytest.mark.parametrize(("digging", "comes_back"), [("off", True), ("playlist", False), ("all", False)])
def test_digging_decides_whether_what_was_removed_comes_back(listener: Listener, digging: str, comes_back: bool) -> None:
    listener.morning(playlist_digging=digging)
    chart = listener.charted()
    for kind in KINDS:
        listener.person.remove_track(listener.playlist_id(kind), chart[4])
    for _ in range(2):  # when it was read, and when it was not
        listener.morning(playlist_digging=digging)
        assert (chart[4] in listener.held("collect")) == comes_back
        assert chart[4] not in listener.held("daily"), "it was heard"
        assert listener.held("mirror") == chart
        assert len(listener.held("collect")) == len(set(listener.held("collect")))


def test_with_digging_off_a_recording_that_is_there_under_another_id_counts(listener: Listener) -> None:
    listener.morning(playlist_kinds=("collect",), playlist_digging="off")
    chart, collect = listener.charted(), listener.playlist_id("collect")
    tracks = listener.world.spotify.tracks
    other, twin = next(
        (one.track_id, two) for two in chart for one in tracks.values() if one.track_id != two and one.isrc and one.isrc == tracks[two].isrc
    )
    listener.person.remove_track(collect, twin)
    listener.person.add_track(collect, other, 0)
    for _ in range(2):
        listener.morning(playlist_kinds=("collect",), playlist_digging="off")
        assert twin not in listener.held("collect")
        assert other in listener.held("collect")


def test_digging_all_leaves_out_what_another_lists_playlist_had_but_not_what_this_lists_own_had(listener: Listener) -> None:
    listener.looks()
    chart = listener.charted()
    with listener.workspace() as workspace:
        workspace.ledger.history.append("another", rows_of(listener, chart[:3]))
    listener.morning(playlist_digging="all")
    assert listener.held("collect") == chart[3:]
    assert listener.held("daily") == chart[3:13], "what was collected this morning is new to it"
    assert listener.held("mirror") == chart, "a mirror takes no notice"
    with listener.workspace(playlist_digging="all") as workspace:
        outcomes = entry_outcomes(workspace, SLUG, listener.chart, [])
    assert genre_outcome(outcomes, added=0, spotify_calls=0).deferred == 0, "what stays out waits for nothing"


def rows_of(listener: Listener, track_ids: Sequence[str]) -> list[Any]:
    from beatporter.sync.candidates import history_row

    found = listener.ledger.matches.that_took(track_ids)
    return [history_row(found[track_id], found[track_id].decided_at) for track_id in track_ids]


def test_an_override_reaches_every_kind(listener: Listener) -> None:
    listener.morning()
    chart = listener.charted()
    by_track = {match.track_id: match for match in listener.ledger.matches.latest(listener.chart).values()}
    with listener.workspace() as workspace:
        artist = workspace.ledger.charts.entries(18, listener.chart)[listener.chart[0]].artists[0]
        right = next(track.track_id for track in workspace.spotify.search(artist) if track.track_id not in chart)
        set_match(workspace, by_track[chart[5]].beatport_id, workspace.spotify.track(right))
        never_match(workspace, by_track[chart[7]].beatport_id)
    listener.looks()
    with listener.workspace() as workspace:
        shown = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind="collect")
        assert (shown.added, set(shown.removed)) == ([right], {chart[5], chart[7]})
        calls = listener.world.requests.count(service="spotify")
        update_playlist(workspace, SLUG, listener.chart, listener.found, kind="collect")
        assert listener.world.requests.count(service="spotify") - calls == shown.calls
    listener.morning()
    expected = [right if track_id == chart[5] else track_id for track_id in chart if track_id != chart[7]]
    assert listener.held("collect") == listener.held("mirror") == expected
    daily = listener.held("daily")
    assert right in daily
    assert not {chart[5], chart[7]} & set(daily)
    assert len(daily) == 10, "the place that became free was filled"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("add_at", ["top", "end"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_adds_nothing_twice_and_loses_nothing(listener: Listener, kind: PlaylistKind, add_at: str, when: str) -> None:
    changes = {"playlist_kinds": (kind,), "playlist_add_at": add_at}
    listener.morning(**changes)
    listener.world.faults.add(
        service="spotify", kind="playlist-items", method="PUT" if kind == "mirror" else "POST", fault="drop", when=when
    )
    if kind == "daily":
        listener.person.remove_track(listener.playlist_id(kind), listener.held(kind)[0])
    before = listener.person.track_ids(listener.playlist_id(kind))
    listener.next_day(**changes)
    added = listener.added[kind]
    assert added
    for _ in range(2):
        held = listener.person.track_ids(listener.playlist_id(kind))
        if kind == "mirror":
            assert held == listener.charted()
        else:
            assert held == ([*before, *added] if add_at == "end" else [*added, *before])
        listener.morning(**changes)
        assert listener.added[kind] == []
        assert listener.held(kind) == held


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_dies_after_its_write_is_finished_by_the_next(listener: Listener, kind: PlaylistKind) -> None:
    changes = {"playlist_kinds": (kind,), "playlist_add_at": "end"}
    listener.looks(**changes)
    with listener.workspace(**changes) as workspace:
        sent = update_playlist(workspace, SLUG, listener.chart, listener.found, kind=kind)
    assert sent
    calls = listener.requests()
    listener.morning(**changes)
    assert listener.added[kind] == sent, "only the second run recorded them"
    assert listener.held(kind) == sent
    assert listener.requests() == calls, "the ledger knows what was confirmed"


def test_a_mirror_follows_a_playlist_that_lists_its_tracks_under_other_ids(listener: Listener) -> None:
    tracks = sorted(listener.world.spotify.tracks)
    listener.world.spotify.listed_as = {track_id: base62_id("listed", track_id) for track_id in tracks[::2]}
    listener.morning()
    listener.person.rename(listener.name("mirror"), "Now")
    listener.person.rename(listener.name("daily"), "To hear")
    writes = listener.requests(method="PUT") + listener.requests(method="POST")
    for _ in range(2):
        listener.morning()
        assert listener.person.track_ids("Now") == listener.charted()
        assert listener.held("daily") == listener.charted()[:10]
    assert listener.requests(method="PUT") + listener.requests(method="POST") == writes, "it was written again"


def test_a_mirror_is_left_alone_while_no_track_of_the_chart_is_known(listener: Listener) -> None:
    listener.morning(playlist_kinds=("mirror",))
    held = listener.held("mirror")
    with listener.workspace() as workspace:
        assert update_playlist(workspace, SLUG, listener.chart, [], kind="mirror") == []
    assert listener.person.track_ids(listener.name("mirror")) == held


def test_a_preview_shows_what_the_run_then_does_and_what_it_costs(listener: Listener) -> None:
    listener.morning()
    chart = listener.charted()
    listener.person.remove_track(listener.playlist_id("daily"), chart[0])
    listener.person.reorder(listener.playlist_id("mirror"), 0, 50)
    listener.world.world.advance_day()
    listener.looks()
    writes = listener.requests(method="PUT") + listener.requests(method="POST")
    backups = listener.ledger.backups.playlists()
    shown: dict[PlaylistKind, Preview] = {}
    for kind in KINDS:
        with listener.workspace() as workspace:
            shown[kind] = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind=kind)
    assert listener.requests(method="PUT") + listener.requests(method="POST") == writes, "a preview writes"
    assert listener.ledger.backups.playlists() == backups
    before = listener.person.track_ids(listener.name("mirror"))
    listener.morning()
    assert {kind: preview.added for kind, preview in shown.items()} == listener.added
    assert set(shown["mirror"].removed) == set(before) - set(listener.charted())
    assert shown["mirror"].moved >= 1
    assert [preview.calls for preview in shown.values()] == [1, 1, 1]
    with listener.workspace() as workspace:
        again = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind="mirror")
    assert again == Preview([], [], 0, 0)


def test_a_preview_of_a_playlist_that_is_not_there_counts_its_creation(listener: Listener) -> None:
    listener.looks()
    with listener.workspace(playlist_description="{date}") as workspace:
        found = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind="mirror")
    assert (found.added, found.calls) == (listener.charted(), 3)
    assert not [playlist for playlist in listener.world.spotify.library() if playlist.name == listener.name("mirror")]


def test_the_description_is_written_with_a_change_and_costs_no_read(listener: Listener) -> None:
    changes = {"playlist_kinds": ("collect", "mirror"), "playlist_description": "{genre} on {date}, {run}. Mine."}
    listener.morning(**changes)
    day = f"{listener.workspace().now():%Y-%m-%d}"
    assert {listener.person.find(listener.name(kind)).description for kind in ("collect", "mirror")} == {f"Dubstep on {day}, run 1. Mine."}
    assert listener.requests("playlist-details") == 0, "it was created with it"
    listener.morning(**changes)
    assert listener.requests("playlist-details") == 0, "nothing changed"
    listener.next_day(**changes)
    assert listener.person.find(listener.name("mirror")).description == f"Dubstep on {day}, run 3. Mine."
    assert listener.requests("playlist-details") == 2
    listener.next_day(**changes)
    assert listener.requests(method="GET") == 0
    assert listener.held("mirror") == listener.charted()


def test_a_description_that_cannot_be_written_does_not_stop_the_tracks(listener: Listener) -> None:
    listener.morning(playlist_kinds=("collect",))
    listener.world.faults.add(service="spotify", kind="playlist-details", method="PUT", fault="server_error", status=500, count=9)
    listener.next_day(playlist_kinds=("collect",), playlist_description="{date}")
    assert listener.added["collect"]
    assert listener.held("collect")[: len(listener.added["collect"])] == listener.added["collect"]


def test_a_kind_that_is_new_finds_its_playlist_by_name(listener: Listener) -> None:
    made = listener.world.spotify.create_playlist(listener.name("daily"))
    listener.morning()
    assert listener.playlist_id("daily") == made.playlist_id
    assert in_order(listener.added) == KINDS


def test_another_error_of_a_mirror_is_raised_and_the_next_run_reads_it(listener: Listener) -> None:
    listener.morning(playlist_kinds=("mirror",))
    listener.world.faults.add(service="spotify", kind="playlist-items", method="PUT", fault="drop", when="after", count=9)
    listener.world.world.advance_day()
    listener.looks(playlist_kinds=("mirror",))
    with listener.workspace(playlist_kinds=("mirror",)) as workspace:
        workspace.sleep = lambda _: None
        with pytest.raises(UpstreamDown):
            update_playlist(workspace, SLUG, listener.chart, listener.found, kind="mirror")
    listener.world.faults.clear()
    listener.morning(playlist_kinds=("mirror",))
    assert listener.held("mirror") == listener.charted()


def signed_in(world: Sandbox, home: Path, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Settings of a person whose stored sign-in allows this."""
    token = SecretStr(world.spotify.accounts.sign_in(scopes))
    settings = load_settings(home=home, spotify_refresh_token=None)
    FileStore(sign_in_path(settings)).save(SignIn(token, datetime.now(UTC), scopes))
    return {"home": home, "spotify_refresh_token": token, "playlist_kinds": ("mirror",), "playlist_cover": True}


def test_a_cover_goes_with_a_change_and_costs_no_read(listener: Listener, tmp_path: Path) -> None:
    changes = signed_in(listener.world, tmp_path / "home", (*SCOPES, COVER_SCOPE))
    listener.morning(**changes)
    first = listener.person.find(listener.name("mirror")).cover
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size) == ("JPEG", (640, 640))
    listener.morning(**changes)
    assert listener.requests("playlist-cover") == 1, "nothing changed"
    listener.next_day(**changes)
    assert listener.requests("playlist-cover") == 2
    listener.next_day(**changes)
    assert listener.requests(method="GET") == 0


def test_without_the_permission_the_tracks_come_and_the_cover_is_left_out(listener: Listener, tmp_path: Path) -> None:
    changes = signed_in(listener.world, tmp_path / "home", SCOPES)
    said: list[Progress] = []
    with listening(said.append):
        listener.morning(**changes)
    assert listener.requests("playlist-cover") == 0, "the stored sign-in says that it may not"
    assert "beatporter login" in " ".join(one.note for one in said if one.step == "playlist")
    assert listener.held("mirror") == listener.charted()


def test_a_token_of_unknown_permissions_is_tried_and_the_refusal_explained(listener: Listener) -> None:
    said: list[Progress] = []
    with listening(said.append):
        listener.morning(playlist_kinds=("mirror",), playlist_cover=True)
    assert listener.requests("playlist-cover") == 1
    assert "beatporter login" in " ".join(one.note for one in said if one.step == "playlist")
    assert listener.held("mirror") == listener.charted()
