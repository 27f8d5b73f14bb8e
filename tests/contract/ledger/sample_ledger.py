"""A small ledger with content in every table, written step by step like a run; and every answer that it gives.

The steps of a past version never change: `versions/*.sql` are the databases that they made. A new version gets its own steps
in `STEPS_OF`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beatporter.ledger.calls import Held
from beatporter.ledger.ledger import Ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import (
    AuditRow,
    BackupRow,
    CallRow,
    ChartReadRow,
    CorrectionRow,
    HistoryRow,
    ListedPlaylist,
    MemoryRow,
    RearrangementRow,
    RememberedPlaylist,
    RunRow,
    SnapshotRow,
)
from beatporter.records.match import Match, RunnerUp

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ODD = "not 22 letters: ☃ '; --"
TRACKS = [f"{number:022}" for number in range(12)]
HOUSE, TECHNO = f"{5:022}", ODD


@dataclass(frozen=True)
class Step:
    """One thing that a run does.

    Attributes:
        again: whether repeating it changes nothing.
        commits: number of its transactions.
    """

    name: str
    act: Callable[[Ledger], object]
    again: bool = True
    commits: int = 1


def entry(position: int, number: int, **more: Any) -> ChartEntry:
    return ChartEntry(position, number, f"Title {number} ☃", (f"Artist {number}", "B, C"), **more)


def match(number: int, track_id: str | None, at: datetime = T0, **more: Any) -> Match:
    values = {"method": "search", "score": 91.5, "version": "same", "rules": "1", "retry_at": None} | more
    return Match(number, f"ISRC{number}", track_id, decided_at=at, **values)


def history(number: int, source: str = "chart", at: datetime = T0, isrc: bool = True) -> HistoryRow:
    return HistoryRow(TRACKS[number], f"ISRC{number}" if isrc else None, f"artist|title {number}|", number, source, at)


def state(*numbers: int) -> list[BackupRow]:
    """A playlist; number 11 is a local file."""
    return [
        BackupRow(position, None, None, "local file", (), None)
        if number == 11
        else BackupRow(position, TRACKS[number], f"ISRC{number}", f"Title {number}", (f"Artist {number}",), T0)
        for position, number in enumerate(numbers)
    ]


def listed(run_key: str, at: datetime, *playlist_ids: str) -> list[ListedPlaylist]:
    return [ListedPlaylist(run_key, playlist_id, f"Name of {playlist_id}", "s1", 7, "me", at) for playlist_id in playlist_ids]


def memory(step: str, at: datetime, after_bytes: int, **more: Any) -> MemoryRow:
    values: dict[str, Any] = {
        "genre_id": 5,
        "run_key": "house",
        "state": "completed",
        "shared_process": 1,
        "host": "Linux ☃, Python 3.11",
        "code_version": "abc",
        "before_bytes": 2**27,
        "peak_bytes": 5 * 2**30,
        "duration_s": 1.25,
        "history_rows": 248_000,
        "searches": 17,
        "holders": '{"held": [["read ☃", "beatporter/x.py:1", 12]]}',
        "capture": "memory-house.bin",
    }
    return MemoryRow(**(values | {"step": step, "at": at, "after_bytes": after_bytes} | more))


def record_and_back_up(ledger: Ledger) -> None:
    """Like the end of a run: record what was written, and make the backup show it, together with the playlist's state."""
    with ledger.transaction():
        ledger.history.append(HOUSE, [history(number) for number in range(5)])
        ledger.history.append(TECHNO, [history(7, "playlist", isrc=False)])
        ledger.backups.put_on_top(HOUSE, "s2", T0 + DAY, state(3, 4))
        ledger.snapshots.save(SnapshotRow(HOUSE, "recorded", "s2", T0 + DAY))


def take(ledger: Ledger, held: Held, wanted: int, *used: CallRow) -> Held:
    return ledger.calls.exchange(held, used, run_key="house", at=T0, wanted=wanted, budget=1_000, since=T0)


STEPS_OF: dict[str, list[Step]] = {
    "0001": [
        Step("a listing", lambda ledger: ledger.listings.append("old", T0 - 9 * DAY, listed("old", T0 - 9 * DAY, HOUSE)), again=False),
        Step("another listing", lambda ledger: ledger.listings.append("house", T0, listed("house", T0, HOUSE, TECHNO)), again=False),
        Step("a playlist", lambda ledger: ledger.playlists.append(RememberedPlaylist(5, HOUSE, "House", T0)), again=False),
        Step(
            "a chart",
            lambda ledger: ledger.charts.append(
                Chart(5, (entry(1, 1), entry(2, 2, isrc="I2", bpm=128, length_ms=300_001), entry(3, 3)), T0)
            ),
        ),
        Step("the next chart", lambda ledger: ledger.charts.append(Chart(5, (entry(1, 4), entry(2, 1)), T0 + DAY))),
        Step(
            "decisions",
            lambda ledger: ledger.matches.append(
                [
                    match(1, TRACKS[1], reasons=("title", "length"), track_name="N ☃", track_artists=("A", "B"), track_isrc="I"),
                    match(2, ODD, runners_up=(RunnerUp(TRACKS[2], "Name", ("Z",), 80.25, "longer"),)),
                    match(3, None, version=None, retry_at=T0 + DAY, misses=2),
                ]
            ),
        ),
        Step("a person's decision", lambda ledger: ledger.matches.append([match(3, TRACKS[3], T0 + DAY, method="person")])),
        Step("calls", lambda ledger: take(ledger, Held(), 40), again=False),
        Step(
            "calls used",
            lambda ledger: take(ledger, Held(1, 40), 15, CallRow(T0, "search", 20, "house"), CallRow(T0, "read", 3, "house")),
            again=False,
        ),
        Step("an old call", lambda ledger: ledger.calls.append([CallRow(T0 - 20 * DAY, "search", 7, "old")]), again=False),
        Step("a quota's end", lambda ledger: ledger.calls.append([CallRow(T0, "quota", 0, "house", T0 + DAY)]), again=False),
        Step("a backup", lambda ledger: ledger.backups.append(HOUSE, "s1", T0, state(0, 1, 11, 2, 0)), commits=2),
        Step(
            "writing",
            lambda ledger: ledger.snapshots.save(SnapshotRow(HOUSE, "writing", None, T0, (TRACKS[3], TRACKS[4]), T0)),
        ),
        Step("recorded", record_and_back_up),
        Step("a changed playlist", lambda ledger: ledger.backups.append(HOUSE, "s3", T0 + 2 * DAY, state(4, 0, 5, 11, 2)), commits=2),
        Step("an empty playlist", lambda ledger: ledger.backups.append(TECHNO, "s1", T0, [])),
        Step("an old history", lambda ledger: ledger.history.append(HOUSE, [history(1, "import", T0 - 900 * DAY), history(6, "import")])),
        Step("a correction", lambda ledger: ledger.corrections.append(CorrectionRow(2, ODD, TRACKS[2], T0)), again=False),
        Step("a run's end", lambda ledger: ledger.runs.append(RunRow(5, "deferred", 2, 1, 3, "The budget ☃ is spent.", T0)), again=False),
        Step("old listings dropped", lambda ledger: ledger.listings.drop_before(T0 - 7 * DAY)),
        Step("old calls dropped", lambda ledger: ledger.calls.drop_before(T0 - 14 * DAY)),
    ],
    "0002": [Step("a track's length", lambda ledger: ledger.matches.append([match(4, TRACKS[4], track_duration_ms=301_000)]))],
    "0003": [],
    "0004": [
        Step(
            "a track's album and its runner-up",
            lambda ledger: ledger.matches.append(
                [
                    match(
                        5,
                        TRACKS[5],
                        track_album="Album ☃",
                        track_album_type="single",
                        track_release_date="2026-11",
                        runners_up=(RunnerUp(TRACKS[6], "Name", ("Z",), 60.5, "another cut", "I6", 200_000, chance=0.25),),
                    )
                ]
            ),
        ),
        Step(
            "an answer of an audit",
            lambda ledger: ledger.audits.append(AuditRow(1, TRACKS[1], "1", "same, sure", 40, "yes", T0)),
            again=False,
        ),
        Step(
            "an audit's answer about a miss",
            lambda ledger: ledger.audits.append(AuditRow(3, None, "1", "none", 3, "unknown", T0 + DAY)),
            again=False,
        ),
    ],
    "0005": [
        Step(
            "memory of an old run",
            lambda ledger: ledger.memory.append([memory("run", T0 - 200 * DAY, 3 * 2**30, state="killed", peak_bytes=None)]),
            again=False,
        ),
        Step(
            "memory of a run",
            lambda ledger: ledger.memory.append([memory("run", T0, 180 * 2**20), memory("match-tracks", T0, 150 * 2**20, searches=None)]),
            again=False,
        ),
        Step("old memory dropped", lambda ledger: ledger.memory.drop_before(T0 - 120 * DAY)),
    ],
    "0006": [
        Step(
            "a chart of 2026",
            lambda ledger: ledger.charts.append(
                Chart(-7, (entry(1, 5, sub_genre="Deep Tech", is_dj_version=True, camelot="8A"), entry(2, 6, is_dj_version=False)), T0)
            ),
        ),
        Step("where a chart came from", lambda ledger: ledger.chart_reads.append(ChartReadRow(5, "api", T0, 2)), again=False),
        Step("a part of a label", lambda ledger: ledger.chart_reads.append(ChartReadRow(-7, "inbox", T0, 2, 150, 12_000)), again=False),
        Step("a challenge", lambda ledger: ledger.challenges.note_challenge("website", T0), again=False),
        Step("an answer after it", lambda ledger: ledger.challenges.note_answer("website", T0 + DAY), again=False),
    ],
    "0007": [
        Step(
            "a run's figures",
            lambda ledger: ledger.runs.append(
                RunRow(
                    5,
                    "failed",
                    1,
                    2,
                    3,
                    "Beatport asked.",
                    T0 + DAY,
                    "key",
                    "run",
                    HOUSE,
                    100,
                    95,
                    12,
                    240.5,
                    100.0,
                    120.0,
                    9.5,
                    "ChallengeShown",
                    0,
                )
            ),
            again=False,
        ),
        Step(
            "a dry run's end",
            lambda ledger: ledger.runs.append(RunRow(5, "completed", 9, 0, 0, None, T0 + 2 * DAY, "key", dry_run=1)),
            again=False,
        ),
    ],
    "0008": [
        Step(
            "work on a playlist that has begun",
            lambda ledger: ledger.rearrangements.save(
                RearrangementRow(HOUSE, "dedupe", (TRACKS[1], "", TRACKS[1]), (TRACKS[1], ""), (TRACKS[1],), T0)
            ),
        ),
    ],
    "0009": [],
}


def steps_until(version: str) -> list[Step]:
    """The steps that filled a database of that version."""
    return [step for number, steps in STEPS_OF.items() if number <= version for step in steps]


def fill(ledger: Ledger, version: str = "9999") -> None:
    """Write everything that a version knows."""
    for step in steps_until(version):
        step.act(ledger)


PLAYLISTS = [HOUSE, TECHNO, "none"]
NUMBERS = range(9)
IDS = [*TRACKS, ODD]
ISRCS = [f"ISRC{number}" for number in NUMBERS]
RECORDINGS = [f"artist|title {number}|" for number in NUMBERS]

QUESTIONS: dict[str, Callable[[Ledger], Any]] = {
    "charts": lambda ledger: [ledger.charts.latest(genre) for genre in (5, 6, -7)],
    "entries": lambda ledger: ledger.charts.entries(5, NUMBERS),
    "since": lambda ledger: ledger.charts.since(5, T0),
    "matches": lambda ledger: ledger.matches.latest(NUMBERS),
    "by track": lambda ledger: {key: sorted(found, key=repr) for key, found in ledger.matches.by_track(IDS).items()},
    "that took": lambda ledger: ledger.matches.that_took(IDS),
    "known": lambda ledger: [ledger.history.known(playlist, IDS, ISRCS, RECORDINGS) for playlist in (*PLAYLISTS, None)],
    "history": lambda ledger: [ledger.history.rows(playlist, IDS) for playlist in PLAYLISTS],
    "track ids": lambda ledger: [sorted(ledger.history.track_ids(playlist)) for playlist in PLAYLISTS],
    "playlists": lambda ledger: (ledger.history.playlists(), ledger.backups.playlists()),
    "backups": lambda ledger: [ledger.backups.all(playlist) for playlist in PLAYLISTS],
    "latest": lambda ledger: [ledger.backups.latest(playlist) for playlist in PLAYLISTS],
    "states": lambda ledger: [list(ledger.backups.items(playlist, name)) for playlist in PLAYLISTS for name in ("s1", "s2", "s3")],
    "snapshots": lambda ledger: [ledger.snapshots.latest(playlist) for playlist in PLAYLISTS],
    "rearrangements": lambda ledger: (ledger.rearrangements.of(HOUSE), ledger.rearrangements.of(TECHNO), ledger.rearrangements.begun()),
    "remembered": lambda ledger: (ledger.playlists.latest(5), ledger.playlists.ids(5)),
    "listings": lambda ledger: [ledger.listings.of_run(run) for run in ("old", "house", "none")],
    "owner": lambda ledger: ledger.listings.last_owner(),
    "calls made": lambda ledger: (ledger.calls.made_since(T0), ledger.calls.by_time(T0)),
    "calls": lambda ledger: (ledger.calls.by_kind(T0), ledger.calls.by_run(T0, ["house"])),
    "quota": lambda ledger: ledger.calls.quota_until(),
    "corrections": lambda ledger: ledger.corrections.all(),
    "run": lambda ledger: (ledger.runs.latest(5), ledger.runs.of_run("key"), ledger.runs.since(T0), ledger.runs.last_change(5)),
    "audits": lambda ledger: ledger.audits.all(),
    "described": lambda ledger: ledger.charts.described(NUMBERS),
    "all standing": lambda ledger: list(ledger.matches.all_standing(2)),
    "memory": lambda ledger: (ledger.memory.runs(5), ledger.memory.of_run(5, "house", T0), ledger.memory.genres()),
    "reads": lambda ledger: [ledger.chart_reads.latest(number, *how) for number in (5, -7) for how in ((), ("inbox",), ("api", T0 + DAY))],
    "challenges": lambda ledger: [ledger.challenges.latest(source) for source in ("website", "api")],
}
"""A run's queries to a ledger, in every form."""


def answers(ledger: Ledger) -> dict[str, Any]:
    """All answers."""
    return {name: ask(ledger) for name, ask in QUESTIONS.items()}
