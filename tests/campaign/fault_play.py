"""Plays one schedule of the fault campaign: two days with faults, then days without, and what they left."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.spotify.playlist import Playlist
from tests.campaign.fault_invariants import Attempt, Choice, Evidence, Expected, expect, violations
from tests.campaign.fault_runs import Nursery, Order, Report, SharedClock, forget_results, last_result
from tests.campaign.fault_schedules import PATIENT_TIMEOUT_S, Damage, DayPlan, Schedule, draw_schedule
from tests.campaign.fault_world import DAILY_SIZE, SLUGS, Music, Place
from tests.postgres import Postgres

FIRST_MORNING = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
WORLDS = 4
"""Worlds of music that the schedules use in turn."""
MOST_CLEAN_DAYS = 15
PAGE = 4096
"""Of SQLite."""
LOCKED_S = 0.3
FURTHER_KIND = 0.3
"""Operations of a further kind of playlist, as a share of a run's with one."""
SECOND_TRY_DAYS = 3
"""Days after which misses are searched a second time, with the other query."""
_server: Postgres | None = None
"""The server of the ledgers, unless they are files; processes are forked after it was started."""


def keep_ledgers_in(server: Postgres) -> None:
    """Keep the ledgers of this process and of those that it forks in a PostgreSQL."""
    global _server
    _server = server


def fast_folder() -> str | None:
    """A folder in memory if there is one: the campaign tests order, not disks."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


@dataclass(frozen=True, slots=True)
class Played:
    """The result of a schedule.

    Attributes:
        found: violations, in words.
        clean_days: runs without faults until nothing was deferred.
        faults: requests that were spoilt. kills: processes that were killed.
    """

    seed: int
    found: tuple[str, ...]
    clean_days: int
    faults: int
    kills: int


class Stage:
    """Plays schedules one after the other; a context manager. Create it before any thread is started."""

    def __init__(self) -> None:
        self._clock = SharedClock()
        self._nursery = Nursery(self._clock)
        self._music: dict[tuple[int, int], tuple[Music, Expected]] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.__exit__()

    def play(self, schedule: Schedule, root: Path) -> Played:
        """Play a schedule in a folder, and check it."""
        music, expected = self._world(schedule.seed % WORLDS, schedule.genres)
        with self._begin(music) as place:
            play = _Play(schedule, place, self._nursery, self._clock, root, expected)
            play.days()
            clean_days = play.recover()
            found = violations(play.evidence, expected)
            return Played(schedule.seed, tuple(found), clean_days, place.faults.fired + play.fired, play.kills)

    def _world(self, number: int, genres: int) -> tuple[Music, Expected]:
        if (number, genres) not in self._music:
            music = Music(number + 1, SLUGS[:genres])
            with tempfile.TemporaryDirectory(dir=fast_folder()) as root, self._begin(music) as place:
                calm = replace(draw_schedule(0), days=(_CALM, _CALM), budget=800, quota=None, threads=1, small=False)
                calm = replace(
                    calm, damage=None, locked=False, clock_off=timedelta(), relinked=0.0, spare_pages=None, state_lost=False, at_once=False
                )
                calm = replace(calm, kinds=("collect",), digging="playlist", add_at="top")
                calm = replace(calm, snapshot_delay=timedelta(), items_delay=timedelta(), timeout_s=PATIENT_TIMEOUT_S)
                play = _Play(calm, place, self._nursery, self._clock, Path(root), None)
                play.days()
                play.recover()
                self._music[number, genres] = music, expect(play.evidence)
        return self._music[number, genres]

    @contextmanager
    def _begin(self, music: Music) -> Iterator[Place]:
        self._clock.set(FIRST_MORNING)
        with Place(music, self._clock) as place:
            yield place


_CALM = DayPlan(rules=(), kills=(None,), again=(), remove=False, add=False)


def spoil(file: Path, damage: Damage, older: bytes, dice: random.Random) -> None:
    """Damage a database's file."""
    if damage == "no log":
        file.with_name(f"{file.name}-wal").unlink(missing_ok=True)
        file.with_name(f"{file.name}-shm").unlink(missing_ok=True)
        return
    if damage == "an older copy":
        for path in (file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            path.unlink(missing_ok=True)
        file.write_bytes(older)
        return
    data = bytearray(file.read_bytes())
    page = dice.randrange(len(data) // PAGE) * PAGE
    if damage == "a zeroed page":
        data[page : page + PAGE] = bytes(PAGE)
    elif damage == "cut short":
        del data[page + dice.randrange(PAGE) :]
    else:
        data[page : page + PAGE] = dice.randbytes(PAGE)
    file.write_bytes(data)


class _Play:
    """A schedule being played."""

    def __init__(
        self, schedule: Schedule, place: Place, nursery: Nursery, clock: SharedClock, root: Path, expected: Expected | None
    ) -> None:
        self._schedule, self._place, self._nursery, self._clock = schedule, place, nursery, clock
        self._dice = random.Random(f"play {schedule.seed}")
        self._expected = expected
        self._runs = 0
        self.kills = self.fired = 0
        self._before: bytes = b""
        """The ledger's file after a run on the first morning."""
        database = _server.new_database() if _server else str(root / "beatporter.db")
        self.evidence = Evidence(place, root, schedule.budget, database, Choice(schedule.kinds, schedule.digging, schedule.add_at))
        place.spotify.snapshot_delay, place.spotify.items_delay = schedule.snapshot_delay, schedule.items_delay

    def days(self) -> None:
        """The two days with their faults."""
        self._place.spotify.limits.per_day = self._schedule.quota
        self._place.relink(self._schedule.relinked, self._schedule.removable_by)
        for day, plan in enumerate(self._schedule.days):
            self._morning(day)
            self._place.day = day
            self.fired += self._place.faults.fired
            self._place.faults.clear()
            for rule in plan.rules:
                self._place.faults.add(rule)
            if day == 1:
                self._disturb()
            self._day(day, plan)
            self._evening(day, plan)

    def recover(self) -> int:
        """Runs without faults: one a day until nothing is deferred, and one some days later. Returns the days."""
        self.fired += self._place.faults.fired
        self._place.faults.clear()
        self._place.spotify.limits.per_day = None
        for clean_days in range(1, MOST_CLEAN_DAYS + 1):
            self._morning(clean_days + 1)
            report = self._clean_run()
            if "failed" in report.states.values() or set(report.states.values()) == {"completed"}:
                break
        else:
            self.evidence.notes.append(f"something is deferred still after {MOST_CLEAN_DAYS} days without faults")
        self._place.record()
        # One more some days later: second tries may find something, and a run short of calls may have left a playlist unread.
        self._morning(clean_days + 1 + SECOND_TRY_DAYS)
        self._clean_run()
        self._place.record()
        return clean_days

    def _day(self, day: int, plan: DayPlan) -> None:
        if day == 1 and self._schedule.at_once:
            self._two_runs_at_once()
        for number, kill in enumerate(plan.kills):
            if number == 0 or plan.again[number - 1]:
                self._runs += 1
            elif self._schedule.state_lost:
                forget_results(self.evidence.root, f"run-{self._runs}")
            spare_pages = self._schedule.spare_pages if day == 1 and number == 0 else None
            report = self._attempt(kill, day, self._schedule.timeout_s, spare_pages)
            self._clock.advance(self._dice.choice((60, 600, 4000)))
            if report.finished and "failed" not in report.states.values() and not any(plan.again[number:]):
                return

    def _disturb(self) -> None:
        """What happens to the ledger and to our clock in the night between the two days."""
        self._clock.advance(self._schedule.clock_off.total_seconds())
        if _server is None and self._schedule.damage is not None:
            self._damage(self._schedule.damage)

    def _damage(self, damage: Damage) -> None:
        """Damage the ledger, run, and restore it if reported: either the run fails and names the file, or everything must be right."""
        file = Path(self.evidence.database)
        self.evidence.ledger().close()  # otherwise this process keeps using the removed files
        good = {path: path.read_bytes() for path in file.parent.glob(f"{file.name}*")}
        if file not in good or not self._before:
            return
        spoil(file, damage, self._before, self._dice)
        self._runs += 1
        report = self._attempt(None, 1, PATIENT_TIMEOUT_S)
        said = [error for error in report.errors.values() if "ledger" in error and file.name in error]
        if said:
            for path in file.parent.glob(f"{file.name}*"):
                path.unlink()
            for path, data in good.items():
                path.write_bytes(data)
        elif not report.finished:
            self.evidence.notes.append(f"{damage} of the ledger ended a run without a word: {report.errors}")

    @contextmanager
    def _locked_by_another(self, day: int) -> Iterator[None]:
        """Hold the ledger's write lock for a short real time while a run begins."""
        file = Path(self.evidence.database)
        if _server is not None or day != 1 or not self._schedule.locked or not file.exists():
            yield
            return
        with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError:  # it is damaged
                yield
                return
            freed = threading.Timer(LOCKED_S, other.execute, ("ROLLBACK",))
            freed.start()
            try:
                yield
            finally:
                freed.join()

    def _evening(self, day: int, plan: DayPlan) -> None:
        """What the person does in the app."""
        self._clock.advance(3600)
        if self._expected is None:
            return
        self._evening_elsewhere(day, plan)
        spotify, slug = self._place.spotify, self._dice.choice(self._place.music.slugs)
        named = [playlist for playlist in spotify.library() if playlist.name == self.evidence.name_of(slug)]
        if not named:
            return
        there = spotify.person.track_ids(named[0].playlist_id)
        if plan.remove and (seen := self._tells(named[0])):
            gone = self._dice.choice(seen)
            spotify.person.remove_track(named[0].playlist_id, gone)
            self.evidence.removed[slug].add(gone)
        if plan.add:
            new = self._dice.choice(self._expected.strangers[slug] if self._dice.random() < 0.5 else self._expected.found[slug])
            if not self._expected.kinds.any_of(new, there) and not self._expected.kinds.any_of(new, self.evidence.removed[slug]):
                self.evidence.attempts.append(Attempt(self._clock(), {slug: [new]}))
                spotify.person.add_track(named[0].playlist_id, new, 0 if self._schedule.add_at == "top" else None)
                self.evidence.by_hand[slug].add(new)
        self._place.record()
        self._clock.advance(3600)

    def _evening_elsewhere(self, day: int, plan: DayPlan) -> None:
        """The person has heard a track of the daily playlist, and changes the mirror."""
        dice, person = random.Random(f"elsewhere {self._schedule.seed} {day}"), self._place.spotify.person
        for slug in self._place.music.slugs:
            for playlist in self.evidence.playlists(slug, "daily"):
                if plan.remove and (seen := self._tells(playlist)):
                    gone = dice.choice(seen)
                    person.remove_track(playlist.playlist_id, gone)
                    self.evidence.heard[slug].add(gone)
            for playlist in self.evidence.playlists(slug, "mirror"):
                if plan.remove and (seen := self._tells(playlist)):
                    person.remove_track(playlist.playlist_id, dice.choice(seen))
                if plan.add and self._expected is not None:
                    person.add_track(playlist.playlist_id, dice.choice(self._expected.strangers[slug]), 1 if playlist.items else 0)
        self._place.record()

    def _tells(self, playlist: Playlist) -> list[str]:
        """Tracks whose removal leaves a trace: those in the history, and those of a dead run between others of the same run.

        If the only track of a dead run's last request is removed before anything read it, there is no trace, and it is added again: see
        `sync.crash_recovery`.
        """
        history = {self._place.sent_id(track_id) for track_id in self.evidence.ledger().history.track_ids(playlist.playlist_id)}
        by_hand = set().union(*self.evidence.by_hand.values())
        ids = [item.uri.rpartition(":")[2] for item in playlist.items]
        unseen = [track_id for track_id in ids if track_id not in history | by_hand]
        return [track_id for track_id in ids if track_id in history] + unseen[1 : -1 if self._schedule.add_at == "end" else None]

    def _clean_run(self) -> Report:
        self._runs += 1
        report = self._attempt(None, 1, PATIENT_TIMEOUT_S)
        if not report.finished or "failed" in report.states.values():
            self.evidence.notes.append(f"a run without faults failed: {report.errors}")
        return report

    def _two_runs_at_once(self) -> None:
        """A person starts a run while the schedule's is at work; nothing else goes wrong meanwhile."""
        rules = self._schedule.days[1].rules
        self.fired += self._place.faults.fired
        self._place.faults.clear()
        orders = []
        for _ in range(2):
            self._runs += 1
            orders.append(self._order(None, 1, PATIENT_TIMEOUT_S))
        begun_at = self._clock()
        reports = self._nursery.carry_out_at_once(orders)
        found: dict[str, Sequence[str]] = {}
        for slug in self._place.music.slugs:
            lists = [last_result(order.root, order.run_key, f"match/{slug}") or [] for order in orders]
            found[slug] = list(dict.fromkeys([*max(lists, key=len), *min(lists, key=len)]))
        self.evidence.attempts.append(Attempt(begun_at, found, runs=len(orders)))
        for report in reports:
            self.evidence.errors.update(report.errors.values())
            if "" in report.errors:
                self.evidence.notes.append(f"a foreign error: {report.errors['']}")
        self._clock.advance(60)
        for rule in rules:
            self._place.faults.add(rule)

    def _attempt(self, kill: float | None, day: int, timeout_s: float, spare_pages: int | None = None) -> Report:
        evidence, run_key = self.evidence, f"run-{self._runs}"
        order = self._order(kill, day, timeout_s, spare_pages)
        begun_at = self._clock()
        with self._locked_by_another(day):
            report = self._nursery.carry_out(order)
        self.kills += not report.finished
        evidence.operations.append(report.operations)
        evidence.errors.update(report.errors.values())
        if "" in report.errors:
            evidence.notes.append(f"a foreign error: {report.errors['']}")
        if _server is None:
            name = Path(evidence.database).name
            unnamed = [error for error in report.errors.values() if "ledger" in error and name not in error]
            evidence.notes += [f"an error about the ledger does not name its file: {error}" for error in unnamed]
        found = {slug: last_result(evidence.root, run_key, f"match/{slug}") or [] for slug in order.slugs}
        evidence.attempts.append(Attempt(begun_at, found))
        if day == 0 and not self._before and _server is None and Path(evidence.database).exists():
            self._before = Path(evidence.database).read_bytes()
        self._clock.advance(60)
        return report

    def _order(self, kill: float | None, day: int, timeout_s: float, spare_pages: int | None = None) -> Order:
        evidence = self.evidence
        usual = self._expected.operations[day] if self._expected else 0
        usual += int(usual * FURTHER_KIND * (len(self._schedule.kinds) - 1))
        settings = self._place.settings(evidence.root) | {
            "genres": self._place.music.slugs,
            "http_timeout_s": timeout_s,
            "spotify_daily_budget": self._schedule.budget,
            "database": evidence.database,
            "stale_chart_days": self._schedule.stale_chart_days,
            "playlist_kinds": self._schedule.kinds,
            "playlist_digging": self._schedule.digging,
            "playlist_add_at": self._schedule.add_at,
            "daily_size": DAILY_SIZE,
        }
        return Order(
            settings=settings,
            root=evidence.root,
            run_key=f"run-{self._runs}",
            slugs=self._place.music.slugs,
            kill_at=None if kill is None else 1 + int(kill * usual),
            threads=self._schedule.threads,
            small=self._schedule.small,
            spare_pages=spare_pages if _server is None else None,
        )

    def _morning(self, day: int) -> None:
        self._clock.set(max(FIRST_MORNING + timedelta(days=day), self._clock() + timedelta(hours=1)))
