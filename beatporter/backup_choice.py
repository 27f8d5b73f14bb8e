"""A playlist of `[backups]` in beatporter.toml: which one is backed up, and where its tracks are collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from beatporter.errors import SettingsError
from beatporter.playlist_kinds import Digging


class BackupChoice(BaseModel):
    """A playlist to back up: `friday = "PLAYLIST"`, or a table with these keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    playlist: str = Field(min_length=1)
    """Its link, URI, id, or name in the account."""
    into: str = ""
    """Name of a playlist of one's own that accumulates its tracks; empty: backups in the ledger only."""
    digging: Digging = "playlist"
    """Which tracks that one leaves out: what is in it now, what it ever had, or what any playlist ever had."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"playlist": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _into_another(self) -> BackupChoice:
        if self.into and self.into.strip().casefold() == self.playlist.strip().casefold():
            raise ValueError("into must name another playlist than the one that is backed up")
        return self


def chosen_backups(
    table: Mapping[str, BackupChoice], names: Sequence[str], into: str = "", digging: Digging = "playlist"
) -> dict[str, BackupChoice]:
    """The playlists to back up: the whole table, or those named there, or any other by what names it.

    Args:
        table: the setting `backups`.
        names: names in the table, or links, URIs, ids or names of playlists; empty for the whole table.
        into, digging: for playlists that are not in the table.

    Raises:
        SettingsError: there is nothing to back up, or `into` is the playlist itself.
    """
    if not names and not table:
        raise SettingsError(
            "There is nothing to back up.", 'Name a playlist, or write [backups] into beatporter.toml: friday = "My Friday playlist".'
        )
    try:
        return {name: table[name] if name in table else BackupChoice(playlist=name, into=into, digging=digging) for name in names or table}
    except ValidationError:
        raise SettingsError("A playlist to back up has no name, or would accumulate into itself.", "Name another in `into`.") from None
