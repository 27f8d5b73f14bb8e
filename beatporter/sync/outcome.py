"""What became of a genre's chart: the figures and the table that a person reads. Reads the ledger, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from beatporter import names
from beatporter.beatport.chart import ChartEntry
from beatporter.matching import explain
from beatporter.matching.match import Match
from beatporter.sync.found import matches_by_track, never_had
from beatporter.sync.match import is_undecided
from beatporter.sync.workspace import Workspace

State = Literal["completed", "deferred", "failed"]
"""deferred: completed, but some entries wait for quota or for an answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A genre's run in figures, as `beatporter sync --json` prints them."""

    state: State
    chart: int = 0
    """Entries of the chart."""
    matched: int = 0
    """Entries with a Spotify track, substitutes counted in."""
    added: int = 0
    """Tracks that came into the playlist (with --dry-run: that would)."""
    not_found: int = 0
    deferred: int = 0
    """Entries left for a later run: not decided, or found and not in the playlist yet."""
    spotify_calls: int = 0
    peak_memory_mb: float | None = None
    """The kernel's figure for the process during this run, in MiB; None where there is none."""
    duration_s: float = 0.0
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What became of an entry.

    Attributes:
        added: its track came into the playlist in this run.
        waiting: its track was found, but could not be added yet.
        left: it left the chart before its track could be added; it is shown because that was done now.
    """

    entry: ChartEntry
    match: Match | None
    added: bool
    waiting: bool = False
    left: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a later run has to do something about it."""
        return self.waiting or is_undecided(self.match)


def entry_outcomes(workspace: Workspace, slug: str, beatport_ids: Sequence[int], added: Sequence[str]) -> list[EntryOutcome]:
    """What became of each chart entry, in chart order; after them those that had left the chart and whose track was added now."""
    genre = workspace.genre(slug)
    by_track = matches_by_track(workspace, beatport_ids, added)
    left = [match.beatport_id for track_id in added if (match := by_track.get(track_id)) and match.beatport_id not in set(beatport_ids)]
    entries = workspace.ledger.charts.entries(genre.genre_id, [*beatport_ids, *left])
    matches = workspace.ledger.matches.latest(beatport_ids)
    waiting = never_had(workspace, genre, [match for beatport_id in beatport_ids if (match := matches.get(beatport_id))]) - set(added)
    outcomes = [
        EntryOutcome(entries[beatport_id], match, _track_id(match) in added, _track_id(match) in waiting)
        for beatport_id in beatport_ids
        if beatport_id in entries
        for match in [matches.get(beatport_id)]
    ]
    return outcomes + [
        EntryOutcome(entries[match.beatport_id], match, added=True, left=True)
        for match in by_track.values()
        if match.beatport_id in left and match.beatport_id in entries
    ]


def genre_outcome(outcomes: Sequence[EntryOutcome], *, added: int, spotify_calls: int) -> Outcome:
    """The figures of a run that came to its end."""
    chart = [outcome for outcome in outcomes if not outcome.left]
    undecided = sum(is_undecided(outcome.match) for outcome in chart)
    matched = sum(_track_id(outcome.match) is not None for outcome in chart)
    deferred = sum(outcome.is_open for outcome in chart)
    return Outcome(
        state="deferred" if deferred else "completed",
        chart=len(chart),
        matched=matched,
        added=added,
        not_found=len(chart) - matched - undecided,
        deferred=deferred,
        spotify_calls=spotify_calls,
    )


def sync_report(slug: str, outcomes: Sequence[EntryOutcome], outcome: Outcome, scraped_at: datetime | None, *, note: str = "") -> str:
    """The artifact `sync-<genre>` in Markdown: figures, then every chart entry with its verdict."""
    when = f"chart of {scraped_at:%Y-%m-%d %H:%M} UTC" if scraped_at else "no chart"
    lines = [
        f"# {escape(slug)}: {outcome.state}",
        "",
        f"{outcome.chart} entries ({when}): **{outcome.matched}** on Spotify, **{outcome.added}** added, "
        f"**{outcome.not_found}** not found, **{outcome.deferred}** deferred; {outcome.spotify_calls} Spotify calls.",
    ]
    if note:
        lines += ["", f"> {escape(note)}"]
    lines += ["", "| # | Track | On Spotify | Verdict | Why |", "|---:|---|---|---|---|"]
    lines += [_row(item) for item in outcomes]
    return "\n".join(lines)


def summary_report(outcomes: Mapping[str, Outcome], *, spotify_calls: int, budget_left: int) -> str:
    """The artifact `summary` in Markdown: a line for every genre, failures with their reasons."""
    failed = {slug: outcome.error for slug, outcome in outcomes.items() if outcome.state == "failed"}
    lines = [
        f"# {len(outcomes)} genres, {sum(outcome.added for outcome in outcomes.values())} tracks added",
        "",
        f"{spotify_calls} Spotify calls; {budget_left} left of the daily budget.",
        "",
        "| Genre | State | Chart | Matched | Added | Not found | Deferred | Calls | Peak memory | Seconds |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for slug, one in outcomes.items():
        peak = f"{one.peak_memory_mb:.0f} MB" if one.peak_memory_mb else ""
        figures = (one.chart, one.matched, one.added, one.not_found, one.deferred, one.spotify_calls, peak, f"{one.duration_s:.1f}")
        lines.append(f"| {slug} | {one.state} | {' | '.join(map(str, figures))} |")
    if failed:
        lines += ["", "## Failed", "", *(f"- **{slug}**: {escape(error or '')}" for slug, error in failed.items())]
    return "\n".join(lines)


def _track_id(match: Match | None) -> str | None:
    return match.track_id if match is not None and match.track_id else None


def _row(item: EntryOutcome) -> str:
    entry, match = item.entry, item.match
    mix = f" ({escape(entry.mix_name)})" if entry.mix_name else ""
    track = f"{escape(', '.join(entry.artists))} – {escape(entry.name)}{mix}"
    why = escape(explain(match)) if match else "left for a later run"
    return f"| {'left' if item.left else entry.position} | {track} | {_link(match)} | {_verdict(item)} | {why} |"


def _link(match: Match | None) -> str:
    if match is None or not match.track_id:
        return ""
    label = f"{', '.join(match.track_artists)} – {match.track_name}" if match.track_name else match.track_id
    return f"[{escape(label)}]({names.track_url(match.track_id)})"


def _verdict(item: EntryOutcome) -> str:
    if is_undecided(item.match) or item.match is None:
        return "deferred"
    if item.waiting:
        return f"{item.match.version}, to be added"
    verdict = item.match.version or ("never" if item.match.method == "person" else "not found")
    return f"{verdict}, **added**" if item.added else verdict


_SPECIAL = str.maketrans({char: f"&#{ord(char)};" for char in "\\`*_{}[]<>#|&~!$"} | {"\n": " ", "\r": " "})


def escape(text: str) -> str:
    """Text from outside as Markdown that shows just that text: no markup, no HTML, no new table cell."""
    return text.translate(_SPECIAL)
