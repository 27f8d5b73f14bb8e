"""Which playlist of the account is used: by id, otherwise by exact name among its own, and always the same one."""

from __future__ import annotations

import itertools

from beatporter.records.track import PlaylistRef
from beatporter.spotify.playlists import find_playlist

OWN = PlaylistRef("p1", "Beatport: House - Top 100", "s", 100, "me")
SMALL = PlaylistRef("p0", "Beatport: House - Top 100", "s", 3, "me")
TWIN = PlaylistRef("p2", "Beatport: House - Top 100", "s", 100, "me")
RENAMED = PlaylistRef("p3", "My house", "s", 80, "me")
FOREIGN = PlaylistRef("p4", "Beatport: House - Top 100", "s", 500, "somebody")
NAME = OWN.name


def silent(words: str) -> None:
    raise AssertionError(f"nothing was to be said, but: {words}")


def test_a_renamed_playlist_is_found_by_its_id() -> None:
    assert find_playlist([OWN, RENAMED], "me", "p3", NAME, silent) == RENAMED


def test_a_deleted_one_is_looked_for_by_name_among_the_accounts_own() -> None:
    assert find_playlist([FOREIGN, RENAMED, OWN], "me", "gone", NAME, silent) == OWN
    assert find_playlist([FOREIGN, RENAMED], "me", "gone", NAME, silent) is None
    assert find_playlist([FOREIGN], "me", "p4", NAME, silent) is None, "somebody else's playlist would be written to"
    assert find_playlist([OWN], "me", None, NAME.lower(), silent) is None


def test_of_several_the_same_one_is_used_in_any_order_and_reported() -> None:
    said: list[str] = []
    chosen = {find_playlist(order, "me", None, NAME, said.append) for order in itertools.permutations([SMALL, TWIN, OWN, FOREIGN])}
    assert chosen == {OWN}
    assert set(said) == {"3 playlists are named 'Beatport: House - Top 100'; p1 is used, not p2, p0. Rename or delete the others."}
