"""The traces of a run that ended normally: artifacts, the ledger's row, its final state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Completed, Failed
from pydantic import SecretStr

from beatporter.clock import utc_now
from beatporter.errors import ChartNotYet, LedgerUnwritable
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.memory.capture import Capture
from beatporter.playlist_kinds import playlist_number
from beatporter.progress import Progress, listening
from beatporter.progress import report as tell
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import CallRow, RememberedPlaylist
from beatporter.records.match import Match
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import FileStore, SignIn
from beatporter.sync.outcome import Outcome
from orchestration import memory_profile, summary
from orchestration import report as module
from orchestration.report import STALE_AFTER, Changes, Notes, archive_notes, notes_heard, publish_outcome, publish_waiting, sign_in_notes
from orchestration.results import GenresFailed
from orchestration.summary import publish_summary
from tests.unit.prefect_fakes import FakeClient, at_work

TRACK = "6rqhFgbbKwnb9MLmUQDhG6"
Published = dict[str, tuple[str, str]]


@pytest.fixture(autouse=True)
def run(tmp_path: Path) -> Iterator[FlowRun]:
    with at_work(tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """Artifacts by key: text and description."""
    pages: Published = {}

    def publish(key: str, markdown: str, description: str) -> None:
        pages[key] = (markdown, description)

    monkeypatch.setattr(module, "publish", publish)
    monkeypatch.setattr(memory_profile, "publish", publish)
    monkeypatch.setattr(summary, "get_client", lambda sync_client: FakeClient())
    monkeypatch.setattr(summary, "publish_for", lambda _run, key, markdown, description: publish(key, markdown, description))
    monkeypatch.setattr(memory_profile, "process_peak_bytes", lambda: None)
    return pages


@pytest.fixture
def ledger() -> Ledger:
    return open_ledger(load_settings().ledger_address())


def a_chart(ledger: Ledger, scraped_at: datetime, entries: int = 1) -> None:
    """The first entry has its track, a second one is undecided."""
    genre = load_settings().all_genres()["house"]
    listed = [ChartEntry(place, 100 + place, f"Track {place}", ("Ada Vale",), "Original Mix") for place in range(1, entries + 1)]
    ledger.charts.append(Chart(genre.genre_id, tuple(listed), scraped_at))
    ledger.matches.append(
        [Match(101, None, TRACK, "isrc", 99.0, "same", "1", scraped_at, None, ("ISRC agrees",), "Track 1", ("Ada Vale",))]
    )


def memory() -> Capture:
    captured = Capture(utc_now())
    captured.stop()
    captured.peak_rss_bytes, captured.rss_before_bytes, captured.rss_after_bytes = 200 * 2**20, 150 * 2**20, 160 * 2**20
    captured.duration_s = 1.234
    return captured


def test_a_run_that_left_nothing_open_is_completed_with_its_figures(ledger: Ledger, published: Published, run: FlowRun) -> None:
    a_chart(ledger, utc_now())
    ledger.calls.append([CallRow(utc_now(), "search", 3, f"{run.id}/house"), CallRow(utc_now(), "search", 9, "another run/house")])
    told: list[Progress] = []
    with listening(told.append):
        state = publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), Notes())
    assert (state.name, state.message) == ("Completed", "1 of 1 on Spotify, 1 added")
    outcome = Outcome(**state.data)
    assert (outcome.state, outcome.chart, outcome.matched, outcome.added, outcome.spotify_calls) == ("completed", 1, 1, 1, 3)
    assert (outcome.peak_memory_mb, outcome.memory_before_mb, outcome.memory_after_mb, outcome.duration_s) == (200, 150, 160, 1.23)
    page, line = published["sync-house"]
    assert "# house: completed" in page
    assert line == "1 of 1 on Spotify, 1 added"
    assert "older than today" not in page
    row = ledger.runs.latest(load_settings().all_genres()["house"].genre_id)
    assert row is not None
    assert (row.state, row.added, row.error) == ("completed", 1, None)
    assert [(one.genre, one.step) for one in told] == [("house", "done")]


def test_a_run_that_left_entries_is_deferred_and_says_so(ledger: Ledger, published: Published) -> None:
    a_chart(ledger, utc_now(), entries=2)
    state = publish_outcome("house", [101, 102], {"collect": {"added": []}}, memory(), Notes())
    assert state.is_completed()
    assert (state.name, state.data["state"]) == ("Deferred", "deferred")
    assert "for a later run" in str(state.message)
    page, line = published["sync-house"]
    assert str(state.message).split(";")[0].rstrip(".") in page
    assert line.endswith("2 deferred")


def test_a_dry_run_leaves_nothing_in_the_ledger(ledger: Ledger, published: Published) -> None:
    a_chart(ledger, utc_now())
    publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), Notes(), dry_run=True)
    assert "sync-house" in published
    assert ledger.runs.latest(load_settings().all_genres()["house"].genre_id) is None


@pytest.mark.parametrize(("age", "told"), [(STALE_AFTER - timedelta(minutes=1), False), (STALE_AFTER + timedelta(minutes=1), True)])
def test_an_older_chart_is_named_unless_the_step_that_read_it_did(
    age: timedelta, told: bool, ledger: Ledger, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_chart(ledger, utc_now() - age)
    publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), Notes())
    assert ("This chart is older than today" in published["sync-house"][0]) == told
    monkeypatch.setattr(module, "chart_noted", lambda *_: None)
    with notes_heard() as notes:
        tell(Progress("house", "scrape", note="The chart of yesterday is used."))
    publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), notes)
    assert "The chart of yesterday is used" in published["sync-house"][0]
    assert "This chart is older than today" not in published["sync-house"][0]


def test_what_the_search_reports_does_not_hide_that_the_chart_is_old(ledger: Ledger, published: Published) -> None:
    a_chart(ledger, utc_now() - STALE_AFTER - timedelta(minutes=1))
    with notes_heard() as notes:
        tell(Progress("house", "match", note="Spotify's search is out of order."))
    publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), notes)
    assert "This chart is older than today" in published["sync-house"][0]
    assert "out of order" in published["sync-house"][0]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The events about charts for Prefect's server: slug and note."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(module, "chart_noted", lambda slug, note, _run: sent.append((slug, note)))
    return sent


def test_an_older_chart_that_stands_in_after_a_challenge_ends_the_run_as_challenged(
    ledger: Ledger, published: Published, events: list[tuple[str, str]]
) -> None:
    a_chart(ledger, utc_now() - timedelta(hours=25))
    with notes_heard() as notes:
        tell(Progress("house", "challenged", note="Yesterday's stands in: proof of a human."))
    state = publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), notes)
    assert (state.type, state.name) == (StateType.COMPLETED, "Challenged")
    assert "proof of a human" in (state.message or "")
    assert state.data["state"] == "challenged"
    latest = ledger.runs.latest(5)
    assert latest is not None
    assert latest.state == "challenged"
    assert "proof of a human" in published["sync-house"][0]
    assert events == [("house", "Yesterday's stands in: proof of a human.")]


def test_a_retry_that_reads_no_chart_is_challenged_too_while_the_website_rests(ledger: Ledger, published: Published) -> None:
    a_chart(ledger, utc_now() - timedelta(hours=25))
    assert publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), Notes()).name == "Completed"
    ledger.challenges.note_challenge("website", utc_now())
    assert publish_outcome("house", [101], {"collect": {"added": [TRACK]}}, memory(), Notes()).name == "Challenged"


def test_a_chart_that_is_not_out_yet_is_waiting_and_no_failure(ledger: Ledger, published: Published) -> None:
    state = publish_waiting(
        "chart-picks-yyyy-week-ww", ChartNotYet("There is no chart named picks-2026-week-45 yet.", "Beatporter waits for it.")
    )
    assert (state.type, state.name) == (StateType.COMPLETED, "Waiting")
    assert "picks-2026-week-45" in published["sync-chart-picks-yyyy-week-ww"][0]
    latest = ledger.runs.latest(load_settings().find_list("chart-picks-yyyy-week-ww").genre_id)
    assert latest is not None
    assert (latest.state, latest.error) == ("waiting", None)


def test_what_the_chart_step_and_the_search_say_is_heard(events: list[tuple[str, str]]) -> None:
    with notes_heard() as notes:
        tell(Progress("house", "scrape", note="stands in"))
        tell(Progress("house", "scrape"))
        tell(Progress("house", "wait", note="waiting 3 s"))
        tell(Progress("house", "match", note="the search is out of order"))
    assert notes == ["stands in", "the search is out of order"]
    assert events == [("house", "stands in")], "what the search reports is no event of the chart"


DONE = Outcome("completed", chart=100, matched=90, added=10, spotify_calls=12, peak_memory_mb=200.0, duration_s=1.0)
BROKEN = Outcome("failed", spotify_calls=4, error="It broke. Mend it.")
WAITING = Outcome("deferred", chart=100, matched=90, added=5, deferred=3, spotify_calls=2)


def test_a_parent_whose_genres_are_done_is_completed_with_the_document(ledger: Ledger, published: Published, run: FlowRun) -> None:
    ledger.calls.append([CallRow(utc_now(), "list", 1, str(run.id))])
    state = publish_summary({"house": DONE, "hard-techno": DONE}, one_process=True)
    assert (state.name, state.message) == ("Completed", "2 genres, 20 tracks added")
    assert state.data == {
        "genres": {"house": DONE.document(), "hard-techno": DONE.document()},
        "spotify_calls": 25,
        "budget_left": 799,
    }
    assert published["summary"][1] == "2 genres, 20 tracks added"
    assert published["memory"][1] == "highest peak 200 MB"


def test_a_parent_with_a_failed_genre_fails_with_its_name_and_keeps_the_document(published: Published) -> None:
    state = publish_summary({"house": DONE, "hard-techno": BROKEN, "psy-trance": WAITING}, one_process=False, notes=["The sign-in ends."])
    assert state.is_failed()
    assert state.message == "1 of 3 genres failed: hard-techno"
    assert isinstance(state.data, GenresFailed)
    assert state.data.document["genres"]["hard-techno"]["error"] == "It broke. Mend it."
    page, line = published["summary"]
    assert line == "1 of 3 genres failed: hard-techno, 3 deferred"
    assert "It broke" in page
    assert "The sign-in ends" in page
    assert "3 entries wait for a later run" in page


def test_a_parent_that_left_entries_is_deferred() -> None:
    state = publish_summary({"house": DONE, "psy-trance": WAITING}, one_process=False)
    assert (state.name, state.is_completed()) == ("Deferred", True)
    assert str(state.message).startswith("3 entries wait")
    assert publish_summary({"psy-trance": Outcome("deferred", deferred=1)}, one_process=False).message == "1 entry waits for a later run."


def test_a_sign_in_that_ends_soon_is_named_in_the_log_and_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    logger: Any = SimpleNamespace(warning=warned.append)
    monkeypatch.setattr(module, "get_run_logger", lambda: logger)
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_ID", "id")
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_SECRET", "client-secret")
    assert sign_in_notes() == [], "without a sign-in the first task that needs it says more"
    for days, said in {10: 0, 155: 1}.items():
        document = SignIn(SecretStr("token-of-the-file"), datetime.now(UTC) - timedelta(days=days))
        FileStore(tmp_path / "spotify.json").save(document)
        assert len(sign_in_notes()) == len(warned) == said


def test_an_archiving_that_failed_is_named_and_does_not_fail_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    logger: Any = SimpleNamespace(warning=warned.append)
    monkeypatch.setattr(module, "get_run_logger", lambda: logger)
    assert archive_notes(Completed(data={"matches": 3})) == []
    broken = Failed(data=LedgerUnwritable("The bucket is gone.", "Name another."))
    assert archive_notes(broken) == warned == ["The ledger was not archived: The bucket is gone. Name another."]


def several(ledger: Ledger) -> None:
    """The list has a collecting playlist and a mirror."""
    house = load_settings().all_genres()["house"]
    for kind, playlist_id in (("collect", "c" * 22), ("mirror", "m" * 22)):
        ledger.playlists.append(RememberedPlaylist(playlist_number(house, kind), playlist_id, f"House {kind}", utc_now()))  # type: ignore[arg-type]


def test_added_counts_over_the_lists_playlists_and_each_has_its_line(
    ledger: Ledger, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(module, "playlist_updated", lambda _genre, playlist_id, outcome, _run: sent.append((playlist_id, outcome.added)))
    a_chart(ledger, utc_now())
    several(ledger)
    changes: Changes = {"collect": {"added": []}, "mirror": {"added": [TRACK, TRACK[::-1]]}}
    state = publish_outcome("house", [101], changes, memory(), Notes())
    assert state.data["added"] == 2
    assert state.data["playlists"]["mirror"] == {"name": "House mirror", "url": f"https://open.spotify.com/playlist/{'m' * 22}", "added": 2}
    assert Outcome(**state.data).document()["playlists"]["collect"]["added"] == 0
    page, _ = published["sync-house"]
    assert "- mirror, House mirror: 2 added" in page
    assert f"[collect](https://open.spotify.com/playlist/{'c' * 22})" in page
    assert sent == [("m" * 22, 2)], "an event for the playlist that changed, with its own count"


def test_a_dry_run_shows_each_playlists_changes_and_their_calls(ledger: Ledger, published: Published) -> None:
    a_chart(ledger, utc_now())
    change = {"added": [TRACK], "removed": ["x", "y"], "moved": 3, "calls": 1}
    state = publish_outcome("house", [101], {"mirror": change}, memory(), Notes(), dry_run=True)
    page, _ = published["sync-house"]
    assert "- mirror, Beatport: House - Top 100 today: 1 to add, 2 to remove, 3 to move; 1 call" in page
    assert state.data["playlists"]["mirror"]["url"] is None, "it is not there yet"
    assert {name: state.data["playlists"]["mirror"][name] for name in change} == {"added": 1, "removed": 2, "moved": 3, "calls": 1}


def test_what_a_playlist_could_not_get_is_a_note_and_says_nothing_about_the_chart(ledger: Ledger, published: Published) -> None:
    a_chart(ledger, utc_now())
    with notes_heard() as notes:
        tell(Progress("house", "playlist", 0, 9))
        tell(Progress("house", "playlist", note="The covers were left out."))
    assert (list(notes), notes.about_chart) == (["The covers were left out."], False)
    publish_outcome("house", [101], {"collect": {"added": []}}, memory(), notes)
    assert "The covers were left out" in published["sync-house"][0]
