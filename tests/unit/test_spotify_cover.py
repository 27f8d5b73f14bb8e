"""Covers: the size and form that Spotify takes, whatever the name; and what happens without the library."""

from __future__ import annotations

import base64
import builtins
import io
from typing import Any

import pytest
from PIL import Image

from beatporter.errors import SettingsError
from beatporter.genres import FURTHER, KNOWN
from beatporter.spotify.cover import SIDE_PX, draw_cover

MOST_BYTES = 256_000
DATE = "2026-11-27"


@pytest.mark.parametrize("name", [*(genre.name for genre in (*KNOWN, *FURTHER)), "x" * 300, "Über & Я", "", "a b " * 80])
def test_a_cover_is_a_square_jpeg_that_spotify_takes(name: str) -> None:
    drawn = draw_cover(name, "daily", DATE)
    assert len(drawn) <= MOST_BYTES
    image = Image.open(io.BytesIO(base64.b64decode(drawn, validate=True)))
    assert (image.format, image.size) == ("JPEG", (SIDE_PX, SIDE_PX))


def test_name_kind_and_date_are_on_it() -> None:
    drawn = {draw_cover("House", "daily", DATE), draw_cover("Techno", "daily", DATE)}
    drawn |= {draw_cover("House", "mirror", DATE), draw_cover("House", "daily", "2026-11-28")}
    assert len(drawn) == 4
    assert draw_cover("House", "daily", DATE) in drawn, "the same every time"


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pillow(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "PIL":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_pillow)
    with pytest.raises(SettingsError, match=r"beatporter\[cover\]"):
        draw_cover("House", "daily", DATE)
