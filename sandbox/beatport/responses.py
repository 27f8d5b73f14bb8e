"""Turns the state's listings into pages and API documents. No routing, no sockets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from beatporter.genres import FURTHER, Genre
from sandbox.beatport import pages
from sandbox.beatport.models import BeatportState, DjChart, Listing
from sandbox.beatport.rows import PAGE_API, V4_API, image, row, slug
from sandbox.catalogue.names import Label

COUNTED_TO = 10_000
"""The highest count of the API."""


def top_100_page(state: BeatportState, genre: Genre, slug_asked: str) -> str:
    """A genre's page: rows in the first query, the genre in the second."""
    listing = state.top_100(genre.genre_id)
    described = genre_object(genre, PAGE_API)
    path = f"catalog/genres/{genre.genre_id}/top/100/"
    key = f"genre-{genre.genre_id}-top-100-tracks-per_page=100&hype=false"
    queries = [(key, _page_data(state, listing, path)), (f"genre-{genre.genre_id}", described)]
    props = {"genre": described, "dehydratedState": pages.dehydrated(queries, state.date)}
    query = {"description": slug_asked, "id": str(genre.genre_id)}
    return pages.next_page(f"{genre.name} Top 100 Tracks", "/genre/[description]/[id]/top-100", query, props)


def hype_page(state: BeatportState, genre: Genre | None) -> str:
    """A Hype 100, of a genre or of all."""
    path = f"catalog/genres/{genre.genre_id}/top/100/" if genre else "catalog/tracks/top/100/"
    data = _page_data(state, state.hype_100(genre.genre_id if genre else None), path)
    key = f"{f'genre-{genre.genre_id}-' if genre else ''}top-100-tracks-per_page=100&hype=true"
    props = {"dehydratedState": pages.dehydrated([(key, data)], state.date)}
    route, query = (
        ("/genre/[description]/[id]/hype-100", {"description": genre.slug, "id": str(genre.genre_id)}) if genre else ("/hype-100", {})
    )
    return pages.next_page("Hype 100", route, query, props)


def overall_page(state: BeatportState) -> str:
    """The Top 100 of all genres; it has no id."""
    data = _page_data(state, state.overall_top_100(), "catalog/tracks/top/100/")
    props = {"dehydratedState": pages.dehydrated([("top-100-tracks-per_page=100&hype=false", data)], state.date)}
    return pages.next_page("Beatport Top 100 Tracks", "/top-100", {}, props)


def dj_chart_page(state: BeatportState, chart: DjChart, listing: Listing) -> str:
    """A DJ chart's page: the chart itself in the first query, its rows in the second."""
    data = _page_data(state, listing, f"catalog/charts/{chart.chart_id}/tracks/")
    queries = [(f"chart-{chart.chart_id}", chart_object(chart)), (f"chart-tracks-{chart.chart_id}-page=1&per_page=100", data)]
    query = {"description": chart.slug, "id": str(chart.chart_id)}
    return pages.next_page(chart.name, "/chart/[description]/[id]", query, {"dehydratedState": pages.dehydrated(queries, state.date)})


def label_page(state: BeatportState, label: Label, listing: Listing) -> str:
    """A label's page: the label itself in the first query, one page of rows in the second, `page` as "1/12"."""
    data = _page_data(state, listing, "catalog/tracks/") | {"page": f"{listing.page}/{listing.pages}"}
    key = f"tracks-label_id={label.label_id}&page={listing.page}&per_page={listing.per_page}"
    queries = [(f"label-{label.label_id}", label_object(label)), (key, data)]
    query = {"description": slug(label.name), "id": str(label.label_id)}
    return pages.next_page(
        label.name, "/label/[description]/[id]/tracks", query, {"dehydratedState": pages.dehydrated(queries, state.date)}
    )


def genre_object(genre: Genre, api: str) -> dict[str, Any]:
    return {
        "enabled": True,
        "id": genre.genre_id,
        "is_included_in_hype": True,
        "name": genre.name,
        "slug": genre.slug,
        "sub_genres": [],
        "url": f"{api}/catalog/genres/{genre.genre_id}/",
    }


def label_object(label: Label) -> dict[str, Any]:
    return {
        "id": label.label_id,
        "name": label.name,
        "slug": slug(label.name),
        "image": image(("label", label.label_id), "500x500"),
        "bio": None,
        "enabled": True,
    }


def chart_object(chart: DjChart) -> dict[str, Any]:
    return {
        "id": chart.chart_id,
        "name": chart.name,
        "slug": chart.slug,
        "description": f"Chosen by {chart.curator}",
        "artist": {"id": chart.artist_id, "name": chart.curator},
        "genres": [{"id": chart.genre.genre_id, "name": chart.genre.name, "slug": chart.genre.slug}],
        "publish_date": chart.published.isoformat(),
        "is_published": True,
        "image": image(("chart", chart.chart_id), "500x500"),
    }


def api_tracks(
    state: BeatportState, listing: Listing, host: str, path: str, query: dict[str, str], *, counts_pages: bool = False
) -> dict[str, Any]:
    """An API answer. `next` has no scheme, and even a complete Top 100 has one: clients must stop at `count`.

    Args:
        listing: one page of rows.
        host: host and port in `next`.
        path: path in `next`, from /v4 on.
        query: its query, without page.
        counts_pages: `page` is "1/12" instead of "1".
    """
    after = f"{host}{path}?{urlencode({**query, 'page': listing.page + 1})}"
    more = listing.page < listing.pages or (listing.page == 1 and not counts_pages)
    before = f"{host}{path}?{urlencode({**query, 'page': listing.page - 1})}" if listing.page > 1 else None
    return {
        "results": _rows(state, listing, V4_API),
        "next": after if more else None,
        "previous": before,
        "count": min(listing.count, COUNTED_TO),
        "page": f"{listing.page}/{listing.pages}" if counts_pages else str(listing.page),
        "per_page": listing.per_page,
    }


def api_genres(state: BeatportState) -> dict[str, Any]:
    """The list of genres."""
    genres = state.genres | {genre.genre_id: genre for genre in FURTHER}
    rows = [genre_object(genre, V4_API) for genre in genres.values()]
    return {"results": rows, "next": None, "previous": None, "count": len(rows), "page": "1/1", "per_page": 100}


def api_charts(charts: tuple[DjChart, ...]) -> dict[str, Any]:
    """A list of DJ charts, without their tracks."""
    rows = [chart_object(chart) for chart in charts]
    return {"results": rows, "next": None, "previous": None, "count": len(rows), "page": "1/1", "per_page": 100}


def _rows(state: BeatportState, listing: Listing, api: str) -> list[dict[str, Any]]:
    """Rows with the fields that the state adds or removes."""
    rows = [{**row(track, api), **state.dripped} for track in listing.tracks]
    return [{key: value for key, value in one.items() if key not in state.left_out} for one in rows]


def _page_data(state: BeatportState, listing: Listing, path: str) -> dict[str, Any]:
    """A page's rows, with `next` even if all rows are there, as on the saved page."""
    host = PAGE_API.removeprefix("https://")
    return {
        "next": f"{host}/{path}?per_page={listing.per_page}&hype=false&page={listing.page + 1}",
        "previous": None,
        "count": listing.count,
        "page": str(listing.page),
        "per_page": listing.per_page,
        "results": _rows(state, listing, PAGE_API),
    }
