"""The flows that look after playlists, in Prefect's test harness against a sandbox: what they do, and what their pages show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State
from prefect.testing.utilities import prefect_test_harness

from beatporter.ledger.ledger import open_ledger
from flows.back_up_playlists import back_up_playlists
from flows.dedupe_playlists import dedupe_playlists
from flows.drill_restore import drill_restore
from flows.refresh_history import refresh_history
from flows.restore_playlist import restore_playlist
from sandbox.world import Options, Sandbox
from tests.contract.conftest import use_settings
from tests.timeouts import TIMEOUT_S


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=TIMEOUT_S):
        yield


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as sandbox:
        yield sandbox


@pytest.fixture
def account(running: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An account with a playlist "Mine" of six entries, two of them twice, that no ledger knows yet."""
    use_settings(monkeypatch, running.environment() | {"BEATPORTER_HOME": str(tmp_path), "BEATPORTER_SPOTIFY_RATE": "500"})
    monkeypatch.setenv("BEATPORTER_SPOTIFY_DAILY_BUDGET", "5000")
    for playlist in running.spotify.library():
        running.spotify.person.delete(playlist.playlist_id)
    playlist = running.spotify.create_playlist("Mine")
    for track_id in held(running):
        running.spotify.person.add_track(playlist.playlist_id, track_id)
    return running


def held(sandbox: Sandbox) -> list[str]:
    """Four tracks of different recordings, the first two of them twice."""
    four: dict[str, str] = {}
    for track in sandbox.spotify.tracks.values():
        four.setdefault(" ".join(track.artists), track.track_id)
    one, two, three, four_ = list(four.values())[:4]
    return [one, two, one, three, two, four_]


def page(key: str) -> str:
    artifact = Artifact.get(key)
    assert artifact is not None, f"the flow left no artifact {key}"
    return str(artifact.data)


def ended(state: State[Any]) -> tuple[str, str]:
    return state.name or "", state.message or ""


def test_a_playlists_life(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refreshed, backed up, deduplicated, restored, drilled."""
    before = held(account)
    assert ended(refresh_history(return_state=True)) == ("Completed", "4 tracks new to a history; 0 playlists unchanged")
    assert "Mine | read | 4 | 1 |" in page("refresh-history")

    account.spotify.add_foreign_playlist("Discover Weekly", algorithmic=True)
    choices = {"mine": {"playlist": "Mine", "into": "Kept"}, "weekly": "Discover Weekly"}
    monkeypatch.setenv("BEATPORTER_BACKUPS", json.dumps(choices))
    assert ended(back_up_playlists(return_state=True)) == ("Completed", "1 unchanged, 1 unreadable")
    assert "Kept: 4 added" in page("back-up-playlists")
    assert "no app may read those" in page("back-up-playlists")

    assert ended(dedupe_playlists(["Mine"], return_state=True))[1].startswith("2 duplicates would be removed")
    assert account.spotify.person.track_ids("Mine") == before
    assert ended(dedupe_playlists(["Mine"], dry_run=False, return_state=True))[1].startswith("2 duplicates removed")
    assert account.spotify.person.track_ids("Mine") == list(dict.fromkeys(before))
    assert "same id" in page("dedupe-playlists")

    ledger = open_ledger(tmp_path / "beatporter.db")
    first = ledger.backups.all(account.spotify.person.find("Mine").playlist_id)[0].taken_at
    ledger.close()
    when = f"{first:%Y-%m-%dT%H:%M:%S}"
    assert "would be put back" in ended(restore_playlist("Mine", when, return_state=True))[1]
    restore_playlist("Mine", when, dry_run=False)
    assert account.spotify.person.track_ids("Mine") == before
    assert "## Put back" in page("restore-playlist")

    sent = account.requests.last_number
    assert ended(drill_restore(return_state=True))[0] == "Completed"
    assert "agrees" in page("drill-restore")
    assert account.requests.last_number == sent, "the drill sends nothing"


def test_what_cannot_be_done_fails_the_run_and_says_what_to_do(account: Sandbox) -> None:
    assert ended(back_up_playlists(return_state=True)) == ("Completed", "No playlist is named in [backups].")
    name, said = ended(back_up_playlists(["Nope", "Mine"], return_state=True))
    assert (name, said.split(".")[0]) == ("Incomplete", "1 failed, 1 backed up")
    assert "No playlist in your account is named 'Nope'" in page("back-up-playlists").replace("\\", "")
    name, said = ended(restore_playlist("Mine", "soon", return_state=True))
    assert (name, "is not a day" in said) == ("Failed", True)
    account.spotify.person.add_track("Mine", held(account)[0])
    account.faults.add(service="spotify", method="GET", kind="playlist-items", fault="server_error", status=403)
    name, said = ended(refresh_history(return_state=True))
    account.faults.clear()
    assert (name, said.split(".")[0]) == ("Incomplete", "Not read: Mine")
    assert "Mine | failed" in page("refresh-history")


def test_damage_fails_the_drill(account: Sandbox, tmp_path: Path) -> None:
    from sqlalchemy import text

    refresh_history()
    ledger = open_ledger(tmp_path / "beatporter.db")
    with ledger.database.transaction() as connection:
        connection.execute(text("DELETE FROM backup_changes WHERE number = 1"))
    ledger.close()
    name, said = ended(drill_restore(return_state=True))
    assert (name, "was saved with 6" in said) == ("Damaged", True)
    assert "differs" in page("drill-restore")
