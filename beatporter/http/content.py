"""Makes content from outside safe to handle: text without control characters, and JSON within bounds."""

from __future__ import annotations

import json
from typing import NoReturn

from beatporter.control_characters import without_control_characters
from beatporter.http.limits import MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_TEXT_LENGTH


def clean_text(text: str) -> str:
    """Text on one line, without control characters and direction overrides, cut off after 1,000 characters."""
    return without_control_characters(text[:MAX_TEXT_LENGTH])


def decode_json(text: str | bytes) -> object:
    """Decode a JSON text.

    Raises:
        ValueError: it is not JSON in UTF-8, nests too deep, holds too many values, or contains NaN, Infinity or a number with thousands
            of digits.
    """
    text = text if isinstance(text, str) else text.decode("utf-8-sig")
    if sum(text.count(mark) for mark in ",[{") > MAX_JSON_VALUES:  # a lower bound; few of these marks are inside strings
        raise ValueError(f"more than {MAX_JSON_VALUES:,} values")
    try:
        document: object = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        document = None
    else:
        if _depth_is_bounded(document):
            return document
    raise ValueError(f"nested deeper than {MAX_JSON_DEPTH} levels")


def _depth_is_bounded(document: object) -> bool:
    level = [document]
    for _ in range(MAX_JSON_DEPTH):
        level = [inner for node in level if isinstance(node, dict | list) for inner in (node.values() if isinstance(node, dict) else node)]
        if not level:
            return True
    return False


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
