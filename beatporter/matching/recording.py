"""The key by which a history recognises a recording under any id or spelling."""

from __future__ import annotations

from collections.abc import Sequence

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


def keys_of_one_artist(recording: str) -> frozenset[str]:
    """The keys that a recording by several artists would have if only one of them were named; empty when one artist made it."""
    artists, _, rest = recording.partition("|")
    names = artists.split(", ")
    return frozenset(f"{name}|{rest}" for name in names) if len(names) > 1 else frozenset()


def keys_without_title(recording: str) -> frozenset[str]:
    """The keys of histories that name only the artist of this recording, or one of its artists."""
    artists = recording.partition("|")[0]
    return frozenset(f"{name}||" for name in {artists, *artists.split(", ")} if name)


def is_without_title(recording: str) -> bool:
    """Whether a key names at most an artist."""
    return not recording or recording.endswith("||")
