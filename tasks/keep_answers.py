"""Task `keep-answers`: save a person's answers as overrides."""

from __future__ import annotations

from beatporter.sync.review import find_doubt, keep_answer
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("keep-answers")
def keep_answers(answers: dict[str, str]) -> int:
    """Save the answers; returns the number that were decisions.

    Args:
        answers: by Beatport id, as `beatporter.sync.review` names them.
    """
    kept = 0
    with open_workspace(run_key()) as workspace:
        for beatport_id, answer in answers.items():
            doubt = find_doubt(workspace, int(beatport_id))
            kept += doubt is not None and keep_answer(workspace, doubt, answer)
    say(f"{kept} of {len(answers)} decided")
    return kept
