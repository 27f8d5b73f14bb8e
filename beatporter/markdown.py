"""Markdown for Prefect's pages: text from outside shown as just that text, and pictures inline.

Both of Prefect's user interfaces have to agree. The default one shows numeric entities (`&#38;`) as they stand and does not unescape
within a link's label, so special characters are escaped by a backslash and a label never holds text from outside.
"""

from __future__ import annotations

import base64
import re

from beatporter.control_characters import without_control_characters

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|&~!$@]|(?<=www)\.|:(?=//))", re.IGNORECASE)


def escape(text: str) -> str:
    """Text from outside as Markdown that shows just that text, on one line: no markup, no HTML, no link, no new table cell."""
    return _SPECIAL.sub(r"\\\1", " ".join(without_control_characters(text).split()))


def svg_image(svg: str, alt: str) -> str:
    """A picture as a Markdown image with its data inline; empty when there is no picture.

    Args:
        svg: the picture's source, or nothing.
        alt: what it shows, our own words.
    """
    return f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})" if svg else ""
