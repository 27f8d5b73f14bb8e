"""A run's outcome as Markdown for Prefect's UI, with everything from outside escaped. Decides and reads nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from beatporter import names
from beatporter.errors import BeatporterError
from beatporter.markdown import escape
from beatporter.matching import explain
from beatporter.records.match import Match
from beatporter.sync.match import is_undecided
from beatporter.sync.outcome import EntryOutcome, Outcome

BREAK = "<br>"
"""A line break in a table cell; Prefect's default UI never wraps cells, so a long one pushes the others off the page."""
NAME_LINE, WHY_LINE = 32, 60
"""Characters per line: with both names the table then fits on a page 1280 pixels wide."""


def sync_report(
    slug: str, outcomes: Sequence[EntryOutcome], outcome: Outcome, scraped_at: datetime | None, *, notes: Iterable[str] = ()
) -> str:
    """The artifact `sync-<genre>`: figures, then every chart entry with its verdict, both names and why.

    Args:
        scraped_at: when the chart was read, aware UTC.
        notes: sentences for the person, such as what is deferred until when.
    """
    when = f"chart of {utc(scraped_at)}" if scraped_at else "no chart"
    lines = [
        f"# {escape(slug)}: {outcome.state}",
        "",
        f"{outcome.chart} entries ({when}): **{outcome.matched}** on Spotify, **{outcome.added}** added, "
        f"**{outcome.not_found}** not found, **{outcome.deferred}** deferred; {outcome.spotify_calls} Spotify calls.",
        *_quoted(notes),
        "",
        "| # | Verdict | On Beatport | On Spotify | Why |",
        "|---:|---|---|---|---|",
        *(_row(item) for item in outcomes),
    ]
    return "\n".join(lines)


def failure_report(slug: str, error: BeatporterError, run_key: str, *, notes: Iterable[str] = ()) -> str:
    """The artifact `sync-<genre>` of a failed run: what happened and what to do."""
    remedy = escape(error.remedy) or "Retry this run."
    return "\n".join(
        [f"# {escape(slug)}: failed", "", escape(error.what), "", f"**What to do:** {remedy}", *_quoted(notes), "", f"Run key: {run_key}"]
    )


def waiting_report(slug: str, error: BeatporterError) -> str:
    """The artifact `sync-<slug>` of a chart that is not out yet."""
    return "\n".join([f"# {escape(slug)}: waiting", "", escape(str(error)), "", "The playlist is unchanged. The next run looks again."])


def summary_report(
    outcomes: Mapping[str, Outcome], *, spotify_calls: int, budget_left: int, ended_at: datetime, notes: Iterable[str] = ()
) -> str:
    """The artifact `summary`: failures with their reasons first, then one line per genre.

    Args:
        ended_at: when the run ended, aware UTC.
        notes: sentences for the person, such as that the sign-in ends soon.
    """
    failed = {slug: outcome.error for slug, outcome in outcomes.items() if outcome.state == "failed"}
    lines = [
        f"# {_several(len(outcomes), 'genre')}, {_several(sum(outcome.added for outcome in outcomes.values()), 'track')} added",
        "",
        f"{utc(ended_at)}: {_several(spotify_calls, 'Spotify call')}; {budget_left} left of the daily budget.",
        *_quoted(notes),
    ]
    if failed:
        lines += [
            "",
            "## Failed",
            "",
            *(f"- **{escape(slug)}**: {escape(error or 'no reason is known')}" for slug, error in failed.items()),
        ]
    lines += [
        *("", "## Genres", ""),
        "| Genre | Matched | Added | Not found | Deferred | Calls | Peak | Time |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(_summary_row(slug, outcome) for slug, outcome in outcomes.items()),
    ]
    return "\n".join(lines)


def utc(moment: datetime) -> str:
    """A time for people, to the minute; takes aware UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _quoted(notes: Iterable[str]) -> list[str]:
    return [line for note in notes for line in ("", f"> {escape(note)}")]


def _summary_row(slug: str, one: Outcome) -> str:
    peak = f"{one.peak_memory_mb:.0f} MB" if one.peak_memory_mb else "–"
    time = f"{one.duration_s:.1f} s" if one.duration_s else "–"
    figures = (f"{one.matched} of {one.chart}", one.added, one.not_found, one.deferred, one.spotify_calls, peak, time)
    state = "" if one.state == "completed" else f" **{one.state}**"
    return f"| {escape(slug)}{state} | {' | '.join(map(str, figures))} |"


def _row(item: EntryOutcome) -> str:
    entry, match = item.entry, item.match
    title = f"{entry.name} ({entry.mix_name})" if entry.mix_name else entry.name
    why = _wrapped(explain(match), WHY_LINE) if match else "left for a later run"
    place = "left" if item.left else entry.position
    return f"| {place} | {_verdict(item)} | {_names(entry.artists, title)} | {_found(match)} | {why} |"


def _names(artists: Sequence[str], title: str) -> str:
    return BREAK.join(_wrapped(text, NAME_LINE) for text in (", ".join(artists), title))


def _wrapped(text: str, width: int) -> str:
    return BREAK.join(map(escape, textwrap.wrap(text, width)))


def _found(match: Match | None) -> str:
    """The Spotify track's names and a link; the link's label is our own text, see `beatporter.markdown`."""
    if match is None or not match.track_id:
        return ""
    link = f"[listen]({names.track_url(match.track_id)})"
    return f"{_names(match.track_artists, match.track_name)}{BREAK}{link}" if match.track_name else link


def _verdict(item: EntryOutcome) -> str:
    if is_undecided(item.match) or item.match is None:
        return "deferred"
    verdict = item.match.version or ("never" if item.match.method == "person" else "not found")
    if item.waiting:
        return f"{verdict}{BREAK}to be added"
    return f"{verdict}{BREAK}**added**" if item.added else verdict
