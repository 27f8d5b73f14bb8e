"""Second searches for tracks that reach Spotify late: the fixed rule beside what is learnt for each label, with seeds.

Part of `python -m bench.quota`; `tests.campaign.late_days` plays the weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import partial

from sandbox.catalogue.label_delays import WAYS
from tests.campaign.late_days import DAYS, LEARNT_BY, Rule, Weeks, days_won, given_up, play

SLUGS = ("house", "techno-peak-time-driving", "melodic-house-techno", "drum-bass")
SEEDS = (1, 2, 3)
BUDGET = 800
"""Enough for these genres: what is compared is the rule, not who is short of calls."""
RULES: tuple[Rule, ...] = ("fixed", "learnt")


def play_pairs(pool: Executor, seeds: Sequence[int] = SEEDS) -> list[tuple[Weeks, Weeks]]:
    """Each seed's weeks by the fixed rule and by what is learnt."""
    futures = [[pool.submit(partial(play, rule, SLUGS, seed=seed, budget=BUDGET)) for rule in RULES] for seed in seeds]
    return [(fixed.result(), learnt.result()) for fixed, learnt in futures]


def report(pairs: Sequence[tuple[Weeks, Weeks]]) -> str:
    """The section of bench/quota.md."""
    lines = [
        "## Tracks that reach Spotify late",
        "",
        f"{len(SLUGS)} genres, {DAYS} days, the same world twice: second searches by the fixed rule, and by what the ledger has learnt",
        f"for each label ([the rule](../docs/decisions/late-arrivals.md)). Counted from day {LEARNT_BY} on. Late: from the day on which",
        "the track is on Spotify to the day on which it was found, on average. Days won: over the tracks that both found. Given up: found",
        "by the fixed rule only.",
        "",
        "| seed | second searches | saved | late tracks found | late by | days won | given up |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for fixed, learnt in pairs:
        before, after = fixed.again.total(), learnt.again.total()
        found = f"{_found(fixed)} → {_found(learnt)}"
        late = f"{fixed.mean_late_days:.1f} → {learnt.mean_late_days:.1f} d"
        saved = f"{100 * (before - after) / max(1, before):.0f} %"
        cells = (fixed.seed, f"{before} → {after}", saved, found, late, days_won(fixed, learnt), len(given_up(fixed, learnt)))
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        "By the way in which a label delivers, all seeds:",
        "",
        "| way | second searches | found | late by |",
        "|---|---:|---:|---:|",
    ]
    lines += [_way_row(way, pairs) for way in WAYS]
    return "\n".join(lines) + "\n"


def broken_aims(pairs: Iterable[tuple[Weeks, Weeks]]) -> list[str]:
    """The aims that are missed, in words."""
    found = []
    for fixed, learnt in pairs:
        if learnt.again.total() > fixed.again.total():
            found.append(f"seed {fixed.seed}: more second searches than by the fixed rule")
        if learnt.mean_late_days > fixed.mean_late_days and _found(learnt) <= _found(fixed):
            found.append(f"seed {fixed.seed}: late tracks are found later, and no more of them")
        found += [f"seed {fixed.seed}: the entry {one} was given up" for one in given_up(fixed, learnt)]
    return found


def _found(weeks: Weeks) -> int:
    return sum(one.day >= LEARNT_BY for one in weeks.found.values())


def _way_row(way: str, pairs: Sequence[tuple[Weeks, Weeks]]) -> str:
    cells = []
    for rule in range(2):
        late = [one.late_days for pair in pairs for one in pair[rule].found.values() if one.way == way and one.day >= LEARNT_BY]
        mean = f"{sum(late) / len(late):.1f}" if late else "–"
        cells.append((sum(pair[rule].again[way] for pair in pairs), len(late), mean))
    return f"| {way} | {' | '.join(f'{before} → {after}' for before, after in zip(*cells, strict=True))} |"
