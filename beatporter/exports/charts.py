"""The last charts, and the missing entries, as sheets in which a person may write: a link put into the column Spotify becomes an override.

`sheet_import` reads them back. The column "Exported track" is there so that an old sheet changes nothing: only a link that differs from it
was written by a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from beatporter import names
from beatporter.ledger.spreadsheet import Column
from beatporter.matching import explain
from beatporter.records.chart import ChartEntry
from beatporter.sync.decisions import verdict
from beatporter.sync.match import is_undecided
from beatporter.sync.missing import read_missing
from beatporter.sync.workspace import Workspace

ENTRY_COLUMNS = (
    Column("List", 26),
    Column("#", 5),
    Column("Artist", 34),
    Column("Title", 40),
    Column("Mix", 22),
    Column("BPM", 6),
    Column("Key", 10),
    Column("Camelot", 9),
    Column("Label", 24),
    Column("Released", 11),
    Column("Spotify", 54, "link"),
    Column("Beatport", 42, "link"),
    Column("Exported track", 25),
)
CHART_COLUMNS = (*ENTRY_COLUMNS, Column("Verdict", 12), Column("Why", 50), Column("ISRC", 14), Column("Chart of (UTC)", 17))
MISSING_COLUMNS = (
    *ENTRY_COLUMNS,
    Column("Missing since (UTC)", 19),
    Column("Next search (UTC)", 17),
    Column("Search by hand", 54, "link"),
    Column("Nearest", 50),
    Column("Why not", 50),
    Column("Nearest on Spotify", 54, "link"),
)


def chart_rows(workspace: Workspace, slugs: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The entries of each list's last chart as rows of `CHART_COLUMNS`; lists without a chart are left out.

    Raises:
        UnknownGenre, UnknownChart: naming the nearest.
    """
    for slug in slugs:
        chart = workspace.ledger.charts.latest(workspace.genre(slug).genre_id)
        if chart is None:
            continue
        matches = workspace.ledger.matches.latest([entry.beatport_id for entry in chart.entries])
        for entry in chart.entries:
            match = matches.get(entry.beatport_id)
            why = explain(match) if match is not None and not is_undecided(match) else ""
            track_id = match.track_id if match is not None else None
            yield *_entry_cells(slug, entry, entry.position, track_id), verdict(match), why, entry.isrc, chart.scraped_at


def missing_rows(workspace: Workspace, slugs: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The missing entries of each list as rows of `MISSING_COLUMNS`.

    Raises:
        UnknownGenre, UnknownChart: naming the nearest.
    """
    for slug in slugs:
        for one in read_missing(workspace, [slug])[slug]:
            nearest = one.refused[0] if one.refused else None
            yield (
                *_entry_cells(slug, one.entry, one.position, None),
                one.since,
                one.again_at,
                one.search_url,
                f"{', '.join(nearest.artists)} – {nearest.name}" if nearest else None,
                nearest.why if nearest else None,
                names.track_url(nearest.track_id) if nearest else None,
            )


def _entry_cells(slug: str, entry: ChartEntry, position: int, track_id: str | None) -> tuple[Any, ...]:
    return (
        slug,
        position or "left",
        entry.artists,
        entry.name,
        entry.mix_name,
        entry.bpm,
        entry.key,
        entry.camelot,
        entry.label,
        entry.publish_date,
        names.track_url(track_id) if track_id else None,
        names.beatport_track_url(entry.beatport_id),
        track_id,
    )
