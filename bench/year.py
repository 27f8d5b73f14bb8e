"""A year of mornings: does the 365th cost more than the 7th? `python -m bench.year`, or `make bench-year`.

36 genres on a simulated clock, with the sandbox's charts, of which about 10 entries of 100 are new each day. The first morning and the
measured ones are real: the five steps of every genre and what the report asks of the ledger, against the sandbox over HTTP, all genres in
a process of their own. The mornings in between are written through the ledger's own functions (`year_days`). At the end the ledger is
maintained, as `maintain-ledger` does it. Results go to bench/year.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from beatporter.ledger.ledger import open_ledger
from bench.ledger_mornings import Phase, Watch, five_steps

RESULTS = Path(__file__).with_suffix(".md")
FIRST_MORNING = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
EARLY, LATE = (6, 7, 8), (363, 364, 365)
"""The measured mornings, on the same days of the week; figures are their medians."""
AT_MOST_MORE, MAINTAINED_S = 0.1, 60.0
TOGETHER = "all genres' steps"


@dataclass(slots=True)
class Morning:
    """A measured morning.

    Attributes:
        phases: by name: the parent's part, and each step's sum over the genres.
        peak_mb: of its process.
        calls: to Spotify, by kind.
    """

    phases: dict[str, Phase]
    peak_mb: float
    calls: dict[str, int]


def main(arguments: Sequence[str]) -> int:
    """Play the year, print and keep the page; 1 when an aim is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--genres", type=int, default=36)
    parser.add_argument("--late", type=int, nargs="*", default=list(LATE), help="the later measured mornings; fewer days for a try")
    parser.add_argument("--keep", type=Path, help="an empty folder in which the ledger stays")
    parser.add_argument("--child", choices=("morning", "maintain"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        print(json.dumps({"morning": _morning, "maintain": _maintain}[chosen.child](json.load(sys.stdin))))
        return 0
    with tempfile.TemporaryDirectory(prefix="beatporter-year-") as temporary:
        home = (chosen.keep or Path(temporary)).resolve()
        found = _year(home, chosen.genres, chosen.late)
    text, met = _page(found, chosen.genres, chosen.late)
    RESULTS.write_text(text)
    print(text)
    return 0 if met else 1


def _year(home: Path, genres: int, late: Sequence[int]) -> dict[str, Any]:
    """Every morning, then the maintenance."""
    from beatporter.genres import KNOWN
    from bench.year_days import Between
    from tests.campaign.quota_world import QuotaWorld
    from tests.campaign.services import REFRESH_TOKEN

    found: dict[str, Any] = {"mornings": {}, "mb": {}, "load": os.getloadavg()[0], "at": time.monotonic()}
    slugs = tuple(genre.slug for genre in KNOWN[:genres])
    with QuotaWorld(slugs, seed=1, quota=10**9, start=FIRST_MORNING) as world:
        settings: dict[str, Any] = {**world.settings(home), "home": str(home), "spotify_daily_budget": 10**6, "profile": "off"}
        between = None
        for number in range(1, max(late) + 1):
            at = FIRST_MORNING + timedelta(days=number - 1)
            world.clock.set(at)
            if number == 1 or number in (*EARLY, *late):
                world.spotify.accounts.adopt(REFRESH_TOKEN, at)  # the person signs in again: a sign-in ends after half a year
                if number > 1:
                    world.calendar.advance_day(number - 2 - world.calendar.day)
                    world.next_day()
                found["mornings"][number] = _in_own_process("morning", settings, at=at.timestamp(), slugs=slugs, key=f"day {number - 1}")
                found["mb"][number] = (home / "beatporter.db").stat().st_size / 1e6
                print(f"morning {number}: {found['mornings'][number]['calls']}, load {os.getloadavg()[0]:.1f}", flush=True)
            else:
                between = between or Between(world, open_ledger(home / "beatporter.db"))
                between.write(number - 1, at)
                between.rest() if number + 1 in (*EARLY, *late) else None
        found["maintained"] = _in_own_process("maintain", settings, at=(at + timedelta(hours=1)).timestamp(), archive=str(home / "archive"))
    found["took_s"] = time.monotonic() - found["at"]
    return found


def _in_own_process(what: str, settings: dict[str, Any], **order: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.year", "--child", what]
    text = json.dumps({"settings": settings, **order})
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{what} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _morning(order: dict[str, Any]) -> dict[str, Any]:
    """A real morning in this process."""
    from beatporter.ledger.startup_check import check_before_run
    from beatporter.settings import load_settings
    from beatporter.sync.account_playlists import list_playlists
    from beatporter.sync.open_allocator import open_allocator
    from beatporter.sync.workspace import Workspace

    settings, watch, at = load_settings(**order["settings"]), Watch(), datetime.fromtimestamp(order["at"], UTC)
    slugs: list[str] = order["slugs"]

    def workspace(slug: str = "", reserve: int = 0) -> Workspace:
        ledger = open_ledger(settings.ledger_address())
        return Workspace(settings, ledger, run_key=order["key"], slug=slug, reserve=reserve, now=lambda: at, sleep=lambda _: None)

    watch.begin()
    with watch.phase("check, listing, shares"), workspace() as one:
        check_before_run(one.ledger.database)
        list_playlists(one)
        open_allocator(one, slugs)
    for slug in slugs:
        chart, added = five_steps(watch, lambda reserve, slug=slug: workspace(slug, reserve), slug)  # type: ignore[misc]
        with watch.phase("report"), workspace(slug) as one:
            _report(one, slug, chart, added)
    with workspace() as one:
        calls = one.ledger.calls.by_kind(at - timedelta(hours=12))
    return {"phases": list(map(asdict, _by_name(watch.phases))), "peak_mb": _peak_mb(), "calls": calls}


def _report(workspace: Any, slug: str, chart: list[int], added: list[str]) -> None:
    """What the end of a genre's run reads and keeps."""
    from beatporter.sync.outcome import calls_of_run, entry_outcomes, genre_outcome, keep_outcome
    from beatporter.sync.remembered_playlists import remembered_playlists

    genre = workspace.genre(slug)
    entries = entry_outcomes(workspace, slug, chart, added)
    outcome = genre_outcome(entries, added=len(added), spotify_calls=calls_of_run(workspace, slug))
    workspace.ledger.charts.latest(genre.genre_id)
    remembered_playlists(workspace, genre)
    keep_outcome(workspace, slug, outcome)
    workspace.ledger.runs.recent(genre.genre_id, 30)
    workspace.ledger.memory.append(workspace.ledger.memory.runs(genre.genre_id)[:1])


def _maintain(order: dict[str, Any]) -> dict[str, Any]:
    """Archive everything, then maintain, in this process."""
    from beatporter.ledger.archive import archive
    from beatporter.ledger.archive_storage import open_storage
    from beatporter.ledger.maintain import maintain
    from beatporter.ledger.statistics import statistics as statistics_of
    from beatporter.settings import load_settings

    settings, at = load_settings(**order["settings"]), datetime.fromtimestamp(order["at"], UTC)
    ledger, found = open_ledger(settings.ledger_address()), {}
    found["rows"] = {one.table: one.rows for one in statistics_of(ledger).tables}
    for name, storage in (("without an archive", None), ("with an archive", open_storage(order["archive"]))):
        if storage is not None:
            archive(ledger, storage, at)
        since, worked = time.perf_counter(), time.process_time()
        report = maintain(ledger, storage, at)
        found[name] = [time.perf_counter() - since, time.process_time() - worked, report.problems]
    ledger.close()
    return {**found, "peak_mb": _peak_mb()}


def _by_name(phases: Sequence[Phase]) -> list[Phase]:
    """The genres' phases summed by their name."""
    sums: dict[str, Phase] = {}
    for phase in phases:
        one = sums.setdefault(phase.name, Phase(phase.name))
        for name in ("statements", "statement_ms", "held_ms", "lasted_s", "worked_s"):
            setattr(one, name, getattr(one, name) + getattr(phase, name))
    return list(sums.values())


def _peak_mb() -> float:
    """This process's own peak; the kernel's `ru_maxrss` would include that of the process which started it."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _page(found: dict[str, Any], genres: int, late: Sequence[int]) -> tuple[str, bool]:
    """The page, and whether every aim is met."""
    early, later = (_middle([found["mornings"][number] for number in numbers]) for numbers in (EARLY, late))
    lines = [
        "# A year of mornings",
        "",
        f"`python -m bench.year`, {datetime.now(UTC):%Y-%m-%d}, load {found['load']:.1f} to {os.getloadavg()[0]:.1f};",
        f"{genres} genres, {found['took_s'] / 60:.0f} minutes. Medians of mornings {_listed(EARLY)} and {_listed(late)},",
        "the same days of the week.",
        "*CPU* is the process's own time: a busy machine changes it less than the wall time. *In the database* includes commits.",
        "The mornings in between are written through the ledger's functions, without a search or a request.",
        "",
        "| of a morning | early | late | |",
        "|---|--:|--:|--:|",
    ]
    rows: list[tuple[str, float, float]] = []
    for name in early.phases:
        one, other = early.phases[name], later.phases[name]
        rows.append((f"{name}: statements", one.statements, other.statements))
        rows.append((f"{name}: in the database, ms", one.statement_ms, other.statement_ms))
        rows.append((f"{name}: CPU, s", one.worked_s, other.worked_s))
    rows.append(("searches", early.calls.get("search", 0), later.calls.get("search", 0)))
    rows.append(("other calls", sum(early.calls.values()) - rows[-1][1], sum(later.calls.values()) - rows[-1][2]))
    rows.append(("peak memory, MB", early.peak_mb, later.peak_mb))
    rows.append(("ledger on disk, MB", found["mb"][EARLY[1]], found["mb"][late[1]]))
    lines += [f"| {name} | {_figure(one)} | {_figure(other)} | {other / one - 1:+.0%} |" for name, one, other in rows if one]
    work = _total(later).worked_s / _total(early).worked_s - 1
    memory, maintained = later.peak_mb / early.peak_mb - 1, found["maintained"]
    longest = max(maintained[name][0] for name in ("without an archive", "with an archive"))
    sound = not any(maintained[name][2] for name in ("without an archive", "with an archive"))
    met = work <= AT_MOST_MORE and memory <= AT_MOST_MORE and longest <= MAINTAINED_S and sound
    times = ", ".join(
        f"{name} {maintained[name][0]:.1f} s (CPU {maintained[name][1]:.1f} s)" for name in maintained if name.startswith("with")
    )
    lines += [
        "",
        f"- At most {AT_MOST_MORE:.0%} more time: {work:+.1%} CPU: {_met(work <= AT_MOST_MORE)}.",
        f"- At most {AT_MOST_MORE:.0%} more memory: {memory:+.1%}: {_met(memory <= AT_MOST_MORE)}.",
        f"- `maintain-ledger` at the end of the year in under {MAINTAINED_S:.0f} s: {times}, {maintained['peak_mb']:.0f} MB: "
        f"{_met(longest <= MAINTAINED_S and sound)}.",
        "",
        "What grows: the check before a morning reads SQLite's whole file up to 64 MB, once for all genres; and once ten late tracks were",
        "found, a run plans its second searches by what it has learnt from 120 days, and not by the fixed rule.",
        "",
        "Rows at the end: "
        + ", ".join(f"{table} {rows:,}" for table, rows in sorted(maintained["rows"].items(), key=lambda one: -one[1]))
        + ".",
        "",
    ]
    return "\n".join(lines), met


def _middle(mornings: Sequence[dict[str, Any]]) -> Morning:
    """The medians of some mornings; calls are their mean."""
    phases: dict[str, Phase] = {}
    read = [[Phase(**one) for one in morning["phases"]] for morning in mornings]
    for same in zip(*read, strict=True):
        middle = Phase(same[0].name, round(statistics.median(one.statements for one in same)))
        for name in ("statement_ms", "held_ms", "lasted_s", "worked_s"):
            setattr(middle, name, statistics.median(getattr(one, name) for one in same))
        phases[middle.name] = middle
    calls: Counter[str] = sum((Counter(morning["calls"]) for morning in mornings), Counter())
    means = {kind: round(count / len(mornings)) for kind, count in calls.items()}
    return Morning(phases, statistics.median(morning["peak_mb"] for morning in mornings), means)


def _total(morning: Morning) -> Phase:
    [one] = _by_name([Phase(TOGETHER, *list(asdict(phase).values())[1:]) for phase in morning.phases.values()])
    return one


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.2f}"


def _met(yes: bool) -> str:
    return "met" if yes else "**not met**"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
