"""Reads the chart from a folder of files that the person saved: pages from the browser, or API answers as JSON.

A file's content says which genre it belongs to; if it does not, the file's name does (`<slug>*.html`, `<slug>*.json`).
The genre's newest file is used. Files are never changed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beatporter.beatport.challenge import is_challenge
from beatporter.beatport.found import FoundChart
from beatporter.beatport.identity import prevailing_genre, stated_genre
from beatporter.beatport.parser import next_data, parse_api, parse_document
from beatporter.clock import Clock
from beatporter.errors import ChartUnavailable, PageShapeChanged
from beatporter.genres import Genre
from beatporter.http.content import decode_json
from beatporter.http.limits import MAX_BODY_BYTES

logger = logging.getLogger(__name__)

LARGEST_AGE = timedelta(days=31)
"""An older file counts as forgotten: a chart changes almost completely in a month (a tenth a day, docs/decisions/beatport-sources.md)."""
_PAGES = frozenset({".html", ".htm"})
_KINDS = _PAGES | {".json"}
_HOW = "Save the genre's Top 100 page from your browser (as HTML) or the API's answer (as JSON) into that folder."


@dataclass(frozen=True, slots=True)
class SavedChart:
    """A file that may hold a chart."""

    path: Path
    modified_ns: int

    @property
    def saved_at(self) -> datetime:
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC)


class Folder:
    """A folder with saved charts of any number of genres.

    Args:
        path: the folder; its subfolders are ignored.
        slugs: of all genres, to distinguish `house-….html` from the file of a genre with a longer slug.
    """

    def __init__(self, path: Path, slugs: frozenset[str], *, now: Clock) -> None:
        self._path = path
        self._slugs = slugs
        self._now = now

    def read_chart(self, genre: Genre) -> FoundChart:
        """The chart in the genre's newest file.

        Raises:
            ChartUnavailable: no file, only an old one, or several equally new ones that differ.
            PageShapeChanged: the file holds no chart, or is cut off.
        """
        if genre.genre_id < 0:
            raise ChartUnavailable(f"The folder {self._path} holds charts of genres only, not {genre.name}.", "The inbox takes others too.")
        files = self._files()
        newest = next(self._belonging(files, genre), None)
        if newest is None:
            raise ChartUnavailable(f"None of the {len(files)} saved charts in {self._path} belongs to {genre.name}.", _HOW)
        twins = [file for file in files if file.modified_ns == newest.modified_ns and file != newest]
        self._refuse_twins(newest, next(self._belonging(twins, genre), None))
        self._refuse_old(newest)
        document = _load(newest.path)
        try:
            rows = parse_api(document) if newest.path.suffix.lower() == ".json" and not _is_page(document) else parse_document(document)
        except PageShapeChanged as error:
            raise type(error)(f"{newest.path}: {error.what}", "Save the page or answer again, whole.") from None
        logger.info("%s: chart from %s, saved %s.", genre.slug, newest.path, f"{newest.saved_at:%Y-%m-%d %H:%M} UTC")
        return FoundChart(tuple(rows))

    def _files(self) -> list[SavedChart]:
        """Every page and JSON file, newest first."""
        try:
            found = [SavedChart(path, path.stat().st_mtime_ns) for path in self._path.iterdir() if path.suffix.lower() in _KINDS]
        except FileNotFoundError:
            raise ChartUnavailable(f"There is no folder {self._path} (BEATPORTER_CHART_FILES).", f"Make it. {_HOW}") from None
        except OSError as error:
            raise ChartUnavailable(f"The folder {self._path} (BEATPORTER_CHART_FILES) cannot be read: {error.strerror}.") from None
        return sorted(found, key=lambda file: (file.modified_ns, file.path.name), reverse=True)

    def _belonging(self, files: list[SavedChart], genre: Genre) -> Iterator[SavedChart]:
        for file in files:
            try:
                said = _genre_said(_load(file.path))
            except (PageShapeChanged, ChartUnavailable) as error:
                # Do not silently use an older file if a broken one has this genre's name.
                if self._named(file.path, genre):
                    raise
                logger.debug("%s is ignored: %s", file.path, error.what)
                continue
            if said == genre.genre_id or (said is None and self._named(file.path, genre)):
                yield file

    def _named(self, path: Path, genre: Genre) -> bool:
        name = path.name.lower()
        return genre.slug == max((slug for slug in self._slugs | {genre.slug} if name.startswith(slug)), key=len, default="")

    def _refuse_twins(self, newest: SavedChart, second: SavedChart | None) -> None:
        if second and second.path.read_bytes() != newest.path.read_bytes():
            raise ChartUnavailable(
                f"{newest.path.name} and {second.path.name} in {self._path} are of the same genre and equally new.", "Keep one of them."
            )

    def _refuse_old(self, newest: SavedChart) -> None:
        age = self._now() - newest.saved_at
        if age > LARGEST_AGE:
            raise ChartUnavailable(
                f"{newest.path} is {age.days} days old, and there is no newer file of its genre.",
                f"Save the page again. If it is still right, `touch` it: after {LARGEST_AGE.days} days a file counts as forgotten.",
            )


def _load(path: Path) -> object:
    """The decoded JSON of a file, or of the data in a page."""
    try:
        if path.stat().st_size > MAX_BODY_BYTES:
            raise PageShapeChanged(f"{path} has more than {MAX_BODY_BYTES:,} bytes, which no chart has.")
        content = path.read_bytes()
    except OSError as error:
        raise ChartUnavailable(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from None
    if path.suffix.lower() in _PAGES and is_challenge(200, {}, content.decode("utf-8", "replace")):
        raise ChartUnavailable(
            f"{path} holds Beatport's question for a human, not the chart.",
            "Wait in the browser until the chart shows, then save again.",
        )
    try:
        return next_data(content) if path.suffix.lower() in _PAGES else decode_json(content)
    except PageShapeChanged as error:
        raise type(error)(f"{path}: {error.what}", _HOW) from None
    except ValueError as error:
        raise PageShapeChanged(f"{path} holds no valid JSON, or is cut off ({error}).", _HOW) from None


def _is_page(document: object) -> bool:
    return isinstance(document, dict) and "props" in document


def _genre_said(document: object) -> int | None:
    """The genre that a file's content names: by its address, otherwise by its rows."""
    said = stated_genre(document)
    return said if said is not None or _is_page(document) else prevailing_genre(document)
