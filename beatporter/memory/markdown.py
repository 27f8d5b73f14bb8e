"""Renders the memory report for Prefect's UI, the most important facts first. Escapes everything from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beatporter.markdown import escape, svg_image
from beatporter.memory.budget import over_budget
from beatporter.memory.megabytes import MB, round_bytes
from beatporter.memory.past_runs import Standing
from beatporter.memory.picture import timeline_svg, trend_svg
from beatporter.memory.records import Details, Holder, MemoryReport, ProcessMemory, Step
from beatporter.memory.trend import RULE_USUAL
from beatporter.records.ledger import MemoryRow

_ROWS = 8
_RUNS = 8
TREND_RUNS = 30
Link = tuple[str, str]
"""A label and an address, both our own."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A page's content besides the run itself.

    Attributes:
        standing: the run compared with its genre's earlier ones; None without the ledger.
        budget_mb: the run's budget.
        links: to flame graphs and tables, if they can be opened.
    """

    standing: Standing | None
    budget_mb: float
    links: Sequence[Link] = ()


def report_markdown(report: MemoryReport, around: Surroundings) -> str:
    """The artifact `memory-<genre>`: figures in MB (2**20 bytes)."""
    parts = [f"# Memory of {escape(report.facts.genre)}", *_lead(report, around)]
    if report.note:
        parts.append(f"**Note:** {escape(report.note)}")
    parts += [*_timeline(report, around), *_steps(report)]
    if report.details:
        parts += _holders(report.details, killed=report.state == "killed")
    parts += [*_trend(report, around.standing), *process_table(report.processes), *_looking_closer(report, around.links)]
    return "\n\n".join(part for part in parts if part) + "\n"


def report_line(report: MemoryReport, budget_mb: float) -> str:
    """A short summary for the list of artifacts."""
    step = f" in {report.peak_step.name}" if report.peak_step else ""
    if report.state == "killed":
        return f"killed at {round_bytes(report.rss_after_bytes)}{_last_step(report)}"
    if report.peak_rss_bytes is None or report.rss_before_bytes is None:
        return "the system gives no figures"
    over = ", over budget" if over_budget(report, budget_mb) else ""
    above = max(report.peak_rss_bytes - report.rss_before_bytes, 0)
    return f"peak {round_bytes(report.peak_rss_bytes)}{step}, {round_bytes(above)} above the start{over}"


def killed_line(report: MemoryReport) -> str:
    """A killed run in a sentence: how much, where, held by whom."""
    held = report.details.left if report.details else ()
    by = f", held by {' and '.join(f'{one.function} ({round_bytes(one.held_bytes)})' for one in held[:2])}" if held else ""
    return f"Killed at {round_bytes(report.rss_after_bytes)}{_last_step(report)}{by}."


def _lead(report: MemoryReport, around: Surroundings) -> Iterator[str]:
    if report.state == "killed":
        yield f"**{escape(killed_line(report))}**"
        return
    before, peak, after = report.rss_before_bytes, report.peak_rss_bytes, report.rss_after_bytes
    if before is None or peak is None or after is None:
        yield "This system does not say how much memory a process has in RAM."
        return
    over = over_budget(report, around.budget_mb)
    if over:
        yield f"> **Over budget.** {escape(over.words())}"
    least = "" if report.peak_is_exact else "at least "
    where = f" in **{escape(report.peak_step.name)}**" if report.peak_step else ""
    budget = "" if over else f" Its budget is {around.budget_mb:.0f} MB."
    above, left = round_bytes(max(peak - before, 0)), round_bytes(after - before, sign=True)
    yield f"Peak **{least}{round_bytes(peak)}**{where}: {above} above the start, {left} afterwards.{budget}"
    if around.standing:
        yield _usual(around.standing)
    yield from _most_held(report)


def _usual(standing: Standing) -> str:
    if standing.usual is None:
        return f"Earlier runs like it: {len(standing.earlier)}, too few to say what is usual."
    words = {"worse": "**More than usual**", "better": "Less than usual", "as usual": "As usual"}.get(standing.verdict, "Earlier runs")
    known = standing.usual
    days = {"growing": " Over the days the peaks are **growing**.", "flat": " Over the days the peaks are flat.", "unclear": ""}[
        standing.growth
    ]
    return (
        f"{words}: the last {known.runs} runs like it peaked at {known.median_mb:.0f} MB (median; spread {known.spread_mb:.1f} MB).{days}"
    )


def _most_held(report: MemoryReport) -> Iterator[str]:
    details = report.details
    if details and details.own:
        first = details.own[0]
        modules = f"; {round_bytes(details.import_bytes)} are modules being loaded, once in a process" if details.import_bytes > MB else ""
        held = f"{escape(first.function)} held {round_bytes(first.held_bytes)}{modules}"
        yield f"Of the {round_bytes(details.peak_bytes)} that the run itself had allocated then, {held}."
    if details and details.reserved_bytes:
        reserved = round_bytes(details.reserved_bytes)
        yield f"{reserved} of address space were reserved, which is not memory: only what is touched of it is in RAM."


def _timeline(report: MemoryReport, around: Surroundings) -> Iterator[str]:
    if report.details and (svg := timeline_svg(report.details.timeline, report.steps, around.budget_mb, report.duration_s)):
        yield svg_image(svg, "Memory over time")


def _steps(report: MemoryReport) -> Iterator[str]:
    if not report.steps:
        return
    held = {one.name: one.own for one in report.details.steps} if report.details else {}
    lines = ["| | Step | Peak | Left | Seconds | Held most |", "|---:|---|---:|---:|---:|---|"]
    for number, step in enumerate(report.steps, 1):
        lasted = "did not end" if step.end_s is None else f"{step.end_s - step.start_s:.2f}"
        who = ", ".join(f"{escape(one.function)} {round_bytes(one.held_bytes)}" for one in held.get(step.name, ())[:2])
        lines.append(f"| {number} | {escape(step.name)} | {round_bytes(step.peak_bytes)} | {_left(step)} | {lasted} | {who} |")
    yield "## Step by step"
    yield "\n".join(lines)


def _left(step: Step) -> str:
    return "–" if step.left_bytes is None else round_bytes(step.left_bytes, sign=True)


def _holders(details: Details, *, killed: bool) -> Iterator[str]:
    if details.own:
        yield "## What holds the peak"
        yield "Our functions, each with the libraries that it called; modules being loaded are left out:"
        yield holder_table(details.own, details.peak_bytes)
    if details.places:
        yield "Who asked for the memory; ● is Beatporter's own:"
        yield holder_table(details.places, details.peak_bytes)
    if details.left:
        yield "## What was held when it was killed" if killed else "## What was left behind"
        if not killed:
            yield "Allocated by the run and not freed at its end. Caches and connections do that; what every genre adds to is a leak."
        yield holder_table(details.left, details.left_bytes)


def holder_table(holders: Sequence[Holder], of_bytes: int, rows: int = _ROWS) -> str:
    """Functions with the memory that they hold and its share of the total."""
    lines = ["| Function | MB | Share | Place | Blocks |", "|---|---:|---:|---|---:|"]
    for holder in holders[:rows]:
        share = holder.held_bytes / of_bytes if of_bytes else 0.0
        name = ("● " if holder.own else "") + escape(holder.function)
        lines.append(f"| {name} | {holder.held_bytes / MB:.2f} | {share:.0%} | {escape(holder.place)} | {holder.allocations:,} |")
    return "\n".join(lines)


def _trend(report: MemoryReport, standing: Standing | None) -> Iterator[str]:
    if standing is None or not standing.earlier or report.peak_rss_bytes is None:
        return
    peaks = [*((row.peak_bytes or 0) / MB for row in standing.earlier[1 - TREND_RUNS :]), report.peak_rss_bytes / MB]
    known = standing.usual
    yield "## Is it worse than before?"
    yield svg_image(trend_svg(peaks, known.median_mb if known else None, known.limit_mb if known else None), "Peaks of the last runs")
    lines = ["| Run | Peak | Above the start | Searches | Code |", "|---|---:|---:|---:|---|"]
    lines += [_run_row(row) for row in reversed(standing.earlier[-_RUNS:])]
    yield "\n".join(lines)
    yield RULE_USUAL


def _run_row(row: MemoryRow) -> str:
    above = round_bytes((row.peak_bytes or 0) - row.before_bytes) if row.before_bytes is not None else "–"
    searches = "–" if row.searches is None else str(row.searches)
    return f"| {row.at:%Y-%m-%d %H:%M} | {round_bytes(row.peak_bytes)} | {above} | {searches} | {escape(row.code_version[:8])} |"


def process_table(processes: Sequence[ProcessMemory]) -> Iterator[str]:
    """The processes and what each holds; empty if the system does not say."""
    if not processes:
        return
    lines = ["| Process | In RAM | Its share | Its peak |", "|---|---:|---:|---:|"]
    for one in processes:
        name = escape(one.role) + (f" ({one.count})" if one.count > 1 else "")
        lines.append(f"| {name} | {round_bytes(one.rss_bytes)} | {round_bytes(one.pss_bytes)} | {round_bytes(one.peak_bytes)} |")
    shares = [one.pss_bytes if one.pss_bytes is not None else one.rss_bytes for one in processes]
    lines.append(f"| **together** | | **{round_bytes(sum(shares))}** | |")
    yield "## Which processes there are"
    yield "\n".join(lines)
    yield "Its share: pages that several processes use are divided among them."


def _looking_closer(report: MemoryReport, links: Sequence[Link]) -> Iterator[str]:
    facts = report.facts
    when = f"Started {report.started_at:%Y-%m-%d %H:%M:%S} UTC, {report.duration_s:.1f} s, code {facts.code_version[:8]}, {facts.host}."
    kind = "The process was shared with other genres." if facts.shared_process else "The genre had a process of its own."
    yield "## Looking closer"
    if report.capture and links:
        yield " · ".join(f"[{label}]({address})" for label, address in links)
    if report.capture:
        yield f"Capture `{report.capture}`; `beatporter profile open {facts.genre}` shows it where it was made."
    yield escape(f"{when} {kind}")


def _last_step(report: MemoryReport) -> str:
    """The step in which a run was killed."""
    open_step = next((step for step in report.steps if step.end_s is None), None)
    if open_step:
        return f", in {open_step.name}"
    return f", after {report.steps[-1].name}" if report.steps else ", before its first step"
