"""Records a genre's memory and publishes the figures: `memory-<genre>` for each, and `memory` for all genres of a parent run.

Problems here are logged and do not harm the run, except that `memory_strict` fails a run above its budget.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from prefect.context import FlowRunContext

from beatporter import names
from beatporter.clock import utc_now
from beatporter.errors import BeatporterError
from beatporter.ledger.ledger import Ledger
from beatporter.memory.budget import OverBudget, over_budget
from beatporter.memory.capture import Capture, capture
from beatporter.memory.copies import copy_link
from beatporter.memory.flight_record import FlightRecord, forget, keep_record, left_records, record_file
from beatporter.memory.keeping import KEPT, prune
from beatporter.memory.markdown import Surroundings, report_line, report_markdown
from beatporter.memory.megabytes import megabytes
from beatporter.memory.overview import GenreMemory, Overview, overview_line, overview_markdown
from beatporter.memory.page_links import page_links
from beatporter.memory.past_runs import Standing, holders_of, rows_of, standing
from beatporter.memory.reader_process import READER, ReadingFailed
from beatporter.memory.records import MemoryReport, RunFacts, RunState
from beatporter.memory.report import make_report, report_killed
from beatporter.memory.resident import process_peak_bytes
from beatporter.records.ledger import MemoryRow
from beatporter.settings import Settings, load_settings
from beatporter.sync.outcome import LONGEST_RUN, Outcome
from beatporter.sync.workspace import calls_key
from orchestration.artifacts import publish, publish_for
from orchestration.code_version import code_version
from orchestration.events import memory_over_budget
from orchestration.run_key import run_key
from orchestration.run_processes import run_processes
from orchestration.workspace import open_ledger_of

logger = logging.getLogger(__name__)


@contextmanager
def profiled(genre: str) -> Iterator[Capture]:
    """Record the memory of the block; afterwards, even if it failed, publish the report and save its figures.

    Earlier runs that were killed are reported first.

    Raises:
        MemoryOverBudget: the run completed, took more than its budget, and `memory_strict` is set.
    """
    settings = load_settings()
    report_killed_runs(settings)
    path = settings.captures() / f"{names.memory_artifact(genre)}.bin"
    traces = settings.profile != "off"
    if traces:
        READER.start()
    facts = _facts(genre)
    state: RunState = "failed"
    over = None
    with capture(path, enabled=traces, native=settings.profile == "native") as recorded:
        record = record_file(path, recorded.started_at)
        recorded.on_step = lambda now: keep_record(record, facts, now)
        recorded.on_step(recorded)
        try:
            yield recorded
            state = "completed"
        finally:
            recorded.stop()
            report = make_report(recorded, facts, state, run_processes())
            over = _publish(settings, report)
            forget(record)
            prune(settings.captures(), KEPT, utc_now())
    if over and settings.memory_strict:
        raise over.error(genre)


def report_killed_runs(settings: Settings) -> None:
    """Report the runs of this machine whose process died without a report; the remaining capture shows who held what."""
    for record in left_records(settings.captures()):
        report = report_killed(record)
        logger.warning(
            "The run of %s that began at %s was killed; memory-%s says more.", report.facts.genre, report.started_at, report.facts.genre
        )
        markdown = report_markdown(report, _surroundings(settings, report))
        _publish_for(record, markdown, report_line(report, settings.memory_budget(report.facts.genre)))
        forget(record.path)


def publish_memory(outcomes: Mapping[str, Outcome], *, one_process: bool) -> None:
    """Publish `memory`: the genres of a parent run side by side.

    Args:
        one_process: the genres ran one after the other in the parent's process.
    """
    settings = load_settings()
    report_killed_runs(settings)
    rows = _rows_of_run(settings, outcomes)
    genres = [_genre_memory(slug, outcome, rows.get(slug)) for slug, outcome in outcomes.items()]
    overview = Overview(genres, one_process, megabytes(process_peak_bytes()), run_processes(), _over_budgets(settings, genres))
    publish(names.MEMORY, overview_markdown(overview), overview_line(overview))


def with_memory(outcome: Outcome, memory: Capture) -> Outcome:
    """The outcome with the kernel's figures so far, in MB, and the duration."""
    memory.look()
    return replace(
        outcome,
        peak_memory_mb=megabytes(memory.peak_rss_bytes),
        memory_before_mb=megabytes(memory.rss_before_bytes),
        memory_after_mb=megabytes(memory.rss_after_bytes),
        duration_s=round(memory.duration_s, 2),
    )


def _facts(genre: str) -> RunFacts:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return RunFacts(
        genre=genre,
        run_key=run_key(),
        run_id=str(run.id) if run else "",
        shared_process=bool(run and run.parent_task_run_id and not run.deployment_id),
        code_version=code_version()[:12],
        host=f"{platform.system()} {platform.machine()}, Python {'.'.join(platform.python_version_tuple()[:2])}",
    )


def _publish(settings: Settings, report: MemoryReport) -> OverBudget | None:
    """Publish a run's page, save its rows, and report a run above its budget."""
    genre, budget_mb = report.facts.genre, settings.memory_budget(report.facts.genre)
    publish(names.memory_artifact(genre), report_markdown(report, _surroundings(settings, report)), report_line(report, budget_mb))
    over = over_budget(report, budget_mb)
    if over:
        logger.warning("%s: %s", genre, over.words())
        memory_over_budget(report.facts, over)
    return over


def _surroundings(settings: Settings, report: MemoryReport) -> Surroundings:
    """Compare the run with the genre's earlier runs in the ledger, and save its rows there."""
    links = [*page_links(settings.memory_url, report.capture), *_copied(settings, report)]
    return Surroundings(_kept(settings, report), settings.memory_budget(report.facts.genre), links)


def _copied(settings: Settings, report: MemoryReport) -> list[tuple[str, str]]:
    """The link to the capture's copy; empty if none is wanted or made."""
    if not (settings.memory_captures and report.capture):
        return []
    try:
        READER.copy(settings.captures() / report.capture, settings.memory_captures)
    except ReadingFailed as error:
        logger.warning("%s: %s", report.facts.genre, error)
        return []
    return [copy_link(settings.memory_captures, report.capture)]


def _kept(settings: Settings, report: MemoryReport) -> Standing | None:
    """Save the run's rows and compare it with the earlier ones. None if the ledger cannot be used."""
    try:
        genre_id = settings.find_list(report.facts.genre).genre_id
        with open_ledger_of(settings) as ledger:
            found = standing(report, ledger.memory.runs(genre_id))
            rows = rows_of(report, genre_id, history_rows=ledger.memory.history_rows(), searches=_searches(ledger, report.facts))
            ledger.memory.append(rows)
    except BeatporterError as error:
        logger.warning("The memory figures of %s could not be saved in the ledger: %s", report.facts.genre, error)
        return None
    return found


def _searches(ledger: Ledger, facts: RunFacts) -> int:
    return ledger.calls.by_kind(utc_now() - LONGEST_RUN, calls_key(facts.run_key, facts.genre)).get("search", 0)


def _rows_of_run(settings: Settings, slugs: Iterable[str]) -> dict[str, MemoryRow]:
    """The ledger's figures for each genre in this run, including failed and killed ones."""
    found: dict[str, MemoryRow] = {}
    try:
        with open_ledger_of(settings) as ledger:
            for slug in slugs:
                latest = ledger.memory.runs(settings.find_list(slug).genre_id, 1)
                if latest and latest[0].run_key == run_key():
                    found[slug] = latest[0]
    except BeatporterError as error:
        logger.warning("The genres' memory figures cannot be read from the ledger: %s", error)
    return found


def _genre_memory(slug: str, outcome: Outcome, row: MemoryRow | None) -> GenreMemory:
    """A genre's figures as its run returned them, otherwise from the ledger."""
    before, peak, after = outcome.memory_before_mb, outcome.peak_memory_mb, outcome.memory_after_mb
    if row is None:
        return GenreMemory(slug, before, peak, after)
    left = tuple(holders_of(row, "left"))
    if peak is None:
        before, peak, after = (megabytes(size) for size in (row.before_bytes, row.peak_bytes, row.after_bytes))
    return GenreMemory(slug, before, peak, after, left)


def _over_budgets(settings: Settings, genres: Iterable[GenreMemory]) -> dict[str, str]:
    return {
        one.genre: OverBudget(peak, budget, "", "").words()
        for one in genres
        if (peak := one.peak_mb or 0) > (budget := settings.memory_budget(one.genre))
    }


def _publish_for(record: FlightRecord, markdown: str, line: str) -> None:
    key = names.memory_artifact(record.facts.genre)
    try:
        run_id = UUID(record.facts.run_id)
    except ValueError:  # it ran outside Prefect
        publish(key, markdown, line)
        return
    publish_for(run_id, key, markdown, line)
