"""Table `charts`: every chart as it was scraped. Two scrapes of one day stand side by side; the newest is the chart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from beatporter.ledger.columns import rows_of
from beatporter.ledger.files import LedgerFile, TableFiles, attempt
from beatporter.ledger.home import Home
from beatporter.ledger.paths import stamp_of
from beatporter.ledger.tables import CHARTS
from beatporter.records.chart import Chart, ChartEntry


class Charts:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(CHARTS, home)

    def append(self, chart: Chart) -> None:
        """Keep a chart; the same chart again changes nothing.

        Raises:
            ValueError: the chart has no entries.
            LedgerUnwritable: it could not be written.
        """
        if not chart.entries:
            raise ValueError(f"The chart of genre {chart.genre_id} has no entries.")
        rows = [(*_values(entry), chart.scraped_at) for entry in chart.entries]
        self._files.append(list(zip(*rows, strict=True)), chart.genre_id, chart.scraped_at.astimezone(UTC).date().isoformat())

    def latest(self, genre_id: int) -> Chart | None:
        """The genre's chart that was scraped last; None when there never was one.

        Raises:
            LedgerCorrupt: its file is damaged.
        """
        return attempt(lambda: _merge(genre_id, self._files.newest(genre_id)))

    def since(self, genre_id: int, since: datetime) -> list[ChartEntry]:
        """Entries of the genre's charts that were scraped at or after a time: the newest chart's first, in its order, each id once."""
        return attempt(lambda: self._since(genre_id, since))

    def entries(self, genre_id: int, beatport_ids: Collection[int]) -> dict[int, ChartEntry]:
        """Entries by Beatport id, each from the newest chart that has it; ids that never stood in the genre's chart are left out."""
        return attempt(lambda: self._entries(genre_id, set(beatport_ids)))

    def _since(self, genre_id: int, since: datetime) -> list[ChartEntry]:
        files = self._files.files(genre_id, since=stamp_of(since))
        rows = [values for file in files for values in _rows(file) if values[-1] >= since]
        ordered = sorted(rows, key=lambda values: (-values[-1].timestamp(), values[0], values[1]))
        return [_entry(values) for values in _first_of_each(ordered)]

    def _entries(self, genre_id: int, missing: set[int]) -> dict[int, ChartEntry]:
        found: dict[int, ChartEntry] = {}
        for file in sorted(self._files.files(genre_id), key=lambda file: file.name.stamp, reverse=True):
            if not missing:
                break
            for values in sorted(_rows(file), key=lambda values: values[-1], reverse=True):
                if values[1] in missing:
                    found[values[1]] = _entry(values)
                    missing.discard(values[1])
        return found


def _merge(genre_id: int, files: Iterable[LedgerFile]) -> Chart | None:
    """The chart of the latest time in the files; of two that were scraped in one second, one entry for each position."""
    entries: dict[int, ChartEntry] = {}
    rows = [values for file in files for values in _rows(file)]
    if not rows:
        return None
    scraped_at = max(values[-1] for values in rows)
    for values in sorted(rows, key=repr):
        if values[-1] == scraped_at:
            entries.setdefault(values[0], _entry(values))
    return Chart(genre_id, tuple(entries[position] for position in sorted(entries)), scraped_at)


def _first_of_each(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Rows without those whose id stood before."""
    first: dict[int, tuple[Any, ...]] = {}
    for values in rows:
        first.setdefault(values[1], values)
    return first.values()


def _rows(file: LedgerFile) -> list[tuple[Any, ...]]:
    return [values for batch in file.batches() for values in rows_of(batch)]


def _values(entry: ChartEntry) -> tuple[Any, ...]:
    return (
        entry.position,
        entry.beatport_id,
        entry.name,
        entry.mix_name,
        entry.artists,
        entry.remixers,
        entry.isrc,
        entry.release,
        entry.label,
        entry.length_ms,
        entry.bpm,
        entry.key,
        entry.publish_date,
    )


def _entry(values: tuple[Any, ...]) -> ChartEntry:
    position, beatport_id, name, mix_name, artists, remixers, isrc, release, label, length_ms, bpm, key, publish_date, _ = values
    return ChartEntry(position, beatport_id, name, artists, mix_name, remixers, isrc, release, label, length_ms, bpm, key, publish_date)
