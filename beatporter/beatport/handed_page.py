"""Reads what a person hands over, a page of Beatport or an answer of its API: which list it is, and its entries. Pure.

The page that a browser shows may differ from its `__NEXT_DATA__`, which stays unchanged while the person moves from page to page within
the site. So an address that is handed over as well must match the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beatporter.beatport.contract import check_rows
from beatporter.beatport.identity import StatedList, list_at, prevailing_genre, stated_list
from beatporter.beatport.parser import RowList, api_rows, entries_of, page_rows
from beatporter.errors import ChartUnavailable, PageShapeChanged
from beatporter.genres import Genre
from beatporter.records.chart import ChartEntry
from beatporter.settings import Settings
from beatporter.subscriptions import make_subscription, parts_host

_TAKEN = "Open a genre's Top 100 or Hype 100, the overall one, a DJ's chart, or a label's tracks."
_RELOAD = "Reload the page in the browser, wait until the chart shows, and hand it over again."


@dataclass(frozen=True, slots=True)
class HandedChart:
    """A chart that was handed over.

    Attributes:
        chart: the genre or list, without a limit.
        notes: what is unusual about the rows.
    """

    chart: Genre
    entries: tuple[ChartEntry, ...]
    notes: tuple[str, ...] = ()


def read_handed(document: object, settings: Settings, day: date, *, address: str = "", file_name: str = "") -> HandedChart:
    """Read the chart that was handed over.

    Args:
        document: decoded: a page's `__NEXT_DATA__`, an API answer, or a list of rows.
        day: today, for charts with a date in their name.
        address: of the page that the browser showed; empty if unknown.
        file_name: names the genre if nothing else does.

    Raises:
        ChartUnavailable: it is from another site, of an unknown list, or empty.
        PageShapeChanged: its rows cannot be used.
    """
    if address:
        _refuse_other_page(address, document, settings)
    found = _rows_of(document)
    chart = _list_of(document, found, settings, day, file_name)
    findings = [] if isinstance(document, list) else check_rows(found, "website", chart)  # a bare list may be handmade
    harmful = [finding.what for finding in findings if finding.harmful]
    if harmful:
        raise PageShapeChanged(
            f"The rows of {chart.name} cannot be used: {' '.join(harmful)}", "`beatporter report-bug` makes a report of it."
        )
    entries = tuple(entries_of(found))
    if not entries:
        raise ChartUnavailable(f"The chart of {chart.name} that was handed over is empty.", _RELOAD)
    return HandedChart(chart, entries, tuple(finding.what for finding in findings))


def _rows_of(document: object) -> RowList:
    if isinstance(document, Mapping) and "props" in document:
        return page_rows(document)
    if isinstance(document, list) or (isinstance(document, Mapping) and isinstance(document.get("results"), list)):
        return api_rows(document)
    raise ChartUnavailable("What was handed over is neither a page of Beatport with a chart nor an answer of its API.", _TAKEN)


def _list_of(document: object, found: RowList, settings: Settings, day: date, file_name: str) -> Genre:
    stated = stated_list(document)
    if stated is not None:
        return _known(stated, settings, day)
    if isinstance(document, Mapping) and "props" in document:
        raise ChartUnavailable(f"That page has no chart: {str(document.get('page'))[:80]!r}.", _TAKEN)
    genres = settings.all_genres()
    genre_id = prevailing_genre(list(found.rows))
    named = max((slug for slug in genres if file_name.lower().startswith(slug)), key=len, default="")
    by_id = next((genre for genre in genres.values() if genre.genre_id == genre_id), None)
    if by_id is None and not named:
        raise ChartUnavailable("What was handed over does not say which chart it is.", "Name the file as the genre: house.json.")
    return by_id or genres[named]


def _known(stated: StatedList, settings: Settings, day: date) -> Genre:
    """The genre or list that a page names; the person's subscription to it, if any."""
    genre = next((genre for genre in settings.all_genres().values() if genre.genre_id == stated.beatport_id), None)
    if stated.kind == "overall":
        return make_subscription("overall")
    if stated.kind == "hype":
        return make_subscription("hype", stated.beatport_id, genre.slug if genre else stated.path, name=genre.name if genre else "")
    if stated.kind == "genre" and genre is None:
        hint = f'Set genre_ids = {{"{stated.path or "name"}" = {stated.beatport_id}}} in beatporter.toml.'
        raise ChartUnavailable(f"Genre {stated.beatport_id} is not known.", hint)
    if stated.kind == "genre" and genre is not None:
        return genre
    for one in settings.subscriptions().values():
        if stated.is_of(one) or (one.kind == stated.kind == "chart" and one.beatport_id is None and stated.path in one.names_at(day)):
            return one.whole
    return make_subscription("chart" if stated.kind == "chart" else "label", stated.beatport_id, stated.path)


def _refuse_other_page(address: str, document: object, settings: Settings) -> None:
    """Raise unless the address is a page of Beatport for the same list as the data."""
    if parts_host(address) != parts_host(settings.beatport_url):
        raise ChartUnavailable(f"That is a page of {parts_host(address)[:80] or 'no site'}, not of Beatport.", _TAKEN)
    shown, stated = list_at(address), stated_list(document)
    if shown is None:
        raise ChartUnavailable("The page in the browser shows no chart.", _TAKEN)
    if stated is not None and shown != stated:
        raise ChartUnavailable(f"The browser shows {shown}, but the page's data is still that of {stated}.", _RELOAD)
