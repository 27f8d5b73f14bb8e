"""A chart and its entries. No parsing, no fetching."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChartEntry:
    """One row of a chart. Only id, name and artists are always present; Beatport has rows without the rest."""

    position: int
    """1 is the top."""
    beatport_id: int
    name: str
    """Title without the mix name, stripped."""
    artists: tuple[str, ...]
    mix_name: str | None = None
    remixers: tuple[str, ...] = ()
    """Often empty on remixes; the remixer is then in mix_name."""
    isrc: str | None = None
    """Upper case, without dashes."""
    release: str | None = None
    label: str | None = None
    length_ms: int | None = None
    bpm: int | None = None
    key: str | None = None
    publish_date: str | None = None
    """ISO date, YYYY-MM-DD."""
    sub_genre: str | None = None
    is_dj_version: bool | None = None
    camelot: str | None = None
    """The key on the Camelot wheel, for example 8A."""

    @property
    def full_title(self) -> str:
        """Title with the mix name, e.g. "Strobe (Original Mix)"."""
        return f"{self.name} ({self.mix_name})" if self.mix_name else self.name

    @property
    def full_name(self) -> str:
        """Artists and full title, e.g. "deadmau5 – Strobe (Original Mix)"."""
        return f"{', '.join(self.artists)} – {self.full_title}"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart at one time."""

    genre_id: int
    """The genre's id, or the negative number of another list (`beatporter.subscriptions`)."""
    entries: tuple[ChartEntry, ...]
    """In chart order."""
    scraped_at: datetime
    """Aware, UTC, second resolution."""
