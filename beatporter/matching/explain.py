"""Puts decisions into plain words, and says which of them a person should look at. Decides nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from beatporter.matching import weights
from beatporter.matching.decide import Decision
from beatporter.matching.judge import differ_in_one, isrcs_agree, lengths_agree, titles_of
from beatporter.matching.version import Cut
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match, RunnerUp, Verdict

Confidence = Literal["sure", "doubtful", "none"]

_CUT_NAMES: dict[Cut, str] = {"extended": "extended mix", "original": "original mix", "radio": "radio edit"}


def why(entry: ChartEntry, verdict: Verdict, others: Sequence[Verdict] = ()) -> tuple[str, ...]:
    """Say why a track was taken: what agrees, the substitution if it is one, then each penalty with its points.

    Args:
        others: the other candidates; the chart's ISRC may belong to another version among them.
    """
    reasons = ["ISRC agrees" if isrcs_agree(entry, verdict.track) else "found by title and artist"]
    if verdict.version == "same" and differ_in_one(entry.isrc, verdict.track.isrc):
        reasons.append("ISRC differs in one character")
    if lengths_agree(entry, verdict.track):
        reasons.append("length agrees")
    if verdict.version == "substitute":
        reasons.append(_say_substitute(entry, verdict))
    if not isrcs_agree(entry, verdict.track):
        wrong = next((other for other in others if other.version is None and isrcs_agree(entry, other.track)), None)
        if wrong is not None:
            reasons.append(f"the chart's ISRC belongs to “{wrong.track.name}”, which is another version")
    return (*reasons, *(f"{name} (-{points:g})" for name, points in verdict.penalties))


def why_not(decision: Decision) -> tuple[str, ...]:
    """Say why nothing was taken: how many candidates there were, and what is wrong with the closest."""
    if not decision.others:
        return ("Spotify found nothing",)
    closest = decision.others[0]
    wrong = "; ".join(closest.rejected) or "the person's version order leaves its cut out"
    count = len(decision.others)
    artists = ", ".join(closest.track.artists)
    return (f"{count} candidate{'s' * (count != 1)}, none right", f"closest: “{closest.track.name}” by {artists}: {wrong}")


def explain(match: Match) -> str:
    """Explain a decision in one line, e.g. "ISRC agrees; length agrees; remixer named differently (-6)"."""
    reasons = "; ".join(match.reasons)
    if match.method == "forgotten":
        return "forgotten: the next run decides again"
    if match.method == "person":
        said = "chosen by a person" if match.track_id else "ruled out by a person"
        return f"{said}; {reasons}" if reasons else said
    if match.track_id is None:
        again = f"; tried again from {match.retry_at:%Y-%m-%d}" if match.retry_at else ""
        return f"not on Spotify: {reasons or 'nothing found'}{again}"
    return reasons or f"{match.score:g} of 100 points"


def confidence(match: Match) -> Confidence:
    """Say how sure a decision is.

    Returns:
        sure: a person's override, or at least `weights.DOUBT` points and no other candidate that could also be meant;
        doubtful: a hit with fewer points, or a miss with a candidate that a person may accept; none: any other miss, or no
        decision.
    """
    if match.method == "person":
        return "sure"
    if match.method == "forgotten":
        return "none"
    if match.track_id is not None:
        return "sure" if match.score >= weights.DOUBT else "doubtful"
    return "doubtful" if any(_may_be_right(other) for other in match.runners_up) else "none"


def chance_of(match: Match) -> float:
    """How probable it is that a person accepts the track that the review shows: the one taken, or the nearest candidate."""
    if match.track_id is not None:
        return match.score / 100
    return max((_chance(other) for other in match.runners_up), default=0.0)


def _may_be_right(other: RunnerUp) -> bool:
    return _chance(other) >= weights.YES_SHOWN


def _chance(other: RunnerUp) -> float:
    """As stored with the decision; for older decisions, which lack it, a guess from the points."""
    if other.chance is not None:
        return other.chance
    return weights.YES["another line-up"] if other.score >= weights.ACCEPT else 0.0


def is_doubtful(match: Match) -> bool:
    """Whether `match review` shows the decision to the person."""
    return confidence(match) == "doubtful"


def _say_substitute(entry: ChartEntry, verdict: Verdict) -> str:
    own, named = (title.version.cut for title in titles_of(entry, verdict.track))
    cut = _CUT_NAMES[named] if named else "track without a word of its cut"
    said = f"substitute: {cut} instead of the {_CUT_NAMES[own or 'original']}"
    if not entry.length_ms or not verdict.track.duration_ms or lengths_agree(entry, verdict.track):
        return said
    apart_s = round((verdict.track.duration_ms - entry.length_ms) / 1000)
    return f"{said}, {abs(apart_s) // 60}:{abs(apart_s) % 60:02d} {'longer' if apart_s > 0 else 'shorter'}"
