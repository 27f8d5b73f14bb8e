"""The kinds of values in the settings, and the entries of the tables of beatporter.toml: [charts], [labels] and [playlists]."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from beatporter.playlist_kinds import MAX_DAILY, AddAt, Digging, PlaylistKind, in_order

MAX_NAME = 100
MAX_DESCRIPTION = 300
"""Characters that Spotify shows of a playlist's name and description."""
EXAMPLES = {
    "genre_ids": '{"my-genre": 123}',
    "memory_budgets_mb": '{"house": 400}',
    "charts": '{"weekend": "chart:weekend-picks-%Y-week-%V"}',
    "labels": '{"8bit": "8bit/3248"}',
    "backups": '{"friday": "My Friday playlist"}',
    "playlists": '{"house": {"kinds": ["collect", "daily"]}}',
}
"""JSON for settings that the environment gives as JSON, by the setting's name."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    if not can_be_read(value) or not urlsplit(value).hostname:
        raise ValueError("must be an address such as https://example.org")
    return value.rstrip("/")


def can_be_read(address: str) -> bool:
    """Whether Python can take the address apart."""
    try:
        return urlsplit(address).port != 0
    except ValueError:  # a bracket that is not closed, a port that is not a number
        return False


def split_words(value: object) -> object:
    """Read a list that was written as comma-separated words, as the environment gives it."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def check_placeholders(text: str, allowed: Collection[str], what: str) -> str:
    """Return the template if it names only these placeholders.

    Raises:
        ValueError: it names another, or is blank or has a line break.
    """
    for found in _PLACEHOLDER.findall(text):
        if found not in allowed:
            dated = " Put {date} into the description: a dated name costs a call every day." if found == "{date}" else ""
            raise ValueError(f"{what} may contain {' and '.join(allowed)}, not {found[:40]}.{dated}")
    if not text.isprintable():
        raise ValueError(f"{what} must be one line of printable characters")
    return text


def _check_name(text: str) -> str:
    if not text.strip():
        raise ValueError("a playlist needs a name")
    return check_placeholders(text, ["{genre}"], "a playlist's name")


def _check_genre_named(text: str) -> str:
    if "{genre}" not in text:
        raise ValueError("must contain {genre}")
    return text


def _check_description(text: str) -> str:
    return check_placeholders(text, ["{genre}", "{date}", "{run}"], "a description")


def _each_once(kinds: tuple[PlaylistKind, ...]) -> tuple[PlaylistKind, ...]:
    if not kinds or len(set(kinds)) < len(kinds):
        raise ValueError("must name one kind or several, each once: collect, daily, mirror")
    return in_order(kinds)


Address = Annotated[str, AfterValidator(_address)]
Kinds = Annotated[tuple[PlaylistKind, ...], BeforeValidator(split_words), AfterValidator(_each_once)]
Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_check_name)]
"""A playlist's name, which may contain {genre}."""
NameTemplate = Annotated[Name, AfterValidator(_check_genre_named)]
"""The names of all genres' playlists, so that it must contain {genre}."""
Description = Annotated[str, Field(max_length=MAX_DESCRIPTION), AfterValidator(_check_description)]
DailySize = Annotated[int, Field(ge=1, le=MAX_DAILY)]


class ChartChoice(BaseModel):
    """A chart of `[charts]`: `weekend = "chart:weekend-picks-%Y-week-%V"`, or a table with these keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    chart: str = Field(min_length=1)
    """In the form for `beatporter sync`, or its address."""
    top: int | None = Field(default=None, ge=1, le=100)
    """Use only this many of its first entries."""
    playlist: str = ""
    """The playlist's name."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"chart": value} if isinstance(value, str) else value


class LabelChoice(BaseModel):
    """A label of `[labels]`: `8bit = "8bit/3248"`, or a table with these keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    label: str = Field(min_length=1)
    """Name and id from the address of its page, or the address."""
    tracks: Literal["new", "all"] = "new"
    """Tracks released since the last run, or also everything before, a part in each run."""
    shuffle: bool = False
    """In random order instead of newest first."""
    playlist: str = ""
    """The playlist's name."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"label": value} if isinstance(value, str) else value


class PlaylistChoice(BaseModel):
    """The playlists of one list, in `[playlists.house]`; what is left out is as for all lists."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kinds: Kinds | None = None
    name: Name | None = None
    """Of the collecting playlist."""
    daily_name: Name | None = None
    mirror_name: Name | None = None
    digging: Digging | None = None
    daily_size: DailySize | None = None
    add_at: AddAt | None = None
    description: Description | None = None
    cover: bool | None = None
    public: bool | None = None
