"""Finds matches that a person should review, and applies the answers, for `beatporter match review` and the form in Prefect's UI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beatporter.errors import SettingsError
from beatporter.matching import chance_of, is_doubtful
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack
from beatporter.sync.decisions import current_decisions
from beatporter.sync.overrides import find_subject, never_match, set_match
from beatporter.sync.workspace import Workspace

KEEP, NEVER, LATER = "keep", "none", "later"
"""Possible answers, besides the number of a candidate, counted from 1."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A decision that a person should review."""

    slug: str
    entry: ChartEntry
    match: Match

    @property
    def chance(self) -> float:
        """How probable it is that the person accepts the chosen track or, if none was chosen, the nearest candidate."""
        return chance_of(self.match)


def to_review(workspace: Workspace, slugs: Sequence[str]) -> list[Doubt]:
    """Doubtful decisions of the genres' last charts, those most probably accepted first; an entry of two charts once."""
    found = [Doubt(slug, entry, match) for slug, entry, match in current_decisions(workspace, slugs) if is_doubtful(match)]
    return sorted(found, key=lambda doubt: (-doubt.chance, doubt.slug, doubt.entry.position))


def find_doubt(workspace: Workspace, beatport_id: int) -> Doubt | None:
    """The entry and its current decision; None if the entry is in no genre's last chart."""
    subject = find_subject(workspace, beatport_id)
    return None if subject.entry is None or subject.match is None else Doubt(subject.slug, subject.entry, subject.match)


def keep_answer(workspace: Workspace, doubt: Doubt, answer: str) -> bool:
    """Turn an answer into an override; False for "later". Choosing a candidate costs one call to Spotify.

    Raises:
        SettingsError: the answer does not fit this question.
    """
    match, beatport_id = doubt.match, doubt.entry.beatport_id
    if answer == LATER:
        return False
    if answer == NEVER:
        never_match(workspace, beatport_id)
    elif answer == KEEP and match.track_id:
        known = SpotifyTrack(
            match.track_id, match.track_name or "", match.track_artists, isrc=match.track_isrc, duration_ms=match.track_duration_ms
        )
        set_match(workspace, beatport_id, known)
    elif answer.isdigit() and 1 <= int(answer) <= len(match.runners_up):
        set_match(workspace, beatport_id, workspace.spotify.track(match.runners_up[int(answer) - 1].track_id))
    else:
        raise SettingsError(f"{answer!r} is not one of the choices.")
    return True
