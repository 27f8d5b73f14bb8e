"""Takes back what `beatporter export` wrote: history that a person added, and links that they put beside chart entries.

A file that nobody changed changes nothing, however old it is. What cannot be used is left out and reported with its file, sheet and row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from beatporter.errors import SettingsError
from beatporter.exports.sheet_file import SheetRow, date_in, is_sheet_of, read_sheet
from beatporter.ledger.import_script_history import UNDATED, one_transaction
from beatporter.ledger.ledger import Ledger
from beatporter.matching import recording_key
from beatporter.records.ledger import HistoryRow
from beatporter.spotify.playlist_text import playlist_id_of
from beatporter.sync.overrides import set_match
from beatporter.sync.track_link import find_track, track_id_of
from beatporter.sync.workspace import Workspace

ROWS_AT_ONCE = 2_000
EARLIER = timedelta(days=1)
"""A date must be this much earlier to count: spreadsheets drop seconds, and at times the time of day."""
HISTORY = ("Spotify", "Playlist link", "Added (UTC)", "Title")
ENTRIES = ("Spotify", "Beatport", "Exported track")
_BEATPORT = re.compile(r"(?:https?://(?:www\.)?beatport\.com/(?:[a-z]{2}/)?track/[^/]*/)?(\d{1,18})/?(?:[?#].*)?")


@dataclass(slots=True)
class SheetReport:
    """What became of a sheet's rows.

    Attributes:
        read: rows with anything in them. new: those that changed something, or would. problems: places, and what is wrong there.
        changes: the first changes, in words.
        calls: Spotify calls that they cost.
    """

    read: int = 0
    new: int = 0
    calls: int = 0
    problems: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


def is_history_sheet(path: Path) -> bool:
    return is_sheet_of(path, *HISTORY)


def is_entries_sheet(path: Path) -> bool:
    return is_sheet_of(path, *ENTRIES)


def import_history_sheet(ledger: Ledger, path: Path, *, dry_run: bool = False) -> SheetReport:
    """Add tracks that a person wrote into a history sheet to the history; all usable rows or, on an error, none.

    A row counts as new if the playlist's history lacks its track, or knows a date at least a day later.

    Raises:
        SettingsError: the file is not a history sheet, or cannot be read.
        LedgerUnwritable, LedgerUnavailable: from the database.
    """
    report = SheetReport()
    rows = read_sheet(path, *HISTORY)
    with one_transaction(ledger, dry_run=dry_run):
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            report.read += len(chunk)
            for playlist_id, found in _by_playlist(chunk, report).items():
                new = _new(ledger, playlist_id, found)
                ledger.history.append(playlist_id, new)
                report.new += len(new)
    return report


def import_entries_sheet(workspace: Workspace, path: Path, *, dry_run: bool = False) -> SheetReport:
    """Make overrides of the links that a person wrote into a sheet of charts or of missing entries. A changed row costs one call.

    Raises:
        SettingsError: the file is not such a sheet, or cannot be read.
        QuotaExceeded, RateLimited, UpstreamDown: from Spotify; the overrides so far are kept.
    """
    report = SheetReport()
    wanted: dict[int, tuple[SheetRow, str]] = {}
    for row in read_sheet(path, *ENTRIES):
        report.read += 1
        try:
            change = _changed_link(row)
        except SettingsError as error:
            report.problems.append(f"{row.place}: {error}")
            continue
        if change is not None:
            wanted[change[0]] = row, change[1]
    matches = workspace.ledger.matches.latest(wanted)
    for beatport_id, (row, track_id) in wanted.items():
        match = matches.get(beatport_id)
        if match is not None and match.track_id == track_id:
            continue  # imported before, or found meanwhile
        _override(workspace, report, row, beatport_id, track_id, dry_run=dry_run)
    return report


def _override(workspace: Workspace, report: SheetReport, row: SheetRow, beatport_id: int, track_id: str, *, dry_run: bool) -> None:
    report.calls += 1
    try:
        if not dry_run:
            set_match(workspace, beatport_id, find_track(workspace, track_id))
    except SettingsError as error:
        report.problems.append(f"{row.place}: {error}")
        return
    report.new += 1
    report.changes.append(f"{row.text('Artist')} – {row.text('Title')}: {track_id}")


def _changed_link(row: SheetRow) -> tuple[int, str] | None:
    """Beatport's id and the track that a person wrote beside it; None where the row is as it was exported."""
    link = row.text("Spotify")
    if not link or (track_id := track_id_of(link)) == row.text("Exported track"):
        return None
    found = _BEATPORT.fullmatch(row.text("Beatport"))
    if found is None:
        raise SettingsError(
            f"{row.text('Beatport')[:60]!r} in the column Beatport is not a track's address.", "Leave that column as it is."
        )
    return int(found[1]), track_id


def _by_playlist(rows: Iterable[SheetRow], report: SheetReport) -> dict[str, list[HistoryRow]]:
    found: dict[str, list[HistoryRow]] = {}
    for row in rows:
        try:
            playlist_id, one = _history_row(row)
        except SettingsError as error:
            report.problems.append(f"{row.place}: {error}")
            continue
        found.setdefault(playlist_id, []).append(one)
    return found


def _history_row(row: SheetRow) -> tuple[str, HistoryRow]:
    link = row.text("Playlist link")
    playlist_id = playlist_id_of(link)
    if playlist_id is None:
        raise SettingsError(f"{link[:60]!r} in the column Playlist link is not a playlist's address.", "Copy it from another row.")
    track_id = track_id_of(row.text("Spotify"))
    artists = [name.strip() for name in row.text("Artist").split(", ") if name.strip()]
    title = row.text("Title")
    key = recording_key(title, artists, row.text("Mix") or None) if artists and title else ""
    return playlist_id, HistoryRow(track_id, None, key, None, "import", _added_at(row))


def _added_at(row: SheetRow) -> datetime:
    value = row.cells.get("Added (UTC)")
    if value is None:
        return UNDATED
    found = date_in(value)
    if found is None:
        raise SettingsError(f"{row.text('Added (UTC)')[:60]!r} is not a date.", "Write it as 2026-11-27.")
    return found


def _new(ledger: Ledger, playlist_id: str, rows: Sequence[HistoryRow]) -> list[HistoryRow]:
    """One row for each track that the history lacks, or knows with a later date."""
    earliest: dict[str, HistoryRow] = {}
    for row in rows:
        before = earliest.setdefault(row.track_id, row)
        if before.added_at == UNDATED or UNDATED != row.added_at < before.added_at:
            earliest[row.track_id] = row
    known = ledger.history.rows(playlist_id, list(earliest))
    return list(_additions(earliest.values(), known))


def _additions(rows: Iterable[HistoryRow], known: dict[str, HistoryRow]) -> Iterator[HistoryRow]:
    for row in rows:
        had = known.get(row.track_id)
        if had is None:
            yield row
        elif UNDATED != row.added_at <= had.added_at - EARLIER:
            yield HistoryRow(row.track_id, had.isrc, had.recording, had.beatport_id, "import", row.added_at)
