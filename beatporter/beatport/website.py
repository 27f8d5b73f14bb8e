"""The chart from Beatport's public pages."""

from __future__ import annotations

from pathlib import Path

from beatporter.beatport.client import BeatportClient, place_of
from beatporter.beatport.identity import stated_genre
from beatporter.beatport.kept_page import KeptPage, keep_page, load_page
from beatporter.beatport.parser import next_data, parse_document
from beatporter.errors import PageShapeChanged
from beatporter.genres import Genre
from beatporter.http.content import clean_text
from beatporter.http.http_result import Answer
from beatporter.records.chart import ChartEntry

_HEADERS = {"Accept": "text/html", "Accept-Language": "en"}


class Website:
    """Pages `/genre/<slug>/<id>/top-100`.

    Args:
        client: asks politely.
        address: of the site, without a slash at the end.
        folder: where the pages' rows are kept for conditional requests.
    """

    def __init__(self, client: BeatportClient, address: str, folder: Path) -> None:
        self._client = client
        self._address = address
        self._folder = folder

    def fetch_chart(self, genre: Genre) -> tuple[ChartEntry, ...]:
        """The genre's Top 100 as the page has it now.

        Raises:
            BeatporterError: as `BeatportClient.fetch`, and PageShapeChanged when the page has no chart or another genre's.
        """
        url = f"{self._address}/genre/{genre.slug}/{genre.genre_id}/top-100"
        file = self._folder / f"page-{genre.genre_id}.json"
        kept = load_page(file, url)

        def read(answer: Answer) -> tuple[ChartEntry, ...]:
            if answer.status == 304:
                return _unchanged(kept, place_of(url))
            entries = _read_page(answer, place_of(url), genre)
            keep_page(file, KeptPage(url, answer.headers.get("ETag"), answer.headers.get("Last-Modified"), entries))
            return entries

        return self._client.fetch(url, read, {**_HEADERS, **(kept.conditions() if kept else {})})


def _unchanged(kept: KeptPage | None, place: str) -> tuple[ChartEntry, ...]:
    if kept is None:
        raise PageShapeChanged(f"{place} says that its page has not changed, though nobody asked.", "The next run tries again.")
    return kept.entries


def _read_page(answer: Answer, place: str, genre: Genre) -> tuple[ChartEntry, ...]:
    kind = clean_text(answer.headers.get("Content-Type", "text/html")).split(";")[0].strip().lower()
    if "html" not in kind:
        raise PageShapeChanged(f"{place} answered with {kind[:80]} instead of a page.", "Check BEATPORTER_BEATPORT_URL.")
    document = next_data(answer.body)
    stated = stated_genre(document)
    if stated not in (None, genre.genre_id):
        raise PageShapeChanged(
            f"{place} shows the chart of genre {stated}, not of {genre.name} ({genre.genre_id}).",
            "Check the genre's id on the website and set it in genre_ids of beatporter.toml.",
        )
    return tuple(parse_document(document))
