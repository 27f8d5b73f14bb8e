"""Markdown for Prefect's pages: escapes text from outside, and shows pictures inline.

Both of Prefect's user interfaces must show the same. The default one shows numeric entities (`&#38;`) literally and does not unescape
inside a link's label, so special characters are escaped with a backslash and a label never holds text from outside.
"""

from __future__ import annotations

import base64
import re

from beatporter.control_characters import without_control_characters

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|&~!$@]|(?<=www)\.|:(?=//))", re.IGNORECASE)


def escape(text: str) -> str:
    """Escape text from outside so that it shows literally, on one line: no markup, HTML, link or new table cell."""
    return _SPECIAL.sub(r"\\\1", " ".join(without_control_characters(text).split()))


def svg_image(svg: str, alt: str) -> str:
    """A picture as a Markdown image with its data inline; empty when there is no picture.

    Args:
        svg: the picture's SVG source; may be empty.
        alt: what it shows; our own text, not escaped.
    """
    return f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})" if svg else ""
