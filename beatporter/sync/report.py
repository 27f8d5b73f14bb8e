"""A run's outcome as Markdown for Prefect's UI, with everything from outside escaped. Decides and reads nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from beatporter import names
from beatporter.counted import counted
from beatporter.errors import BeatporterError
from beatporter.markdown import escape
from beatporter.matching import explain
from beatporter.playlist_kinds import PlaylistKind
from beatporter.records.match import Match
from beatporter.sync.match import is_undecided
from beatporter.sync.outcome import EntryOutcome, Outcome

BREAK = "<br>"
"""A line break in a table cell; Prefect's default UI never wraps cells, so a long one pushes the others off the page."""
RETRY = "Retry this run."
NAME_LINE, WHY_LINE = 32, 40
"""Characters on one line: with both names the table then fits on a page of 1280 pixels; on a phone the default UI wraps at words."""


@dataclass(frozen=True, slots=True)
class GenreLinks:
    """The links of a genre's name; empty fields are left out.

    Attributes:
        run: the genre's own run.
        page: the outcome of each chart entry.
        playlists: on Spotify, by kind.
        change: the run that changed the playlist last.
    """

    run: str = ""
    page: str = ""
    playlists: Mapping[PlaylistKind, str] = field(default_factory=dict)
    change: str = ""

    @property
    def to_playlists(self) -> list[tuple[str, str]]:
        """Words and address for each playlist; one that is alone is just the playlist."""
        if len(self.playlists) == 1:
            return [("playlist", next(iter(self.playlists.values())))]
        return list(self.playlists.items())


def sync_report(
    slug: str,
    outcomes: Sequence[EntryOutcome],
    outcome: Outcome,
    scraped_at: datetime | None,
    *,
    notes: Iterable[str] = (),
    links: GenreLinks = GenreLinks(),
    dry_run: bool = False,
) -> str:
    """The artifact `sync-<genre>`: figures, then every chart entry with its verdict, both names and why.

    Args:
        scraped_at: when the chart was read, aware UTC.
        notes: sentences for the person, such as what is deferred until when.
        dry_run: what was added is what would be.
    """
    added = "would be added" if dry_run else "added"
    when = f"chart of {utc(scraped_at)}" if scraped_at else "no chart"
    lines = [
        f"# {escape(slug)}: {'dry run, nothing was changed' if dry_run else outcome.state}",
        "",
        f"{outcome.chart} entries ({when}): **{outcome.matched}** on Spotify, **{outcome.added}** {added}, "
        f"**{outcome.not_found}** not found, **{outcome.deferred}** deferred; {outcome.spotify_calls} Spotify calls.",
        *_leads(*links.to_playlists, ("this run", links.run)),
        *_playlist_lines(outcome),
        *_quoted(notes),
        "",
        "| # | On Beatport | On Spotify | Verdict, and why |",
        "|---:|---|---|---|",
        *(_row(item, added) for item in outcomes),
    ]
    return "\n".join(lines)


def failure_report(
    slug: str, error: BeatporterError, run_key: str, *, notes: Iterable[str] = (), run: str = "", state: str = "failed"
) -> str:
    """The artifact `sync-<genre>` of a run that failed: what happened and what to do.

    Args:
        run: the address of the run to retry.
        state: how it ended, such as "challenged".
    """
    retry = f"[Retry this run]({run})" if run else "Retry this run"
    remedy = f"{escape(error.remedy)} Then: {retry}." if error.remedy and error.remedy != RETRY else f"{retry}."
    lines = [f"# {escape(slug)}: {state}", "", escape(error.what), "", f"**What to do:** {remedy}", *_quoted(notes)]
    return "\n".join([*lines, "", f"Run key: {run_key}"])


def headline(outcomes: Mapping[str, Outcome], *, dry_run: bool = False) -> str:
    """A morning in one line: what failed, or what was added or, in a dry run, would be."""
    failed = [slug for slug, outcome in outcomes.items() if outcome.state == "failed"]
    if failed:
        return f"{len(failed)} of {counted(len(outcomes), 'genre')} failed: {', '.join(failed)}"
    added = counted(sum(outcome.added for outcome in outcomes.values()), "track")
    return f"{counted(len(outcomes), 'genre')}, {added} {'would be added' if dry_run else 'added'}"


def waiting_report(slug: str, error: BeatporterError) -> str:
    """The artifact `sync-<slug>` of a chart that is not out yet."""
    return "\n".join([f"# {escape(slug)}: waiting", "", escape(str(error)), "", "The playlist is unchanged. The next run looks again."])


def summary_report(
    outcomes: Mapping[str, Outcome],
    *,
    spotify_calls: int,
    budget_left: int,
    ended_at: datetime,
    notes: Iterable[str] = (),
    links: Mapping[str, GenreLinks] | None = None,
    pages: Iterable[tuple[str, str]] = (),
    dry_run: bool = False,
) -> str:
    """The artifact `summary`: failures with their reasons first, then one line per genre.

    Args:
        ended_at: when the run ended, aware UTC.
        notes: sentences for the person, such as that the sign-in ends soon.
        links: what each genre's name leads to.
        pages: further pages: our own words, and their address.
        dry_run: what was added is what would be.
    """
    known = links or {}
    failed = {slug: outcome.error for slug, outcome in outcomes.items() if outcome.state == "failed"}
    lines = [
        f"# {escape(headline(outcomes, dry_run=dry_run))}",
        "",
        f"{utc(ended_at)}: {counted(spotify_calls, 'Spotify call')}; {budget_left} left of the daily budget.",
        *_leads(*pages),
        *_quoted(notes),
    ]
    if failed:
        lines += [
            "",
            "## Failed",
            "",
            *(_failure(slug, error or "No reason is known.", known.get(slug, GenreLinks())) for slug, error in failed.items()),
        ]
    lines += [
        *("", "## Genres", ""),
        f"| Genre | Matched | {'To add' if dry_run else 'Added'} | Open | Took |",
        "|---|---:|---:|---:|---:|",
        *(_summary_row(slug, outcome, known.get(slug, GenreLinks())) for slug, outcome in outcomes.items()),
    ]
    return "\n".join(lines)


def utc(moment: datetime) -> str:
    """A time for people, to the minute; takes aware UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _quoted(notes: Iterable[str]) -> list[str]:
    return [line for note in notes for line in ("", f"> {escape(note)}")]


def _failure(slug: str, error: str, links: GenreLinks) -> str:
    retry = f" [Retry its run]({links.run})" if links.run else ""
    return f"- **{escape(slug)}**: {escape(error)}{retry}"


def _leads(*links: tuple[str, str]) -> list[str]:
    """A line of links; empty without links."""
    shown = [f"[{words}]({address})" for words, address in links if address]
    return ["", " · ".join(shown)] if shown else []


def playlist_words(playlist: Mapping[str, Any]) -> str:
    """What was done to a playlist, or would be."""
    if "calls" not in playlist:
        return f"{playlist['added']} added"
    changes = f"{playlist['added']} to add, {playlist['removed']} to remove, {playlist['moved']} to move"
    return f"{changes}; {counted(playlist['calls'], 'call')}"


def _playlist_lines(outcome: Outcome) -> list[str]:
    """A line for each playlist, if there are several or nothing was changed."""
    shown = outcome.playlists
    if len(shown) < 2 and not any("calls" in one for one in shown.values()):
        return []
    return ["", *(f"- {kind}, {escape(one['name'])}: {playlist_words(one)}" for kind, one in shown.items())]


def _summary_row(slug: str, one: Outcome, links: GenreLinks) -> str:
    peak = [f"{one.peak_memory_mb:.0f} MB"] if one.peak_memory_mb else []
    time = [f"{one.duration_s:.1f} s"] if one.duration_s else []
    took = BREAK.join([counted(one.spotify_calls, "call"), *peak, *time])
    matched = f"{one.matched} of {one.chart}" if one.chart else "–"
    left = BREAK.join([f"{one.not_found} not found", *([f"{one.deferred} deferred"] if one.deferred else [])])
    figures = (matched, one.added, left, took) if one.state != "failed" else (matched, "–", "–", took)
    state = "" if one.state == "completed" else f" **{one.state}**"
    name = f"[{slug}]({links.run})" if links.run else escape(slug)
    more = [f"[{words}]({address})" for words, address in (("entries", links.page), *links.to_playlists) if address]
    return f"| {BREAK.join([name + state, *more])} | {' | '.join(map(str, figures))} |"


def _row(item: EntryOutcome, added: str) -> str:
    entry, match = item.entry, item.match
    why = _wrapped(explain(match), WHY_LINE) if match else "left for a later run"
    place = "left" if item.left else entry.position
    return f"| {place} | {_names(entry.artists, entry.full_title)} | {_found(match)} | {_verdict(item, added)}{BREAK}{why} |"


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


def _verdict(item: EntryOutcome, added: str) -> str:
    if is_undecided(item.match) or item.match is None:
        return "deferred"
    verdict = item.match.version or ("never" if item.match.method == "person" else "not found")
    if item.waiting:
        return f"{verdict}{BREAK}to be added"
    return f"{verdict}{BREAK}**{added}**" if item.added else verdict
