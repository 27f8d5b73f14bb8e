"""A recording on Beatport: how it spells the title, whom it credits, what it omits.

Defines the record; `sandbox.beatport.rows` turns it into JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from sandbox.catalogue import rates
from sandbox.catalogue.compose import ORDER, Composer, weighted
from sandbox.catalogue.ids import Key, beatport_id
from sandbox.catalogue.names import Artist, Label
from sandbox.catalogue.recording import Recording, Song

KEYS: Final = tuple(
    f"{letter} {chord}" for letter in ("A", "Ab", "B", "Bb", "C", "Db", "D", "E", "Eb", "F", "F#", "G") for chord in ("Minor", "Major")
)
_TEMPO: Final = {
    95: 140,
    98: 112,
    100: 100,
    9: 132,
    1: 174,
    18: 140,
    63: 100,
    2: 150,
    8: 160,
    13: 142,
    6: 136,
    92: 138,
    7: 136,
    99: 140,
    38: 150,
    86: 134,
}
"""The usual bpm of a genre, unless it is 125 as in house."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A name in an artist list."""

    artist_id: int
    name: str


@dataclass(frozen=True, slots=True)
class BeatportTrack:
    track_id: int
    genre_id: int
    name: str
    """May end in a space."""
    mix_name: str | None
    artists: tuple[Credit, ...]
    remixers: tuple[Credit, ...]
    isrc: str | None
    length_ms: int
    """The true length; the row may omit it (`says_length`)."""
    says_length: bool
    bpm: int | None
    key: str | None
    publish_date: date
    says_publish_date: bool
    release: str
    label: Label
    catalog_number: str | None
    has_image: bool
    exclusive: bool


def view(composer: Composer, key: Key, came_out: date, donor_isrc: Callable[[Key], str | None]) -> BeatportTrack:
    """The Beatport track of a recording's chart cut.

    Args:
        composer: makes the recording.
        key: the recording's key.
        came_out: day of release.
        donor_isrc: returns another recording's ISRC, for rows with a wrong one.
    """
    recording = composer.recording(key)
    rng = composer.rng("beatport", key)
    shown = weighted(rng, rates.FEAT_ON_BEATPORT)
    name, mix_name = _titles(recording, shown, rng)
    length_ms = recording.chart_cut.length_ms
    if rng.random() < rates.LENGTH_IN_SECONDS:
        length_ms = length_ms // 1000 * 1000
    wrong = donor_isrc(key) if rng.random() < rates.WRONG_ISRC else None
    isrc = None if rng.random() < rates.NULL_ISRC else wrong or recording.chart_cut.isrc
    label = recording.song.label
    return BeatportTrack(
        track_id=beatport_id(ORDER[key.genre_id], key.number, composer.seed),
        genre_id=key.genre_id,
        name=name,
        mix_name=mix_name,
        artists=_artists(recording, shown, rng),
        remixers=() if _hides_remixer(recording, rng) else tuple(_credit(artist) for artist in recording.remixers),
        isrc=isrc,
        length_ms=length_ms,
        says_length=rng.random() >= rates.NULL_LENGTH,
        bpm=None if rng.random() < rates.NULL_BPM else round(rng.gauss(_TEMPO.get(key.genre_id, 125), 3)),
        key=None if rng.random() < rates.NULL_KEY else rng.choice(KEYS),
        publish_date=came_out,
        says_publish_date=rng.random() >= rates.NULL_PUBLISH_DATE,
        release=_release(recording, rng),
        label=label,
        catalog_number=None if rng.random() < rates.NULL_CATALOG_NUMBER else f"{label.catalog_prefix}{key.number % 1000:03d}",
        has_image=rng.random() >= rates.NULL_IMAGE,
        exclusive=rng.random() < rates.EXCLUSIVE,
    )


def _credit(artist: Artist) -> Credit:
    return Credit(artist.artist_id, artist.on_beatport)


def _guest_form(song: Song, shown: str, rng: Random) -> str:
    """What the title says about a guest, with a space in front; empty when it says nothing."""
    if not song.guests or shown == "artist":
        return ""
    guest = song.guests[0].on_beatport
    if song.guest_word == "with":
        return f" (with {guest})"
    if rng.random() < rates.FEAT_TWICE:
        return f" (feat. {guest}) feat. {guest}"
    return rng.choices((f" feat. {guest}", f" (feat. {guest})", f" Feat. {guest}", f" ft. {guest}"), (4, 4, 1, 1))[0]


def _titles(recording: Recording, shown: str, rng: Random) -> tuple[str, str | None]:
    """Name and mix_name."""
    song, mix_name = recording.song, recording.mix_name
    name = song.title + _guest_form(song, shown, rng)
    if rng.random() < rates.VERSION_IN_NAME:
        return (name if mix_name == "Original Mix" else f"{name} ({mix_name})"), None
    if mix_name == "Original Mix" and song.guests and rng.random() < rates.FEAT_AS_MIX:
        mix_name = f"feat. {song.guests[0].on_beatport}"
    return name + (" " if rng.random() < rates.TRAILING_BLANK else ""), mix_name


def _artists(recording: Recording, shown: str, rng: Random) -> tuple[Credit, ...]:
    song = recording.song
    credits = [_credit(artist) for artist in song.artists]
    if song.joined_by:
        joined = f" {song.joined_by} ".join(credit.name for credit in credits)
        credits = [Credit(credits[0].artist_id + 500, joined)]
    if song.guests and (song.guest_word == "with" or shown != "title"):
        credits += [_credit(artist) for artist in song.guests]
    if recording.remixers and rng.random() < rates.REMIXER_AMONG_ARTISTS:
        credits += [_credit(artist) for artist in recording.remixers]
    return tuple(credits)


def _hides_remixer(recording: Recording, rng: Random) -> bool:
    return bool(recording.remixers) and rng.random() < rates.REMIXER_ONLY_IN_MIX


def _release(recording: Recording, rng: Random) -> str:
    title, mix = recording.song.title, recording.mix_name
    if mix == "Original Mix":
        return title + (" EP" if rng.random() < 0.13 else "")
    return rng.choices((f"{title} ({mix})", title, f"{title} - {mix}", f"{title} (Remixes)"), (45, 40, 10, 5))[0]
