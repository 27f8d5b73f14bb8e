"""`beatporter login` as a person runs it: with a browser, without one, into a file, into a Prefect block."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.spotify.sign_in import FileStore, SignIn, load_sign_in, require_client, sign_in_path, sign_in_warning
from beatporter.spotify.tokens import Tokens
from orchestration.blocks import SignInBlock, open_store, with_secrets
from orchestration.redaction import HIDDEN, without_secrets
from sandbox.world import Options, Sandbox
from tests import commands
from tests.conftest import free_port
from tests.contract.conftest import SpotifySandbox, shown_by_prefect
from tests.contract.pseudo_terminal import run_in_terminal
from tests.timeouts import TIMEOUT_S

BROWSER = "#!{python}\nimport sys, urllib.request\nurllib.request.urlopen(sys.argv[1], timeout=300).read()\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as running:
        yield running


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """A person who has an app and is not signed in."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    own = {key: value for key, value in sandbox.environment().items() if not key.endswith("REFRESH_TOKEN")}
    return {**inherited, **own, "BEATPORTER_HOME": str(tmp_path / "home"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


@pytest.fixture
def served(environment: dict[str, str], prefect_api: str) -> dict[str, str]:
    """The person has a Prefect server as well, so that a command starts none."""
    return {**environment, "PREFECT_API_URL": prefect_api, "BEATPORTER_PROFILE": "off"}


def run(environment: dict[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run_command(arguments, environment, cwd)


def ends_at(screen: str) -> str:
    """The address where the person's browser ends after the one on the screen."""
    shown = next(line for line in screen.splitlines() if "/authorize?" in line).strip()
    request = urllib.request.build_opener(_NoRedirect).open(shown, timeout=TIMEOUT_S)
    return f"{request.headers['Location']}\n"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None

    def http_error_302(self, req: object, fp: object, code: int, msg: str, headers: object) -> object:
        return fp


def kept(environment: dict[str, str]) -> Path:
    return Path(environment["BEATPORTER_HOME"]) / "spotify.json"


def test_a_browser_signs_in_and_the_sign_in_is_the_owners_alone(environment: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(0o755)
    done = run({**environment, "BROWSER": f"{browser} %s"}, tmp_path, "login", "--port", str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Signed in. Kept in {kept(environment)}; good until about " in done.stdout
    assert stat.S_IMODE(kept(environment).stat().st_mode) == 0o600
    token = json.loads(kept(environment).read_text())["refresh_token"]
    assert token not in done.stdout + done.stderr
    status = run(environment, tmp_path, "status")
    assert "Sign-in: 0 days old, good until about " in status.stdout
    assert token not in status.stdout


def test_without_a_browser_the_address_is_pasted(environment: dict[str, str], tmp_path: Path) -> None:
    shown = run_in_terminal(("login", "--paste"), environment, tmp_path, [("Paste it here", ends_at)])
    assert shown.code == 0, shown.text
    assert "redirect URIs must hold http://127.0.0.1:8917/callback" in shown.text
    assert "Signed in." in shown.text
    assert kept(environment).exists()


@pytest.mark.parametrize("foreign", ["http://127.0.0.1:8917/callback?code=abc&state=another\n", "http://[\n"])
def test_a_pasted_address_of_another_sign_in_is_refused_and_nothing_kept(environment: dict[str, str], tmp_path: Path, foreign: str) -> None:
    shown = run_in_terminal(("login", "--paste"), environment, tmp_path, [("Paste it here", foreign)])
    assert shown.code == 1, shown.text
    assert "does not belong to this sign-in" in shown.text
    assert "Traceback" not in shown.text
    assert not kept(environment).exists()


@pytest.mark.parametrize(
    ("arguments", "changes", "says"),
    [
        ((), {"BEATPORTER_SPOTIFY_CLIENT_ID": ""}, "BEATPORTER_SPOTIFY_CLIENT_ID"),
        (("--port", "0"), {}, "--port"),
        (("--port", "http"), {}, "--port"),
        (("--block", "My Block"), {}, "A Prefect block cannot be named 'My Block'."),
    ],
)
def test_impossible_options_are_reported_before_the_sign_in(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], changes: dict[str, str], says: str
) -> None:
    done = run({**environment, **changes}, tmp_path, "login", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "/authorize" not in done.stdout


def test_a_port_in_use_is_reported(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(environment, tmp_path, "login", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Choose another port" in done.stderr


def test_a_block_keeps_the_sign_in_and_commands_find_it_there(environment: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """Prefect's own database below Beatporter's home folder, as without a server."""
    shown = run_in_terminal(("login", "--paste", "--block", "spotify"), environment, tmp_path, [("Paste it here", ends_at)], columns=120)
    assert shown.code == 0, shown.text
    assert "Kept in the Prefect block spotify-sign-in/spotify" in shown.text
    assert "Runs find it with BEATPORTER_SPOTIFY_REFRESH_TOKEN=spotify-sign-in/spotify" in shown.text
    assert not kept(environment).exists(), "a block instead of a file"
    named = {**environment, "BEATPORTER_SPOTIFY_REFRESH_TOKEN": "spotify-sign-in/spotify"}
    status = run(named, tmp_path, "status")
    assert "Sign-in: 0 days old" in status.stdout, status.stdout + status.stderr


def test_a_block_without_a_sign_in_is_named_with_what_to_do(served: dict[str, str], tmp_path: Path) -> None:
    other = run({**served, "BEATPORTER_SPOTIFY_REFRESH_TOKEN": "secret/other"}, tmp_path, "sync", "dubstep")
    assert other.returncode == 2, other.stdout + other.stderr
    assert "The Prefect block other holds no sign-in. Run `beatporter login --block other`." in " ".join(other.stderr.split())


@pytest.mark.usefixtures("prefect")
def test_a_renewed_refresh_token_goes_back_into_the_block_with_the_old_date(
    spotify: SpotifySandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in_at = spotify.clock()
    block = SignInBlock("renewed")
    block.save(SignIn(SecretStr(spotify.refresh_token), signed_in_at))
    settings = spotify.settings(spotify_refresh_token=SecretStr("secret/renewed"))
    accounts, give = spotify.state.accounts, spotify.state.accounts.refresh
    newer = accounts.sign_in()
    monkeypatch.setattr(accounts, "refresh", lambda token: {**give(token), "refresh_token": newer})
    spotify.clock.advance(timedelta(days=151).total_seconds())
    sign_in = load_sign_in(settings, open_store(settings))
    assert sign_in_warning(sign_in, spotify.clock()) is not None
    Tokens(settings, sign_in, now=spotify.clock, sleep=spotify.sleep).current()
    again = load_sign_in(settings, open_store(settings))
    assert again == SignIn(SecretStr(newer), signed_in_at)


@pytest.mark.usefixtures("prefect")
def test_a_block_made_by_hand_holds_a_bare_token(spotify: SpotifySandbox) -> None:
    from prefect.blocks.system import Secret

    Secret(value=spotify.refresh_token).save("by-hand", overwrite=True)
    settings = spotify.settings(spotify_refresh_token=SecretStr("secret/by-hand"))
    assert load_sign_in(settings, open_store(settings)) == SignIn(SecretStr(spotify.refresh_token), None)
    Secret(value={"token": "something else"}).save("by-hand", overwrite=True)
    with pytest.raises(SettingsError, match="holds no sign-in") as caught:
        load_sign_in(settings, open_store(settings))
    assert "something else" not in str(caught.value)
    SignInBlock("by-hand").check()  # signing in again corrects it


@pytest.mark.usefixtures("prefect")
def test_prefects_api_never_shows_the_token_of_a_sign_in(spotify: SpotifySandbox) -> None:
    SignInBlock("masked").save(SignIn(SecretStr(spotify.refresh_token), spotify.clock()))
    told = shown_by_prefect()
    assert "masked" in told
    assert spotify.clock().date().isoformat() in told, "the date is not a secret"
    assert spotify.refresh_token not in told


@pytest.mark.usefixtures("prefect")
def test_a_block_that_showed_its_token_goes_when_a_sign_in_is_saved_and_settings_may_still_name_it(spotify: SpotifySandbox) -> None:
    from prefect.blocks.system import Secret

    old = {"refresh_token": "old-refresh-token", "signed_in_at": spotify.clock().isoformat(), "scopes": []}
    Secret(value=old).save("older", overwrite=True)
    assert "old-refresh-token" in shown_by_prefect(), "Prefect masks documents now: a Secret block would do"
    settings = spotify.settings(spotify_refresh_token=SecretStr("secret/older"))
    assert load_sign_in(settings, open_store(settings)).refresh_token.get_secret_value() == "old-refresh-token"
    block = SignInBlock("older")
    block.save(SignIn(SecretStr(spotify.refresh_token), spotify.clock()))
    assert block.removed == "secret/older"
    told = shown_by_prefect()
    assert "old-refresh-token" not in told
    assert spotify.refresh_token not in told
    assert load_sign_in(settings, open_store(settings)) == SignIn(SecretStr(spotify.refresh_token), spotify.clock())
    block.save(SignIn(SecretStr(spotify.refresh_token), spotify.clock()))
    assert not block.removed


@pytest.mark.usefixtures("prefect")
def test_the_apps_secret_and_beatports_token_may_be_in_blocks(spotify: SpotifySandbox) -> None:
    from prefect.blocks.system import Secret

    Secret(value="of-the-app-in-a-block").save("app-secret", overwrite=True)
    Secret(value="of-beatport-in-a-block").save("beatport", overwrite=True)
    settings = spotify.settings(spotify_client_secret=SecretStr("secret/app-secret"), beatport_token=SecretStr("secret/beatport"))
    with pytest.raises(SettingsError, match="names a Prefect block"):
        require_client(settings)
    found = with_secrets(settings)
    assert require_client(found)[1].get_secret_value() == "of-the-app-in-a-block"
    assert found.beatport_token == SecretStr("of-beatport-in-a-block")
    assert without_secrets("refused: of-the-app-in-a-block") == f"refused: {HIDDEN}"
    with pytest.raises(SettingsError, match="BEATPORT_TOKEN names the Prefect block secret/nowhere, which is not there"):
        with_secrets(spotify.settings(beatport_token=SecretStr("secret/nowhere")))


@pytest.mark.usefixtures("prefect")
def test_a_secret_with_the_same_name_but_without_a_sign_in_stays(spotify: SpotifySandbox) -> None:
    from prefect.blocks.system import Secret

    Secret(value="the app's secret").save("shared", overwrite=True)
    SignInBlock("shared").save(SignIn(SecretStr(spotify.refresh_token), spotify.clock()))
    assert Secret.load("shared").get() == "the app's secret"


@pytest.mark.usefixtures("prefect")
def test_what_login_says_about_a_token_that_was_shown(served: dict[str, str], tmp_path: Path) -> None:
    from prefect.blocks.system import Secret

    Secret(value={"refresh_token": "old-token"}).save("was-shown")
    shown = run_in_terminal(("login", "--paste", "--block", "was-shown"), served, tmp_path, [("Paste it here", ends_at)])
    assert shown.code == 0, shown.text
    assert "The Prefect block secret/was-shown showed the old token" in " ".join(shown.text.split())
    assert "https://www.spotify.com/account/apps" in shown.text
    assert "old-token" not in shown.text


def test_a_renewed_token_goes_back_into_the_file(spotify: SpotifySandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = spotify.settings(spotify_refresh_token=None)
    FileStore(sign_in_path(settings)).save(SignIn(SecretStr(spotify.refresh_token), spotify.clock()))
    accounts, give = spotify.state.accounts, spotify.state.accounts.refresh
    newer = accounts.sign_in()
    monkeypatch.setattr(accounts, "refresh", lambda token: {**give(token), "refresh_token": newer})
    Tokens(settings, load_sign_in(settings), now=spotify.clock, sleep=spotify.sleep).current()
    assert load_sign_in(settings) == SignIn(SecretStr(newer), spotify.clock())
    assert stat.S_IMODE(sign_in_path(settings).stat().st_mode) == 0o600


def test_a_dead_sign_in_says_what_to_do_and_does_not_prompt(served: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """Six months after the sign-in: a run in a terminal ends and does not wait for an answer."""
    token = "AQsandboxrefresh-of-last-spring"
    sandbox.spotify.accounts.adopt(token, sandbox.clock() - timedelta(days=183))
    done = run({**served, "BEATPORTER_SPOTIFY_REFRESH_TOKEN": token}, tmp_path, "sync", "dubstep")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "invalid_grant" in done.stdout + done.stderr
    assert "Run `beatporter login` and sign in once more." in done.stdout + done.stderr
    assert token not in done.stdout + done.stderr


def test_from_day_150_the_terminal_ends_with_the_warning(served: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    token = sandbox.spotify.accounts.sign_in()  # the token itself is new: only its date counts here
    kept(served).parent.mkdir(parents=True)
    kept(served).write_text(json.dumps({"refresh_token": token, "signed_in_at": "2026-01-01T00:00:00+00:00"}))
    done = run(served, tmp_path, "sync", "dubstep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "days old and ends about 2026-06-30. Run `beatporter login` and sign in once more." in done.stderr
    status = run(served, tmp_path, "status")
    assert "ends about 2026-06-30" in " ".join(status.stdout.split())
