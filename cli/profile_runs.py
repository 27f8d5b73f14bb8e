"""Finds the runs and captures that a person names, in the ledger and the folder of captures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.ledger.ledger import Ledger
from beatporter.memory.keeping import CaptureFile, captures
from beatporter.memory.megabytes import MB
from beatporter.memory.pages import GenrePages
from beatporter.memory.trend import Usual, compared, usual
from beatporter.names import memory_artifact
from beatporter.records.ledger import MemoryRow
from beatporter.settings import Settings

RUNS = 30
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
HOW = (
    "Write GENRE for its last run, GENRE~1 for the one before, GENRE@2026-11-20 for a day's last, GENRE@CODE for a code version's, "
    "or a capture's name."
)


@dataclass(frozen=True, slots=True)
class GenreRuns:
    """A genre's last runs, newest first, and the usual figures for runs like the last one."""

    genre: Genre
    runs: Sequence[MemoryRow]
    usual: Usual | None
    verdict: str


def genre_runs(ledger: Ledger, genre: Genre) -> GenreRuns:
    """A genre's runs in the ledger."""
    runs = ledger.memory.runs(genre.genre_id, RUNS)
    if not runs:
        return GenreRuns(genre, (), None, "no run yet")
    last = runs[0]
    alike = [row for row in runs[1:] if (row.host, row.shared_process, row.state) == (last.host, last.shared_process, "completed")]
    known = usual([row.peak_bytes / MB for row in alike if row.peak_bytes])
    verdict = compared(last.peak_bytes / MB, known) if last.peak_bytes and last.state == "completed" else "not compared"
    return GenreRuns(genre, runs, known, verdict)


def all_genre_runs(ledger: Ledger, settings: Settings) -> list[GenreRuns]:
    """Every genre that has runs, by name."""
    by_id = {genre.genre_id: genre for genre in settings.all_lists().values()}
    found = [by_id[genre_id] for genre_id in ledger.memory.genres() if genre_id in by_id]
    return [genre_runs(ledger, genre) for genre in sorted(found, key=lambda genre: genre.slug)]


def index_of(open_ledger: Callable[[], Ledger], settings: Settings) -> list[GenrePages]:
    """The content of the memory pages' index."""
    by_name: dict[str, list[CaptureFile]] = {}
    for capture in captures(settings.captures()):
        by_name.setdefault(capture.name, []).append(capture)
    with open_ledger() as ledger:
        known = all_genre_runs(ledger, settings)
    return [
        GenrePages(one.genre.slug, tuple(reversed(one.runs)), one.usual, one.verdict, by_name.get(memory_artifact(one.genre.slug), []))
        for one in known
    ]


def find_run(ledger: Ledger, settings: Settings, said: str) -> list[MemoryRow]:
    """The rows of the run that a person names: the whole run first, then its steps.

    Raises:
        UnknownGenre: with the nearest slugs.
        SettingsError: there is no such run.
    """
    slug, _, which = said.partition("@")
    slug, _, back = slug.partition("~")
    genre = settings.find_list(slug)
    runs = ledger.memory.runs(genre.genre_id, 10 * RUNS if which else RUNS)
    if _DAY.fullmatch(which):
        runs = [row for row in runs if f"{row.at:%Y-%m-%d}" == which]
    elif which:
        runs = [row for row in runs if row.code_version.startswith(which)]
    number = int(back) if back.isdigit() else 0
    if number >= len(runs):
        raise SettingsError(f"The ledger has no run {said!r}.", HOW)
    return ledger.memory.of_run(genre.genre_id, runs[number].run_key, runs[number].at)


def find_capture(settings: Settings, said: str) -> Path | None:
    """The capture with that path or name, if any."""
    path = Path(said)
    if path.suffix == ".bin" and path.is_file():
        return path
    return next((one.path for one in captures(settings.captures()) if said in (one.path.name, one.path.stem)), None)


def latest_capture(settings: Settings, slug: str) -> Path:
    """A genre's newest capture.

    Raises:
        SettingsError: there is no capture.
    """
    name = memory_artifact(settings.find_list(slug).slug)
    found = next((one.path for one in captures(settings.captures()) if one.name == name), None)
    if found is None:
        raise SettingsError(
            f"There is no capture of {slug} in {settings.captures()}.", "Run the genre on this machine, with BEATPORTER_PROFILE=on."
        )
    return found
