"""The chart from Beatport's public pages."""

from __future__ import annotations

from pathlib import Path

from beatporter.beatport.identity import stated_genre
from beatporter.beatport.kept_page import KeptPage, keep_page, load_page
from beatporter.beatport.parser import next_data, parse_document
from beatporter.beatport.session import Answer, PoliteSession
from beatporter.errors import PageShapeChanged
from beatporter.genres import Genre
from beatporter.records.chart import ChartEntry

_HEADERS = {"Accept": "text/html", "Accept-Language": "en"}


class Website:
    """Pages `/genre/<slug>/<id>/top-100`.

    Args:
        session: asks politely.
        address: of the site, without a slash at the end.
        folder: where the pages' rows are kept for conditional requests.
    """

    def __init__(self, session: PoliteSession, address: str, folder: Path) -> None:
        self._session = session
        self._address = address
        self._folder = folder

    def fetch_chart(self, genre: Genre) -> tuple[ChartEntry, ...]:
        """The genre's Top 100 as the page has it now.

        Raises:
            BeatporterError: as `PoliteSession.fetch`, and PageShapeChanged when the page has no chart or another genre's.
        """
        url = f"{self._address}/genre/{genre.slug}/{genre.genre_id}/top-100"
        file = self._folder / f"page-{genre.genre_id}.json"
        kept = load_page(file, url)

        def read(answer: Answer) -> tuple[ChartEntry, ...]:
            if answer.status == 304:
                return _unchanged(kept, answer)
            entries = _read_page(answer, genre)
            keep_page(file, KeptPage(url, answer.headers.get("ETag"), answer.headers.get("Last-Modified"), entries))
            return entries

        return self._session.fetch(url, read, {**_HEADERS, **(kept.conditions() if kept else {})})


def _unchanged(kept: KeptPage | None, answer: Answer) -> tuple[ChartEntry, ...]:
    if kept is None:
        raise PageShapeChanged(f"{answer.place} says that its page has not changed, though nobody asked.", "The next run tries again.")
    return kept.entries


def _read_page(answer: Answer, genre: Genre) -> tuple[ChartEntry, ...]:
    kind = answer.headers.get("Content-Type", "text/html").split(";")[0].strip().lower()
    if "html" not in kind:
        raise PageShapeChanged(f"{answer.place} answered with {kind[:80]} instead of a page.", "Check BEATPORTER_BEATPORT_URL.")
    document = next_data(answer.body)
    stated = stated_genre(document)
    if stated not in (None, genre.genre_id):
        raise PageShapeChanged(
            f"{answer.place} shows the chart of genre {stated}, not of {genre.name} ({genre.genre_id}).",
            "Check the genre's id on the website and set it in genre_ids of beatporter.toml.",
        )
    return tuple(parse_document(document))
