"""What the catalogue is made of: songs, their recordings, and a recording's cuts. Records only.

A *song* is a title by artists. A *recording* is one version of it (the artists' own, a remix, a dub, ...). A *cut* is one
length of a recording (extended, original, radio) with an ISRC of its own. Beatport's and Spotify's tracks are views of cuts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.catalogue.ids import Key
from sandbox.catalogue.names import Artist, Label

Version = Literal["plain", "remix", "dub", "instrumental", "club", "vip", "acapella", "live"]
CutName = Literal["extended", "original", "radio"]


@dataclass(frozen=True, slots=True)
class Song:
    key: Key
    title: str
    """Without any feat."""
    artists: tuple[Artist, ...]
    guests: tuple[Artist, ...]
    """Featured."""
    guest_word: Literal["feat.", "with"]
    joined_by: str | None
    """Beatport shows two artists as one, with this between: "&", "x", "vs", "pres."."""
    label: Label


@dataclass(frozen=True, slots=True)
class Cut:
    name: CutName
    isrc: str
    length_ms: int
    on_spotify: bool


@dataclass(frozen=True, slots=True)
class Recording:
    key: Key
    song: Song
    version: Version
    remixers: tuple[Artist, ...]
    remix_word: str
    """Remix, Rework, Edit or Mix; empty unless the version is a remix."""
    remixer_joint: str
    """Between two remixers: "&", "x", "and"."""
    mix_name: str
    """As Beatport's row has it."""
    cuts: tuple[Cut, ...]
    """The chart's own first."""
    spotify_late_days: int
    """Days after it charts until Spotify has it."""

    @property
    def chart_cut(self) -> Cut:
        return self.cuts[0]
