"""A recording on Spotify: its cuts' tracks on singles, albums and compilations, in Spotify's spelling.

`distractors` adds similar tracks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Final, Literal

from beatporter.genres import FURTHER, KNOWN
from beatporter.records.track import SpotifyTrack
from sandbox.catalogue import rates
from sandbox.catalogue.compose import Composer, weighted
from sandbox.catalogue.ids import Key, spotify_id
from sandbox.catalogue.names import Artist
from sandbox.catalogue.recording import Cut, Recording, Song
from sandbox.catalogue.words import words

_GENRE_NAMES: Final = {genre.genre_id: genre.name for genre in (*KNOWN, *FURTHER)}
Bracket = Literal["dash", "round"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """How Spotify writes a song: decided once per recording, so that all of its tracks agree."""

    title: str
    artists: tuple[str, ...]
    bracket: Bracket

    def named(self, version: str) -> str:
        """The title with a version: "Title - Version" or "Title (Version)"."""
        if not version:
            return self.title
        return f"{self.title} - {version}" if self.bracket == "dash" else f"{self.title} ({version})"


def spell(song: Song, remixers: tuple[Artist, ...], rng: Random) -> Spelling:
    """Draw Spotify's spelling of a song, credited with these remixers."""
    credited = [artist.on_spotify for artist in song.artists]
    title = _respell(song.title, rng)
    if song.guests:
        guest = song.guests[0].on_spotify
        in_title = song.guest_word == "with" or rng.random() < rates.FEAT_IN_SPOTIFY_TITLE
        if in_title:
            title = f"{title} ({song.guest_word} {guest})"
        if not in_title or rng.random() < rates.FEAT_SPOTIFY_ARTIST:
            credited.append(guest)
    if rng.random() < rates.ARTISTS_REORDERED:
        rng.shuffle(credited)
    if remixers and rng.random() < rates.REMIXER_ON_SPOTIFY:
        credited += [artist.on_spotify for artist in remixers]
    if len(credited) > 1 and rng.random() < rates.ARTISTS_TRUNCATED:
        credited = credited[:1]
    return Spelling(title, tuple(dict.fromkeys(credited)), "round" if rng.random() < rates.BRACKETS_ON_SPOTIFY else "dash")


def _respell(title: str, rng: Random) -> str:
    """Spotify's case, punctuation and apostrophes."""
    if "'" in title and rng.random() < rates.TYPOGRAPHIC_APOSTROPHE:
        title = title.replace("'", "’")
    if rng.random() < rates.TITLE_CASE_DIFFERS:
        title = title.capitalize() if title.isupper() else rng.choice((title.upper(), title.lower()))
    if rng.random() < rates.TITLE_PUNCTUATION_DIFFERS:
        swaps = (("&", "and"), (", Pt.", " Pt."), ("!", ""), ("?", "?!"), ("(", "["), (" ", "  "))
        old, new = next(((old, new) for old, new in swaps[:5] if old in title), (title, f"{title}."))
        title = title.replace(old, new).replace(")", "]") if new == "[" else title.replace(old, new)
    return title


def version_text(recording: Recording, cut: Cut, rng: Random) -> str:
    """What Spotify writes after the title for this cut; empty for the bare title."""
    if recording.version == "remix":
        return _remix_text(recording, cut, rng)
    if recording.version != "plain":
        return recording.mix_name
    if cut.name == "extended":
        return "" if rng.random() < rates.EXTENDED_UNSAID else weighted(rng, rates.EXTENDED_WORDS)
    if cut.name == "radio":
        return weighted(rng, rates.RADIO_WORDS) if rng.random() < rates.RADIO_SAID else ""
    return weighted(rng, rates.ORIGINAL_WORDS) if rng.random() < rates.ORIGINAL_MIX_SAID else ""


def _remix_text(recording: Recording, cut: Cut, rng: Random) -> str:
    joint = f" {recording.remixer_joint} "
    remix = f"{joint.join(artist.on_spotify for artist in recording.remixers)} {recording.remix_word}"
    if cut.name == "extended":
        names = remix.removesuffix(recording.remix_word)
        return rng.choices((f"{names}Extended {recording.remix_word}", f"{remix} - Extended", f"{remix} Extended"), (8, 1, 1))[0]
    if cut.name == "radio":
        return f"{remix} - Radio Edit" if rng.random() < rates.RADIO_SAID else remix
    return remix


def tracks_of(composer: Composer, key: Key, came_out: date) -> tuple[tuple[SpotifyTrack, ...], tuple[SpotifyTrack, ...]]:
    """(tracks of the charted cut, tracks of the recording's other cuts); both empty when it is not on Spotify."""
    recording = composer.recording(key)
    rng = composer.rng("spotify", key)
    spelling = spell(recording.song, recording.remixers, rng)
    by_cut = [_editions(composer, recording, cut, spelling, came_out, rng) if cut.on_spotify else () for cut in recording.cuts]
    return by_cut[0], tuple(track for tracks in by_cut[1:] for track in tracks)


def _editions(
    composer: Composer, recording: Recording, cut: Cut, spelling: Spelling, came_out: date, rng: Random
) -> tuple[SpotifyTrack, ...]:
    """One cut on each album that carries it, the single first; all have the same ISRC."""
    name = spelling.named(version_text(recording, cut, rng))
    count = weighted(rng, rates.EDITIONS)
    tracks = [
        SpotifyTrack(
            track_id=spotify_id(composer.seed, recording.key, cut.name, place),
            name=name,
            artists=spelling.artists,
            album=album(recording.song, name, place, came_out, rng),
            album_type=("single", "album", "compilation", "compilation")[place],
            isrc=cut.isrc,
            duration_ms=cut.length_ms + (rng.choice((0, 0, 0, 1, -1)) if place < 2 else rng.randint(-900, 900)),
            is_playable=True,
            release_date=came_out.isoformat(),
        )
        for place in range(count)
    ]
    if rng.random() < rates.UNPLAYABLE_DUPLICATE:
        tracks.append(replace(tracks[0], track_id=spotify_id(composer.seed, recording.key, cut.name, "gone"), is_playable=False))
    return tuple(tracks)


def album(song: Song, name: str, place: int, came_out: date, rng: Random) -> str:
    """The album's name: a single is named like its track, an album has its own name, a compilation that of its maker."""
    if place == 0:
        return name
    if place == 1:
        return rng.choice((f"{song.title} EP", song.title, f"{rng.choice(words().adjectives)} {rng.choice(words().nouns)}s"))
    pattern = rng.choice(words().compilations)
    return pattern.format(genre=_GENRE_NAMES[song.key.genre_id], label=song.label.name, year=came_out.year, volume=rng.randint(1, 30))
