"""Removes invisible characters: those that control a terminal or reverse the direction of a line."""

from __future__ import annotations

import re

_LINE_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 and C1 control characters, text direction controls, and lone surrogates, which cannot be written as UTF-8."""


def without_control_characters(text: str) -> str:
    """The text on one line, without control characters and direction overrides."""
    return _INVISIBLE.sub("", _LINE_BREAKS.sub(" ", text))


def escape_control_characters(document: str) -> str:
    r"""A JSON document with these characters in JSON notation (`\u001b`); its own line breaks stay."""
    return "\n".join(_INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in document.split("\n"))
