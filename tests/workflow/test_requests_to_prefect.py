"""What each further genre of a run asks of Prefect's server: counts, see docs/decisions/between-genres.md."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.world import Options, Sandbox
from tests.prefect_api import ask
from tests.timeouts import TIMEOUT_S

GENRES = ["house", "dubstep", "bass-house"]
COUNTED = """
import json, re, sys, threading
import httpx
counted = []
send = httpx.Client.send
def counting_send(client, request, **options):
    answer = send(client, request, **options)
    path = request.url.path.partition("/api/")[2]
    if path and threading.current_thread() is threading.main_thread() and answer.status_code < 500:
        kind = re.sub("[0-9a-f]{8}-[0-9a-f-]{27}", "ID", path)
        answer.read()
        made = answer.json()["id"] if (request.method, kind) == ("POST", "flow_runs/") else None
        counted.append((request.method + " /" + kind, made))
    return answer
httpx.Client.send = counting_send
ended = []
def before():
    from orchestration import fan_out
    result = fan_out.genre_result
    def genre_result(*arguments):
        found = result(*arguments)
        ended.append(len(counted))
        return found
    fan_out.genre_result = genre_result
from beatporter.settings import load_settings
from cli.sync import run_here
document = run_here(load_settings(), sys.argv[1:], quiet=True, before=before)
print(json.dumps({"counted": counted, "ended": ended, "document": document}))
"""


def test_a_further_genre_asks_prefects_server_for_no_more_than_it_must(server: str, environment: dict[str, str], tmp_path: Path) -> None:
    with Sandbox(Options(genres=tuple(GENRES))) as sandbox:  # its own: it fills playlists that another ledger does not know
        home = {"BEATPORTER_HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(
            [sys.executable, "-c", COUNTED, *GENRES],
            cwd=tmp_path,
            env={**environment, **sandbox.environment(), **home},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    assert {one["state"] for one in found["document"]["genres"].values()} == {"completed"}
    second, third = found["ended"][1:]
    asked = Counter(kind for kind, _ in found["counted"][second:third])
    prefects_own = {
        "POST /flow_runs/filter": 1,  # was this subflow begun before?
        "POST /flows/": 1,
        "POST /flow_runs/": 1,
        "POST /flow_runs/ID/set_state": 2,
        "GET /flow_runs/ID": 1,
    }
    ours = {
        "PATCH /flow_runs/ID": 2,  # the run's name, and its tag
        "GET /health": 2,  # before each artifact
        "POST /artifacts/": 2,
        "PATCH /artifacts/ID": 1,  # progress
    }
    assert asked == prefects_own | ours

    runs = {f"prefect.flow-run.{made}" for _, made in found["counted"] if made}
    assert len(runs) == 1 + len(GENRES)
    about = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": sorted(runs)}}, "limit": 50}
    beaten = {one["resource"]["prefect.resource.id"] for one in ask(server, "/events/filter", about)["events"]}
    assert beaten == runs, "a run without a heartbeat is not noticed when its process dies"
