"""Draws a playlist's cover: the list's name, the kind of playlist and the date, on a colour of its own. Knows nothing of Spotify's calls.

Spotify takes a JPEG of at most 256 KB in base64 (developer.spotify.com, "Add custom playlist cover image").
"""

from __future__ import annotations

import base64
import colorsys
import io
import textwrap
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from beatporter.errors import SettingsError

if TYPE_CHECKING:
    from beatporter.playlist_kinds import PlaylistKind

SIDE_PX = 640
MARGIN_PX = 48
WORDS: dict[PlaylistKind, str] = {"collect": "Top 100, collected", "daily": "Daily Top", "mirror": "Top 100 today"}
_NAME_PX, _SMALL_PX = 84, 44
_LETTERS_IN_LINE = 12


def draw_cover(name: str, kind: PlaylistKind, date: str) -> str:
    """The image, as Spotify takes it: a JPEG of 640 by 640 pixels in base64.

    Args:
        name: of the genre, chart or label; its colour follows from it.
        date: as text.

    Raises:
        SettingsError: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise SettingsError(
            "Cover images need Pillow, which is not installed.",
            "Run `pip install 'beatporter[cover]'`, or set BEATPORTER_PLAYLIST_COVER to false.",
        ) from None
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), _colour(name))
    draw = ImageDraw.Draw(image)
    big: Any = ImageFont.load_default(_NAME_PX)
    small: Any = ImageFont.load_default(_SMALL_PX)
    lines = textwrap.wrap(name, _LETTERS_IN_LINE)[:4]
    draw.multiline_text((MARGIN_PX, MARGIN_PX), "\n".join(lines), font=big, fill="white", spacing=12)
    draw.text((MARGIN_PX, SIDE_PX - MARGIN_PX), f"{WORDS[kind]}\n{date}", font=small, fill="white", anchor="ld")
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=85)
    return base64.b64encode(encoded.getvalue()).decode()


def _colour(name: str) -> tuple[int, int, int]:
    """A dark, saturated colour, always the same for a name."""
    hue = int.from_bytes(blake2b(name.encode(), digest_size=2).digest(), "big") / 65_536
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.7, 0.45)
    return round(255 * red), round(255 * green), round(255 * blue)
