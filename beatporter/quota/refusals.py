"""Spotify's own quota, learnt from its refusals: which kinds of call are refused until when, and how many of our calls came before.

The quota belongs to a developer account and is not one number: other apps of the same person use it too, which our own count cannot see,
and a refusal may concern only one kind of call. So a refused kind is not called again before its time, while others still are; once
a second kind is refused, all count as refused. Reports of November 2026 name 1,144 and about 2,600 calls before a refusal, and about
800 a day after it (docs/decisions/spotify-budget.md).
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
"""A single refusal may be caused by another app."""
LEAST_LEARNED = 100
"""No lower limit is ever concluded: in that case others use most of the quota, and tomorrow they may not."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One period in which Spotify refused calls.

    Attributes:
        at: time of the first refusal.
        kind: the refused kind of call; empty when unknown.
        made: our calls in the 24 hours before.
        until: when Spotify said to try again.
    """

    at: datetime
    kind: str
    made: int
    until: datetime


def closed_until(refused: Mapping[str, datetime], kind: str) -> datetime | None:
    """Until when Spotify must not get that kind of call; None: it may.

    Args:
        refused: the kinds that Spotify refuses now, each with its end.
    """
    if EVERY_KIND in refused or len(refused) > 1:
        return max(refused.values())
    return refused.get(kind)


def quota_spent(until: datetime, made: int) -> QuotaExceeded:
    """The error for Spotify's own quota."""
    return QuotaExceeded(
        f"Spotify refused after {made} of our calls in 24 hours; others may share this quota (QUOTA_EXCEEDED).",
        f"It is back at {in_words(until)}. Nothing is sent before then; the next run after that continues where this one stopped.",
        until=until,
    )


def refusals(calls: Calls, now: datetime) -> Sequence[Refusal]:
    """The periods of the last two weeks, earliest first. A refusal before a period ends belongs to it."""
    found: list[Refusal] = []
    for at, kind, until in calls.refusals(now - LEARNED_FROM):
        if not found or at >= found[-1].until:
            found.append(Refusal(at, kind, calls.made_since(at - WINDOW, at), until))
    return found


def learned_budget(spells: Sequence[Refusal], budget: int) -> int:
    """The calls to plan a day with: the person's budget, or Spotify's known limit if that is lower.

    Args:
        spells: see `refusals`.
        budget: calls in any rolling 24 hours, from the settings.
    """
    if len(spells) < LEAST_REFUSALS:
        return budget
    return min(budget, max(LEAST_LEARNED, *(spell.made for spell in spells)))
