"""A run that would make a playlist beside one that looks like it, and the command that says which to use."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.errors import LookAlikeFound
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.playlist_kinds import playlist_number
from beatporter.records.ledger import HistoryRow
from beatporter.settings import load_settings
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Sandbox
from tests.commands import run_command
from tests.contract.conftest import NAME, SLUG
from tests.contract.typed import typed


@pytest.fixture
def ledger(world: Sandbox) -> Iterator[Ledger]:
    with open_ledger(load_settings().ledger_address()) as opened:
        yield opened


def run(ledger: Ledger, run_key: str = "one") -> list[str]:
    """A genre's run; returns what was added."""
    with Workspace(load_settings(), ledger, run_key=run_key, slug=SLUG, reserve=3) as workspace:
        chart = scrape_chart(workspace, SLUG)
        added = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
        return append_history(workspace, SLUG, added)


def names(world: Sandbox) -> list[str]:
    return sorted(playlist.name for playlist in world.spotify.library())


def test_a_run_makes_no_playlist_beside_one_that_looks_like_it(world: Sandbox, ledger: Ledger) -> None:
    similar = world.spotify.create_playlist("BP: dubstep top 100")
    with pytest.raises(LookAlikeFound) as caught:
        run(ledger)
    assert f"{similar.playlist_id}" in caught.value.what
    assert caught.value.remedy == (
        f"Use it: `beatporter adopt dubstep {similar.playlist_id}`. Or make a new one: `beatporter adopt dubstep --new`."
    )
    assert names(world) == ["BP: dubstep top 100"]
    searches = world.requests.count(kind="search")

    said = typed("adopt", SLUG, similar.playlist_id, "--dry-run")
    assert "would become the collect playlist of dubstep" in said
    assert ledger.playlists.latest(18) is None
    assert "is the collect playlist of dubstep from now on" in typed("adopt", SLUG, "bp: DUBSTEP top 100")

    added = run(ledger, "two")
    assert world.spotify.person.track_ids(similar.playlist_id) == added
    assert names(world) == ["BP: dubstep top 100"]
    assert world.requests.count(kind="search") == searches, "what was found before the refusal is kept"
    assert "already was the collect playlist" in typed("adopt", SLUG, similar.playlist_id)


def test_a_new_one_is_made_when_the_person_says_so_once(world: Sandbox, ledger: Ledger) -> None:
    similar = world.spotify.create_playlist("Dubstep - Top 100")
    assert "would be made" in typed("adopt", SLUG, "--new", "--dry-run")
    assert names(world) == ["Dubstep - Top 100"]
    assert f"'{NAME}' is the collect playlist of dubstep from now on" in typed("adopt", SLUG, "--new")
    added = run(ledger)
    assert world.spotify.person.track_ids(NAME) == added
    assert world.spotify.person.track_ids(similar.playlist_id) == []
    assert "has a collect playlist already" in typed("adopt", SLUG, "--new", code=2)
    assert names(world) == [NAME, "Dubstep - Top 100"]


def test_a_playlist_whose_imported_history_has_the_chart_looks_alike_under_any_name(world: Sandbox, ledger: Ledger) -> None:
    renamed, other = (world.spotify.create_playlist(name) for name in ("my bass stuff", "other"))
    with Workspace(load_settings(), ledger, run_key="zero", slug=SLUG) as workspace:
        chart = scrape_chart(workspace, SLUG)
        found = match_tracks(workspace, SLUG, chart)
    at = datetime(2025, 1, 1, tzinfo=UTC)

    def held(playlist_id: str, share: float) -> None:
        rows = [HistoryRow(track_id, None, "", None, "import", at) for track_id in found[: int(share * len(found))]]
        ledger.history.append(playlist_id, rows)

    held(other.playlist_id, 0.2)
    held(renamed.playlist_id, 0.4)
    with pytest.raises(LookAlikeFound) as caught:
        run(ledger)
    assert renamed.playlist_id in caught.value.what
    assert other.playlist_id not in caught.value.what


def test_another_lists_playlist_does_not_look_alike(world: Sandbox, ledger: Ledger) -> None:
    similar = world.spotify.create_playlist("BP: dubstep top 100")
    typed("adopt", "label:8bit/3248", similar.playlist_id)
    added = run(ledger)
    assert names(world) == ["BP: dubstep top 100", NAME]
    assert world.spotify.person.track_ids(NAME) == added


def test_a_deleted_playlist_does_not_look_alike(world: Sandbox, ledger: Ledger) -> None:
    run(ledger)
    world.spotify.person.delete(NAME)
    added = run(ledger, "two")
    assert names(world) == [NAME], "a deleted playlist is made again"
    assert added


@pytest.mark.parametrize("kind", ["daily", "mirror"])
def test_any_kind_of_any_list_can_be_adopted(world: Sandbox, ledger: Ledger, kind: str) -> None:
    mine = world.spotify.create_playlist("Mine")
    typed("adopt", "label:8bit/3248", mine.playlist_id, "--kind", kind)
    label = load_settings().find_list("label:8bit/3248")
    remembered = ledger.playlists.latest(playlist_number(label, kind))  # type: ignore[arg-type]
    assert remembered is not None
    assert (remembered.playlist_id, remembered.name) == (mine.playlist_id, "Mine")
    assert ledger.playlists.latest(label.genre_id) is None


def test_what_cannot_be_adopted_says_why(world: Sandbox, ledger: Ledger) -> None:
    theirs = world.spotify.add_foreign_playlist("Theirs")
    mine = world.spotify.create_playlist("Mine")
    assert "belongs to the account somebody-else" in typed("adopt", SLUG, theirs.playlist_id, code=2)
    typed("adopt", SLUG, "Mine")
    assert "is already the playlist of another list or kind" in typed("adopt", "house", mine.playlist_id, code=2)
    assert "is already the playlist of another list or kind" in typed("adopt", SLUG, mine.playlist_id, "--kind", "daily", code=2)
    assert "No playlist in your account is named" in typed("adopt", SLUG, "Nowhere", code=2)
    assert "is not a kind of playlist" in typed("adopt", SLUG, "Mine", "--kind", "weekly", code=2)
    assert "or use --new" in typed("adopt", SLUG, code=2)
    assert "or use --new" in typed("adopt", SLUG, "Mine", "--new", code=2)


def test_the_reason_is_in_the_runs_document_in_status_and_in_the_briefing(
    world: Sandbox, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> None:
    monkeypatch.setenv("BEATPORTER_GENRES", SLUG)
    similar = world.spotify.create_playlist("BP: dubstep top 100")
    with chdir(tmp_path):
        done = run_command(("sync", SLUG, "--json"), {**os.environ, "PREFECT_API_URL": prefect_api, "BEATPORTER_PROFILE": "off"})
        assert done.returncode == 1, done.stdout + done.stderr
        outcome = json.loads(done.stdout)["genres"][SLUG]
        assert outcome["state"] == "failed"
        assert f"beatporter adopt dubstep {similar.playlist_id}" in outcome["error"]
        assert outcome["matched"] > 80, "what was found is kept"
        for command in (("status", SLUG), ("briefing",)):
            assert f"beatporter adopt dubstep {similar.playlist_id}" in typed(*command), command
