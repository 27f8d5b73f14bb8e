"""The playlists of the account, listed for the ledger too; and those that the ledger knows, found by what a person writes."""

from __future__ import annotations

from beatporter.ledger.ledger import Ledger
from beatporter.records.ledger import ListedPlaylist
from beatporter.records.track import PlaylistRef
from beatporter.spotify.playlist_text import find_playlist_by_text
from beatporter.sync.workspace import Workspace


def list_account(workspace: Workspace) -> tuple[str, list[PlaylistRef]]:
    """The account's id and its playlists, own and followed; its own go into the ledger, so that they are found by name without a call.

    Two calls, and one more for every fifty playlists after the first.
    """
    account_id, listed_at = workspace.account_id, workspace.now()
    listing = workspace.spotify.playlists()
    rows = [
        ListedPlaylist(workspace.run_key, one.playlist_id, one.name, one.snapshot_id, one.total, account_id, listed_at)
        for one in listing
        if one.owner_id == account_id
    ]
    workspace.ledger.listings.append(workspace.run_key, listed_at, rows)
    return account_id, listing


def known_playlists(ledger: Ledger) -> list[PlaylistRef]:
    """Every playlist with a backup, a name or a history; snapshot and owner are empty, the total is that of the last backup."""
    names = {**ledger.playlists.names(), **ledger.listings.newest_names()}
    backups = {playlist_id: ledger.backups.latest(playlist_id) for playlist_id in ledger.backups.playlists()}
    found = sorted({*names, *backups})
    return [PlaylistRef(one, names.get(one, one), "", backup.rows if (backup := backups.get(one)) is not None else 0, "") for one in found]


def find_known(ledger: Ledger, text: str) -> PlaylistRef:
    """The known playlist that the text names; of several with that name the one with backups, if it is the only one.

    Raises:
        SettingsError: no known playlist, or several, are meant.
    """
    known = known_playlists(ledger)
    backed_up = set(ledger.backups.playlists())
    named = [one for one in known if one.name.strip() == text.strip()]
    with_backups = [one for one in named if one.playlist_id in backed_up]
    return with_backups[0] if len(named) > 1 and len(with_backups) == 1 else find_playlist_by_text(known, text)
