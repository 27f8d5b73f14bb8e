"""A decision as one JSON document: how a person reports a wrong match, and how we keep it as a test.

    {"entry": {name, mix_name, artists, remixers, isrc, length_ms},
     "tracks": [{id, name, artists, album, album_type, isrc, duration_ms, is_playable, release_date}],
     "version_order": ["own", "extended", "original", "radio"]}

Names and artists are required; any other field that is missing or null is unknown. Other fields are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from beatporter.isrc import clean_isrc
from beatporter.matching.decide import OWN_FIRST, decide
from beatporter.matching.explain import is_doubtful, why, why_not
from beatporter.matching.find import record_decision
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


class CaseError(ValueError):
    """A document that is not a case; the message names the wrong field."""


@dataclass(frozen=True, slots=True)
class Case:
    """A chart entry and what Spotify answered."""

    entry: ChartEntry
    tracks: tuple[SpotifyTrack, ...]
    version_order: tuple[str, ...] | None
    """None for the person's own."""


def case_document(entry: ChartEntry, tracks: Iterable[SpotifyTrack], version_order: Sequence[str]) -> dict[str, Any]:
    """Write a case as a document."""
    return {
        "entry": {
            "name": entry.name,
            "mix_name": entry.mix_name,
            "artists": list(entry.artists),
            "remixers": list(entry.remixers),
            "isrc": entry.isrc,
            "length_ms": entry.length_ms,
        },
        "tracks": [
            {
                "id": track.track_id,
                "name": track.name,
                "artists": list(track.artists),
                "album": track.album,
                "album_type": track.album_type,
                "isrc": track.isrc,
                "duration_ms": track.duration_ms,
                "is_playable": track.is_playable,
                "release_date": track.release_date,
            }
            for track in tracks
        ],
        "version_order": list(version_order),
    }


def read_case(document: object) -> Case:
    """Read a case from a document.

    Raises:
        CaseError: the document is not a case.
    """
    whole = _object(document, "the line")
    if "entry" not in whole and isinstance(whole.get("input"), Mapping):
        whole = whole["input"]  # a case that also holds the right answer
    entry = _object(whole.get("entry"), "entry")
    tracks = whole.get("tracks")
    if not isinstance(tracks, list):
        raise CaseError("tracks is not a list")
    return Case(_entry(entry), tuple(_track(track, number) for number, track in enumerate(tracks)), _order(whole.get("version_order")))


def judge_case(case: Case, version_order: Sequence[str] = OWN_FIRST) -> dict[str, Any]:
    """Apply the rules to a case; returns `take`, `version`, `score`, `why`, `shown_in_review`.

    Args:
        version_order: used when the case has none.
    """
    decision = decide(case.entry, case.tracks, case.version_order or version_order)
    match = record_decision(case.entry, decision, decided_at=_ANY_TIME)
    nearest = decision.best or next(iter(decision.others), None)
    return {
        "take": match.track_id,
        "version": match.version,
        "score": nearest.score if nearest else 0.0,
        "why": list(why(case.entry, decision.best, decision.others) if decision.best else why_not(decision)),
        "shown_in_review": is_doubtful(match),
    }


def candidates_of(match: Match) -> tuple[SpotifyTrack, ...]:
    """The tracks that a decision kept: the one taken, then the runners-up that were kept with enough detail to judge them."""
    others = (other.track for other in match.runners_up if other.chance is not None)
    taken = match.track
    return (*([taken] if taken else []), *others)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CaseError(f"{name} is not an object")
    return value


def _entry(value: Mapping[str, Any]) -> ChartEntry:
    return ChartEntry(
        position=1,
        beatport_id=0,
        name=_name(value, "entry"),
        artists=_texts(value, "artists", "entry"),
        mix_name=_text(value, "mix_name", "entry"),
        remixers=_texts(value, "remixers", "entry"),
        isrc=_isrc(value, "entry"),
        length_ms=_number(value, "length_ms", "entry"),
    )


def _track(value: object, number: int) -> SpotifyTrack:
    where = f"tracks[{number}]"
    track = _object(value, where)
    playable = track.get("is_playable")
    if playable is not None and not isinstance(playable, bool):
        raise CaseError(f"{where}.is_playable is not true, false or null")
    return SpotifyTrack(
        track_id=_text(track, "id", where) or f"track {number}",
        name=_name(track, where),
        artists=_texts(track, "artists", where),
        album=_text(track, "album", where),
        album_type=_text(track, "album_type", where),
        isrc=_isrc(track, where),
        duration_ms=_number(track, "duration_ms", where),
        is_playable=playable,
        release_date=_text(track, "release_date", where),
    )


def _name(value: Mapping[str, Any], where: str) -> str:
    name = _text(value, "name", where)
    if name is None:
        raise CaseError(f"{where}.name is missing")
    return name


def _text(value: Mapping[str, Any], name: str, where: str) -> str | None:
    text = value.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise CaseError(f"{where}.{name} is not text")
    return " ".join(text.split()) or None


def _texts(value: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    texts = value.get(name)
    if texts is None:
        return ()
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise CaseError(f"{where}.{name} is not a list of texts")
    return tuple(" ".join(text.split()) for text in texts if text.strip())


def _isrc(value: Mapping[str, Any], where: str) -> str | None:
    return clean_isrc(_text(value, "isrc", where))


def _number(value: Mapping[str, Any], name: str, where: str) -> int | None:
    number = value.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number or abs(number) > 1e12:
        raise CaseError(f"{where}.{name} is not a number")
    return round(number) if number > 0 else None


def _order(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise CaseError("version_order is not a list")
    unknown = [name for name in names if name not in OWN_FIRST]
    if unknown:
        raise CaseError(f"version_order has {unknown[0]!r}, which is not one of {', '.join(OWN_FIRST)}")
    return tuple(names)
