"""A genre's queries to the ledger during its run: `python -m bench.ledger_mornings`.

Statements and milliseconds of one genre's second morning, step by step; and the 36th genre of a first fill compared with the second. It
is the same genre, once early and once last, so that nothing else differs. The five steps run against the sandbox without Prefect, each
genre in a separate process, on SQLite and on PostgreSQL. Results go to bench/ledger_mornings.md.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.postgres import NoPostgres, Postgres, running_postgres

if TYPE_CHECKING:
    from beatporter.sync.workspace import Workspace

RESULTS = Path(__file__).with_suffix(".md")
MORNINGS = 5
"""The second to the last are measured."""
LISTING = "listing, once for all genres"
STATEMENTS, MILLISECONDS, SHARE = 60, 20, 0.1
GENRE = "house"
LATE = (("techno-peak-time-driving", "techno-raw-deep-hypnotic"), ("dubstep", "drum-bass"), ("afro-house", "organic-house"))
"""Genres that come second in one fill and last in another, each after the one whose charts share tracks with its own."""
ENVIRONMENT = {
    "BEATPORTER_PROFILE": "off",
    "BEATPORTER_SPOTIFY_RATE": "1000",
    "BEATPORTER_SPOTIFY_DAILY_BUDGET": "100000",
    "BEATPORTER_BEATPORT_INTERVAL_S": "0",
}


@dataclass(slots=True)
class Phase:
    """The queries of one part of a run.

    Attributes:
        statements: all that were sent, including those that begin and end a transaction.
        statement_ms: the database's time for them, without reading rows.
        held_ms: time with an open connection: includes SQLAlchemy's work and reading rows.
        lasted_s: duration of the phase. worked_s: its CPU time.
    """

    name: str
    statements: int = 0
    statement_ms: float = 0.0
    held_ms: float = 0.0
    lasted_s: float = 0.0
    worked_s: float = 0.0


class Watch:
    """Counts and times the statements to any database, by phase."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def begin(self) -> None:
        """Listen to every engine."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        since: dict[int, float] = {}

        def sent(connection: Any, *_: object) -> None:
            since[id(connection)] = time.perf_counter()

        def answered(connection: Any, *_: object) -> None:
            self.phases[-1].statements += 1
            self.phases[-1].statement_ms += (time.perf_counter() - since[id(connection)]) * 1000

        def taken(connection: object, record: Any, *_: object) -> None:
            record.info["taken"] = time.perf_counter()

        def given_back(connection: object, record: Any) -> None:
            self.phases[-1].held_ms += (time.perf_counter() - record.info["taken"]) * 1000

        event.listen(Engine, "before_cursor_execute", sent)
        event.listen(Engine, "after_cursor_execute", answered)
        event.listen(Pool, "checkout", taken)
        event.listen(Pool, "checkin", given_back)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.phases.append(Phase(name))
        since, worked = time.perf_counter(), time.process_time()
        yield
        self.phases[-1].lasted_s = time.perf_counter() - since
        self.phases[-1].worked_s = time.process_time() - worked


def run_genre(slug: str, run_key: str) -> list[Phase]:
    """A genre's run in this process, each step with its own workspace, like each task."""
    from beatporter.ledger.ledger import open_ledger
    from beatporter.settings import load_settings
    from beatporter.sync.account_playlists import list_playlists
    from beatporter.sync.workspace import Workspace

    settings, watch = load_settings(), Watch()

    def workspace(reserve: int = 0) -> Workspace:
        return Workspace(settings, open_ledger(settings.ledger_address()), run_key=run_key, slug=slug, reserve=reserve)

    watch.begin()
    with watch.phase("opening"):
        ledger = open_ledger(settings.ledger_address())
    with watch.phase(LISTING), workspace() as one:
        list_playlists(one)
    five_steps(watch, workspace, slug)
    with watch.phase("closing"):
        ledger.close()
    return watch.phases


def five_steps(watch: Watch, workspace: Callable[[int], Workspace], slug: str) -> tuple[list[int], list[str]]:
    """A genre's steps, a phase for each; returns the chart, and the tracks that were added.

    Args:
        workspace: makes one for a step, given the calls that it must leave.
    """
    from beatporter.sync.backup import back_up_playlist
    from beatporter.sync.history import append_history
    from beatporter.sync.match import match_tracks
    from beatporter.sync.open_allocator import CALLS_BESIDE_SEARCHES
    from beatporter.sync.playlist import update_playlist
    from beatporter.sync.scrape import scrape_chart

    with watch.phase("scrape-chart"), workspace(0) as one:
        chart = scrape_chart(one, slug)
    with watch.phase("match-tracks"), workspace(CALLS_BESIDE_SEARCHES) as one:
        found = match_tracks(one, slug, chart)
    with watch.phase("update-playlist"), workspace(0) as one:
        added = update_playlist(one, slug, chart, found)
    with watch.phase("append-history"), workspace(0) as one:
        append_history(one, slug, added)
    with watch.phase("back-up-playlist"), workspace(0) as one:
        back_up_playlist(one, slug)
    return chart, added


def environment_of(sandbox: Any, place: tuple[Path, str]) -> dict[str, str]:
    """Environment for runs against the sandbox, with a home folder and a database."""
    home, address = place
    return {**sandbox.environment(), **ENVIRONMENT, "BEATPORTER_HOME": str(home), "BEATPORTER_DATABASE": address}


def in_own_process(slug: str, run_key: str, environment: dict[str, str]) -> list[Phase]:
    command = [sys.executable, "-m", "bench.ledger_mornings", "--run", slug, run_key]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{slug}, {run_key} failed:\n{done.stderr[-3000:]}")
    return [Phase(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def mornings(place: tuple[Path, str]) -> Iterator[list[Phase]]:
    """A genre's mornings, each of which is run when it is asked for; the first one fills the playlist."""
    from sandbox.world import Options, Sandbox

    with Sandbox(Options(genres=(GENRE,))) as sandbox:
        environment = environment_of(sandbox, place)
        for morning in range(MORNINGS):
            yield in_own_process(GENRE, f"morning {morning}", environment)
            sandbox.world.advance_day()


def fill(place: tuple[Path, str], order: Sequence[str], wanted: str) -> Phase:
    """A first fill of all genres in this order; returns the sum of the wanted genre's steps."""
    from sandbox.world import Options, Sandbox

    found: list[Phase] = []
    with Sandbox(Options()) as sandbox:
        environment = environment_of(sandbox, place)
        for slug in order:
            phases = in_own_process(slug, "fill", environment)
            found = phases if slug == wanted else found
    return total(found, wanted)


def total(phases: Sequence[Phase], name: str = "the genre's run") -> Phase:
    """The sum of a genre's phases; the account's listing belongs to the parent."""
    numbers = [field for field in asdict(phases[0]) if field != "name"]
    return Phase(name, *(sum(getattr(phase, field) for phase in phases if phase.name != LISTING) for field in numbers))


def morning_lines(database: str, found: Sequence[Sequence[Phase]]) -> list[str]:
    """Medians of the mornings by phase, and the verdicts."""
    lines = [f"## A second morning on {database}", "", "| phase | statements | in the database, ms | with an open connection, ms |"]
    lines.append("|---|--:|--:|--:|")
    medians = []
    for phases in zip(*found, strict=True):
        middle = Phase(phases[0].name, round(statistics.median(one.statements for one in phases)))
        middle.statement_ms = statistics.median(one.statement_ms for one in phases)
        middle.held_ms = statistics.median(one.held_ms for one in phases)
        medians.append(middle)
    for phase in [*medians, total(medians)]:
        lines.append(f"| {phase.name} | {phase.statements} | {phase.statement_ms:.1f} | {phase.held_ms:.1f} |")
    most = max(total(phases).statements for phases in found)
    took = statistics.median(total(phases).statement_ms for phases in found)
    return [
        *lines,
        "",
        f"- At most {STATEMENTS} statements for a second morning: {most} at most: {_met(most <= STATEMENTS)}.",
        f"- At most {MILLISECONDS} ms in the database: {took:.1f} ms (median of {len(found)} mornings): {_met(took <= MILLISECONDS)}.",
        "",
    ]


def fill_lines(database: str, pairs: Sequence[tuple[Phase, Phase]]) -> list[str]:
    """Each genre second and last, and the verdict."""
    lines = [f"## A first fill on {database}", "", "| genre | place | statements | with an open connection, ms | seconds | CPU seconds |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    for early, late in pairs:
        for phase, place in ((early, "2nd"), (late, "36th")):
            times = f"{phase.held_ms:.0f} | {phase.lasted_s:.2f} | {phase.worked_s:.2f}"
            lines.append(f"| {phase.name} | {place} | {phase.statements} | {times} |")
    more = statistics.median(late.worked_s / early.worked_s for early, late in pairs) - 1
    held = statistics.median(late.held_ms / early.held_ms for early, late in pairs) - 1
    words = f"The 36th genre within {SHARE:.0%} of the second: {more:+.1%} work, {held:+.1%} time with an open connection"
    return [*lines, "", f"- {words}: {_met(more <= SHARE)}.", ""]


def _met(yes: bool) -> str:
    return "met" if yes else "NOT met"


def report_on(database: str, server: Postgres | None, folder: Path, fills: int) -> list[str]:
    """Everything on one database."""
    from beatporter.genres import KNOWN

    def place(name: str) -> tuple[Path, str]:
        home = folder / f"{database} {name}"
        home.mkdir()
        return home, server.empty_database(name.replace(" ", "-")) if server else str(home / "beatporter.db")

    pairs = []
    for slug, neighbour in LATE[:fills]:
        others = [neighbour, *(genre.slug for genre in KNOWN if genre.slug not in (slug, neighbour))]
        pairs.append((fill(place(f"early {slug}"), [neighbour, slug], slug), fill(place(f"late {slug}"), [*others, slug], slug)))
        print(f"{database}: {slug} filled, load {os.getloadavg()[0]:.1f}", flush=True)
    return morning_lines(database, list(mornings(place("mornings")))[1:]) + (fill_lines(database, pairs) if pairs else [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fills", type=int, default=len(LATE), help="genres that are filled second and last; 0 leaves it out")
    parser.add_argument("--run", nargs=2, metavar=("GENRE", "RUN"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps([asdict(phase) for phase in run_genre(*arguments.run)]))
        return
    lines = [
        "# A run's queries to the ledger",
        "",
        f"`python -m bench.ledger_mornings`, {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f} at the start.",
        "The five steps without Prefect, one process per genre; each step opens the ledger as its task does. *In the database*: from",
        "sending a statement to its end, including commits and their fsync, but not reading rows. *With an open connection*:",
        "includes SQLAlchemy's work, which compiles each statement in a new process.",
        "",
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beatporter-mornings-")))
        folder.chmod(0o711)  # PostgreSQL's own user must get through
        lines += report_on("SQLite", None, folder, arguments.fills)
        with suppress(NoPostgres):
            server = stack.enter_context(running_postgres(folder / "server"))
            lines += report_on("PostgreSQL", server, folder, arguments.fills)
    RESULTS.write_text("\n".join(lines))
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
