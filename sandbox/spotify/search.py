"""A search over tracks that behaves like Spotify's, as far as it is known: ranked by popularity and text, not by our rules.

    index = SearchIndex(tracks, seed=1)
    page = index.search('track:"Ropes" artist:"Dirty Palm"', limit=10)   # page.tracks, page.total
    page = index.search("isrc:GB2LD2110301")

Its behaviour, with sources (recorded answers and reports of the service, collected in November 2026):
- Words match regardless of case, diacritics and punctuation. Field filters restrict strictly: every word of the value
  must be in that field, a quoted value as a phrase. Free words are looked up in title, artists and album.
- The last free word also matches as a prefix ("test" finds "Testify"). There is no tolerance for typing errors: a
  recorded "Sugaan Essenna" found nothing at all.
- A word that the track lacks ("Extended") usually costs the hit: with three words or more, `lenient_rate` of the queries allow
  one missing word, the others find less.
- Free text brings noise: `noise_rate` of the queries are filled up to ten with tracks that share half of the words
  (recorded: "Dirty Palm - Ropes" found "Dirty Palm Angels" by somebody else).
- Half of the rank is text, half a seeded popularity that ignores versions, so a wrong version often comes first.
- `isrc:` returns every track with that ISRC, the most popular first; `isrc_miss_rate` of the ISRCs are never found.
- `OR` is not an operator: `isrc:A OR isrc:B` finds nothing.
Everything is derived from the seed and the query, so the same query always gets the same answer.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Final

from beatporter.records.track import SpotifyTrack
from sandbox.spotify.query import Clause, parse_query
from sandbox.spotify.text import words

_TITLE, _ARTIST, _ALBUM = 0, 1, 2
_FIELD_OF: Final = {"track": _TITLE, "artist": _ARTIST, "album": _ALBUM}
_FIELD_WEIGHT: Final = (1.0, 0.9, 0.4)
_BEGINNING_WEIGHT: Final = 0.6
_MIN_BEGINNING: Final = 3
_YEARS: Final = re.compile(r"(\d{4})(?:\s*-\s*(\d{4}))?")
_CANDIDATES: Final = 1500
"""How many of the most popular matches are ranked; limits the time of a query for a word that half of the titles have."""
_FULL_PAGE: Final = 10


@dataclass(frozen=True, slots=True)
class SearchPage:
    tracks: list[SpotifyTrack]
    total: int
    """Number of all matches, at most 1,000, which is as far as an offset can go."""


class SearchIndex:
    """An inverted index; reading it is thread-safe."""

    def __init__(
        self,
        tracks: Sequence[SpotifyTrack],
        *,
        seed: int = 0,
        isrc_miss_rate: float = 0.01,
        lenient_rate: float = 0.5,
        noise_rate: float = 0.5,
    ) -> None:
        """Index tracks.

        Args:
            tracks: the tracks to be found.
            seed: decides popularity and every rate below.
            isrc_miss_rate: share of the ISRCs that an `isrc:` query never finds.
            lenient_rate: share of free queries (three words or more) in which one word may be missing.
            noise_rate: share of free queries that are filled up to ten.
        """
        self._seed = seed
        self._isrc_miss_rate = isrc_miss_rate
        self._lenient_rate = lenient_rate
        self._noise_rate = noise_rate
        popular = sorted(((self._draw("popularity", track.track_id) ** 2, track) for track in tracks), key=lambda pair: -pair[0])
        self._popularity = array("f", (popularity for popularity, _ in popular))
        self._tracks = [track for _, track in popular]
        self._postings: tuple[dict[str, array[int]], ...] = ({}, {}, {})
        self._by_isrc: dict[str, list[int]] = {}
        for number, track in enumerate(self._tracks):
            self._index(number, track)
        self._vocabulary = sorted(set().union(*self._postings))

    def __len__(self) -> int:
        return len(self._tracks)

    def popularity(self, track_id: str) -> int:
        """The seeded popularity, 0 to 100, as apps of the older cohort still see it."""
        return round(100 * self._draw("popularity", track_id) ** 2)

    def search(self, query: str, *, limit: int = 10, offset: int = 0, visible: Callable[[SpotifyTrack], bool] | None = None) -> SearchPage:
        """Tracks for a query, best first in the service's order; those that `visible` rejects do not exist."""
        clauses = parse_query(query)
        free = next((clause for clause in clauses if not clause.field), None)
        filters = [clause for clause in clauses if clause.field]
        if free is None:
            ranked = self._rank_filtered(list(islice(self._passing(filters), _CANDIDATES)), filters) if filters else []
        else:
            ranked = self._rank_free(query, free, set(self._passing(filters)) if filters else None)
        if visible is not None:
            ranked = [number for number in ranked if visible(self._tracks[number])]
        return SearchPage([self._tracks[number] for number in ranked[offset : offset + limit]], min(len(ranked), 1000))

    def _index(self, number: int, track: SpotifyTrack) -> None:
        for field, names in enumerate(((track.name,), track.artists, (track.album or "",))):
            postings = self._postings[field]
            for word in {word for name in names for word in words(name)}:
                posting = postings.get(word)
                if posting is None:
                    posting = postings[word] = array("I")
                posting.append(number)
        if track.isrc:
            self._by_isrc.setdefault(track.isrc.upper(), []).append(number)

    def _draw(self, *what: str) -> float:
        """A number from 0 to 1, the same for the same seed and words in every process."""
        digest = blake2b("\x1f".join((str(self._seed), *what)).encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    def _passing(self, filters: list[Clause]) -> Iterator[int]:
        """Tracks that pass every filter, the most popular first."""
        lists: list[Sequence[int]] = []
        for clause in filters:
            if clause.field == "isrc":
                lists.append(self._find_isrc(clause.text))
            elif clause.field in _FIELD_OF:
                postings = self._postings[_FIELD_OF[clause.field]]
                lists += [postings.get(word, ()) for word in dict.fromkeys(clause.words)] or [()]
            elif clause.field != "year":
                return  # genre, upc, tag: not in the catalogue
        shortest, *others = sorted(lists, key=len) or [range(len(self._tracks))]
        for number in shortest:
            if all(_holds(other, number) for other in others) and all(self._agrees(clause, number) for clause in filters):
                yield number

    def _agrees(self, clause: Clause, number: int) -> bool:
        """Check what word lists cannot show: years and phrases."""
        if clause.field == "year":
            match = _YEARS.fullmatch(clause.text)
            date = self._tracks[number].release_date
            return match is not None and bool(date) and match[1] <= str(date)[:4] <= (match[2] or match[1])
        return all(self._has_phrase(_FIELD_OF[clause.field], number, phrase) for phrase in clause.phrases if clause.field in _FIELD_OF)

    def _find_isrc(self, text: str) -> list[int]:
        isrc = re.sub(r"[\s-]", "", text).upper()
        return [] if self._draw("isrc", isrc) < self._isrc_miss_rate else self._by_isrc.get(isrc, [])

    def _has_phrase(self, field: int, number: int, phrase: tuple[str, ...]) -> bool:
        if len(phrase) < 2:
            return True
        track = self._tracks[number]
        names = ((track.name,), track.artists, (track.album or "",))[field]
        wanted = f" {' '.join(phrase)} "
        return any(wanted in f" {' '.join(words(name))} " for name in names)

    def _rank_filtered(self, found: list[int], filters: list[Clause]) -> list[int]:
        """Rank for filters alone: by closeness of the title, then by popularity."""
        asked = {word for clause in filters if clause.field == "track" for word in clause.words}
        scores = {number: self._popularity[number] + (self._closeness(number, asked) if asked else 0) for number in found}
        return sorted(found, key=lambda number: (-scores[number], number))

    def _closeness(self, number: int, asked: set[str]) -> float:
        title = set(words(self._tracks[number].name))
        return len(asked & title) / max(len(asked | title), 1)

    def _rank_free(self, query: str, free: Clause, inside: set[int] | None) -> list[int]:
        asked = list(dict.fromkeys(free.words))
        weights = [self._matches(word, beginning=word == free.words[-1]) for word in asked]
        rarity = [1 / math.log2(2 + len(found)) for found in weights]
        full = self._with_words(weights, len(asked), inside)
        if len(asked) >= 3 and self._draw("lenient", query) < self._lenient_rate:
            full |= self._with_words(weights, len(asked) - 1, inside)
        ranked = self._order(full, asked, weights, rarity)
        if len(ranked) < _FULL_PAGE and self._draw("noise", query) < self._noise_rate:
            near = self._with_words(weights, max(1, math.ceil(len(asked) / 2)), inside) - full
            ranked += self._order(near, asked, weights, rarity)[: _FULL_PAGE - len(ranked)]
        return ranked

    def _matches(self, word: str, *, beginning: bool) -> dict[int, float]:
        """Tracks with the word in any field, with the weight of the best field."""
        found: dict[int, float] = {}
        terms = [(word, 1.0)]
        if beginning and len(word) >= _MIN_BEGINNING:
            terms += [(term, _BEGINNING_WEIGHT) for term in self._beginning_with(word)]
        for term, factor in terms:
            for field in (_TITLE, _ARTIST, _ALBUM):
                weight = _FIELD_WEIGHT[field] * factor
                for number in self._postings[field].get(term, ()):
                    if weight > found.get(number, 0):
                        found[number] = weight
        return found

    def _beginning_with(self, word: str) -> list[str]:
        first = bisect_left(self._vocabulary, word)
        last = bisect_left(self._vocabulary, word + "\U0010ffff")
        return [term for term in self._vocabulary[first : min(last, first + 200)] if term != word]

    def _with_words(self, weights: list[dict[int, float]], least: int, inside: set[int] | None) -> set[int]:
        """Tracks that match at least that many of the words; of very many only the most popular."""
        by_length = sorted(weights, key=len)
        # A track that matches `least` of n words matches one of the n - least + 1 rarest, so common words are only checked.
        seeds = set().union(*by_length[: len(weights) - least + 1])
        if inside is not None:
            seeds &= inside
        if least > 1:
            seeds = {number for number in seeds if sum(number in found for found in by_length) >= least}
        return set(sorted(seeds)[:_CANDIDATES])

    def _order(self, numbers: set[int], asked: list[str], weights: list[dict[int, float]], rarity: list[float]) -> list[int]:
        whole, words_asked = sum(rarity), set(asked)

        def score(number: int) -> float:
            text = sum(found.get(number, 0.0) * rare for found, rare in zip(weights, rarity, strict=True)) / whole
            return 0.4 * text + 0.2 * self._closeness(number, words_asked) + 0.4 * self._popularity[number]

        return sorted(numbers, key=lambda number: (-score(number), number))


def _holds(posting: Sequence[int], number: int) -> bool:
    """Whether a sorted list has the number."""
    place = bisect_left(posting, number)
    return place < len(posting) and posting[place] == number
