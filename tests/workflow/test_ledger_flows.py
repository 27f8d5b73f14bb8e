"""The flows that maintain the ledger, in Prefect's test harness: what they do, show, and report about damage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State
from prefect.testing.utilities import prefect_test_harness

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import CallRow, HistoryRow
from flows.archive_ledger import archive_ledger
from flows.maintain_ledger import maintain_ledger
from tests.timeouts import TIMEOUT_S

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=TIMEOUT_S):
        yield


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A few tracks, an old call, and a place for an archive."""
    monkeypatch.setenv("BEATPORTER_DATABASE", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("BEATPORTER_ARCHIVE", str(tmp_path / "archive"))
    made = open_ledger(tmp_path / "ledger.db")
    made.history.append("P", [HistoryRow(f"track {n}", None, f"ada - {n}", n, "chart", T0) for n in range(1_500)])
    made.calls.append([CallRow(datetime.now(UTC) - timedelta(days=40), "search", 1, "run")])
    yield made
    made.close()


def page(key: str) -> str:
    artifact = Artifact.get(key)
    assert artifact is not None, f"the flow left no artifact {key}"
    return str(artifact.data)


def ended(state: State[Any]) -> tuple[str, str]:
    return state.name or "", state.message or ""


def test_a_person_reads_what_was_archived_and_a_second_run_has_nothing_new(ledger: Ledger) -> None:
    archive_ledger()
    assert "| history | 1,500 |" in page("archive-ledger")
    archive_ledger()
    assert page("archive-ledger") == "Nothing was new."


def test_the_weekly_run_says_what_it_read_dropped_and_rebuilt(ledger: Ledger) -> None:
    archive_ledger()
    maintain_ledger()
    for line in (
        "| Rows read | 1,501 |",
        "| Rows not archived yet | 0 |",
        "| Too old, dropped | 1 calls, 0 listings, 0 memory, 0 backups |",
        "| Drill | 1,501 rows",
    ):
        assert line in page("maintain-ledger")


def test_damage_fails_the_weekly_run_and_is_shown_on_its_page(ledger: Ledger, tmp_path: Path) -> None:
    archive_ledger()
    file = next((tmp_path / "archive").glob("history/*/*.parquet"))
    file.write_bytes(file.read_bytes()[:-50])
    name, message = ended(maintain_ledger(return_state=True))
    assert name == "Damaged"
    assert file.name in message
    assert file.name in page("maintain-ledger").replace("\\", "")
    assert ledger.calls.made_since(T0 - timedelta(days=100)) == 1, "nothing was dropped"


def test_without_an_archive_one_says_what_to_set_and_the_other_continues(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEATPORTER_ARCHIVE")
    name, message = ended(archive_ledger(return_state=True))
    assert name == "Failed"
    assert "BEATPORTER_ARCHIVE" in message
    maintain_ledger()
    assert "no archive is set" in page("maintain-ledger")
