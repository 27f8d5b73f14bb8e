"""An old installation is moved over in one command; the next morning makes no playlist twice and brings nothing back.

A small installation by default. `make test-moving-over` plays the full one: 20 genres, a history of 248,000 rows, a whole run of Prefect.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.spotify.playlist import Playlist
from sandbox.world import Options, Sandbox
from tests.commands import run_command
from tests.old_installation import NAMES, OldInstallation
from tests.timeouts import TIMEOUT_S

FULL = os.environ.get("MOVING_OVER") == "full"
SLUGS = list(NAMES) if FULL else ["house", "trance-main-floor", "breaks-breakbeat-uk-bass"]
ROWS = 248_000 if FULL else 4_000
DAYS = 12 if FULL else 3


class Mover:
    """A person who moves over: the old installation, and a folder for the new one."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.home = folder / "new"
        self.home.mkdir()
        self.old = OldInstallation(sandbox, folder / "old", SLUGS, rows=ROWS, days=DAYS)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))},
            **sandbox.environment(),
            "BEATPORTER_SPOTIFY_DAILY_BUDGET": "20000",
            "BEATPORTER_SPOTIFY_RATE": "500",
            "BEATPORTER_PROFILE": "off",
        }

    def types(self, *arguments: str, code: int = 0) -> str:
        """What a command says."""
        done = run_command(arguments, self.environment, self.home, timeout_s=4 * TIMEOUT_S if FULL else TIMEOUT_S)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def morning(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The next run of every genre."""
        if FULL:
            found = json.loads(self.types("sync", "--all", "--json"))
            assert {one["state"] for one in found["genres"].values()} <= {"completed", "deferred"}, found
            return
        for key, value in self.environment.items():
            if key.startswith("BEATPORTER_"):
                monkeypatch.setenv(key, value)
        with chdir(self.home):
            settings = load_settings()
            for slug in settings.enabled_genres():
                ledger = open_ledger(settings.ledger_address())
                with Workspace(settings, ledger, run_key="morning", slug=slug, reserve=3) as workspace:
                    chart = scrape_chart(workspace, slug)
                    found = match_tracks(workspace, slug, chart)
                    for kind in settings.playlist_options(workspace.genre(slug)).kinds:
                        append_history(workspace, slug, update_playlist(workspace, slug, chart, found, kind=kind), kind)
                        back_up_playlist(workspace, slug, kind)
                ledger.close()

    def tracks(self, playlist: Playlist) -> list[str]:
        """What a playlist of the account holds."""
        return self.sandbox.spotify.person.track_ids(playlist.playlist_id)

    def playlists(self) -> dict[str, str]:
        """The account's playlists: names by id."""
        return {one.playlist_id: one.name for one in self.sandbox.spotify.library()}


@pytest.fixture
def mover(tmp_path: Path) -> Iterator[Mover]:
    with Sandbox(Options(genres=tuple(SLUGS))) as sandbox:
        yield Mover(sandbox, tmp_path)


def test_a_preview_changes_nothing_and_without_a_terminal_it_wants_yes(mover: Mover) -> None:
    before = mover.playlists()
    said = " ".join(mover.types("migrate", str(mover.old.folder), "--dry-run").split())
    assert f"Together {ROWS:,} rows of" in said
    assert "Nothing was changed." in said
    assert "genres: Big Room: Beatport retired 79" in said
    assert not (mover.home / "beatporter.toml").exists()
    assert mover.playlists() == before
    with open_ledger(mover.home / ".beatporter" / "beatporter.db") as ledger:
        assert ledger.history.playlists() == []
        assert ledger.playlists.numbers() == {}
    assert "Use --yes" in mover.types("migrate", str(mover.old.folder), code=2)
    assert not (mover.home / "beatporter.toml").exists()


def test_everything_is_moved_over_in_one_command(mover: Mover, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mover.playlists()
    said = " ".join(mover.types("migrate", str(mover.old.folder), "--yes").split())
    assert f"{2 * len(SLUGS)} playlists adopted" in said
    settings = tomllib.loads((mover.home / "beatporter.toml").read_text())
    assert settings["genres"] == SLUGS
    assert settings["backups"]["BKP Discover Weekly"]["into"] == "BKP Discover Weekly"
    kept = {genre.slug: set(genre.kept) for genre in mover.old.genres}
    daily = {genre.slug: set(mover.tracks(genre.daily)) for genre in mover.old.genres}

    mover.morning(monkeypatch)

    assert mover.playlists() == before, "a playlist was made or renamed"
    for genre in mover.old.genres:
        held = mover.tracks(genre.playlist)
        assert len(held) == len(set(held)), f"{genre.slug}: a track twice"
        assert kept[genre.slug] <= set(held), f"{genre.slug}: a track was lost"
        came = set(held) - kept[genre.slug]
        back = [beatport_id for beatport_id in genre.removed if mover.old.truth(beatport_id) & came]
        assert back == [], f"{genre.slug}: {len(back)} of {len(genre.removed)} removed recordings came back"
        again = [beatport_id for beatport_id in genre.by_hand if mover.old.truth(beatport_id) & came]
        assert again == [], f"{genre.slug}: what the person added by hand was added again"
        filled = mover.tracks(genre.daily)
        assert daily[genre.slug] <= set(filled), f"{genre.slug}: the daily playlist lost a track"
        assert len(filled) == len(set(filled)) == 15, f"{genre.slug}: the daily playlist is filled up"
        heard = [beatport_id for beatport_id in genre.heard if mover.old.truth(beatport_id) & (set(filled) - daily[genre.slug])]
        assert heard == [], f"{genre.slug}: {len(heard)} of {len(genre.heard)} recordings that were heard came back"
    assert sum(genre.playlist.revision > 1 for genre in mover.old.genres) >= len(SLUGS) // 2, "nothing new was added"

    again = mover.types("migrate", str(mover.old.folder), "--yes")
    assert f"0 of {ROWS:,} rows are new" in again, "a second time changes nothing"
    assert "0 playlists adopted" in again
