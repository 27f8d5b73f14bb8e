"""A person's view of runs in Prefect: names, retries, an updated parent, alerts, the log, the review's form."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.client.schemas.objects import FlowRun
from prefect.events.schemas.automations import AutomationCore
from prefect.states import Cancelled, Completed, Crashed, Failed, Running

from beatporter.clock import utc_now
from beatporter.errors import ChallengeShown, PermanentError, SettingsError
from beatporter.ledger.ledger import open_ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.match import Match, RunnerUp
from beatporter.settings import load_settings
from beatporter.sync.outcome import Outcome, failures_in_a_row, keep_failure, keep_outcome, kept_outcome
from beatporter.sync.streaks import days_running, is_challenged, is_deferred
from cli.embedded_prefect import HEARTBEAT_S
from orchestration import alerts, parent, retry, review_form, server
from orchestration.failure import failed
from orchestration.results import GenresFailed
from orchestration.run_key import inline_runs
from orchestration.run_names import is_made_up
from orchestration.step_log import ENGINE_ENDED, WithoutExpectedTracebacks
from orchestration.workspace import open_workspace
from tests.unit.prefect_fakes import FakeClient, at_work, flow_run

DONE = Outcome("completed", chart=100, matched=90, added=10, not_found=10, spotify_calls=12, peak_memory_mb=200.5, duration_s=3.0)


@pytest.fixture(autouse=True)
def run(tmp_path: Path) -> Iterator[FlowRun]:
    with at_work(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "made_up"),
    [("wine-koala", True), ("Rustic-Tetra", True), ("", True), ("deep-house", False), ("my run", False), ("2026-11-27 07:00 UTC", False)],
)
def test_a_typed_name_is_told_from_a_made_up_one(name: str, made_up: bool) -> None:
    assert is_made_up(name) is made_up


def test_a_runs_figures_come_back_from_the_ledger_under_its_key_alone() -> None:
    with open_workspace("key", "house") as workspace:
        keep_outcome(workspace, "house", DONE, run_id="run")
        assert kept_outcome(workspace, "house") == DONE
        assert kept_outcome(workspace, "techno-peak-time-driving") is None
    with open_workspace("other", "house") as workspace:
        assert kept_outcome(workspace, "house") is None


def test_a_dry_run_answers_its_parent_and_counts_for_nothing_else() -> None:
    with open_workspace("key", "house") as workspace:
        keep_outcome(workspace, "house", DONE, dry_run=True)
        assert kept_outcome(workspace, "house") == DONE
        assert workspace.ledger.runs.latest(workspace.genre("house").genre_id) is None


def test_failures_are_counted_back_to_the_last_success() -> None:
    with open_workspace("key", "house") as workspace:
        counted = []
        for end in ("failed", "completed", "failed", "failed"):
            if end == "failed":
                keep_failure(workspace, "house", PermanentError("It broke."))
            else:
                keep_outcome(workspace, "house", DONE)
            counted.append(failures_in_a_row(workspace, "house"))
    assert counted == [1, 0, 1, 2]


def test_days_in_a_row_end_at_the_first_day_without() -> None:
    now = utc_now()
    with open_workspace("key", "house") as workspace:
        for days in (0, 1, 3):
            workspace.now = lambda days=days: now - timedelta(days=days)  # type: ignore[misc]
            keep_failure(workspace, "house", ChallengeShown("Beatport asked for a human."))
        workspace.now = lambda: now
        assert days_running(workspace, is_challenged).days == 2
        assert days_running(workspace, is_deferred).days == 0


def test_a_day_with_an_older_chart_after_a_challenge_counts_as_challenged() -> None:
    with open_workspace("key", "house") as workspace:
        keep_outcome(workspace, "house", replace(DONE, state="challenged"))
        found = days_running(workspace, is_challenged)
    assert (found.days, found.genre_ids) == (1, (5,))


def test_a_refused_chart_has_a_state_of_its_own() -> None:
    assert failed(ChallengeShown("No.")).name == "Challenged"
    assert failed(PermanentError("No.")).name == "Failed"


@pytest.mark.parametrize("error", [PermanentError("It broke."), GenresFailed("1 of 2", {})])
def test_an_expected_failure_has_no_traceback_in_the_log(error: Exception) -> None:
    def record(words: str, raised: Exception) -> logging.LogRecord:
        return logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, words, None, (type(raised), raised, None))

    keep = WithoutExpectedTracebacks().filter
    said = record("Task run failed", error)
    assert keep(said)
    assert said.exc_info is None
    assert not keep(record(f"{ENGINE_ENDED} exited with unexpected exception", error))
    bug = record(f"{ENGINE_ENDED} exited with unexpected exception", KeyError("x"))
    assert keep(bug)
    assert bug.exc_info is not None, "the traceback of a bug is gone"


class _Runs(FakeClient):
    """Runs of genres, newest first."""

    def __init__(self, *runs: FlowRun) -> None:
        super().__init__()
        self._runs = list(runs)

    def read_flow_runs(self, **asked: Any) -> list[FlowRun]:
        return self._runs[asked["offset"] : asked["offset"] + asked["limit"]]


def _genre_run(genre: str, state: Any) -> FlowRun:
    return flow_run(parameters={"genre": genre}, state=state, deployment_id=uuid4())


def test_the_newest_run_of_each_genre_that_did_not_complete_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, killed = _genre_run("house", Failed()), _genre_run("techno", Crashed())
    client = _Runs(broken, _genre_run("trance", Completed()), killed, _genre_run("trance", Failed()), _genre_run("dance", Running()))
    monkeypatch.setattr(retry, "get_client", lambda sync_client: client)
    assert [one.genre for one in retry.retry_runs(None)] == ["house", "techno"]
    assert [(run_id, state.name) for run_id, state, _ in client.set] == [(broken.id, "AwaitingRetry"), (killed.id, "AwaitingRetry")]
    for genre in ("trance", "dance", "unknown"):
        with pytest.raises(PermanentError, match=genre):
            retry.retry_runs(["house", genre])
    assert len(client.set) == 2, "something was retried although a name was wrong"


@pytest.mark.parametrize(("state", "updated"), [(Failed(), True), (Cancelled(), True), (Running(), False)])
def test_an_ended_parent_is_brought_up_to_date_and_one_at_work_is_not(
    state: Any, updated: bool, monkeypatch: pytest.MonkeyPatch, run: FlowRun
) -> None:
    client = FakeClient()
    above = flow_run(state=state, parameters={"genres": ["house", "trance-main-floor"]})
    child = flow_run(parent_task_run_id=uuid4(), parameters={"genre": "house"})
    client.runs, client.parents = {above.id: above}, {child.parent_task_run_id: above.id}  # type: ignore[dict-item]
    seen: list[dict[str, Outcome]] = []

    def conclude(outcomes: dict[str, Outcome], key: str, parent_id: object, *, dry_run: bool) -> Any:
        assert not dry_run
        seen.append(outcomes)
        return Completed(message="2 genres")

    monkeypatch.setattr(parent, "get_client", lambda sync_client: client)
    monkeypatch.setattr(parent, "run_key_of", lambda _run: "key")
    monkeypatch.setattr(parent, "conclude", conclude)
    with open_workspace("key", "house") as workspace:
        keep_outcome(workspace, "house", DONE)
    parent.update_parent(SimpleNamespace(), child, Completed())  # type: ignore[arg-type]
    assert bool(seen) is updated
    if updated:
        assert seen[0]["house"] == DONE
        assert seen[0]["trance-main-floor"].error == parent.NOT_RUN
        ((run_id, set_to, forced),) = client.set
        assert (run_id, set_to.name, forced) == (above.id, "Completed", True)


def test_a_run_in_its_parents_process_does_not_ask_whether_its_parent_has_ended(monkeypatch: pytest.MonkeyPatch, run: FlowRun) -> None:
    client = FakeClient()
    monkeypatch.setattr(parent, "get_client", lambda sync_client: client)
    with inline_runs():
        parent.update_parent(SimpleNamespace(), flow_run(parent_task_run_id=uuid4()), Completed())  # type: ignore[arg-type]
    assert client.asked == 0


def test_the_shipped_automations_are_such_and_have_somewhere_to_go() -> None:
    block = uuid4()
    documents = yaml.safe_load(alerts.AUTOMATIONS.read_text())
    assert len({document["name"] for document in documents}) == len(documents)
    for document in documents:
        for where in (None, block):
            made = AutomationCore.model_validate({**document, "actions": [alerts._action(one, where) for one in document["actions"]]})
            kinds = {action.type for action in made.actions}
            assert kinds <= ({"do-nothing", "change-flow-run-state"} if where is None else {"send-notification", "change-flow-run-state"})


def test_a_run_that_waits_for_a_server_that_is_away_is_not_called_dead() -> None:
    (silent,) = [one["trigger"] for one in yaml.safe_load(alerts.AUTOMATIONS.read_text()) if "process died" in one["name"]]
    assert silent["within"] >= server.AWAY_S + 2 * float(HEARTBEAT_S)


def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    with pytest.raises(SettingsError, match="does not know the address"):
        alerts.notification_block(FakeClient(), "nonsense://x")  # type: ignore[arg-type]


def test_the_form_offers_each_candidate_and_later_first() -> None:
    now = utc_now()
    entry = ChartEntry(1, 77, "<b>Name</b>", ("شبكة",), "Extended Mix")
    others = (RunnerUp("a" * 22, "Other", ("B",), 70.0, "why"), RunnerUp("b" * 22, "x" * 300, ("C",), 60.0, "why"))
    match = Match(77, None, "c" * 22, "search", 80.0, "same", "1", now, None, ("doubtful",), "Taken", ("A",), runners_up=others)
    with open_ledger(load_settings().ledger_address()) as ledger:
        ledger.charts.append(Chart(load_settings().all_genres()["house"].genre_id, (entry,), now))
        ledger.matches.append([match])
    form = review_form.form_of([77], 1)
    field = form.model_json_schema()["properties"]["entry_77"]
    assert [choice.partition(":")[0] for choice in field["enum"]] == ["later", "keep", "1", "2", "none"]
    assert field["default"] == "later"
    assert max(map(len, field["enum"])) <= review_form.LONGEST + 10
    assert review_form.answers_in(form(entry_77=field["enum"][2])) == {"77": "1"}
    assert review_form.answers_in(form()) == {"77": "later"}


def test_a_page_has_ten_entries() -> None:
    assert [len(page) for page in review_form.pages_of(list(range(23)))] == [10, 10, 3]
