"""One request to Spotify and what came of it: sent once, judged, never raised and never repeated here.

The verdict on an answer is pure (`judge`); what to do about it (wait, sign in anew, send again, give up) is `session`'s.
A write that may have reached Spotify is `Down(unknown=True)`: it must not be sent again before somebody has read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

_PLAYLIST_PATH = re.compile(r"/playlists/[^/?]+(/items|/tracks)?/?$")
_MESSAGE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Good:
    """A 2xx answer whose body is JSON."""

    response: requests.Response


@dataclass(frozen=True, slots=True)
class Wait:
    """429: not carried out. seconds is None where the answer names none; quota: the daily one, not the rate."""

    seconds: float | None
    quota: bool


@dataclass(frozen=True, slots=True)
class Stale:
    """401: the access token is not taken; not carried out."""


@dataclass(frozen=True, slots=True)
class Down:
    """No usable answer. unknown: the request may have been carried out all the same."""

    why: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Another 4xx: not carried out, and not going to be."""

    status: int
    message: str


Outcome = Good | Wait | Stale | Down | Refused


def kind_of(method: str, path: str) -> str:
    """search, list, read, write or other, as the ledger's table of calls knows them.

    Args:
        method: HTTP method.
        path: the address's path, without query.
    """
    if method != "GET":
        return "write"
    if path.endswith("/search"):
        return "search"
    if path.endswith("/me/playlists"):
        return "list"
    return "read" if _PLAYLIST_PATH.search(path) else "other"


def send_once(send: Callable[[], requests.Response], now: Callable[[], datetime]) -> Outcome:
    """Send a request and judge what comes back; network trouble is an outcome, not an exception.

    What requests raises holds the request with its Authorization header, so it is left behind here.
    """
    try:
        response = send()
    except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.InvalidProxyURL) as error:
        return Down(f"no connection ({type(error).__name__})", unknown=False)
    except requests.exceptions.ConnectionError as error:
        return Down(f"the connection failed ({_root_name(error)})", unknown=not _was_refused(error))
    except requests.exceptions.Timeout as error:
        return Down(f"no answer in time ({type(error).__name__})", unknown=True)
    except requests.exceptions.RequestException as error:
        return Down(f"the answer broke off ({type(error).__name__})", unknown=True)
    return judge(response, now())


def judge(response: requests.Response, at: datetime) -> Outcome:
    """What an answer means, from its status, headers and body.

    Args:
        response: read to its end.
        at: the moment it came, for a Retry-After that names a date.
    """
    status = response.status_code
    body = _json_of(response)
    if status == 429:
        return Wait(retry_after_s(response.headers.get("Retry-After"), at), _error_field(body, "reason") == "QUOTA_EXCEEDED")
    if status == 401:
        return Stale()
    if status >= 500 or status < 200 or 300 <= status < 400:
        return Down(f"it answered {status}", unknown=True)
    if status >= 400:
        return Refused(status, _error_field(body, "message"))
    if body is None:
        kind = response.headers.get("Content-Type", "no type").split(";")[0].strip()[:40]
        return Down(f"it answered {status} with a body that is no JSON ({kind})", unknown=True)
    return Good(response)


def retry_after_s(value: str | None, at: datetime) -> float | None:
    """Seconds that a Retry-After header names, as a number or a date; None when it names none."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - at).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if seconds < 366 * 86_400 else None


def _json_of(response: requests.Response) -> object:
    """The body, None where it is no JSON (or null). Not response.json(): that guesses encodings at a cost for HTML."""
    try:
        decoded: object = json.loads(response.content)
    except ValueError:
        return None
    return decoded


def _error_field(body: object, field: str) -> str:
    """A field of Spotify's error object, one short line; `error` may be a bare string (token service)."""
    error = body.get("error") if isinstance(body, Mapping) else None
    value = error.get(field) if isinstance(error, Mapping) else error if field == "message" else None
    return " ".join(value.split())[:_MESSAGE_LENGTH] if isinstance(value, str) else ""


def _was_refused(error: requests.exceptions.ConnectionError) -> bool:
    """True when no connection came about, so nothing was sent."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _root_name(error: requests.exceptions.ConnectionError) -> str:
    cause = error.args[0] if error.args else error
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return type(reason or error).__name__
