"""The memory budget of a genre's run, and the message if the run exceeds it."""

from __future__ import annotations

from dataclasses import dataclass

from beatporter.errors import PermanentError
from beatporter.memory.megabytes import MB
from beatporter.memory.records import MemoryReport


class MemoryOverBudget(PermanentError):
    """A run took more memory than its budget allows, and `memory_strict` is set."""


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A run above its budget, in MB."""

    peak_mb: float
    budget_mb: float
    step: str
    """The step of the peak; empty if the peak was outside the steps."""
    holder: str
    """Our function that held most at that time; empty without a trace."""

    def words(self) -> str:
        """What happened, in a sentence."""
        where = f" in {self.step}" if self.step else ""
        held = f"; most was held for {self.holder}" if self.holder else ""
        return f"The run took {self.peak_mb:.0f} MB{where}, its budget is {self.budget_mb:.0f} MB{held}."

    def error(self, genre: str) -> MemoryOverBudget:
        """The error that fails the run."""
        return MemoryOverBudget(
            f"{genre}: {self.words()}",
            f"The playlist is done. Look at the artifact memory-{genre}. If the run may take that much, raise memory_budget_mb, or give "
            "the genre its own in memory_budgets_mb.",
        )


def over_budget(report: MemoryReport, budget_mb: float) -> OverBudget | None:
    """Compare a peak with the budget; None if it is within the budget or unknown."""
    peak_mb = (report.peak_rss_bytes or 0) / MB
    if peak_mb <= budget_mb:
        return None
    step = report.peak_step
    holders = report.details.own if report.details else ()
    return OverBudget(peak_mb, budget_mb, step.name if step else "", holders[0].function if holders else "")
