"""The outcome of a genre's run: each chart entry's outcome, the run's figures, and its row in the ledger. `report` makes the pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from beatporter.errors import BeatporterError
from beatporter.names import playlist_name, playlist_url
from beatporter.playlist_kinds import PlaylistKind
from beatporter.quota.window import calls_back_at
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import RunRow
from beatporter.records.match import Match
from beatporter.sync.backlog import chart_and_backlog
from beatporter.sync.candidates import never_had
from beatporter.sync.match import is_undecided
from beatporter.sync.remembered_playlists import remembered_playlists
from beatporter.sync.workspace import Workspace, calls_key

LONGEST_RUN = timedelta(days=2)
"""How far back a run's calls are counted, including retries by hand."""
CALLS_WORTH_A_RUN = 25
"""Calls that make another run worthwhile."""
State = Literal["completed", "deferred", "challenged", "waiting", "failed"]
"""deferred: completed, but some entries wait for quota or for an answer; challenged: with an older chart, as Beatport asks for a human;
waiting: this week's chart is not out yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A genre's run in figures, as `beatporter sync --json` prints them."""

    state: State
    chart: int = 0
    """Entries of the chart."""
    matched: int = 0
    """Entries with a Spotify track, including substitutes."""
    added: int = 0
    """Tracks added to the playlist (with --dry-run: that would be)."""
    not_found: int = 0
    deferred: int = 0
    """Entries left for a later run, including those of earlier charts: undecided, or found and not in the playlist yet."""
    spotify_calls: int = 0
    peak_memory_mb: float | None = None
    """The kernel's figure for the process during this run, in MiB; None where it has none."""
    duration_s: float = 0.0
    error: str | None = None
    memory_before_mb: float | None = None
    """Resident memory before and after the run, in MiB: for the artifact `memory`, not part of the document."""
    memory_after_mb: float | None = None
    playlists: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By kind: name, address, how many tracks were added; of a dry run also how many would be removed and moved, and the calls."""

    def document(self) -> dict[str, Any]:
        """The figures that `beatporter sync --json` prints."""
        return {key: value for key, value in asdict(self).items() if key not in ("memory_before_mb", "memory_after_mb")}


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """The outcome of one entry.

    Attributes:
        added: its track was added to the playlist in this run.
        waiting: its track was found, but could not be added yet.
        left: it left the chart before its track could be added; shown because this was done now or is still to be done.
    """

    entry: ChartEntry
    match: Match | None
    added: bool
    waiting: bool = False
    left: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a later run has to deal with it."""
        return self.waiting or is_undecided(self.match)


def entry_outcomes(
    workspace: Workspace,
    slug: str,
    beatport_ids: Sequence[int],
    added: Collection[str],
    kinds: Sequence[PlaylistKind] | None = None,
    *,
    dry_run: bool = False,
) -> list[EntryOutcome]:
    """The outcome of each chart entry, in chart order; then entries that had left the chart and were added now or are still open.

    Args:
        added: ids that came into one of the list's playlists.
        kinds: of the playlists that the run updated; None for those of the settings.
        dry_run: `added` is what a run would add. So what is not in it waits for nothing: it is in the playlist already.
    """
    genre = workspace.genre(slug)
    chart, earlier = chart_and_backlog(workspace, genre, beatport_ids)
    matches = workspace.ledger.matches.latest([entry.beatport_id for entry in [*chart, *earlier]])
    found = [match for entry in [*chart, *earlier] if (match := matches.get(entry.beatport_id)) is not None]
    waiting = set() if dry_run else never_had(workspace, genre, found, kinds) - set(added)

    def outcome(entry: ChartEntry, *, left: bool) -> EntryOutcome:
        track_id = _track_id(matches.get(entry.beatport_id))
        return EntryOutcome(entry, matches.get(entry.beatport_id), track_id in added, track_id in waiting, left)

    present = [outcome(entry, left=False) for entry in chart]
    theirs = {_track_id(one.match) for one in present}
    gone = [outcome(entry, left=True) for entry in earlier]
    return present + [one for one in gone if (one.added or one.is_open) and _track_id(one.match) not in theirs - {None}]


def genre_outcome(outcomes: Sequence[EntryOutcome], *, added: int, spotify_calls: int) -> Outcome:
    """The figures of a run that ended normally."""
    chart = [outcome for outcome in outcomes if not outcome.left]
    undecided = sum(is_undecided(outcome.match) for outcome in chart)
    matched = sum(_track_id(outcome.match) is not None for outcome in chart)
    deferred = sum(outcome.is_open for outcome in outcomes)
    return Outcome(
        state="deferred" if deferred else "completed",
        chart=len(chart),
        matched=matched,
        added=added,
        not_found=len(chart) - matched - undecided,
        deferred=deferred,
        spotify_calls=spotify_calls,
    )


def failed_outcome(workspace: Workspace, slug: str, error: str) -> Outcome:
    """The figures of a failed run, as far as the ledger knows them: its calls and, once it called Spotify, its chart.

    A run that made no call may have died before it read a chart, so the latest chart is not assumed to be its own.
    """
    calls = calls_of_run(workspace, slug)
    chart = workspace.ledger.charts.latest(workspace.genre(slug).genre_id) if calls else None
    if chart is None:
        return Outcome(state="failed", spotify_calls=calls, error=error)
    matches = workspace.ledger.matches.latest([entry.beatport_id for entry in chart.entries])
    matched = sum(_track_id(match) is not None for match in matches.values())
    return Outcome(state="failed", chart=len(chart.entries), matched=matched, spotify_calls=calls, error=error)


def keep_outcome(workspace: Workspace, slug: str, outcome: Outcome, *, run_id: str = "", dry_run: bool = False) -> None:
    """Record the outcome of a run that reached its end.

    Args:
        run_id: of the genre's own run, as the scheduler names it.
        dry_run: it wrote nothing; only its parent run reads this row.
    """
    figures = {column.name: getattr(outcome, column.name) for column in fields(RunRow) if hasattr(outcome, column.name)}
    _append_run(workspace, slug, RunRow(**figures, genre_id=0, at=workspace.now(), run_id=run_id or None, dry_run=int(dry_run)))


def keep_failure(workspace: Workspace, slug: str, error: BeatporterError, *, run_id: str = "") -> None:
    """Record that a run failed, and why."""
    row = RunRow(0, "failed", 0, 0, 0, str(error), workspace.now(), run_id=run_id or None, error_type=type(error).__name__)
    _append_run(workspace, slug, row)


def kept_outcome(workspace: Workspace, slug: str) -> Outcome | None:
    """The recorded outcome of the genre's last run under the workspace's run key; None if there is none (yet)."""
    row = workspace.ledger.runs.of_run(workspace.run_key).get(workspace.genre(slug).genre_id)
    return None if row is None else outcome_of(row)


def outcome_of(row: RunRow) -> Outcome:
    """The outcome in a run's row."""
    known = {figure.name: value for figure in fields(Outcome) if (value := getattr(row, figure.name, None)) is not None}
    return Outcome(**known)


def failures_in_a_row(workspace: Workspace, slug: str, most: int = 30) -> int:
    """How many of the genre's last runs failed one after the other, at most `most`."""
    rows = workspace.ledger.runs.recent(workspace.genre(slug).genre_id, most)
    return next((number for number, row in enumerate(rows) if row.state != "failed"), len(rows))


def _append_run(workspace: Workspace, slug: str, row: RunRow) -> None:
    genre_id = workspace.genre(slug).genre_id
    playlist = next(iter(remembered_playlists(workspace, workspace.genre(slug)).values()), None)
    kept = replace(row, genre_id=genre_id, run_key=workspace.run_key, playlist_id=playlist.playlist_id if playlist else None)
    workspace.ledger.runs.append(kept)


def playlist_outcomes(workspace: Workspace, slug: str, changes: Mapping[PlaylistKind, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """A run's changes to each of the list's playlists, in figures: `Outcome.playlists`.

    Args:
        changes: by kind, what was added; of a dry run what a `Preview` holds.
    """
    genre = workspace.genre(slug)
    options = workspace.settings.playlist_options(genre)
    known = remembered_playlists(workspace, genre, tuple(changes))
    found: dict[str, Mapping[str, Any]] = {}
    for kind, change in changes.items():
        one = known.get(kind)
        figures = {name: len(value) if isinstance(value, list) else value for name, value in change.items()}
        found[kind] = {
            "name": one.name if one else playlist_name(options, genre, kind),
            "url": playlist_url(one.playlist_id) if one else None,
            **figures,
        }
    return found


def calls_of_run(workspace: Workspace, slug: str = "") -> int:
    """Spotify calls of the workspace's run: for one genre, or without a slug for the account's listing."""
    return sum(workspace.ledger.calls.by_kind(workspace.now() - LONGEST_RUN, calls_key(workspace.run_key, slug)).values())


def resumes_at(workspace: Workspace, deferred: int) -> datetime | None:
    """When Spotify's quota and the person's budget allow the deferred work; None when it may run at once, or nothing is deferred."""
    if not deferred:
        return None
    wanted = min(deferred, CALLS_WORTH_A_RUN)
    return calls_back_at(workspace.ledger.calls, workspace.settings.spotify_daily_budget, workspace.now(), wanted)


def _track_id(match: Match | None) -> str | None:
    return match.track_id if match is not None and match.track_id else None
