"""Renders missing entries: as the artifact `missing`, with everything from outside escaped, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from beatporter import names
from beatporter.markdown import escape
from beatporter.sync.missing import MissingEntry
from beatporter.sync.report import BREAK, utc

SHOWN = 60
"""Entries that the page shows for each list; it only counts the rest."""
DECIDE = "If you find a track by hand, choose it with `beatporter match set ID LINK`, or with the deployment `override-match`."


def missing_headline(missing: Mapping[str, Sequence[MissingEntry]]) -> str:
    """How many are missing, in one line."""
    count = sum(map(len, missing.values()))
    return f"{count} {'entry is' if count == 1 else 'entries are'} not on Spotify"


def missing_markdown(missing: Mapping[str, Sequence[MissingEntry]], now: datetime) -> str:
    """The artifact `missing`."""
    lines = [f"# {missing_headline(missing)}", "", utc(now), "", DECIDE]
    for slug, entries in missing.items():
        if not entries:
            continue
        lines += ["", f"## {escape(slug)}", "", "| # | On Beatport | Missing since | Nearest, and why not |", "|---:|---|---|---|"]
        lines += [_row(one) for one in entries[:SHOWN]]
        if len(entries) > SHOWN:
            lines += ["", f"… and {len(entries) - SHOWN} more: `beatporter missing {slug}`."]
    return "\n".join(lines)


def next_try(one: MissingEntry) -> str:
    """When it is searched next, in words."""
    return f"next search {utc(one.again_at)}" if one.again_at else "no further search: it left the chart"


def missing_document(missing: Mapping[str, Sequence[MissingEntry]]) -> dict[str, Any]:
    """The entries for JSON, by list."""
    return {slug: [_document(one) for one in entries] for slug, entries in missing.items()}


def _row(one: MissingEntry) -> str:
    links = f"[search]({one.search_url}) · [Beatport]({one.beatport_url}) · {one.entry.beatport_id}"
    name = BREAK.join([escape(one.artists), escape(one.entry.full_title), links])
    when = BREAK.join([f"{one.since:%Y-%m-%d}", next_try(one)])
    refused = BREAK.join(
        f"{escape(', '.join(other.artists))} – {escape(other.name)} ([listen]({names.track_url(other.track_id)})): {escape(other.why)}"
        for other in one.refused
    )
    return f"| {one.position or 'left'} | {name} | {when} | {refused or 'nothing'} |"


def _document(one: MissingEntry) -> dict[str, Any]:
    entry = one.entry
    return {
        "position": one.position or None,
        "beatport_id": entry.beatport_id,
        "artists": entry.artists,
        "name": entry.name,
        "mix_name": entry.mix_name,
        "label": entry.label,
        "isrc": entry.isrc,
        "since": one.since.isoformat(),
        "misses": one.misses,
        "next_search": one.again_at.isoformat() if one.again_at else None,
        "search_url": one.search_url,
        "beatport_url": one.beatport_url,
        "refused": [
            {
                "track_id": other.track_id,
                "track_url": names.track_url(other.track_id),
                "artists": other.artists,
                "name": other.name,
                "score": other.score,
                "why": other.why,
            }
            for other in one.refused
        ],
    }
