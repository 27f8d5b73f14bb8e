"""The current day in the invented world, and its consequences for charts and truth. No HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from beatporter.genres import all_genres, find_genre
from sandbox.catalogue import FIRST_DAY, Catalogue, Truth
from sandbox.catalogue.beatport_side import BeatportTrack
from sandbox.catalogue.ids import Key
from sandbox.catalogue.names import Label


class World:
    """The current day and its consequences.

    Attributes:
        catalogue: the music.
        genre_ids: genres that are served.
        labels: ids of labels whose older recordings were viewed; Spotify has those too from then on.
    """

    def __init__(self, catalogue: Catalogue, genre_ids: tuple[int, ...], day: int = 0, labels: tuple[int, ...] = ()) -> None:
        self.catalogue = catalogue
        self.genre_ids = genre_ids
        self.labels = set(labels)
        self._day = day
        self._on_change: list[Callable[[], None]] = []

    @property
    def day(self) -> int:
        """0 is the first day, a Monday."""
        return self._day

    @property
    def date(self) -> date:
        """The day in the catalogue's calendar."""
        return FIRST_DAY + timedelta(days=self._day)

    def advance_day(self, days: int = 1) -> int:
        """Move to a later morning: charts change, late recordings arrive on Spotify. Returns the new day.

        The clock does not move, so that nothing is dated in the future; `sandbox.clock.advance` moves it.
        """
        if days < 0:
            raise ValueError("days must not be negative")
        self._day += days
        self._changed()
        return self._day

    def show_label(self, label: Label) -> None:
        """Make a label's older recordings visible."""
        if label.label_id not in self.labels:
            self.labels.add(label.label_id)
            self._changed()

    def chart(self, slug: str) -> tuple[BeatportTrack, ...]:
        """Today's Top 100 of a genre, in order."""
        return self.catalogue.chart(find_genre(slug, all_genres()).genre_id, self._day)

    def truth(self, beatport_id: int) -> Truth:
        """The right answer for a Beatport track today."""
        return self.catalogue.truth(beatport_id, self._day)

    def spotify_keys(self) -> dict[Key, None]:
        """Recordings of which Spotify has something today."""
        keys = {key: None for genre_id in self.genre_ids for key in self.catalogue.days.charted_through(genre_id, self._day)}
        for label_id in sorted(self.labels):
            keys |= dict.fromkeys(self.catalogue.label_keys(self.catalogue.label(label_id), self._day))
        return keys

    def on_change(self, call: Callable[[], None]) -> None:
        self._on_change.append(call)

    def _changed(self) -> None:
        for call in self._on_change:
            call()
