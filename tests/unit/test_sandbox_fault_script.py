"""Fault scripts and the sandbox's clock: which request is due, and JSON in both directions. No sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import SandboxClock
from sandbox.faults import FAULTS, FaultScript, Rule

START = datetime(2026, 11, 2, 6, tzinfo=UTC)


def fired(script: FaultScript, count: int, kind: str = "search") -> list[int]:
    """Numbers (from 1) of the requests that the script spoils."""
    return [number for number in range(1, count + 1) if script.pick("spotify", "GET", kind, "/v1/search")]


def test_nth_and_count_choose_a_run_of_matches() -> None:
    assert fired(FaultScript([Rule("drop", nth=3, count=2)]), 6) == [3, 4]
    assert fired(FaultScript([Rule("drop", nth=2, count=None)]), 4) == [2, 3, 4]
    assert fired(FaultScript([Rule("drop")]), 3) == [1]


def test_a_rule_counts_only_what_it_looks_at() -> None:
    script = FaultScript([Rule("drop", service="spotify", method="GET", kind="search", path="^/v1/search$", nth=2)])
    for service, method, kind, path in (
        ("beatport", "GET", "search", "/v1/search"),
        ("spotify", "POST", "search", "/v1/search"),
        ("spotify", "GET", "track", "/v1/search"),
        ("spotify", "GET", "search", "/v1/search/x"),
    ):
        assert script.pick(service, method, kind, path) is None
    assert fired(script, 2) == [2]


def test_chance_depends_on_the_seed_and_the_number_alone() -> None:
    rule = Rule("drop", probability=0.3, seed=5, count=None)
    first = fired(FaultScript([rule]), 400)
    other_rule_before = FaultScript([rule, Rule("hang", kind="track", probability=0.5, count=None)])
    fired(other_rule_before, 10, kind="track")
    assert fired(FaultScript([rule]), 400) == first
    assert 80 < len(first) < 160
    assert fired(FaultScript([Rule("drop", probability=0.3, seed=6, count=None)]), 400) != first


def test_the_first_rule_that_is_due_decides_and_the_others_keep_their_turn() -> None:
    script = FaultScript([Rule("drop"), Rule("hang")])
    picked = [script.pick("spotify", "GET", "search", "/") for _ in range(3)]
    assert [rule.fault if rule else None for rule in picked] == ["drop", "hang", None]
    assert script.fired == 2


def test_foreseen_faults_happen_and_looking_ahead_counts_nothing() -> None:
    script = FaultScript([Rule("drop", nth=2), Rule("hang", probability=0.5, count=None)])
    for _ in range(40):
        foreseen = [script.foresee("spotify", "GET", "search", "/") for _ in range(2)]
        assert foreseen == [script.pick("spotify", "GET", "search", "/")] * 2


def test_scripts_are_json_both_ways() -> None:
    data = [
        {"service": "spotify", "kind": "search", "nth": 3, "fault": "rate_limited", "retry_after_s": 1},
        {"service": "spotify", "nth": 20, "count": None, "fault": "quota_exceeded", "retry_after_s": 50000},
        {"method": "POST", "kind": "playlist-items", "fault": "server_error", "status": 502, "when": "after"},
        {"kind": "search", "probability": 0.05, "seed": 7, "count": None, "fault": "truncated"},
        {"service": "beatport", "fault": "challenge", "status": 200},
    ]
    script = FaultScript()
    script.load(data)
    assert script.to_json() == data
    assert [rule.label for rule in map(Rule.from_json, data)][2] == "server_error:502:after"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"fault": "earthquake"}, "unknown fault 'earthquake'"),
        ({"fault": "drop", "colour": 1}, "has no colour"),
        ({"kind": "search"}, "needs a fault"),
        ({"fault": "drop", "nth": 0}, "must be at least 1"),
        ({"fault": "drop", "count": 0}, "must be at least 1"),
        ({"fault": "drop", "probability": 2}, "between 0 and 1"),
        ({"fault": "drop", "when": "during"}, "before or after"),
        ({"fault": "rate_limited", "when": "after"}, "before the handler"),
        ({"fault": "truncated", "when": "before"}, "after the handler"),
    ],
)
def test_a_wrong_rule_is_named_and_leaves_the_script_as_it_was(data: dict[str, object], message: str) -> None:
    script = FaultScript([Rule("drop")])
    with pytest.raises(ValueError, match=message):
        script.load([{"fault": "hang"}, data])
    assert [rule["fault"] for rule in script.to_json()] == ["drop"]


def test_every_fault_makes_a_rule() -> None:
    assert {Rule(fault).fault for fault in FAULTS} == FAULTS


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = SandboxClock(START, manual=True)
    assert clock() == clock() == START
    assert clock.advance(90) == START + timedelta(seconds=90) == clock()
    assert clock.advance(timedelta(days=1)) == START + timedelta(days=1, seconds=90)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_a_running_clock_starts_where_told_and_runs_on() -> None:
    clock = SandboxClock(START)
    first = clock()
    assert START <= first <= clock() < START + timedelta(minutes=5)
    clock.advance(timedelta(days=2))
    assert clock() >= first + timedelta(days=2)
    assert clock().tzinfo is UTC


def test_a_clock_takes_no_time_without_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        SandboxClock(datetime(2026, 11, 2))
