"""The labelled sets of the matching benchmark: chart entries, what there is to find, and which of it is right.

The real files lie in ../shared/real beside the repository and are not part of it; without them only the sandbox's set runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack
from sandbox.catalogue import Catalogue, known_genre_ids
from sandbox.catalogue.beatport_side import BeatportTrack

REAL: Final = Path(__file__).resolve().parents[1] / ".." / "shared" / "real"
CHARTS: Final = ("beatport-top100-melodic-2026-05.json", "beatport-top100-house-2023-10.html")


@dataclass(frozen=True, slots=True)
class Case:
    """A chart entry and what may rightly be taken for it."""

    entry: ChartEntry
    same: frozenset[str]
    substitutes: frozenset[str] = frozenset()
    unplayable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LabelledSet:
    name: str
    cases: tuple[Case, ...]
    tracks: tuple[SpotifyTrack, ...]
    """What the search can find."""


def sandbox_set(seed: int, day: int = 0, *, isrcs: bool = True) -> LabelledSet:
    """All genres' charts of one day in the invented world, with every quirk that it has."""
    catalogue = Catalogue(seed)
    genres = known_genre_ids()
    rows = {row.track_id: row for genre_id in genres for row in catalogue.chart(genre_id, day)}
    cases = []
    for row in rows.values():
        truth = catalogue.truth(row.track_id, day)
        cases.append(Case(_entry_of_row(row, isrcs=isrcs), truth.same, truth.substitutes, truth.unplayable))
    name = f"sandbox-{seed}" + ("" if isrcs else "-no-isrc")
    return LabelledSet(name, tuple(cases), tuple(catalogue.spotify_tracks(genres, day)))


def pairs_set(*, isrcs: bool) -> LabelledSet:
    """Real pairs inside the crowd; without ISRCs on either side when `isrcs` is off."""
    pairs = list(lines_of("matching-pairs.jsonl"))
    right: dict[ChartEntry, set[str]] = {}
    for number, pair in enumerate(pairs):
        entry = _entry(pair["beatport"], number)
        key = next(
            (known for known in right if replace(known, beatport_id=0, position=0) == replace(entry, beatport_id=0, position=0)), entry
        )
        right.setdefault(key, set()).add(pair["spotify"]["id"])
    tracks = _union(_crowd(), (_track(pair["spotify"]) for pair in pairs))
    if not isrcs:
        right = {replace(entry, isrc=None): ids for entry, ids in right.items()}
        tracks = tuple(replace(track, isrc=None) for track in tracks)
    cases = tuple(Case(entry, frozenset(ids)) for entry, ids in right.items())
    return LabelledSet("pairs" if isrcs else "pairs-no-isrc", cases, tracks)


def near_misses_set() -> LabelledSet:
    """Real Beatport tracks whose listed Spotify tracks are another version: at best a labelled substitute."""
    rows = list(lines_of("matching-near-misses.jsonl"))
    others: dict[str, tuple[ChartEntry, set[str]]] = {}
    for number, row in enumerate(rows):
        entry = _entry(row["beatport"], number)
        key = repr(replace(entry, beatport_id=0, position=0))
        others.setdefault(key, (entry, set()))[1].add(row["spotify"]["id"])
    tracks = _union(_crowd(), (_track(row["spotify"]) for row in rows))
    return LabelledSet("near-misses", tuple(Case(entry, frozenset(), frozenset(ids)) for entry, ids in others.values()), tracks)


def charts_set() -> LabelledSet:
    """Two real Top 100s against the crowd. There is no truth: what is taken is printed to be read."""
    rows = [row for name in CHARTS for row in _chart_rows(REAL / name)]
    cases = tuple(Case(_entry(_plain_row(row), place), frozenset()) for place, row in enumerate(rows, start=1))
    pairs = (_track(pair["spotify"]) for pair in lines_of("matching-pairs.jsonl"))
    return LabelledSet("charts", cases, _union(_crowd(), pairs))


def _entry_of_row(row: BeatportTrack, *, isrcs: bool) -> ChartEntry:
    return ChartEntry(
        position=1,
        beatport_id=row.track_id,
        name=row.name.strip(),
        artists=tuple(credit.name for credit in row.artists),
        mix_name=row.mix_name,
        remixers=tuple(credit.name for credit in row.remixers),
        isrc=row.isrc.replace("-", "").upper() if row.isrc and isrcs else None,
        release=row.release,
        length_ms=row.length_ms if row.says_length else None,
    )


def _entry(row: dict[str, Any], number: int) -> ChartEntry:
    return ChartEntry(
        position=1,
        beatport_id=row["id"] or number,
        name=" ".join(row["name"].split()),
        artists=tuple(row["artists"]),
        mix_name=row["mix_name"],
        remixers=tuple(row["remixers"]),
        isrc=row["isrc"],
        release=row["release"],
        length_ms=row["length_ms"],
    )


def _track(row: dict[str, Any]) -> SpotifyTrack:
    return SpotifyTrack(row["id"], row["name"], tuple(row["artists"]), row["album"], None, row["isrc"], row["duration_ms"] or None)


def _crowd() -> Iterator[SpotifyTrack]:
    return (_track(row) for row in lines_of("spotify-tracks-edm.jsonl"))


def _union(*groups: Iterable[SpotifyTrack]) -> tuple[SpotifyTrack, ...]:
    return tuple({track.track_id: track for group in groups for track in group}.values())


def lines_of(name: str) -> Iterator[dict[str, Any]]:
    """A real file, one row a line."""
    with (REAL / name).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _plain_row(row: dict[str, Any]) -> dict[str, Any]:
    people = {role: [person["name"] for person in row[role]] for role in ("artists", "remixers")}
    return {**row, **people, "release": row["release"]["name"]}


def _chart_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a saved chart, found by their shape; the product's own parser has its own tests."""
    text = path.read_text(encoding="utf-8")
    start = text.find("{", text.find("__NEXT_DATA__")) if path.suffix == ".html" else 0
    document, _ = json.JSONDecoder().raw_decode(text[start:])
    return next(_row_lists(document))


def _row_lists(value: Any) -> Iterator[list[dict[str, Any]]]:
    if isinstance(value, dict):
        rows = value.get("results")
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "artists" in rows[0]:
            yield rows
        for inner in value.values():
            yield from _row_lists(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _row_lists(inner)
