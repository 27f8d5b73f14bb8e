"""Realistic identifiers, pure functions of what they name: Beatport ids, Spotify ids and ISRCs.

A recording's key is (genre id, number). Beatport ids can be converted back into keys, so nothing has to be stored.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

_BASE62: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS: Final = tuple(first + second for first in _BASE62 for second in _BASE62)
_BASE36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIRST_ID: Final = 20_000_000
_STRIDE: Final = 1009
"""Ids of one genre are a prime apart; 36 genres with 28 ids each fit between."""
_LANE: Final = 28
_GENRES_A_BAND: Final = _STRIDE // _LANE
_BAND: Final = 100_000_000
"""Further genres have ids above those of the first 36."""
_COUNTRIES: Final = ("GB", "DE", "NL", "US", "FR", "ES", "IT", "BE", "QZ", "CA", "DK", "SE", "ZA", "BR")

LABEL_ISRCS: Final = 40
"""Registrant codes that a genre's labels may use."""


class Key(NamedTuple):
    """Identifies a recording: the genre that it was made for and its number there."""

    genre_id: int
    number: int


def beatport_id(genre_order: int, number: int, seed: int) -> int:
    """Eight digits; nine for genres after the first 36.

    Args:
        genre_order: position of the genre in the list of all genres, from 0.
        number: the recording's number, up to 70,000.
    """
    band, place = divmod(genre_order, _GENRES_A_BAND)
    return _FIRST_ID + band * _BAND + number * _STRIDE + place * _LANE + seed % _LANE


def read_beatport_id(track_id: int, seed: int) -> tuple[int, int] | None:
    """(genre order, number) of an id made by `beatport_id`; None when no such id is ever made."""
    band, within = divmod(track_id - _FIRST_ID, _BAND)
    number, rest = divmod(within, _STRIDE)
    place, lane = divmod(rest, _LANE)
    made = band >= 0 and place < _GENRES_A_BAND and lane == seed % _LANE
    return (band * _GENRES_A_BAND + place, number) if made else None


def spotify_id(*parts: object) -> str:
    """22 characters of base 62, like Spotify's ids."""
    number = int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=16).digest(), "big")
    pairs = []
    for _ in range(11):
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    return "".join(pairs)


def isrc(registrant: int, serial: int) -> str:
    """Twelve characters: country, registrant, year, designation. Unique for (registrant, serial).

    Args:
        registrant: up to 46,655.
        serial: counted per registrant; each 100,000 fall into an earlier year.
    """
    year = (26 - serial // 100_000) % 100
    code = _BASE36[registrant // 1296 % 36] + _BASE36[registrant // 36 % 36] + _BASE36[registrant % 36]
    return f"{_COUNTRIES[registrant * 5 % len(_COUNTRIES)]}{code}{year:02d}{serial % 100_000:05d}"
