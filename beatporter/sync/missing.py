"""Chart entries that are not on Spotify: since when, when they are searched next, what came nearest and why it was refused.

Everything comes from the ledger; no service is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beatporter import names
from beatporter.genres import Genre
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match, RunnerUp
from beatporter.sync.backlog import chart_and_backlog
from beatporter.sync.miss_rate import is_miss
from beatporter.sync.second_tries import put_off
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class MissingEntry:
    """A chart entry that was searched and not found.

    Attributes:
        position: in the chart; 0 if it left it within the last week.
        since: the first search that found nothing.
        again_at: when it is searched next; None: never, because it left the chart.
        refused: the nearest candidates, best first, each with the reason.
    """

    entry: ChartEntry
    position: int
    since: datetime
    again_at: datetime | None
    misses: int
    refused: tuple[RunnerUp, ...]

    @property
    def artists(self) -> str:
        return ", ".join(self.entry.artists)

    @property
    def search_url(self) -> str:
        """Spotify's search page for the artist and the title, without the mix: a person sees what versions there are."""
        return names.spotify_search_url(f"{self.entry.artists[0] if self.entry.artists else ''} {self.entry.name}".strip())

    @property
    def beatport_url(self) -> str:
        return names.beatport_track_url(self.entry.beatport_id)


def read_missing(workspace: Workspace, slugs: Sequence[str]) -> dict[str, list[MissingEntry]]:
    """The missing entries of each list's current chart, in chart order; then those that left it within the last week.

    Raises:
        UnknownGenre, UnknownChart: naming the nearest.
    """
    return {slug: _missing_of(workspace, workspace.genre(slug)) for slug in slugs}


def _missing_of(workspace: Workspace, genre: Genre) -> list[MissingEntry]:
    ledger = workspace.ledger
    newest = ledger.charts.latest(genre.genre_id)
    if newest is None:
        return []
    chart, earlier = chart_and_backlog(workspace, genre, [entry.beatport_id for entry in newest.entries])
    matches = ledger.matches.latest([entry.beatport_id for entry in [*chart, *earlier]])
    missed = {beatport_id: match for beatport_id, match in matches.items() if is_miss(match)}
    since = ledger.matches.missed_since(missed)
    seen = ledger.charts.seen_at(genre.genre_id, [entry.beatport_id for entry in earlier if entry.beatport_id in missed])

    def missing(entry: ChartEntry, match: Match, *, left: bool) -> MissingEntry:
        first = since.get(entry.beatport_id, match.decided_at)
        tried_again = not left or put_off(match, first, seen.get(entry.beatport_id, ()))
        position = 0 if left else entry.position
        return MissingEntry(entry, position, first, match.retry_at if tried_again else None, match.misses, match.runners_up)

    present = [missing(entry, missed[entry.beatport_id], left=False) for entry in chart if entry.beatport_id in missed]
    return present + [missing(entry, missed[entry.beatport_id], left=True) for entry in earlier if entry.beatport_id in missed]
