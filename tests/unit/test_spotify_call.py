"""The meaning of Spotify's answers, and how calls are counted; no sockets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from beatporter.http.http_result import Answer, Down, Good, HttpResult, Refused, Wait
from beatporter.spotify.call import kind_of, result_of

AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
QUOTA = '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}'
RATE = '{"error":{"status":429,"message":"API rate limit exceeded"}}'


def answer(status: int, body: str = "", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body.encode())


@pytest.mark.parametrize(
    ("sent", "result"),
    [
        (answer(429, QUOTA, Retry_After="48925"), Wait(48925.0, quota=True)),
        (answer(429, RATE, Retry_After="2"), Wait(2.0, quota=False)),
        (answer(429, "<html>", Retry_After="soon"), Wait(None, quota=False)),
        (answer(401, '{"error":{"status":401,"message":"The access token expired"}}'), Refused(401, "The access token expired")),
        (answer(502, "<html>Bad gateway</html>"), Down("it answered 502", unknown=True)),
        (answer(302, ""), Down("it answered 302", unknown=True)),
        (answer(400, '{"error":{"status":400,"message":"Invalid\\nlimit"}}'), Refused(400, "Invalid limit")),
        (answer(400, '{"error":"invalid_grant","error_description":"Refresh token revoked"}'), Refused(400, "invalid_grant")),
        (answer(403, "User not registered"), Refused(403, "")),
        (answer(404, f'{{"error":{{"message":"{"x" * 500}"}}}}'), Refused(404, "x" * 200)),
        (
            answer(200, "<html>", Content_Type="text/html; charset=utf-8"),
            Down("it answered 200 with a body that is not JSON (text/html)", True),
        ),
        (answer(201, '{"snapshot_id": "AA'), Down("it answered 201 with a body that is not JSON (no type)", True)),
        (answer(200, ""), Down("it answered 200 with a body that is not JSON (no type)", True)),
    ],
)
def test_answers_are_classified(sent: Answer, result: HttpResult[object]) -> None:
    assert result_of(sent, AT) == result


def test_a_good_answer_is_passed_on() -> None:
    assert result_of(answer(201, '{"snapshot_id": "AAAB"}'), AT) == Good({"snapshot_id": "AAAB"})


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/search", "search"),
        ("GET", "/v1/me/playlists", "list"),
        ("GET", "/v1/playlists/abc", "read"),
        ("GET", "/v1/playlists/abc/items", "read"),
        ("GET", "/v1/me", "other"),
        ("GET", "/v1/tracks/abc", "other"),
        ("POST", "/v1/me/playlists", "write"),
        ("PUT", "/v1/playlists/abc/items", "write"),
        ("DELETE", "/v1/playlists/abc/items", "write"),
    ],
)
def test_calls_are_counted_by_kind(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind
