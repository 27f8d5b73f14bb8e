"""Parses charts from Beatport's pages (`__NEXT_DATA__`) and API v4 documents. Pure: text in, entries out.

Rows are found by their shape, never by their place: on charts and labels another query comes first, and the order has
changed before. Does not fetch; `rows` reads a single row.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bs4 import BeautifulSoup

from beatporter.beatport.rows import read_row
from beatporter.errors import PageShapeChanged
from beatporter.http.content import decode_json
from beatporter.http.limits import MAX_NUMBER, MAX_PAGE_ENTRIES
from beatporter.records.chart import ChartEntry

logger = logging.getLogger(__name__)

NEXT_DATA = "__NEXT_DATA__"
_SCRIPT = re.compile(rf"<script\b[^<>]{{0,500}}{NEXT_DATA}[^<>]{{0,500}}>", re.IGNORECASE)
_SCRIPTS_TRIED = 5
_SCRIPT_END = re.compile("</script", re.IGNORECASE)
_QUERIES = ("props", "pageProps", "dehydratedState", "queries")
_TRACK_MARKS = frozenset({"mix_name", "isrc", "bpm", "length", "length_ms", "remixers", "track_id"})
"""Fields that only tracks have; releases and charts have id, name and artists as well."""
_LEVELS = 8
"""How deep below a query's data to look for rows; so far they were at most two levels deep."""
_TOLERATED_SHORTFALL = 0.1
_REMEDY = (
    "Beatport may have changed its pages: look for a newer version of Beatporter, or name another source in BEATPORTER_CHART_SOURCE; "
    "`beatporter report-bug` makes a report of it."
)


class CutOff(PageShapeChanged):
    """The page or document is incomplete; the caller may fetch it again."""


@dataclass(frozen=True, slots=True)
class RowList:
    """A list of rows and the facts about it in the surrounding object."""

    rows: Sequence[object]
    around: Mapping[Any, Any]
    hint: str
    """The query's key, such as "genre-5-top-100-tracks-per_page=100"."""

    @property
    def tracks(self) -> int:
        """How many rows have the certain fields of a track; 0 if there are more than a chart can have."""
        return 0 if len(self.rows) > MAX_PAGE_ENTRIES else sum(read_row(row, 1) is not None for row in self.rows)

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Sort key; the greatest is most probably the chart: tracks rather than releases, a Top 100's query, the longer list."""
        marked = any(isinstance(row, Mapping) and not _TRACK_MARKS.isdisjoint(row) for row in self.rows)
        return marked, "top-100" in self.hint, len(self.rows)


def parse_api(document: object) -> list[ChartEntry]:
    """The entries of an API v4 answer (`{"results": [...], "count": n, ...}`) or of a plain list of its rows.

    Raises:
        CutOff: it has clearly fewer rows than its `count`.
        PageShapeChanged: it has no rows in the expected place; the message names that place.
    """
    return entries_of(api_rows(document))


def api_rows(document: object) -> RowList:
    """The raw rows of an API v4 answer.

    Raises:
        PageShapeChanged: as `parse_api`.
    """
    around = {"results": document} if isinstance(document, list) else document
    if not isinstance(around, Mapping) or not isinstance(around.get("results"), list):
        raise PageShapeChanged("The answer of Beatport's API has no list `results`.", _REMEDY)
    return RowList(around["results"], around, "")


def parse_document(document: object) -> list[ChartEntry]:
    """The entries of a chart, genre, label or search page, in the page's order.

    Rows without id, name or artists are left out and logged; a repeated id counts once. `position` is the rank in the page's list.

    Args:
        document: the page's `__NEXT_DATA__`, decoded.

    Returns:
        The entries; empty if the page has an empty list of results.

    Raises:
        CutOff: the list is incomplete.
        PageShapeChanged: there are no rows in the expected place, or most are not tracks; the message says what was expected.
    """
    return entries_of(page_rows(document))


def page_rows(document: object) -> RowList:
    """The raw rows of a page's `__NEXT_DATA__`; empty if the page has an empty list of results.

    Raises:
        PageShapeChanged: as `parse_page`.
    """
    queries = _walk(document, _QUERIES)
    if not isinstance(queries, list):
        raise PageShapeChanged(f"The page's {NEXT_DATA} has no {'.'.join(_QUERIES)}.", _REMEDY)
    found = [rows for query in queries for rows in _row_lists(_walk(query, ("state", "data")), _hint(query))]
    filled = [candidate for candidate in found if candidate.rows and candidate.tracks * 2 >= len(candidate.rows)]
    if filled:
        return max(filled, key=lambda candidate: candidate.rank)
    if found and not any(candidate.rows for candidate in found):
        return found[0]
    raise PageShapeChanged(
        "The page has no chart: no list in its queries whose rows have id, name and artists "
        f"({len(queries)} queries, the longest list of results has {max((len(one.rows) for one in found), default=0)} rows).",
        _REMEDY,
    )


def next_data(html: str | bytes) -> object:
    """The decoded `__NEXT_DATA__` of a page.

    Raises:
        CutOff: the page ends before or within it.
        PageShapeChanged: there is none.
    """
    text = _decoded(html)
    data = _script(text)
    whole = "</html>" in text[-2_000:].lower()
    if not data.strip():
        if whole or (NEXT_DATA not in text and "<html" not in text[:2_000].lower()):
            raise PageShapeChanged(f'The page has no <script id="{NEXT_DATA}">, where Beatport keeps the chart.', _REMEDY)
        raise CutOff(f"The page is cut off after {len(text):,} characters, before its {NEXT_DATA} is complete.")
    try:
        return decode_json(data)
    except ValueError as error:
        where = "holds no valid JSON" if whole else f"is cut off after {len(text):,} characters"
        raise CutOff(f"The page's {NEXT_DATA} {where} ({type(error).__name__}).") from None


def _script(text: str) -> str:
    """The content of the script with the page's data; empty if it is missing or not closed.

    html.parser reads only its first tag, since it needs a minute for 60 KB of unclosed tags.
    """
    for begins in islice(_SCRIPT.finditer(text), _SCRIPTS_TRIED):
        if BeautifulSoup(f"{begins[0]}</script>", "html.parser").find("script", id=NEXT_DATA) is not None:
            ends = _SCRIPT_END.search(text, begins.end())
            return text[begins.end() : ends.start()] if ends else ""
    return ""


def _decoded(html: str | bytes) -> str:
    if isinstance(html, str):
        return html
    try:
        return html.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise CutOff(f"The page is cut off after {len(html):,} bytes, within a character.") from None
        raise PageShapeChanged("The page is not UTF-8 text, which Beatport's pages are.", _REMEDY) from None


def _walk(document: object, path: Sequence[str]) -> object:
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _hint(query: object) -> str:
    key = query.get("queryKey") if isinstance(query, Mapping) else None
    return " ".join(part for part in key if isinstance(part, str)) if isinstance(key, list) else ""


def _row_lists(node: object, hint: str, levels: int = _LEVELS) -> Iterator[RowList]:
    """Every list below a query's data that holds tracks or has the name of a list of results."""
    if not isinstance(node, Mapping) or not levels:
        return
    for key, value in node.items():
        if isinstance(value, list):
            candidate = RowList(value, node, hint)
            if key == "results" or candidate.tracks:
                yield candidate
                continue
        for inner in value if isinstance(value, list) else (value,):
            yield from _row_lists(inner, hint, levels - 1)


def entries_of(found: RowList) -> list[ChartEntry]:
    """Read the rows.

    Raises:
        CutOff, PageShapeChanged: as `parse_page`.
    """
    if not found.rows:
        return []
    if len(found.rows) > MAX_PAGE_ENTRIES:
        raise PageShapeChanged(f"A list of {len(found.rows):,} rows is not a chart; the largest has {MAX_PAGE_ENTRIES:,}.", _REMEDY)
    read = [read_row(row, position) for position, row in enumerate(found.rows, start=1)]
    bad = read.count(None)
    if bad * 2 > len(read):
        raise PageShapeChanged(f"{bad} of {len(read)} rows have no id, name or artists.", _REMEDY)
    if bad:
        logger.warning("Left out %d of %d rows of the chart: they have no id, name or artists.", bad, len(read))
    _check_complete(found)
    entries: dict[int, ChartEntry] = {}
    for entry in read:
        if entry is not None:
            entries.setdefault(entry.beatport_id, entry)
    return list(entries.values())


def _check_complete(found: RowList) -> None:
    """Raise if the list is incomplete; it may lack a few rows that its count includes (withdrawn tracks)."""
    expected = expected_rows(found.around)
    missing = expected - len(found.rows)
    if missing > expected * _TOLERATED_SHORTFALL:
        raise CutOff(f"The chart is incomplete: {len(found.rows)} rows of {expected}.")
    if missing > 0:
        logger.warning("The chart has %d rows, although Beatport counts %d.", len(found.rows), expected)


def expected_rows(around: Mapping[Any, Any]) -> int:
    """How many rows this page of results should have by its own count; 0 if it has no count.

    `page` is a number or text such as "1" or "1/12" (label pages).
    """
    count, per_page = _count(around.get("count")), _count(around.get("per_page"))
    if count is None:
        return 0
    if not per_page:
        return count if "results" in around else 0  # a search page's count is that of all hits
    first = str(around.get("page", 1)).split("/")[0].strip()
    page = int(first) if first.isascii() and first.isdecimal() and len(first) < 10 else 1
    return max(0, min(per_page, count - (max(page, 1) - 1) * per_page))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER else None
