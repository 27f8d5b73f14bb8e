"""The whole catalogue: charts, both services' tracks, and which of them are the same. Lazy; no HTTP.

Everything is a pure function of the seed, so two processes with one seed have the same catalogue.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from beatporter.genres import FURTHER, KNOWN
from beatporter.records.track import SpotifyTrack
from sandbox.catalogue import rates
from sandbox.catalogue.beatport_side import BeatportTrack, view
from sandbox.catalogue.compose import BACK_CATALOGUE, PER_LABEL, Composer
from sandbox.catalogue.days import Days
from sandbox.catalogue.distractors import distractors_of
from sandbox.catalogue.ids import Key, read_beatport_id
from sandbox.catalogue.label_delays import arrives_on
from sandbox.catalogue.names import Label
from sandbox.catalogue.recording import Recording
from sandbox.catalogue.spotify_side import tracks_of

FIRST_DAY: Final = date(2026, 11, 2)
"""Day 0, a Monday."""
_GENRES: Final = (*KNOWN, *FURTHER)
"""In the order of `compose.ORDER`."""
_BIG_LABELS: Final = (340, 170, 90)
"""Number of older recordings of a genre's first labels; the others have fewer."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The Spotify tracks that are right for a Beatport track. Both empty: it is not on Spotify."""

    same: frozenset[str]
    """The chart's own cut, on any album, playable or not."""
    substitutes: frozenset[str]
    """Another cut (extended, original, radio) of the same recording."""
    unplayable: frozenset[str] = frozenset()
    """Those of them that can no longer be played; a playable one is better."""


@dataclass(frozen=True, slots=True)
class _Side:
    """What Spotify has of a recording, and similar tracks."""

    same: tuple[SpotifyTrack, ...]
    substitutes: tuple[SpotifyTrack, ...]
    beside: tuple[SpotifyTrack, ...]


class Catalogue:
    """One invented world of music.

    Args:
        seed: decides everything.
        late_labels: tracks of some labels reach Spotify late (`label_delays`).

    Examples:
        catalogue = Catalogue(seed=1)
        rows = [catalogue.beatport_track(key) for key in catalogue.days.chart(genre_id=5, day=0)]
        catalogue.truth(rows[0].track_id).same
    """

    def __init__(self, seed: int = 1, *, late_labels: bool = False) -> None:
        self.seed = seed
        self.late_labels = late_labels
        self.days = Days(seed)
        self.composer = Composer(seed)
        self._sides: dict[Key, _Side] = {}
        self._views: dict[Key, BeatportTrack] = {}

    # --- Beatport ------------------------------------------------------------------------------------------------

    def chart(self, genre_id: int, day: int) -> tuple[BeatportTrack, ...]:
        """A genre's Top 100 on a day, in order."""
        return tuple(self.beatport_track(key) for key in self.days.chart(genre_id, day))

    def beatport_track(self, key: Key) -> BeatportTrack:
        if key not in self._views:
            self._views[key] = view(self.composer, key, self.came_out(key), self._donor_isrc)
        return self._views[key]

    def key_of(self, beatport_id: int) -> Key:
        """The recording behind a Beatport id.

        Raises:
            KeyError: the catalogue has no such id.
        """
        place = read_beatport_id(beatport_id, self.seed)
        if place is None or place[0] >= len(_GENRES):
            raise KeyError(beatport_id)
        return Key(_GENRES[place[0]].genre_id, place[1])

    def label(self, label_id: int) -> Label:
        """A label by its Beatport id.

        Raises:
            KeyError: there is none.
        """
        for genre in _GENRES:
            labels = self.composer.scene(genre.genre_id).labels
            if labels[0].label_id <= label_id < labels[0].label_id + len(labels):
                return labels[label_id - labels[0].label_id]
        raise KeyError(label_id)

    def label_keys(self, label: Label, day: int, extra: int = 0) -> tuple[Key, ...]:
        """A label's recordings up to a day, newest first: charted ones, then older ones; `extra` adds more of the latter."""
        charted = [key for key in self.days.charted_through(label.genre_id, day) if key.genre_id == label.genre_id]
        new = [key for key in charted if self.composer.recording(key).song.label == label]
        size = _BIG_LABELS[label.place] if label.place < len(_BIG_LABELS) else label.label_id * 7 % 40
        first = BACK_CATALOGUE + label.place * PER_LABEL
        keys = [*new, *(Key(label.genre_id, first + place) for place in range(size + extra))]
        return tuple(sorted(keys, key=lambda key: (self.came_out(key), key), reverse=True))

    def came_out(self, key: Key) -> date:
        """Day of release: the day it charts or the Friday before; years before for a classic or an older recording."""
        rng = random.Random(f"{self.seed}:came-out:{key.genre_id}:{key.number}")
        if key.number >= BACK_CATALOGUE:
            return FIRST_DAY - timedelta(days=rng.randint(60, 3000))
        entered = FIRST_DAY + timedelta(days=self.days.entry_day(key))
        if rng.random() < rates.CLASSIC:
            return entered - timedelta(days=rng.randint(300, 7000))
        return entered - timedelta(days=(entered.weekday() - 4) % 7 + rng.choice((0, 0, 7, 14))) if rng.random() < 0.8 else entered

    def _donor_isrc(self, key: Key) -> str | None:
        """The ISRC of another song nearby, for a row with a wrong one."""
        other = Key(key.genre_id, key.number - 3 if key.number >= 3 else key.number + 3)
        donor, recording = self.composer.recording(other), self.composer.recording(key)
        return donor.chart_cut.isrc if donor.song != recording.song else None

    # --- Spotify -------------------------------------------------------------------------------------------------

    def truth(self, beatport_id: int, day: int | None = None) -> Truth:
        """The right answer for a Beatport track.

        Args:
            beatport_id: Beatport's id.
            day: the answer on that day, before late recordings have arrived on Spotify; None: the final answer.

        Raises:
            KeyError: the catalogue has no such id.
        """
        key = self.key_of(beatport_id)
        if day is not None and not self.is_on_spotify(key, day):
            return Truth(frozenset(), frozenset())
        side = self._side(key)
        gone = frozenset(track.track_id for track in (*side.same, *side.substitutes) if track.is_playable is False)
        return Truth(frozenset(track.track_id for track in side.same), frozenset(track.track_id for track in side.substitutes), gone)

    def recording(self, beatport_id: int) -> Recording:
        """The recording behind a Beatport id, for example to explain a wrong match.

        Raises:
            KeyError: the catalogue has no such id.
        """
        return self.composer.recording(self.key_of(beatport_id))

    def is_on_spotify(self, key: Key, day: int) -> bool:
        """Whether a recording that is on Spotify at all is there by this day."""
        if key.number >= BACK_CATALOGUE:
            return True
        if self.late_labels and FIRST_DAY + timedelta(days=day) < self._label_delivers(key):
            return False
        late_days = self.composer.recording(key).spotify_late_days
        return not late_days or day >= self.days.entry_day(key) + late_days

    def _label_delivers(self, key: Key) -> date:
        """The day on which the recording's label has it on Spotify."""
        label, rng = self.composer.recording(key).song.label, self.composer.rng("label delay", key)
        return arrives_on(label, self.came_out(key), rng, self.seed)

    def spotify_tracks(self, genre_ids: Iterable[int], day: int) -> list[SpotifyTrack]:
        """Spotify's tracks on a day for everything that charted in these genres, with similar ones; in a fixed order, no id twice."""
        keys = dict.fromkeys(key for genre_id in genre_ids for key in self.days.charted_through(genre_id, day))
        return self.spotify_tracks_of(keys, day)

    def spotify_tracks_of(self, keys: Iterable[Key], day: int) -> list[SpotifyTrack]:
        """The same for given recordings."""
        tracks: list[SpotifyTrack] = []
        for key in keys:
            side = self._side(key)
            if self.is_on_spotify(key, day):
                tracks += side.same
                tracks += side.substitutes
            tracks += side.beside
        return tracks

    def _side(self, key: Key) -> _Side:
        if key not in self._sides:
            came_out = self.came_out(key)
            same, substitutes = tracks_of(self.composer, key, came_out)
            self._sides[key] = _Side(same, substitutes, distractors_of(self.composer, key, came_out))
        return self._sides[key]


def known_genre_ids() -> tuple[int, ...]:
    """The ids of the genres that a sandbox has by default, in the catalogue's order."""
    return tuple(genre.genre_id for genre in KNOWN)
