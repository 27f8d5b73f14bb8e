"""What goes wrong in a schedule of the fault campaign, derived from its number alone, so that the number reproduces it.

With one search at a time (three of four schedules) a schedule always plays the same way; with four at a time the order of threads
varies.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

from beatporter.playlist_kinds import AddAt, Digging, PlaylistKind
from sandbox.faults import Rule

HANG_S = 0.4
"""Real seconds of silence, longer than the time-out of a schedule with hangs."""
SHORT_TIMEOUT_S, PATIENT_TIMEOUT_S = 0.2, 20.0

_SPOTIFY: tuple[tuple[int, dict[str, Any]], ...] = (
    (3, {"fault": "rate_limited", "retry_after_s": 3}),
    (2, {"fault": "rate_limited", "retry_after_s": 4000}),
    (2, {"fault": "quota_exceeded", "retry_after_s": 50_000}),
    (2, {"fault": "server_error", "status": 502}),
    (3, {"fault": "server_error", "status": 502, "when": "after"}),
    (2, {"fault": "drop"}),
    (3, {"fault": "drop", "when": "after"}),
    (1, {"fault": "hang", "seconds": HANG_S}),
    (1, {"fault": "hang", "seconds": HANG_S, "when": "after"}),
    (1, {"fault": "truncated"}),
    (1, {"fault": "cut_off"}),
    (1, {"fault": "html"}),
    (1, {"fault": "html", "status": 503, "when": "after"}),
    (1, {"fault": "empty"}),
    (1, {"fault": "token_expired"}),
    (1, {"fault": "oversize"}),
    (1, {"fault": "drip"}),
)
_SLOW = ("hang", "drip")
"""Faults that take real time, each up to a time-out."""
_EMPTY_SPELLS = ("no_results", "no_isrc_results")
_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"fault": "server_error", "status": 503},
    {"fault": "drop"},
    {"fault": "html"},
    {"fault": "rate_limited", "retry_after_s": 4000},
)
_BEATPORT: tuple[dict[str, Any], ...] = (
    {"fault": "challenge", "status": 403},
    {"fault": "challenge", "status": 200},
    {"fault": "server_error", "status": 500},
    {"fault": "rate_limited", "retry_after_s": 4000},
    {"fault": "drop"},
    {"fault": "html"},
    {"fault": "malformed"},
    {"fault": "half_page"},
    {"fault": "truncated"},
)
_SPOTIFY_KINDS = (
    ("", "search", 30),
    ("POST", "playlist-items", 4),
    ("POST", "playlist-items", 2),
    ("GET", "playlist-items", 4),
    ("", "create-playlist", 3),
    ("", "my-playlists", 2),
    ("", "playlist", 2),
    ("", "me", 1),
    ("", "", 60),
)
"""Method, kind, and the last of its requests at which a fault may begin."""


_KINDS: tuple[tuple[PlaylistKind, ...], ...] = (
    ("collect",),
    ("collect",),
    ("collect", "daily", "mirror"),
    ("collect", "daily"),
    ("collect", "mirror"),
    ("daily", "mirror"),
    ("mirror",),
)
Damage = Literal["a zeroed page", "cut short", "an older copy", "no log", "garbage"]
"""What may happen to the ledger's file between runs."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One of the two days.

    Attributes:
        rules: the sandbox's fault script for the whole day.
        kills: for each attempt, the fraction of the day's usual operations at which it is killed; None: never.
        again: for each attempt after the first, whether it is a new run instead of a retry.
        remove, add: whether the person removes or adds a track in the evening.
    """

    rules: tuple[Rule, ...]
    kills: tuple[float | None, ...]
    again: tuple[bool, ...]
    remove: bool
    add: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of one number.

    Attributes:
        genres: number of the world's genres.
        budget: the person's calls per day.
        quota: Spotify's calls per day on the two days; None: no quota.
        snapshot_delay, items_delay: how long a write takes to appear in reads.
        damage: what happens to the ledger's file between the two days; None: nothing.
        locked: whether another process holds the ledger's write lock for a while on the second morning.
        clock_off: how far our clock is set off on the second day.
        spare_pages: pages of room that the ledger's disk has left in the first attempt of the second day; None: enough.
        state_lost: whether Prefect forgets, between two attempts at a run, which steps were finished.
        at_once: whether the second day begins with two runs at the same time.
        kinds, digging, add_at: what the person chose about the playlists.
        relinked: share of the tracks that playlists list under another id than the one that was sent.
        removable_by: which of the two ids a removal of such a track takes.
    """

    seed: int
    days: tuple[DayPlan, DayPlan]
    genres: int
    budget: int
    quota: int | None
    stale_chart_days: int
    snapshot_delay: timedelta
    items_delay: timedelta
    small: bool
    threads: int
    timeout_s: float
    damage: Damage | None
    locked: bool
    clock_off: timedelta
    relinked: float
    removable_by: Literal["either", "listed", "sent"]
    spare_pages: int | None
    state_lost: bool
    at_once: bool
    kinds: tuple[PlaylistKind, ...] = ("collect",)
    digging: Digging = "playlist"
    add_at: AddAt = "top"


def draw_schedule(seed: int) -> Schedule:
    """The schedule of that number."""
    dice = random.Random(f"fault schedule {seed}")
    days = (_draw_day(dice), _draw_day(dice))
    hangs = any(rule.fault in _SLOW for day in days for rule in day.rules)
    chosen = random.Random(f"playlists of fault schedule {seed}")  # apart, so that the faults of a number stay the same
    return Schedule(
        seed=seed,
        days=days,
        genres=dice.choice((1, 2)),
        budget=dice.choice((800, 800, 800, 800, 50, 30)),
        quota=dice.choice((None, None, None, 45, 25)),
        stale_chart_days=dice.choice((0, 0, 2)),
        snapshot_delay=timedelta(seconds=dice.choice((0, 0, 30))),
        items_delay=timedelta(seconds=dice.choice((0, 0, 0.6))),
        small=dice.random() < 0.5,
        threads=dice.choice((1, 1, 1, 4)),
        timeout_s=SHORT_TIMEOUT_S if hangs else PATIENT_TIMEOUT_S,
        damage=dice.choice((*(None,) * 8, *get_args(Damage))),
        locked=dice.random() < 0.1,
        clock_off=timedelta(hours=dice.choice((0, 0, 0, 0, 0, 0, -3, 2))),
        relinked=dice.choice((0.0, 0.0, 0.3, 1.0)),
        removable_by=dice.choice(("either", "listed", "sent")),
        spare_pages=dice.choice((*(None,) * 8, 0, 3, 12)),
        state_lost=dice.random() < 0.15,
        at_once=dice.random() < 0.15,
        kinds=chosen.choice(_KINDS),
        digging=chosen.choice(("playlist", "playlist", "off", "all")),
        add_at=chosen.choice(("top", "top", "end")),
    )


def _draw_day(dice: random.Random) -> DayPlan:
    rules = [_draw_rule(dice) for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4, 6)))]
    if dice.random() < 0.1:
        rules.append(Rule(service="spotify", kind="search", count=None, fault=dice.choice(_EMPTY_SPELLS)))
    attempts = dice.choice((1, 2, 2, 3))
    return DayPlan(
        rules=tuple(rules),
        kills=tuple(dice.random() if dice.random() < 0.4 else None for _ in range(attempts)),
        again=tuple(dice.random() < 0.25 for _ in range(attempts - 1)),
        remove=dice.random() < 0.3,
        add=dice.random() < 0.3,
    )


def _draw_rule(dice: random.Random) -> Rule:
    where = dice.random()
    if where < 0.15:
        return Rule(service="beatport", nth=dice.randint(1, 3), count=dice.choice((1, 3, None)), **dice.choice(_BEATPORT))
    if where < 0.22:
        return Rule(service="accounts", kind="token", nth=dice.randint(1, 6), count=dice.choice((1, 1, 8)), **dice.choice(_ACCOUNTS))
    method, kind, most = dice.choice(_SPOTIFY_KINDS)
    (fault,) = dice.choices([fault for _, fault in _SPOTIFY], [weight for weight, _ in _SPOTIFY])
    count = 1 if fault["fault"] in _SLOW else dice.choice((1, 1, 1, 2, 6, None))
    nth = dice.randint(1, most)
    return Rule(service="spotify", method=method, kind=kind, nth=nth, count=count, **fault)
