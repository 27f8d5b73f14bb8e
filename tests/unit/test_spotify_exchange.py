"""What an answer means, when a request is sent again, and how fast requests leave; no sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError

from beatporter.spotify.exchange import Down, Good, Outcome, Refused, Stale, Wait, judge, kind_of, retry_after_s, send_once
from beatporter.spotify.patience import MAX_DOWN, MAX_WAITS, Effort
from beatporter.spotify.rate import RateLimiter

AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
QUOTA = '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}'
RATE = '{"error":{"status":429,"message":"API rate limit exceeded"}}'


def answer(status: int, body: str = "", **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body.encode()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (answer(429, QUOTA, Retry_After="48925"), Wait(48925.0, quota=True)),
        (answer(429, RATE, Retry_After="2"), Wait(2.0, quota=False)),
        (answer(429, "<html>", Retry_After="soon"), Wait(None, quota=False)),
        (answer(401, '{"error":{"status":401,"message":"The access token expired"}}'), Stale()),
        (answer(502, "<html>Bad gateway</html>"), Down("it answered 502", unknown=True)),
        (answer(302, ""), Down("it answered 302", unknown=True)),
        (answer(400, '{"error":{"status":400,"message":"Invalid\\nlimit"}}'), Refused(400, "Invalid limit")),
        (answer(400, '{"error":"invalid_grant","error_description":"Refresh token revoked"}'), Refused(400, "invalid_grant")),
        (answer(403, "User not registered"), Refused(403, "")),
        (answer(404, f'{{"error":{{"message":"{"x" * 500}"}}}}'), Refused(404, "x" * 200)),
        (
            answer(200, "<html>", Content_Type="text/html; charset=utf-8"),
            Down("it answered 200 with a body that is no JSON (text/html)", True),
        ),
        (answer(201, '{"snapshot_id": "AA'), Down("it answered 201 with a body that is no JSON (no type)", True)),
        (answer(200, ""), Down("it answered 200 with a body that is no JSON (no type)", True)),
    ],
)
def test_answers_are_judged(response: requests.Response, outcome: Outcome) -> None:
    assert judge(response, AT) == outcome


def test_a_good_answer_is_handed_on() -> None:
    response = answer(201, '{"snapshot_id": "AAAB"}')
    assert judge(response, AT) == Good(response)


def test_retry_after_is_read_as_number_and_date() -> None:
    assert retry_after_s("2.5", AT) == 2.5
    assert retry_after_s("-3", AT) == 0
    assert retry_after_s(format_datetime(AT + timedelta(seconds=90), usegmt=True), AT) == 90
    for value in (None, "", "nan", "inf", "tomorrow"):
        assert retry_after_s(value, AT) is None, value


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
    ],
    ids=["refused", "no such host", "connect time-out", "dropped", "time-out", "cut off", "undecodable"],
)
def test_only_a_connection_that_never_was_leaves_no_doubt(error: requests.RequestException, unknown: bool) -> None:
    def send() -> requests.Response:
        raise error

    outcome = send_once(send, lambda: AT)
    assert isinstance(outcome, Down)
    assert outcome.unknown is unknown


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


def pauses(outcome: Outcome, *, is_read: bool, max_wait_s: float = 60) -> list[float]:
    slept: list[float] = []
    told: list[float] = []
    effort = Effort(max_wait_s, slept.append, lambda seconds, why: told.append(seconds))
    while effort.another(outcome, is_read=is_read):
        assert len(slept) < 50, "it never gives up"
    assert told == slept, "a pause that nobody was told of"
    return slept


def test_a_write_that_may_have_arrived_is_never_sent_again() -> None:
    assert pauses(Down("it answered 502", unknown=True), is_read=False) == []


@pytest.mark.parametrize(("outcome", "is_read"), [(Down("502", unknown=True), True), (Down("refused", unknown=False), False)])
def test_what_is_safe_is_sent_again_after_growing_pauses(outcome: Outcome, is_read: bool) -> None:
    slept = pauses(outcome, is_read=is_read)
    assert len(slept) == MAX_DOWN
    for number, seconds in enumerate(slept):
        assert 0.5 * 2**number <= seconds <= 1.5 * 2**number


def test_a_429_waits_as_asked_up_to_a_total() -> None:
    assert pauses(Wait(20, quota=False), is_read=False, max_wait_s=60) == [20, 20, 20]
    assert pauses(Wait(61, quota=False), is_read=True, max_wait_s=60) == []
    assert pauses(Wait(None, quota=False), is_read=True, max_wait_s=6) == [1, 2]
    assert len(pauses(Wait(0, quota=False), is_read=True, max_wait_s=10_000)) == MAX_WAITS


def test_a_spent_quota_and_a_refusal_are_not_waited_for() -> None:
    for outcome in (Wait(1, quota=True), Refused(404, ""), Stale()):
        assert pauses(outcome, is_read=True) == []


class Time:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def leave_times(limiter: RateLimiter, time: Time, count: int) -> list[float]:
    left = []
    for _ in range(count):
        limiter.wait_turn()
        left.append(round(time.at - 100, 6))
    return left


def test_requests_leave_at_the_rate_after_a_burst_of_one_second() -> None:
    time = Time()
    limiter = RateLimiter(5, sleep=time.sleep, clock=time)
    assert leave_times(limiter, time, 8) == [0, 0, 0, 0, 0, 0.2, 0.4, 0.6]
    time.at += 60
    assert leave_times(limiter, time, 6) == [60.6] * 5 + [60.8], "idle time was saved up beyond a second"


def test_a_slow_rate_has_no_burst() -> None:
    time = Time()
    assert leave_times(RateLimiter(0.5, sleep=time.sleep, clock=time), time, 3) == [0, 2, 4]


def test_one_threads_429_holds_all() -> None:
    time = Time()
    limiter = RateLimiter(5, sleep=time.sleep, clock=time)
    limiter.hold(30)
    assert leave_times(limiter, time, 2) == [30, 30]


def test_a_hold_that_was_slept_through_is_over_though_the_clock_stands() -> None:
    slept: list[float] = []
    limiter = RateLimiter(5, sleep=slept.append, clock=lambda: 100.0)
    limiter.hold(30)
    for _ in range(3):
        limiter.wait_turn()
    assert slept == [30]


def test_a_shared_limit_is_asked_in_blocks() -> None:
    time, asked = Time(), []
    acquire: Callable[[int], None] = asked.append
    limiter = RateLimiter(100, sleep=time.sleep, clock=time, acquire=acquire, block=5)
    leave_times(limiter, time, 11)
    assert asked == [5, 5, 5]
