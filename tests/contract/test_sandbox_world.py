"""The whole sandbox: two services and a control, a day that moves, a state that outlives the process, and the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from beatporter.errors import UnknownGenre
from beatporter.genres import FURTHER
from beatporter.settings import load_settings
from sandbox.state import StateUnreadable
from sandbox.world import Options, Sandbox
from tests.timeouts import TIMEOUT_S

GENRES = ("house", "tech-house")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(Options(genres=GENRES, state_file=tmp_path / "state.json")) as running:
        yield running


def _token(sandbox: Sandbox) -> str:
    environment = sandbox.environment()
    form = {"grant_type": "refresh_token", "refresh_token": environment["BEATPORTER_SPOTIFY_REFRESH_TOKEN"]}
    client = environment["BEATPORTER_SPOTIFY_CLIENT_ID"], environment["BEATPORTER_SPOTIFY_CLIENT_SECRET"]
    answer = requests.post(f"{sandbox.spotify_accounts_url}/api/token", data=form, auth=client, timeout=TIMEOUT_S)
    return str(answer.json()["access_token"])


def _spotify(sandbox: Sandbox, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {_token(sandbox)}"}
    answer = requests.request(method, sandbox.spotify_api_url + path, headers=headers, timeout=TIMEOUT_S, **options)
    assert answer.ok, answer.text
    return answer.json()


def _control(sandbox: Sandbox, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, sandbox.control_url + path, json=body, timeout=TIMEOUT_S)


def _playlist(sandbox: Sandbox, name: str, count: int = 3) -> tuple[str, list[str]]:
    """A playlist made over HTTP, and its content."""
    playlist_id = _spotify(sandbox, "POST", "/me/playlists", json={"name": name})["id"]
    tracks = list(sandbox.spotify.tracks)[:count]
    _spotify(sandbox, "POST", f"/playlists/{playlist_id}/items", json={"uris": [f"spotify:track:{track}" for track in tracks]})
    return playlist_id, tracks


def _isrc_hits(sandbox: Sandbox, isrc: str) -> set[str]:
    found = _spotify(sandbox, "GET", "/search", params={"q": f"isrc:{isrc}", "type": "track", "limit": 10})
    return {track["id"] for track in found["tracks"]["items"]}


# --- both services show one world --------------------------------------------------------------------------------


def test_the_environment_is_all_that_the_product_needs(world: Sandbox) -> None:
    settings = load_settings()
    assert settings.beatport_url == world.beatport_url
    assert settings.spotify_api_url == world.spotify_api_url
    assert settings.spotify_client_id
    assert settings.spotify_client_secret is not None
    assert settings.spotify_refresh_token is not None
    assert settings.beatport_token is not None
    assert settings.beatport_interval_s == 0


def test_what_charts_on_beatport_is_found_on_spotify_by_its_isrc(sandbox: Sandbox) -> None:
    checked = 0
    for track in sandbox.world.chart("house")[:30]:
        truth = sandbox.world.truth(track.track_id)
        if truth.same and track.isrc == sandbox.catalogue.recording(track.track_id).chart_cut.isrc:
            hits = _isrc_hits(sandbox, track.isrc)
            assert hits in (truth.same, set()), track  # the search misses one ISRC in a hundred
            checked += bool(hits)
    assert checked > 15


def test_the_next_morning_brings_new_tracks_to_both(sandbox: Sandbox) -> None:
    before = {track.track_id for track in sandbox.world.chart("house")}
    new = [track for track in sandbox.catalogue.chart(5, 1) if track.track_id not in before and track.isrc]
    there = next(track for track in new if sandbox.catalogue.truth(track.track_id, 1).same)
    right = sandbox.catalogue.truth(there.track_id, 1).same
    assert not right & set(sandbox.spotify.tracks)
    assert sandbox.world.advance_day() == 1
    assert right <= set(sandbox.spotify.tracks)
    assert [track.track_id for track in sandbox.world.chart("house")] == [track.track_id for track in sandbox.catalogue.chart(5, 1)]


def test_a_label_that_is_looked_at_is_on_spotify_too(sandbox: Sandbox) -> None:
    label = sandbox.beatport.labels(5)[0]
    old = sandbox.catalogue.label_keys(label, 0)[-1]
    assert requests.get(f"{sandbox.beatport_url}/label/x/{label.label_id}/tracks?per_page=150", timeout=TIMEOUT_S).status_code == 200
    truth = sandbox.world.truth(sandbox.catalogue.beatport_track(old).track_id)
    assert truth.same | truth.substitutes <= set(sandbox.spotify.tracks)


def test_only_the_chosen_genres_are_served(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.beatport_url}/genre/tech-house/11/top-100", timeout=TIMEOUT_S).status_code == 200
    assert requests.get(f"{sandbox.beatport_url}/genre/techno/6/top-100", timeout=TIMEOUT_S).status_code == 404
    with pytest.raises(UnknownGenre):
        Sandbox(Options(genres=("hous",)))


def test_genres_that_are_synced_only_when_named_are_served_when_named() -> None:
    with Sandbox(Options(genres=[genre.slug for genre in FURTHER])) as running:
        for genre in FURTHER:
            page = requests.get(f"{running.beatport_url}/genre/{genre.slug}/{genre.genre_id}/top-100", timeout=TIMEOUT_S)
            assert page.status_code == 200
            rows = [running.catalogue.beatport_track(key) for key in running.catalogue.days.chart(genre.genre_id, 0)]
            assert {running.catalogue.key_of(row.track_id).genre_id for row in rows} == {row.genre_id for row in rows}
            assert any(running.catalogue.truth(row.track_id).same for row in rows)
        assert requests.get(f"{running.beatport_url}/genre/house/5/top-100", timeout=TIMEOUT_S).status_code == 404


def test_one_log_and_one_script_serve_both(sandbox: Sandbox) -> None:
    sandbox.faults.add(service="beatport", fault="server_error", status=503)
    sandbox.faults.add(service="spotify", kind="search", fault="rate_limited", retry_after_s=7)
    assert requests.get(f"{sandbox.beatport_url}/top-100", timeout=TIMEOUT_S).status_code == 503
    headers = {"Authorization": f"Bearer {_token(sandbox)}"}
    limited = requests.get(f"{sandbox.spotify_api_url}/search?q=a&type=track", headers=headers, timeout=TIMEOUT_S)
    assert limited.headers["Retry-After"] == "7"
    faults = [(entry.service, entry.kind, entry.status) for entry in sandbox.requests.entries() if entry.fault]
    assert faults == [("beatport", "top-100", 503), ("spotify", "search", 429)]


@pytest.mark.parametrize(("shape", "key"), [("new", "items"), ("old", "tracks")])
def test_either_shape_of_spotify_is_available(shape: Any, key: str) -> None:
    with Sandbox(Options(genres=("dj-tools",), spotify_shape=shape)) as sandbox:
        playlist_id = _spotify(sandbox, "POST", "/me/playlists", json={"name": "Mine"})["id"]
        assert key in _spotify(sandbox, "GET", f"/playlists/{playlist_id}")


def test_a_quota_is_spent_and_comes_back_with_the_morning() -> None:
    with Sandbox(Options(genres=("dj-tools",), daily_quota=2)) as sandbox:
        headers = {"Authorization": f"Bearer {_token(sandbox)}"}
        codes = [requests.get(f"{sandbox.spotify_api_url}/me", headers=headers, timeout=TIMEOUT_S).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        sandbox.next_day()
        assert requests.get(f"{sandbox.spotify_api_url}/me", headers=headers, timeout=TIMEOUT_S).status_code == 200


# --- what outlives the process -----------------------------------------------------------------------------------


def test_day_and_playlists_outlive_a_restart(tmp_path: Path) -> None:
    options = Options(genres=GENRES, state_file=tmp_path / "state.json")
    with Sandbox(options) as sandbox:
        playlist_id, tracks = _playlist(sandbox, "Mine")
        sandbox.next_day()
    with Sandbox(options) as again:
        assert again.world.day == 1
        assert again.spotify.person.track_ids("Mine") == tracks
        items = _spotify(again, "GET", f"/playlists/{playlist_id}/items")["items"]
        assert [entry["item"]["id"] for entry in items] == tracks, "tracks of an earlier day are still in the catalogue"


def test_each_write_is_on_disk_before_it_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    _, tracks = _playlist(sandbox, "Mine")
    kept = json.loads((tmp_path / "state.json").read_text())
    assert [entry[0] for entry in kept["spotify"]["playlists"][0]["items"]] == [f"spotify:track:{track}" for track in tracks]


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "not a sandbox state"), ('{"version": 99}', "version"), ('{"version": 1, "seed": 8}', "seed 8")],
    ids=["broken", "another version", "another seed"],
)
def test_an_unusable_state_is_reported(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(StateUnreadable, match=says):
        Sandbox(Options(state_file=tmp_path / "state.json"))


# --- the control -------------------------------------------------------------------------------------------------


def test_the_control_moves_the_day_and_the_clock(sandbox: Sandbox, tmp_path: Path) -> None:
    before = sandbox.clock()
    assert _control(sandbox, "POST", "/next-day").json()["day"] == 1
    assert _control(sandbox, "POST", "/next-day", {"days": 2}).json()["day"] == 3
    assert _control(sandbox, "GET", "/state").json()["date"] == "2026-11-05"
    _control(sandbox, "POST", "/clock/advance", {"seconds": 7200})
    assert 7200 <= (sandbox.clock() - before).total_seconds() < 2 * 7200
    assert json.loads((tmp_path / "state.json").read_text())["day"] == 3


def test_the_control_takes_fault_scripts_and_shows_the_log(sandbox: Sandbox) -> None:
    assert _control(sandbox, "POST", "/faults", [{"service": "beatport", "fault": "challenge"}]).ok
    assert requests.get(f"{sandbox.beatport_url}/top-100", timeout=TIMEOUT_S).status_code == 403
    logged = _control(sandbox, "GET", "/requests?service=beatport").json()
    assert [(entry["kind"], entry["status"]) for entry in logged] == [("top-100", 403)]
    assert _control(sandbox, "GET", f"/requests?after={logged[-1]['number']}").json() == []
    _control(sandbox, "DELETE", "/faults")
    assert _control(sandbox, "GET", "/faults").json() == []


def test_the_person_acts_through_the_control(sandbox: Sandbox) -> None:
    _, tracks = _playlist(sandbox, "Beatport: House")
    assert _control(sandbox, "GET", "/playlists").json() == {"Beatport: House": tracks}
    path = "/playlists/Beatport:%20House"
    assert _control(sandbox, "DELETE", f"{path}/items/{tracks[1]}").ok
    assert _control(sandbox, "POST", f"{path}/items/{tracks[1]}", {"position": 0}).ok
    assert sandbox.spotify.person.track_ids("Beatport: House") == [tracks[1], tracks[0], tracks[2]]
    assert _control(sandbox, "PUT", path, {"name": "Mine", "description": "by hand"}).ok
    assert sandbox.spotify.person.find("Mine").description == "by hand"
    assert _control(sandbox, "DELETE", "/playlists/Mine").ok
    assert _control(sandbox, "GET", "/playlists").json() == {}


def test_the_control_sets_the_latency_of_both_services(sandbox: Sandbox) -> None:
    _control(sandbox, "POST", "/latency", {"ms": 120})
    for url in (f"{sandbox.beatport_url}/nothing", f"{sandbox.spotify_api_url}/me"):
        assert requests.get(url, timeout=TIMEOUT_S).elapsed.total_seconds() >= 0.12


def test_the_control_sets_states_and_shows_the_truth(sandbox: Sandbox) -> None:
    _control(sandbox, "POST", "/beatport", {"empty_charts": [5], "short_charts": {"11": 40}, "max_per_second": 100})
    assert sandbox.beatport.top_100(5).count == 0
    assert len(sandbox.beatport.top_100(11).tracks) == 40
    _control(sandbox, "POST", "/spotify", {"daily_quota": 5})
    assert sandbox.spotify.limits.per_day == 5
    _control(sandbox, "POST", "/spotify", {"daily_quota": None})
    assert sandbox.spotify.limits.per_day is None
    track = next(track for track in sandbox.world.chart("tech-house") if sandbox.world.truth(track.track_id).same)
    assert set(_control(sandbox, "GET", f"/truth/{track.track_id}").json()["same"]) == sandbox.world.truth(track.track_id).same


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/faults", [{"fault": "earthquake"}], 400),
        ("POST", "/next-day", {"days": -1}, 400),
        ("POST", "/next-day", [1], 400),
        ("DELETE", "/playlists/none", None, 404),
        ("GET", "/truth/12345678", None, 404),
        ("GET", "/nothing", None, 404),
    ],
)
def test_the_control_reports_invalid_requests(sandbox: Sandbox, method: str, path: str, body: Any, status: int) -> None:
    answer = _control(sandbox, method, path, body)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


# --- the command -------------------------------------------------------------------------------------------------

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "sandbox", "--genres", "dj-tools"]


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def _listens(environment: dict[str, str]) -> bool:
    try:
        return requests.get(environment["BEATPORTER_BEATPORT_URL"] + "/genre/x/16/top-100", timeout=TIMEOUT_S).status_code == 200
    except requests.ConnectionError:
        return False


def _read_env(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_the_command_serves_until_it_is_told_to_stop_and_keeps_its_day(tmp_path: Path) -> None:
    env_file, state = tmp_path / "env", tmp_path / "state.json"
    for day, more in ((0, []), (1, ["--next-day"])):
        env_file.unlink(missing_ok=True)
        arguments = [*COMMAND, "--state", str(state), "--env-file", str(env_file), "--ports-file", str(tmp_path / "ports.json"), *more]
        with subprocess.Popen(arguments, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
            try:
                _until(lambda: env_file.exists() or process.poll() is not None, "the sandbox did not come up")
                environment = _read_env(env_file)
                assert _listens(environment), "the file is there before the server is"
                control = json.loads((tmp_path / "ports.json").read_text())["control"]
                assert requests.get(f"{control}/state", timeout=TIMEOUT_S).json()["day"] == day
            finally:
                process.send_signal(signal.SIGTERM)
                printed, _ = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0
        assert all(f"export {key}={value}" in printed for key, value in environment.items())
        assert not _listens(environment)
        assert json.loads(state.read_text())["day"] == day


def test_the_command_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    arguments = [*COMMAND, "--env-file", str(env_file)]
    parent = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([*sys.argv[2:], '--until-parent-ends', str(os.getpid())], stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
        "while not pathlib.Path(sys.argv[1]).exists() and child.poll() is None:\n    time.sleep(0.02)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", parent, str(env_file), *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    child = int(ended.stdout)
    environment = _read_env(env_file)
    try:
        _until(lambda: not _listens(environment), "the sandbox outlived its parent")
    finally:
        if _listens(environment):
            os.kill(child, signal.SIGTERM)


@pytest.mark.parametrize("wrong", [["--genres", "hous"], ["--spotify-shape", "square"], ["--seed", "x"]])
def test_the_command_refuses_what_it_cannot_use(wrong: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *wrong], cwd=REPOSITORY, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "sandbox" in done.stderr
