"""Spotify's 429s end to end: a spent quota stops every process that shares the ledger, a short wait is reported, a long one defers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.errors import RateLimited
from beatporter.ledger.ledger import open_ledger
from beatporter.progress import Progress, listening
from beatporter.settings import load_settings
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox
from tests.timeouts import TIMEOUT_S

PROCESSES = 3
LASTS_S = 3600
SEARCHER = """
import sys
from beatporter.errors import QuotaExceeded
from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from beatporter.sync.workspace import Workspace

settings = load_settings()
with Workspace(settings, open_ledger(settings.ledger_address()), run_key=sys.argv[1]) as workspace:
    try:
        for number in range(int(sys.argv[2])):
            workspace.spotify.search(f"isrc:XXABC26{number:05d}")
    except QuotaExceeded as error:
        print(error.until.isoformat())
"""


def search(environment: Mapping[str, str], name: str, times: int) -> subprocess.Popen[str]:
    """A process that searches that many times, or until the quota is spent; then it prints until when."""
    command = [sys.executable, "-c", SEARCHER, name, str(times)]
    return subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    output = process.communicate(timeout=TIMEOUT_S)[0]
    assert process.returncode == 0
    return output.strip()


def test_not_one_request_leaves_any_process_before_the_quota_is_back(tmp_path: Path) -> None:
    with Sandbox(Options(genres=("dj-tools",), daily_quota=30)) as sandbox:
        sandbox.spotify.limits.retry_after_s = LASTS_S
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("BEATPORTER_")},
            **sandbox.environment(),
            "BEATPORTER_HOME": str(tmp_path),
            "BEATPORTER_SPOTIFY_RATE": "50",
        }
        at_work = [search(environment, f"at-work-{number}", 200) for number in range(PROCESSES)]
        ends = [said(process) for process in at_work]
        assert all(ends), "a process continued after QUOTA_EXCEEDED"
        refused = sandbox.requests.count(service="spotify", status=429)
        assert 1 <= refused <= PROCESSES, "a process sent another request besides the one under way"
        sent = sandbox.requests.last_number
        assert said(search(environment, "later", 5)) == max(ends)
        assert sandbox.requests.last_number == sent, "a later run sent a request before the quota was back"
        assert open_ledger(str(tmp_path / "beatporter.db")).calls.quota_until() == datetime.fromisoformat(max(ends))


def test_a_wait_that_a_search_thread_meets_is_shown_and_logged(world: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    world.faults.add(service="spotify", kind="search", fault="rate_limited", retry_after_s=7)
    told: list[Progress] = []
    slept: list[float] = []
    settings = load_settings()
    with (
        listening(told.append),
        Workspace(settings, open_ledger(settings.ledger_address()), run_key="one", slug="house", sleep=slept.append) as workspace,
        ThreadPoolExecutor(1) as pool,
    ):
        pool.submit(workspace.spotify.search, "isrc:XXABC2600001").result()
    assert [(progress.genre, progress.step) for progress in told] == [("house", "wait")]
    assert "waiting 7 s: Spotify asks to wait 7 s (429)" in told[0].note
    assert told[0].note in caplog.text
    assert 5 < max(slept) <= 7, "time that has already passed is not waited for again"


def test_a_wait_that_is_too_long_is_refused_with_its_end(world: Sandbox) -> None:
    world.faults.add(service="spotify", kind="search", fault="rate_limited", retry_after_s=4000)
    settings, slept = load_settings(), list[float]()
    now = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    with (
        Workspace(settings, open_ledger(settings.ledger_address()), run_key="one", now=lambda: now, sleep=slept.append) as workspace,
        pytest.raises(RateLimited, match=r"4000 s, until 2026-11-02 07:07 UTC"),
    ):
        workspace.spotify.search("isrc:XXABC2600001")
    assert not [pause_s for pause_s in slept if pause_s > 1], "the wait was started anyway"
