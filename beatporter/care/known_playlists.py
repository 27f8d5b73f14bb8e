"""The playlists that the ledger knows, found by what a person writes; no call is made."""

from __future__ import annotations

from beatporter.ledger.ledger import Ledger
from beatporter.records.track import PlaylistRef
from beatporter.spotify.playlist_text import find_playlist_by_text


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
