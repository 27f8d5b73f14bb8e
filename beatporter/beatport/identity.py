"""Which genre a page or an API document belongs to. The id decides; a slug is decoration, but better than nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

_NEXT_ADDRESS = re.compile(r"/genres/(\d{1,9})/top/")


def stated_genre(document: object) -> int | None:
    """The genre's id that a page's `__NEXT_DATA__` or an API v4 answer itself names, None when it names none."""
    if not isinstance(document, Mapping):
        return None
    query, page = document.get("query"), document.get("page")
    if isinstance(query, Mapping) and isinstance(page, str) and page.startswith("/genre/"):
        return _id(query.get("id"))
    address = _NEXT_ADDRESS.search(str(document.get("next") or ""))
    return int(address[1]) if address else None


def prevailing_genre(document: object) -> int | None:
    """The genre's id that most rows of an API v4 answer or of a plain list of rows name, None without a majority."""
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
