"""Signing in, from the consent page through the loopback listener to the stored sign-in that a client then uses."""

from __future__ import annotations

import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr

from beatporter.errors import BeatporterError, SettingsError, SignInExpired, UpstreamDown
from beatporter.settings import load_settings
from beatporter.spotify.login import Loopback, authorize_url, code_from_address, exchange_code, new_state, new_verifier, redirect_uri
from beatporter.spotify.sign_in import COVER_SCOPE, SCOPES, FileStore, load_sign_in, sign_in_age, sign_in_path
from tests.timeouts import TIMEOUT_S

if TYPE_CHECKING:
    from tests.contract.conftest import SpotifySandbox

VERIFIER = new_verifier()


def test_a_browser_signs_in_and_the_client_works_with_what_was_stored(spotify: SpotifySandbox) -> None:
    settings, state = spotify.settings(spotify_refresh_token=None), new_state()
    with Loopback(state, port=0) as loopback:
        idle = socket.create_connection(("127.0.0.1", urlsplit(loopback.redirect).port or 0))  # browsers open connections in advance
        strange = requests.get(f"{loopback.redirect}?code=x&state=another", timeout=TIMEOUT_S)
        assert strange.status_code == 404
        page = requests.get(authorize_url(settings, loopback.redirect, state, VERIFIER), timeout=TIMEOUT_S)
        assert "Close this window" in page.text
        code = loopback.wait_for_code(TIMEOUT_S)
        idle.close()
        sign_in = exchange_code(settings, code, loopback.redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep)
    path = Path(FileStore(sign_in_path(settings)).save(sign_in))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stored = load_sign_in(settings)
    assert (stored.signed_in_at, stored.scopes) == (spotify.clock(), SCOPES)
    spotify.clock.advance(86_400)
    age = sign_in_age(stored, spotify.clock())
    assert age is not None
    assert age.days == 1
    assert spotify.client(spotify_refresh_token=None).me().name == "Sandbox Listener"


def test_without_a_browser_the_pasted_address_works(spotify: SpotifySandbox) -> None:
    settings, state, redirect = spotify.settings(), new_state(), redirect_uri()
    address = requests.get(authorize_url(settings, redirect, state, VERIFIER), timeout=TIMEOUT_S, allow_redirects=False).headers["Location"]
    sign_in = exchange_code(
        settings, code_from_address(f"  {address}\n", state), redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep
    )
    assert sign_in.signed_in_at == spotify.clock()
    with pytest.raises(SignInExpired):
        exchange_code(settings, code_from_address(address, state), redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep)


def test_a_refusal_a_foreign_address_and_no_answer_are_distinguished(spotify: SpotifySandbox) -> None:
    settings, state = spotify.settings(), new_state()
    spotify.state.accounts.consents = False
    with Loopback(state, port=0) as loopback:
        requests.get(authorize_url(settings, loopback.redirect, state, VERIFIER), timeout=TIMEOUT_S)
        with pytest.raises(SignInExpired, match="did not allow"):
            loopback.wait_for_code(TIMEOUT_S)
        with pytest.raises(SignInExpired, match="No browser came back"):
            loopback.wait_for_code(0.05)
        taken = urlsplit(loopback.redirect).port or 0
        with pytest.raises(SettingsError, match="Cannot listen"), Loopback(state, port=taken):
            pass
    for address, words in [
        (f"{redirect_uri()}?code=abc&state=another", "does not belong"),
        ("nonsense", "does not belong"),
        (f"{redirect_uri()}?state={state}", "holds no code"),
    ]:
        with pytest.raises(SignInExpired, match=words):
            code_from_address(address, state)


def test_a_sign_in_without_all_permissions_is_refused(spotify: SpotifySandbox) -> None:
    settings, state, redirect = spotify.settings(), new_state(), redirect_uri()
    asked = authorize_url(settings, redirect, state, VERIFIER).replace("playlist-modify-public", "")
    address = requests.get(asked, timeout=TIMEOUT_S, allow_redirects=False).headers["Location"]
    with pytest.raises(SignInExpired, match="playlist-modify-public"):
        exchange_code(settings, code_from_address(address, state), redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep)


def test_a_code_whose_answer_was_lost_is_not_sent_twice(spotify: SpotifySandbox) -> None:
    settings, state, redirect = spotify.settings(), new_state(), redirect_uri()
    address = requests.get(authorize_url(settings, redirect, state, VERIFIER), timeout=TIMEOUT_S, allow_redirects=False).headers["Location"]
    spotify.server.faults.add(service="accounts", kind="token", fault="drop", when="after")
    with pytest.raises(UpstreamDown):
        exchange_code(settings, code_from_address(address, state), redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep)
    assert spotify.server.log.count(service="accounts", kind="token") == 1


def test_the_address_asks_for_what_is_needed_and_no_more(spotify: SpotifySandbox) -> None:
    query = parse_qs(urlsplit(authorize_url(spotify.settings(), redirect_uri(9000), "s", VERIFIER)).query)
    assert query.pop("code_challenge") != [VERIFIER]
    assert query == {
        "code_challenge_method": ["S256"],
        "client_id": [spotify.state.accounts.client_id],
        "response_type": ["code"],
        "redirect_uri": ["http://127.0.0.1:9000/callback"],
        "scope": ["playlist-read-private playlist-modify-private playlist-modify-public"],
        "state": ["s"],
    }
    with pytest.raises(BeatporterError, match="BEATPORTER_SPOTIFY_CLIENT_ID"):
        authorize_url(load_settings(home=spotify.home), redirect_uri(), "s", VERIFIER)


@pytest.mark.parametrize("target", ["http://[", "//[", "/callback?" + "&".join(["a=b"] * 1000)])
def test_an_invalid_address_is_answered_without_a_traceback(target: str, capfd: pytest.CaptureFixture[str]) -> None:
    with Loopback(new_state(), port=0) as loopback:
        browser = socket.create_connection(("127.0.0.1", urlsplit(loopback.redirect).port or 0), timeout=TIMEOUT_S)
        browser.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        answer = browser.makefile("rb").read()
        browser.close()
    assert b" 404 " in answer
    told = capfd.readouterr()
    assert told.err + told.out == ""


def test_a_code_is_useless_without_the_verifier(spotify: SpotifySandbox) -> None:
    settings, state, redirect = spotify.settings(), new_state(), redirect_uri()
    asked = authorize_url(settings, redirect, state, VERIFIER)
    assert VERIFIER not in asked
    address = requests.get(asked, timeout=TIMEOUT_S, allow_redirects=False).headers["Location"]
    with pytest.raises(SignInExpired):
        exchange_code(settings, code_from_address(address, state), redirect, new_verifier(), now=spotify.clock, sleep=spotify.sleep)


def test_the_apps_secret_is_required_too(spotify: SpotifySandbox) -> None:
    settings, state, redirect = spotify.settings(spotify_client_secret=SecretStr("wrong")), new_state(), redirect_uri()
    address = requests.get(authorize_url(settings, redirect, state, VERIFIER), timeout=TIMEOUT_S, allow_redirects=False).headers["Location"]
    with pytest.raises(SettingsError, match="id or secret"):
        exchange_code(settings, code_from_address(address, state), redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep)


@pytest.mark.parametrize("wanted", [{"playlist_cover": True}, {"playlists": {"house": {"cover": True}}}])
def test_the_permission_for_covers_is_asked_for_only_by_who_wants_them(spotify: SpotifySandbox, wanted: dict[str, object]) -> None:
    def asked(**changes: object) -> list[str]:
        address = authorize_url(spotify.settings(**changes), redirect_uri(), new_state(), VERIFIER)
        return parse_qs(urlsplit(address).query)["scope"][0].split()

    assert asked() == list(SCOPES)
    assert asked(**wanted) == [*SCOPES, COVER_SCOPE]


def test_a_sign_in_without_the_permission_for_covers_is_refused_to_who_wants_them(spotify: SpotifySandbox) -> None:
    state, redirect = new_state(), redirect_uri()
    address = requests.get(authorize_url(spotify.settings(), redirect, state, VERIFIER), timeout=TIMEOUT_S, allow_redirects=False).headers[
        "Location"
    ]
    code = code_from_address(address, state)
    with pytest.raises(SignInExpired, match=COVER_SCOPE):
        exchange_code(spotify.settings(playlist_cover=True), code, redirect, VERIFIER, now=spotify.clock, sleep=spotify.sleep)
