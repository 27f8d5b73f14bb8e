"""What calls to the Web API and to the accounts service share: their kinds, results and retries."""

from __future__ import annotations

import re
from datetime import datetime

from beatporter.http.content import clean_text, decode_json
from beatporter.http.http_result import Answer, Down, Good, HttpResult, Refused, Wait, classify
from beatporter.http.retry_policy import RetryPolicy
from beatporter.spotify.parsing import read_error

CALL_KINDS = ("search", "list", "read", "write", "other")
"""The kinds in the ledger's table of calls."""
PAUSES_S = (1.0, 2.0, 4.0)
"""Pauses after failures. Spotify's rate limit covers a rolling 30 seconds, so pauses below a second gain nothing."""
WAIT_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Shortest pauses after a 429; each try counts against the day's quota."""
_DETAILS_PATH = re.compile(r"/playlists/[^/?]+(/images)?/?$")
_PLAYLIST_PATH = re.compile(r"/playlists/[^/?]+(/items|/tracks)?/?$")


def kind_of(method: str, path: str) -> str:
    """The kind of a call, one of `CALL_KINDS`.

    Args:
        method: HTTP method.
        path: the address's path, without the query.
    """
    if method != "GET":
        return "write"
    if path.endswith("/search"):
        return "search"
    if path.endswith("/me/playlists"):
        return "list"
    return "read" if _PLAYLIST_PATH.search(path) else "other"


def retry_policy(max_wait_s: float) -> RetryPolicy:
    """The retry policy for a call to Spotify.

    Args:
        max_wait_s: longest total of the waits that Spotify may ask of one call.
    """
    return RetryPolicy("Spotify", PAUSES_S, wait_pauses_s=WAIT_PAUSES_S, max_total_wait_s=max_wait_s, jitter=0.5)


def is_unauthorized(result: HttpResult[object]) -> bool:
    """Whether the access token was rejected."""
    return isinstance(result, Refused) and result.status == 401


def says_nothing(method: str, path: str) -> bool:
    """Whether a good answer to this call has no body: changes of a playlist's details and cover."""
    return method == "PUT" and _DETAILS_PATH.search(path) is not None


def result_of(sent: Answer | Down, at: datetime, *, may_be_empty: bool = False) -> HttpResult[object]:
    """The result of a request, by status and body; only JSON is a good one.

    Args:
        at: when the answer arrived, aware.
        may_be_empty: no body is good too.
    """
    if isinstance(sent, Down):
        return sent
    result = classify(sent, at)
    if not isinstance(result, Good):
        try:
            message, reason = read_error(decode_json(sent.body))
        except ValueError:
            message, reason = "", ""
        if isinstance(result, Wait):
            return Wait(result.seconds, quota=reason == "QUOTA_EXCEEDED")
        return Refused(sent.status, message) if isinstance(result, Refused) else result
    if may_be_empty and not sent.body.strip():
        return Good(None)
    try:
        return Good(decode_json(sent.body))
    except ValueError:
        kind = clean_text(sent.headers.get("Content-Type", "no type")).split(";")[0].strip()[:40]
        return Down(f"it answered {sent.status} with a body that is not JSON ({kind})", unknown=True)
