"""Identifies the list of a page or an API document. The id decides; without an id the slug does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from beatporter.genres import Genre
from beatporter.subscriptions import Subscription

_NEXT_ADDRESS = re.compile(r"/genres/(\d{1,9})/top/")
_PAGES = {
    "/genre/[description]/[id]/top-100": "genre",
    "/genre/[description]/[id]/hype-100": "hype",
    "/top-100": "overall",
    "/hype-100": "hype",
    "/chart/[description]/[id]": "chart",
    "/label/[description]/[id]/tracks": "label",
    "/label/[description]/[id]": "label",
}
"""Next's patterns for pages with tracks."""
_LOCALE = re.compile(r"[a-z]{2}(?:-[a-z]{2})?")
_ANSWERS = (
    (re.compile(r"/genres/(?P<id>\d{1,9})/top/.*[?&]hype=true"), "hype"),
    (_NEXT_ADDRESS, "genre"),
    (re.compile(r"/tracks/top/.*[?&]hype=true"), "hype"),
    (re.compile(r"/tracks/top/"), "overall"),
    (re.compile(r"/charts/(?P<id>\d{1,9})/tracks/"), "chart"),
    (re.compile(r"/tracks/\?(?:.*&)?label_id=(?P<id>\d{1,9})"), "label"),
)
"""Addresses that an API answer gives for its next page."""


@dataclass(frozen=True, slots=True)
class StatedList:
    """The list that a page or answer names.

    Attributes:
        kind: genre, hype, overall, chart or label.
        beatport_id: None for lists over all genres.
        path: the name in its address.
    """

    kind: str
    beatport_id: int | None
    path: str = field(default="", compare=False)

    def is_of(self, chart: Genre) -> bool:
        """Whether this is the chart's list."""
        if not isinstance(chart, Subscription):
            return (self.kind, self.beatport_id) == ("genre", chart.genre_id)
        kind = "label" if chart.is_label else chart.kind
        return (self.kind, self.beatport_id) == (kind, chart.beatport_id)

    def __str__(self) -> str:
        of = f" {self.beatport_id}" if self.beatport_id else ""
        words = {
            "overall": "the overall Top 100",
            "hype": f"the Hype 100 of genre{of}" if of else "the overall Hype 100",
            "genre": f"the chart of genre{of}",
        }
        return words.get(self.kind, f"{self.kind}{of}")


def stated_list(document: object) -> StatedList | None:
    """The list that a page's `__NEXT_DATA__` or an API v4 answer names, if any."""
    if not isinstance(document, Mapping):
        return None
    query, page = document.get("query"), document.get("page")
    if isinstance(query, Mapping) and isinstance(page, str) and page in _PAGES:
        kind, beatport_id = _PAGES[page], _id(query.get("id"))
        if beatport_id is None and "[id]" in page:
            return None
        return StatedList(kind, beatport_id, str(query.get("description") or "")[:200])
    address = str(document.get("next") or "")[:1000]
    for pattern, kind in _ANSWERS:
        if found := pattern.search(address):
            return StatedList(kind, int(found[1]) if pattern.groups else None)
    return None


def list_at(address: str) -> StatedList | None:
    """The list that an address leads to, if any; ignores the host."""
    try:
        steps = [step for step in urlsplit(address).path.split("/") if step]
    except ValueError:
        return None
    steps = steps[1:] if steps and _LOCALE.fullmatch(steps[0]) else steps
    if steps in (["top-100"], ["hype-100"]):
        return StatedList("overall" if steps == ["top-100"] else "hype", None)
    if len(steps) < 3 or _id(steps[2]) is None:
        return None
    kind = {("genre", "top-100"): "genre", ("genre", "hype-100"): "hype", ("chart", ""): "chart", ("label", "tracks"): "label"}
    kind |= {("label", ""): "label"}
    found = kind.get((steps[0], steps[3] if len(steps) > 3 else ""))
    return StatedList(found, _id(steps[2]), steps[1]) if found else None


def stated_genre(document: object) -> int | None:
    """The genre id that a page's `__NEXT_DATA__` or an API v4 answer names, if any."""
    if not isinstance(document, Mapping):
        return None
    query, page = document.get("query"), document.get("page")
    if isinstance(query, Mapping) and isinstance(page, str) and page.startswith("/genre/"):
        return _id(query.get("id"))
    address = _NEXT_ADDRESS.search(str(document.get("next") or ""))
    return int(address[1]) if address else None


def prevailing_genre(document: object) -> int | None:
    """The genre id in most rows of an API v4 answer or of a plain list of rows; None without a majority."""
    rows = document.get("results") if isinstance(document, Mapping) else document
    ids = list(_row_genres(rows))
    genre_id, count = Counter(ids).most_common(1)[0] if ids else (None, 0)
    return genre_id if count * 2 > len(ids) else None


def _row_genres(rows: object) -> Iterator[int | None]:
    for row in rows if isinstance(rows, list) else ():
        genre = row.get("genre") if isinstance(row, Mapping) else None
        yield _id(genre.get("id")) if isinstance(genre, Mapping) else None


def _id(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
