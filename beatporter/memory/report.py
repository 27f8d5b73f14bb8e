"""Makes the report of a captured or killed run. Missing parts do not fail it: `note` names them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from beatporter.memory.capture import Capture
from beatporter.memory.flight_record import FlightRecord
from beatporter.memory.reader_process import READER, TIMEOUT_S, ReadingFailed
from beatporter.memory.records import Details, MemoryReport, ProcessMemory, RunFacts, RunState, Step

logger = logging.getLogger(__name__)

KILLED = "The run's process was killed: by the kernel because memory ran out, by a person, or with its machine."


def make_report(
    capture: Capture,
    facts: RunFacts,
    state: RunState = "completed",
    processes: tuple[ProcessMemory, ...] = (),
    *,
    timeout_s: float = TIMEOUT_S,
) -> MemoryReport:
    """Report a capture that has stopped.

    Args:
        processes: the run's processes, with their current memory.
        timeout_s: how long reading may take; usually it takes a tenth of a second.
    """
    details, problem = _read(capture.file, capture.steps, capture.started_at.timestamp(), timeout_s)
    return MemoryReport(
        facts=facts,
        state=state,
        started_at=capture.started_at,
        duration_s=capture.duration_s,
        rss_before_bytes=capture.rss_before_bytes,
        rss_after_bytes=capture.rss_after_bytes,
        peak_rss_bytes=capture.peak_rss_bytes,
        peak_is_exact=capture.peak_is_exact,
        process_peak_bytes=capture.process_peak_bytes,
        steps=tuple(capture.steps),
        details=details,
        note=" ".join(part for part in (capture.note, problem) if part),
        capture=capture.file.name if capture.file else "",
        processes=processes,
    )


def report_killed(record: FlightRecord, *, timeout_s: float = TIMEOUT_S) -> MemoryReport:
    """Report a killed run from its record: what was in RAM at its last sample, and who held it."""
    details, problem = _read(record.capture, record.steps, record.started_at.timestamp(), timeout_s)
    timeline = details.timeline if details else ()
    last_s = max([moment.at_s for moment in timeline] + [step.end_s or step.start_s for step in record.steps], default=0.0)
    peaks = [moment.rss_bytes for moment in timeline] + [step.peak_bytes for step in record.steps if step.peak_bytes]
    last = details.last_rss_bytes if details else None
    return MemoryReport(
        facts=record.facts,
        state="killed",
        started_at=record.started_at,
        duration_s=last_s,
        rss_before_bytes=record.rss_before_bytes,
        rss_after_bytes=last,
        peak_rss_bytes=max(peaks, default=None),
        peak_is_exact=False,
        process_peak_bytes=None,
        steps=record.steps,
        details=details,
        note=" ".join(part for part in (KILLED, problem) if part),
        capture=record.capture.name if record.capture else "",
    )


def _read(file: Path | None, steps: Sequence[Step], began_at: float, timeout_s: float) -> tuple[Details | None, str]:
    """The capture's details, or why they are missing."""
    if file is None:
        return None, ""
    try:
        return READER.read(file, steps, began_at, timeout_s=timeout_s), ""
    except ReadingFailed as error:
        logger.warning("The memory report has no details: %s", error)
        return None, str(error)
