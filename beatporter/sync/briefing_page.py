"""Renders the briefing as Markdown for Prefect's UI, as an HTML page for a browser or a mail, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape as html_escape
from typing import Any

from beatporter import names
from beatporter.markdown import escape
from beatporter.sync.briefing import Briefing, GenreBriefing, Track
from beatporter.sync.report import GenreLinks, utc

SHOWN = 5
"""How many tracks of each kind the page names per genre; it only counts the rest."""
KINDS = (
    ("new", "New"),
    ("left", "Left the chart"),
    ("substitutes", "Substitutes (another version than the chart's)"),
    ("doubtful", "In doubt: waiting for you"),
    ("missing", "Not on Spotify yet"),
)
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-top: 1px solid #8888; padding-top: .6rem; }
h3 { font-size: 1rem; margin-bottom: .2rem; } ul { padding-left: 1.2rem; margin-top: .2rem; } .quiet { opacity: .75; }
"""


def readiness(briefing: Briefing) -> str:
    """Ready or not, in one line."""
    waiting = [genre.slug for genre in briefing.genres if not genre.is_ready]
    new = sum(len(genre.new) for genre in briefing.genres)
    if not waiting:
        return f"Ready: {new} new tracks in {len(briefing.genres)} genres"
    return f"Not ready: {len(waiting)} of {len(briefing.genres)} genres ({', '.join(waiting)})"


def facts(briefing: Briefing) -> list[str]:
    """Facts about all genres, in sentences."""
    quota = f" Spotify's quota is spent until {utc(briefing.quota_until)}." if briefing.quota_until else ""
    lines = [f"{briefing.calls} Spotify calls in 24 hours, {briefing.left} left.{quota}"]
    doubtful = sum(len(genre.doubtful) for genre in briefing.genres)
    if doubtful:
        lines.append(f"{doubtful} {'match is' if doubtful == 1 else 'matches are'} in doubt: run the deployment review-matches.")
    peak = f"{briefing.peak_mb:.0f} MB at the highest peak" if briefing.peak_mb else "no figures this morning"
    audit = [f"Matching: {briefing.audit}"] if briefing.audit else []
    return [*lines, *audit, f"Memory: {peak}.", *briefing.sign_ins]


def briefing_markdown(briefing: Briefing, links: Mapping[str, GenreLinks] | None = None) -> str:
    """The artifact `briefing`."""
    known = links or {}
    lines = [f"# {escape(readiness(briefing))}", "", utc(briefing.at), "", *(f"- {escape(fact)}" for fact in facts(briefing))]
    for genre in briefing.genres:
        lead = known.get(genre.slug, GenreLinks(playlists=genre.playlists))
        leads = (*lead.to_playlists, ("entries", lead.page), ("run", lead.run), (_changed(genre), lead.change))
        shown = [f"[{words}]({to})" for words, to in leads if to]
        lines += ["", f"## {escape(genre.slug)}", "", " · ".join([escape(_state(genre)), *shown])]
        for title, tracks, more in _sections(genre):
            lines += ["", f"**{title}**", "", *(_markdown_item(track) for track in tracks), *([f"- and {more} more"] if more else [])]
    return "\n".join(lines)


def briefing_html(briefing: Briefing, server: str = "") -> str:
    """A page of its own: no script, nothing loaded, light and dark as the reader's screen is.

    Args:
        server: the API's address of the Prefect server that shows the runs; empty: runs are named by their ids.
    """
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html_escape(readiness(briefing))}</title><style>{STYLE}</style></head><body>",
        f"<h1>{html_escape(readiness(briefing))}</h1><p class=quiet>{utc(briefing.at)}</p>",
        f"<ul>{''.join(f'<li>{html_escape(fact)}</li>' for fact in facts(briefing))}</ul>",
    ]
    for genre in briefing.genres:
        to_playlists = GenreLinks(playlists=genre.playlists).to_playlists
        link = "".join(f' · <a href="{html_escape(address)}">{words}</a>' for words, address in to_playlists)
        link += _html_change(genre, server)
        parts.append(f"<h2>{html_escape(genre.slug)}</h2><p>{html_escape(_state(genre))}{link}</p>")
        for title, tracks, more in _sections(genre):
            rest = f"<li class=quiet>and {more} more</li>" if more else ""
            parts.append(f"<h3>{html_escape(title)}</h3><ul>{''.join(map(_html_item, tracks))}{rest}</ul>")
    return "\n".join([*parts, "</body></html>\n"])


def briefing_document(briefing: Briefing) -> dict[str, Any]:
    """The complete briefing as plain values."""
    return {
        "at": briefing.at.isoformat(),
        "ready": briefing.is_ready,
        "spotify_calls": briefing.calls,
        "budget_left": briefing.left,
        "quota_back_at": _iso(briefing.quota_until),
        "peak_memory_mb": briefing.peak_mb,
        "sign_ins": list(briefing.sign_ins),
        "audit": briefing.audit or None,
        "genres": {genre.slug: _genre_document(genre) for genre in briefing.genres},
    }


def _genre_document(genre: GenreBriefing) -> dict[str, Any]:
    run = genre.run
    return {
        "ready": genre.is_ready,
        "state": run.state if run else None,
        "error": run.error if run else None,
        "run": run.run_id if run else None,
        "ended_at": run.at.isoformat() if run else None,
        "playlist": next(iter(genre.playlists.values()), None),
        "playlists": dict(genre.playlists),
        "changed_by": genre.change.run_id if genre.change else None,
        "changed_at": genre.change.at.isoformat() if genre.change else None,
        **{kind: [_track_document(track) for track in getattr(genre, kind)] for kind, _ in KINDS},
    }


def _track_document(track: Track) -> dict[str, Any]:
    return {"position": track.position, "name": track.name, "url": track.url or None, "again_at": _iso(track.again_at)}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _state(genre: GenreBriefing) -> str:
    run = genre.run
    if run is None:
        return "Has never run."
    if run.state == "failed":
        return f"Failed at {utc(run.at)}: {run.error}"
    waits = f", {run.deferred} wait for another day" if run.deferred else ""
    old = "" if genre.current else "; nothing since"
    return f"{len(genre.new)} new{waits}, at {utc(run.at)}{old}."


def _html_change(genre: GenreBriefing, server: str) -> str:
    """Who changed the playlist last; a link where a server is known."""
    if genre.change is None or not genre.change.run_id:
        return ""
    words = html_escape(_changed(genre))
    if not server:
        return f" · {words} by the run {html_escape(genre.change.run_id)}"
    return f' · <a href="{html_escape(names.run_url(server, genre.change.run_id))}">{words}</a>'


def _changed(genre: GenreBriefing) -> str:
    return f"changed {utc(genre.change.at)}" if genre.change else ""


def _sections(genre: GenreBriefing) -> list[tuple[str, Sequence[Track], int]]:
    """For each kind with tracks: its title, the first tracks, and the number of others."""
    kinds = [(title, getattr(genre, kind)) for kind, title in KINDS]
    return [(f"{title}: {len(tracks)}", tracks[:SHOWN], max(0, len(tracks) - SHOWN)) for title, tracks in kinds if tracks]


def _markdown_item(track: Track) -> str:
    listen = f" [listen]({track.url})" if track.url else ""
    return f"- {_place(track)}{escape(track.name)}{listen}{_again(track)}"


def _html_item(track: Track) -> str:
    name = f"<bdi>{html_escape(track.name)}</bdi>"
    shown = f'<a href="{html_escape(track.url)}">{name}</a>' if track.url else name
    return f"<li>{html_escape(_place(track))}{shown}{html_escape(_again(track))}</li>"


def _place(track: Track) -> str:
    return f"{track.position}. " if track.position else ""


def _again(track: Track) -> str:
    return f" (searched again from {track.again_at:%Y-%m-%d})" if track.again_at else ""
