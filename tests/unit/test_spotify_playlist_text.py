"""The playlist that a person's text names."""

from __future__ import annotations

import pytest

from beatporter.errors import SettingsError
from beatporter.records.track import PlaylistRef
from beatporter.spotify.playlist_text import find_playlist_by_text, playlist_id_of

ID = "37i9dQZF1DXcBWIGoYBM5M"
OTHER = "4cOdK2wGLETKBW3PvgPWqT"


def listed(playlist_id: str, name: str, total: int = 0) -> PlaylistRef:
    return PlaylistRef(playlist_id, name, "s", total, "me")


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f" {ID} ",
        f"spotify:playlist:{ID}",
        f"spotify:user:somebody:playlist:{ID}",
        f"https://open.spotify.com/playlist/{ID}",
        f"open.spotify.com/playlist/{ID}/",
        f"https://open.spotify.com/intl-de/playlist/{ID}?si=abc",
        f"https://open.spotify.com/user/somebody/playlist/{ID}",
    ],
)
def test_every_way_of_writing_an_id(text: str) -> None:
    assert playlist_id_of(text) == ID


@pytest.mark.parametrize("text", ["House", "", "Beatport: House - Top 100", ID[:-1], ID + "x"])
def test_anything_else_is_a_name(text: str) -> None:
    assert playlist_id_of(text) is None


def test_the_address_of_something_else_is_refused() -> None:
    with pytest.raises(SettingsError, match="a Spotify track, not of a playlist"):
        playlist_id_of(f"https://open.spotify.com/track/{ID}")
    with pytest.raises(SettingsError, match="22 characters"):
        playlist_id_of("spotify:playlist:short")


def test_an_id_wins_over_a_name_and_the_same_letters_over_others() -> None:
    by_name, by_id = listed(OTHER, ID), listed(ID, "House")
    assert find_playlist_by_text([by_name, by_id], ID) == by_id
    lower, upper = listed(OTHER, "house"), listed(ID, "House")
    assert find_playlist_by_text([lower, upper], "House") == upper
    assert find_playlist_by_text([lower], " HOUSE ") == lower


def test_an_id_that_is_not_listed_may_be_a_name() -> None:
    assert find_playlist_by_text([listed(OTHER, ID)], ID).playlist_id == OTHER
    with pytest.raises(SettingsError, match="not in your account's library"):
        find_playlist_by_text([listed(OTHER, "House")], f"spotify:playlist:{ID}")


def test_an_ambiguous_name_lists_them_all() -> None:
    with pytest.raises(SettingsError) as caught:
        find_playlist_by_text([listed(ID, "House", 12), listed(OTHER, "House", 1_000)], "House")
    assert ID in str(caught.value)
    assert f"{OTHER} (1,000 tracks)" in str(caught.value)


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'Afro House'"):
        find_playlist_by_text([listed(ID, "Afro House")], "Afro Hose")
