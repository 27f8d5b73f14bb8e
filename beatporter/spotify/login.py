"""The first sign-in: the address to open, the listener that the browser returns to, and the exchange of the code.

The command line shows the address and opens the browser. The listener is on 127.0.0.1, because Spotify no longer accepts
`localhost`. Without a browser on this machine, the person pastes the address that the other browser could not open.
"""

from __future__ import annotations

import base64
import hashlib
import queue
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlencode, urlsplit

from beatporter.errors import SettingsError, SignInExpired
from beatporter.settings import Settings
from beatporter.spotify.sign_in import SIGN_IN_AGAIN, SignIn, require_client, scopes_for
from beatporter.spotify.tokens import ask_for_token

DEFAULT_PORT = 8917
CALLBACK = "/callback"
_DONE = b"<!doctype html><meta charset=utf-8><title>Beatporter</title><p>Beatporter has got Spotify's answer. Close this window.</p>"


def redirect_uri(port: int = DEFAULT_PORT) -> str:
    """The address that must be among the app's redirect URIs, letter for letter."""
    return f"http://127.0.0.1:{port}{CALLBACK}"


def new_state() -> str:
    """A random value that ties the browser's answer to this sign-in."""
    return secrets.token_urlsafe(24)


def new_verifier() -> str:
    """A secret that only this sign-in knows (PKCE, RFC 7636): a code that somebody else saw is useless without it."""
    return secrets.token_urlsafe(64)


def authorize_url(settings: Settings, redirect: str, state: str, verifier: str) -> str:
    """The address where the person allows the app.

    Args:
        verifier: the secret for `exchange_code`; the address holds only its hash.

    Raises:
        SettingsError: the app's id or secret is missing.
    """
    client_id, _ = require_client(settings)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect,
        "scope": " ".join(scopes_for(settings)),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{settings.spotify_accounts_url}/authorize?{urlencode(query)}"


def code_from_address(address: str, state: str) -> str:
    """Extract the code from the address that the browser was sent to.

    Raises:
        SignInExpired: the person said no, the address belongs to another sign-in, or it holds no code.
    """
    answer = _answer_in(address)
    if not secrets.compare_digest("".join(answer.get("state", [])).encode(), state.encode()):
        raise SignInExpired("That address does not belong to this sign-in.", "Copy it whole from the browser that you signed in with.")
    if "error" in answer:
        refused = "You did not allow it" if answer["error"] == ["access_denied"] else "Spotify refused it"
        raise SignInExpired(f"The sign-in did not complete: {refused}.", SIGN_IN_AGAIN)
    if not answer.get("code"):
        raise SignInExpired("That address holds no code.", "Copy it whole from the browser that you signed in with.")
    return answer["code"][0]


def _answer_in(address: str) -> dict[str, list[str]]:
    """The query of an address; empty when it is not valid, for example with an unclosed bracket."""
    try:
        return parse_qs(urlsplit(address.strip()).query, max_num_fields=20)
    except ValueError:
        return {}


def exchange_code(
    settings: Settings, code: str, redirect: str, verifier: str, *, now: Callable[[], datetime], sleep: Callable[[float], None] = time.sleep
) -> SignIn:
    """Exchange a code for the sign-in, which a `SignInStore` keeps.

    Args:
        redirect, verifier: the values passed to `authorize_url`.

    Raises:
        SignInExpired: the code was used, is too old or belongs to another address, or a permission is missing.
        SettingsError: Spotify rejects the app's id or secret.
        UpstreamDown, RateLimited: the accounts service did not answer.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
    answer = ask_for_token(settings, form, now=now, sleep=sleep)
    lacking = [scope for scope in scopes_for(settings) if answer.scopes and scope not in answer.scopes]
    if answer.refresh_token is None or lacking:
        missing = ", ".join(lacking) or "a refresh token"
        raise SignInExpired(f"Spotify's sign-in came without {missing}.", SIGN_IN_AGAIN)
    return SignIn(answer.refresh_token, now().replace(microsecond=0), answer.scopes or scopes_for(settings))


class Loopback:
    """Listens on 127.0.0.1 until the browser returns; a context manager.

    Args:
        state: of this sign-in; answers with another one are ignored.
        port: 0 takes any free one, which works only with an app whose redirect URIs name no port.

    Raises:
        SettingsError: on entering, when the port is taken.
    """

    def __init__(self, state: str, port: int = DEFAULT_PORT) -> None:
        self._state, self._port = state, port
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._server: ThreadingHTTPServer | None = None

    @property
    def redirect(self) -> str:
        """The redirect URI for this listener."""
        return redirect_uri(self._port)

    def __enter__(self) -> Loopback:
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self._state, self._answers))
        except OSError as error:
            what = f"Cannot listen on 127.0.0.1:{self._port} for the sign-in: {error.strerror}."
            raise SettingsError(what, "Choose another port, and add its address to the app's redirect URIs.") from None
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="sign-in", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def wait_for_code(self, timeout_s: float = 300.0) -> str:
        """Wait for the code that the browser brings.

        Raises:
            SignInExpired: the person said no, or no browser came in time.
        """
        try:
            address = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            address = None
        if address is None:
            raise SignInExpired(
                f"No browser came back within {timeout_s:.0f} s.",
                "Without a browser on this machine, sign in elsewhere and paste the address that the browser ends at.",
            )
        return code_from_address(address, self._state)


def _handler(state: str, answers: queue.SimpleQueue[str]) -> type[BaseHTTPRequestHandler]:
    class Callback(BaseHTTPRequestHandler):
        timeout = 10  # browsers open connections without using them

        def do_GET(self) -> None:
            ours = self.path.partition("?")[0] == CALLBACK and _answer_in(self.path).get("state") == [state]
            self.send_response(200 if ours else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(_DONE) if ours else 0))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            if ours:
                self.wfile.write(_DONE)
                answers.put(self.path)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing: the request line holds the code."""

    return Callback
