"""A Beatport track as the JSON row that pages and API v4 carry: every field of the real rows, in their order.

Source: the rows of a saved page of October 2023 and of an API answer of May 2026. The latter have four fields more
(bsrc_remixer, is_explicit, is_ugc_remix, is_dj_edit); all rows here have them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from beatporter.genres import FURTHER, KNOWN
from sandbox.catalogue.beatport_side import BeatportTrack, Credit

PAGE_API: Final = "https://api-internal.beatportprod.com/v4"
"""Beginning of the addresses in pages."""
V4_API: Final = "https://api.beatport.com/v4"
_MEDIA: Final = "https://geo-media.beatport.com/image_size"
_GENRES: Final = {genre.genre_id: genre for genre in (*KNOWN, *FURTHER)}
_CAMELOT: Final[Mapping[str, int]] = {
    "Ab Minor": 1, "B Major": 1, "Eb Minor": 2, "F# Major": 2, "Bb Minor": 3, "Db Major": 3, "F Minor": 4, "Ab Major": 4,
    "C Minor": 5, "Eb Major": 5, "G Minor": 6, "Bb Major": 6, "D Minor": 7, "F Major": 7, "A Minor": 8, "C Major": 8,
    "E Minor": 9, "G Major": 9, "B Minor": 10, "D Major": 10, "F# Minor": 11, "A Major": 11, "Db Minor": 12, "E Major": 12,
}  # fmt: skip


def slug(name: str) -> str:
    """The slug in addresses; "original-mix" if the name leaves nothing, as for real names in other scripts."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "").replace(".", "")).strip("-") or "original-mix"


def row(track: BeatportTrack, api: str) -> dict[str, Any]:
    """One row.

    Args:
        track: what to show.
        api: beginning of its addresses, `PAGE_API` or `V4_API`.
    """
    genre = _GENRES[track.genre_id]
    date = track.publish_date.isoformat() if track.says_publish_date else None
    code, status = (7, "Exclusive") if track.exclusive else (10, "General Content")
    return {
        "artists": [_credit(credit, api) for credit in track.artists],
        "publish_status": "published",
        "available_worldwide": track.track_id % 5 == 0,
        "bpm": track.bpm,
        "bsrc_remixer": [],
        "catalog_number": track.catalog_number,
        "current_status": {"id": code, "name": status, "url": f"{api}/auxiliary/current-status/{code}/"},
        "encoded_date": f"{track.publish_date.isoformat()}T09:00:00-06:00",
        "exclusive": track.exclusive,
        "free_downloads": [],
        "free_download_start_date": None,
        "free_download_end_date": None,
        "genre": {"id": genre.genre_id, "name": genre.name, "slug": genre.slug, "url": f"{api}/catalog/genres/{genre.genre_id}/"},
        "id": track.track_id,
        "image": image(("track", track.track_id), "1500x250", "png") if track.has_image else None,
        "is_available_for_streaming": track.track_id % 50 != 0,
        "is_explicit": False,
        "is_ugc_remix": False,
        "is_dj_edit": False,
        "isrc": track.isrc,
        "key": _key(track.key, api) if track.key else None,
        "label_track_identifier": None,
        "length": f"{track.length_ms // 60_000}:{track.length_ms // 1000 % 60:02d}",
        "length_ms": track.length_ms if track.says_length else None,
        "mix_name": track.mix_name,
        "name": track.name,
        "new_release_date": date,
        "pre_order": False,
        "pre_order_date": None,
        "price": {"code": "EUR", "symbol": "€", "value": 1.59, "display": "€1.59"},
        "publish_date": date,
        "release": _release(track),
        "remixers": [_credit(credit, api) for credit in track.remixers],
        "sale_type": {"id": 1, "name": "purchase", "url": f"{api}/auxiliary/sale-types/1/"},
        "sample_url": f"https://geo-samples.beatport.com/track/{_uuid('sample', track.track_id)}.LOFI.mp3",
        "sample_start_ms": 60_000,
        "sample_end_ms": 180_000,
        "slug": slug(track.name),
        "sub_genre": None,
        "url": f"{api}/catalog/tracks/{track.track_id}/",
        "is_hype": track.track_id % 8 == 0,
    }


def image(what: tuple[object, ...], size: str, kind: str = "jpg") -> dict[str, Any]:
    """A picture's object; the picture itself does not exist."""
    name = f"{_uuid(*what)}.{kind}"
    return {
        "id": 30_000_000 + int(_uuid(*what)[:6], 16),
        "uri": f"{_MEDIA}/{size}/{name}",
        "dynamic_uri": f"{_MEDIA}/{{w}}x{{h}}/{name}",
    }


def _credit(credit: Credit, api: str) -> dict[str, Any]:
    return {
        "id": credit.artist_id,
        "image": image(("artist", credit.artist_id), "590x404"),
        "name": credit.name,
        "slug": slug(credit.name),
        "url": f"{api}/catalog/artists/{credit.artist_id}/",
    }


def _release(track: BeatportTrack) -> dict[str, Any]:
    label = track.label
    return {
        "id": track.track_id // 4,
        "name": track.release,
        "image": image(("release", track.track_id), "1400x1400"),
        "label": {"id": label.label_id, "name": label.name, "image": image(("label", label.label_id), "500x500"), "slug": slug(label.name)},
        "slug": slug(track.release),
    }


def _key(name: str, api: str) -> dict[str, Any]:
    letter, chord = name.split(" ")
    minor = chord == "Minor"
    number = _CAMELOT[name]
    return {
        "camelot_number": number,
        "camelot_letter": "A" if minor else "B",
        "chord_type": {"id": 1 if minor else 2, "name": chord, "url": f"{api}/catalog/chord-types/{1 if minor else 2}/"},
        "id": number if minor else number + 12,
        "is_sharp": letter.endswith("#"),
        "is_flat": letter.endswith("b"),
        "letter": letter[0],
        "name": name,
        "url": f"{api}/catalog/keys/{number if minor else number + 12}/",
    }


def _uuid(*what: object) -> str:
    digest = hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
