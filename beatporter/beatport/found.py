"""A source's results. Reads rows, checks them against the contract, and saves a copy of what cannot be used."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from beatporter.beatport.bad_copies import keep_copy
from beatporter.beatport.contract import check_rows
from beatporter.beatport.parser import CutOff, RowList, entries_of
from beatporter.errors import PageShapeChanged
from beatporter.genres import Genre
from beatporter.records.chart import ChartEntry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundChart:
    """A chart as one source gave it.

    Attributes:
        entries: in chart order; empty if the chart has no rows.
        notes: what is unusual about it, for the person.
        source: the source's name.
    """

    entries: tuple[ChartEntry, ...]
    notes: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class GenreNames:
    """Genres as one source names them today.

    Attributes:
        names: by id.
        whole: all that Beatport has; otherwise only those that the source happens to show.
        source: which source it was.
    """

    names: Mapping[int, str]
    whole: bool
    source: str = ""


COUNTED_TO = 10_000
"""The highest count of Beatport's API."""


@dataclass(frozen=True, slots=True)
class LabelPage:
    """One page of a label's tracks, newest first.

    Attributes:
        number: from 1.
        total: number of tracks according to Beatport; 0 if unknown.
        per_page: tracks on a full page.
    """

    entries: tuple[ChartEntry, ...]
    number: int
    total: int
    per_page: int
    notes: tuple[str, ...] = ()

    @property
    def reached(self) -> int:
        """Tracks on this page and those before it."""
        return self.number * self.per_page

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        if 0 < self.total < COUNTED_TO:
            return self.reached >= self.total
        return len(self.entries) < self.per_page // 2  # a page may lack a few rows that were withdrawn


class BadCopies:
    """Reads rows for one source and saves a copy of what cannot be used.

    Args:
        folder: for the copies; None saves none.
        source: the source's name.
    """

    def __init__(self, folder: Path | None, source: str) -> None:
        self._folder, self._source = folder, source

    def read(self, found: RowList, chart: Genre) -> tuple[tuple[ChartEntry, ...], tuple[str, ...]]:
        """The entries, and notes for the person.

        Raises:
            CutOff, PageShapeChanged: as the parser, or because the contract is broken; then a copy is saved.
        """
        try:
            findings = check_rows(found, self._source, chart)
            harmful = [finding.what for finding in findings if finding.harmful]
            if harmful:
                raise PageShapeChanged(
                    f"Beatport's {self._source} has changed what a track is made of: {' '.join(harmful)}",
                    "The rows are not used. Look for a newer version of Beatporter; `beatporter report-bug` makes a report of it.",
                )
            return tuple(entries_of(found)), tuple(finding.what for finding in findings)
        except CutOff:
            raise
        except PageShapeChanged as error:
            self.keep(list(found.rows), chart, error)
            raise

    def keep(self, document: object, chart: Genre, error: PageShapeChanged) -> None:
        """Save a copy of what could not be read."""
        if self._folder is not None:
            keep_copy(self._folder, self._source, chart.slug, document, error.what)
