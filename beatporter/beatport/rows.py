"""Converts one row of a chart, under any of Beatport's field names, to a clean `ChartEntry`. Pure; does not find rows.

It understands three sets of names: pages and API v4 (`id`, `name`, `artists[].name`), search pages (`track_id`,
`track_name`, `artists[].artist_name`, `length` in milliseconds) and the plain strings of hand-made files. Only id, name and
artists are certain (counted over real charts, see docs/decisions/beatport-sources.md); every other field may be missing
or of the wrong type, and then it is None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from beatporter.http.content import clean_text
from beatporter.http.limits import MAX_NUMBER
from beatporter.isrc import clean_isrc
from beatporter.records.chart import ChartEntry

_LARGEST_ID = 2**63 - 1
"""A larger one does not fit the ledger's column."""
_LARGEST_BPM = 999
_LENGTH = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})")
_DATE_LENGTH = len("2026-05-01")


def read_row(row: object, position: int) -> ChartEntry | None:
    """Read the entry from a row; None if the row lacks id, name or artists.

    Args:
        row: an element of a list of results, of any type.
        position: the row's rank in that list, 1 first.
    """
    if not isinstance(row, Mapping):
        return None
    beatport_id = _number(_first(row, "id", "track_id"), _LARGEST_ID)
    name = _text(_first(row, "name", "track_name"))
    artists, credited = _people(row)
    if beatport_id is None or name is None or not artists:
        return None
    return ChartEntry(
        position=position,
        beatport_id=beatport_id,
        name=name,
        artists=artists,
        mix_name=_text(row.get("mix_name")),
        remixers=tuple(_names(row.get("remixers"), "artist")) or credited,
        isrc=clean_isrc(row.get("isrc")),
        release=_named(row.get("release"), "release"),
        label=_label(row),
        length_ms=_length_ms(row),
        bpm=_number(row.get("bpm"), _LARGEST_BPM),
        key=_named(_first(row, "key", "key_name"), "key"),
        publish_date=_date(_first(row, "publish_date", "new_release_date")),
        sub_genre=_named(row.get("sub_genre"), "sub_genre"),
        is_dj_version=row["is_dj_version"] if isinstance(row.get("is_dj_version"), bool) else None,
        camelot=_camelot(row.get("key")),
    )


def _first(row: Mapping[str, object], *keys: str) -> object:
    """The first of these fields that is neither missing nor null."""
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _text(value: object) -> str | None:
    """Text without outer blanks and control characters; None if it is empty then."""
    return clean_text(value).strip() or None if isinstance(value, str) else None


def _named(value: object, kind: str) -> str | None:
    """The name of a release, label or key, given as an object or as plain text."""
    if isinstance(value, Mapping):
        return _text(_first(value, "name", f"{kind}_name"))
    return _text(value)


def _label(row: Mapping[str, object]) -> str | None:
    release = row.get("release")
    inner = release.get("label") if isinstance(release, Mapping) else None
    return _named(inner, "label") or _named(row.get("label"), "label")


def _camelot(key: object) -> str | None:
    """The key's place on the Camelot wheel, as "8A"."""
    if not isinstance(key, Mapping):
        return None
    number, letter = _number(key.get("camelot_number"), 12), _text(key.get("camelot_letter"))
    return f"{number}{letter}" if number and letter in ("A", "B") else None


def _names(people: object, kind: str) -> Iterator[str]:
    for person in people if isinstance(people, Sequence) and not isinstance(people, str) else ():
        name = _named(person, kind)
        if name:
            yield name


def _people(row: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The artists, and the remixers that a search page lists among them."""
    everybody = row.get("artists")
    if not isinstance(everybody, list):
        return (), ()
    remixers = [person for person in everybody if isinstance(person, Mapping) and person.get("artist_type_name") == "Remixer"]
    artists = [person for person in everybody if person not in remixers] or remixers
    return tuple(_names(artists, "artist")), tuple(_names(remixers, "artist"))


def _number(value: object, largest: int) -> int | None:
    """A whole number from 1 to `largest`, given as a number or as digits."""
    if isinstance(value, str) and len(value) <= len(str(_LARGEST_ID)) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = round(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest:
        return value
    return None


def _length_ms(row: Mapping[str, object]) -> int | None:
    """Milliseconds: from `length_ms`, else from `length`, which is "m:ss" or, on search pages, milliseconds."""
    length = row.get("length")
    given = _number(row.get("length_ms"), MAX_NUMBER)
    if given is not None or not isinstance(length, str):
        return given or _number(length, MAX_NUMBER)
    parts = _LENGTH.fullmatch(length.strip())
    if parts is None:
        return _number(length, MAX_NUMBER)
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return _number(((hours * 60 + minutes) * 60 + seconds) * 1000, MAX_NUMBER)


def _date(value: object) -> str | None:
    """An ISO date, cut from a date or a date with time."""
    text = _text(value)
    try:
        return date.fromisoformat(text[:_DATE_LENGTH]).isoformat() if text else None
    except ValueError:
        return None
