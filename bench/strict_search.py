"""A search without tolerance for spelling: every word of a query must be in its field as typed, except for case and outer punctuation."""

from __future__ import annotations

import string
from collections.abc import Sequence

from beatporter.matching.find import Search
from beatporter.records.track import SpotifyTrack
from sandbox.spotify.query import parse_query
from sandbox.spotify.search import SearchIndex

_LOOKED_AT = 50
_GIVEN = 10


def strict_search(index: SearchIndex) -> Search:
    """The index behind a service that distinguishes "é" from "e" and "’" from "'"; it finds ISRCs as usual."""

    def search(query: str) -> Sequence[SpotifyTrack]:
        clauses = [clause for clause in parse_query(query) if clause.field != "isrc"]
        wanted = [(clause.field, clause.text.casefold().split()) for clause in clauses]
        found = index.search(query, limit=_LOOKED_AT).tracks
        return [track for track in found if all(_has(track, field, words) for field, words in wanted)][:_GIVEN]

    return search


def _has(track: SpotifyTrack, field: str, words: list[str]) -> bool:
    texts = {"track": (track.name,), "artist": track.artists, "album": (track.album or "",)}
    said = " ".join(texts.get(field) or (track.name, *track.artists, track.album or "")).casefold()
    typed = {word.strip(string.punctuation) for word in said.split()}
    return all(word.strip(string.punctuation) in typed for word in words)
