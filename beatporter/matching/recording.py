"""The key under which a history knows a recording again, whatever its id or spelling."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.matching import words
from beatporter.matching.normalise import name_words, normalise, title_words
from beatporter.matching.title import parse_entry_title


def recording_key(name: str, artists: Sequence[str], mix_name: str | None = None) -> str:
    """Normalised artists, title and version: equal for the same recording and version under another id or spelling.

    Cuts count as one recording: what a person threw out as radio edit does not come back as extended mix. Remixers and featured
    artists count once, however they are credited; the order of artists does not matter. Why: docs/decisions/matching-recording-key.md.

    Args:
        name: title, with the version in it (Spotify) or without (Beatport).
        artists: names in any order.
        mix_name: Beatport's mix name.

    Returns:
        "artists|title|version", e.g. "monolink|return to oz|remix artbat"; the version is empty for the original.
    """
    title = parse_entry_title(name, mix_name, ())
    remixers = title.version.names
    featured = frozenset[str]().union(*(name_words(text) for text in title.featured))
    mains = [artist for artist in artists if not name_words(artist) <= remixers and not name_words(artist) <= featured]
    names = sorted({" ".join(sorted(name_words(artist))) for artist in mains or artists})
    version = " ".join([*sorted(title.version.kinds), *sorted(remixers)])
    own = [word for word in title_words(title.full) if word not in words.FILLERS] or [normalise(title.full)]
    return f"{', '.join(names)}|{' '.join(own)}|{version}"
