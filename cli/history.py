"""`beatporter history`: the time machine for playlists and charts. From the ledger alone; calls nothing."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from beatporter.care.known_playlists import find_known
from beatporter.care.time_machine import (
    ListName,
    chart_diff,
    chart_on,
    chart_states,
    moment_of,
    playlist_diff,
    playlist_on,
    playlist_states,
)
from beatporter.errors import BeatporterError, SettingsError, UnknownChart, UnknownGenre
from beatporter.ledger.ledger import Ledger
from beatporter.records.track import PlaylistRef
from beatporter.settings import Settings, load_settings
from cli.context import use_prefect_for_blocks
from cli.ledger_view import figures_table
from cli.terminal import Terminal, print_document
from orchestration.workspace import open_ledger_of

HEADINGS = {
    "came": "Came in",
    "left": "Left",
    "moved": "Moved",
    "entered": "Entered",
    "rose": "Rose",
    "fell": "Fell",
}
SIGNS = {"came": "+", "entered": "+", "left": "-", "moved": "~", "rose": "▲", "fell": "▼"}


def history(
    what: Annotated[str, typer.Argument(help="A playlist's link, URI, id or name; or a chart: house, overall, chart:ADDRESS.")],
    on: Annotated[str | None, typer.Option("--on", help="What it held then: a day (its end, UTC) or a time.")] = None,
    diff: Annotated[tuple[str, str] | None, typer.Option("--diff", help="What changed between two days or times.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many states to list.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show what a playlist or a chart held in the past, and what changed.

    Costs no call. A change of a playlist is dated by the first backup that
    shows it.
    """
    if on is not None and diff is not None:
        raise typer.BadParameter("use --on or --diff, not both")
    document = _document(what, on, diff, most)
    if as_json:
        print_document(document, ensure_ascii=False)
    elif on is not None:
        _show_entries(document)
    elif diff is not None:
        _show_changes(document)
    else:
        _show_states(document)


def _document(what: str, on: str | None, diff: tuple[str, str] | None, most: int) -> dict[str, Any]:
    settings = load_settings()
    use_prefect_for_blocks(settings)
    chart, unknown = _chart_of(settings, what)
    times = [moment_of(text) for text in ([on] if on is not None else diff or ())]
    with open_ledger_of(settings) as ledger:
        if chart is not None:
            if diff is not None:
                return chart_diff(ledger, chart, *times)
            return chart_on(ledger, chart, *times) if on is not None else chart_states(ledger, chart, most)
        playlist = _playlist_of(ledger, what, unknown)
        if diff is not None:
            return playlist_diff(ledger, playlist, *times)
        return playlist_on(ledger, playlist, *times) if on is not None else playlist_states(ledger, playlist, most)


def _chart_of(settings: Settings, text: str) -> tuple[ListName | None, BeatporterError | None]:
    """The chart or label that the text names in the form of `beatporter sync`, or why it names none."""
    try:
        found = settings.find_list(text)
    except (UnknownGenre, UnknownChart, SettingsError) as error:
        return None, error
    return ListName(found.genre_id, found.name), None


def _playlist_of(ledger: Ledger, text: str, unknown: BeatporterError | None) -> PlaylistRef:
    """The playlist that the text names; if there is none, somebody may have meant a genre."""
    try:
        return find_known(ledger, text)
    except SettingsError as error:
        if isinstance(unknown, UnknownGenre):
            raise SettingsError(error.what, f"{error.remedy} As a genre: {unknown.remedy}") from None
        raise


def _show_states(document: dict[str, Any]) -> None:
    states = document["states"]
    _say(_name(document), "bold")
    if not states:
        _say("Nothing is known of its past.")
        return
    counts = [name for name in states[0] if name not in ("at", "entries")]
    rows = [(one["at"], f"{one['entries']:,}", *(f"{one[name]:,}" for name in counts)) for one in states]
    Terminal().print(figures_table(("state of", "entries", *counts), rows))
    if document["older"]:
        _say(f"{document['older']:,} older ones: --most {document['older'] + len(states)} lists them.")


def _show_entries(document: dict[str, Any]) -> None:
    _say(f"{_name(document)}, {document['at']}", "bold")
    for entry in document["entries"]:
        _say(f"{entry['position']:>5}  {_track(entry)}")


def _show_changes(document: dict[str, Any]) -> None:
    _say(f"{_name(document)}, from {document['from']} to {document['to']}", "bold")
    for name, heading in HEADINGS.items():
        for number, entry in enumerate(document.get(name, ())):
            if not number:
                _say(f"{heading}: {len(document[name]):,}")
            was = f"{entry['was']:>4} →" if "was" in entry else ""
            _say(f"  {SIGNS[name]}{was}{entry['position']:>5}  {_track(entry)}")
    _say(f"{document['stayed']:,} {'kept their position' if 'chart' in document else 'are in both'}.")


def _name(document: dict[str, Any]) -> str:
    return str(document["chart"] if "chart" in document else document["playlist"]["name"])


def _track(entry: dict[str, Any]) -> str:
    name = entry["name"] or entry.get("track_id") or "an entry without an id"
    mix = f" ({entry['mix_name']})" if entry.get("mix_name") else ""
    return f"{', '.join(entry['artists'])} – {name}{mix}" if entry["artists"] else f"{name}{mix}"


def _say(line: str, style: str | None = None) -> None:
    Terminal().print(line, style=style, markup=False, highlight=False, soft_wrap=True)
