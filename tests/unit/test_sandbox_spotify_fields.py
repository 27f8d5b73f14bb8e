"""The `fields` mask: what it keeps, and what it silently drops."""

from __future__ import annotations

import pytest

from sandbox.spotify.exceptions import SpotifyRefusal
from sandbox.spotify.fields import apply_fields

PAGE = {
    "items": [
        {"added_at": "2026-11-02T06:00:00Z", "item": {"id": "a", "name": "A", "album": {"id": "x", "name": "X"}}},
        {"added_at": "2026-11-02T06:00:01Z", "item": None},
    ],
    "next": None,
    "total": 2,
}


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ("total,next", {"total": 2, "next": None}),
        ("items(added_at)", {"items": [{"added_at": "2026-11-02T06:00:00Z"}, {"added_at": "2026-11-02T06:00:01Z"}]}),
        ("items(item(id)), total", {"items": [{"item": {"id": "a"}}, {"item": None}], "total": 2}),
        ("items.item.album.name", {"items": [{"item": {"album": {"name": "X"}}}, {"item": None}]}),
        ("items(item(album(!name)))", {"items": [{"item": {"album": {"id": "x"}}}, {"item": None}]}),
        ("!items", {"next": None, "total": 2}),
    ],
)
def test_a_mask_keeps_what_it_names(fields: str, kept: object) -> None:
    assert apply_fields(PAGE, fields) == kept


def test_a_mask_of_the_old_shape_gets_empty_entries() -> None:
    assert apply_fields(PAGE, "items(track(id,name))") == {"items": [{}, {}]}


def test_no_mask_keeps_everything() -> None:
    assert apply_fields(PAGE, None) is PAGE


@pytest.mark.parametrize("fields", ["items(", "items)", "items(a,)", ",total", "items..id", "a b", "items.", "%"])
def test_a_mask_that_cannot_be_read_is_refused(fields: str) -> None:
    with pytest.raises(SpotifyRefusal) as refused:
        apply_fields(PAGE, fields)
    assert refused.value.status == 400
