"""Lists that a person subscribes to besides the genres' Top 100: Beatport's other charts, and labels.

A subscription takes a genre's place in a run: it has a slug, a number and a name. Its slug is enough to find the list
(`label-8bit-3248`, `overall-first-10`), so a list that is not in the settings can be run too. Its number is negative and derived from its
identity, see docs/decisions/beatport-lists.md. Defines the forms in which a person may write a list; fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b
from typing import Literal, get_args
from urllib.parse import urlsplit

from beatporter.errors import UnknownChart
from beatporter.genres import Genre

Kind = Literal["overall", "hype", "genre", "chart", "newest", "label", "whole-label", "top-label", "top-artist"]
"""The overall Top 100; Hype 100, overall or of a genre; the first entries of a genre's Top 100; a DJ chart; a curator's newest chart; a
label's new tracks; all of a label's tracks; a label's and an artist's Top 100."""

LABELS: frozenset[str] = frozenset({"label", "whole-label"})
MOST = 100
"""Entries of a Top 100."""
_WITH_ID: Mapping[str, str] = {
    "newest": "artist",
    "label": "label",
    "whole-label": "label",
    "top-label": "label",
    "top-artist": "artist",
    "chart": "chart",
}
"""Kinds that need an id, and the word that their addresses begin with."""
_DATES: Mapping[str, str] = {
    "%Y": "yyyy",
    "%G": "gggg",
    "%m": "mm",
    "%d": "dd",
    "%V": "ww",
    "%U": "uu",
    "%W": "wk",
    "%B": "month",
    "%b": "mon",
}
"""Parts of a date that a chart's name may contain, and their form in a slug."""
_DAYS_BACK = 70
"""How far back to look for a name with a date: last month's chart may be two months old before the next one appears."""
_FIRST = re.compile(r"^(.+)-first-(\d{1,3})$")
_ID_LAST = re.compile(r"^(.+)-(\d{1,10})$")
_NAME = re.compile(r"(?:[a-z0-9-]|%[YGmdVUWBb])+")
_LOCALE = re.compile(r"[a-z]{2}(?:-[a-z]{2})?")
_HOST = "beatport.com"
FORMS = (
    "Write overall, hype, hype:house, chart:NAME/ID, chart:weekend-picks-%Y-week-%V, newest:ARTIST/ID, label:NAME/ID, "
    "top-label:NAME/ID, top-artist:NAME/ID, or its address."
)


@dataclass(frozen=True, slots=True)
class Subscription(Genre):
    """A list in the place of a genre.

    Attributes:
        kind: the kind of list.
        beatport_id: of the genre, chart, artist or label; None if it has none.
        path: the name in its address, which Beatport ignores; for a chart without an id its name, with parts of a date.
        top: use only this many of its first entries; None: all.
        shuffle: use a random order, so that a label's playlist is not sorted by date.
        playlist: the playlist's name; empty: derived from the name.
    """

    kind: Kind = "overall"
    beatport_id: int | None = None
    path: str = ""
    top: int | None = None
    shuffle: bool = False
    playlist: str = ""

    @property
    def is_label(self) -> bool:
        """Whether it is read in parts, and only new tracks are of interest."""
        return self.kind in LABELS

    @property
    def has_dates(self) -> bool:
        return "%" in self.path

    @property
    def whole(self) -> Subscription:
        """The complete list of which this is the first part; itself if it is not cut."""
        return make_subscription(self.kind, self.beatport_id, self.path, name=self.name) if self.top else self

    def playlist_name(self) -> str:
        """The name of its playlist."""
        if self.playlist:
            return self.playlist
        first = self.top or MOST
        ending = {
            "hype": f" - Hype {first}",
            **dict.fromkeys(("overall", "genre", "top-label", "top-artist"), f" - Top {first}"),
        }.get(self.kind, f" - First {first}" if self.top else "")
        return f"Beatport: {self.name}{ending}"

    def names_at(self, day: date) -> list[str]:
        """Names that a chart with a date in its name may have, newest first; the first is that of `day` itself.

        Before Monday's release this week's is not there yet, and the next in the list is last week's.
        """
        days = (day - timedelta(days=back) for back in range(_DAYS_BACK))
        return list(dict.fromkeys(one.strftime(self.path).lower() for one in days)) if self.has_dates else [self.path]


def make_subscription(
    kind: Kind,
    beatport_id: int | None = None,
    path: str = "",
    *,
    top: int | None = None,
    name: str = "",
    shuffle: bool = False,
    playlist: str = "",
) -> Subscription:
    """Make the subscription with the slug, number and name derived from its identity."""
    known = "-".join(part for part in (kind, _plain(path), str(beatport_id or "") if kind in _WITH_ID else "") if part)
    slug = f"{known}-first-{top}" if top else known
    identity = f"{'label' if kind in LABELS else kind}:{beatport_id or path}" + (f":{top}" if top else "")
    title = name or _title(kind, path, beatport_id)
    return Subscription(slug, number_of(identity), title, kind, beatport_id, path, top, shuffle, playlist)


def number_of(identity: str) -> int:
    """The list's number in the ledger: negative, unlike a genre's id, and the same on every machine."""
    return -1 - int.from_bytes(blake2b(identity.encode(), digest_size=8).digest(), "big") % (2**31 - 1)


def read_subscription(
    text: str, genres: Mapping[str, Genre], *, hosts: frozenset[str] = frozenset(), top: int | None = None
) -> Subscription:
    """Parse a list that a person names: `overall`, `label:8bit/3248`, `chart:weekend-picks-%Y-week-%V`, an address, or a slug of ours.

    Args:
        genres: all known genres, for `hype:house`.
        hosts: further hosts that belong to Beatport.
        top: use only this many of its first entries.

    Raises:
        UnknownChart: the text has none of these forms.
    """
    text = text.strip()
    if len(text) > 500 or not text.isprintable():
        raise UnknownChart("This is not a chart or label: it is too long, or has characters that addresses do not have.", FORMS)
    if "//" in text or text.lower().startswith(f"www.{_HOST}"):
        prefix, _, address = text.partition(":") if text.split(":")[0] in get_args(Kind) else ("", "", text)
        found = _of_address(address, genres, hosts, prefix)
    else:
        found = _of_word(text, genres)
    return with_top(found, top if top is not None else found.top)


def with_top(found: Subscription, top: int | None) -> Subscription:
    """Cut the list to its first entries.

    Raises:
        UnknownChart: it cannot be cut like that, or must be cut.
    """
    if top is not None and not 1 <= top <= MOST:
        raise UnknownChart(f"The first {top} entries of {found.name} were requested.", f"Ask for 1 to {MOST}.")
    if top is not None and found.is_label:
        raise UnknownChart(f"A label has no first {top} entries.", "For its Top 100 write top-label:NAME/ID.")
    if found.kind == "genre" and not top:
        raise UnknownChart(
            f"{found.name}'s Top 100 is the genre itself.", f"Name the genre ({found.path}), or say how many of its first entries."
        )
    top = None if top == MOST and found.kind != "genre" else top
    made = make_subscription(found.kind, found.beatport_id, found.path, top=top, shuffle=found.shuffle, playlist=found.playlist)
    return replace(made, name=found.name)


def _of_address(address: str, genres: Mapping[str, Genre], hosts: frozenset[str], prefix: str) -> Subscription:
    """The list with this address."""
    try:
        parts = urlsplit(address if "//" in address else f"https://{address}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    if host != _HOST and parts_host(address) not in hosts:
        raise UnknownChart(
            f"{address[:200]} is not a Beatport address.", "Copy the address of the chart's or label's page on www.beatport.com."
        )
    steps = [step for step in parts.path.split("/") if step]
    steps = steps[1:] if steps and _LOCALE.fullmatch(steps[0]) else steps
    last = steps[-1] if steps else ""
    if steps in (["top-100"], ["hype-100"]):
        return make_subscription("overall" if last == "top-100" else "hype")
    word, name, number = [*steps, "", "", ""][:3]
    if word == "genre" and number.isdecimal():
        genre = next((one for one in genres.values() if one.genre_id == int(number)), None)
        if genre is not None and last in ("top-100", "hype-100", number):
            return make_subscription("hype" if last == "hype-100" else "genre", genre.genre_id, genre.slug, name=genre.name)
    kind = prefix or {"chart": "chart", "label": "label"}.get(word, "")
    if kind in _WITH_ID and word == _WITH_ID[kind] and number.isdecimal() and len(number) <= 10:
        return make_subscription(_kind(kind), int(number), _plain(name))
    hint = "Choose one of the artist's lists: newest:ADDRESS or top-artist:ADDRESS." if word == "artist" else FORMS
    raise UnknownChart(f"{address[:200]} is not the page of a chart or label.", hint)


def parts_host(address: str) -> str:
    """Host and port of an address; empty if it has none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _of_word(text: str, genres: Mapping[str, Genre]) -> Subscription:
    """The list of a short form or slug."""
    kind, colon, rest = text.partition(":")
    if not colon:
        kind, rest = next(_kinds_and_rests(text), ("", ""))
    first = _FIRST.match(rest) if not colon else None
    top = int(first[2]) if first else None
    rest = first[1] if first else rest
    if not colon and rest.startswith("first-") and rest[6:].isdecimal():
        top, rest = int(rest[6:]), ""
    if kind in ("overall", "hype") and not rest:
        return _cut(make_subscription(_kind(kind)), top)
    if kind in ("hype", "genre") and (genre := genres.get(rest)):
        return _cut(make_subscription(_kind(kind), genre.genre_id, genre.slug, name=genre.name), top)
    if kind in _WITH_ID and (found := _with_id(kind, rest, slug=not colon)):
        return _cut(found, top)
    raise UnknownChart(f"{text[:80]!r} is not a genre, chart or label.", FORMS)


def _with_id(kind: str, rest: str, *, slug: bool) -> Subscription | None:
    """Parse `8bit/3248`, `3248`, a slug's `8bit-3248`, or a chart's name alone."""
    if ":" in rest:
        return None
    path, _, number = rest.rpartition("/")
    if slug and (match := _ID_LAST.match(rest)):
        path, number = match[1], match[2]
    if number.isdecimal() and len(number) <= 10 and (not path or _NAME.fullmatch(_plain(path))):
        return make_subscription(_kind(kind), int(number), _plain(path))
    name = _dates_of(rest) if slug else rest
    if kind == "chart" and "/" not in name and _NAME.fullmatch(name):
        return make_subscription("chart", None, name)
    return None


def _cut(found: Subscription, top: int | None) -> Subscription:
    return replace(found, top=top) if top else found


def _kinds_and_rests(slug: str) -> Iterator[tuple[str, str]]:
    """The kind that a slug begins with, and the rest; the longest kind first."""
    for kind in sorted(get_args(Kind), key=len, reverse=True):
        if slug == kind:
            yield kind, ""
        elif slug.startswith(f"{kind}-"):
            yield kind, slug.removeprefix(f"{kind}-")


def _plain(path: str) -> str:
    """A name in slug form: parts of a date in letters, and only characters that Prefect's keys allow."""
    for sign, word in _DATES.items():
        path = path.replace(sign, word)
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:100]


def _dates_of(slug: str) -> str:
    """The name from which `_plain` made a slug."""
    signs = {word: sign for sign, word in _DATES.items()}
    return "-".join(signs.get(word, word) for word in slug.split("-"))


def _title(kind: str, path: str, beatport_id: int | None) -> str:
    undated = re.sub(r"(?:-(?:week|month|day))?-%[YGmdVUWBb]", "", path)
    words = " ".join(word for word in undated.split("-") if "%" not in word).strip().title()
    return words or {"overall": "Overall", "hype": "Overall"}.get(kind, f"{kind.rpartition('-')[2].title()} {beatport_id or ''}".strip())


def _kind(text: str) -> Kind:
    found: Kind = next(kind for kind in get_args(Kind) if kind == text)
    return found
