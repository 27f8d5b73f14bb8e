"""Does memory stay flat? Genres one after the other in one process, round after round: `python -m tests.memory.soak`, or `make soak`.

What is in RAM after each genre goes through the rule that a parent's page uses. The first round of several is left out, and at least 18
genres: they load modules and fill caches that are bounded. Exit code 1 unless the slope is under 0.1 MB a genre and its interval excludes
0.5 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from beatporter.genres import KNOWN, all_genres
from beatporter.memory.trend import FLAT_BELOW_MB, Slope, growth, robust_slope
from tests.memory.measured_runs import World, sandbox

SLOPE_BELOW_MB = 0.1
WARM_UP = 18
"""Genres until the caches are full: seen in six rounds of six genres."""
MB = 2**20


def main(arguments: Sequence[str]) -> int:
    """Run the rounds and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--genres", type=int, default=36)
    parser.add_argument("--profile", choices=("on", "off"), default="on")
    chosen = parser.parse_args(arguments)
    slugs = [genre.slug for genre in KNOWN][: chosen.genres]
    with tempfile.TemporaryDirectory() as folder, sandbox(Path(folder) / "home", 0, slugs) as world:
        os.environ.update(world.environment)
        os.environ.update({"BEATPORTER_PROFILE": chosen.profile, "BEATPORTER_SPOTIFY_DAILY_BUDGET": "1000000"})
        after = rounds(world, slugs, chosen.rounds)
    slope = robust_slope(after[WARM_UP if chosen.rounds == 1 else max(len(slugs), WARM_UP) :])
    print(json.dumps({"after_mb": after, "slope": asdict(slope) if slope else None, "verdict": growth(slope)}))
    return 0 if slope is not None and is_flat(slope) else 1


def is_flat(slope: Slope) -> bool:
    return slope.estimate < SLOPE_BELOW_MB and slope.high < FLAT_BELOW_MB


def rounds(world: World, slugs: Sequence[str], count: int) -> list[float]:
    """MB in RAM after each genre, from the runs' rows in the ledger."""
    from beatporter.ledger.ledger import open_ledger
    from beatporter.settings import load_settings
    from cli.sync import run_here

    settings, known = load_settings(), all_genres({})
    after: list[float] = []
    for number in range(count):
        document = run_here(settings, slugs, quiet=True)
        problems = [outcome["error"] for outcome in document["genres"].values() if outcome["error"]]
        assert not problems, problems[0]
        with open_ledger(settings.ledger_address()) as ledger:
            rows = [ledger.memory.runs(known[slug].genre_id, 1)[0] for slug in slugs]
        after += [(row.after_bytes or 0) / MB for row in sorted(rows, key=lambda row: row.at)]
        print(f"round {number + 1}: {after[-len(slugs)]:.1f} MB after the first genre, {after[-1]:.1f} MB after the last", file=sys.stderr)
        world.next_day()
    return after


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
