"""What calls to Spotify share, be they to the Web API or to the accounts service: their kinds, their results, their retries."""

from __future__ import annotations

import re
from datetime import datetime

from beatporter.http.content import clean_text, decode_json
from beatporter.http.http_result import Answer, Down, Good, HttpResult, Refused, Wait, classify
from beatporter.http.retry_policy import RetryPolicy
from beatporter.spotify.parsing import read_error

CALL_KINDS = ("search", "list", "read", "write", "other")
"""As the ledger's table of calls knows them."""
PAUSES_S = (1.0, 2.0, 4.0)
"""After no usable answer. Spotify's rate limit looks at a rolling 30 seconds, so pauses below a second gain nothing."""
WAIT_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Least pauses after a 429; each try counts against the day's quota."""
_PLAYLIST_PATH = re.compile(r"/playlists/[^/?]+(/items|/tracks)?/?$")


def kind_of(method: str, path: str) -> str:
    """Which of `CALL_KINDS` a call is.

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


def retry_policy(max_wait_s: float) -> RetryPolicy:
    """How a call to Spotify is tried again.

    Args:
        max_wait_s: longest total of the waits that Spotify may ask of one call.
    """
    return RetryPolicy("Spotify", PAUSES_S, wait_pauses_s=WAIT_PAUSES_S, max_total_wait_s=max_wait_s, jitter=0.5)


def is_unauthorized(result: HttpResult[object]) -> bool:
    """Whether the access token was not accepted."""
    return isinstance(result, Refused) and result.status == 401


def result_of(sent: Answer | Down, at: datetime) -> HttpResult[object]:
    """What came of a request, by status and body; good is only JSON.

    Args:
        at: when the answer came, aware.
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
    try:
        return Good(decode_json(sent.body))
    except ValueError:
        kind = clean_text(sent.headers.get("Content-Type", "no type")).split(";")[0].strip()[:40]
        return Down(f"it answered {sent.status} with a body that is no JSON ({kind})", unknown=True)
