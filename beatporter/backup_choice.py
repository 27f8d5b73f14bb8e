"""A playlist of `[backups]` in beatporter.toml: which one is backed up, and where its tracks are collected."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Digging = Literal["off", "playlist", "all"]
"""What an accumulating playlist leaves out. off: what is in it now; playlist: what it ever had; all: what any playlist ever had."""


class BackupChoice(BaseModel):
    """A playlist to back up: `friday = "PLAYLIST"`, or a table with these keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    playlist: str = Field(min_length=1)
    """Its link, URI, id, or name in the account."""
    into: str = ""
    """Name of a playlist of one's own that accumulates its tracks; empty: backups in the ledger only."""
    digging: Digging = "playlist"
    """Which tracks that one leaves out."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"playlist": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _into_another(self) -> BackupChoice:
        if self.into and self.into.strip().casefold() == self.playlist.strip().casefold():
            raise ValueError("into must name another playlist than the one that is backed up")
        return self
