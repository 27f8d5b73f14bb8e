"""JSON that a hostile service could send, and what must never reach a record."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime

from hypothesis import strategies as st

from beatporter.http.limits import MAX_TEXT_LENGTH

KEYS = [
    "id",
    "items",
    "total",
    "tracks",
    "item",
    "track",
    "artists",
    "album",
    "external_ids",
    "added_at",
    "name",
    "owner",
    "isrc",
    "duration_ms",
    "release_date",
    "snapshot_id",
    "error",
    "message",
    "reason",
    "display_name",
    "mix_name",
    "remixers",
    "release",
    "label",
    "key",
    "bpm",
    "length",
    "length_ms",
    "publish_date",
    "results",
    "count",
    "per_page",
    "page",
    "artist_name",
    "artist_type_name",
]
TEXTS = st.text(st.sampled_from("aé:-0123456789\x00\x1b\r\n\x85\x9b\u202e\u2066\u2028\ud800") | st.characters(), max_size=12)
NUMBERS = st.integers() | st.sampled_from([2**31, 2**63, 10**400, -(10**400)]) | st.floats()
TIMES = st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-01T05:06:07Z", "4:20", "2026-13-01"])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | TIMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8),
    max_leaves=25,
)


def assert_bounded(record: object) -> None:
    """A record contains no control characters, and no number that a database rejects."""
    for value in _values(record):
        if isinstance(value, str):
            assert not [char for char in value if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\u202e\u2066"]
            assert len(value) <= MAX_TEXT_LENGTH
        elif isinstance(value, int | float):
            assert abs(value) < 2**63
        else:
            assert value is None or isinstance(value, datetime)


def _values(record: object) -> Iterator[object]:
    if isinstance(record, tuple | list):
        for inner in record:
            yield from _values(inner)
    elif is_dataclass(record):
        for field in fields(record):
            yield from _values(getattr(record, field.name))
    else:
        yield record
