"""Types of the flows' parameters, as the UI's forms show them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import CoreSchema

from beatporter.playlist_kinds import PlaylistKind
from beatporter.settings import load_settings


class _PickFromGenres:
    """Gives the parameter's schema the list of genres, read when a deployment is made and not at import."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        schema["enum"] = sorted(load_settings().all_genres())
        return schema


GenreSlug = Annotated[str, _PickFromGenres()]
"""A genre's slug; the UI offers a list to pick from."""

AtLeastOne = Annotated[int, Field(ge=1)]

BeatportId = Annotated[int, Field(ge=1, le=2**63 - 1)]

Decision = Literal["set", "never", "forget"]
"""What a person can decide about a match."""

Table = Literal["history", "charts", "missing", "script-history", "matches", "backups", "runs"]
"""What can be exported: sheets for people, the history in the old script's columns, and tables of the ledger as they are stored."""

Kind = Literal["xlsx", "csv", "parquet"]
SetFormat = Literal["rekordbox", "m3u8", "csv"]
SetOrder = Literal["chart", "harmonic"]
Top = Annotated[int | None, Field(ge=1, le=100)]
"""How many of a chart's first entries are wanted; None for all."""

Searches = Annotated[int | None, Field(ge=0), SkipJsonSchema()]
"""A genre's share of the day's searches, calculated by its parent: validated like any parameter, but not in the form."""

ChosenKinds = list[PlaylistKind] | None
"""The kinds of playlist that a run updates; None or empty for those of the settings."""

FanOut = Annotated[Literal["inline", "deployments"], SkipJsonSchema()]
"""Where genres run. The deployment sets it, so it is not in the form."""
