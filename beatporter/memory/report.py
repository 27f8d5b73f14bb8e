"""A report of a captured run, its details read by a child process within a time limit.

A report is for looking at: when the child fails, the report has the kernel's figures and says what is missing, and the run goes on.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from beatporter.memory.capture import Capture
from beatporter.memory.markdown import report_markdown
from beatporter.memory.records import Details, Holder, MemoryReport, Moment

__all__ = ["make_report", "report_markdown"]

logger = logging.getLogger(__name__)
TIMEOUT_S = 60.0
_ROOT = Path(__file__).resolve().parents[2]
_OURS = "BEATPORTER_"


def make_report(capture: Capture, *, timeout_s: float = TIMEOUT_S) -> MemoryReport:
    """The report of a capture that has stopped.

    Args:
        timeout_s: how long the child may read; reading takes about a second.
    """
    details, problem = (None, "") if capture.file is None else _read_apart(capture.file, timeout_s)
    if problem:
        logger.warning("The memory report has no details: %s", problem)
    return MemoryReport(
        started_at=capture.started_at,
        duration_s=capture.duration_s,
        rss_before_bytes=capture.rss_before_bytes,
        rss_after_bytes=capture.rss_after_bytes,
        peak_rss_bytes=capture.peak_rss_bytes,
        peak_is_exact=capture.peak_is_exact,
        details=details,
        note=" ".join(part for part in (capture.note, problem) if part),
        capture=capture.file.name if capture.file else "",
    )


def _read_apart(file: Path, timeout_s: float) -> tuple[Details | None, str]:
    """The capture's details as the child read them, or the reason why there are none."""
    command = [sys.executable, "-m", "beatporter.memory", str(file.resolve())]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=True, env=_environment())  # noqa: S603 - ours
        return _details(json.loads(child.stdout)), ""
    except subprocess.TimeoutExpired:
        return None, f"Reading the capture took longer than {timeout_s:g} s."
    except subprocess.CalledProcessError as error:
        last_line = (error.stderr or "").strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        return None, f"The capture could not be read: {last_line[0].replace(str(file.resolve().parent), '')[:200]}."
    except (OSError, ValueError, KeyError, TypeError) as error:
        return None, f"The capture could not be read ({type(error).__name__})."


def _environment() -> dict[str, str]:
    """The child needs to find this package, and none of our settings, which hold secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    paths = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths)}


def _details(document: dict[str, Any]) -> Details:
    return Details(
        peak_bytes=int(document["peak_bytes"]),
        import_bytes=int(document["import_bytes"]),
        allocations=int(document["allocations"]),
        places=tuple(Holder(**holder) for holder in document["places"]),
        own=tuple(Holder(**holder) for holder in document["own"]),
        timeline=tuple(Moment(**moment) for moment in document["timeline"]),
    )
