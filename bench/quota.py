"""The first fill and the days after it under Spotify's quota: calls per day by kind, and their results.

    python -m bench.quota                              # what `make bench-quota` does; writes bench/quota.md
    python -m bench.quota --late-only                  # only the tracks that reach Spotify late; writes no file
    python -m bench.quota --genres 6 --budget 130      # a smaller world; writes no file

`tests.campaign.quota_fill` plays the stories. Exit code 1 when an aim (`broken_aims`) is not met.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import get_args

from beatporter.genres import all_genres
from beatporter.spotify.call import CALL_KINDS
from bench import late_arrivals
from tests.campaign.quota_fill import Story, Told, broken_aims, tell


def table(told: Told) -> list[str]:
    """A story in Markdown, one line per day."""
    head = (
        "day",
        *CALL_KINDS,
        "calls",
        "new",
        "searched",
        "placed",
        "deferred",
        "wasted",
        "filled down to",
        "new searched",
        "open for",
        "waited",
    )
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(['---:'] * len(head))}|"]
    for number, day in enumerate(told.days, 1):
        again = f" + {day.again}" if day.again else ""
        cells = (
            number,
            *(day.calls[kind] for kind in CALL_KINDS),
            day.calls.total(),
            day.new,
            f"{day.searched - day.again}{again}",
            day.placed,
            day.deferred,
            day.wasted,
            f"{min(day.depth.values())} to {max(day.depth.values())}",
            f"{100 * day.new_decided / day.new:.0f} %" if day.new else "",
            f"{day.longest_open} d" if day.longest_open else "",
            f"{day.waited_s / 60:.1f} min" if day.waited_s else "",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def report(stories: Sequence[Told]) -> str:
    """Both stories as in bench/quota.md."""
    first = stories[0]
    lines = [
        "# The day's quota in figures",
        "",
        f"`make bench-quota`: {first.genres} genres, Spotify's quota and the person's budget at {first.budget} calls in any 24 hours,",
        "one run a day at the same time, in the sandbox on a simulated clock; the steps are the product's, the requests real HTTP.",
        "",
        "Columns: calls by kind and in total; tracks that no chart had before; entries searched (+ earlier misses searched again);",
        "tracks placed; entries deferred, of this chart and the last ones; calls wasted (answers not kept, entries searched twice,",
        "calls refused); the position down to which everything is decided, in the worst and in the best genre; how many of",
        "the day's new tracks were searched the same day; for how many mornings a chart's oldest open entry has been open; the wait.",
    ]
    for told in stories:
        days = f"{told.filled_on} days" if told.filled_on else "not finished"
        title = "Charts stand still until everything is filled" if told.story == "standing" else "Charts move from the first day on"
        lines += [
            "",
            f"## {title}",
            "",
            f"First fill: {days}. Most calls in any 24 hours, as Spotify saw them: {told.most_in_24_hours}.",
            "",
        ]
        lines += table(told)
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.quota", description="The first fill under Spotify's quota, and the days after it."
    )
    parser.add_argument("--genres", type=int, default=36, help="how many")
    parser.add_argument("--budget", type=int, default=800, help="calls in any 24 hours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--late-only", action="store_true", help="only the tracks that reach Spotify late")
    chosen = parser.parse_args()
    if chosen.late_only:
        return _late_arrivals()
    slugs = tuple(all_genres())[: chosen.genres]
    since = time.monotonic()
    with ProcessPoolExecutor(len(get_args(Story)), initializer=_say_no_deferrals) as pool:
        stories = list(pool.map(partial(tell, slugs=slugs, budget=chosen.budget, seed=chosen.seed), get_args(Story)))
        pairs = late_arrivals.play_pairs(pool)
    print(f"{sum(len(told.days) for told in stories)} days in {time.monotonic() - since:.0f} s", file=sys.stderr)
    text = f"{report(stories)}\n{late_arrivals.report(pairs)}"
    print(text)
    if (chosen.genres, chosen.budget, chosen.seed) == (36, 800, 1):
        Path(__file__).with_suffix(".md").write_text(text)
    broken = [f"{told.story}: {what}" for told in stories for what in broken_aims(told)] + late_arrivals.broken_aims(pairs)
    print("\n".join(broken) or "Every aim is met.")
    return 1 if broken else 0


def _late_arrivals() -> int:
    with ProcessPoolExecutor(2, initializer=_say_no_deferrals) as pool:
        pairs = late_arrivals.play_pairs(pool)
    print(late_arrivals.report(pairs))
    broken = late_arrivals.broken_aims(pairs)
    print("\n".join(broken) or "Every aim is met.")
    return 1 if broken else 0


def _say_no_deferrals() -> None:
    """They are in the table."""
    logging.getLogger("beatporter").setLevel(logging.ERROR)


if __name__ == "__main__":
    sys.exit(main())
