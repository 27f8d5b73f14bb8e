"""After any failure the artifact says what happened, what to do and the key, and the ledger has a row. Never a secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Cancelling, Completed, Crashed, Failed

from beatporter.errors import BeatporterError, LedgerCorrupt, LedgerUnavailable, QuotaExceeded, SignInExpired
from beatporter.ledger.ledger import open_ledger
from beatporter.progress import Progress, listening
from beatporter.records.ledger import RunRow
from beatporter.settings import load_settings
from orchestration import artifacts, failure, run_key
from orchestration.failure import (
    MAX_ERROR_CHARACTERS,
    damaged,
    explain,
    failed,
    report_genre_failure,
    report_ledger_failure,
    report_run_failure,
)
from orchestration.results import GenresFailed, UnexpectedError
from tests.unit.prefect_fakes import FakeClient, at_work, flow_run

EXPIRED = SignInExpired("Spotify no longer accepts the sign-in.", "Run `beatporter login`.")
FLOW: Any = None


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr(artifacts, "get_client", lambda **_: made)
    monkeypatch.setattr(run_key, "get_client", lambda **_: made)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Iterator[FlowRun]:
    with at_work(tmp_path, parameters={"genre": "house"}) as made:
        yield made


def row(genre: str = "house") -> RunRow | None:
    settings = load_settings()
    return open_ledger(settings.ledger_address()).runs.latest(settings.all_genres()[genre].genre_id)


@pytest.mark.parametrize(
    ("state", "what", "remedy"),
    [
        (failed(EXPIRED), "Spotify no longer accepts the sign-in.", "Run `beatporter login`."),
        (Failed(data=KeyError("x")), "Something unexpected happened: KeyError: 'x'", "report it"),
        (Failed(data=UnexpectedError("KeyError: 'x'")), "Something unexpected happened: KeyError: 'x'", "report it"),
        (Failed(message="It broke."), "Failed: It broke.", "Retry this run."),
        (Failed(name="TimedOut", message="Flow run exceeded timeout", data=TimeoutError()), "TimedOut: Flow run exceeded timeout", "Retry"),
        (Crashed(message="Process exited with status code: -9."), "Crashed: Process exited with status code: -9.", "Retry this run."),
        (Crashed(), "The run ended as Crashed.", "Retry this run."),
        (Cancelling(), "The run was cancelled.", "Retry it"),
        (Cancelled(message="by a person"), "The run was cancelled.", "Retry it"),
    ],
)
def test_every_end_is_explained(state: State[Any], what: str, remedy: str) -> None:
    error = explain(state)
    assert error.what == what
    assert remedy in error.remedy


def test_a_result_that_cannot_be_read_leaves_the_states_own_words() -> None:
    class Gone:
        def get(self) -> None:
            raise FileNotFoundError("the result storage of another machine")

    state = Failed(message="Spotify no longer accepts the sign-in.")
    object.__setattr__(state, "data", Gone())
    object.__setattr__(state, "result", lambda **_: Gone().get())
    assert explain(state).what == "Failed: Spotify no longer accepts the sign-in."


def test_an_unexpected_errors_text_is_one_line_of_bounded_length() -> None:
    what = explain(Failed(data=ValueError("long\n" * 1000))).what
    assert "\n" not in what
    assert len(what) < MAX_ERROR_CHARACTERS + 50


def test_an_expected_failure_carries_its_own_words_and_its_error() -> None:
    state = failed(EXPIRED)
    assert state.is_failed()
    assert state.message == str(EXPIRED)
    assert state.data is EXPIRED


@pytest.mark.parametrize("state", [failed(EXPIRED), Failed(data=KeyError("x")), Crashed(message="killed"), Cancelling()])
def test_a_genres_failure_leaves_its_artifact_and_its_row(state: State[Any], client: FakeClient, run: FlowRun) -> None:
    report_genre_failure(flow=FLOW, flow_run=run, state=state)
    (page,) = client.published
    assert (page.key, page.type, page.description, page.flow_run_id) == ("sync-house", "markdown", "failed", run.id)
    assert "house: failed" in page.data
    assert "**What to do:**" in page.data
    assert f"Run key: {run.id}" in page.data
    kept = row()
    assert kept is not None
    assert (kept.state, kept.error) == ("failed", str(explain(state)))


def test_a_genre_of_a_parent_names_the_parents_key(client: FakeClient, tmp_path: Path) -> None:
    parent, child = flow_run(), flow_run(parent_task_run_id=uuid4(), parameters={"genre": "house"})
    client.runs, client.parents = {parent.id: parent}, {child.parent_task_run_id: parent.id}
    with at_work(tmp_path):
        report_genre_failure(FLOW, child, failed(EXPIRED))
    assert f"Run key: {parent.id}" in client.published[0].data


def test_a_failed_ledger_still_leaves_the_artifact(client: FakeClient, run: FlowRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: object) -> None:
        raise LedgerUnavailable("The ledger's database is locked.", "Wait.")

    monkeypatch.setattr(failure, "open_ledger_of", broken)
    report_genre_failure(FLOW, run, failed(LedgerUnavailable("The ledger's database is locked.", "Wait.")))
    assert "is locked" in client.published[0].data


def test_a_server_that_is_away_still_leaves_the_row(client: FakeClient, tmp_path: Path) -> None:
    client.away = True
    with at_work(tmp_path):
        report_genre_failure(FLOW, flow_run(parent_task_run_id=uuid4(), parameters={"genre": "house"}), failed(EXPIRED))
        kept = row()
    assert kept is not None
    assert kept.error == str(EXPIRED)


def test_a_name_that_is_no_artifacts_key_does_not_keep_the_row_from_the_ledger(client: FakeClient, run: FlowRun) -> None:
    failure.publish_for(run.id, "sync-My_Genre", "text", "failed")
    assert not client.published


def test_a_dry_run_leaves_nothing_in_the_ledger(client: FakeClient, run: FlowRun) -> None:
    report_genre_failure(FLOW, flow_run(parameters={"genre": "house", "dry_run": True}), failed(EXPIRED))
    assert client.published
    assert row() is None


def test_an_unknown_genre_has_no_row_and_no_further_error(client: FakeClient, run: FlowRun) -> None:
    report_genre_failure(FLOW, flow_run(parameters={"genre": "hous"}), failed(EXPIRED))
    assert client.published[0].key == "sync-hous"


def test_refused_parameters_leave_nothing(client: FakeClient, run: FlowRun) -> None:
    report_genre_failure(FLOW, flow_run(parameters={}), Failed(message="Validation of flow parameters failed"))
    assert not client.published


def test_listeners_are_told(client: FakeClient, run: FlowRun) -> None:
    told: list[Progress] = []
    with listening(told.append):
        report_genre_failure(FLOW, run, failed(EXPIRED))
    assert [(one.genre, one.step, one.note) for one in told] == [("house", "failed", str(EXPIRED))]


@pytest.mark.parametrize("end", [Failed(data=RuntimeError("refused: refresh-t0ken")), Crashed(message="refused: refresh-t0ken")])
def test_no_secret_is_in_what_an_unexpected_failure_leaves(
    end: State[Any], client: FakeClient, run: FlowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_REFRESH_TOKEN", "refresh-t0ken")
    report_genre_failure(FLOW, run, end)
    kept = row()
    assert kept is not None
    assert "refresh-t0ken" not in client.published[0].data + str(kept.error)
    assert "refused" in str(kept.error)


QUOTA = QuotaExceeded("The quota is spent.", "Wait.", until=datetime(2026, 11, 24, tzinfo=UTC))


@pytest.mark.parametrize("error", [EXPIRED, QUOTA, LedgerUnavailable("The ledger is locked.")])
def test_a_parents_failure_leaves_its_summary(error: BeatporterError, client: FakeClient, run: FlowRun) -> None:
    report_run_failure(flow=FLOW, flow_run=run, state=failed(error))
    (page,) = client.published
    assert (page.key, page.flow_run_id) == ("summary", run.id)
    assert error.what in page.data
    assert f"Run key: {run.id}" in page.data


@pytest.mark.parametrize("state", [Failed(data=KeyError("x")), Crashed(message="killed"), Cancelling()])
def test_so_does_any_other_end_of_it(state: State[Any], client: FakeClient, run: FlowRun) -> None:
    report_run_failure(FLOW, run, state)
    assert client.published[0].key == "summary"
    assert explain(state).what.split(":")[0] in client.published[0].data


def test_a_parent_that_came_to_its_end_keeps_the_summary_that_it_published(client: FakeClient, run: FlowRun) -> None:
    report_run_failure(FLOW, run, Failed(data=GenresFailed("1 of 2 genres failed: house", {"genres": {}})))
    assert not client.published


ARCHIVE: Any = SimpleNamespace(name="archive-ledger")


@pytest.mark.parametrize("state", [failed(EXPIRED), Failed(data=KeyError("x")), Crashed(message="killed"), Cancelling()])
def test_a_maintenance_flow_leaves_its_artifact(state: State[Any], client: FakeClient, run: FlowRun) -> None:
    report_ledger_failure(flow=ARCHIVE, flow_run=run, state=state)
    (page,) = client.published
    assert (page.key, page.flow_run_id) == ("archive-ledger", run.id)
    assert explain(state).what.split(":")[0] in page.data


def test_what_it_found_damaged_stays_on_its_page(client: FakeClient, run: FlowRun) -> None:
    state = damaged(LedgerCorrupt("A row is missing.", "See the artifact."))
    report_ledger_failure(ARCHIVE, run, state)
    assert not client.published
    assert (state.is_failed(), state.message) == (True, "A row is missing. See the artifact.")


def test_a_completed_state_has_its_result() -> None:
    assert failure.result_of(Completed(data={"state": "completed"})) == {"state": "completed"}
    assert failure.result_of(Crashed()) is None
