"""One playlist as a state machine: items, snapshot ids, and what a reader sees shortly after a write."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sandbox.spotify.exceptions import bad_request, forbidden

MAX_ITEMS: Final = 10_000
_LONGEST_DELAY: Final = timedelta(minutes=5)
_PAST_STATES: Final = 20

ItemKind = Literal["track", "local", "episode", "null"]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. A null entry keeps the URI of its former track."""

    uri: str
    added_at: datetime
    added_by: str
    kind: ItemKind = "track"

    def to_json(self) -> list[str]:
        return [self.uri, self.added_at.isoformat(), self.added_by, self.kind]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> Item:
        return cls(data[0], datetime.fromisoformat(data[1]), data[2], data[3])


@dataclass(slots=True)
class Playlist:
    """A playlist; every change, including a rename, changes its snapshot id.

    Measured: items read back correctly about 0.6 s after a write, and the new snapshot id appears after up to about 30 s. With both delays
    at zero they appear at once; the answer to a write always carries the new snapshot id.
    """

    playlist_id: str
    owner_id: str
    name: str
    description: str = ""
    public: bool = True
    collaborative: bool = False
    algorithmic: bool = False
    """Made by Spotify: it appears in listings, but any direct call gets a 404 (since 2024-11-27)."""
    in_library: bool = True
    """False after the person deleted it: not in the listing, but still readable by id, like on the real service."""
    cover: bytes = b""
    """The JPEG that was uploaded; not kept in the saved state."""
    items: list[Item] = field(default_factory=list)
    revision: int = 0
    snapshot_id: str = ""
    _past: list[tuple[datetime, str, tuple[Item, ...]]] = field(default_factory=list)
    """(until when, snapshot id, items) of superseded states that a read may still return."""

    def __post_init__(self) -> None:
        self.snapshot_id = self.snapshot_id or self._snapshot(self.revision)

    @property
    def uris(self) -> list[str]:
        """URIs in order, one for each entry."""
        return [item.uri for item in self.items]

    def shown_items(self, now: datetime, delay: timedelta) -> list[Item]:
        """What a read returns when changes take this long to appear."""
        return next((list(items) for until, _, items in self._past if now < until + delay), self.items)

    def shown_snapshot(self, now: datetime, delay: timedelta) -> str:
        return next((snapshot for until, snapshot, _ in self._past if now < until + delay), self.snapshot_id)

    def change(self, now: datetime, items: Sequence[Item] | None = None) -> str:
        """Set new items (None: unchanged) and change the snapshot id; returns the new one."""
        recent = [entry for entry in self._past if entry[0] > now - _LONGEST_DELAY]
        self._past = [*recent[-_PAST_STATES:], (now, self.snapshot_id, tuple(self.items))]
        if items is not None:
            self.items = list(items)
        self.revision += 1
        self.snapshot_id = self._snapshot(self.revision)
        return self.snapshot_id

    def insert(self, now: datetime, items: Sequence[Item], position: int | None) -> str:
        """Insert in the given order, at the end or at a position.

        Raises:
            SpotifyRefusal: 403 when the position is beyond the end or the playlist would hold more than 10,000 items.
        """
        place = len(self.items) if position is None else position
        if not 0 <= place <= len(self.items):
            raise forbidden("Index out of bounds")
        if len(self.items) + len(items) > MAX_ITEMS:
            raise forbidden("Playlist size limit reached")  # documented as 403; the text is ours
        return self.change(now, [*self.items[:place], *items, *self.items[place:]])

    def remove(self, now: datetime, uris: Iterable[str]) -> str:
        """Remove every occurrence of each URI; removing nothing changes nothing."""
        gone = set(uris)
        kept = [item for item in self.items if item.uri not in gone]
        return self.snapshot_id if len(kept) == len(self.items) else self.change(now, kept)

    def reorder(self, now: datetime, start: int, before: int, length: int = 1) -> str:
        """Move a range to before a position, both counted in the current order.

        Raises:
            SpotifyRefusal: 400 when the range or the position is outside the playlist.
        """
        if start < 0 or length < 1 or start + length > len(self.items) or not 0 <= before <= len(self.items):
            raise bad_request("Index out of bounds")
        if start <= before <= start + length:
            return self.change(now)
        moved = self.items[start : start + length]
        rest = self.items[:start] + self.items[start + length :]
        place = before - length if before > start else before
        return self.change(now, rest[:place] + moved + rest[place:])

    def to_json(self) -> dict[str, Any]:
        plain = (
            "playlist_id",
            "owner_id",
            "name",
            "description",
            "public",
            "collaborative",
            "algorithmic",
            "in_library",
            "revision",
            "snapshot_id",
        )
        return {**{key: getattr(self, key) for key in plain}, "items": [item.to_json() for item in self.items]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Playlist:
        return cls(**{**data, "items": [Item.from_json(item) for item in data["items"]]})

    def knows_snapshot(self, snapshot_id: object) -> bool:
        """Whether this is a current or past snapshot id of the playlist."""
        return any(snapshot_id == self._snapshot(revision) for revision in range(self.revision, -1, -1))

    def _snapshot(self, revision: int) -> str:
        seen = hashlib.sha1(f"{self.playlist_id}/{revision}".encode(), usedforsecurity=False).hexdigest()
        return base64.b64encode(f"{revision + 1},{seen}".encode()).decode()
