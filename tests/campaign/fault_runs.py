"""A run of the five steps as Prefect would execute it, in a separate process that can be killed at any operation.

Owns the process side of the fault campaign: forking from a warm parent, the clock shared between processes, saved results of finished
steps by their inputs, retries of steps and runs, and the kill. It chooses no faults and checks nothing.

An *operation* is a point where a kill makes a difference: before and after each HTTP request, before each statement that changes the
ledger, after each commit, and before and after saving a step's result.
"""

from __future__ import annotations

import gc
import json
import logging
import mmap
import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from requests.adapters import HTTPAdapter
from sqlalchemy import Connection, Engine, event

from beatporter.errors import BeatporterError, TransientError
from beatporter.ledger.ledger import open_ledger
from beatporter.ledger.startup_check import check_before_run
from beatporter.settings import load_settings
from beatporter.spotify import client, plan
from beatporter.sync import match, playlist_state
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.open_allocator import calls_beside_searches, open_allocator
from beatporter.sync.outcome import entry_outcomes, genre_outcome
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from orchestration.one_writer import only_writer_here

RETRY_DELAYS_S = (5.0, 30.0)
"""The same as for the tasks."""
REQUEST_S = 0.1
"""Simulated time that a request takes."""
SMALL_BATCH, SMALL_PAGE, SMALL_CHUNK = 4, 5, 7
"""Instead of 100, 50 and 500, so that a playlist of twenty has several batches, pages and chunks."""
CHANGES = ("INSERT", "UPDATE", "DELETE", "COMMIT")
_LOADED_LATE = ("beatporter.beatport.api", "beatporter.beatport.website", "alembic.command", "requests", "spotipy")
"""Modules that a run would load when first needed; the parent loads them once for all."""


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt at a run of all genres.

    Attributes:
        settings: overrides by field name.
        root: folder of ledger, kept results and logs.
        run_key: equal for a run and its retries.
        slugs: genres in their order.
        kill_at: number of the operation at which the process is killed; None: it lives.
        threads: searches at a time.
        small: whether batches and pages are cut small.
        spare_pages: pages by which the ledger may grow before its disk is full; None: as it needs.
    """

    settings: dict[str, Any]
    root: Path
    run_key: str
    slugs: tuple[str, ...]
    kill_at: int | None = None
    threads: int = 1
    small: bool = False
    spare_pages: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of an attempt.

    Attributes:
        states: each genre's outcome (completed, deferred, failed); genres that the process did not reach are missing.
        errors: messages of failed genres.
        operations: how many there were; 0 when the process was killed.
        finished: whether the process reached its end.
    """

    states: dict[str, str]
    errors: dict[str, str]
    operations: int = 0
    finished: bool = False


class SharedClock:
    """A time shared by processes that moves only when told. Create it before the processes are forked."""

    def __init__(self) -> None:
        self._cell = mmap.mmap(-1, 8)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(struct.unpack("d", self._cell[:8])[0], UTC)

    def set(self, moment: datetime) -> None:
        self._cell[:8] = struct.pack("d", moment.timestamp())

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.set(self() + timedelta(seconds=seconds))


class Operations:
    """Counts operations and kills the process at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self._kill_at = kill_at
        self._lock = threading.Lock()
        self.count = 0

    def __call__(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


class KeptResults:
    """Results of finished steps by step and inputs, like Prefect's persisted results; in one file per run."""

    def __init__(self, file: Path, operation: Callable[[], None]) -> None:
        self._file, self._operation = file, operation
        self._kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}

    def step(self, name: str, inputs: Sequence[Any], do: Callable[[], Any]) -> Any:
        """The step's result: from an earlier attempt, or computed and saved now."""
        key = f"{name}:{json.dumps(inputs)}"
        if key not in self._kept:
            result = do()
            self._operation()
            self._kept[key] = result
            draft = self._file.with_suffix(".draft")
            draft.write_text(json.dumps(self._kept))
            draft.replace(self._file)
            self._operation()
        return self._kept[key]


def last_result(root: Path, run_key: str, name: str) -> Any:
    """The result of the latest call of a step in a run; None when it never finished."""
    file = _results_file(root, run_key)
    kept = json.loads(file.read_text()) if file.exists() else {}
    return next((result for key, result in reversed(kept.items()) if key.partition(":")[0] == name), None)


class Run:
    """One attempt, in the process that it may kill."""

    def __init__(self, order: Order, clock: SharedClock, operation: Operations) -> None:
        self._order, self._clock, self._operation = order, clock, operation
        self._settings = load_settings(**order.settings)
        self._results = KeptResults(_results_file(order.root, order.run_key), operation)

    def __call__(self) -> Report:
        """List the account's playlists, then run all genres, whatever happens to each."""
        states: dict[str, str] = {}
        errors: dict[str, str] = {}
        slugs = self._order.slugs
        try:
            check_before_run(open_ledger(self._settings.ledger_address()).database)
            self._step("list", [], list_playlists)
        except BeatporterError as error:
            logging.getLogger("run").exception("the run failed")
            return Report(dict.fromkeys(slugs, "failed"), dict.fromkeys(slugs, str(error)), self._operation.count, True)
        with self._workspace() as workspace:
            allocator = open_allocator(workspace, slugs)
        for slug in slugs:
            try:
                chart, added = self._genre(slug, allocator.grant(slug))
            except BeatporterError as error:
                logging.getLogger("run").exception("%s failed", slug)
                states[slug], errors[slug] = "failed", str(error)
                chart, added = [], []
            with self._workspace(slug) as workspace:
                made = workspace.ledger.calls.by_kind(self._clock() - timedelta(days=2), workspace.calls_key)
                allocator.settle(slug, sum(made.values()))
                if slug not in errors:
                    outcomes = entry_outcomes(workspace, slug, chart, added)
                    states[slug] = genre_outcome(outcomes, added=len(added), spotify_calls=0).state
        return Report(states, errors, self._operation.count, True)

    def _genre(self, slug: str, max_searches: int) -> tuple[list[int], list[str]]:
        """The five steps; returns the chart, and what was added."""
        chart = self._step(f"scrape/{slug}", [], scrape_chart, slug)
        found = self._step(f"match/{slug}", [chart, max_searches], match_tracks, slug, chart, max_searches=max_searches)
        everything: list[str] = []
        with only_writer_here(slug, self._order.root / "locks"):
            for kind in self._settings.playlist_options(self._settings.find_list(slug)).kinds:
                update = partial(update_playlist, kind=kind)
                added = self._step(f"update-{kind}/{slug}", [chart, found], update, slug, chart, found)
                self._step(f"history-{kind}/{slug}", [added], append_history, slug, added, kind)
                self._step(f"backup-{kind}/{slug}", [added], back_up_playlist, slug, kind)
                everything += added
        return chart, everything

    def _step(self, name: str, inputs: Sequence[Any], do: Callable[..., Any], *args: Any, max_searches: int | None = None) -> Any:
        return self._results.step(name, inputs, partial(self._tried, name, do, args, max_searches))

    def _tried(self, name: str, do: Callable[..., Any], args: Sequence[Any], max_searches: int | None) -> Any:
        """The step's result, with the same retries after transient errors as its task."""
        slug = name.partition("/")[2]
        for delay_s in (*RETRY_DELAYS_S, None):
            try:
                with self._workspace(slug, max_searches) as workspace:
                    return do(workspace, *args)
            except TransientError:
                if delay_s is None:
                    raise
                logging.getLogger("run").exception("%s is tried again", name)
                self._clock.advance(delay_s)
        raise AssertionError("the last try returns or raises")

    def _workspace(self, slug: str = "", max_searches: int | None = None) -> Workspace:
        return Workspace(
            self._settings,
            open_ledger(self._settings.ledger_address()),
            run_key=self._order.run_key,
            slug=slug,
            max_searches=max_searches,
            reserve=0 if max_searches is None else calls_beside_searches(self._settings, slug),
            now=self._clock,
            sleep=self._clock.advance,
        )


class Nursery:
    """A warm, single-threaded process that forks a process for each order. Create it before any thread is started."""

    def __init__(self, clock: SharedClock) -> None:
        ours, theirs = os.pipe(), os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(ours[1])
            os.close(theirs[0])
            _serve(os.fdopen(ours[0], "rb"), os.fdopen(theirs[1], "wb"), clock)
            os._exit(0)
        os.close(ours[0])
        os.close(theirs[1])
        self._orders, self._reports = os.fdopen(ours[1], "wb"), os.fdopen(theirs[0], "rb")

    def carry_out(self, order: Order) -> Report:
        """Run an order in a new process and wait for its end, whatever that is."""
        return self.carry_out_at_once([order])[0]

    def carry_out_at_once(self, orders: Sequence[Order]) -> list[Report]:
        """Run several orders at the same time, and wait for the end of all."""
        pickle.dump(list(orders), self._orders)
        self._orders.flush()
        reports: list[Report] = pickle.load(self._reports)
        return reports

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.close()
        os.waitpid(self._pid, 0)
        self._reports.close()


def _serve(orders: Any, reports: Any, clock: SharedClock) -> None:
    for module in _LOADED_LATE:
        import_module(module)
    gc.freeze()  # otherwise each child's first collection copies every page of the parent
    while True:
        try:
            together: list[Order] = pickle.load(orders)
        except EOFError:
            return
        files = [order.root / f"report-{order.run_key}.json" for order in together]
        children = [_born(order, clock, file) for order, file in zip(together, files, strict=True)]
        for child in children:
            os.waitpid(child, 0)
        pickle.dump([Report(**json.loads(file.read_text())) if file.exists() else Report({}, {}) for file in files], reports)
        reports.flush()


def _born(order: Order, clock: SharedClock, file: Path) -> int:
    file.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        _live(order, clock, file)
    return pid


def _live(order: Order, clock: SharedClock, file: Path) -> None:
    """The forked process's main function."""
    status = 1
    try:
        logging.basicConfig(filename=order.root / "run.log", level=logging.DEBUG, force=True)
        operation = Operations(order.kill_at)
        _watch_requests(operation, clock)
        _watch_statements(operation)
        if order.spare_pages is not None:
            _fill_disk(order.spare_pages)
        match.SEARCHES_AT_ONCE = order.threads
        if order.small:
            plan.WRITE_LIMIT = client.WRITE_LIMIT = SMALL_BATCH
            client.PAGE_SIZE, playlist_state.ITEMS_AT_ONCE = SMALL_PAGE, SMALL_CHUNK
        report = Run(order, clock, operation)()
        file.write_text(json.dumps(asdict(report)))
        status = 0
    finally:
        error = sys.exception()
        if error is not None:
            logging.getLogger("run").critical("no error of ours", exc_info=error)
            file.write_text(json.dumps(asdict(Report({}, {"": f"{type(error).__name__}: {error}"}))))
        logging.shutdown()
        os._exit(status)


def _watch_requests(operation: Operations, clock: SharedClock) -> None:
    send = HTTPAdapter.send

    def watched(adapter: HTTPAdapter, *args: Any, **kwargs: Any) -> Any:
        operation()
        clock.advance(REQUEST_S)
        response = send(adapter, *args, **kwargs)
        operation()
        return response

    HTTPAdapter.send = watched  # type: ignore[method-assign]


def _watch_statements(operation: Operations) -> None:
    """Before each statement that changes the ledger, and after each commit."""

    def before(_: Connection, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith(CHANGES):
            operation()

    def after(_: Connection, __: Any, statement: str, *___: Any) -> None:
        if statement == "COMMIT":
            operation()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)


def _fill_disk(spare_pages: int) -> None:
    """Let SQLite's file grow by at most this many pages from now on, as on a disk that is almost full."""
    most: list[int] = []

    def limit(connection: Any, _: object) -> None:
        if not most:
            most.append(connection.execute("PRAGMA page_count").fetchone()[0] + spare_pages)
        connection.execute(f"PRAGMA max_page_count={most[0]}")

    event.listen(Engine, "connect", limit)


def forget_results(root: Path, run_key: str) -> None:
    """Prefect's state is lost: nothing that the run had finished is known any more."""
    _results_file(root, run_key).unlink(missing_ok=True)


def _results_file(root: Path, run_key: str) -> Path:
    return root / f"results-{run_key}.json"
