"""Imports the history of the script that Beatporter replaces.

Its file has the columns playlist_id, playlist_name, track_id, datetime_added and artist_name. The last one has three forms, depending
on what wrote the row: "Artist - Title", with the first artist only; "Title - Mix by Artist, Artist"; or the artist alone. Importing it
twice changes nothing. `script_history_file` reads the file, `sync.complete_history` completes rows without a title.
"""

from __future__ import annotations

import re
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from beatporter.ledger.history import History
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.script_history_file import Row, read_rows, text_of
from beatporter.records.ledger import HistoryRow, OldPlaylist

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Time for a row whose date is missing or unreadable: what counts is that the playlist held the track."""
ROWS_AT_ONCE = 5_000
PIECES_AHEAD = 3
"""Rows whose keys are computed while earlier ones are saved."""
Recording = Callable[[str, Sequence[str]], str]
"""Computes a history row's `recording` from a title and its artists, like `matching.recording.recording_key`; with an empty title, the
artist's part of it."""
_TRACK = re.compile(r"(?:spotify:track:|https://open\.spotify\.com/(?:intl-\w+/)?track/)?([0-9A-Za-z]{22})(?:\?.*)?")
_VERSION = re.compile(
    r"(?i)(?:.*\W)?(?:mix|remix|edit|version|dub|rework|refix|bootleg|flip|vip|cut|instrumental|acapella|live|mono|stereo|extended|original"
    r"|remaster(?:ed)?(?: \d{4})?|\d{4} remaster(?:ed)?)"
)
"""What Spotify writes after a title's dash."""
_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y")


@dataclass(slots=True)
class ImportReport:
    """What was imported, and what was left out and why. Rows read are the sum of imported, repeated and left-out ones."""

    read: int = 0
    taken: int = 0
    """Rows added to the history."""
    undated: int = 0
    """Imported or repeated rows without a readable date."""
    without_title: int = 0
    """Imported or repeated rows without a title: known by their id and, if the file has it, their artist."""
    left: Counter[str] = field(default_factory=Counter)
    """Rows left out, by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """The first row left out for each reason."""
    playlists: dict[str, str] = field(default_factory=dict)
    """Names of the playlists by id; empty where the file has none."""

    @property
    def repeated(self) -> int:
        """Rows whose track the playlist already has with the same or an earlier date, from this file or from before."""
        return self.read - self.taken - self.left.total()


def import_history(
    ledger: Ledger,
    path: Path,
    recording: Recording,
    progress: Callable[[int], None] | None = None,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Import an old history into the ledger's, completely or not at all.

    Args:
        progress: called with the number of rows read so far.
        dry_run: report what would be imported, and leave the ledger unchanged.

    Raises:
        SettingsError: there is no such file, its format is unknown, or a column is missing.
        LedgerUnwritable, LedgerUnavailable: from the database.
    """
    work = _Import(ledger.history, recording, progress)
    with one_transaction(ledger, dry_run=dry_run):
        work.run(path)
    return work.report


def old_playlists(paths: Iterable[Path]) -> dict[str, OldPlaylist]:
    """The playlists in files of an old history, by id; reads them completely.

    Raises:
        SettingsError: as for `import_history`.
    """
    found: dict[str, OldPlaylist] = {}
    for path in paths:
        for playlist_id, _, added, _, name in read_rows(path):
            key, added_at, name = text_of(playlist_id), parse_date(added), text_of(name)
            before = found.get(key, OldPlaylist(key, "", 0, None))
            later = added_at is not None and (before.last_added is None or added_at >= before.last_added)
            newest = added_at if later else before.last_added
            found[key] = OldPlaylist(key, name if name and (later or not before.name) else before.name, before.rows + 1, newest)
    found.pop("", None)
    return found


@contextmanager
def one_transaction(ledger: Ledger, *, dry_run: bool) -> Iterator[None]:
    """One transaction; a dry run's is rolled back."""
    with suppress(_Undone), ledger.transaction():
        yield
        if dry_run:
            raise _Undone


class _Undone(Exception):
    """Rolls back a transaction."""


class _Taken(NamedTuple):
    """A usable row; its recording's key is computed from `artist_name`."""

    playlist_id: str
    track_id: str
    added_at: datetime
    artist_name: str


class _Import:
    """One import, a bounded number of rows at a time."""

    def __init__(self, history: History, recording: Recording, progress: Callable[[int], None] | None) -> None:
        self._history, self._recording, self._progress = history, recording, progress
        self.report = ImportReport()

    def run(self, path: Path) -> None:
        """Most of the work is computing the recordings' keys: for large files other processes do this, a few chunks ahead."""
        rows, ahead = read_rows(path), deque[tuple[list[_Taken], Callable[[], list[list[str]]]]]()
        # Spawn, because a fork would share the database's connection; and Ctrl-C is for this process to handle.
        with ProcessPoolExecutor(2, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as others:
            while chunk := list(islice(rows, ROWS_AT_ONCE)):
                taken = [one for row in chunk if (one := self._take(row)) is not None]
                make = partial(_keys, self._recording, [one.artist_name for one in taken])
                ahead.append((taken, make if len(chunk) < ROWS_AT_ONCE else others.submit(make).result))
                if len(ahead) > PIECES_AHEAD:
                    self._keep(*ahead.popleft())
            for last in ahead:
                self._keep(*last)

    def _take(self, row: Row) -> _Taken | None:
        report = self.report
        report.read += 1
        playlist_id, track_id, _, artist_name, playlist_name = (text_of(cell) for cell in row)
        track = _TRACK.fullmatch(track_id)
        if track is None or not playlist_id:
            reason = "no playlist id" if not playlist_id else "no Spotify track id" if track_id else "no track id"
            report.left[reason] += 1
            report.examples.setdefault(reason, f"row {report.read}: {playlist_id[:40]!r}, {track_id[:60]!r}")
            return None
        added_at = parse_date(row[2])
        report.undated += added_at is None
        report.playlists[playlist_id] = playlist_name or report.playlists.get(playlist_id, "")
        return _Taken(playlist_id, track[1], added_at or UNDATED, artist_name)

    def _keep(self, taken: Sequence[_Taken], keys: Callable[[], list[list[str]]]) -> None:
        by_playlist: dict[str, dict[tuple[str, str], HistoryRow]] = {}
        further = set[tuple[str, str]]()
        for one, readings in zip(taken, keys(), strict=True):
            self.report.without_title += all(_is_without_title(key) for key in readings)
            rows = by_playlist.setdefault(one.playlist_id, {})
            for key in readings or [""]:
                row = HistoryRow(one.track_id, None, key, None, "import", one.added_at)
                before = rows.setdefault((row.track_id, row.recording), row)
                if _is_earlier(row, before) or before.added_at == UNDATED:
                    rows[row.track_id, row.recording] = row
            further.update((one.track_id, key) for key in readings[1:])
        for playlist_id, rows in by_playlist.items():
            new = self._new(playlist_id, list(rows.values()))
            self._history.append(playlist_id, new)
            self.report.taken += sum((row.track_id, row.recording) not in further for row in new)
        if self._progress is not None:
            self._progress(self.report.read)

    def _new(self, playlist_id: str, rows: Sequence[HistoryRow]) -> list[HistoryRow]:
        """Rows that add something to the history: a track, an earlier date, or another recording key."""
        known = self._history.rows(playlist_id, [row.track_id for row in rows])
        again = [row for row in rows if row.track_id in known and not _is_earlier(row, known[row.track_id])]
        words = self._history.known(playlist_id, recordings=[row.recording for row in again]).recordings
        old = {(row.track_id, row.recording) for row in again if not row.recording or row.recording in words}
        return [_dated(row, known.get(row.track_id)) for row in rows if (row.track_id, row.recording) not in old]


def _is_earlier(row: HistoryRow, known: HistoryRow) -> bool:
    return UNDATED != row.added_at < known.added_at


def _dated(row: HistoryRow, known: HistoryRow | None) -> HistoryRow:
    """The row; without a date it gets the date of the known row."""
    return replace(row, added_at=known.added_at) if known is not None and row.added_at == UNDATED else row


def _is_without_title(key: str) -> bool:
    return key.endswith("||")


def _keys(recording: Recording, texts: Sequence[str]) -> list[list[str]]:
    """Recording keys for each text: none for an empty one, two for one that can be read in two ways."""
    return [[recording(title, artists) for title, artists in readings(text)] for text in texts]


def readings(text: str) -> list[tuple[str, list[str]]]:
    """The titles and artists that a text may mean; an artist alone has an empty title.

    "Stay - Extended Mix by Anyma" is a title with its artist, because a mix is no title. "Anyma - Stay by My Side" could be either, so
    both are recorded: a key too many keeps out nothing else, a missing one lets a removed track return.
    """
    first, _, rest = (part.strip() for part in text.partition(" - "))
    title, _, artists = (part.strip() for part in text.rpartition(" by "))
    before_title = [(rest, _names(first))] if first and rest else []
    after_title = [(title, _names(artists))] if title and artists else []
    if before_title and after_title:
        if len(title) <= len(first):  # the "by" belongs to what is before the dash
            return before_title
        after_dash = title.partition(" - ")[2].strip()
        return after_title if _VERSION.fullmatch(after_dash) else before_title + after_title
    return before_title or after_title or ([("", [text.strip()])] if text.strip() else [])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(", ") if name.strip()]


def parse_date(value: object) -> datetime | None:
    """A date in any of the old files' forms: with or without zone (then UTC), as a time or as text; None when unreadable."""
    if isinstance(value, str):
        value = _parse_text(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime) or value != value:  # pandas' NaT is a datetime that is not itself
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).replace(microsecond=0)
    except OverflowError:  # at the limits of datetime
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
