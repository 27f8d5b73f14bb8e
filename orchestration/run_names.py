"""Names and tags of runs: a genre's run is named after it, a parent's after its day, and a name that a person typed is kept."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.runtime import flow_run as current_run

from orchestration.lists import slug_of

_BY_THE_FORM = re.compile(r"[A-Z][a-z]+-[A-Z][a-z]+")


def genre_run_name() -> str:
    """A run of one genre, chart or label: its slug, unless a person named it."""
    return _kept() or slug_of(current_run.parameters)


def parent_run_name() -> str:
    """A parent run: the day and time it was meant to start, UTC, unless a person named it."""
    return _kept() or f"{current_run.scheduled_start_time:%Y-%m-%d %H:%M} UTC"


def tags_of(genre: str, day: str) -> list[str]:
    """What a genre's run can be found by, beside its deployment's tags."""
    return [genre, day]


def tag_run(*tags: str) -> None:
    """Give the present run these tags, beside those it has; a server that does not answer takes none."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or set(tags) <= set(context.flow_run.tags):
        return
    wanted = list(dict.fromkeys([*context.flow_run.tags, *tags]))
    _update_tags(context.flow_run.id, wanted)


def _update_tags(run_id: UUID, tags: list[str]) -> None:
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run_id, tags=tags)
    except HTTPError:  # tags are for finding a run; it does its work without them
        return


def _kept() -> str:
    """The run's present name where it is not one that Prefect made up."""
    name = str(current_run.name or "")
    return "" if is_made_up(name) else name


def is_made_up(name: str) -> bool:
    """Whether Prefect made the name up: "wine-koala" by its server, "Rustic-Tetra" by its form; a person's "deep-house" is none."""
    words = name.split("-")
    if not name or _BY_THE_FORM.fullmatch(name):
        return True
    return len(words) == 2 and all(word in _made_up_words() for word in words)


@cache
def _made_up_words() -> frozenset[str]:
    from coolname.data import config  # where Prefect takes its names from

    parts: Any = config.values()
    return frozenset(word for part in parts for word in part.get("words", ()))
