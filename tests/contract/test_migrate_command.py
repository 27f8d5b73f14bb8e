"""`beatporter migrate` on small installations: what it asks, what it refuses, and what it leaves alone."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from sandbox.world import Sandbox
from tests.contract.conftest import track_id
from tests.contract.pseudo_terminal import run_in_terminal
from tests.contract.typed import typed


class Person:
    """Somebody with an old installation and a new folder."""

    def __init__(self, world: Sandbox, folder: Path) -> None:
        self.world, self.old, self.new = world, folder / "old", folder / "new"
        (self.old / "data").mkdir(parents=True)
        self.new.mkdir()
        self.configure('genres = {"Dubstep": "dubstep/18"}')

    def configure(self, *lines: str) -> None:
        (self.old / "config.py").write_text("\n".join(lines), encoding="utf-8")

    def remembers(self, name: str, *numbers: int, playlist: str = "P") -> None:
        """Write a file of the old history."""
        frame = pd.DataFrame(
            {
                "playlist_id": playlist,
                "playlist_name": "Beatport: Dubstep - Top 100",
                "track_id": [track_id(number) for number in numbers],
                "datetime_added": "2024-05-01 06:00:00",
                "artist_name": "Ada Vale",
            }
        )
        path = self.old / "data" / f"hist_playlists_tracks{name}"
        frame.to_excel(path, index=False) if name == ".xlsx" else frame.to_parquet(path)

    def types(self, *options: str, code: int = 0) -> str:
        """What the command says, on one line."""
        return typed("migrate", str(self.old), *options, code=code, cwd=self.new)

    @property
    def settings_file(self) -> Path:
        return self.new / "beatporter.toml"


@pytest.fixture
def person(world: Sandbox, tmp_path: Path) -> Person:
    return Person(world, tmp_path / "person")


def test_it_asks_first(person: Person) -> None:
    command = ("migrate", str(person.old))
    no = run_in_terminal(command, dict(os.environ), person.new, [("Do this?", "n\n")])
    assert (no.code, person.settings_file.exists()) == (1, False)
    assert "Nothing was changed." in no.text
    yes = run_in_terminal(command, dict(os.environ), person.new, [("Do this?", "y\n")])
    assert (yes.code, person.settings_file.exists()) == (0, True)


def test_every_form_of_the_history_is_imported(person: Person) -> None:
    person.remembers(".parquet.gz", 1, 2)
    person.remembers(".xlsx", 2, 3)
    assert "Together 4 rows of 1 playlist" in person.types("--yes")
    with open_ledger(load_settings().ledger_address()) as ledger:
        assert set(ledger.history.track_ids("P")) == {track_id(number) for number in (1, 2, 3)}


def test_a_playlist_is_found_by_its_id_in_the_history(person: Person) -> None:
    mine = person.world.spotify.create_playlist("renamed")
    person.remembers(".parquet.gz", 1, playlist=mine.playlist_id)
    assert "1 playlist adopted" in person.types("--yes")
    with open_ledger(load_settings().ledger_address()) as ledger:
        remembered = ledger.playlists.latest(18)
        assert remembered is not None
        assert remembered.playlist_id == mine.playlist_id
    assert tomllib.loads(person.settings_file.read_text())["playlists"]["dubstep"]["name"] == "renamed"


def test_an_existing_file_is_changed_only_with_force(person: Person) -> None:
    mine = '# mine\nspotify_rate = 400\ngenres = ["house"]\n'
    person.settings_file.write_text(mine)
    assert "not changed without --force" in person.types("--yes", code=2)
    assert "not changed without --force" in person.types("--dry-run")
    assert person.settings_file.read_text() == mine
    person.types("--yes", "--force")
    text = person.settings_file.read_text()
    assert text.startswith("# mine\nspotify_rate = 400\n")
    assert tomllib.loads(text)["genres"] == ["dubstep"]
    person.types("--yes")
    assert person.settings_file.read_text() == text, "the same again needs no force"


def test_another_account_is_refused(person: Person) -> None:
    person.configure('username = "somebody"', 'genres = {"Dubstep": "dubstep/18"}')
    said = person.types("--yes", code=2)
    assert "The old script wrote to the account somebody; signed in is sandbox-listener." in said
    assert not person.settings_file.exists()


def test_what_a_person_should_know_is_said(person: Person) -> None:
    (person.old / "src").mkdir()
    (person.old / "config.py").rename(person.old / "src" / "config.py")
    (person.old / "src" / "config.py").write_text('use_gcp = True\nplaylist_description = "Mine."\ngenres = {}\n')
    (person.old / "src" / "gcp.py").write_text('BUCKET_NAME = "my-bucket"\n')
    (person.old / "data" / "hist_playlists_tracks.pkl.gz").touch()
    said = person.types("--dry-run")
    assert "enables no genre, and here an empty list means all of them" in said
    assert "No history was found" in said
    assert "it is in the bucket" in said
    assert "A .pkl file is not read" in said
    assert "gs://my-bucket/archive needs GOOGLE_APPLICATION_CREDENTIALS" in said
    assert "Descriptions with a date cost a call" in said
    person.types("--yes")
    settings = tomllib.loads(person.settings_file.read_text())
    assert (settings["archive"], settings["playlist_description"]) == ("gs://my-bucket/archive", "Mine. Updated on {date}.")


def test_a_folder_that_is_no_installation_is_refused(person: Person) -> None:
    (person.old / "config.py").unlink()
    assert "There is no src/config.py or config.py" in person.types("--yes", code=2)


def test_settings_that_would_not_be_valid_are_not_written(person: Person) -> None:
    person.configure('genres = {"Dubstep": "dubstep/18"}', f'playlist_prefix = "{"x" * 120}"')
    assert "playlist_name" in person.types("--yes", code=2)
    assert not person.settings_file.exists()
    with open_ledger(load_settings().ledger_address()) as ledger:
        assert ledger.playlists.numbers() == {}


def test_nothing_is_written_when_the_history_is_damaged(person: Person) -> None:
    (person.old / "data" / "hist_playlists_tracks.parquet.gz").write_bytes(b"PAR1 cut off")
    assert "is damaged" in person.types("--yes", code=2)
    assert not person.settings_file.exists()
