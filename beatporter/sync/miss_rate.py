"""Detects a broken search: many sudden misses are not verdicts, and nothing is saved as "not on Spotify" while the search is suspect.

The rule (docs/decisions/sudden-misses.md): when more than half of a batch's entries are not found, the batch is suspect; entries that were
missed before do not count. Then we search for up to three recordings that Spotify found before, those of this batch first. If
most of them are not found, the misses are discarded. As long as nothing was ever found by its ISRC there is nothing to search for; then a
batch in which nothing was found counts as a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, TransientError
from beatporter.records.match import Match
from beatporter.sync.workspace import Workspace

CONTROLS = 3
"""More than one, since a single lost recording may have left Spotify."""
BELIEVED = 2
"""Misses that count as verdicts when no call is left to check the search: the end of the day's quota often cuts a batch to one entry."""
WHAT = "Spotify's search is out of order: {missed} of {tried} entries were not found, {proof}. Nothing is recorded as not on Spotify."
REMEDY = "They are searched again in the next run."


class SearchOutOfOrder(TransientError):
    """Spotify's search finds nothing, or does not find what it found before."""


def doubtful_misses(workspace: Workspace, matches: Sequence[Match], before: Mapping[int, Match]) -> BeatporterError | None:
    """Why the misses among a batch's decisions must not be saved; None when they may be.

    Args:
        matches: the batch's decisions.
        before: the decisions before the batch, by Beatport id.
    """
    fresh = [match for match in matches if not _was_missed(before.get(match.beatport_id))]
    missed = sum(is_miss(match) for match in fresh)
    if 2 * missed <= len(fresh):
        return None
    found = [match.track_isrc for match in matches if match.method == "isrc" and match.track_isrc]
    controls = list(dict.fromkeys([*found, *workspace.ledger.matches.recent_isrcs(CONTROLS)]))[:CONTROLS]
    if not controls:
        return None if missed < len(fresh) else _out_of_order(missed, len(fresh), "and nothing has ever been found")
    try:
        lost = [isrc for isrc in controls if not workspace.spotify.search(f"isrc:{isrc}")]
    except (QuotaExceeded, RateLimited) as error:
        return error if missed > BELIEVED else None
    except (TransientError, RequestRefused) as error:
        return error  # the next run begins with these entries
    if 2 * len(lost) <= len(controls):
        return None
    return _out_of_order(missed, len(fresh), f"and {', '.join(lost)}, which it found before, are not found either")


def is_miss(match: Match) -> bool:
    """Whether a search found nothing for an entry."""
    return match.track_id is None and match.method in ("isrc", "search")


def _was_missed(match: Match | None) -> bool:
    return match is not None and is_miss(match)


def _out_of_order(missed: int, tried: int, proof: str) -> SearchOutOfOrder:
    return SearchOutOfOrder(WHAT.format(missed=missed, tried=tried, proof=proof), REMEDY)
