"""Charts and labels from Beatport's public pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import quote

from beatporter.beatport.client import BeatportClient, place_of
from beatporter.beatport.found import BadCopies, FoundChart, GenreNames, LabelPage
from beatporter.beatport.identity import stated_list
from beatporter.beatport.kept_page import KeptPage, keep_page, load_page
from beatporter.beatport.parser import CutOff, RowList, next_data, page_rows
from beatporter.errors import ChartUnavailable, PageShapeChanged
from beatporter.genres import Genre
from beatporter.http.content import clean_text
from beatporter.http.http_result import Answer
from beatporter.subscriptions import Subscription, make_subscription

NAME = "website"
_HEADERS = {"Accept": "text/html", "Accept-Language": "en"}
_LABEL_ROWS = 150
OVERALL = "/top-100"


class Website:
    """Pages of genres, charts and labels.

    Args:
        client: sends polite requests.
        address: of the site, without a slash at the end.
        folder: for the pages' rows, for conditional requests.
        copies: the folder for copies of unreadable pages.
    """

    def __init__(self, client: BeatportClient, address: str, folder: Path, copies: Path | None = None) -> None:
        self._client = client
        self._address = address
        self._folder = folder
        self._copies = BadCopies(copies, NAME)

    def read_chart(self, chart: Genre) -> FoundChart:
        """The chart on its current page.

        Raises:
            BeatporterError: as `BeatportClient.fetch`; ChartUnavailable if the site has no page for it;
                PageShapeChanged if the page has no chart or another chart.
        """
        url = f"{self._address}{page_path(chart)}"
        file = self._folder / f"page-{chart.genre_id}.json"
        kept = load_page(file, url)

        def read(answer: Answer) -> FoundChart:
            if answer.status == 304:
                return _unchanged(kept, place_of(url))
            entries, notes = self._copies.read(self._rows(answer, place_of(url), chart), chart)
            keep_page(file, KeptPage(url, answer.headers.get("ETag"), answer.headers.get("Last-Modified"), entries))
            return FoundChart(entries, notes)

        return self._client.fetch(url, read, {**_HEADERS, **(kept.conditions() if kept else {})})

    def read_label(self, label: Subscription, page: int) -> LabelPage:
        """One page of a label's tracks, counted from 1.

        Raises:
            As `read_chart`.
        """
        url = f"{self._address}{page_path(label)}?page={page}&per_page={_LABEL_ROWS}"

        def read(answer: Answer) -> LabelPage:
            found = self._rows(answer, place_of(url), label)
            entries, notes = self._copies.read(found, label)
            return LabelPage(entries, page, counted(found), _LABEL_ROWS, notes)

        return self._client.fetch(url, read, _HEADERS)

    def read_genres(self) -> GenreNames:
        """The genres of the tracks in the overall Top 100: no page that we know lists all of them.

        Raises:
            As `read_chart`.
        """

        def read(answer: Answer) -> GenreNames:
            rows = self._rows(answer, OVERALL, make_subscription("overall")).rows
            genres = [row.get("genre") for row in rows if isinstance(row, Mapping)]
            return GenreNames({one["id"]: clean_text(one["name"]) for one in genres if _is_genre(one)}, whole=False)

        return self._client.fetch(f"{self._address}{OVERALL}", read, _HEADERS)

    def _rows(self, answer: Answer, place: str, chart: Genre) -> RowList:
        kind = clean_text(answer.headers.get("Content-Type", "text/html")).split(";")[0].strip().lower()
        if "html" not in kind:
            raise PageShapeChanged(f"{place} answered with {kind[:80]} instead of a page.", "Check BEATPORTER_BEATPORT_URL.")
        document = next_data(answer.body)
        stated = stated_list(document)
        if stated is not None and not stated.is_of(chart):
            raise PageShapeChanged(
                f"{place} shows {stated}, not {chart.name} ({chart.genre_id if chart.genre_id > 0 else chart.slug}).",
                "Check its id on the website; a genre's is set in genre_ids of beatporter.toml.",
            )
        try:
            return page_rows(document)
        except CutOff:
            raise
        except PageShapeChanged as error:
            self._copies.keep(document, chart, error)
            raise


def _is_genre(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and isinstance(value.get("id"), int) and isinstance(value.get("name"), str)


def page_path(chart: Genre) -> str:
    """The path of the page with a chart or a label's tracks.

    Raises:
        ChartUnavailable: there is none.
    """
    if not isinstance(chart, Subscription):
        return f"/genre/{chart.slug}/{chart.genre_id}/top-100"
    name, number = quote(chart.path or "-", safe=""), chart.beatport_id
    paths = {
        "overall": OVERALL,
        "hype": f"/genre/{name}/{number}/hype-100" if number else "/hype-100",
        "genre": f"/genre/{name}/{number}/top-100",
        "label": f"/label/{name}/{number}/tracks",
        "whole-label": f"/label/{name}/{number}/tracks",
        **({"chart": f"/chart/{name}/{number}"} if number else {}),
    }
    if chart.kind in paths:
        return paths[chart.kind]
    raise ChartUnavailable(f"The website has no page for {chart.name} ({chart.slug}).", "The API has it.")


def counted(found: RowList) -> int:
    """How many rows a list has on all pages by its own count; 0 without a count."""
    count = found.around.get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else 0


def _unchanged(kept: KeptPage | None, place: str) -> FoundChart:
    if kept is None:
        raise PageShapeChanged(f"{place} answered 304 (not modified) to a request without a condition.", "The next run tries again.")
    return FoundChart(kept.entries)
