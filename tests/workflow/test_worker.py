"""What people do in Prefect: deploy, run one genre, retry only a failed one, run the parent with workers."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from beatporter.settings import load_settings
from sandbox.world import Sandbox
from tests.prefect_api import (
    artifact,
    ask,
    genre_runs,
    histories,
    start_run,
    task_states,
    wait_for_artifact,
    wait_for_end,
    wait_for_log,
    wait_for_success,
)
from tests.timeouts import TIMEOUT_S


def test_the_ui_offers_the_genres_to_pick_from(server: str, worker: Path) -> None:
    schema = ask(server, "/deployments/name/sync-genre/sync-genre")["parameter_openapi_schema"]
    assert set(schema["properties"]) == {"genre", "kinds", "dry_run", "refresh"}
    assert "melodic-house-techno" in schema["properties"]["genre"]["enum"]
    assert len(schema["properties"]["genre"]["enum"]) == 45


def test_a_failed_genre_is_retried_alone_and_its_finished_tasks_are_cached(
    server: str, worker: Path, prefect: Callable[..., str], sandbox: Sandbox, genre: str
) -> None:
    sandbox.faults.add(service="spotify", method="POST", kind="playlist-items", fault="server_error", status=403)
    sandbox.faults.add(service="spotify", kind="search", fault="server_error", status=403)
    run_id = start_run(server, "sync-genre/sync-genre", {"genre": genre})
    failed = wait_for_end(server, run_id, worker)
    assert failed["state"]["type"] == "FAILED", f"{failed['state']}\n{worker.read_text()[-3000:]}"
    assert failed["name"] == genre
    wait_for_artifact(server, f"sync-{genre}", f"{genre}: failed")
    wait_for_log(server, run_id, "no answer for")
    warnings = ask(server, "/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}, "level": {"ge_": 30, "le_": 30}}})
    assert [log for log in warnings if "no answer for" in log["message"]], "the domain's warning is no warning in the run's log"
    searches = sandbox.requests.count(service="spotify", kind="search")
    pages = sandbox.requests.count(service="beatport")

    prefect("flow-run", "retry", run_id)
    wait_for_success(server, run_id, worker, runs=2)
    states = task_states(server, run_id)
    assert {states["scrape-chart"], states["match-tracks"]} == {"Cached"}
    assert {states[name] for name in ("update-playlist", "append-history", "back-up-playlist")} == {"Completed"}
    assert sandbox.requests.count(service="spotify", kind="search") == searches, "the retry searched again"
    assert sandbox.requests.count(service="beatport") == pages, "the retry read the chart again"
    assert "| 1 |" in artifact(server, f"sync-{genre}")
    assert "data:image/svg+xml;base64," in artifact(server, f"memory-{genre}") or "MB" in artifact(server, f"memory-{genre}")


def test_the_morning_is_scheduled(server: str, worker: Path) -> None:
    daily = ask(server, "/deployments/name/sync-genres/daily")
    end = time.monotonic() + TIMEOUT_S
    asked = {"deployments": {"id": {"any_": [daily["id"]]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "limit": 1}
    while not (planned := ask(server, "/flow_runs/filter", asked)):  # other tests have run it, too
        assert time.monotonic() < end, "the scheduler plans no run; Prefect's server says why in its log"
        time.sleep(1)
    assert planned[0]["state"]["type"] == "SCHEDULED"


def test_wrong_parameters_are_refused_before_a_run_is_made(server: str, worker: Path) -> None:
    for deployment, parameters in {
        "sync-genres/daily": {"max_concurrent": 0},
        "sync-genre/sync-genre": {"genre": "hous"},
    }.items():
        with pytest.raises(urllib.error.HTTPError) as refused:
            start_run(server, deployment, parameters)
        assert "Validation failed" in refused.value.read().decode()


def test_the_parent_names_the_genre_that_failed_and_its_retry_runs_only_that(
    server: str, worker: Path, sandbox: Sandbox, genre: str, second_genre: str
) -> None:
    sandbox.faults.add(service="spotify", method="POST", kind="playlist-items", fault="server_error", status=403)
    parameters = {"genres": [genre, second_genre], "fan_out": "deployments", "max_concurrent": 1}
    parent = start_run(server, "sync-genres/daily", parameters)
    run = wait_for_end(server, parent, worker)
    assert run["state"]["type"] == "FAILED", f"{run['state']}\n{worker.read_text()[-3000:]}"
    assert run["state"]["message"] == f"1 of 2 genres failed: {genre}"
    errors = ask(server, "/logs/filter", {"logs": {"flow_run_id": {"any_": [parent]}, "level": {"ge_": 40}}})
    assert not [log["message"] for log in errors if "TypeError" in log["message"]]
    wait_for_artifact(server, f"sync-{genre}", f"{genre}: failed")
    name = load_settings().all_genres()[second_genre].name
    assert len(sandbox.spotify.person.track_ids(f"Beatport: {name} - Top 100")) > 80
    summary = artifact(server, "summary").splitlines()
    failed, done = (next(row.split("|") for row in summary if row.startswith(f"| [{one}]")) for one in (genre, second_genre))
    assert "**failed**" in failed[1]
    assert int(failed[5].split()[0]) > 80, "the failed genre's calls are not counted"
    assert "of 100" in failed[2]
    assert "**failed**" not in done[1]
    searches = sandbox.requests.count(service="spotify", kind="search")
    first = {name: (state, attempts) for name, state, attempts in genre_runs(server, parent)}
    assert {name: state for name, (state, _) in first.items()} == {genre: "FAILED", second_genre: "COMPLETED"}
    history = histories(server, parent)  # only a run whose process died has a second attempt: the parent retries it
    assert {attempts for _, attempts in first.values()} == {1} or "Crashed: " in history, history
    if "Crashed: " in history:
        warnings.warn(history, stacklevel=1)  # why it died is worth knowing

    ask(server, f"/flow_runs/{parent}/set_state", {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}})
    wait_for_success(server, parent, worker, runs=2)
    assert set(genre_runs(server, parent)) == {
        (genre, "COMPLETED", first[genre][1] + 1),
        (second_genre, "COMPLETED", first[second_genre][1]),
    }
    assert sandbox.requests.count(service="spotify", kind="search") == searches, "the retry searched again"


def test_every_result_that_was_stored_is_json_of_less_than_10_kb(environment: dict[str, str], worker: Path) -> None:
    stored = list((Path(environment["PREFECT_HOME"]) / "storage").iterdir())
    assert len(stored) > 10, "the runs of these tests stored their results elsewhere"
    for file in stored:
        json.loads(file.read_bytes())
        assert file.stat().st_size < 10_000
