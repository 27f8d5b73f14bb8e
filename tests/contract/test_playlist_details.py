"""Descriptions and covers against the sandbox: written with a change of the tracks, for no read, and never in their way."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import SecretStr

from beatporter.progress import Progress, listening
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import COVER_SCOPE, SCOPES, FileStore, SignIn, sign_in_path
from sandbox.world import Sandbox
from tests.contract.listener import Listener


def test_the_description_is_written_with_a_change_and_costs_no_read(listener: Listener) -> None:
    changes = {"playlist_kinds": ("collect", "mirror"), "playlist_description": "{genre} on {date}, {run}. Mine."}
    listener.morning(**changes)
    day = f"{listener.workspace().now():%Y-%m-%d}"
    assert {listener.person.find(listener.name(kind)).description for kind in ("collect", "mirror")} == {f"Dubstep on {day}, run 1. Mine."}
    assert listener.requests("playlist-details") == 0, "it was created with it"
    listener.morning(**changes)
    assert listener.requests("playlist-details") == 0, "nothing changed"
    listener.next_day(**changes)
    assert listener.person.find(listener.name("mirror")).description == f"Dubstep on {day}, run 3. Mine."
    assert listener.requests("playlist-details") == 2
    listener.next_day(**changes)
    assert listener.requests(method="GET") == 0
    assert listener.held("mirror") == listener.charted()


def test_a_description_that_cannot_be_written_does_not_stop_the_tracks(listener: Listener) -> None:
    listener.morning(playlist_kinds=("collect",))
    listener.world.faults.add(service="spotify", kind="playlist-details", method="PUT", fault="server_error", status=500, count=9)
    listener.next_day(playlist_kinds=("collect",), playlist_description="{date}")
    assert listener.added["collect"]
    assert listener.held("collect")[: len(listener.added["collect"])] == listener.added["collect"]


def signed_in(world: Sandbox, home: Path, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Settings of a person whose stored sign-in allows this."""
    token = SecretStr(world.spotify.accounts.sign_in(scopes))
    settings = load_settings(home=home, spotify_refresh_token=None)
    FileStore(sign_in_path(settings)).save(SignIn(token, datetime.now(UTC), scopes))
    return {"home": home, "spotify_refresh_token": token, "playlist_kinds": ("mirror",), "playlist_cover": True}


def test_a_cover_goes_with_a_change_and_costs_no_read(listener: Listener, tmp_path: Path) -> None:
    changes = signed_in(listener.world, tmp_path / "home", (*SCOPES, COVER_SCOPE))
    listener.morning(**changes)
    first = listener.person.find(listener.name("mirror")).cover
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size) == ("JPEG", (640, 640))
    listener.morning(**changes)
    assert listener.requests("playlist-cover") == 1, "nothing changed"
    listener.next_day(**changes)
    assert listener.requests("playlist-cover") == 2
    listener.next_day(**changes)
    assert listener.requests(method="GET") == 0


def test_without_the_permission_the_tracks_come_and_the_cover_is_left_out(listener: Listener, tmp_path: Path) -> None:
    changes = signed_in(listener.world, tmp_path / "home", SCOPES)
    said: list[Progress] = []
    with listening(said.append):
        listener.morning(**changes)
    assert listener.requests("playlist-cover") == 0, "the stored sign-in says that it may not"
    assert "beatporter login" in " ".join(one.note for one in said if one.step == "playlist")
    assert listener.held("mirror") == listener.charted()


def test_a_token_of_unknown_permissions_is_tried_and_the_refusal_explained(listener: Listener) -> None:
    said: list[Progress] = []
    with listening(said.append):
        listener.morning(playlist_kinds=("mirror",), playlist_cover=True)
    assert listener.requests("playlist-cover") == 1
    assert "beatporter login" in " ".join(one.note for one in said if one.step == "playlist")
    assert listener.held("mirror") == listener.charted()
