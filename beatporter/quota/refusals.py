"""Spotify's own quota as its refusals show it: which kinds of call are refused until when, and how many calls of ours came before.

The quota belongs to a developer account and is not one number: other apps of the same person use it too, which our own count cannot see,
and a refusal may concern one kind of call alone. So a kind that was refused is not asked for again before its time. Others still are; once
a second kind is refused, all are taken to be. Reports of November 2026 name 1,144 and about 2,600 calls before a refusal, and some 800 a
day after it (docs/decisions/spotify-budget.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from beatporter.errors import QuotaExceeded
from beatporter.ledger.calls import Calls
from beatporter.quota.window import WINDOW, in_words

EVERY_KIND = ""
LEARNED_FROM = timedelta(days=14)
"""Older refusals say little about today's quota: Spotify changes it."""
LEAST_REFUSALS = 2
"""One alone may be another app's doing."""
LEAST_LEARNED = 100
"""A limit below it is never concluded: then others use most of the quota, and tomorrow they may not."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One spell in which Spotify refused.

    Attributes:
        at: when it first refused.
        kind: of the call that was refused; empty where that is not known.
        made: our calls in the 24 hours before.
        until: when it said to ask again.
    """

    at: datetime
    kind: str
    made: int
    until: datetime


def closed_until(refused: Mapping[str, datetime], kind: str) -> datetime | None:
    """Until when Spotify is not asked for that kind of call; None: it may be.

    Args:
        refused: the kinds that it refuses now, each with its end.
    """
    if EVERY_KIND in refused or len(refused) > 1:
        return max(refused.values())
    return refused.get(kind)


def quota_spent(until: datetime, made: int) -> QuotaExceeded:
    """The error for Spotify's own quota."""
    return QuotaExceeded(
        f"Spotify refused after {made} of our calls in 24 hours; others may share this quota (QUOTA_EXCEEDED).",
        f"It is back at {in_words(until)}; nothing is asked before, and the next run after it goes on where this one stopped.",
        until=until,
    )


def refusals(calls: Calls, now: datetime) -> Sequence[Refusal]:
    """The spells of the last two weeks, the earliest first. What is refused before a spell ends belongs to it."""
    found: list[Refusal] = []
    for at, kind, until in calls.refusals(now - LEARNED_FROM):
        if not found or at >= found[-1].until:
            found.append(Refusal(at, kind, calls.made_since(at - WINDOW, at), until))
    return found


def learned_budget(spells: Sequence[Refusal], budget: int) -> int:
    """The calls to plan a day with: the person's budget, or what Spotify is known to give where that is less.

    Args:
        spells: see `refusals`.
        budget: calls in any rolling 24 hours, as the settings say.
    """
    if len(spells) < LEAST_REFUSALS:
        return budget
    return min(budget, max(LEAST_LEARNED, *(spell.made for spell in spells)))
