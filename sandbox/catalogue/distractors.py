"""Spotify tracks that are similar to a recording and must not be matched to it: other songs and other versions.

Each has its own ISRC. Truth never lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from beatporter.records.track import SpotifyTrack
from sandbox.catalogue import rates
from sandbox.catalogue.compose import ORDER, Composer
from sandbox.catalogue.ids import Key, isrc, spotify_id
from sandbox.catalogue.names import invent_word
from sandbox.catalogue.recording import Recording
from sandbox.catalogue.spotify_side import Spelling, album, spell
from sandbox.catalogue.words import words

_REGISTRANT: Final = 20_000
"""First registrant for other people's ISRCs; one for each genre."""
_SERIALS: Final = 32
"""ISRC serials reserved for the distractors of one recording."""


@dataclass(frozen=True, slots=True)
class _Beside:
    """A distractor before it has an id."""

    name: str
    artists: tuple[str, ...]
    duration_ms: int


@dataclass(frozen=True, slots=True)
class _Scene:
    """Input for the functions below."""

    composer: Composer
    recording: Recording
    spelling: Spelling
    """Spelling of the song without its remixers."""
    rng: Random

    @property
    def length_ms(self) -> int:
        return self.recording.chart_cut.length_ms

    def other_artist(self) -> str:
        """An artist of the genre who has no part in the song."""
        taken = {*self.recording.song.artists, *self.recording.song.guests, *self.recording.remixers}
        others = self.composer.scene(self.recording.key.genre_id).other_remixers
        while (artist := self.rng.choice(others)) in taken:
            pass
        return artist.on_spotify


Maker = Callable[[_Scene], _Beside]


def distractors_of(composer: Composer, key: Key, came_out: date) -> tuple[SpotifyTrack, ...]:
    """The distractors of this recording, in a fixed order."""
    recording = composer.recording(key)
    rng = composer.rng("distractors", key)
    scene = _Scene(composer, recording, spell(recording.song, (), rng), rng)
    found = [MAKERS[kind](scene) for kind, expected in rates.DISTRACTORS.items() if rng.random() < expected and not _clashes(scene, kind)]
    if recording.version not in ("plain", "club") and recording.song.key == key and rng.random() < rates.ORIGINAL_OF_A_REMIX:
        found.append(_Beside(scene.spelling.title, scene.spelling.artists, int(scene.length_ms * rng.uniform(0.6, 1.1))))
    registrant = _REGISTRANT + ORDER[key.genre_id]
    return tuple(
        SpotifyTrack(
            track_id=spotify_id(composer.seed, key, "beside", place),
            name=beside.name,
            artists=beside.artists,
            album=album(recording.song, beside.name, rng.choice((0, 0, 1, 2)), came_out, rng),
            album_type=rng.choice(("single", "single", "album", "compilation")),
            isrc=isrc(registrant, key.number * _SERIALS + place),
            duration_ms=beside.duration_ms,
            is_playable=True,
            release_date=came_out.isoformat(),
        )
        for place, beside in enumerate(found)
    )


def _clashes(scene: _Scene, kind: str) -> bool:
    """Whether the charts themselves have that version of the song: a second one would then leave no right answer."""
    charted, sequel = scene.recording, scene.composer.sequel(scene.recording.key)
    if kind in SONG_KINDS and charted.song.key != charted.key:
        return True
    if kind == "mixed":
        return charted.version != "plain"
    if kind == "remixer_other":
        return not charted.remixers
    if kind == "edit":
        return charted.remix_word == "Edit"
    return kind in (charted.version, sequel.version if sequel else "")


SONG_KINDS: Final = frozenset(
    {
        "live",
        "instrumental",
        "acapella",
        "vip",
        "dub",
        "acoustic",
        "karaoke",
        "tribute",
        "cover",
        "same_title",
        "near_title",
        "named_mix",
        "intro",
        "sped_up",
        "slowed",
    }
)
"""Kinds that exist once per song, made by the recording whose number is the song's."""


def _version(text: Callable[[_Scene], str], low: float, high: float) -> Maker:
    """A version by the song's own artists; its length is a random share of the charted one's."""

    def make(scene: _Scene) -> _Beside:
        words_ = text(scene)
        return _Beside(scene.spelling.named(words_), scene.spelling.artists, int(scene.length_ms * scene.rng.uniform(low, high)))

    return make


def _other_track(scene: _Scene) -> _Beside:
    # Songs are never named with an adjective and an invented word, so this is no charted song.
    title = f"{scene.rng.choice(words().adjectives)} {invent_word(scene.rng)}"
    return _Beside(title, scene.spelling.artists[:1], int(scene.rng.triangular(170_000, 480_000, 260_000)))


def _other_remix(scene: _Scene) -> _Beside:
    remixer = scene.other_artist()
    text = f"{remixer} {scene.rng.choice(('Remix', 'Remix', 'Remix', 'Extended Remix', 'Rework'))}"
    artists = (*scene.spelling.artists, remixer) if scene.rng.random() < rates.REMIXER_ON_SPOTIFY else scene.spelling.artists
    return _Beside(scene.spelling.named(text), artists, int(scene.length_ms * scene.rng.uniform(0.7, 1.1)))


def _same_title(scene: _Scene) -> _Beside:
    return _Beside(scene.recording.song.title, (scene.other_artist(),), int(scene.rng.triangular(170_000, 420_000, 220_000)))


def _near_title(scene: _Scene) -> _Beside:
    title = scene.recording.song.title
    near = scene.rng.choice((f"{title} II", f"{scene.rng.choice(words().nouns)} {title}", f"{title} {scene.rng.randint(2015, 2025)}"))
    return _Beside(near, scene.spelling.artists, int(scene.length_ms * scene.rng.uniform(0.6, 1.2)))


def _cover(scene: _Scene) -> _Beside:
    return _Beside(f"{scene.recording.song.title} (Cover)", (scene.other_artist(),), int(scene.length_ms * scene.rng.uniform(0.5, 0.8)))


def _karaoke(scene: _Scene) -> _Beside:
    act = scene.rng.choice(words().karaoke_acts)
    first = scene.spelling.artists[0]
    name = scene.rng.choice(
        (
            f"{scene.recording.song.title} (Karaoke Version)",
            f"{scene.recording.song.title} (Originally Performed by {first}) [Karaoke Version]",
            f"{scene.recording.song.title} - Karaoke Instrumental",
        )
    )
    return _Beside(name, (act,), int(scene.length_ms * scene.rng.uniform(0.5, 0.7)))


def _tribute(scene: _Scene) -> _Beside:
    act = scene.rng.choice(words().tribute_acts)
    return _Beside(f"{scene.recording.song.title} (Tribute to {scene.spelling.artists[0]})", (act,), int(scene.length_ms * 0.62))


def _mixed(scene: _Scene) -> _Beside:
    show = f"{scene.rng.choice(words().show_codes)} {scene.rng.randint(100, 999)}"
    if scene.rng.random() < rates.MIXED_UNSAID:
        name = f"{scene.spelling.title} ({show})"
    else:
        name = scene.spelling.named(scene.rng.choices(("Mixed", f"{show} - Mixed"), (8, 1))[0])
    return _Beside(name, scene.spelling.artists, int(scene.length_ms * scene.rng.uniform(0.3, 0.7)))


def _edit(scene: _Scene) -> _Beside:
    return _Beside(
        scene.spelling.named(f"{scene.other_artist()} Edit"), scene.spelling.artists, int(scene.length_ms * scene.rng.uniform(0.7, 1))
    )


def _remixer_other(scene: _Scene) -> _Beside:
    """Another version by the charted remixer."""
    remixer = scene.recording.remixers[0].on_spotify
    text = scene.rng.choice((f"{remixer} Dub", f"{remixer} Remix Instrumental", f"{remixer} VIP Mix"))
    return _Beside(scene.spelling.named(text), (*scene.spelling.artists, remixer), int(scene.length_ms * scene.rng.uniform(0.9, 1.1)))


MAKERS: Final[dict[str, Maker]] = {
    "other_track": _other_track,
    "other_remix": _other_remix,
    "same_title": _same_title,
    "mixed": _mixed,
    "instrumental": _version(lambda scene: scene.rng.choice(("Instrumental", "Instrumental Mix")), 0.98, 1.0),
    "sped_up": _version(lambda scene: scene.rng.choice(words().sped_up_words), 0.5, 0.6),
    "slowed": _version(lambda scene: scene.rng.choice(words().slowed_words), 0.7, 0.9),
    "live": _version(lambda scene: scene.rng.choice(words().live_words), 0.9, 1.3),
    "karaoke": _karaoke,
    "tribute": _tribute,
    "cover": _cover,
    "acapella": _version(lambda scene: "Acapella", 0.6, 0.9),
    "vip": _version(lambda scene: scene.rng.choice(("VIP", "VIP Mix")), 0.8, 1.1),
    "dub": _version(lambda scene: scene.rng.choice(("Dub", "Dub Mix")), 0.9, 1.1),
    "edit": _edit,
    "acoustic": _version(lambda scene: scene.rng.choice(("Acoustic", "Acoustic Version")), 0.5, 0.8),
    "near_title": _near_title,
    "named_mix": _version(lambda scene: scene.rng.choice(words().mix_names), 0.8, 1.2),
    "intro": _version(lambda scene: "Intro", 0.15, 0.35),
    "remixer_other": _remixer_other,
}
