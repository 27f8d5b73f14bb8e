"""What a read of a playlist showed, and the notes taken meanwhile. `playlist_state` reads; `playlist_plan` decides by the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from beatporter.records.ledger import Known
from beatporter.records.match import Match
from beatporter.records.track import PlaylistItem
from beatporter.sync.candidates import KnownTracks, RecordingsSeen


@dataclass(frozen=True, slots=True)
class PlaylistReading:
    """What a read of the playlist showed.

    Attributes:
        present: wanted tracks that are in the playlist now.
        left_behind: wanted tracks that are in the playlist but were in no history before the read: left by an interrupted write.
        removed_by_user: tracks that an interrupted write brought in and the person has removed since.
        order: every entry's track id from the top, a wanted track's as it is wanted; None when the playlist was not read.
        recordings: which of the wanted recordings are in the playlist now, under whatever id.
        learned: how many tracks were new to the history.
    """

    present: frozenset[str] = frozenset()
    left_behind: frozenset[str] = frozenset()
    removed_by_user: frozenset[str] = frozenset()
    order: tuple[str | None, ...] | None = None
    recordings: Known = field(default_factory=Known)
    learned: int = 0


class ReadingNotes:
    """Notes taken while a playlist is read."""

    def __init__(self, sent: Sequence[str], wanted: Mapping[str, Match], known: KnownTracks, seen: RecordingsSeen | None) -> None:
        self.sent, self.wanted, self.known, self._seen = frozenset(sent), wanted, known, seen
        self.present: set[str] = set()
        self.left_behind: set[str] = set()
        self.sent_there: dict[str, datetime | None] = {}
        self.learned: set[str] = set()
        self._order: list[str | None] = []

    def take_in(self, items: Sequence[PlaylistItem], sent: Mapping[str, str]) -> None:
        """Take note of the order.

        Args:
            sent: the id under which each listed track was sent.
        """
        for item in items:
            track = item.track
            self._order.append(sent[track.track_id] if track else None)
            if track is not None and self._seen is not None:
                self._seen.see(track.track_id, track.isrc, track.name, track.artists)

    def result(self, gone: Iterable[str]) -> PlaylistReading:
        """What the read showed, with the tracks that the person has removed since an interrupted write."""
        return PlaylistReading(
            frozenset(self.present),
            frozenset(self.left_behind),
            frozenset(gone),
            tuple(self._order),
            self._seen.known if self._seen is not None else Known(),
            len(self.learned),
        )
