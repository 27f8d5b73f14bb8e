"""Flow `review-matches`: ask a person about the matches in doubt, on the run's own page, and save the answers as overrides.

It suspends, so no process waits for the answers; *Resume* on the run opens a form with up to ten entries, each with its candidates by
name. It completes after the last page, and the next run updates the playlists. In a terminal: `beatporter match review`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.failure import failed
from orchestration.flow_options import STORED
from orchestration.parameters import AtLeastOne, GenreSlug
from orchestration.review_form import ANSWER_WITHIN_S, answers_in, form_of, pages_of
from tasks.find_doubts import find_doubts
from tasks.keep_answers import keep_answers


@flow(name="review-matches", **STORED)
def review_matches(genres: list[GenreSlug] | None = None, most: AtLeastOne = 50) -> Any:
    """Ask about the matches in doubt, best candidates first. The run suspends; Resume shows the form.

    Args:
        genres: Genres to review; empty for all enabled ones.
        most: Most entries to ask about.
    """
    try:
        doubts = find_doubts(genres, most)
        kept = 0
        for number, page in enumerate(pages_of(doubts), 1):
            form = form_of(page, len(doubts))
            filled: Any = suspend_flow_run(wait_for_input=form, timeout=ANSWER_WITHIN_S, key=f"page-{number}")
            kept += keep_answers(answers_in(filled))
    except BeatporterError as error:
        return failed(error)
    if not doubts:
        return Completed(message="Nothing is in doubt.")
    return Completed(message=f"{kept} of {len(doubts)} decided; the next run updates the playlists.")
