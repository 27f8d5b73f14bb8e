"""Whether a failed request may be sent again; no sockets."""

from __future__ import annotations

import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError

from beatporter.http.http_result import BadAddress, Down
from beatporter.http.session import HttpSession

POOL = HTTPConnection("127.0.0.1")


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (requests.ConnectionError(MaxRetryError(None, "/x", NewConnectionError(POOL, "refused"))), False),  # type: ignore[arg-type]
        (requests.ConnectionError(MaxRetryError(None, "/x", NameResolutionError("h", POOL, OSError()))), False),  # type: ignore[arg-type]
        (requests.ConnectTimeout("slow"), False),
        (requests.ConnectionError(ProtocolError("Connection aborted.")), True),
        (requests.ReadTimeout("slow"), True),
        (requests.exceptions.ChunkedEncodingError("broken"), True),
        (requests.exceptions.ContentDecodingError("broken"), True),
        (OSError("no such bundle of certificates"), True),
    ],
    ids=["refused", "no such host", "connect time-out", "dropped", "time-out", "cut off", "undecodable", "no certificates"],
)
def test_only_a_connection_never_made_has_a_known_outcome(monkeypatch: pytest.MonkeyPatch, error: Exception, unknown: bool) -> None:
    def fail(*_: object, **__: object) -> requests.Response:
        raise error

    monkeypatch.setattr(requests.Session, "request", fail)
    with HttpSession(1) as session:
        sent = session.send("POST", "http://127.0.0.1/")
    assert isinstance(sent, Down)
    assert sent.unknown is unknown


@pytest.mark.parametrize("url", ["http://", "http://exa mple", "http://[::1", "ftp://host/", "host/path", f"http://{'a' * 70}.com/"])
def test_an_invalid_address_is_not_called(url: str) -> None:
    with HttpSession(1) as session:
        sent = session.send("GET", url)
    assert isinstance(sent, BadAddress)
    assert not sent.unknown
