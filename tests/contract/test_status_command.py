"""`beatporter status` on ledgers as runs leave them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from beatporter.errors import ChallengeShown
from beatporter.genres import all_genres
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.playlist_kinds import playlist_number
from beatporter.records.ledger import CallRow, ListedPlaylist, RememberedPlaylist, RunRow
from beatporter.settings import load_settings
from beatporter.sync.outcome import Outcome, keep_failure, keep_outcome
from beatporter.sync.workspace import Workspace
from tests.commands import run_command
from tests.contract.pseudo_terminal import run_in_terminal


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    return {
        **inherited,
        "BEATPORTER_HOME": str(tmp_path),
        "BEATPORTER_SPOTIFY_CLIENT_ID": "id",
        "BEATPORTER_SPOTIFY_CLIENT_SECRET": "secret",
    }


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / "beatporter.db")


def status(environment: dict[str, str], *arguments: str) -> str:
    done = run_command(("status", *arguments), environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_all(ledger: Ledger, home: Path, at: datetime) -> None:
    """A run of every genre: the first failed, the second deferred some, the others completed."""
    with Workspace(load_settings(home=home), ledger, run_key="run", now=lambda: at) as workspace:
        for number, slug in enumerate(all_genres()):
            if number == 0:
                keep_failure(workspace, slug, ChallengeShown("Beatport asked for proof of a human.", "Save the page by hand."))
            else:
                state = "deferred" if number == 1 else "completed"
                keep_outcome(workspace, slug, Outcome(state, chart=100, matched=90, added=number, not_found=4, deferred=number == 1))


def test_before_the_first_run_it_says_what_is_missing(environment: dict[str, str]) -> None:
    said = " ".join(status(environment).split())
    assert "Account: not known before the first run" in said
    assert "Sign-in: none. Spotify credentials are missing: BEATPORTER_SPOTIFY_REFRESH_TOKEN." in said
    assert "0 calls in 24 hours; 800 of 800 left." in said
    assert "No genre has run yet" in said


def test_every_genres_last_run_fits_80_columns(environment: dict[str, str], ledger: Ledger, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    run_all(ledger, tmp_path, now - timedelta(days=1))
    run_all(ledger, tmp_path, now)
    shown = run_in_terminal(["status"], environment, tmp_path)
    assert shown.code == 0, shown.text
    assert [line for line in shown.lines if cell_len(line) > 80] == []
    slugs = list(load_settings(home=tmp_path).enabled_genres())
    rows = {line.split()[0]: line.split() for line in shown.lines if line.split() and line.split()[0] in slugs}
    assert list(rows) == slugs
    assert rows[slugs[1]][1:] == [f"{now:%Y-%m-%d}", f"{now:%H:%M}", "deferred", "1", "4", "1"]
    assert rows[slugs[5]][3:] == ["completed", "5", "4", "0"]
    assert f"{slugs[0]}: Beatport asked for proof of a human. Save the page by hand." in " ".join(shown.text.split())


def test_account_calls_and_the_quotas_end(environment: dict[str, str], ledger: Ledger) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    until = now + timedelta(hours=13, minutes=38)  # still 13.6 h for the next five minutes
    ledger.listings.append("run", now, [ListedPlaylist("run", "P", "House", "s", 3, "dj-ada", now)])
    ledger.calls.append([CallRow(now - timedelta(hours=25), "search", 500, "old"), CallRow(now - timedelta(hours=2), "search", 120, "run")])
    ledger.calls.append([CallRow(now, "write", 3, "run"), CallRow(now, "quota", 0, "run", until)])
    said = " ".join(status(environment).split())
    assert "Account: dj-ada" in said
    assert "123 calls in 24 hours (120 search, 3 write); 677 of 800 left." in said
    assert f"back at {until:%Y-%m-%d %H:%M} UTC, in 13.6 h." in said


def test_as_json(environment: dict[str, str], ledger: Ledger, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    run_all(ledger, tmp_path, now)
    (tmp_path / "spotify.json").write_text(json.dumps({"refresh_token": "secret-token", "signed_in_at": "2020-01-01T00:00:00+00:00"}))
    text = status({**environment, "BEATPORTER_GENRES": "house,dubstep"}, "--json")
    assert "secret-token" not in text
    found = json.loads(text)
    assert set(found["genres"]) == {"house", "dubstep"}
    assert found["genres"]["house"]["at"] == now.isoformat()
    assert found["sign_in"]["present"] is True
    assert "beatporter login" in found["sign_in"]["warning"]
    assert (found["account"], found["budget_left"], found["quota_back_at"]) == (None, 800, None)


def test_a_genre_leads_to_its_playlist_and_the_run_that_changed_it_last(
    environment: dict[str, str], ledger: Ledger, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [("run-1", 4, now - timedelta(hours=2)), ("run-2", 0, now)]
    for run, added, at in rows:
        ledger.runs.append(RunRow(all_genres()["house"].genre_id, "completed", added, 0, 0, None, at, run_id=run, playlist_id="p" * 22))
    (tmp_path / "up.json").write_text(json.dumps({"Prefect": "http://127.0.0.1:4200"}))
    said = status(environment, "house", "techno-peak-time-driving")
    assert f"house: https://open.spotify.com/playlist/{'p' * 22}\n" in said
    changed = f"{now - timedelta(hours=2):%Y-%m-%d %H:%M} UTC"
    assert f"house: 4 added on {changed} by the run http://127.0.0.1:4200/v2/runs/flow-run/run-1\n" in said
    assert "techno-peak-time-driving: no run has changed its playlist yet." in said
    assert "dubstep" not in said
    (tmp_path / "up.json").unlink()
    assert "by the run run-1\n" in status(environment, "house")
    assert "beatporter status GENRE" in " ".join(status(environment).split())


def test_a_list_with_several_playlists_shows_each(environment: dict[str, str], ledger: Ledger, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    house = all_genres()["house"]
    ledger.playlists.append(RememberedPlaylist(house.genre_id, "c" * 22, "House", now))
    ledger.playlists.append(RememberedPlaylist(playlist_number(house, "daily"), "d" * 22, "House daily", now))
    with Workspace(load_settings(home=tmp_path), ledger, run_key="run", now=lambda: now) as workspace:
        keep_outcome(workspace, "house", Outcome("completed", chart=100, matched=90, added=3))
    environment = environment | {"BEATPORTER_PLAYLIST_KINDS": "collect,daily"}
    said = status(environment, "house")
    assert f"house (collect): https://open.spotify.com/playlist/{'c' * 22}" in said
    assert f"house (daily): https://open.spotify.com/playlist/{'d' * 22}" in said
    found = json.loads(status(environment, "house", "--json"))["genres"]["house"]
    assert found["playlists"]["daily"] == f"https://open.spotify.com/playlist/{'d' * 22}"
