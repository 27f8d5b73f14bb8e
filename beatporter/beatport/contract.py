"""Checks a chart's rows against the contract of fields, so that we notice a change at Beatport before it does harm. Pure.

The contract itself is data, `fields.toml`. Harmless findings are notes for the person; after harmful ones the rows must not be used.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from beatporter.beatport.identity import prevailing_genre
from beatporter.beatport.parser import RowList, expected_rows
from beatporter.beatport.rows import read_row
from beatporter.genres import Genre
from beatporter.http.content import clean_text

FILE = Path(__file__).with_name("fields.toml")
MOST = 0.5
"""A needed field that is unusable in more than this share of the rows fails the chart."""
FEWEST_ROWS = 10
"""Shares of fewer rows are meaningless."""
_TYPES: Mapping[str, type] = {"int": int, "str": str, "bool": bool, "list": list, "object": Mapping}
_NAMED = 5
"""Most unknown fields that a note names."""


@dataclass(frozen=True, slots=True)
class Field:
    """The expectations for a field; see `fields.toml`."""

    name: str
    type: str
    always: bool = False
    needed: bool = False
    empty: float = 1.0
    least: int | None = None
    most: int | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A deviation from the contract.

    Attributes:
        what: one sentence.
        harmful: the rows must not be used.
    """

    what: str
    harmful: bool = False


@cache
def contract() -> tuple[Field, ...]:
    """Read the contract from the file."""
    with FILE.open("rb") as file:
        return tuple(_field(name, about) for name, about in tomllib.load(file).items())


def _field(name: str, about: dict[str, Any]) -> Field:
    renamed = {"from": "least", "to": "most"}
    known: dict[str, Any] = {renamed.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in about.items()}
    return Field(name, **known)


def check_rows(found: RowList, source: str, chart: Genre) -> list[Finding]:
    """Find what is unusual about a chart's rows; nothing for rows with other field names (search pages).

    Args:
        source: website or api.
        chart: the chart that the rows should belong to.
    """
    rows = [row for row in found.rows if isinstance(row, Mapping)]
    if len(rows) < len(found.rows):
        return [
            *_counted(found),
            Finding(f"{len(found.rows) - len(rows)} of {len(found.rows)} rows are not objects.", len(rows) * 2 < len(found.rows)),
        ]
    if not rows or any("track_id" in row for row in rows):
        return []
    fields = [field for field in contract() if not field.sources or source in field.sources]
    findings = [*_counted(found), *_unknown(rows, fields)]
    if len(rows) >= FEWEST_ROWS:
        findings += [one for field in fields for one in _held_against(field, rows)]
    return [*findings, *_genre_of(rows, chart)]


def _counted(found: RowList) -> Iterator[Finding]:
    counted = expected_rows(found.around)
    if found.rows and counted > len(found.rows):
        yield Finding(f"Beatport counts {counted} tracks and gave {len(found.rows)}.")
    unread = [position for position, row in enumerate(found.rows, 1) if read_row(row, position) is None]
    if unread:
        yield Finding(f"Positions {', '.join(map(str, unread[:_NAMED]))} of the chart are missing: no id, name or artists there.")
    stated = [row["position"] for row in found.rows if isinstance(row, Mapping) and isinstance(row.get("position"), int)]
    if len(stated) == len(found.rows) > 1 and (gaps := sorted(set(range(min(stated), max(stated))) - set(stated))):
        yield Finding(f"The chart's own positions have gaps: {', '.join(map(str, gaps[:_NAMED]))}.")


def _unknown(rows: Sequence[Mapping[Any, Any]], fields: Sequence[Field]) -> Iterator[Finding]:
    known = {field.name for field in fields} | {"position"}
    new = sorted({clean_text(str(key))[:40] for row in rows for key in row} - known)
    if new:
        more = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
        yield Finding(f"New fields in Beatport's rows: {', '.join(new[:_NAMED])}{more}.")


def _held_against(field: Field, rows: Sequence[Mapping[Any, Any]]) -> Iterator[Finding]:
    missing = sum(field.name not in row for row in rows)
    values = [row[field.name] for row in rows if field.name in row]
    empty = sum(value is None or value in ("", []) for value in values)
    wrong = [value for value in values if value is not None and not _is_a(value, field.type)]
    unusable = (missing + empty + len(wrong)) / len(rows)
    harmful = field.needed and unusable > MOST
    if missing and (field.always or harmful):
        yield Finding(f"{field.name} is missing in {missing} of {len(rows)} rows.", harmful)
    if wrong:
        kinds = ", ".join(sorted({type(value).__name__ for value in wrong}))
        yield Finding(f"{field.name} is {kinds} instead of {field.type} in {len(wrong)} of {len(rows)} rows.", harmful)
    if empty and empty / len(rows) > field.empty:
        yield Finding(f"{field.name} is empty in {empty} of {len(rows)} rows, usually in {field.empty:.0%} at most.", harmful)
    odd = [value for value in values if _is_a(value, "int") and not _within(field, value)]
    if odd and field.type == "int":
        yield Finding(f"{field.name} is out of range in {len(odd)} of {len(rows)} rows, such as {str(odd[0])[:20]}.")


def _is_a(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and not (kind == "int" and isinstance(value, bool))


def _within(field: Field, value: int) -> bool:
    return (field.least is None or value >= field.least) and (field.most is None or value <= field.most)


def _genre_of(rows: Sequence[Mapping[Any, Any]], chart: Genre) -> Iterator[Finding]:
    """Check that the rows belong to the genre, and that Beatport has not renamed it."""
    if chart.genre_id < 0:  # a list over several genres
        return
    prevailing = prevailing_genre(list(rows))
    if prevailing is not None and prevailing != chart.genre_id:
        yield Finding(f"Most rows are of genre {prevailing}, not of {chart.name} ({chart.genre_id}).", harmful=True)
        return
    genres = [row["genre"] for row in rows if isinstance(row.get("genre"), Mapping)]
    names = Counter(str(genre.get("name") or "") for genre in genres if genre.get("id") == chart.genre_id)
    name = names.most_common(1)[0][0] if names else ""
    if name and _letters(name) != _letters(chart.name):
        yield Finding(f"Beatport calls genre {chart.genre_id} {clean_text(name)[:80]!r} now, and Beatporter {chart.name!r}.")


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
