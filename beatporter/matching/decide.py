"""Chooses among candidates. Pure; the order of the candidates does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from beatporter.matching import weights
from beatporter.matching.judge import isrcs_agree, judge, lengths_agree, titles_of
from beatporter.records.chart import ChartEntry
from beatporter.records.match import RunnerUp, Verdict
from beatporter.records.track import SpotifyTrack

OWN_FIRST: Final = ("own", "extended", "original", "radio")
"""Cuts in the order of preference when the person sets none; `own` is the chart's cut."""

_ALBUM_RANK: Final = {"single": 0, "album": 1, "compilation": 3}
_UNKNOWN_ALBUM: Final = 2
_LENGTH_STEP_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Decision:
    """What was chosen, and what else there was."""

    best: Verdict | None
    """None when no candidate is this recording in a cut that the person accepts."""
    others: tuple[Verdict, ...]
    """The rest, best first; rejected candidates are ordered by how probably a person would accept them."""


def decide(entry: ChartEntry, candidates: Iterable[SpotifyTrack], version_order: Sequence[str] = OWN_FIRST) -> Decision:
    """Choose the track for a chart entry.

    The cut decides first (`version_order`; a cut that is not in it is never taken), then playable before unplayable, equal ISRC before
    another, score, length, single before album before compilation, the earlier release, and last the id.

    Args:
        entry: the chart's row.
        candidates: what Spotify found, in any order; a repeated id counts once.
        version_order: cuts in the order of preference, of "own", "extended", "original", "radio".
    """
    unique: dict[str, SpotifyTrack] = {}
    for track in candidates:
        known = unique.setdefault(track.track_id, track)
        if known != track and repr(track) < repr(known):
            unique[track.track_id] = track  # one id in two answers: take the same copy, whichever came first
    verdicts = sorted((judge(entry, track) for track in unique.values()), key=lambda verdict: _rank(entry, verdict, version_order))
    taken = [verdict for verdict in verdicts if verdict.version and cut_rank(entry, verdict, version_order) is not None]
    best = taken[0] if taken else None
    return Decision(best, tuple(verdict for verdict in verdicts if verdict is not best))


def cut_rank(entry: ChartEntry, verdict: Verdict, version_order: Sequence[str]) -> int | None:
    """Place of the candidate's cut in the person's order, 0 first; None when the order leaves it out."""
    if verdict.version == "same":
        names: tuple[str, ...] = ("own", titles_of(entry, verdict.track)[0].version.cut or "original")
    else:
        names = (titles_of(entry, verdict.track)[1].version.cut or "original",)
    return next((place for place, name in enumerate(version_order) if name in names), None)


def _rank(entry: ChartEntry, verdict: Verdict, version_order: Sequence[str]) -> tuple[object, ...]:
    track = verdict.track
    place = cut_rank(entry, verdict, version_order) if verdict.version else None
    return (
        len(version_order) if place is None else place,
        verdict.version is None,
        0.0 if verdict.version else -verdict.chance,
        track.is_playable is False,
        verdict.version is not None and not isrcs_agree(entry, track),
        -verdict.score,
        _length_rank(entry, track),
        _ALBUM_RANK.get(track.album_type or "", _UNKNOWN_ALBUM),
        abs((track.duration_ms or 0) - (entry.length_ms or 0)) if entry.length_ms else 0,
        track.release_date or "9999",
        track.track_id,
    )


def _length_rank(entry: ChartEntry, track: SpotifyTrack) -> int:
    """Prefer an equal length to another or an unknown one; without a length in the chart the longer, since Beatport sells the long cut."""
    if entry.length_ms:
        return 0 if lengths_agree(entry, track) else 1
    return -((track.duration_ms or 0) // _LENGTH_STEP_MS)


def runners_up(decision: Decision) -> tuple[RunnerUp, ...]:
    """The best of the rest, for a person to choose from; at most `weights.RUNNERS_UP`."""
    return tuple(
        RunnerUp(
            verdict.track.track_id,
            verdict.track.name,
            verdict.track.artists,
            verdict.score,
            "; ".join(verdict.rejected) or say(verdict),
            verdict.track.isrc,
            verdict.track.duration_ms,
            verdict.track.album,
            verdict.track.album_type,
            verdict.track.is_playable,
            verdict.track.release_date,
            verdict.chance,
        )
        for verdict in decision.others[: weights.RUNNERS_UP]
    )


def say(verdict: Verdict) -> str:
    """The verdict's penalties in words, e.g. "another cut (-4)"; "everything agrees" if there are none."""
    return "; ".join(f"{name} (-{points:g})" for name, points in verdict.penalties) or "everything agrees"
