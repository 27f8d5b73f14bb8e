"""The key by which a history recognises a recording under any id or spelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from beatporter.matching import words
from beatporter.matching.compare import telling_words
from beatporter.matching.normalise import joined_names, name_words
from beatporter.matching.title import parse_entry_title, unfolded, without_artists


def recording_key(name: str, artists: Sequence[str], mix_name: str | None = None) -> str:
    """Normalised artists, title and version: equal for the same recording and version under another id or spelling.

    Cuts count as one recording: a track that a person removed as a radio edit does not return as the extended mix. Remixers count
    for the version only, featured artists as artists. Neither the order of artists matters, nor whether a subtitle is after a dash or
    in a bracket. Why: docs/decisions/matching-recording-key.md.

    Args:
        name: title, with the version in it (Spotify) or without (Beatport).
        artists: names in any order.
        mix_name: Beatport's mix name.

    Returns:
        "artists|title|version", e.g. "monolink|return to oz|remix artbat"; the version is empty for the original.
    """
    title = parse_entry_title(name, mix_name, (), tuple(artists))
    title = unfolded(without_artists(title, (*artists, *title.featured)))
    remixers = title.version.names
    people = frozenset[str]().union(*(name_words(artist) for artist in artists))
    telling = telling_words(title, people | remixers)
    featured = [part for text in title.featured for part in joined_names(text) or (text,) if not name_words(part) <= set(telling)]
    mains = [artist for artist in (*artists, *featured) if not name_words(artist) <= remixers] or artists
    names = sorted({" ".join(sorted(name_words(part))) for artist in mains for part in joined_names(artist) or (artist,)})
    version = " ".join([*sorted(title.version.kinds), *sorted(remixers)])
    plain = " ".join(word for word in telling if word not in words.FILLERS) or title.full
    return f"{', '.join(names)}|{plain}|{version}"


MOST_NAMES = 5
"""Artists of whom every combination is considered; of more only each one alone, and all."""


def keys_of_some_artists(recording: str) -> frozenset[str]:
    """The keys that the recording would have if some of its artists were left out; empty when one artist made it."""
    artists, _, rest = recording.partition("|")
    return frozenset(f"{some}|{rest}" for some in _combinations(artists) if some != artists)


def keys_without_title(recording: str) -> frozenset[str]:
    """The keys of histories that name only artists of this recording, all or some."""
    return frozenset(f"{some}||" for some in _combinations(recording.partition("|")[0]) if some)


def is_without_title(recording: str) -> bool:
    """Whether a key names at most artists."""
    return not recording or recording.endswith("||")


def _combinations(artists: str) -> Iterator[str]:
    """Some or all of a key's artists, in the key's form: one credit may join several ("A & B"), so it is not only one or all."""
    names = artists.split(", ")
    for count in range(1, len(names) + 1) if len(names) <= MOST_NAMES else (1, len(names)):
        yield from map(", ".join, combinations(names, count))
