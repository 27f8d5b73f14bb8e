"""When a request is sent again, and after which pauses."""

from __future__ import annotations

import itertools

import pytest

from beatporter.beatport.client import RETRIES
from beatporter.http.http_result import BadAddress, Down, Good, HttpResult, Refused, TooLarge, Wait
from beatporter.http.retry_policy import RetryPolicy, send_with_retries
from beatporter.spotify.call import PAUSES_S, WAIT_PAUSES_S, retry_policy

RATE, DOWN = Wait(7), Down("it answered 502", unknown=True)


def pauses(*results: HttpResult[str], is_read: bool = True, max_wait_s: float = 60, policy: RetryPolicy | None = None) -> list[float]:
    """The pauses before the tries that these results cause; the last result is repeated."""
    slept: list[float] = []
    told: list[float] = []
    coming = itertools.chain(results, itertools.repeat(results[-1]))
    last = send_with_retries(
        lambda: next(coming),
        policy or retry_policy(max_wait_s),
        is_read=is_read,
        sleep=slept.append,
        on_wait=lambda seconds, why: told.append(seconds),
    )
    assert last == results[-1]
    assert told == slept, "a pause was not reported"
    return slept


def test_a_write_that_may_have_arrived_is_never_sent_again() -> None:
    assert pauses(DOWN, is_read=False) == []
    assert len(pauses(RATE, DOWN, is_read=False)) == 1


@pytest.mark.parametrize(("result", "is_read"), [(DOWN, True), (Down("refused", unknown=False), False)])
def test_what_is_safe_is_sent_again_after_growing_pauses(result: HttpResult[str], is_read: bool) -> None:
    slept = pauses(result, is_read=is_read)
    assert len(slept) == len(PAUSES_S) == 3
    for number, seconds in enumerate(slept):
        assert 0.5 * 2**number <= seconds <= 1.5 * 2**number


def test_a_429_waits_as_asked_up_to_a_total() -> None:
    assert pauses(Wait(20), is_read=False, max_wait_s=60) == [20, 20, 20]
    assert pauses(Wait(61), max_wait_s=60) == []
    assert pauses(Wait(None), max_wait_s=6) == [1, 2]
    assert len(pauses(Wait(0), max_wait_s=10_000)) == len(WAIT_PAUSES_S) == 5


def test_waits_and_failures_of_spotify_are_counted_separately() -> None:
    slept = pauses(DOWN, RATE, DOWN, RATE, DOWN, Good("at last"))
    assert len(slept) == 5
    assert [slept[1], slept[3]] == [7, 7]


def test_results_that_another_try_would_not_improve_are_returned() -> None:
    for result in (Good("x"), Wait(1, quota=True), Refused(404), TooLarge("4 MB", unknown=True), BadAddress("no host", unknown=False)):
        assert pauses(result) == []


def test_all_threads_wait_for_a_429_but_not_for_a_failure() -> None:
    slept: list[float] = []
    held: list[float] = []
    results = iter((RATE, Down("refused", unknown=False), Good("x")))
    send_with_retries(lambda: next(results), RETRIES, is_read=False, sleep=slept.append, hold=held.append)
    assert (held, slept) == ([7], [8])


def test_beatport_has_three_tries_whatever_fails_and_is_not_waited_for_beyond_a_minute() -> None:
    assert pauses(DOWN, policy=RETRIES) == [2, 8]
    assert pauses(RATE, DOWN, policy=RETRIES) == [7, 8]
    assert pauses(DOWN, RATE, DOWN, policy=RETRIES) == [2, 8]
    assert pauses(Wait(60), policy=RETRIES) == [60, 60]
    assert pauses(Wait(61), policy=RETRIES) == []
