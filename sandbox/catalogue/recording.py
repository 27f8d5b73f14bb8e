"""The parts of the catalogue: songs, their recordings, and a recording's cuts. Records only.

A *song* is a title by artists. A *recording* is one version of it (the artists' own, a remix, a dub, ...). A *cut* is one
length of a recording (extended, original, radio) with its own ISRC. Beatport's and Spotify's tracks are views of cuts.
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
    """The featured guest."""
    guest_word: Literal["feat.", "with"]
    joined_by: str | None
    """Beatport shows two artists as one, joined by this: "&", "x", "vs", "pres."."""
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
    """Joins two remixers: "&", "x", "and"."""
    mix_name: str
    """As in Beatport's row."""
    cuts: tuple[Cut, ...]
    """The charted one first."""
    spotify_late_days: int
    """Days between its chart entry and its arrival on Spotify."""

    @property
    def chart_cut(self) -> Cut:
        return self.cuts[0]
