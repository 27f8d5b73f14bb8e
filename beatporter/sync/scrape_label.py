"""Step 1 for a label: tracks released since the last run, and, if the whole label is wanted, a part of the older ones.

A label may have 12,000 tracks and a day 800 calls, so a run takes about `MOST` tracks and the next run continues there; the ledger's table
`chart_reads` records how far. It continues only when the earlier tracks are decided, so a spent quota loses nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
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
"""Tracks for one run, plus the rest of the last page. As ids they are 6 KB of a task's result."""
FIRST = 100
"""Tracks for the first run of a label of which only new ones are wanted, plus the rest of their page: as many as in a chart."""
MOST_PAGES = 60
"""Most pages that one run requests, whatever Beatport counts."""
SETTLED = 50
"""This many undecided earlier tracks do not keep a run from continuing."""


@dataclass(slots=True)
class _Part:
    """The part of a label for one run."""

    workspace: Workspace
    label: Subscription
    entries: dict[int, ChartEntry] = field(default_factory=dict)
    source: str = ""
    pages: int = 0

    def read(self, first: int) -> Iterator[tuple[LabelPage, int]]:
        """Yield pages from a number on, each with the number of its tracks new to the ledger, which are added."""
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
    """Beatport ids of the tracks to handle in this run; empty when nothing is new.

    Raises:
        ChartUnavailable: the label has no tracks at all.
        BeatporterError: what the sources reported.
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
        report(Progress(label.slug, "scrape", note=f"{reached:,} of {counted} tracks were read so far; the next run continues there."))
    return _in_order(workspace, label, entries)


def continue_label(workspace: Workspace, label: Subscription) -> list[int]:
    """Beatport ids of the tracks that earlier runs took and that are still undecided: what a run can handle without any source."""
    return _in_order(workspace, label, _undecided(workspace, label))


def _in_order(workspace: Workspace, label: Subscription, entries: Iterable[int]) -> list[int]:
    ids = list(entries)
    if label.shuffle:
        random.Random(f"{workspace.run_key} {label.slug}").shuffle(ids)  # noqa: S311 - an order, not a secret
    return ids


def _take_new(part: _Part, *, first: bool) -> tuple[int, int, int | None]:
    """Take pages from the newest track on, until one has a known track.

    Returns:
        Tracks per page; how many were reached, and how many there are: None when nothing is left to continue with.
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
    """Take pages after those that earlier runs took; returns how far, and the number of tracks, None when the last one was taken.

    Tracks released meanwhile have pushed older ones back, so the page begins with some known ones; none is skipped.
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
    """Tracks that earlier runs took and that are still undecided: they stay in the run until they are decided."""
    entries = {entry.beatport_id: entry for entry in workspace.ledger.charts.since(label.genre_id, workspace.now() - BACKLOG_KEPT_FOR)}
    decided = workspace.ledger.matches.latest(list(entries))
    return {beatport_id: entry for beatport_id, entry in entries.items() if is_undecided(decided.get(beatport_id))}
