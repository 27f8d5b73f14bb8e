"""Names and tags of runs: a genre's run has the genre's name, a parent's the day; a name that a person typed is kept."""

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
    """The name of a run of one genre, chart or label: its slug, unless a person named the run."""
    return _kept() or slug_of(current_run.parameters)


def parent_run_name() -> str:
    """The name of a parent run: its planned day and time, UTC, unless a person named the run."""
    return _kept() or f"{current_run.scheduled_start_time:%Y-%m-%d %H:%M} UTC"


def tags_of(genre: str, day: str) -> list[str]:
    """Tags for finding a genre's run, besides its deployment's tags."""
    return [genre, day]


def tag_run(*tags: str) -> None:
    """Add these tags to the current run; does nothing if the server does not answer."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or set(tags) <= set(context.flow_run.tags):
        return
    wanted = list(dict.fromkeys([*context.flow_run.tags, *tags]))
    _update_tags(context.flow_run.id, wanted)


def _update_tags(run_id: UUID, tags: list[str]) -> None:
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run_id, tags=tags)
    except HTTPError:  # tags only help to find a run; it works without them
        return


def _kept() -> str:
    """The run's current name, unless Prefect generated it."""
    name = str(current_run.name or "")
    return "" if is_made_up(name) else name


def is_made_up(name: str) -> bool:
    """Whether Prefect generated the name: its server "wine-koala", its form "Rustic-Tetra"; a person's "deep-house" is not generated."""
    words = name.split("-")
    if not name or _BY_THE_FORM.fullmatch(name):
        return True
    return len(words) == 2 and all(word in _made_up_words() for word in words)


@cache
def _made_up_words() -> frozenset[str]:
    from coolname.data import config  # where Prefect takes its names from

    parts: Any = config.values()
    return frozenset(word for part in parts for word in part.get("words", ()))
