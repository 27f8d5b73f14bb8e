"""Prints decisions: a block of lines for each chart entry, or JSON.

On a terminal, wrapped lines are aligned with their text; in a pipe nothing is wrapped, so that `grep` finds whole names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.text import Text

from beatporter import names
from beatporter.control_characters import without_control_characters
from beatporter.matching import explain, is_doubtful
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.match import Match, RunnerUp
from beatporter.sync.decisions import verdict
from beatporter.sync.match import is_undecided

POSITION, ID = 3, 10
INDENT = POSITION + 2 + ID + 2
STYLES = {"same": "green", "substitute": "yellow", "not found": "red", "never": "magenta", "undecided": "dim"}


def track_name(match: Match) -> str:
    """Artists and title of the chosen track in Spotify's spelling."""
    return f"{', '.join(match.track_artists)} – {match.track_name}" if match.track_name else match.track_id or ""


def runner_up_name(other: RunnerUp) -> str:
    return f"{', '.join(other.artists)} – {other.name}"


def explain_briefly(match: Match) -> str:
    """A decision in one line; for a doubtful miss without the closest candidate, which is shown below it."""
    is_miss = match.track_id is None and is_doubtful(match)
    return explain(replace(match, reasons=match.reasons[:1]) if is_miss else match)


def summary_lines(slug: str, chart: Chart, matches: Mapping[int, Match]) -> list[str]:
    """Two lines about a whole chart: its genre and time, and the number of entries for each verdict."""
    counts = Counter(verdict(matches.get(entry.beatport_id)) for entry in chart.entries)
    doubtful = sum(is_doubtful(match) for match in matches.values())
    said = ", ".join(f"{counts[word]} {word}" for word in STYLES if counts[word])
    hint = f"; {doubtful} in doubt: `beatporter match review {slug}`" if doubtful else ""
    return [f"{slug}: chart of {chart.scraped_at:%Y-%m-%d %H:%M} UTC, {len(chart.entries)} entries", f"{said}{hint}"]


def print_entry(console: Console, entry: ChartEntry, match: Match | None) -> None:
    """An entry, the chosen track and why; links and runners-up if a person may want to choose."""
    print_line(console, f"{entry.position:>{POSITION}}  {entry.beatport_id:<{ID}}  ", entry.full_name, "bold")
    word = verdict(match)
    label = f"{'':{POSITION}}  {word:<{ID}}  "
    if match is None or word == "undecided":
        print_line(console, label, "the next run searches for it", STYLES[word])
        return
    doubtful = is_doubtful(match)
    if match.track_id:
        print_line(console, label, track_name(match), STYLES[word], link=names.track_url(match.track_id))
        if doubtful or not console.is_terminal:
            print_line(console, " " * INDENT, names.track_url(match.track_id))
        print_line(console, f"{'':{POSITION}}  {'in doubt' if doubtful else '':<{ID}}  ", explain(match), "dim")
    else:
        print_line(console, label, explain_briefly(match), STYLES[word])
    for other in match.runners_up if doubtful else ():
        print_runner_up(console, f"{'or':>{INDENT - 1}} ", other)


def print_runner_up(console: Console, label: str, other: RunnerUp) -> None:
    """A rejected candidate: its name, its link, and why it was rejected."""
    print_line(console, label, runner_up_name(other))
    print_line(console, " " * len(label), names.track_url(other.track_id))
    print_line(console, " " * len(label), f"{other.score:.0f} points: {other.why}", "dim")


def print_line(console: Console, label: str, text: str, style: str = "", link: str = "") -> None:
    """A text after a label; further lines are aligned with the text."""
    shown = Text(
        " ".join(without_control_characters(text).split()), style=f"{style} link {link}".strip() if link and console.is_terminal else style
    )
    if not console.is_terminal:
        console.print(Text(label) + shown, soft_wrap=True)
        return
    for number, line in enumerate(shown.wrap(console, max(20, console.width - len(label)))):
        line.rstrip()
        console.print(Text(label if number == 0 else " " * len(label)) + line, soft_wrap=True)


def documents(entries: Iterable[ChartEntry], matches: Mapping[int, Match]) -> list[dict[str, Any]]:
    """The decisions for JSON, in chart order."""
    return [_document(entry, matches.get(entry.beatport_id)) for entry in entries]


def _document(entry: ChartEntry, match: Match | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "position": entry.position,
        "beatport_id": entry.beatport_id,
        "artists": entry.artists,
        "name": entry.name,
        "mix_name": entry.mix_name,
        "verdict": verdict(match),
    }
    if match is None or is_undecided(match):
        return found
    return found | {
        "by": match.method,
        "doubtful": is_doubtful(match),
        "score": match.score,
        "why": explain(match),
        "track_id": match.track_id,
        "track_url": names.track_url(match.track_id) if match.track_id else None,
        "track_artists": match.track_artists,
        "track_name": match.track_name,
        "rules": match.rules,
        "decided_at": match.decided_at.isoformat(),
        "retry_at": match.retry_at.isoformat() if match.retry_at else None,
        "runners_up": _runners_up(match.runners_up),
    }


def _runners_up(others: Sequence[RunnerUp]) -> list[dict[str, Any]]:
    return [
        {
            "track_id": other.track_id,
            "artists": other.artists,
            "name": other.name,
            "score": other.score,
            "chance": other.chance,
            "why": other.why,
        }
        for other in others
    ]
