"""Parses search queries: field filters, quoted values, free words. Knows the syntax, not the index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sandbox.spotify.text import words

FIELDS: Final = ("track", "artist", "album", "isrc", "year", "genre", "upc", "tag")
_FILTER: Final = re.compile(rf"(?:^|(?<=[\s\"]))({'|'.join(FIELDS)}):\s*", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"([^"]*)"?')


@dataclass(frozen=True, slots=True)
class Clause:
    """What one filter, or the free part of the query, asks for."""

    field: str
    """track, artist, album, isrc, year, ...; empty for free words."""
    text: str
    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    """Quoted runs of words, which must be adjacent."""


def parse_query(text: str) -> list[Clause]:
    """Parse a query.

    A filter's value is the quoted text after the colon, or else everything up to the next filter, as in the service's own
    example `remaster track:Doxy artist:Miles Davis`. Text after a closing quote is free text again. An unclosed quote, hyphens,
    parentheses and the like are harmless.
    """
    clauses: list[Clause] = []
    free: list[str] = []
    filters = list(_FILTER.finditer(text))
    free.append(text[: filters[0].start()] if filters else text)
    for index, match in enumerate(filters):
        end = filters[index + 1].start() if index + 1 < len(filters) else len(text)
        value = text[match.end() : end]
        quoted = _QUOTED.match(value)
        if quoted:
            free.append(value[quoted.end() :])
            value = quoted.group()
        clauses.append(_clause(match.group(1).lower(), value.strip()))
    rest = _clause("", " ".join(part.strip() for part in free if part.strip()))
    return [*clauses, rest] if rest.words else clauses


def _clause(field: str, text: str) -> Clause:
    phrases = (tuple(words(match.group(1))) for match in _QUOTED.finditer(text))
    return Clause(field, text.replace('"', "").strip(), tuple(words(text)), tuple(phrase for phrase in phrases if phrase))
