"""The session that every request goes through: it sends once and reads the answer within the caps; it neither raises nor repeats.

It sends the project's name as user agent, keeps no cookies, asks only for gzip and decompresses piece by piece, so that a small
answer that would grow huge is dropped at the cap. It follows redirects by itself, because `requests` reads the body of each redirect
without any bound, even when told not to follow it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import SecretStr
from requests import exceptions
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, MaxRetryError, NewConnectionError, ReadTimeoutError

from beatporter.http.connection import AnswerTooLarge, BoundedAdapter
from beatporter.http.http_result import Answer, BadAddress, Down, TooLarge
from beatporter.http.limits import MAX_BODY_BYTES, MAX_REDIRECTS

_CHUNK_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BAD_ADDRESS = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema, LocationParseError)
_BROKEN = (requests.RequestException, HTTPError, HTTPException, zlib.error, EOFError, ValueError, OSError)
"""What `requests`, `urllib3`, `http.client` and `zlib` raise for answers that break off or make no sense."""


class HttpSession:
    """Sends requests to any service; thread-safe; a context manager that closes its connections.

    Args:
        timeout_s: limit for connecting, and the longest silence allowed; the whole answer, and each redirect, may take
            `limits.ANSWER_TIMEOUTS` times as long.
        follow_redirects: whether GETs follow redirects, at most five.
    """

    def __init__(self, timeout_s: float, *, follow_redirects: bool = False) -> None:
        self._timeout_s, self._hops = timeout_s, MAX_REDIRECTS if follow_redirects else 0
        self._session = _Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": user_agent(), "Accept-Encoding": "gzip"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAdapter())

    def send(
        self,
        method: str,
        url: str,
        *,
        auth: AuthBase | tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        data: str | Mapping[str, str] | None = None,
    ) -> Answer | Down:
        """Send a request; network trouble is returned as a result, not raised.

        Args:
            auth: signs the request, or is a user and password; it is not sent to another host after a redirect.

        Returns:
            The answer. A redirect that may not be followed, is one too many or has no valid address is returned as the answer.
        """
        sent = self._send_once(method, url, auth=auth, headers=headers, params=params, data=data)
        for _ in range(self._hops if method == "GET" else 0):
            target = _redirect_target(url, sent)
            if target is None:
                break
            if self._session.should_strip_auth(url, target):  # type: ignore[no-untyped-call]
                auth = None
            url = target
            sent = self._send_once(method, url, auth=auth, headers=headers)
            if isinstance(sent, BadAddress):
                return Down("it redirects to an address that is not valid", unknown=False)
        return sent

    def _send_once(self, method: str, url: str, **request: Any) -> Answer | Down:
        # What requests raises holds the request with its Authorization header, and may quote it: keep only the error's type.
        try:
            with self._session.request(method, url, timeout=self._timeout_s, stream=True, allow_redirects=False, **request) as response:
                return Answer(response.status_code, response.headers, _read_body(response))
        except AnswerTooLarge:
            return TooLarge(f"its answer is larger than the limit ({MAX_BODY_BYTES:,} bytes)", unknown=True)
        except _BAD_ADDRESS as error:
            return BadAddress(f"its address is not valid ({type(error).__name__})", unknown=False)
        except exceptions.ConnectTimeout as error:
            return Down(f"it could not be reached ({type(error).__name__})", unknown=False)
        except (exceptions.Timeout, ReadTimeoutError) as error:
            return Down(f"no answer in time ({type(error).__name__})", unknown=True)
        except exceptions.ConnectionError as error:
            reason = _reason_of(error)
            if isinstance(reason, NewConnectionError | ConnectTimeoutError):  # nothing was sent
                return Down(f"it could not be reached ({type(reason).__name__})", unknown=False)
            return Down(f"the connection broke ({type(reason).__name__})", unknown=True)
        except _BROKEN as error:
            return Down(f"its answer broke off ({type(error).__name__})", unknown=True)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> HttpSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BearerToken(AuthBase):
    """Signs requests with a token."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def user_agent() -> str:
    """The User-Agent header: the project and its version."""
    try:
        return f"beatporter/{version('beatporter')}"
    except PackageNotFoundError:
        return "beatporter"


def _redirect_target(url: str, sent: Answer | Down) -> str | None:
    """The address that an answer redirects to; None when there is no redirect or no valid address."""
    if isinstance(sent, Down) or sent.status not in _REDIRECTS or "Location" not in sent.headers:
        return None
    try:
        target = urljoin(url, sent.headers["Location"])
        parts = urlsplit(target)
        return target if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _read_body(response: requests.Response) -> bytes:
    body = bytearray()
    chunks = response.raw.stream(_CHUNK_BYTES, decode_content=False)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        chunks = _decompressed(chunks)
    elif encoding not in ("", "identity"):
        raise ValueError("an encoding that was not asked for")
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise AnswerTooLarge
    return bytes(body)


def _decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A gzip body, of one member or several, in pieces of at most 64 KB."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    begun = False
    for chunk in chunks:
        begun = True
        while chunk:
            if member.eof:
                member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield member.decompress(chunk, _CHUNK_BYTES)
            chunk = member.unconsumed_tail or member.unused_data
    yield member.flush()
    if begun and not member.eof:
        raise EOFError


def _reason_of(error: exceptions.ConnectionError) -> object:
    """The underlying cause of an error of requests."""
    cause = error.args[0] if error.args else error
    return (cause.reason if isinstance(cause, MaxRetryError) else cause) or error
