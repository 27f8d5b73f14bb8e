"""How good the matching is: precision and recall with 95 % intervals, and searches a track, on labelled sets.

    python -m bench.matching [--set NAME …] [--seed N] [--errors N]

Sets: sandbox, sandbox-strict, sandbox-no-isrc, pairs, pairs-no-isrc, near-misses, charts, cases; all without --set. Each runs our own
`find_track` against the stand-in's search, which ranks as the real one does and not as we do. Each error is printed with the reasons
that the verdict gave.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from beatporter.matching import Match, explain, find_track
from beatporter.matching.find import Search
from beatporter.matching.intervals import wilson
from beatporter.records.track import SpotifyTrack
from bench.matching_cases import case_results
from bench.matching_sets import REAL, Case, LabelledSet, charts_set, near_misses_set, pairs_set, sandbox_set
from bench.strict_search import strict_search
from sandbox.spotify.search import SearchIndex

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What was decided for one case and what that is."""

    case: Case
    match: Match
    searches: int
    grade: str


@dataclass(frozen=True, slots=True)
class Score:
    """A set's figures; shares are None where there is nothing to divide by."""

    name: str
    outcomes: tuple[CaseResult, ...]
    seconds: float

    def count(self, *grades: str) -> int:
        return sum(outcome.grade in grades for outcome in self.outcomes)

    @property
    def taken(self) -> int:
        return sum(outcome.match.track_id is not None for outcome in self.outcomes)

    @property
    def there(self) -> int:
        return sum(bool(outcome.case.same | outcome.case.substitutes) for outcome in self.outcomes)

    @property
    def right(self) -> int:
        return self.count("right", "right, another cut", "right, unplayable", "labelled wrong")

    @property
    def searches(self) -> float:
        return sum(outcome.searches for outcome in self.outcomes) / max(1, len(self.outcomes))


def run(labelled: LabelledSet, seed: int, *, strict: bool = False) -> Score:
    """Decide every case of a set; `strict` on a service that forgives no spelling."""
    index = SearchIndex(labelled.tracks, seed=seed)
    search: Search = strict_search(index) if strict else lambda query: index.search(query).tracks
    started = time.perf_counter()
    outcomes = tuple(_decide(case, search) for case in labelled.cases)
    return Score(labelled.name + "-strict" * strict, outcomes, time.perf_counter() - started)


def _decide(case: Case, search: Callable[[str], Sequence[SpotifyTrack]]) -> CaseResult:
    asked: list[str] = []

    def counted(query: str) -> Sequence[SpotifyTrack]:
        asked.append(query)
        return search(query)

    match = find_track(case.entry, counted, now=NOW)
    return CaseResult(case, match, len(asked), _grade(case, match))


def _grade(case: Case, match: Match) -> str:
    if match.track_id is None:
        return "missed" if case.same or case.substitutes else "rightly not found"
    if match.track_id not in case.same | case.substitutes:
        return "wrong"
    if match.track_id in case.substitutes and match.version == "same":
        return "labelled wrong"
    if match.track_id in case.unplayable:
        return "right, unplayable"
    return "right" if match.track_id in case.same else "right, another cut"


def report(score: Score, errors: int) -> None:
    """Print a set's figures and its errors."""
    print(f"\n{score.name}: {len(score.outcomes)} tracks, {score.there} of them there, {score.taken} taken")
    print(f"  precision  {_share(score.right, score.taken)}   recall {_share(score.right, score.there)}")
    own_there = [outcome for outcome in score.outcomes if outcome.case.same]
    own = sum(outcome.match.track_id in outcome.case.same for outcome in own_there)
    print(f"  own cut taken {_share(own, len(own_there))}   substitutes taken {score.count('right, another cut')}")
    print(f"  searches a track {score.searches:.2f}   {1000 * score.seconds / max(1, len(score.outcomes)):.2f} ms a track, search included")
    print("  " + ", ".join(f"{grade} {count}" for grade, count in sorted(Counter(o.grade for o in score.outcomes).items())))
    bad = [outcome for outcome in score.outcomes if outcome.grade in ("wrong", "missed", "labelled wrong")]
    for outcome in sorted(bad, key=lambda outcome: outcome.grade, reverse=True)[:errors]:
        print(_line(outcome))


def report_charts(score: Score) -> None:
    """Print what was taken for real charts, to be read by eye."""
    print(f"\n{score.name}: {len(score.outcomes)} tracks, no truth known, {score.taken} taken; searches a track {score.searches:.2f}")
    for outcome in score.outcomes:
        if outcome.match.track_id:
            print(_line(outcome, "taken"))


def report_near_misses(score: Score) -> None:
    """Print how near misses were taken; "same" is an error."""
    same = [outcome for outcome in score.outcomes if outcome.match.track_id in outcome.case.substitutes and outcome.match.version == "same"]
    substitutes = sum(outcome.match.version == "substitute" for outcome in score.outcomes)
    print(f"\n{score.name}: {len(score.outcomes)} tracks, {score.taken} taken, {substitutes} of them labelled substitute")
    print(f"  near misses taken as the same: {len(same)}   searches a track {score.searches:.2f}")
    print("  taken as the same, all of them tracks that the set does not list, to be read:")
    for outcome in score.outcomes:
        if outcome.match.version == "same" and outcome not in same:
            print(_line(outcome, "taken"))
    for outcome in same:
        print(_line(outcome, "labelled wrong"))


def report_cases() -> None:
    """Print how many of the real cases are decided as a DJ would, by kind, and those that are not."""
    results = case_results()
    kinds = Counter(result.kind for result in results)
    right = Counter(result.kind for result in results if result.is_right)
    print(f"\ncases: right {_share(right.total(), len(results))}")
    for kind, count in sorted(kinds.items()):
        print(f"  {kind}: {right[kind]} of {count}")
    for result in results:
        if not result.is_right:
            print(f"  {'shown in review' if result.is_shown else 'hidden'}: {result.name}: {result.why}")


def _share(part: int, whole: int) -> str:
    share = wilson(part, whole)
    return f"{100 * share.value:.2f} % ({part} of {whole}; 95 %: {100 * share.low:.2f} to {100 * share.high:.2f} %)" if share else "-"


def _line(outcome: CaseResult, grade: str | None = None) -> str:
    entry, match = outcome.case.entry, outcome.match
    length = f"{entry.length_ms / 1000:.0f} s" if entry.length_ms else "no length"
    asked = f"{', '.join(entry.artists)} – {entry.name} [{entry.mix_name}] {length}"
    took = f"{', '.join(match.track_artists)} – {match.track_name} ({match.version})" if match.track_id else "nothing"
    lines = [f"  {grade or outcome.grade}: {asked}", f"      took {took}: {explain(match)}"]
    if grade is None:
        rightly = outcome.case.same | outcome.case.substitutes
        others = (other for other in match.runners_up if other.track_id in rightly)
        lines += [f"      right: {other.name} by {', '.join(other.artists)}: {other.why}" for other in others]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("sandbox", "sandbox-strict", "sandbox-no-isrc", "pairs", "pairs-no-isrc", "near-misses", "charts", "cases")
    parser.add_argument("--set", dest="sets", action="append", choices=names)
    parser.add_argument("--seed", type=int, default=1, help="of the sandbox's catalogue and of the search's ranking")
    parser.add_argument("--errors", type=int, default=40, help="how many errors of a set to print")
    options = parser.parse_args()
    for name in options.sets or names:
        if not name.startswith("sandbox") and not REAL.exists():
            print(f"\n{name}: left out, {REAL.name}/ is not there")
        elif name.startswith("sandbox"):
            labelled = sandbox_set(options.seed, isrcs=name != "sandbox-no-isrc")
            report(run(labelled, options.seed, strict=name == "sandbox-strict"), options.errors)
        elif name == "cases":
            report_cases()
        elif name == "near-misses":
            report_near_misses(run(near_misses_set(), options.seed))
        elif name == "charts":
            report_charts(run(charts_set(), options.seed))
        else:
            report(run(pairs_set(isrcs=name == "pairs"), options.seed), options.errors)


if __name__ == "__main__":
    main()
