"""What the ledger knows of the past of a playlist or a chart, as documents for a page or JSON. Calls nothing.

A playlist's past is that of its backups: a change is dated by the first backup that shows it, not by the minute in which it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from beatporter.care.changes import Changes, changes_between_charts, changes_between_rows
from beatporter.care.restore import backup_at
from beatporter.errors import SettingsError
from beatporter.ledger.ledger import Ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupInfo, BackupRow
from beatporter.records.track import PlaylistRef

DATE_HOW = "Write a day (2026-11-20), or a time in UTC (2026-11-20T07:30)."
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ListName:
    """A chart as the ledger numbers it, and what a person calls it."""

    genre_id: int
    name: str


def moment_of(text: str) -> datetime:
    """The time that a person's text means: the end of a day, or a time, in UTC.

    Raises:
        SettingsError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(f"{text!r:.60} is not a day or a time.", DATE_HOW) from None
    if "T" not in text.upper() and ":" not in text:
        return datetime.combine(moment.date(), time.max, UTC).replace(microsecond=0)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def playlist_states(ledger: Ledger, playlist: PlaylistRef, most: int) -> Document:
    """The playlist's newest states with what changed in each; older ones are only counted."""
    backups = ledger.backups.all(playlist.playlist_id)
    shown = backups[-most - 1 :]
    states: list[Document] = []
    before: list[BackupRow] | None = None
    for backup in shown:
        rows = _rows(ledger, backup)
        if before is not None or backup is backups[0]:
            changes = changes_between_rows(before or [], rows)
            counts = {"came": len(changes.came), "left": len(changes.left), "moved": len(changes.moved)}
            states.append({"at": _iso(backup.taken_at), "entries": backup.rows, **counts})
        before = rows
    return {"playlist": _named(playlist), "states": states, "older": len(backups) - len(states)}


def playlist_on(ledger: Ledger, playlist: PlaylistRef, at: datetime) -> Document:
    """What the playlist held at a time.

    Raises:
        SettingsError: there is no backup from then or before.
    """
    backup = backup_at(ledger, playlist.playlist_id, playlist.name, at)
    entries = [_track(row) | {"position": row.position + 1} for row in _rows(ledger, backup)]
    return {"playlist": _named(playlist), "at": _iso(backup.taken_at), "entries": entries}


def playlist_diff(ledger: Ledger, playlist: PlaylistRef, first: datetime, second: datetime) -> Document:
    """What changed in the playlist between two times.

    Raises:
        SettingsError: see `playlist_on`.
    """
    before, after = (backup_at(ledger, playlist.playlist_id, playlist.name, at) for at in (first, second))
    changes = changes_between_rows(_rows(ledger, before), _rows(ledger, after))
    return {"playlist": _named(playlist), "from": _iso(before.taken_at), "to": _iso(after.taken_at), **changes_document(changes)}


def changes_document(changes: Changes) -> Document:
    """Changes of a playlist, positions counted from 1."""
    listed = {"came": changes.came, "left": changes.left, "moved": changes.moved}
    found = {name: [_track(row) | {"position": row.position + 1} for row in rows] for name, rows in listed.items()}
    return {**found, "stayed": changes.stayed}


def chart_states(ledger: Ledger, chart: ListName, most: int) -> Document:
    """The newest charts of a list with what changed in each; older ones are only counted."""
    times = ledger.charts.times(chart.genre_id)
    states: list[Document] = []
    before: Sequence[ChartEntry] | None = None
    for at in times[-most - 1 :]:
        entries = _chart(ledger, chart, at).entries
        if before is not None or at == times[0]:
            changes = changes_between_charts(before or (), entries)
            counts = {name: len(getattr(changes, name)) for name in ("entered", "left", "rose", "fell")}
            states.append({"at": _iso(at), "entries": len(entries), **counts})
        before = entries
    return {"chart": chart.name, "states": states, "older": len(times) - len(states)}


def chart_on(ledger: Ledger, chart: ListName, at: datetime) -> Document:
    """The chart that was the current one at a time.

    Raises:
        SettingsError: no chart was read by then.
    """
    found = _chart(ledger, chart, at)
    return {"chart": chart.name, "at": _iso(found.scraped_at), "entries": [_entry(one) for one in found.entries]}


def chart_diff(ledger: Ledger, chart: ListName, first: datetime, second: datetime) -> Document:
    """What entered, left, rose and fell between two times.

    Raises:
        SettingsError: see `chart_on`.
    """
    before, after = _chart(ledger, chart, first), _chart(ledger, chart, second)
    changes = changes_between_charts(before.entries, after.entries)
    moved = {name: [_entry(one) | {"was": was} for one, was in getattr(changes, name)] for name in ("rose", "fell")}
    return {
        "chart": chart.name,
        "from": _iso(before.scraped_at),
        "to": _iso(after.scraped_at),
        "entered": [_entry(one) for one in changes.entered],
        "left": [_entry(one) for one in changes.left],
        **moved,
        "stayed": changes.stayed,
    }


def _chart(ledger: Ledger, chart: ListName, at: datetime) -> Chart:
    found = ledger.charts.at(chart.genre_id, at)
    if found is not None:
        return found
    times = ledger.charts.times(chart.genre_id)
    if not times:
        raise SettingsError(f"No chart of {chart.name} was read yet.", "`beatporter sync` reads it.")
    raise SettingsError(f"The first chart of {chart.name} was read on {times[0]:%Y-%m-%d %H:%M} UTC.", "Name that day or a later one.")


def _rows(ledger: Ledger, backup: BackupInfo) -> list[BackupRow]:
    return list(ledger.backups.items(backup.playlist_id, backup.snapshot_id))


def _named(playlist: PlaylistRef) -> Document:
    return {"id": playlist.playlist_id, "name": playlist.name}


def _track(row: BackupRow) -> Document:
    return {
        "track_id": row.track_id,
        "name": row.name,
        "artists": list(row.artists),
        "added_at": _iso(row.added_at) if row.added_at is not None else None,
    }


def _entry(entry: ChartEntry) -> Document:
    return {
        "position": entry.position,
        "beatport_id": entry.beatport_id,
        "name": entry.name,
        "mix_name": entry.mix_name,
        "artists": list(entry.artists),
    }


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
