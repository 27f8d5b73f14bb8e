"""What a task that looks after playlists gives back: a sentence and what went wrong. Its page is published by the task itself.

A page lists hundreds of entries, so it must not become a result: Prefect stores results for ever and passes them to every retry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from orchestration.artifacts import publish

MOST_PROBLEMS = 20
"""Problems that a result names; the page names them all."""
LONGEST = 250
"""Characters of a sentence or a problem in a result: a playlist's name can be of any length."""


class CareResult(TypedDict):
    """A short result.

    Attributes:
        said: what was done, in a sentence.
        problems: what went wrong, or the names of the playlists that were not done; empty if all is well.
    """

    said: str
    problems: list[str]


def publish_care(key: str, said: str, page: str, problems: Sequence[str] = ()) -> CareResult:
    """Publish the page under its sentence, as artifact `key`, and return the short result."""
    publish(key, f"# {said}\n\n{page}", said)
    return CareResult(said=said[:LONGEST], problems=[problem[:LONGEST] for problem in problems[:MOST_PROBLEMS]])
