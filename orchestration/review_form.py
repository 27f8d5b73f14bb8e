"""The form of `review-matches`: a field for each entry, with its candidates by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prefect.input import RunInput
from pydantic import Field, create_model

from beatporter import names
from beatporter.control_characters import without_control_characters
from beatporter.markdown import escape
from beatporter.matching import explain
from beatporter.sync.review import KEEP, LATER, NEVER, Doubt, find_doubt
from orchestration.run_key import run_key
from orchestration.workspace import open_workspace

ANSWER_WITHIN_S = 7 * 24 * 3600
"""A review fails if nobody answers for a week."""
PER_PAGE = 10
LONGEST = 100
"""Characters of a name in a list of choices."""


def pages_of(beatport_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The entries of each page."""
    for start in range(0, len(beatport_ids), PER_PAGE):
        yield beatport_ids[start : start + PER_PAGE]


def form_of(beatport_ids: Sequence[int], total: int) -> type[RunInput]:
    """The form for one page of entries; the first choice of every field is "later".

    Args:
        total: entries on all pages, for the description.
    """
    with open_workspace(run_key()) as workspace:
        doubts = [doubt for number in beatport_ids if (doubt := find_doubt(workspace, number)) is not None]
    fields: dict[str, Any] = {f"entry_{doubt.entry.beatport_id}": _field(doubt) for doubt in doubts}
    form: Any = create_model("ReviewPage", __base__=RunInput, **fields)
    described: type[RunInput] = form.with_initial_data(description=_description(doubts, total))
    return described


def answers_in(filled: RunInput) -> dict[str, str]:
    """The answer for each Beatport id: the part of the choice before the colon."""
    given = {name.removeprefix("entry_"): str(value) for name, value in filled.model_dump().items() if name.startswith("entry_")}
    return {beatport_id: value.partition(":")[0].strip() for beatport_id, value in given.items()}


def choices(doubt: Doubt) -> list[str]:
    """The choices for an entry."""
    match = doubt.match
    taken = [f"{KEEP}: {_track_name(match.track_artists, match.track_name or match.track_id)}"] if match.track_id else []
    others = [f"{number}: {_track_name(one.artists, one.name)}" for number, one in enumerate(match.runners_up, 1)]
    return [LATER, *taken, *others, f"{NEVER}: take nothing for it, ever"]


def _field(doubt: Doubt) -> tuple[Any, Any]:
    entry = doubt.entry
    title = _shown(f"{doubt.slug} #{entry.position}: {entry.full_name}")
    return str, Field(default=LATER, title=title, description=_shown(explain(doubt.match)), json_schema_extra={"enum": [*choices(doubt)]})


def _description(doubts: Sequence[Doubt], total: int) -> str:
    """The text above the fields: the question, and links for listening."""
    lines = [f"{len(doubts)} of {total} matches in doubt. Pick one for each; *later* leaves it as it is.", ""]
    for doubt in doubts:
        found = [(KEEP, doubt.match.track_id)] if doubt.match.track_id else []
        heard = [*found, *((str(number), one.track_id) for number, one in enumerate(doubt.match.runners_up, 1))]
        links = " · ".join(f"[{word}]({names.track_url(track_id)})" for word, track_id in heard)
        lines.append(f"- {escape(doubt.entry.full_name)}: {links or 'no candidate'}")
    return "\n".join(lines)


def _track_name(artists: Sequence[str], name: str) -> str:
    return _shown(f"{', '.join(artists)} – {name}")


def _shown(text: str) -> str:
    plain = " ".join(without_control_characters(text).split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
