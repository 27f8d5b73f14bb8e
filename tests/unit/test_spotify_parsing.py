"""Spotify's JSON, in both shapes and damaged, becomes our records or a specific error."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from beatporter.records.track import PlaylistItem, PlaylistRef, SpotifyTrack
from beatporter.spotify import parsing
from beatporter.spotify.parsing import ShapeError
from tests.unit.untrusted_json import JSON, assert_bounded

REAL = Path(__file__).parents[2] / ".." / "shared" / "real"

TRACK: dict[str, Any] = {
    "id": "4iV5W9uYEdYUVa79Axb7Rh",
    "type": "track",
    "name": "Night Bus - Extended Mix",
    "artists": [{"name": "Ada Vale"}, {"name": ""}, None, {"name": "Ō"}],
    "album": {"name": "Night Bus", "album_type": "single", "release_date": "2026-10"},
    "external_ids": {"isrc": "gb-abc-26-00001"},
    "duration_ms": 361_000,
    "track": True,
}
READ = SpotifyTrack(
    "4iV5W9uYEdYUVa79Axb7Rh", "Night Bus - Extended Mix", ("Ada Vale", "Ō"), "Night Bus", "single", "GBABC2600001", 361_000, None, "2026-10"
)


@pytest.mark.parametrize("key", ["item", "track"])
def test_an_entry_is_read_in_both_shapes(key: str) -> None:
    entry = {"added_at": "2026-11-01T05:06:07Z", "is_local": False, key: TRACK}
    assert parsing.read_item(entry, 3) == PlaylistItem(3, READ, datetime(2026, 11, 1, 5, 6, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"item": None, "added_at": None},
        {"track": None},
        {"is_local": True, "item": TRACK},
        {"item": {**TRACK, "is_local": True, "id": None}},
        {"item": {**TRACK, "type": "episode"}},
        {"item": {**TRACK, "id": None}},
        {"item": True},
    ],
    ids=["null", "empty", "null item", "null track", "local entry", "local track", "episode", "no id", "a boolean"],
)
def test_an_entry_without_a_track_keeps_its_position(entry: object) -> None:
    assert parsing.read_item(entry, 7) == PlaylistItem(7, None, None)


def test_a_track_without_the_fields_hidden_from_new_apps_is_read() -> None:
    assert parsing.read_track({"id": "x1"}) == SpotifyTrack("x1", "", ())


@pytest.mark.parametrize("key", ["items", "tracks"])
def test_a_playlists_total_is_read_in_both_shapes(key: str) -> None:
    answer = {"id": "p1", "name": "House", "snapshot_id": "s1", "owner": {"id": "me"}, key: {"total": 12}}
    assert parsing.read_playlist(answer) == PlaylistRef("p1", "House", "s1", 12, "me")


def test_a_foreign_playlist_hides_its_total() -> None:
    assert parsing.read_playlist({"id": "p1", "name": None, "snapshot_id": "s1"}) == PlaylistRef("p1", "", "s1", 0, "")


@pytest.mark.parametrize("answer", [None, [], {}, {"items": []}, {"items": None, "total": 0}, {"items": [], "total": "3"}])
def test_an_invalid_page_is_reported(answer: object) -> None:
    with pytest.raises(ShapeError):
        parsing.read_page(answer)


@given(answer=JSON)
def test_no_answer_breaks_parsing_or_leaves_unbounded_values(answer: object) -> None:
    item = parsing.read_item(answer, 0)
    assert item.position == 0
    assert_bounded(item)
    assert_bounded(parsing.read_error(answer))
    for read in (parsing.read_search, parsing.read_playlist, parsing.read_account, parsing.snapshot_of):
        with contextlib.suppress(ShapeError):
            assert_bounded(read(answer))
    with contextlib.suppress(ShapeError):
        assert_bounded(parsing.read_page(answer).total)


def test_a_page_with_too_many_entries_is_refused() -> None:
    for entries in (1_000, 1_001):
        with contextlib.nullcontext() if entries == 1_000 else pytest.raises(ShapeError, match="1,001 entries"):
            parsing.read_page({"items": [None] * entries, "total": 5})


def test_names_lose_control_characters_and_ids_with_them_are_ignored() -> None:
    track = parsing.read_track({**TRACK, "name": "Night\x1b[2J\nBus\u202e", "artists": [{"name": "\x9bAda"}]})
    assert track is not None
    assert (track.name, track.artists) == ("Night[2J Bus", ("Ada",))
    assert parsing.read_track({**TRACK, "id": "4iV5\x1b"}) is None
    with pytest.raises(ShapeError, match="snapshot_id"):
        parsing.snapshot_of({"snapshot_id": "AA\x00"})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error": {"message": "Invalid\nlimit", "reason": "QUOTA_EXCEEDED"}}, ("Invalid limit", "QUOTA_EXCEEDED")),
        ({"error": "invalid_grant", "error_description": "revoked"}, ("invalid_grant", "")),
        ({"error": {"message": "\x1b]0;x\x07 y"}}, ("]0;x y", "")),
        ({"error": {"message": 3}}, ("", "")),
        ({"error": None}, ("", "")),
        ([], ("", "")),
    ],
)
def test_errors_are_read_in_both_shapes(answer: object, error: tuple[str, str]) -> None:
    assert parsing.read_error(answer) == error


def test_an_entry_without_its_content_shows_that_the_mask_did_not_suit() -> None:
    assert parsing.names_content(())
    assert parsing.names_content(({"added_at": None}, {"item": None}))
    assert not parsing.names_content(({"added_at": "2026-11-01T05:06:07Z"}, {}))


def test_real_answers_are_read() -> None:
    search, page = REAL / "spotify-search-responses.json", REAL / "spotify-playlist-items-2026.json"
    if not search.exists() or not page.exists():
        pytest.skip(f"no recorded answers in {REAL}")
    bodies = [entry["body"] for entry in json.loads(search.read_text()) if "tracks" in entry["body"]]
    assert bodies, "the recordings hold no search for tracks"
    for body in bodies:
        tracks = parsing.read_search(body)
        assert len(tracks) == len([item for item in body["tracks"]["items"] if item])
        assert all(track.artists and track.duration_ms and track.album_type for track in tracks)
    recorded = parsing.read_page(json.loads(page.read_text()))
    items = [parsing.read_item(entry, position) for position, entry in enumerate(recorded.entries)]
    assert all(item.added_at for item in items)
    assert sum(item.track is not None for item in items) >= len(items) - 2
