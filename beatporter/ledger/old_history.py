"""Importing the history of the script that Beatporter replaces.

Its file has the columns playlist_id, playlist_name, track_id, datetime_added and artist_name, the last one as "Artist - Title".
Importing it twice changes nothing. How the file is read is `old_file`'s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from beatporter.ledger.history import History
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.old_file import Row, read_rows, text_of
from beatporter.records.ledger import HistoryRow

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Time of a row whose date is missing or unreadable: that the playlist held the track is what counts."""
FLUSH_ROWS = 5_000
"""Rows held at once."""
Recording = Callable[[str, Sequence[str]], str]
"""Makes a history row's `recording` of a title and its artists, as `matching.recording.recording_key` does."""
_TRACK = re.compile(r"(?:spotify:track:|https://open\.spotify\.com/(?:intl-\w+/)?track/)?([0-9A-Za-z]{22})(?:\?.*)?")
_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y")


@dataclass(slots=True)
class ImportReport:
    """What was taken, and what was left and why. Rows read are those taken, repeated and left."""

    read: int = 0
    taken: int = 0
    """Rows that went into the history."""
    repeated: int = 0
    """Rows of a track that its playlist has already with no later date, from this file or from before."""
    undated: int = 0
    """Of the rows taken or repeated, those without a readable date."""
    without_title: int = 0
    """Of the rows taken or repeated, those with no "Artist - Title": known by their id only."""
    left: Counter[str] = field(default_factory=Counter)
    """Rows left out by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """The first row left out for each reason."""
    playlists: dict[str, str] = field(default_factory=dict)
    """Names of the playlists by id; empty where the file has none."""


def import_history(
    ledger: Ledger,
    path: Path,
    recording: Recording,
    progress: Callable[[int], None] | None = None,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Take an old history into the ledger's, as a whole or not at all.

    Args:
        progress: called with the rows read so far.
        dry_run: report what would be taken, and leave the ledger as it is.

    Raises:
        SettingsError: no such file, none of these kinds, or a column is missing.
        LedgerUnwritable, LedgerUnavailable: as the database says.
    """
    work = _Import(ledger.history, recording, progress)
    with one_transaction(ledger, dry_run=dry_run):
        work.run(path)
    return work.report


@contextmanager
def one_transaction(ledger: Ledger, *, dry_run: bool) -> Iterator[None]:
    """One transaction; a dry run's leaves nothing behind."""
    with suppress(_Undone), ledger.transaction():
        yield
        if dry_run:
            raise _Undone


class _Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


class _Import:
    """One import, a bounded number of rows at a time."""

    def __init__(self, history: History, recording: Recording, progress: Callable[[int], None] | None) -> None:
        self._history, self._recording, self._progress = history, recording, progress
        self._pending: dict[str, dict[tuple[str, str], HistoryRow]] = {}
        self.report = ImportReport()

    def run(self, path: Path) -> None:
        for row in read_rows(path):
            self.report.read += 1
            taken = _take(row, self._recording, self.report)
            if taken is not None:
                self._add(*taken)
            if self.report.read % FLUSH_ROWS == 0:
                self._flush()
        self._flush()

    def _add(self, playlist_id: str, row: HistoryRow) -> None:
        rows = self._pending.setdefault(playlist_id, {})
        before = rows.get((row.track_id, row.recording))
        self.report.repeated += before is not None
        same = [row] if before is None else [before, row]
        rows[row.track_id, row.recording] = min(same, key=lambda row: (row.added_at == UNDATED, row.added_at))

    def _flush(self) -> None:
        for playlist_id, rows in self._pending.items():
            new = self._new(playlist_id, list(rows.values()))
            self._history.append(playlist_id, new)
            self.report.taken += len(new)
            self.report.repeated += len(rows) - len(new)
        self._pending.clear()
        if self._progress is not None:
            self._progress(self.report.read)

    def _new(self, playlist_id: str, rows: Sequence[HistoryRow]) -> list[HistoryRow]:
        """Rows that tell the history something: a track, an earlier date, or other words for it."""
        known = self._history.rows(playlist_id, [row.track_id for row in rows])
        words = self._history.known(playlist_id, recordings=[row.recording for row in rows]).recordings
        new = []
        for row in rows:
            before = known.get(row.track_id)
            if before is None or UNDATED != row.added_at < before.added_at:
                new.append(row)
            elif row.recording and row.recording not in words:
                new.append(replace(row, added_at=before.added_at) if row.added_at == UNDATED else row)
        return new


def _take(row: Row, recording: Recording, report: ImportReport) -> tuple[str, HistoryRow] | None:
    playlist_id, track_id, _, artist_name, playlist_name = (text_of(cell) for cell in row)
    track = _TRACK.fullmatch(track_id)
    if track is None or not playlist_id:
        reason = "no playlist id" if not playlist_id else "no Spotify track id" if track_id else "no track id"
        report.left[reason] += 1
        report.examples.setdefault(reason, f"row {report.read}: {playlist_id[:40]!r}, {track_id[:60]!r}")
        return None
    added_at = parse_date(row[2])
    report.undated += added_at is None
    artist, _, title = artist_name.partition(" - ")
    named = bool(artist.strip() and title.strip())
    report.without_title += not named
    words = recording(title.strip(), [name.strip() for name in artist.split(", ") if name.strip()]) if named else ""
    report.playlists[playlist_id] = playlist_name or report.playlists.get(playlist_id, "")
    return playlist_id, HistoryRow(track[1], None, words, None, "import", added_at or UNDATED)


def parse_date(value: object) -> datetime | None:
    """A date as the old files have them: with or without zone (then UTC), as a time or as text; None when it is none."""
    if isinstance(value, str):
        value = _parse_text(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime) or value != value:  # pandas' NaT is a datetime that is not itself
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).replace(microsecond=0)
    except OverflowError:  # the first and the last day there is
        return None


def _parse_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for form in _FORMATS:
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
    return None
