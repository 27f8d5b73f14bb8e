"""Charts and labels besides genres, through Prefect: by the command, by the parent, by their deployments; Challenged and Waiting."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import Options, Sandbox
from tests.prefect_api import artifact, ask, start_run, wait_for_end, wait_for_success
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BEATPORTER = Path(sys.executable).with_name("beatporter")
WEEKLY = "chart:other-picks-%Y-week-%V"


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("house", "dubstep"))) as running:
        yield running


@pytest.fixture
def beatporter(own_sandbox: Sandbox, server: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Run]:
    """Runs `beatporter …` in an empty folder, against a sandbox and with the server of these tests."""

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        own = {**environment, **own_sandbox.environment(), "BEATPORTER_HOME": str(tmp_path / "home"), **extra}
        return subprocess.run(
            [str(BEATPORTER), *arguments], cwd=tmp_path, env=own, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    yield run
    own_sandbox.beatport.challenges = False
    own_sandbox.beatport.left_out = set()


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["genres"]
    return found


def newest_run(api: str, name: str) -> dict[str, Any]:
    runs = ask(api, "/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}, "sort": "START_TIME_DESC", "limit": 1})
    found: dict[str, Any] = runs[0]
    return found


def test_a_run_of_everything_syncs_what_was_subscribed_to_each_as_a_run_of_its_own(
    beatporter: Run, own_sandbox: Sandbox, server: str
) -> None:
    label = own_sandbox.beatport.labels(5)[5]
    lists = {
        "BEATPORTER_GENRES": "dubstep",
        "BEATPORTER_CHARTS": json.dumps({"Ten": {"chart": "overall", "top": 10}, "Picks": WEEKLY}),
        "BEATPORTER_LABELS": json.dumps({"Mine": f"any/{label.label_id}"}),
    }
    found = outcomes(beatporter("sync", "--all", "--json", **lists))
    label_slug = f"label-any-{label.label_id}"
    assert list(found) == ["dubstep", "overall-first-10", "chart-other-picks-yyyy-week-ww", label_slug]
    assert found["overall-first-10"]["chart"] == 10
    assert found["chart-other-picks-yyyy-week-ww"]["state"] == "waiting"
    assert found[label_slug]["state"] == "completed"
    playlists = {playlist.name for playlist in own_sandbox.spotify.library()}
    assert {"Beatport: Ten - Top 10", "Beatport: Mine"} <= playlists
    assert "Beatport: Picks" not in playlists
    waiting = newest_run(server, "chart-other-picks-yyyy-week-ww")
    assert (waiting["state"]["type"], waiting["state"]["name"]) == ("COMPLETED", "Waiting")
    assert "Beatporter waits for it" in artifact(server, "sync-chart-other-picks-yyyy-week-ww")
    assert "| 1 |" in artifact(server, "sync-overall-first-10")
    status = beatporter("status", **lists)
    assert "overall-first-10" in status.stdout
    assert "waiting" in status.stdout


def test_named_ones_run_without_being_subscribed_to_and_wrong_ones_are_told(beatporter: Run, own_sandbox: Sandbox) -> None:
    address = f"chart:{own_sandbox.beatport_url}/chart/any/800050"
    found = outcomes(beatporter("sync", address, "hype:dubstep", "--json"))
    assert list(found) == ["chart-any-800050", "hype-dubstep"]
    assert all(one["state"] == "completed" for one in found.values())
    for wrong, says in (("chart:", "Write overall"), ("https://evil.example/chart/x/1", "not a Beatport address"), ("hous", "house")):
        done = beatporter("sync", wrong)
        assert done.returncode == 2, done.stdout
        assert says in done.stderr


def test_a_challenge_ends_a_run_as_challenged_with_and_without_an_older_chart(beatporter: Run, own_sandbox: Sandbox, server: str) -> None:
    only = {"BEATPORTER_CHART_SOURCE": "website,inbox", "BEATPORTER_STALE_CHART_DAYS": "3"}
    assert beatporter("sync", "house", "--json", **only).returncode == 0
    own_sandbox.beatport.challenges = True
    done = beatporter("sync", "house", "dubstep", "--json", **only)
    assert done.returncode == 1
    found = outcomes(done)
    assert (found["house"]["state"], found["dubstep"]["state"]) == ("challenged", "failed")
    assert "proof of a human" in found["dubstep"]["error"]
    assert "left alone until" in found["dubstep"]["error"]
    house, dubstep = newest_run(server, "house"), newest_run(server, "dubstep")
    assert (house["state"]["type"], house["state"]["name"]) == ("COMPLETED", "Challenged")
    assert (dubstep["state"]["type"], dubstep["state"]["name"]) == ("FAILED", "Challenged")
    assert "could not be read" in artifact(server, "sync-house")
    assert own_sandbox.requests.entries(service="beatport")[-1].kind == "genre-top-100"
    status = json.loads(beatporter("status", "--json", **only).stdout)
    assert status["chart_sources"]["website"]["challenges_in_a_row"] == 1
    assert status["chart_sources"]["website"]["rests_until"]
    events = ask(server, "/events/filter", {"filter": {"event": {"name": ["beatporter.chart.noted"]}}})
    assert events["total"] >= 1


def test_a_bug_report_has_the_copy_versions_and_the_log_and_no_secret(beatporter: Run, own_sandbox: Sandbox, tmp_path: Path) -> None:
    own_sandbox.beatport.left_out = {"mix_name"}
    failed = beatporter("sync", "dubstep", "--json", BEATPORTER_CHART_SOURCE="api")
    assert "mix_name is missing" in outcomes(failed)["dubstep"]["error"]
    done = beatporter("report-bug", "--to", "report.zip", BEATPORTER_CHART_SOURCE="api")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "report.zip") as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert "mix_name is missing" in next(text for name, text in texts.items() if name.startswith("bad-charts/"))
    assert "prefect 3" in texts["versions.txt"]
    assert "dubstep" in texts["log.txt"]
    whole = "\n".join(texts.values())
    for name, value in own_sandbox.environment().items():
        if "TOKEN" in name or "SECRET" in name:
            assert value not in whole, name
    assert str(tmp_path) not in whole
    assert "exists already" in beatporter("report-bug", "--to", "report.zip").stderr


def test_the_list_of_genres_is_compared_with_beatports_own(beatporter: Run) -> None:
    done = beatporter("genres", "--check")
    assert done.returncode == 0, done.stderr
    assert "Gone: techno-peak-time-driving (6)." in done.stdout, "this sandbox has two genres and those of 2026"
    assert "rock" not in done.stdout
    plain = beatporter("genres", COLUMNS="40")
    assert "electro-classic-detroit-modern" in plain.stdout


def test_their_deployments_take_an_address_and_run_alone(server: str, worker: Path, sandbox: Sandbox) -> None:
    schema = ask(server, "/deployments/name/sync-chart/sync-chart")["parameter_openapi_schema"]
    assert set(schema["properties"]) == {"chart", "top", "kinds", "dry_run", "refresh"}
    chart = start_run(server, "sync-chart/sync-chart", {"chart": f"{sandbox.beatport_url}/top-100", "top": 10})
    label_id = sandbox.beatport.labels(18)[4].label_id
    label = start_run(server, "sync-label/sync-label", {"label": f"{sandbox.beatport_url}/label/any/{label_id}"})
    for run_id in (chart, label):
        wait_for_success(server, run_id, worker)
    assert len(sandbox.spotify.person.track_ids("Beatport: Overall - Top 10")) >= 8
    assert artifact(server, f"sync-label-any-{label_id}")
    wrong = start_run(server, "sync-chart/sync-chart", {"chart": "https://evil.example/chart/x/1"})
    failed = wait_for_end(server, wrong, worker)
    assert failed["state"]["type"] == "FAILED"
    assert "not a Beatport address" in failed["state"]["message"]
