"""Step 1 for a label: what came out since the last run, and of a label that is wanted whole a part of what came out before.

A label may have 12,000 tracks and a day 800 calls, so a run takes about `MOST` and the next run goes on where it stopped; how far that was
is in the ledger's table `chart_reads`. It goes on only when what it took before is decided, so a spent quota loses nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from beatporter.beatport.found import COUNTED_TO, LabelPage
from beatporter.errors import ChartUnavailable
from beatporter.progress import Progress, report
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import ChartReadRow
from beatporter.subscriptions import Subscription
from beatporter.sync.backlog import BACKLOG_KEPT_FOR
from beatporter.sync.match import is_undecided
from beatporter.sync.workspace import Workspace

MOST = 500
"""Tracks of one run, the rest of the last page besides. As ids they are 6 KB of a task's result."""
FIRST = 100
"""Tracks of the first run of a label of which only what is new is wanted, the rest of their page besides: as many as a chart has."""
MOST_PAGES = 60
"""Pages that one run asks for, whatever Beatport counts."""
SETTLED = 50
"""So many undecided tracks from before do not keep a run from going on."""


@dataclass(slots=True)
class _Part:
    """What a run takes of a label."""

    workspace: Workspace
    label: Subscription
    entries: dict[int, ChartEntry] = field(default_factory=dict)
    source: str = ""
    pages: int = 0

    def read(self, first: int) -> Iterator[tuple[LabelPage, int]]:
        """Pages from a number on, each with how many of its tracks were new to the ledger; those are taken."""
        number = first
        while self.pages < MOST_PAGES:
            self.source, page = self.workspace.source.read_label(self.label, number)
            self.pages += 1
            for note in page.notes if number == 1 else ():
                report(Progress(self.label.slug, "scrape", note=note))
            ids = [entry.beatport_id for entry in page.entries]
            known = self.workspace.ledger.charts.entries(self.label.genre_id, ids).keys() | self.entries.keys()
            new = {entry.beatport_id: entry for entry in page.entries if entry.beatport_id not in known}
            self.entries |= new
            yield page, len(new)
            number += 1


def scrape_label(workspace: Workspace, label: Subscription) -> list[int]:
    """Beatport ids of the tracks to look after in this run; none when nothing is new.

    Raises:
        ChartUnavailable: the label has no tracks at all.
        BeatporterError: what the sources said.
    """
    before = workspace.ledger.chart_reads.latest(label.genre_id)
    part = _Part(workspace, label)
    open_before = _undecided(workspace, label)
    per_page, reached, total = _take_new(part, first=before is None)
    if before is not None and total is None and before.total is not None:
        reached, total = before.reached or 0, before.total
        if len(open_before) <= SETTLED and len(part.entries) < MOST:
            reached, total = _go_on(part, reached, per_page)
    entries = {**part.entries, **open_before}
    chart = Chart(label.genre_id, tuple(replace(entry, position=place) for place, entry in enumerate(entries.values(), 1)), workspace.now())
    with workspace.ledger.transaction():
        if chart.entries:
            workspace.ledger.charts.append(chart)
        workspace.ledger.chart_reads.append(ChartReadRow(label.genre_id, part.source, chart.scraped_at, len(chart.entries), reached, total))
    if total is not None:
        counted = f"{total:,}" if total < COUNTED_TO else f"{COUNTED_TO:,} or more"
        report(Progress(label.slug, "scrape", note=f"{reached:,} of {counted} tracks were read so far; the next run goes on there."))
    ids = list(entries)
    if label.shuffle:
        random.Random(f"{workspace.run_key} {label.slug}").shuffle(ids)  # noqa: S311 - an order, not a secret
    return ids


def _take_new(part: _Part, *, first: bool) -> tuple[int, int, int | None]:
    """Take pages from the newest track on, until one has a track that is known.

    Returns:
        Tracks on a page; how many were reached, and how many there are: None when there is nothing to go on with.
    """
    whole = part.label.kind == "whole-label"
    for page, new in part.read(1):
        if page.number == 1 and not page.entries and first:
            raise ChartUnavailable(f"The label {part.label.name} has no tracks on Beatport.", "Check the number at the end of its address.")
        if page.is_last or new < len(page.entries):
            break
        if first and not whole and len(part.entries) >= FIRST:
            break
        if len(part.entries) >= MOST:
            return page.per_page, page.reached, page.total
    return page.per_page, page.reached, None


def _go_on(part: _Part, reached: int, per_page: int) -> tuple[int, int | None]:
    """Take pages behind those that earlier runs took; how far that is, and how many tracks there are, None when the last one was taken.

    What came out meanwhile has pushed older tracks back, so the page begins with some that are known; none is passed over.
    """
    total: int | None = None
    for page, new in part.read(reached // per_page + 1):
        if page.is_last or (part.label.kind == "label" and not new):
            return page.reached, None
        reached, total = page.reached, page.total
        if len(part.entries) >= MOST:
            break
    return reached, total or COUNTED_TO


def _undecided(workspace: Workspace, label: Subscription) -> dict[int, ChartEntry]:
    """What earlier runs took and nothing was decided about: it is looked after until something is."""
    entries = {entry.beatport_id: entry for entry in workspace.ledger.charts.since(label.genre_id, workspace.now() - BACKLOG_KEPT_FOR)}
    decided = workspace.ledger.matches.latest(list(entries))
    return {beatport_id: entry for beatport_id, entry in entries.items() if is_undecided(decided.get(beatport_id))}
