"""Decides when a finished task is not repeated: in the same run, with the same code, for the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext
from prefect.utilities.hashing import hash_objects

from orchestration.code_version import code_version
from orchestration.run_key import run_key


@dataclass
class SameRunSameCode(CachePolicy):
    """Finds a task's result again in a retry of its run, and never in another day's run or after our code has changed.

    None of Prefect's own policies does all of this. With the run's id in the key (its default) a retried parent's new run of a genre does
    finished work again. With inputs alone the next day's run finds today's results and does nothing. A task's source is three lines
    that call the domain, so a fix in the domain would not count. See docs/decisions/run-key.md.

    Attributes:
        uncounted: inputs that do not affect the result of finished work. A retried parent allocates different numbers of calls to its
            genres, and that must not undo a genre's finished work.
    """

    uncounted: tuple[str, ...] = ("max_searches",)

    def compute_key(self, task_ctx: TaskRunContext, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: Any) -> str | None:
        """The key under which the task's result is stored."""
        counted = {name: value for name, value in (inputs or {}).items() if name not in self.uncounted}
        return hash_objects(run_key(), code_version(), task_ctx.task.name, counted, raise_on_failure=True)
