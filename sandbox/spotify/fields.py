"""The `fields` mask of playlist calls: `items(added_at,item(id,name)),next` or `items.item.id` or `owner(!href)`.

A name that the answer lacks is silently ignored. That is why a mask that still says `track(...)` gets empty
entries in the shape of 2026, whose entries have `item`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.spotify.exceptions import bad_request

_TOKEN: Final = re.compile(r"\s*([!(),.]|[\w-]+)")


@dataclass(slots=True)
class _Mask:
    excluding: bool = False
    parts: dict[str, _Mask | None] = field(default_factory=dict)


def apply_fields(data: Any, fields: str | None) -> Any:
    """The part of a JSON value that a mask selects; all of it without a mask.

    Raises:
        SpotifyRefusal: 400 when the mask is not valid.
    """
    if not fields:
        return data
    tokens = _TOKEN.findall(fields)
    if "".join(tokens) != re.sub(r"\s", "", fields):
        raise bad_request("Invalid fields")  # the text is ours
    mask = _parse(tokens)
    if tokens:
        raise bad_request("Invalid fields")
    return _cut(data, mask)


def _parse(tokens: list[str]) -> _Mask:
    """Parse a comma-separated list up to its end or the closing parenthesis; consumes the tokens that it has parsed."""
    mask = _Mask()
    while tokens:
        if tokens[0] == "!":
            tokens.pop(0)
            mask.excluding = True
        if not tokens or not re.fullmatch(r"[\w-]+", tokens[0]):
            raise bad_request("Invalid fields")
        name = tokens.pop(0)
        mask.parts[name] = _parse_inner(tokens)
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)
    return mask


def _parse_inner(tokens: list[str]) -> _Mask | None:
    if tokens and tokens[0] == ".":
        tokens.pop(0)
        if not tokens:
            raise bad_request("Invalid fields")
        name = tokens.pop(0)
        return _Mask(parts={name: _parse_inner(tokens)})
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        inner = _parse(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise bad_request("Invalid fields")
        return inner
    return None


def _cut(data: Any, mask: _Mask) -> Any:
    if isinstance(data, list):
        return [_cut(entry, mask) for entry in data]
    if not isinstance(data, dict):
        return data
    if mask.excluding:
        return {key: value for key, value in data.items() if key not in mask.parts}
    kept = ((key, inner) for key, inner in mask.parts.items() if key in data)
    return {key: data[key] if inner is None else _cut(data[key], inner) for key, inner in kept}
