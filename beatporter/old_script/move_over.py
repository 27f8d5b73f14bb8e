"""Moves an installation of the script that Beatporter replaces over: its settings, its history and its playlists.

First a plan is made, which a person can look at and which changes nothing; then it is carried out: history and adopted playlists in one
transaction, then the settings file. Doing it again changes nothing more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beatporter.errors import SettingsError
from beatporter.matching import recording_key
from beatporter.old_script.adoption import PlannedPlaylist, plan_adoption
from beatporter.old_script.config import LeftOut, ScriptConfig, find_config, read_plain_text, read_script_config
from beatporter.old_script.settings import MovedLists, moved_lists, moved_values, unusable_values
from beatporter.old_script.settings_file import read_settings_text, settings_text, write_settings_text
from beatporter.records.ledger import OldPlaylist
from beatporter.settings import load_settings
from beatporter.spotify.client import reads_of
from beatporter.sync.account_playlists import own_playlists
from beatporter.sync.adopt import adopt_playlist
from beatporter.sync.workspace import Workspace

if TYPE_CHECKING:
    from beatporter.ledger.import_script_history import ImportReport  # loads Arrow

HISTORY = "hist_playlists_tracks"
SUFFIXES = (".parquet.gz", ".parquet", ".xlsx")
TITLE = "Made by `beatporter migrate` from the old script's config.py; docs/moving-over.md explains it."
UNREADABLE = ".pkl"
"""A pickle can run anything when it is loaded, so it is never opened."""


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What moving over would do.

    Attributes:
        histories: the old history's files.
        old: the playlists in them, by id.
        playlists: what becomes of each list's playlists.
        values: the new settings.
        text: the settings file's new content; existing: its present one.
        left_out: parts of config.py that are not used.
        notes: what the person should know, one sentence each.
    """

    config: ScriptConfig
    histories: tuple[Path, ...]
    old: Mapping[str, OldPlaylist]
    playlists: Sequence[PlannedPlaylist]
    values: Mapping[str, Any]
    text: str
    existing: str
    left_out: Sequence[LeftOut]
    notes: Sequence[str]

    @property
    def changes_settings(self) -> bool:
        """Whether a settings file exists that says something else."""
        return bool(self.existing) and tomllib.loads(self.existing) != tomllib.loads(self.text)

    @property
    def calls_to_read(self) -> int:
        """Calls that the first runs need to read the adopted playlists."""
        adopted = [one.playlist for one in self.playlists if one.state == "adopt" and one.playlist is not None]
        return sum(reads_of(playlist.total) for playlist in adopted)


def plan_move(workspace: Workspace, folder: Path, settings_file: Path) -> MovePlan:
    """Read the old installation and the account, and plan; a few calls, no changes.

    Raises:
        SettingsError: the folder is not an installation of the script, its history cannot be read, another account is signed in, or
            the settings that result are not valid.
    """
    config = read_script_config(find_config(folder))
    root = config.path.parent.parent if config.path.parent.name == "src" else config.path.parent
    histories = find_histories(root, config)
    moved = moved_lists(config, workspace.settings.all_genres())
    old = _old_playlists(histories)
    _check_account(workspace, config)
    own = own_playlists(workspace)
    remembered = {number: playlist_id for playlist_id, number in workspace.ledger.playlists.numbers().items()}
    planned = plan_adoption(moved.lists, own, old, remembered)
    values = _values(config, moved, planned, root)
    existing = read_settings_text(settings_file)
    text = settings_text(values, existing, title=TITLE)
    load_settings(**tomllib.loads(text))
    left_out = sorted([*config.left_out, *moved.left_out, *unusable_values(config)], key=lambda one: one.line)
    return MovePlan(config, histories, old, planned, values, text, existing, left_out, list(_notes(config, root, histories, values)))


def _values(config: ScriptConfig, moved: MovedLists, planned: Sequence[PlannedPlaylist], root: Path) -> dict[str, Any]:
    by_number = {(one.genre.genre_id, one.kind): one.name for one in planned}
    names = {(one.key, kind): by_number[one.genre.genre_id, kind] for one in moved.lists for kind in one.names}
    bucket = read_plain_text(root / "src" / "gcp.py", "BUCKET_NAME") if config.use_gcp else ""
    archive = {"archive": f"gs://{bucket}/archive"} if bucket else {}
    return archive | moved_values(config, moved, names)


def _check_account(workspace: Workspace, config: ScriptConfig) -> None:
    if config.username and config.username != workspace.account_id:
        raise SettingsError(
            f"The old script wrote to the account {config.username}; signed in is {workspace.account_id}.",
            "Sign in to that account with `beatporter login`, or correct username in config.py.",
        )


def find_histories(root: Path, config: ScriptConfig) -> tuple[Path, ...]:
    """The old history's files; a newer and an older form may exist side by side, and both count.

    Args:
        root: the script's folder.
    """
    written = [root / "src" / folder for folder in config.folders] + [root / folder for folder in config.folders]
    folders = [root / "data", root, *written, *(folder / "data" for folder in written)]
    found = [path.resolve() for folder in folders for suffix in SUFFIXES if (path := folder / f"{HISTORY}{suffix}").is_file()]
    return tuple(dict.fromkeys(found))


def _old_playlists(histories: Sequence[Path]) -> dict[str, OldPlaylist]:
    from beatporter.ledger.import_script_history import old_playlists  # loads Arrow

    return old_playlists(histories)


def _notes(config: ScriptConfig, root: Path, histories: Sequence[Path], values: Mapping[str, Any]) -> Iterator[str]:
    if not values["genres"]:
        yield "config.py enables no genre, and here an empty list means all of them: list at least one in `genres`, or sync by name."
    if not histories:
        where = "; it is in the bucket, so download it to there" if config.use_gcp else ""
        yield f"No history was found ({root / 'data' / HISTORY}.parquet.gz or .xlsx){where}. Without it removed tracks come back."
    if list(root.glob(f"**/{HISTORY}{UNREADABLE}*")) and not histories:
        yield "A .pkl file is not read, because loading one can run anything. Let the old script write its .xlsx or .parquet.gz once."
    if "archive" in values:
        yield f"The archive in {values['archive']} needs GOOGLE_APPLICATION_CREDENTIALS={root / 'data' / 'beatporter-sa.json'}."
    if "playlist_description" in values:
        yield "Descriptions with a date cost a call for each playlist that changes; without `playlist_description` they are left alone."


def carry_out(
    workspace: Workspace, plan: MovePlan, settings_file: Path, progress: Callable[[int], None] | None = None
) -> list[ImportReport]:
    """Import the history, adopt the playlists, write the settings file; returns a report for each file of the history.

    Raises:
        SettingsError, LedgerUnwritable, LedgerUnavailable: history and playlists are imported completely or not at all.
    """
    from beatporter.ledger.import_script_history import import_history  # loads Arrow

    with workspace.ledger.transaction():
        reports = [import_history(workspace.ledger, path, recording_key, progress) for path in plan.histories]
        for one in plan.playlists:
            if one.state == "adopt" and one.playlist is not None:
                adopt_playlist(workspace, one.genre, one.kind, one.playlist)
    if plan.text != plan.existing:
        write_settings_text(settings_file, plan.text)
    return reports
