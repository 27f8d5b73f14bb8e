"""Composes songs and recordings: cached pure functions of (seed, genre, number).

Each record has its own random generator, so nothing depends on the order of calls.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cached_property
from typing import Final, TypeVar

from beatporter.genres import FURTHER, KNOWN
from sandbox.catalogue import rates
from sandbox.catalogue.ids import Key, isrc
from sandbox.catalogue.names import Artist, Label, invent_artists, invent_labels, invent_title
from sandbox.catalogue.recording import Cut, CutName, Recording, Song, Version
from sandbox.catalogue.words import words

T = TypeVar("T")

ORDER: Final = {genre.genre_id: order for order, genre in enumerate((*KNOWN, *FURTHER))}
"""A genre's position among all; ids and registrants are derived from it."""
BACK_CATALOGUE: Final = 10_000
"""Numbers from here are a label's older recordings; charts never reach them."""
PER_LABEL: Final = 1_000
"""Numbers reserved for each label's older recordings."""
CUTS_A_RECORDING: Final = 4
"""ISRC serials reserved for each recording."""


def weighted(rng: random.Random, choices: Mapping[T, float]) -> T:
    """One of the keys, chosen by weight; weights need not add up to 1."""
    left = rng.random() * sum(choices.values())
    for choice, weight in choices.items():
        left -= weight
        if left < 0:
            return choice
    return choice


class Scene:
    """A genre's people: artists and labels."""

    def __init__(self, seed: int, genre_id: int) -> None:
        self._seed = seed
        self._genre_id = genre_id

    @cached_property
    def artists(self) -> tuple[Artist, ...]:
        return invent_artists(self._seed, self._genre_id, ORDER[self._genre_id])

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        return invent_labels(self._seed, self._genre_id, ORDER[self._genre_id])

    @property
    def remixers(self) -> tuple[Artist, ...]:
        """Artists who remix charted songs; the others make remixes that do not chart, so that no remix exists twice."""
        return self.artists[: len(self.artists) // 2]

    @property
    def other_remixers(self) -> tuple[Artist, ...]:
        return self.artists[len(self.artists) // 2 :]


class Composer:
    """All songs and recordings of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._scenes: dict[int, Scene] = {}
        self._songs: dict[Key, Song] = {}
        self._recordings: dict[Key, Recording] = {}
        self._kinds: dict[Key, str] = {}

    def rng(self, purpose: str, key: Key) -> random.Random:
        """A generator for one purpose of one recording."""
        return random.Random(f"{self.seed}:{purpose}:{key.genre_id}:{key.number}")

    def scene(self, genre_id: int) -> Scene:
        return self._scenes.setdefault(genre_id, Scene(self.seed, genre_id))

    def song(self, key: Key) -> Song:
        """The song with this number; its recordings may belong to another song (`Recording.song`)."""
        if key not in self._songs:
            self._songs[key] = self._write_song(key)
        return self._songs[key]

    def recording(self, key: Key) -> Recording:
        if key not in self._recordings:
            self._recordings[key] = self._record(key)
        return self._recordings[key]

    def sequel(self, key: Key) -> Recording | None:
        """The next number's recording, if it is another version of this one's song."""
        after = Key(key.genre_id, key.number + 1)
        return self.recording(after) if self._shares_song(after) else None

    def _write_song(self, key: Key) -> Song:
        rng = self.rng("song", key)
        scene = self.scene(key.genre_id)
        wanted = weighted(rng, rates.ARTIST_COUNTS)
        cast = rng.sample(scene.artists, wanted + 1)
        featured = rng.random() < rates.FEATURED
        with_guest = not featured and wanted > 1 and rng.random() < rates.WITH_IN_TITLE / (1 - rates.ARTIST_COUNTS[1])
        guests = tuple(cast[-1:]) if featured or with_guest else ()
        artists = tuple(cast[: max(1, wanted - 1)] if guests else cast[:wanted])
        plain_pair = len(artists) == 2 and not any("&" in artist.name for artist in artists)
        joined = plain_pair and rng.random() < rates.JOINED_ARTISTS / rates.ARTIST_COUNTS[2]
        return Song(
            key=key,
            title=invent_title(rng, key.number, key.genre_id * 331),
            artists=artists,
            guests=guests,
            guest_word="with" if with_guest else "feat.",
            joined_by=rng.choices(("&", "x", "vs", "pres."), (5, 2, 2, 1))[0] if joined else None,
            label=self._label(key, rng),
        )

    def _label(self, key: Key, rng: random.Random) -> Label:
        labels = self.scene(key.genre_id).labels
        if key.number >= BACK_CATALOGUE:
            return labels[(key.number - BACK_CATALOGUE) // PER_LABEL]
        return labels[min(int(rng.expovariate(1 / 7)), len(labels) - 1)]

    def _kind(self, key: Key) -> str:
        """The kind of the chart row, a key of `rates.CHART_VERSIONS`."""
        if key not in self._kinds:
            self._kinds[key] = weighted(self.rng("kind", key), rates.CHART_VERSIONS)
        return self._kinds[key]

    def _shares_song(self, key: Key) -> bool:
        """Whether this is another version of the genre's previous song."""
        if key.number in (0, BACK_CATALOGUE) or self._kind(key) in ("original", "extended", "odd"):
            return False
        before = Key(key.genre_id, key.number - 1)
        same_label = key.number < BACK_CATALOGUE or key.number % PER_LABEL != 0
        return same_label and self._kind(before) in ("original", "extended") and self.rng("shares", key).random() < rates.SHARES_SONG

    def _record(self, key: Key) -> Recording:
        rng = self.rng("recording", key)
        kind = self._kind(key)
        song = self.song(Key(key.genre_id, key.number - 1) if self._shares_song(key) else key)
        remixers, remix_word = self._remix(song, rng) if kind == "remix" else ((), "")
        extended = kind == "extended" or (kind == "remix" and rng.random() < rates.REMIX_IS_EXTENDED)
        joint = rng.choice(("&", "&", "x", "and"))
        mix = _mix_name(kind, f" {joint} ".join(artist.name for artist in remixers), remix_word, extended, rng)
        absent = rng.random() < rates.NOT_ON_SPOTIFY
        late = not absent and rng.random() < rates.LATE_ON_SPOTIFY
        return Recording(
            key=key,
            song=song,
            version=_VERSIONS.get(kind, "plain"),
            remixers=remixers,
            remix_word=remix_word,
            remixer_joint=joint,
            mix_name=mix,
            cuts=self._cut(key, song, extended, kind in ("original", "remix"), absent, rng),
            spotify_late_days=rng.randint(2, 12) if late else 0,
        )

    def _remix(self, song: Song, rng: random.Random) -> tuple[tuple[Artist, ...], str]:
        taken = {*song.artists, *song.guests}
        free = [artist for artist in self.scene(song.key.genre_id).remixers if artist not in taken and "&" not in artist.name]
        return tuple(rng.sample(free, 2 if rng.random() < rates.SECOND_REMIXER else 1)), weighted(rng, rates.REMIX_WORDS)

    def _cut(self, key: Key, song: Song, extended: bool, may_be_shortened: bool, absent: bool, rng: random.Random) -> tuple[Cut, ...]:
        """The recording's cuts, the charted one first."""
        length_ms = int(rng.triangular(200_000, 500_000, 340_000))
        short_ms = int(length_ms * rng.uniform(0.5, 0.72))
        if extended:
            there = weighted(rng, rates.EXTENDED_ON_SPOTIFY)
            names: tuple[CutName, ...] = ("extended", "radio")
        else:
            there = weighted(rng, rates.ORIGINAL_ON_SPOTIFY) if may_be_shortened else "original"
            names = ("original",) if there == "original" else ("original", "radio")
        registrant, serial = song.label.registrant, key.number * CUTS_A_RECORDING
        return tuple(
            Cut(name, isrc(registrant, serial + place), (length_ms, short_ms)[place], not absent and there in ("both", name))
            for place, name in enumerate(names)
        )


_VERSIONS: Final[dict[str, Version]] = {
    "remix": "remix",
    "dub": "dub",
    "instrumental": "instrumental",
    "club": "club",
    "vip": "vip",
    "acapella": "acapella",
    "live": "live",
}
_ONE_CUT_MIXES: Final = {
    "dub": ("Dub", "Dub Mix"),
    "instrumental": ("Instrumental", "Instrumental Mix"),
    "club": ("Club Mix",),
    "vip": ("VIP", "VIP Mix"),
    "acapella": ("Acapella",),
    "live": ("Live", "Live Version"),
}


def _mix_name(kind: str, remixer: str, word: str, extended: bool, rng: random.Random) -> str:
    if kind == "remix":
        if not extended:
            return f"{remixer} {word}"
        if word == "Mix":
            return f"{remixer} Extended Mix"
        shapes = (
            f"{remixer} Extended {word}",
            f"{remixer} {word} - Extended",
            f"{remixer} {word} Extended",
            f"{remixer} {word}, Extended Mix",
        )
        return rng.choices(shapes, (80, 8, 7, 5))[0]
    if kind == "extended":
        return weighted(rng, rates.EXTENDED_WORDS)
    if kind == "odd":
        return rng.choice(words().odd_mixes)
    return rng.choice(_ONE_CUT_MIXES.get(kind, ("Original Mix",)))
