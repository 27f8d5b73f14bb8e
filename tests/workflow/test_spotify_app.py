"""The block Spotify App on a real server: `beatporter sync` works with it alone, and a person's own flow gets a client from it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.world import REFRESH_TOKEN, Options, Sandbox
from tests.conftest import BIN, ROOT
from tests.prefect_api import ask
from tests.timeouts import TIMEOUT_S

SAVE = """
import os
from datetime import UTC, datetime
from pydantic import SecretStr
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import SignIn
from orchestration.blocks import AppBlock
sign_in = SignIn(SecretStr(os.environ["TOKEN"]), datetime(2026, 11, 1, tzinfo=UTC), ("user-read-private",))
print(AppBlock("main", load_settings()).save(sign_in))
"""
"""As `beatporter login` does when BEATPORTER_SPOTIFY_APP=main is set: id and secret come from the settings the first time."""
OWN_FLOW = """
from prefect import flow
from orchestration.block_types import SpotifyApp
@flow
def mine():
    with SpotifyApp.load("main").get_client() as client:
        return client.me().account_id
print("account:", mine())
"""
OF_SETTINGS = ("BEATPORTER_SPOTIFY_CLIENT_ID", "BEATPORTER_SPOTIFY_CLIENT_SECRET", "BEATPORTER_SPOTIFY_REFRESH_TOKEN")


@pytest.fixture
def signed_out(server: str, environment: dict[str, str], own_sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose credentials are in no setting."""
    own = {**environment, **own_sandbox.environment(), "BEATPORTER_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    return {key: value for key, value in own.items() if key not in OF_SETTINGS}


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as running:
        yield running


def run(command: list[str], environment: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def test_a_block_holds_app_and_sign_in_for_runs_and_for_flows_of_ones_own(
    signed_out: dict[str, str], own_sandbox: Sandbox, server: str, tmp_path: Path
) -> None:
    sync = [str(BIN / "beatporter"), "sync", "dubstep", "--json"]
    named = {**signed_out, "BEATPORTER_SPOTIFY_APP": "main"}
    before = run(sync, named, tmp_path)
    assert before.returncode != 0, "there is no such block yet"
    assert "Traceback" not in before.stderr

    given = own_sandbox.environment()
    saved = run([sys.executable, "-c", SAVE], {**signed_out, **{key: given[key] for key in OF_SETTINGS}, "TOKEN": REFRESH_TOKEN}, tmp_path)
    assert "the Prefect block spotify-app/main" in saved.stdout, saved.stderr

    done = run(sync, named, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["genres"]["dubstep"]["state"] == "completed"

    own = run([sys.executable, "-c", OWN_FLOW], signed_out, tmp_path)
    assert f"account: {own_sandbox.spotify.user_id}" in own.stdout, own.stdout + own.stderr

    (block,) = ask(server, "/block_documents/filter", {"block_types": {"slug": {"any_": ["spotify-app"]}}})
    shown = json.dumps(block)
    assert block["data"]["client_id"] == given["BEATPORTER_SPOTIFY_CLIENT_ID"]
    assert given["BEATPORTER_SPOTIFY_CLIENT_SECRET"] not in shown
    assert REFRESH_TOKEN not in shown
